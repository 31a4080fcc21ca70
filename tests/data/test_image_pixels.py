"""One image as pixels, against Pillow and by hand."""

import io
import sys
import warnings

import numpy as np
import pytest

from tests.data import encoded_images
from tests.data.encoded_images import png16
from zoo.data import image_pixels
from zoo.data.image_pixels import of_bytes, of_pillow

pil = pytest.importorskip("PIL.Image")
ops = pytest.importorskip("PIL.ImageOps")
IMAGES = encoded_images.images()


def opened(content):
    return pil.open(io.BytesIO(content))


@pytest.mark.parametrize("name", [name for name in IMAGES if "16 bits" not in name and "Adobe" not in name])
def test_pixels_are_those_of_pillow(name):
    """But for what is transparent in a GIF, which TensorFlow makes black, and a level of rounding in CMYK."""
    with opened(IMAGES[name]) as image, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of transparent palettes
        grey = image.mode in ("1", "L", "LA")
        wanted = np.asarray(image.convert("L" if grey else "RGB"), "int32").reshape(13, 18, 1 if grey else 3)
        seen = np.asarray(image) != 3 if name == "GIF, transparent" else np.ones((13, 18), bool)
    read = of_bytes(IMAGES[name], name)
    assert np.abs(read - wanted)[seen].max() <= (1 if "CMYK" in name else 0)
    assert not read[~seen].any()


def test_16_bits_keep_the_upper_8():
    values = np.array([[0, 255, 256, 65535]], "uint16")[..., None]
    assert of_bytes(png16(values, 0), "x").tolist() == [[[0], [0], [1], [255]]]
    assert of_bytes(png16(values.repeat(3, -1), 2), "x")[0, :, 1].tolist() == [0, 0, 1, 255]
    with opened(png16(values, 0)) as image:
        assert image.mode.startswith("I")
        assert of_pillow(image).tolist() == [[[0], [0], [1], [255]]]


@pytest.mark.parametrize("mode", "IF")
def test_numbers_of_an_unknown_range_are_refused(mode):
    with pytest.raises(ValueError, match=f"mode '{mode}', whose range is not known. Scale it to 0 to 255"):
        of_pillow(pil.new(mode, (3, 3)))


def test_grey_is_the_luma_of_pillow():
    colours = np.random.default_rng(0).integers(0, 256, (50, 60, 3), dtype="uint8")
    wanted = np.asarray(pil.fromarray(colours).convert("L"))
    np.testing.assert_array_equal(image_pixels.with_channels(colours, 1)[..., 0], wanted)


def test_channels_are_added_and_left_out():
    grey = np.full((1, 1, 1), 7, "uint8")
    assert image_pixels.with_channels(grey, 3).tolist() == [[[7, 7, 7]]]
    assert image_pixels.with_channels(grey, 4).tolist() == [[[7, 7, 7, 255]]]
    assert image_pixels.with_channels(np.array([[[9, 8, 7, 6]]], "uint8"), 3).tolist() == [[[9, 8, 7]]]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photograph_is_turned_as_pillow_turns_it(orientation):
    content = encoded_images.turned(orientation)
    with opened(content) as image:
        wanted = np.asarray(ops.exif_transpose(image))
        np.testing.assert_array_equal(of_bytes(content, "x"), wanted)
        np.testing.assert_array_equal(of_pillow(image), wanted)
        np.testing.assert_array_equal(of_pillow(image.convert("RGB")), wanted)


def test_images_of_other_formats_are_not_turned():
    content = io.BytesIO()
    pil.fromarray(np.arange(6, dtype="uint8").reshape(2, 3)).save(content, "PNG", exif=encoded_images.exif(6))
    assert of_bytes(content.getvalue(), "x").shape == (2, 3, 1)
    with opened(content.getvalue()) as image:
        assert of_pillow(image).shape == (2, 3, 1)


@pytest.mark.parametrize("name", ["PNG, colour", "JPEG, colour", "GIF", "BMP, 24 bits", "WebP"])
def test_damaged_images_are_an_error_in_the_zoo_s_words(name):
    generator, content = np.random.default_rng(0), IMAGES[name]
    for _ in range(60):
        damaged = bytearray(content[: generator.integers(3, len(content) + 1)])
        for place in generator.integers(0, len(damaged), generator.integers(0, 4)):
            damaged[place] = generator.integers(0, 256)
        try:
            assert of_bytes(bytes(damaged), "x", channels=3, size=(4, 4)).shape == (4, 4, 3)
        except ValueError as error:
            assert str(error).startswith("'x' must ") and "<_io" not in str(error)


def test_the_limit_of_pixels_is_a_number(monkeypatch):
    content = IMAGES["PNG, colour"]
    monkeypatch.setenv(image_pixels.VARIABLE, "234")
    assert of_bytes(content, "x").shape == (13, 18, 3)
    monkeypatch.setenv(image_pixels.VARIABLE, "233")
    with pytest.raises(ValueError, match="at most 233 pixels.*Received: 18 x 13"):
        of_bytes(content, "x")
    with opened(content) as image, pytest.raises(ValueError, match="at most 233 pixels"):
        of_pillow(image)
    monkeypatch.setenv(image_pixels.VARIABLE, "many")
    with pytest.raises(ValueError, match="ZOO_MAX_PIXELS must be a number of pixels. Received: 'many'"):
        of_bytes(content, "x")
    monkeypatch.setenv(image_pixels.VARIABLE, "1000")
    monkeypatch.setattr(pil, "MAX_IMAGE_PIXELS", 100)  # Pillow's own limit, refused at twice as many
    with pytest.raises(ValueError, match=r"ZOO_MAX_PIXELS and PIL.Image.MAX_IMAGE_PIXELS"):
        of_bytes(content, "x")


def test_a_side_may_not_be_longer_than_a_jpeg_s():
    with pytest.raises(ValueError, match="65535 along a side. Received: 65536 x 1"):
        of_pillow(pil.new("L", (65536, 1)))


def test_without_pillow_nothing_is_one_of_its_images(monkeypatch):
    image = pil.new("L", (1, 1))
    assert image_pixels.is_pillow(image)
    monkeypatch.delitem(sys.modules, "PIL.Image")
    assert not image_pixels.is_pillow(image)
