"""Members side by side: each layer gives what Keras's gives for each member's weights; means by numpy."""

import random

import keras
import numpy as np
import pytest
from keras import layers

from tests.conftest import BACKEND
from zoo.layers import ensemble, members
from zoo.layers.tabular import Levels

M, ROWS, WIDTH = 3, 5, 4


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def filled(layer, x, seed=7):
    """Calls a layer to build it, and gives it weights; variances are positive."""
    layer(x)
    layer.set_weights([np.abs(numbers(*w.shape, seed=seed + i)) for i, w in enumerate(layer.weights)])
    return layer


def plain(tensor):
    return keras.ops.convert_to_numpy(tensor)


@pytest.mark.parametrize(
    ("ours", "keras_s"),
    [
        (members.MemberDense(M, 6), layers.Dense(6)),
        (members.MemberDense(M, 6, use_bias=False), layers.Dense(6, use_bias=False)),
        (members.MemberBatchNormalization(M), layers.BatchNormalization()),
        (members.MemberLayerNormalization(M), layers.LayerNormalization()),
        (members.MemberPReLU(M), layers.PReLU()),
    ],
    ids=lambda layer: type(layer).__name__,
)
@pytest.mark.parametrize("training", [False, True])
def test_a_layer_does_to_each_member_what_keras_s_does_with_its_weights(ours, keras_s, training):
    x = numbers(M, ROWS, WIDTH)
    filled(ours, x)
    keras_s(x[0])
    weights = ours.get_weights()
    flags = {"training": training} if isinstance(keras_s, layers.BatchNormalization) else {}
    found = plain(ours(x, **flags))
    for m in range(M):
        keras_s.set_weights([weight[m] for weight in weights])
        np.testing.assert_allclose(found[m], plain(keras_s(x[m], **flags)), rtol=1e-5, atol=1e-5)
        after = [weight[m] for weight in ours.get_weights()]  # moving statistics too
        for mine, theirs in zip(after, keras_s.get_weights(), strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)


def test_a_shared_input_and_own_ones_stand_beside_each_other():
    shared, own = numbers(ROWS, WIDTH), numbers(M, ROWS, 2, seed=1)
    layer = filled(members.MemberDense(M, 6), [shared, own])
    kernel, bias = layer.get_weights()
    for m in range(M):
        expected = np.concatenate([shared, own[m]], axis=1) @ kernel[m] + bias[m]
        np.testing.assert_allclose(plain(layer([shared, own]))[m], expected, rtol=1e-5)


def test_levels_share_the_indicators_and_have_a_table_of_vectors_each():
    x = np.array([[0, 1, 0], [5, 2, 7]], "int32")
    layer = filled(members.MemberLevels(M, [20, 3, 30], embedding_size=4), x)
    indicators, vectors = map(plain, layer(x))
    (table,) = layer.get_weights()
    np.testing.assert_array_equal(indicators, [[1, 0], [0, 1]])
    assert table.shape == (M, 50, 4) and vectors.shape == (M, 2, 8)
    for m in range(M):
        np.testing.assert_array_equal(vectors[m, 1], [*table[m, 5], *table[m, 20 + 7]])


@pytest.mark.parametrize(
    "layer",
    [
        members.MemberDense(M, 6, kernel_regularizer="l2"),
        members.MemberBatchNormalization(M, momentum=0.5),
        members.MemberLayerNormalization(M, epsilon=0.1),
        members.MemberPReLU(M),
        members.BatchFirst(),
        members.MemberLevels(M, [3, 40]),
        members.MemberLevels(M, [40]),
        members.MemberDense(M, 6, kernel_initializer="he_normal"),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_layers_survive_their_configs_and_know_their_output_shape(layer):
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    x = numbers(M, ROWS, WIDTH)
    if isinstance(layer, Levels):
        x = np.zeros((ROWS, len(layer.sizes)), "int32")
    shapes = [tuple(part.shape) for part in keras.tree.flatten(layer(x))]
    told = layer.compute_output_shape(x.shape)
    assert shapes == (told if isinstance(told, list) else [told])


def test_the_penalty_is_the_mean_of_the_members():
    layer = filled(members.MemberDense(M, 6, kernel_regularizer=keras.regularizers.L2(0.5)), numbers(M, ROWS, WIDTH))
    kernel = layer.get_weights()[0]
    penalties = 0.5 * np.sum(kernel**2, axis=(1, 2))
    assert float(layer.losses[0]) == pytest.approx(penalties.mean(), rel=1e-5)


def test_no_members_are_refused():
    with pytest.raises(ValueError, match="members=0"):
        members.MemberDense(0, 6)


def network(normalization=None, activation="relu", dropout=0.0):
    """A network with a layer of every kind, and random weights in all of them."""
    inputs = {"x": keras.Input((WIDTH,), name="x"), "c": keras.Input((2,), dtype="int32", name="c")}
    scaled = layers.Rescaling(0.5, name="scaled")(inputs["x"])
    x = layers.Concatenate(name="features")([inputs["x"], scaled, Levels((3, 20), name="levels")(inputs["c"])])
    for i in range(2):
        x = layers.Dense(6, kernel_initializer="he_normal", name=f"hidden_{i}")(x)
        if normalization:
            x = normalization(name=f"normalization_{i}")(x)
        x = layers.PReLU(name="prelu")(x) if activation == "prelu" and i else layers.Activation("relu", name=f"a{i}")(x)
        x = layers.Dropout(dropout, name=f"dropout_{i}")(x) if dropout else x
    return keras.Model(inputs, layers.Dense(3, name="outputs")(x))


ROWS_OF = {"x": numbers(ROWS, WIDTH), "c": np.array([[0, 0], [1, 3], [2, 19], [1, 1], [2, 2]], "int32")}
KINDS = [{}, {"normalization": layers.BatchNormalization}, {"normalization": layers.LayerNormalization}]
KINDS.append({"activation": "prelu"})


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_each_member_answers_as_the_network_whose_weights_it_has(kind):
    made = [network(**kind) for _ in range(M)]
    for m, single in enumerate(made):
        for weight in single.weights:
            weight.assign(np.abs(numbers(*weight.shape, seed=m)) + 0.1)
    together = ensemble.ensemble(network(**kind), M)
    ensemble.join(together, made)
    assert ensemble.size(together) == M
    found = plain(together(ROWS_OF))
    assert found.shape == (ROWS, M, 3)
    for m, single in enumerate(made):
        np.testing.assert_allclose(found[:, m], plain(single(ROWS_OF)), rtol=1e-4, atol=1e-5)
    again = [network(**kind) for _ in range(M)]
    ensemble.split(together, again)
    for before, after in zip(made, again, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(before.get_weights(), after.get_weights(), strict=True))


def test_one_member_is_the_network_itself():
    single = network()
    assert ensemble.ensemble(single, 1) is single and ensemble.size(single) == 1


def test_members_begin_with_draws_of_their_own_and_drop_units_of_their_own():
    together = ensemble.ensemble(network(dropout=0.5), M)
    for name, width in (("hidden_0", WIDTH * 2 + 2 + 8), ("hidden_1", 6)):
        kernels = together.get_layer(name).get_weights()[0]
        assert len(np.unique(kernels[:, 0, 0])) == M
        np.testing.assert_allclose(kernels.std(axis=(1, 2)), np.sqrt(2 / width), rtol=0.5)  # He's
    tables = together.get_layer("levels").get_weights()[0]
    assert not tables[:, 0].any() and len(np.unique(tables[:, 1, 0])) == M  # what was not seen begins as zero
    for layer in together.layers:
        if layer.weights:  # all members alike
            layer.set_weights([np.broadcast_to(weight[:1], weight.shape) for weight in layer.get_weights()])
    quiet, dropped = plain(together(ROWS_OF)), plain(together(ROWS_OF, training=True))
    np.testing.assert_allclose(quiet[:, 0], quiet[:, 1], rtol=1e-5)
    assert np.any(dropped[:, 0] != dropped[:, 1]) and np.any(dropped[:, 1] != dropped[:, 2])


@pytest.mark.parametrize("kind", [{}, {"normalization": layers.BatchNormalization}], ids=["plain", "batch"])
def test_members_draw_what_layers_built_anew_would_draw(kind):
    single = network(**kind)
    state = random.getstate()  # of which Keras draws its seeds
    together = ensemble.ensemble(single, M)
    random.setstate(state)
    ensemble._side_by_side(single, M)  # draws too
    for layer in single.layers:
        for member in range(1, M) if layer.weights else ():
            fresh = layer.__class__.from_config(layer.get_config())
            fresh.build(layer.input.shape)
            for ours, theirs in zip(together.get_layer(layer.name).get_weights(), fresh.get_weights(), strict=True):
                np.testing.assert_array_equal(ours[member], theirs)


def test_a_network_with_members_survives_a_file(tmp_path):
    together = ensemble.ensemble(network(normalization=layers.BatchNormalization, dropout=0.1), M)
    together.save(tmp_path / "network.keras")
    again = keras.models.load_model(tmp_path / "network.keras", safe_mode=True)
    assert ensemble.size(again) == M
    np.testing.assert_array_equal(plain(again(ROWS_OF)), plain(together(ROWS_OF)))


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def test_the_merged_logits_have_the_mean_of_the_members_probabilities():
    z = 3.0 * numbers(ROWS, M, 4)
    found = plain(ensemble.merged(z, mean="softmax"))
    np.testing.assert_allclose(softmax(found), softmax(z).mean(axis=1), rtol=1e-5)
    each = plain(ensemble.merged(z, mean="sigmoid"))
    np.testing.assert_allclose(1 / (1 + np.exp(-each)), (1 / (1 + np.exp(-z))).mean(axis=1), rtol=1e-5)
    one = plain(ensemble.merged(z[..., :1], mean="softmax"))
    np.testing.assert_allclose(1 / (1 + np.exp(-one)), (1 / (1 + np.exp(-z[..., :1]))).mean(axis=1), rtol=1e-5)
    np.testing.assert_allclose(plain(ensemble.merged(z, mean="values")), z.mean(axis=1), rtol=1e-5, atol=1e-6)


def test_merged_logits_stay_finite_where_probabilities_round_to_0_and_1():
    z = np.array([[[1000.0], [1000.0]], [[-1000.0], [-1000.0]], [[1000.0], [-1000.0]]], "float32")
    np.testing.assert_allclose(plain(ensemble.merged(z, mean="softmax"))[:, 0], [1000.0, -1000.0, 0.0], atol=1e-3)


def test_a_loss_of_members_is_the_mean_of_theirs():
    def loss(y, z):
        return keras.ops.square(y - z[:, 0])

    y, z = numbers(ROWS), numbers(ROWS, M, 1, seed=1)
    expected = ((y[:, None] - z[..., 0]) ** 2).mean(axis=1)
    np.testing.assert_allclose(plain(ensemble.each_member(loss)(y, z)), expected, rtol=1e-5)


@pytest.mark.parametrize("members", [0, -1, 2.5, True, "8"])
def test_what_is_no_number_of_members_is_refused(members):
    with pytest.raises(ValueError, match="`ensemble` must be a positive integer"):
        ensemble.ensemble(network(), members)


def test_layers_without_a_form_for_members_are_refused_by_name():
    def build(middle):
        inputs = keras.Input((WIDTH,), name="x")
        return keras.Model(inputs, layers.Dense(1, name="outputs")(middle(inputs)))

    odd = build(lambda x: layers.UnitNormalization(name="odd")(layers.Dense(4)(x)))
    with pytest.raises(ValueError, match="'odd' .UnitNormalization"):
        ensemble.ensemble(odd, 2)
    with pytest.raises(ValueError, match="'drop' .Dropout"):  # members would lose the same inputs
        ensemble.ensemble(build(layers.Dropout(0.5, name="drop")), 2)
    with pytest.raises(ValueError, match="one tensor behind layers with weights"):
        ensemble.ensemble(keras.Model(*[keras.Input((WIDTH,), name="x")] * 2), 2)


def test_a_network_with_members_compiles_with_xla_and_answers_the_same():
    together = ensemble.ensemble(network(normalization=layers.BatchNormalization), M)
    if BACKEND == "jax":
        import jax

        variables = [v.value for v in together.trainable_variables], [v.value for v in together.non_trainable_variables]
        compiled = jax.jit(lambda x: together.stateless_call(*variables, x, training=False)[0])
    else:
        import tensorflow as tf

        compiled = tf.function(lambda x: together(x, training=False), jit_compile=True)
    np.testing.assert_allclose(plain(compiled(ROWS_OF)), plain(together(ROWS_OF)), rtol=1e-4, atol=1e-5)
