"""Initial weights from training rows: the formulas in numpy, layer by layer, of one network and of members."""

import keras
import numpy as np
import pytest

from zoo.layers import data_driven
from zoo.layers.ensemble import ensemble

X = np.random.default_rng(0).normal(size=(300, 4)).astype("float32") * [1, 5, 0.1, 3] + [0, 10, 0, 1]
X = X.astype("float32")


def network(outputs="lecun_normal"):
    inputs = keras.Input((4,), name="x")
    x = keras.layers.Dense(16, "tanh", name="hidden_0")(inputs)
    x = keras.layers.Dense(8, "relu", name="hidden_1")(x)
    return keras.Model({"x": inputs}, keras.layers.Dense(2, kernel_initializer=outputs, name="outputs")(x))


def plain(tensor):
    return keras.ops.convert_to_numpy(tensor)


def weights(layer):
    return plain(layer.kernel), plain(layer.bias)


def test_every_unit_begins_with_variance_1_and_its_kink_among_the_rows():
    keras.utils.set_random_seed(1)
    net = network()
    before = [weights(layer)[0] for layer in net.layers[1:]]
    data_driven.initialise(net, {"x": X})
    x = X
    for i, (layer, initial) in enumerate(zip(net.layers[1:], before, strict=True)):
        kernel, bias = weights(layer)
        z = x @ initial
        np.testing.assert_allclose(kernel, initial / z.std(axis=0), rtol=1e-3)
        z = x @ kernel
        np.testing.assert_allclose(z.std(axis=0), 1.0, rtol=1e-3)
        if i < 2:  # the negated bias is a mean of what rows give
            assert np.all(bias != 0) and np.all(z.min(axis=0) <= -bias) and np.all(-bias <= z.max(axis=0))
        else:
            assert np.all(bias == 0)
        x = {0: np.tanh(z + bias), 1: np.maximum(z + bias, 0), 2: None}[i]


def test_a_bias_is_a_mean_of_five_rows_by_random_shares():
    x, kernel = np.eye(7, dtype="float32"), np.arange(1.0, 8.0, dtype="float32")[:, None] ** 2
    scaled, bias = data_driven.dense_weights(x, kernel, with_bias=True)
    z = (x @ scaled)[:, 0]
    generator = np.random.default_rng(data_driven._seed(kernel))
    rows = generator.integers(7, size=(5, 1))[:, 0]
    shares = generator.exponential(size=(5, 1))[:, 0]
    np.testing.assert_allclose(bias, -np.sum(shares / shares.sum() * z[rows]), rtol=1e-5)


def test_a_kernel_of_zeros_and_a_unit_that_says_the_same_for_all_rows_stay():
    net = network("zeros")
    data_driven.initialise(net, {"x": X})
    assert not np.any(weights(net.layers[-1])[0])
    constant, bias = data_driven.dense_weights(np.ones((9, 2), "float32"), np.ones((2, 1), "float32"), with_bias=True)
    np.testing.assert_array_equal(constant, np.ones((2, 1)))
    np.testing.assert_allclose(bias, -2.0, rtol=1e-6)


def test_a_trained_network_is_left_alone():
    net = network()
    data_driven.initialise(net, {"x": X})
    after = net.get_weights()
    data_driven.initialise(net, {"x": X + 1})
    assert all(np.array_equal(a, b) for a, b in zip(net.get_weights(), after, strict=True))


@pytest.mark.parametrize("members", [2])
def test_each_member_begins_as_it_would_alone_by_rows_of_its_own(members):
    keras.utils.set_random_seed(2)
    single = network()
    together = ensemble(single, members)
    initial = [weights(layer)[0] for layer in together.layers if layer.weights]
    data_driven.initialise(together, {"x": X})
    for m in range(members):
        for layer, kernel in zip(single.layers[1:], initial, strict=True):
            layer.kernel.assign(kernel[m])
            layer.bias.assign(np.zeros(kernel.shape[-1]))
        # the rows of a deviation follow from the first kernel of all members: of 300 rows they are all
        data_driven.initialise(single, {"x": X})
        for layer in single.layers[1:]:
            kernels, biases = weights(together.get_layer(layer.name))
            np.testing.assert_allclose(kernels[m], weights(layer)[0], rtol=1e-4, atol=1e-6)
            np.testing.assert_allclose(biases[m], weights(layer)[1], rtol=1e-4, atol=1e-4)
    own = weights(together.get_layer("hidden_0"))[1]
    assert not np.allclose(own[0], own[1])
