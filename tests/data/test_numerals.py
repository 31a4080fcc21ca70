"""Fukushima's figures: how often, where and in which order they are shown."""

import numpy as np

from zoo.data.numerals import FIGURES, distorted, figure, numerals, placed, xytz
from zoo.data.sources import load
from zoo.layers.shifts import pattern


def test_numerals_are_0_to_4_in_turn_20_times_each_as_images_of_16_pixels():
    data = load("numerals")
    x, y = data.arrays()
    assert data.schema.columns[0].kind == "image"
    assert x.shape == (100, 16, 16, 1) and x.dtype == np.uint8 and set(np.unique(x)) == {0, 255}
    assert y.tolist() == [0, 1, 2, 3, 4] * 20


def test_each_is_whole_and_at_many_places():
    x, y = numerals()
    for label in range(5):
        shown = x[y == label][..., None]
        assert all(np.array_equal(pattern(image)[..., 0], figure(str(label))) for image in shown)
        assert len({image.tobytes() for image in shown}) > 10


def test_the_seed_decides_on_the_places():
    assert np.array_equal(numerals(1)[0], numerals(1)[0])
    assert not np.array_equal(numerals(0)[0], numerals(1)[0])


def test_xytz_are_four_letters_and_share_strokes():
    x, y = xytz()
    assert x.shape == (80, 16, 16) and y[:4].tolist() == ["X", "Y", "T", "Z"]
    boxes = {name: figure(name) for name in "XYTZ"}
    np.testing.assert_array_equal(boxes["X"][:4], boxes["Y"][:4])
    np.testing.assert_array_equal(boxes["Y"][5:], boxes["T"][5:])
    np.testing.assert_array_equal(boxes["X"][1:-1], np.maximum(boxes["X"], boxes["Z"])[1:-1])  # one diagonal is Z's


def test_the_numerals_of_1975_stand_at_one_place_of_12_pixels():
    x, y = load("numerals_12").arrays()
    assert x.shape == (100, 12, 12, 1) and y.tolist() == [0, 1, 2, 3, 4] * 20
    assert len({image.tobytes() for image in x}) == 5


def test_every_figure_has_whole_rows():
    for rows in FIGURES.values():
        assert len({len(row) for row in rows.split("|")}) == 1


def test_distorted_figures_differ_from_the_figure_and_fit_the_image():
    for name in "01234":
        box = figure(name)
        plain = placed(box, (16 - box.shape[0]) // 2, (16 - box.shape[1]) // 2)
        images = distorted(name)
        assert set(images) == {"wider", "taller", "lower", "slanted", "cut", "noise"}
        for image in images.values():
            assert image.shape == (16, 16) and not np.array_equal(image, plain)
        assert (images["cut"] > 0).sum() == (plain > 0).sum() - 1
        assert (images["noise"] > 0).sum() == (plain > 0).sum() + 2
