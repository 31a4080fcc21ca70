"""kernels/activations.js against the zoo's layers, their automatic derivatives, and the table of zoo.plots."""

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.playground.node import call, run
from zoo.layers import activations

pytestmark = pytest.mark.node
X = np.concatenate([np.linspace(-6, 6, 41), [-800.0, -40.0, -1e-9, 0.0, 1e-9, 40.0, 800.0]])


@pytest.mark.parametrize("name", activations.NAMES)
def test_values_and_derivatives_are_those_of_the_table_of_the_zoo(name):
    found, row = call("activations", "table", name, X, 0.3), zoo.plots.ACTIVATIONS[name]
    np.testing.assert_allclose(found["values"], row.value(X, 0.3), rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(found["derivatives"], row.derivative(X, 0.3), rtol=1e-12, atol=1e-300)


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", [name for name in activations.NAMES if name != "prelu"])
def test_values_and_derivatives_are_those_of_the_layers_of_the_zoo(name):
    layer, x = activations.activation(name), tf.constant(X, "float64")
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(tf.cast(x, "float32"))
    slope = tape.gradient(y, x)
    found = call("activations", "table", name, X)
    np.testing.assert_allclose(found["values"], y, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found["derivatives"], 0 * X if slope is None else slope, rtol=1e-5, atol=1e-6)


@pytest.mark.tensorflow
def test_prelu_is_the_layer_of_keras_but_for_its_derivative_at_0():
    layer, x = activations.activation("prelu"), tf.constant(X[X != 0][:, None], "float32")
    layer.build(x.shape)
    layer.alpha.assign([0.3])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
    found = call("activations", "table", "prelu", X[X != 0], 0.3)
    np.testing.assert_allclose(found["values"], y[:, 0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found["derivatives"], tape.gradient(y, x)[:, 0], rtol=1e-5)
    assert call("activations", "derivative", "prelu", 0.0, 0.3) == 0.3


def test_at_the_kink_relu_has_the_slope_0_and_the_step_the_value_1():
    assert call("activations", "derivative", "relu", 0.0) == 0
    assert call("activations", "value", "binary_step", 0.0) == 1
    assert call("activations", "derivative", "binary_step", 0.0) == 0


def test_a_tangent_touches_the_curve():
    tangent = call("activations", "tangent", "tanh", 0.5)
    slope = 1 - np.tanh(0.5) ** 2
    np.testing.assert_allclose([tangent["slope"], tangent["intercept"]], [slope, np.tanh(0.5) - 0.5 * slope])


def test_a_softmax_sums_to_1_whatever_it_is_given():
    z = np.array([1.0, 2.0, -1.0])
    np.testing.assert_allclose(call("activations", "softmax", z), np.exp(z) / np.exp(z).sum(), rtol=1e-12)
    np.testing.assert_allclose(call("activations", "softmax", [1000.0, 1000.0, -1000.0]), [0.5, 0.5, 0.0])


def test_an_unknown_activation_is_named():
    with pytest.raises(RuntimeError, match="An activation must be one of identity, .*Received: sinus"):
        run("playground.kernels.activations.value('sinus', 1)", "activations")
