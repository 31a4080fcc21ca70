"""Shifts and elastic distortions: what they move, how far, and that they repeat."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

import zoo
from zoo.data import augmentation
from zoo.data.augmentation import SIGMA, distort, erase, flip, in_turn, names_of, shift

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


def test_shift_moves_by_whole_pixels_as_far_as_it_says_in_every_direction():
    size = 28
    moved = displacements(np.asarray(shift(ramps(500, size), [0, 0])), size, 3)
    assert np.max(np.ptp(moved, axis=(1, 2))) == 0.0
    places, counts = np.unique(moved[:, 0, 0], axis=0, return_counts=True)
    assert places.tolist() == [[y, x] for y in range(-2, 3) for x in range(-2, 3)]  # 2 of 28 pixels
    assert counts.min() > 5  # of 20
    edge = np.asarray(shift(ramps(500, size), [0, 0]))[:, 0, 0]
    assert edge.min() == 0 and edge.max() == 4 * 2  # the nearest edge, or two pixels inside


def test_shift_moves_small_images_by_a_pixel():
    moved = displacements(np.asarray(shift(ramps(200, 9), [0, 0])), 9, 2)
    assert np.unique(moved).tolist() == [-1.0, 0.0, 1.0]


def test_flip_mirrors_half_of_the_images():
    x = images(400, channels=3)
    found = np.asarray(flip(x, [0, 0]))
    mirrored = np.any(found != x, axis=(1, 2, 3))
    assert 0.4 < mirrored.mean() < 0.6
    np.testing.assert_array_equal(found[mirrored], x[mirrored][:, :, ::-1])


def test_erase_fills_a_rectangle_of_half_of_the_images_with_noise():
    x = np.full((2000, 20, 30, 1), 7, "uint8")
    found = np.asarray(erase(x, [0, 0]))[..., 0]
    changed = found != 7
    share = changed.mean(axis=(1, 2))[np.any(changed, axis=(1, 2))]
    assert 0.45 < len(share) / len(x) < 0.55
    assert share.min() < 0.05 and 0.35 < share.max() < 0.45 and share.mean() == pytest.approx(0.21, abs=0.02)
    filled = 0
    for image in changed[np.any(changed, axis=(1, 2))][:50]:
        rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
        inside = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        filled += inside.mean() > 0.95  # a value of noise is 7 once in 256
        assert inside.sum() == image.sum()
    assert filled == 50
    assert found[changed].mean() == pytest.approx(127.5, abs=1.0)


@pytest.mark.parametrize("function", augmentation.AUGMENTATIONS.values())
def test_an_augmentation_is_a_function_of_images_and_seed(function):
    x = images(20, channels=2)
    first = np.asarray(function(x, [1, 2]))
    assert first.dtype == "uint8" and first.shape == x.shape
    np.testing.assert_array_equal(first, function(x, [1, 2]))
    assert np.any(first != np.asarray(function(x, [1, 3])))


def test_several_augmentations_follow_each_other_with_seeds_of_their_own():
    import tensorflow as tf

    x = images(20)
    both = in_turn(("flip", "erase"))
    assert both is in_turn(("flip", "erase")) and in_turn(("flip",)) is flip  # what is compiled is used again
    expected = erase(flip(x, tf.random.fold_in([5, 6], 0)), tf.random.fold_in([5, 6], 1))
    np.testing.assert_array_equal(both(x, [5, 6]), expected)


@pytest.mark.parametrize(
    ("option", "names"),
    [
        (True, None),
        (False, ()),
        (None, ()),
        ("shift", ("shift",)),
        ("shift,flip", ("shift", "flip")),
        (["erase"], ("erase",)),
    ],
)
def test_an_option_names_augmentations(option, names):
    assert names_of(option) == names


@pytest.mark.parametrize("option", ["rotate", ("shift", "rotate"), 3, ("shift", 3)])
def test_an_unknown_augmentation_is_refused_with_the_known(option):
    with pytest.raises(ValueError, match="`augmentation` must be True, False, or names of distort, shift, flip, erase"):
        names_of(option)


def test_a_model_s_augmentation_is_what_its_option_names():
    x, y = images(8, 6, 6), np.arange(8) % 2

    def of(name, **options):
        return zoo.build(name, (x, y), **options).traits.augmentation

    assert of("image_mlp") is of("image_mlp", augmentation=True) is distort
    assert of("image_mlp", augmentation=False) is None
    assert of("image_mlp", augmentation=("shift", "erase")) is in_turn(("shift", "erase"))
    assert of("lenet") is None and of("lenet", augmentation=("distort",)) is distort
    assert of("lenet", modern=True) is shift


def test_another_package_s_option_of_that_name_may_have_values_of_its_own():
    assert augmentation.of_option("strong", flip) is flip
    assert augmentation.of_option(0, flip) is None
