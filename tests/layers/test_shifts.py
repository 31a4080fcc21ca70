"""The tolerance of shifts, of networks whose answers at every place are known by hand."""

import types

import keras
import numpy as np
import pytest

from zoo.layers.shifts import activity, everywhere, pattern, shift_chance, shift_tolerance


def halves(responds=None):
    """Returns a model of 4 x 4 pixels that answers 0 where light is on the left half, and 1 on the right."""
    image = keras.Input((4, 4, 1), name="image", dtype="uint8")
    x = keras.layers.Rescaling(1 / 255)(image)
    if responds is not None:
        x = x * np.asarray(responds, "float32").reshape(4, 4, 1)
    classes = keras.layers.Dense(2, use_bias=False, name="classes")
    network = keras.Model(image, classes(keras.layers.Flatten(name="cells")(x)))
    left = np.tile([1.0, 1.0, 0.0, 0.0], 4)
    classes.set_weights([np.stack([left, 1.0 - left], axis=1)])
    return types.SimpleNamespace(
        network=network, preprocessor=types.SimpleNamespace(encode=lambda x: {"image": x.reshape(-1, 4, 4, 1)})
    )


def dots(*places):
    images = np.zeros((len(places), 4, 4, 1), "uint8")
    for image, (row, column) in zip(images, places):
        image[row, column] = 255
    return {"image": images}


def test_a_pattern_is_the_smallest_box_around_the_light():
    image = np.zeros((5, 5, 1), "uint8")
    image[1, 2] = image[3, 3] = 9
    np.testing.assert_array_equal(pattern(image)[..., 0], [[9, 0], [0, 0], [0, 9]])


def test_it_is_shown_wherever_it_fits():
    image = np.zeros((4, 5, 1), "uint8")
    image[0, :3] = 1
    shown, centre = everywhere(image)
    assert shown.shape == (4 * 3, 4, 5, 1)
    assert (shown.sum(axis=(1, 2, 3)) == 3).all() and len({one.tobytes() for one in shown}) == 12
    np.testing.assert_array_equal(shown[centre, 1, :, 0], [0, 1, 1, 1, 0])


def test_a_dot_keeps_the_answer_of_the_centre_on_its_half():
    """The centre is on the left, which has 7 other places of 15."""
    assert shift_tolerance(halves(), dots((0, 0))) == 7 / 15
    assert shift_tolerance(halves(), dots((0, 0), (3, 3))) == 7 / 15  # the same dot


def test_images_may_be_raw():
    assert shift_tolerance(halves(), dots((0, 0))["image"][..., 0]) == 7 / 15


def test_images_count_alike_whatever_others_are_like_them():
    row = np.zeros((1, 4, 4, 1), "uint8")
    row[0, 0] = 255  # as wide as the image: the halves tie wherever it is, and the first class answers
    x = {"image": np.concatenate([dots((0, 0), (1, 1), (2, 0))["image"], row])}
    assert shift_tolerance(halves(), x) == pytest.approx((3 * 7 / 15 + 1.0) / 4)


def test_where_no_cell_responds_there_is_no_answer():
    seen = np.ones((4, 4))
    seen[3] = 0.0
    assert shift_tolerance(halves(seen), dots((0, 0))) == 5 / 15
    assert shift_tolerance(halves(np.zeros((4, 4))), dots((0, 0))) == 0.0


def test_empty_images_are_left_out():
    x = {"image": np.concatenate([np.zeros((1, 4, 4, 1)), dots((0, 0))["image"]])}
    assert shift_tolerance(halves(), x) == 7 / 15
    for score in (shift_tolerance, shift_chance):
        assert score(halves(), {"image": np.zeros((2, 4, 4, 1), "uint8")}) == 1.0


def test_patterns_that_fit_in_one_position_only_are_left_out():
    fixed = np.full((1, 4, 4, 1), 255, "uint8")
    x = {"image": np.concatenate([fixed, dots((0, 0))["image"]])}
    for score in (shift_tolerance, shift_chance):
        assert score(halves(), x) == score(halves(), dots((0, 0)))
        assert score(halves(), {"image": fixed}) == 1.0


def test_chance_is_the_tolerance_of_answers_dealt_out_anew():
    """Of the dot 7 answers in 15 are left, of the row all; the answer of both centres is left."""
    row = np.zeros((1, 4, 4, 1), "uint8")
    row[0, 0] = 255
    x = {"image": np.concatenate([dots((0, 0))["image"], row])}
    assert shift_chance(halves(), x) == pytest.approx((7 / 15 + 1.0) / 2)
    seen = np.zeros((4, 4))  # no answer is never the same, so it has no part in the sum
    seen[:, 1] = 1.0
    assert shift_chance(halves(seen), dots((0, 0))) == pytest.approx(3 / 15)


def test_the_activity_of_a_layer_is_its_output_and_an_unknown_layer_is_refused():
    x = dots((0, 1), (2, 2))["image"]
    np.testing.assert_allclose(activity(halves(), x, "cells"), x.reshape(2, 16) / 255, rtol=1e-6)
    many = np.repeat(x, 200, axis=0)
    np.testing.assert_allclose(activity(halves(), many, "cells"), many.reshape(400, 16) / 255, rtol=1e-6)
    with pytest.raises(ValueError, match="`layer` must be one of .*cells, classes. Received: layer='c9'"):
        activity(halves(), x, "c9")
