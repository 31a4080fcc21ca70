"""The same pixels in Python and in the graph, for every kind of image; what one refuses, the other refuses too."""

import io

import numpy as np
import pytest

from tests.data import encoded_images
from tests.data.encoded_images import HEIGHT, WIDTH
from zoo.data import exif, image_pixels

tf = pytest.importorskip("tensorflow")
pil = pytest.importorskip("PIL.Image")
pytestmark = pytest.mark.tensorflow

IMAGES = encoded_images.images()
REFUSED = encoded_images.refused()
FUNCTIONS: dict = {}


def in_graph(content, shape, resized=False, most_pixels=10_000):
    from zoo.data import image_graph

    key = (shape, resized, most_pixels)
    if key not in FUNCTIONS:
        FUNCTIONS[key] = tf.function(
            lambda content: image_graph.pixels(content, shape, resized=resized, most_pixels=most_pixels),
            input_signature=[tf.TensorSpec((), tf.string)],
            autograph=False,
        )
    return FUNCTIONS[key](tf.constant(content)).numpy()


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("name", IMAGES)
def test_an_image_has_the_same_pixels_in_python_and_in_the_graph(name, channels):
    read = image_pixels.of_bytes(IMAGES[name], name, channels=channels)
    assert read.shape == (HEIGHT, WIDTH, channels)
    np.testing.assert_array_equal(in_graph(IMAGES[name], read.shape), read)


@pytest.mark.parametrize("size", [(7, 9), (30, 20)], ids=str)
@pytest.mark.parametrize("name", ["PNG, colour", "JPEG, colour", "GIF, animated", "BMP, 8 bits of grey", "WebP"])
def test_an_image_is_resized_to_the_same_pixels(name, size):
    read = image_pixels.of_bytes(IMAGES[name], name, channels=3, size=size)
    np.testing.assert_array_equal(in_graph(IMAGES[name], (*size, 3), resized=True), read)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("orientation", range(10))
def test_a_photograph_is_turned_in_the_same_way(orientation, order):
    other = b"\x0f\x01\x00\x02\0\0\0\2AB\0\0" if order == ">" else b"\x0f\x01\x02\x00\2\0\0\0AB\0\0"
    content = encoded_images.turned(orientation, order, entries=[other])
    read = image_pixels.of_bytes(content, "photo", channels=3, size=(7, 9))
    np.testing.assert_array_equal(in_graph(content, (7, 9, 3), resized=True), read)
    assert exif.orientation(content) == (orientation if 1 <= orientation <= 8 else 1)


@pytest.mark.parametrize("seed", range(12))
def test_damaged_exif_data_are_read_alike(seed):
    """Some bytes of the EXIF data are changed at random: places beyond the end, other types, no directory."""
    generator = np.random.default_rng(seed)
    content = bytearray(encoded_images.turned(6, "<>"[seed % 2]))
    start = content.index(b"Exif")
    for place in generator.integers(start - 2, start + 34, 2):
        content[place] = generator.integers(0, 256)
    content = bytes(content)
    try:
        read = image_pixels.of_bytes(content, "photo", channels=3, size=(7, 9))
    except ValueError:
        with pytest.raises(tf.errors.InvalidArgumentError):
            in_graph(content, (7, 9, 3), resized=True)
    else:
        np.testing.assert_array_equal(in_graph(content, (7, 9, 3), resized=True), read)


@pytest.mark.parametrize("name", REFUSED)
def test_what_tensorflow_does_not_read_as_it_is_is_refused_by_both(name):
    content, said = REFUSED[name]
    with pytest.raises(ValueError, match=f"'x' must (be|not be).*{said}"):
        image_pixels.of_bytes(content, "x")
    with pytest.raises(tf.errors.InvalidArgumentError, match=said):
        in_graph(content, (7, 9, 3), resized=True)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "BMP", "WEBP"])
def test_too_many_pixels_are_refused_by_the_header_alone(format, monkeypatch):
    """The image is cut off behind its header, which a decoder would notice first."""
    content = io.BytesIO()
    pil.new("RGB", (300, 200)).save(content, format)
    content = content.getvalue()[: 700 if format == "JPEG" else 60]
    monkeypatch.setenv(image_pixels.VARIABLE, "10000")
    if format != "WEBP":  # whose first bytes Pillow gives to the decoder at once
        with pytest.raises(ValueError, match="at most 10000 pixels.*Received: 300 x 200.*ZOO_MAX_PIXELS"):
            image_pixels.of_bytes(content, "x")
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"at most 10000 pixels.*\[200 300\]"):
        in_graph(content, (7, 9, 3), resized=True)


@pytest.mark.parametrize(
    "options", [{}, {"lossless": True}, {"exif": b"Exif\0\0MM"}], ids=["lossy", "exact", "extended"]
)
def test_the_size_of_a_webp_is_read_from_its_header(options):
    from zoo.data import image_graph

    content = io.BytesIO()
    pil.new("RGB", (301, 203)).save(content, "WEBP", **options)
    assert image_graph._webp_size(tf.constant(content.getvalue())).numpy().tolist() == [203, 301]


def test_an_image_of_another_size_is_refused_where_the_model_does_not_resize():
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"must have 18 x 13 pixels.*does not resize.*\[13 18\]"):
        in_graph(IMAGES["PNG, colour"], (WIDTH, HEIGHT, 3))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"must have 7 x 9 pixels.*\[13 18\]"):
        in_graph(IMAGES["JPEG, colour"], (7, 9, 3))
