"""Layers within layers, against lists by hand."""

import keras
import pytest

from zoo.layers.nesting import layers_of

KINDS = keras.layers


class Holder(keras.layers.Layer):
    """A layer that holds others as Keras tracks them: in an attribute, a list and a dict."""

    def __init__(self):
        super().__init__()
        self.one = KINDS.Dense(1)
        self.some = [KINDS.Dropout(0.5), (KINDS.ReLU(),)]
        self._named = {"last": KINDS.Flatten()}


def names(layers):
    return sorted(type(layer).__name__ for layer in layers)


def test_the_layers_of_a_layer_are_its_attributes_and_what_lists_and_dicts_hold():
    assert names(layers_of(Holder())) == ["Dense", "Dropout", "Flatten", "ReLU"]


def test_a_model_has_the_layers_of_its_layers():
    inputs = keras.Input((5, 3))
    cells = [KINDS.LSTMCell(4), KINDS.GRUCell(3)]
    x = KINDS.TimeDistributed(KINDS.Dense(2))(KINDS.RNN(cells, return_sequences=True)(inputs))
    model = keras.Model(inputs, keras.Model(inner := keras.Input((5, 2)), KINDS.ReLU()(inner))(x))
    model.compile("adam", "mse", metrics=["mae"])
    expected = ["Dense", "Functional", "GRUCell", "InputLayer", "InputLayer", "LSTMCell", "RNN", "ReLU"]
    assert names(layers_of(model)) == [*expected, "StackedRNNCells", "TimeDistributed"]


def test_a_layer_that_serves_twice_is_named_once_and_the_model_itself_is_not():
    dense, inputs = KINDS.Dense(3), keras.Input((3,))
    model = keras.Model(inputs, dense(dense(inputs)))
    model.again = dense
    model.itself = [model]
    assert names(layers_of(model)) == ["Dense", "InputLayer"]


@pytest.mark.parametrize("layer", [KINDS.Dense(1), keras.Sequential()])
def test_what_holds_no_layers_has_none(layer):
    assert layers_of(layer) == []
