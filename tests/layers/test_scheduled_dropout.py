"""Dropout whose rate follows the share of the training: the formula, what is dropped, what a run remembers."""

import keras
import numpy as np
import pandas as pd
import pytest

import zoo
from tests.engine.toys import Stop, registered
from zoo.engine import dropout, keras_internals
from zoo.layers.scheduled_dropout import ScheduledDropout
from zoo.registry import Traits

ROWS, WIDTH = 400, 100


def plain(tensor):
    return keras.ops.convert_to_numpy(tensor)


def share_dropped(layer):
    outputs = plain(layer(np.ones((ROWS, WIDTH), "float32"), training=True))
    kept = outputs[outputs != 0]
    np.testing.assert_allclose(kept, kept[0], rtol=1e-6)
    return 1 - len(kept) / outputs.size, float(kept[0])


def test_the_rate_stays_for_half_of_the_training_and_falls_to_0():
    layer = ScheduledDropout(0.4, seed=0)
    shares = [0.0, 0.25, 0.5, 0.75, 1.0]
    expected = [0.4, 0.4, 0.4, 0.4 * 0.5 * (1 + np.cos(np.pi / 2)), 0.0]
    np.testing.assert_allclose([float(layer.rate_after(share)) for share in shares], expected, atol=1e-6)


def drop(layer, way):
    """Returns what is dropped in a step, as Keras's layer or by few random bits."""
    if way == "layer":
        return share_dropped(layer)
    with keras_internals.replaced(layer, "call", dropout.of_few_bits(layer, hashed=way == "hashed")):
        return share_dropped(layer)


@pytest.mark.parametrize(
    "way", ["layer", *(pytest.param(way, marks=pytest.mark.tensorflow) for way in ("bits", "hashed"))]
)
def test_as_many_are_dropped_as_the_rate_says_and_the_mean_stays(way):
    layer = ScheduledDropout(0.4, seed=0)
    layer.build((None, WIDTH))
    layer.begin_training(rows=8, steps=8)
    found = [drop(layer, way) for _ in range(8)]
    expected = [float(layer.rate_after(step / 8)) for step in range(8)]
    np.testing.assert_allclose([dropped for dropped, _ in found], expected, atol=0.01)
    np.testing.assert_allclose([kept for _, kept in found], 1 / (1 - np.array(expected)), atol=0.01)
    assert float(layer.steps_done) == 8


@pytest.mark.tensorflow
def test_members_drop_by_the_rate_of_their_step():
    import tensorflow as tf

    layer = ScheduledDropout(0.5, seed=0)
    layer.build((None, WIDTH))
    keys = tf.constant([[1, 2], [3, 4]])
    for step, rate in ((0, 0.5), (6, 0.25), (8, 0.0)):
        call = dropout.of_members(layer, 0, keys, tf.constant(step), tf.constant(8.0))
        outputs = plain(call(tf.ones((2, ROWS, WIDTH)), training=True))
        np.testing.assert_allclose(np.mean(outputs == 0, axis=(1, 2)), [rate] * 2, atol=0.01)
        assert rate == 0 or not np.array_equal(outputs[0], outputs[1])


def test_outside_of_a_training_the_rate_is_that_of_its_begin_and_inference_drops_nothing():
    layer = ScheduledDropout(0.4, seed=0)
    np.testing.assert_array_equal(plain(layer(np.ones((3, 4), "float32"))), np.ones((3, 4)))
    for _ in range(3):
        np.testing.assert_allclose(share_dropped(layer)[0], 0.4, atol=0.01)
    assert float(layer.steps_done) == 0
    assert ScheduledDropout.from_config(layer.get_config()).rate == 0.4
    np.testing.assert_array_equal(
        plain(ScheduledDropout(0.0)(np.ones((3, 4), "float32"), training=True)), np.ones((3, 4))
    )


def network(spec):
    """Builds a network whose hidden units are dropped by a schedule.

    Args:
        spec: The inputs and outputs to build for.
    """
    inputs = spec.inputs()
    x = keras.layers.Dense(8, "tanh", name="hidden")(inputs["inputs"])
    x = ScheduledDropout(0.5, name="dropout")(x)
    return keras.Model(inputs, keras.layers.Dense(spec.num_outputs, name="outputs")(x))


@pytest.fixture
def entry(monkeypatch):
    return registered(monkeypatch, network, Traits(), task="regression", learning_rate=0.05, batch_size=16)


TABLE = pd.DataFrame(np.random.default_rng(0).normal(size=(48, 3)), columns=list("abc")).assign(y=lambda d: d.a * d.b)


@pytest.mark.parametrize("engine", ["auto", pytest.param("xla", marks=pytest.mark.tensorflow)])
def test_a_stopped_run_drops_and_goes_on_as_a_whole_one(entry, tmp_path, engine):
    how = {"target": "y", "verbose": 0, "engine": engine, "validation": None}
    whole = zoo.train(entry, TABLE, **how).model
    assert zoo.train(entry, TABLE, checkpoint=tmp_path, callbacks=[Stop(2)], **how).interrupted
    resumed = zoo.train(entry, TABLE, checkpoint=tmp_path, **how).model
    for ours, theirs in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    layer = whole.network.get_layer("dropout")
    assert float(layer.steps_done) == float(layer.total_steps) == 12  # 4 epochs of 3 steps


@pytest.mark.tensorflow
def test_folds_with_such_dropout_are_one_program(entry):
    table = zoo.cross_validate(entry, TABLE, target="y", folds=3, verbose=0)
    assert table.attrs["at_once"] and np.all(np.isfinite(table["rmse"]))
