"""A pool of networks: the weighted mean of what they answer, by numpy and scipy."""

import keras
import numpy as np
import pytest
from scipy import special

from zoo.layers import ensemble
from zoo.layers.pool import WeightedPool, pooled

OUTPUTS = np.random.default_rng(0).normal(scale=3.0, size=(7, 4, 3)).astype("float32")  # (batch, networks, outputs)
SHARES = np.array([0.5, 0.125, 0.25, 0.125], "float32")


def plain(tensor):
    return keras.ops.convert_to_numpy(tensor)


def pool(outputs, mean, shares=SHARES):
    return plain(pooled(keras.ops.convert_to_tensor(outputs), keras.ops.convert_to_tensor(shares), mean=mean))


def test_values_are_the_weighted_mean():
    np.testing.assert_allclose(pool(OUTPUTS, "values"), np.average(OUTPUTS, axis=1, weights=SHARES), rtol=1e-5)


def test_the_softmax_of_a_pool_is_the_weighted_mean_of_probabilities():
    expected = np.average(special.softmax(OUTPUTS.astype("float64"), axis=-1), axis=1, weights=SHARES)
    np.testing.assert_allclose(special.softmax(pool(OUTPUTS, "softmax"), axis=-1), expected, rtol=1e-5)


@pytest.mark.parametrize("mean", ["softmax", "sigmoid"])
def test_the_sigmoid_of_a_pool_is_the_weighted_mean_of_probabilities(mean):
    outputs = OUTPUTS[..., :1] if mean == "softmax" else OUTPUTS  # one logit stands for two classes
    expected = np.average(special.expit(outputs.astype("float64")), axis=1, weights=SHARES)
    np.testing.assert_allclose(special.expit(pool(outputs, mean).astype("float64")), expected, rtol=1e-5)


@pytest.mark.parametrize("mean", ["values", "softmax", "sigmoid"])
def test_equal_weights_answer_as_members_of_an_ensemble_do(mean):
    merged = plain(ensemble.merged(keras.ops.convert_to_tensor(OUTPUTS), mean=mean))
    np.testing.assert_allclose(pool(OUTPUTS, mean, np.full(4, 0.25, "float32")), merged, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("mean", ["values", "softmax", "sigmoid"])
def test_large_logits_stay_finite_and_a_weight_of_zero_counts_for_nothing(mean):
    far = np.array([[[-300.0], [300.0], [200.0]]], "float32")
    found = pool(far, mean, np.array([0.0, 0.5, 0.5], "float32"))
    assert np.all(np.isfinite(found)) and found[0, 0] >= 200.0


def network(mean, outputs=2, shares=(1.0, 3.0)):
    single, several = keras.Input((outputs,), name="single"), keras.Input((3, outputs), name="several")
    layer = WeightedPool(shares, mean, name="pool")
    return keras.Model({"single": single, "several": several}, layer([single, several])), layer


@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("mean", ["values", "softmax", "sigmoid"])
def test_a_network_of_members_shares_its_weight_evenly_among_them(mean, outputs):
    model, _ = network(mean, outputs)
    x = {"single": OUTPUTS[:, 0, :outputs], "several": OUTPUTS[:, 1:, :outputs]}
    expected = pool(OUTPUTS[..., :outputs], mean, np.array([0.25, 0.25, 0.25, 0.25], "float32"))
    np.testing.assert_allclose(plain(model(x)), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("mean", ["values", "softmax", "sigmoid"])
def test_its_source_in_numpy_answers_the_same_in_float32(mean, outputs):
    model, layer = network(mean, outputs, shares=(2.0, 1.0))
    kept = {}

    def keep(name, value):
        kept[name] = np.asarray(value)
        return f"kept[{name!r}]"

    source = layer.numpy_source(["single", "several"], keep)
    x = {"single": OUTPUTS[:, 0, :outputs], "several": OUTPUTS[:, 1:, :outputs]}
    found = eval(source, {"np": np, "kept": kept, **x})
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, plain(model(x)), rtol=2e-6, atol=2e-6)


def test_its_weights_are_divided_by_their_sum_and_stand_still():
    _, layer = network("values", shares=(1.0, 3.0))
    assert plain(layer.shares).tolist() == [0.25, 0.75]
    assert not layer.trainable_variables and not layer.learns


def test_it_is_saved_with_its_weights(tmp_path):
    model, layer = network("softmax")
    layer.set_weights([np.array([0.125, 0.875], "float32")])
    model.save(tmp_path / "pool.keras")
    again = keras.models.load_model(tmp_path / "pool.keras")
    assert plain(again.get_layer("pool").shares).tolist() == [0.125, 0.875]


@pytest.mark.parametrize("shares", [(), (-1.0, 2.0), (0.0, 0.0), (float("nan"), 1.0), ((1.0,),)])
def test_weights_that_are_none_are_refused(shares):
    with pytest.raises(ValueError, match="`shares` must be numbers that are not negative, at least one of them"):
        WeightedPool(shares)


def test_another_number_of_networks_or_another_mean_is_refused():
    with pytest.raises(ValueError, match="must have a weight for each network. Received: 3 weights for 2 networks"):
        network("values", shares=(1.0, 1.0, 1.0))
    with pytest.raises(ValueError, match="`mean` must be one of 'values', 'softmax', 'sigmoid'. Received: mean='max'"):
        WeightedPool((1.0,), "max")
