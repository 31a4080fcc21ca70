"""The chain rule in numbers, against automatic differentiation and by hand."""

import keras
import numpy as np
import pytest

import zoo
from tests.conftest import BACKEND
from zoo.layers.activations import NAMES, activation


def gradients(network, x, y):
    """Returns E = 1/2 sum (y - d)^2 and its gradient by each weight, by the backend's automatic differentiation."""

    def error(values):
        return 0.5 * keras.ops.sum((network.stateless_call(values, [], x[None])[0] - y) ** 2)

    values = [keras.ops.convert_to_tensor(variable.numpy()) for variable in network.trainable_variables]
    if BACKEND == "jax":
        import jax

        found, slopes = jax.value_and_grad(error)(values)
    else:
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(values)
            found = error(values)
        slopes = tape.gradient(found, values, unconnected_gradients="zero")
    return float(found), [np.asarray(slope) for slope in slopes]


def network_of(functions, sizes=(3, 4, 3, 2), seed=0):
    layers = [keras.Input((sizes[0],))]
    for size, function in zip(sizes[1:], functions):
        layers += [keras.layers.Dense(size), activation(function)]
    network = keras.Sequential(layers)
    generator = np.random.default_rng(seed)
    network.set_weights([generator.normal(size=weight.shape) for weight in network.weights])
    return network


@pytest.mark.parametrize("function", NAMES)
def test_slopes_equal_automatic_differentiation_for_every_activation(function):
    network = network_of((function, "tanh", "logistic"))
    x, y = np.array([0.5, -1.0, 2.0], "float32"), np.array([1.0, 0.0], "float32")
    error, slopes = gradients(network, x, y)
    numbers = zoo.plots.chain_rule(network, x, y)
    assert numbers.error == pytest.approx(error, rel=1e-5)
    by_layer = [slope for variable, slope in zip(network.trainable_variables, slopes) if "alpha" not in variable.path]
    for layer in range(3):
        edges = numbers.edges[numbers.edges["layer"] == layer + 1]
        kernel, bias = by_layer[2 * layer], by_layer[2 * layer + 1]
        expected = np.concatenate([kernel, bias[None]]).T.ravel()  # unit by unit, the bias last
        np.testing.assert_allclose(edges["dE/dw"], expected, rtol=1e-4, atol=1e-6)


def test_one_unit_by_hand():
    """y = logistic(2 * 0.5 - 1 * 1 + 0) = 1/2; E = 1/8; delta = 1/4 * (1/2 - 1) = -1/8; dE/dw = delta x."""
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation="sigmoid")])
    network.set_weights([np.array([[2.0], [-1.0]]), np.array([0.0])])
    numbers = zoo.plots.chain_rule(network, [0.5, 1.0], 1.0)
    assert numbers.error == 0.125
    assert numbers.units.loc["y1", ["z", "y", "slope", "delta"]].tolist() == [0.0, 0.5, 0.25, -0.125]
    assert numbers.edges["dE/dw"].tolist() == [-0.0625, -0.125, -0.125]
    assert numbers.edges["from"].tolist() == ["x1", "x2", "1"]


def test_without_a_target_there_are_values_alone():
    numbers = zoo.plots.chain_rule(network_of(("tanh", "relu", "identity")), [1.0, 2.0, 3.0])
    assert numbers.error is None and numbers.edges["dE/dw"].isna().all()
    assert numbers.units["y"].notna().all()


def test_a_classifier_s_logistic_output_is_part_of_the_chain():
    model = zoo.build("backprop_1986", problem="xor")
    numbers = zoo.plots.chain_rule(model, [1.0, 0.0], 1.0)
    assert numbers.activations == ("logistic", "logistic")
    assert numbers.units.loc["y1", "y"] == pytest.approx(model.predict(np.array([[1.0, 0.0]]), verbose=0)[0, -1], 1e-5)


def test_other_networks_and_sizes_are_refused():
    network = network_of(("tanh", "relu", "identity"))
    with pytest.raises(ValueError, match="3 encoded inputs. Received: 2"):
        zoo.plots.chain_rule(network, [1.0, 2.0])
    with pytest.raises(ValueError, match="2 numbers, one an output. Received: 1"):
        zoo.plots.chain_rule(network, [1.0, 2.0, 3.0], 1.0)
    with pytest.raises(ValueError, match="dense layers, one after another.*LayerNormalization"):
        inputs = keras.Input((2,))
        hidden = keras.layers.LayerNormalization()(keras.layers.Dense(2, activation="tanh")(inputs))
        zoo.plots.chain_rule(keras.Model(inputs, keras.layers.Dense(1)(hidden)), [1.0, 2.0])
    with pytest.raises(ValueError, match="activation 'gelu'.*The chain rule is drawn for: identity"):
        zoo.plots.chain_rule(network_of(("gelu", "relu", "identity")), [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="no dense layer"):
        zoo.plots.chain_rule(keras.Sequential([keras.Input((2,)), keras.layers.Flatten()]), [1.0, 2.0])
