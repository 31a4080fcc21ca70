"""The chain rule in numbers, against automatic differentiation and by hand."""

import keras
import numpy as np
import pandas as pd
import pytest

import zoo
from tests.conftest import BACKEND
from zoo.layers.activations import NAMES, activation


def half_squared(outputs, d):
    return 0.5 * keras.ops.sum((outputs - d) ** 2)


def cross_entropy(outputs, d):
    return -keras.ops.sum(d * keras.ops.log(outputs))


def gradients(network, x, y, loss=half_squared):
    """Returns E and its gradient by each weight, by the backend's automatic differentiation."""

    def error(values):
        return loss(network.stateless_call(values, [], x[None])[0], y)

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


def edges_of(numbers, layer):
    """Returns the slopes of a layer's weights, unit by unit, the bias last."""
    return numbers.edges[numbers.edges["layer"] == layer]["dE/dw"]


@pytest.mark.parametrize("loss", [half_squared, cross_entropy])
def test_slopes_equal_automatic_differentiation_for_softmax(loss):
    network = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(3, activation="softmax")]
    )
    generator = np.random.default_rng(1)
    network.set_weights([generator.normal(size=weight.shape) for weight in network.weights])
    x, y = np.array([0.5, -1.0, 2.0], "float32"), np.array([0.2, 0.0, 0.8], "float32")
    error, slopes = gradients(network, x, y, loss)
    numbers = zoo.plots.chain_rule(network, x, y, loss=loss.__name__)
    assert numbers.error == pytest.approx(error, rel=1e-5)
    for layer in (1, 2):
        kernel, bias = slopes[2 * layer - 2 : 2 * layer]
        expected = np.concatenate([kernel, bias[None]]).T.ravel()
        np.testing.assert_allclose(edges_of(numbers, layer), expected, rtol=1e-4, atol=1e-6)
    assert zoo.plots.chain_rule(network, x, y).loss == "cross_entropy"


TABLE = pd.DataFrame({"a": np.linspace(-1, 1, 40), "b": np.cos(np.arange(40.0)), "word": list("uvwx") * 10})
TABLE["number"], TABLE["two"], TABLE["three"] = TABLE.a**2 + TABLE.b, TABLE.a > TABLE.b, list("pqrq") * 10


@pytest.mark.tensorflow
@pytest.mark.parametrize("options", [{"encodings": "standard", "linear": False}, {"linear": True, "num_bins": 3}])
@pytest.mark.parametrize(
    "name, target", [("mlp_classifier", "two"), ("mlp_classifier", "three"), ("mlp_regressor", "number")]
)
def test_a_row_of_a_table_goes_through_a_multilayer_perceptron_as_through_the_model(name, target, options):
    """The error is the model's own loss of that row, and its slopes those of automatic differentiation."""
    import tensorflow as tf

    data = TABLE[["a", "b", "word", target]]
    model = zoo.train(name, data, target=target, hidden_units=(3,), dropout=0.0, epochs=2, verbose=0, **options).model
    row, y = data.iloc[[7]], data[target].iloc[7]
    numbers = zoo.plots.chain_rule(model, row, y)
    encoded = model.preprocessor.encode(row[["a", "b", "word"]])
    outputs = model.network.get_layer("outputs")
    with tf.GradientTape() as tape:
        z = tf.cast(model.network(encoded), "float64")[0]
        if target == "number":
            error = 0.5 * tf.reduce_sum((z - model.target.standardised([y])) ** 2)
        elif target == "two":
            error = -tf.math.log_sigmoid(z[0] if y else -z[0])
        else:
            error = -tf.nn.log_softmax(z)[model.classes.index(y)]
    kernel, bias = tape.gradient(error, [outputs.kernel, outputs.bias])
    assert numbers.error == pytest.approx(float(error), rel=1e-4)
    expected = np.concatenate([kernel, bias[None]]).T
    found = numbers.edges[(numbers.edges["layer"] == 2) & (numbers.edges["from"] != "line")]["dE/dw"]
    np.testing.assert_allclose(found, expected.ravel(), rtol=1e-3, atol=1e-6)
    assert ("line" in set(numbers.edges["from"])) == options["linear"]


def test_a_row_by_column_is_a_row_of_a_table_and_a_line_needs_one():
    model = zoo.build("mlp_regressor", TABLE[["a", "b", "number"]], target="number", hidden_units=(2,))
    row = {"a": 0.5, "b": -0.5}
    numbers = zoo.plots.chain_rule(model, row, 0.3)
    assert numbers.error == zoo.plots.chain_rule(model, pd.DataFrame([row]), 0.3).error
    with pytest.raises(ValueError, match="`x` must be a row of the data.*`linear=False`"):
        zoo.plots.chain_rule(model, [0.5, -0.5])
    with pytest.raises(ValueError, match="must be one row. Received: 40 rows"):
        zoo.plots.chain_rule(model, TABLE)
    with pytest.raises(ValueError, match="must be numbers `\\(inputs,\\)` for a network without columns"):
        zoo.plots.chain_rule(network_of(("tanh", "relu", "identity")), row)


def test_a_loss_that_does_not_suit_is_refused():
    network = network_of(("tanh", "relu", "identity"))
    with pytest.raises(ValueError, match="Did you mean 'half_squared'"):
        zoo.plots.chain_rule(network, [1.0, 2.0, 3.0], [0.0, 1.0], loss="half_square")
    with pytest.raises(ValueError, match="logistic or softmax outputs. Received: .*'identity'"):
        zoo.plots.chain_rule(network, [1.0, 2.0, 3.0], [0.0, 1.0], loss="cross_entropy")


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
