"""The orientation in EXIF data, of files as cameras and as nobody writes them. (Pixels: test_image_pixels, _graph.)"""

import io

import numpy as np
import pytest

from tests.data import encoded_images
from zoo.data import exif

XMP = b"\xff\xe1\x00\x0bhttp://ns"


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_found_behind_other_segments(orientation, order):
    data = encoded_images.exif(orientation, order)
    app0 = b"\xff\xe0\x00\x10JFIF" + bytes(10)
    segment = b"\xff\xe1" + (2 + len(data)).to_bytes(2, "big") + data
    assert exif.orientation(b"\xff\xd8" + app0 + XMP + segment + b"\xff\xda") == orientation
    assert exif.orientation(b"\xff\xd8" + b"\xff\xda" + segment) == 1  # the pixels have begun
    assert exif.orientation(b"\xff\xd8" + XMP * exif.SEGMENTS + segment) == 1


def test_a_segment_of_the_zoo_is_what_pillow_reads():
    pil = pytest.importorskip("PIL.Image")
    content = io.BytesIO()
    pil.new("L", (3, 2)).save(content, "JPEG")
    for turn in range(1, 9):
        turned = content.getvalue()[:2] + exif.segment(turn) + content.getvalue()[2:]
        assert pil.open(io.BytesIO(turned)).getexif()[exif.ORIENTATION] == turn
        assert exif.orientation(turned) == turn


@pytest.mark.parametrize("content", [
    b"", b"\xff\xd8", b"\xff\xd8\xff\xe1", b"\xff\xd8\xff\xe0\x00\x01\xff\xe1", b"\xff\xd8\x00\xe0\x00\x04ab",
    b"\xff\xd8\xff\xe1\x00\x20Exif\0\0", b"\xff\xd8\xff\xe1\x00\x20Exif\0\0XX\0\x2a\0\0\0\x08",
    b"\xff\xd8\xff\xe1\x00\x20Exif\0\0MM\0\x2a\xff\xff\xff\xff",
    b"\xff\xd8\xff\xe1\x00\x20Exif\0\0MM\0\x2a\0\0\0\x08\xff\xff",
])  # fmt: skip
def test_what_is_no_exif_tells_nothing(content):
    assert exif.orientation(content) == 1


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_a_number_without_meaning_tells_nothing(orientation):
    assert exif.orientation(encoded_images.turned(orientation)) == 1
    wrong_type = b"\xff\xd8\xff\xe1\x00\x30" + encoded_images.exif(6, kind=4)
    assert exif.orientation(wrong_type) == 1


def test_images_are_turned_by_hand():
    """Of 1 2 / 3 4: EXIF's 6 says that the first row is the right side, and the first column the top."""
    image = np.array([[1, 2], [3, 4]])[..., None]
    found = {turn: exif.turned(image, turn)[..., 0].tolist() for turn in range(1, 9)}
    assert found == {
        1: [[1, 2], [3, 4]], 2: [[2, 1], [4, 3]], 3: [[4, 3], [2, 1]], 4: [[3, 4], [1, 2]],
        5: [[1, 3], [2, 4]], 6: [[3, 1], [4, 2]], 7: [[4, 2], [3, 1]], 8: [[2, 4], [1, 3]],
    }  # fmt: skip
