"""Letters and shapes on 20 x 20 photocells: what is lit, by hand; always the same; splits."""

import numpy as np
import pytest

from zoo.data import retina
from zoo.data.sources import load


def test_an_l_is_a_column_and_a_row():
    lit = retina.letter("L", row=9, column=9, height=16, width=1)
    expected = np.zeros((20, 20), bool)
    expected[1:18, 3] = True  # 9 - 8 to 9 + 8, and 3/8 of 16 left of the middle
    expected[17, 3:16] = True
    assert np.array_equal(lit, expected)


def test_letters_differ_and_stay_on_the_retina():
    drawn = {name: retina.letter(name) for name in retina.STROKES}
    assert len({lit.tobytes() for lit in drawn.values()}) == 26
    for lit in drawn.values():
        assert not lit[[0, -1]].any() and not lit[:, [0, -1]].any()


@pytest.mark.parametrize("name", ["A", "H", "I", "M", "O", "T", "U", "V", "W", "X", "Y"])
def test_letters_with_an_upright_mirror_are_their_own_image_in_it(name):
    assert np.array_equal(retina.letter(name), retina.letter(name)[:, ::-1])


@pytest.mark.parametrize(("name", "cells"), [("square", 49), ("circle", 29), ("triangle", 25)])
def test_a_shape_of_radius_3_lights_so_many_cells(name, cells):
    assert retina.shape(name, row=9, column=9, radius=3).sum() == cells


def test_a_triangle_stands_on_its_side():
    rows = retina.shape("triangle", row=9, column=9, radius=3).sum(axis=1)
    assert rows[6:13].tolist() == [1, 1, 3, 3, 5, 5, 7]


def test_light_and_dark_are_told_apart_at_128_but_for_the_noise():
    lit = retina.letter("E")
    image = retina.seen(lit, np.random.default_rng(0), noise=0.0)
    assert image.shape == (20, 20, 1) and image.dtype == np.uint8
    assert np.array_equal(image[..., 0] >= 128, lit)
    noisy = np.stack([retina.seen(lit, np.random.default_rng(i), noise=0.05)[..., 0] for i in range(100)])
    assert np.mean((noisy >= 128) != lit) == pytest.approx(0.05, abs=0.005)


@pytest.mark.parametrize(
    ("name", "classes", "train", "test"),
    [("retina_letters", list("ACEHLOTX"), 320, 160), ("retina_shapes", ["circle", "square", "triangle"], 300, 150)],
)
def test_a_set_is_always_the_same_with_as_many_images_of_each_class_in_each_split(name, classes, train, test):
    data = load(name)
    assert data.x.shape == (train + test, 20, 20, 1) and data.x.dtype == np.uint8
    assert np.array_equal(data.x, load(name).x)
    assert {part: len(rows) for part, rows in data.splits.items()} == {"train": train, "test": test}
    assert not set(data.splits["train"]) & set(data.splits["test"])
    for rows in data.splits.values():
        found, counts = np.unique(data.y[rows].astype(str), return_counts=True)
        assert found.tolist() == classes and len(set(counts)) == 1
    assert len({image.tobytes() for image in data.x}) == train + test  # no image is in both


def test_another_seed_draws_others():
    assert not np.array_equal(retina.letters(seed=0)[0], retina.letters(seed=1)[0])


def test_unknown_letters_and_shapes_are_refused():
    with pytest.raises(ValueError, match="letters are ABCDEFGHIJKLMNOPQRSTUVWXYZ. Received: 'a'"):
        retina.letter("a")
    with pytest.raises(ValueError, match="shapes are square, circle, triangle. Received: 'star'"):
        retina.shape("star")
