"""Members with rows of their own: each answers as its network; shared weights learn from the rows of all."""

import threading

import keras
import numpy as np
import pytest
from keras import layers

from zoo.data.preprocessing import Preprocessor
from zoo.data.sources import load
from zoo.engine.members import member_rows, own_rows
from zoo.engine.members.program import Program
from zoo.layers.feature_wise import Scale
from zoo.layers.losses import NetworkLoss, cross_entropy
from zoo.layers.members import BatchFirst
from zoo.layers.tabular import Levels, PiecewiseLinear
from zoo.model import Model

pytestmark = pytest.mark.tensorflow

M, ROWS = 3, 6


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def plain(tensor):
    return keras.ops.convert_to_numpy(tensor)


def table_network():
    inputs = {name: keras.Input((4,), dtype=dtype, name=name) for name, dtype in (("x", "float32"), ("c", "int32"))}
    ranks = PiecewiseLinear(3, name="ramps")(keras.ops.sigmoid(inputs["x"]))
    levels = Levels((3, 20, 2, 15), name="levels")(inputs["c"])
    x = layers.Concatenate(axis=1, name="features")([2.0 - inputs["x"], ranks, levels])
    x = layers.Activation(lambda z: z / 2, name="half")(layers.Dense(5, "tanh", name="hidden")(x))
    twice = layers.Dense(5, name="twice")
    x = layers.Add(name="sum")([twice(twice(x)), layers.LayerNormalization(name="normalization")(x)])
    inner = keras.Sequential([keras.Input((5,)), layers.Dense(4, "relu"), layers.Dense(4)], name="inner")
    return keras.Model(inputs, layers.Dense(2, name="outputs")(layers.PReLU(name="prelu")(inner(x))))


def image_network():
    image = keras.Input((6, 6, 1), dtype="uint8", name="image")
    x = layers.Rescaling(1 / 255, name="pixels")(image)
    x = layers.Conv2D(3, 3, activation="relu", name="convolution")(x)
    x = layers.Dense(4, "relu", name="by_place")(x)
    x = layers.MaxPooling2D(2, name="pooling")(layers.PReLU(shared_axes=[1, 2], name="prelu")(x))
    return keras.Model({"image": image}, layers.Dense(2, name="outputs")(layers.Flatten(name="flatten")(x)))


TABLE = {"x": numbers(M, ROWS, 4), "c": np.random.default_rng(1).integers(0, 2, (M, ROWS, 4)).astype("int32")}
TABLE["c"][:, ::2, 1], TABLE["c"][:, 1::2, 3] = 17, 11
IMAGES = {"image": np.random.default_rng(2).integers(0, 255, (M, ROWS, 6, 6, 1)).astype("uint8")}


@pytest.mark.parametrize(("network", "rows"), [(table_network, TABLE), (image_network, IMAGES)], ids=["table", "image"])
def test_each_member_answers_for_its_rows_as_the_network_whose_weights_it_has(network, rows):
    single = network()
    assert own_rows.obstacle(single) == ""
    together, variables = own_rows.with_own_rows(single, M)
    weights = [
        [numbers(*v.shape, seed=i + 100 * m) for i, v in enumerate(single.trainable_variables)] for m in range(M)
    ]
    for variable, *values in zip(variables, *weights, strict=True):
        variable.assign(np.reshape(np.stack(values), variable.shape))
    outputs = plain(together(rows))
    assert outputs.shape == (M, ROWS, 2)
    for m in range(M):
        for variable, value in zip(single.trainable_variables, weights[m], strict=True):
            variable.assign(value)
        expected = plain(single({name: values[m] for name, values in rows.items()}))
        np.testing.assert_allclose(outputs[m], expected, rtol=1e-4, atol=1e-4)


def shared_dense(inputs):
    """s_m * (W (r_m * x) + b), with W and b for all members."""
    return Scale(M, name="s")(layers.Dense(3, name="shared")(Scale(M, name="r")(inputs)))


def after_one_step(x, y, weights, rate):
    """Returns r, W, b and s after a step down the sum of the members' mean cross-entropies, by numpy in float64."""
    r, kernel, bias, s = (weight.astype("float64") for weight in weights)
    u = r[:, None] * x  # (members, rows, features)
    a = u @ kernel + bias
    z = s[:, None] * a
    p = np.exp(z - z.max(axis=-1, keepdims=True))
    dz = (p / p.sum(axis=-1, keepdims=True) - np.eye(3)[y]) / x.shape[-2]
    da = dz * s[:, None]
    gradients = (
        np.sum(x * (da @ kernel.T), axis=1),
        np.einsum("mrf,mru->fu", u, da),
        np.sum(da, axis=(0, 1)),
        np.sum(dz * a, axis=1),
    )
    return [weight - rate * gradient for weight, gradient in zip((r, kernel, bias, s), gradients, strict=True)]


INITIAL = [numbers(M, 4, seed=1), numbers(4, 3, seed=2), numbers(3, seed=3), numbers(M, 3, seed=4)]


def test_a_dense_layer_that_members_share_trains_in_a_program_by_the_rows_of_all():
    x, y = numbers(M, ROWS, 4), np.random.default_rng(5).integers(0, 3, (M, ROWS)).astype("int32")
    inputs = keras.Input(batch_shape=(M, None, 4), name="x")
    network = keras.Model({"x": inputs}, shared_dense(inputs))
    rows = [({"x": x[m]}, y[m], np.ones(ROWS, "float32")) for m in range(M)]
    how = {"shapes": member_rows.shapes_of(rows), "held_shapes": None, "batch_size": ROWS, "shuffle": True}
    optimizer, variables = keras.optimizers.SGD(0.5), network.trainable_variables
    program = Program(network, variables, [None] * 4, optimizer, cross_entropy, members=M, patience=None, **how)
    weights = [[INITIAL[0][m], INITIAL[1], INITIAL[2], INITIAL[3][m]] for m in range(M)]
    program.begin(weights, optimizer)
    data = program.data(rows, None, range(M), range(M))
    program.prepare(data)
    results = program.run(data, [None] * M, 1, threading.Event(), lambda: None)
    r, kernel, bias, s = after_one_step(x, y, INITIAL, 0.5)
    for m, result in enumerate(results):
        for ours, expected in zip(result.weights, (r[m], kernel, bias, s[m]), strict=True):
            np.testing.assert_allclose(ours.reshape(expected.shape), expected, rtol=1e-5, atol=1e-6)


def test_members_that_share_weights_have_one_learning_rate():
    inputs = keras.Input(batch_shape=(M, None, 4), name="x")
    network, optimizer = keras.Model({"x": inputs}, shared_dense(inputs)), keras.optimizers.SGD(0.5)
    how = {"shapes": (), "held_shapes": None, "batch_size": 1, "shuffle": True, "patience": None}
    program = Program(network, network.trainable_variables, [None] * 4, optimizer, cross_entropy, members=M, **how)
    with pytest.raises(ValueError, match="share weights must have one learning rate. Received: rates of 1, 2, 3 of"):
        program.begin([], optimizer, np.array([1.0, 2.0, 3.0]))


def test_a_dense_layer_that_members_share_trains_in_an_ordinary_model_by_the_sum_over_members():
    x, y = numbers(ROWS, 4), np.array([0, 1, 2, 0, 1, 2], "int32")
    preprocessor = Preprocessor(load((x, y)).schema.with_task("classification", y), "raw").fit(x, y)
    inputs = keras.Input((4,), name="inputs")
    network = keras.Model({"inputs": inputs}, BatchFirst(name="members")(shared_dense(inputs)))
    network.set_weights(INITIAL)
    model = Model(network, entry="mlp_classifier", preprocessor=preprocessor, decision="softmax")
    model.compile(keras.optimizers.SGD(0.5), NetworkLoss(cross_entropy))
    model.train_on_batch({"inputs": x}, y)
    expected = after_one_step(np.broadcast_to(x, (M, *x.shape)), np.broadcast_to(y, (M, ROWS)), INITIAL, 0.5)
    for ours, theirs in zip(network.get_weights(), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
