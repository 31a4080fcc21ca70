"""Letters, digits, bars and stripes: what is drawn."""

import numpy as np
import pytest

from zoo.data.drawn import DIGITS, LETTERS, SIGNS, bars_and_stripes, signs
from zoo.data.sources import load


def test_a_sign_is_seven_rows_of_five_dots():
    assert set(SIGNS) == set(LETTERS + DIGITS) and len(SIGNS) == 36
    for drawing in SIGNS.values():
        assert [len(row) for row in drawing.split(" ")] == [5] * 7
        assert set(drawing) == {"#", ".", " "}


def test_an_l_has_ink_on_the_left_and_below():
    drawn = signs("L").reshape(7, 5)
    expected = -np.ones((7, 5))
    expected[:, 0] = expected[-1] = 1.0
    np.testing.assert_array_equal(drawn, expected)
    np.testing.assert_array_equal(signs("L", scale=2).reshape(14, 10), expected.repeat(2, axis=0).repeat(2, axis=1))


@pytest.mark.parametrize("name, count", [("drawn_letters", 26), ("drawn_digits", 10)])
def test_the_sets_are_different_patterns_of_minus_one_and_one(name, count):
    x = load(name).x
    assert x.shape == (count, 35) and x.dtype == np.float32
    assert set(np.unique(x)) == {-1.0, 1.0}
    assert len(np.unique(x, axis=0)) == count


def test_a_sign_that_is_not_drawn_and_a_scale_below_one_are_refused():
    with pytest.raises(ValueError, match="`text` must be of capital letters and digits. Received: 'a'"):
        signs("Aa")
    with pytest.raises(ValueError, match="`scale` must be 1 or more. Received: scale=0"):
        signs("A", scale=0)


@pytest.mark.parametrize("side, count", [(2, 6), (3, 14), (4, 30)])
def test_bars_and_stripes_are_the_pictures_whose_rows_or_columns_are_alike(side, count):
    found = {tuple(row) for row in bars_and_stripes(side)}
    pictures = (np.arange(2**side**2)[:, None] >> np.arange(side**2) & 1).astype("float32")
    images = pictures.reshape(-1, side, side)
    alike = np.all(images == images[:, :1], axis=(1, 2)) | np.all(images == images[:, :, :1], axis=(1, 2))
    assert found == {tuple(row) for row in pictures[alike]}
    assert len(found) == len(bars_and_stripes(side)) == count


def test_bars_and_stripes_are_a_set_of_the_zoo():
    np.testing.assert_array_equal(load("bars_and_stripes").x, bars_and_stripes(4))
