"""kernels/backpropagation.js against zoo.plots.chain_rule, TensorFlow's gradients, and products by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.playground.node import call, run

pytestmark = pytest.mark.node
SIZES = [[2, 2, 1], [2, 3, 2], [2, 2, 2, 1], [3, 2]]


def network(sizes, activation="tanh", softmax=False, seed=0):
    count = sum((inputs + 1) * units for inputs, units in zip(sizes, sizes[1:]))
    weights = np.random.default_rng(seed).normal(size=count)
    return {"sizes": sizes, "activation": activation, "softmax": softmax, "weights": weights}


def given(sizes):
    generator = np.random.default_rng(1)
    return generator.normal(size=sizes[0]), generator.dirichlet(np.ones(sizes[-1]))


def in_keras(net):
    """Returns the network in Keras: weights of a unit stand side by side there in columns."""
    sizes, name = net["sizes"], {"logistic": "sigmoid", "identity": "linear"}.get(net["activation"], net["activation"])
    model, at = keras.Sequential([keras.Input((sizes[0],))]), 0
    for inputs, units in zip(sizes, sizes[1:]):
        last = model.layers and units == sizes[-1] and len(model.layers) == len(sizes) - 2
        model.add(keras.layers.Dense(units, activation="linear" if last and net["softmax"] else name))
        block = net["weights"][at : at + (inputs + 1) * units].reshape(units, inputs + 1)
        model.layers[-1].set_weights([block[:, :-1].T, block[:, -1]])
        at += block.size
    return model


def in_order(kernels_and_biases):
    """Returns the arrays of Keras in the order of the page: of each unit its weights, then its bias."""
    pairs = zip(kernels_and_biases[::2], kernels_and_biases[1::2])
    return np.concatenate([np.concatenate([kernel.T, bias[:, None]], axis=1).ravel() for kernel, bias in pairs])


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("activation", ["logistic", "tanh", "relu", "elu", "softplus", "arctan", "identity"])
def test_sums_outputs_deltas_and_gradient_are_those_of_zoo_plots(sizes, activation):
    net, (inputs, targets) = network(sizes, activation), given(sizes)
    if activation == "arctan":
        from zoo.layers.activations import arctan

        net_keras = in_keras({**net, "activation": arctan})
    else:
        net_keras = in_keras(net)
    expected = zoo.plots.chain_rule(net_keras, inputs, targets)
    found = call("backpropagation", "backward", net, inputs, targets, files=["activations"])
    units = expected.units
    assert found["error"] == pytest.approx(expected.error, rel=1e-5)
    for name, key in (("y", "y"), ("z", "z"), ("delta", "delta")):
        layers = found[key] if name == "y" else found[key][1:]
        of_zoo = units[name] if name == "y" else units[name][units["layer"] > 0]
        np.testing.assert_allclose(np.concatenate(layers), of_zoo, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(found["gradient"], expected.edges["dE/dw"], rtol=1e-5, atol=1e-7)


@pytest.mark.tensorflow
def test_behind_a_softmax_delta_is_p_minus_d_and_the_gradient_tensorflow_s():
    net = network([2, 3, 2], "logistic", softmax=True)
    inputs, targets = np.array([0.7, -1.2]), np.array([0.0, 1.0])
    model, x = in_keras(net), tf.constant(inputs[None], "float32")
    with tf.GradientTape() as tape:
        z = model(x)
        error = keras.losses.CategoricalCrossentropy(from_logits=True)(targets[None], z)
    gradient = [part.numpy() for part in tape.gradient(error, model.trainable_variables)]
    found = call("backpropagation", "backward", net, inputs, targets, files=["activations"])
    p = np.array(tf.nn.softmax(z[0]))
    np.testing.assert_allclose(found["y"][-1], p, rtol=1e-5)
    np.testing.assert_allclose(found["delta"][-1], p - targets, rtol=1e-5)
    np.testing.assert_allclose(found["gradient"], in_order(gradient), rtol=1e-5, atol=1e-6)
    assert found["error"] == pytest.approx(float(error), rel=1e-5)


@pytest.mark.parametrize("softmax", [False, True])
@pytest.mark.parametrize("sizes", SIZES)
def test_the_products_of_the_paths_sum_to_the_slope_for_every_weight(sizes, softmax):
    net, (inputs, targets) = network(sizes, softmax=softmax), given(sizes)
    of_each = """
        const { backward, paths, difference } = playground.kernels.backpropagation;
        return backward(...given).gradient.map((slope, at) => [
          slope, difference(...given, at), ...paths(...given, at).map(path => path.product),
        ]);
    """
    rows = run(of_each, "activations", "backpropagation", given=[net, inputs, targets])
    assert len(rows) == len(net["weights"])
    for slope, by_difference, *products in rows:
        assert sum(products) == pytest.approx(slope, rel=1e-9, abs=1e-12)
        assert by_difference == pytest.approx(slope, rel=1e-5, abs=1e-7)


def test_of_the_four_products_of_the_chain_two_are_0_since_a_weight_feeds_one_unit_alone():
    # x = (1, 2), all weights 1, all biases 0, identity: z2 = (3, 3), z3 = (6, 6), z4 = 12; d = 10, so y - d = 2.
    weights = [1.0, 1.0, 0.0] * 4 + [1.0, 1.0, 0.0]
    net = {"sizes": [2, 2, 2, 1], "activation": "identity", "softmax": False, "weights": weights}
    paths = call("backpropagation", "paths", net, [1.0, 2.0], [10.0], 1, files=["activations"])  # from x2 to unit 1
    assert {tuple(path["units"]): path["product"] for path in paths} == {
        (0, 0, 0): 4.0,  # 2 x 1 x 1 x x2
        (0, 1, 0): 4.0,
        (1, 0, 0): 0.0,
        (1, 1, 0): 0.0,
    }
    names = [factor["name"] for factor in paths[0]["factors"]]
    assert names == ["error", "slope", "weight", "slope", "weight", "slope", "input"]


def test_a_step_goes_down_the_gradient():
    net, (inputs, targets) = network([2, 2, 1]), given([2, 2, 1])
    gradient = call("backpropagation", "backward", net, inputs, targets, files=["activations"])["gradient"]
    moved = call("backpropagation", "step", net, inputs, targets, 0.5, files=["activations"])
    np.testing.assert_allclose(moved, net["weights"] - 0.5 * np.array(gradient), rtol=1e-12)
    errors = [
        call("backpropagation", "forward", {**net, "weights": w}, inputs, targets, files=["activations"])["error"]
        for w in (net["weights"], moved)
    ]
    assert errors[1] < errors[0]


def test_places_of_weights_and_back():
    back = """
        const { index, place } = playground.kernels.backpropagation, sizes = [2, 2, 2, 1];
        return given.map(at => [place(sizes, at)].map(({ layer, to, from }) => index(sizes, layer, to, from))[0]);
    """
    assert run(back, "backpropagation", given=list(range(15))) == list(range(15))
    assert call("backpropagation", "place", [2, 3, 2], 9) == {"layer": 2, "to": 0, "from": 0, "bias": False}


def test_wrong_sizes_are_named():
    with pytest.raises(RuntimeError, match="must have 9 weights. Received: 1"):
        call("backpropagation", "forward", {"sizes": [2, 2, 1], "weights": [1]}, [1, 2], [1], files=["activations"])
    net = network([2, 2, 1])
    with pytest.raises(RuntimeError, match="There must be 2 inputs and 1 targets. Received: 3 and 1"):
        call("backpropagation", "forward", net, [1, 2, 3], [1], files=["activations"])
