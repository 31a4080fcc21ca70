"""Shifts and elastic distortions: what they move, how far, and that they repeat."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from zoo.data.augmentation import SIGMA, distort

pytestmark = pytest.mark.tensorflow
STILL = {"elastic": 0.0, "shift": 0.0}


def images(count=4, height=20, width=30, channels=1, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, height, width, channels)).astype("uint8")


def ramps(count, size):
    """Images whose pixels tell where they come from: channel 0 is 4 times the row, channel 1 the column."""
    grid = np.stack(np.meshgrid(np.arange(size), np.arange(size), indexing="ij"), axis=-1)
    return np.repeat(4 * grid[None], count, axis=0).astype("uint8")


def displacements(found, size, margin):
    """Returns how far the pixels away from the edges moved `(count, rows, columns, 2)`."""
    moved = found.astype("float64") - ramps(len(found), size)
    return (moved / 4.0)[:, margin:-margin, margin:-margin]


def test_nothing_moves_where_there_is_nothing_to_move():
    x = images(channels=3)
    found = distort(x, [0, 0], **STILL)
    assert found.dtype == "uint8" and found.shape == x.shape
    np.testing.assert_array_equal(found, x)


def test_the_seed_decides():
    x = images()
    first = np.asarray(distort(x, [1, 2]))
    np.testing.assert_array_equal(first, distort(x, [1, 2]))
    assert np.any(first != distort(x, [1, 3])) and np.any(first != distort(x, [2, 2]))


def test_each_image_moves_in_its_own_way():
    same = np.repeat(images(1), 3, axis=0)
    found = np.asarray(distort(same, [0, 0]))
    assert np.any(found[0] != found[1]) and np.any(found[1] != found[2])


def test_a_shift_moves_the_whole_image_by_at_most_its_share_and_repeats_the_edge():
    size, shift = 40, 0.1
    moved = displacements(np.asarray(distort(ramps(200, size), [0, 0], elastic=0.0, shift=shift)), size, 5)
    assert np.max(np.ptp(moved, axis=(1, 2))) <= 0.25  # a grey level
    assert 3.5 < np.max(np.abs(moved)) <= size * shift + 0.25
    corner = np.asarray(distort(ramps(200, size), [0, 0], elastic=0.0, shift=shift))[:, 0, 0]
    assert corner.min() == 0  # from outside


def test_an_elastic_field_deviates_as_it_says_and_is_smooth():
    size, elastic = 60, 0.1
    moved = displacements(np.asarray(distort(ramps(300, size), [0, 0], elastic=elastic, shift=0.0)), size, 20)
    assert np.std(moved) == pytest.approx(elastic * size, rel=0.05)
    assert abs(np.mean(moved)) < 0.1 * elastic * size
    steps = np.std(np.diff(moved, axis=2))  # of a Gaussian field: deviation / (sigma sqrt(2)) a pixel
    assert steps == pytest.approx(elastic / (SIGMA * np.sqrt(2.0)), rel=0.1)


def test_the_paper_s_field_is_an_elastic_of_0_048():
    """Uniform noise in [-1, 1] on 29 x 29 pixels, smoothed by a Gaussian of width 4, times 34."""
    noise = np.random.default_rng(0).uniform(-1, 1, (300, 300))
    paper = 34.0 * np.std(gaussian_filter(noise, 4.0))  # pixels
    moved = displacements(np.asarray(distort(ramps(500, 29), [0, 0], elastic=0.048, shift=0.0)), 29, 6)
    assert np.std(moved) == pytest.approx(paper, rel=0.05)
    assert round(29 * SIGMA, 6) == 4.0
