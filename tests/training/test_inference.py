"""Outputs by one compiled function, which XLA compiles where a recipe says so."""

import dataclasses

import keras
import numpy as np
import pytest

import zoo
from zoo.training import inference


@pytest.fixture
def compiled_by_xla(monkeypatch):
    """A perceptron whose recipe has XLA compile it."""
    from zoo.models import perceptron

    monkeypatch.setattr(perceptron, "RECIPE", dataclasses.replace(perceptron.RECIPE, jit=True))
    model = zoo.build("perceptron", (np.zeros((4, 2), "float32"), np.array([0, 0, 1, 1])))
    model.network.set_weights([np.array([[1.0], [2.0]]), np.array([-1.0])])
    return model


X = np.array([[1, 1], [0, 0], [1, 0], [-3, 1]], "float32")


def test_what_xla_compiles_answers_as_the_model_does(compiled_by_xla):
    model = compiled_by_xla
    for x in (X, X[:1]):
        expected = keras.ops.convert_to_numpy(model(x))
        np.testing.assert_array_equal(inference.outputs(model, {"inputs": x}), expected)
        np.testing.assert_array_equal(model.predict(x, verbose=0), expected)


def test_what_xla_compiles_sees_weights_that_change(compiled_by_xla):
    model = compiled_by_xla
    assert inference.outputs(model, {"inputs": X})[:, 0].tolist() == [1, 0, 1, 0]
    model.network.set_weights([np.array([[-1.0], [-2.0]]), np.array([0.5])])
    assert inference.outputs(model, {"inputs": X})[:, 0].tolist() == [0, 1, 0, 1]


def test_training_is_compiled_as_it_was(compiled_by_xla):
    model = compiled_by_xla
    before = model.jit_compile
    model.predict(X, verbose=0)
    assert model.jit_compile == before


@pytest.mark.tensorflow
def test_the_functions_are_xla_s(compiled_by_xla, monkeypatch):
    import tensorflow as tf

    asked, function = [], tf.function

    def noted(*arguments, **options):
        asked.append(options.get("jit_compile"))
        return function(*arguments, **options)

    monkeypatch.setattr(tf, "function", noted)
    inference.outputs(compiled_by_xla, {"inputs": X})
    assert True in asked
    asked.clear()
    compiled_by_xla.predict(X, verbose=0)
    assert True in asked
