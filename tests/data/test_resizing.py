"""Images of another size, against Pillow, exact fractions and sums by hand."""

from fractions import Fraction

import numpy as np
import pytest

from zoo.data import resizing
from zoo.data.image_pixels import LONGEST_SIDE
from zoo.data.resizing import resized, weights


def image(height, width, channels=3, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype="uint8")


@pytest.mark.parametrize("size", [(7, 9), (40, 50), (5, 50), (1, 1), (13, 18), (12, 17)], ids=str)
def test_it_is_the_bilinear_filter_of_pillow_but_for_rounding(size):
    pil = pytest.importorskip("PIL.Image")
    pixels = image(13, 18)
    wanted = np.asarray(pil.fromarray(pixels).resize(size[::-1], pil.Resampling.BILINEAR), "int32")
    assert np.abs(resized(pixels, size) - wanted).max() <= 1


def test_weights_are_the_triangle_at_the_centres_of_pixels():
    """f((j + 1/2 - (i + 1/2) n/m) / max(n/m, 1)) with f(t) = 1 - |t|, in units of 1 / (2 max(n, m))."""
    for length, wanted in ((5, 3), (3, 5), (4, 4), (1, 2), (7, 1)):
        ratio = Fraction(length, wanted)
        triangle = [
            [
                max(0, 1 - abs((j + Fraction(1, 2) - (i + Fraction(1, 2)) * ratio) / max(ratio, 1)))
                for j in range(length)
            ]
            for i in range(wanted)
        ]
        found = weights(length, wanted)
        assert (np.array(triangle) * 2 * max(length, wanted) == found).all()
        assert (found.sum(axis=1) > 0).all()


def test_halves_are_rounded_up_and_the_same_size_is_the_same_image():
    assert resized(np.array([[[0], [1]]], "uint8"), (1, 1)).tolist() == [[[1]]]
    pixels = image(6, 5)
    assert resized(pixels, (6, 5)) is pixels
    assert (weights(6, 6) == 12 * np.eye(6)).all()


def test_one_colour_stays_itself():
    for value in (0, 1, 127, 254, 255):
        assert (resized(np.full((37, 23, 1), value, "uint8"), (11, 64)) == value).all()


def test_blocks_of_rows_give_the_same_sums(monkeypatch):
    pixels = image(31, 17)
    whole = resized(pixels, (9, 20))
    monkeypatch.setattr(resizing, "BLOCK", 17 * 3 * 4)
    np.testing.assert_array_equal(resized(pixels, (9, 20)), whole)


def test_the_sums_of_the_longest_sides_are_exact():
    """Up to 2^53 float64 holds every whole number; a pixel is at most 255, and sums are doubled to be rounded."""
    for wanted in (1, 2, 3, 500):
        assert (2 * 255 + 1) * weights(LONGEST_SIDE, wanted).sum(axis=1).max() < 2**53
