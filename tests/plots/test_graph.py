"""A network drawn with its numbers."""

import itertools
import re

import keras
import numpy as np
import pytest

import zoo


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def test_values_weights_and_slopes_stand_on_the_drawing():
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation="sigmoid")])
    network.set_weights([np.array([[2.0], [-1.0]]), np.array([0.0])])
    drawn = texts(zoo.plots.network_graph(network, [0.5, 1.0], 1.0))
    for wanted in ("x1", "y1", "0.5", "δ -0.12", "2 | -0.062", "-1 | -0.12", "b 0 | -0.12", "logistic"):
        assert wanted in drawn, wanted
    formulas = drawn[-1]
    assert r"E = \frac{1}{2}\,(0.5 - 1)^2 = 0.125" in formulas
    assert r"0.25 \cdot (0.5 - 1) = -0.125" in formulas
    assert r"= (-0.125) \cdot 0.5 = -0.0625" in formulas


def test_an_arrow_is_red_for_a_positive_weight_and_blue_for_a_negative_one():
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    network.set_weights([np.array([[2.0], [-1.0]]), np.array([0.0])])
    figure = zoo.plots.network_graph(network, [1.0, 1.0])
    arrows = [text.arrow_patch for text in figure.axes[0].texts if getattr(text, "arrow_patch", None)]
    red, blue = (arrow.get_edgecolor() for arrow in arrows)
    assert red[0] > red[2] and blue[2] > blue[0]
    widths = [arrow.get_linewidth() for arrow in arrows]
    assert widths[0] > widths[1]


def test_a_graph_that_nobody_could_read_is_refused():
    network = keras.Sequential([keras.Input((8,)), keras.layers.Dense(8)])
    with pytest.raises(ValueError, match="at most 60 weights. Received: 64"):
        zoo.plots.network_graph(network, np.zeros(8))


def corners(text):
    """Returns the corners of a label as it is drawn, `(4, 2)`, in pixels."""
    angle = np.radians(text.get_rotation())
    middle = text.get_transform().transform(text.get_position())
    text.set_rotation(0.0)
    box = text.get_window_extent()
    text.set_rotation(np.degrees(angle))
    half = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * [box.width / 2, box.height / 2]
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return middle + half @ turn.T


def overlap(first, second):
    """Returns whether two rectangles meet: unless a side of one separates them."""
    for corners_of in (first, second):
        for way in (corners_of[1] - corners_of[0], corners_of[2] - corners_of[1]):
            a, b = first @ way, second @ way
            if a.max() < b.min() or b.max() < a.min():
                return False
    return True


def arrows(figure):
    """Returns the corners of a rectangle around each arrow's line, in pixels."""
    found = []
    for text in figure.axes[0].texts:
        if (arrow := getattr(text, "arrow_patch", None)) is not None:
            begin, end = figure.axes[0].transData.transform([text.xyann, text.xy])
            way = (end - begin) / np.linalg.norm(end - begin)
            side = np.array([-way[1], way[0]]) * arrow.get_linewidth() / 72 * figure.dpi / 2
            found.append(np.array([begin + side, end + side, end - side, begin - side]))
    return found


@pytest.mark.parametrize("answered", [True, False])
@pytest.mark.parametrize("sizes", [(2, 2, 1), (6, 2, 1), (2, 3, 3), (3, 3, 2), (4, 4), (4, 3), (2, 5), (2, 4, 2)])
def test_no_label_lies_over_another_and_no_bias_or_name_over_an_arrow(sizes, answered):
    layers = [keras.layers.Dense(size, activation="tanh") for size in sizes[1:]]
    network = keras.Sequential([keras.Input((sizes[0],)), *layers])
    generator = np.random.default_rng(0)
    network.set_weights([generator.normal(size=weight.shape) / 30 for weight in network.weights])  # long numbers
    y = np.ones(sizes[-1]) if answered else None
    figure = zoo.plots.network_graph(network, np.linspace(-1, 1, sizes[0]), y)
    figure.draw_without_rendering()
    drawn = [text for text in figure.axes[0].texts[:-1] if text.get_text() and text.get_text() != "tanh"]
    beside = [text for text in drawn if re.match("b |[xhy][0-9]", text.get_text())]
    assert len(beside) == sum(sizes) + sum(sizes[1:])  # names and biases
    labels = beside + [text for text in drawn if text.get_rotation_mode() == "anchor"]
    assert len(labels) - len(beside) == sum(a * b for a, b in zip(sizes, sizes[1:]))  # of arrows
    boxes = {text: corners(text) for text in labels}
    pairs = [
        (first.get_text(), second.get_text())
        for first, second in itertools.combinations(labels, 2)
        if overlap(boxes[first], boxes[second])
    ]
    assert pairs == []
    assert [text.get_text() for text in beside for arrow in arrows(figure) if overlap(boxes[text], arrow)] == []


def test_overlapping_rectangles_are_seen():
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    assert overlap(square, square + 0.5) and not overlap(square, square + [1.5, 0])


def test_softmax_and_the_cross_entropy_stand_in_the_formulas():
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(2, activation="softmax")])
    network.set_weights([np.array([[0.0, 0.0]]), np.array([0.0, np.log(3.0)])])
    formulas = texts(zoo.plots.network_graph(network, [1.0], [1.0, 0.0]))[-1]
    assert r"$z_{1} = 0 \cdot 1 + 0 = 0$" in formulas and "f(z)" not in formulas
    assert r"$y_{1} = e^{z_{1}} / \Sigma_k e^{z_k} = e^{0} / (e^{0} + e^{1.1}) = 0.25$" in formulas  # 1 / 4
    assert r"\Sigma_j d_j \ln y_j = 1.39" in formulas  # ln 4
    assert "y_{1} - d = 0.25 - 1 = -0.75" in formulas
