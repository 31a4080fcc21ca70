"""A network drawn with its numbers."""

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
