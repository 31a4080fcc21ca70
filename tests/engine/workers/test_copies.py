"""Copies of a model's values, and the replicas that take them."""

import keras
import numpy as np
import pytest

from zoo.engine.workers import copies
from zoo.engine.workers.replicas_tensorflow import Replicas

pytestmark = pytest.mark.tensorflow


def model():
    made = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(1)])
    made.compile("adam", "mse", metrics=["mae"])
    return made


@pytest.mark.parametrize(
    ("some", "others", "equal"),
    [
        ([1.0, np.nan], [1.0, np.nan], True),
        ([0.0], [-0.0], False),
        ([1.0, 2.0], [1.0, np.nextafter(np.float32(2), np.float32(3))], False),
        ([[1.0, 2.0]], [[2.0, 1.0]], False),
    ],
)
def test_lists_of_arrays_are_the_same_bit_for_bit(some, others, equal):
    fixed = np.arange(6, dtype="float32").reshape(2, 3)
    some, others = ([fixed, np.array(values, "float32")] for values in (some, others))
    assert copies.same(some, others) is equal
    assert copies.same([fixed.T], [np.ascontiguousarray(fixed.T)])
    assert copies.same([np.array(1.0)], [np.array(1.0)])


def test_values_of_a_model_do_not_change_with_it():
    network = model()
    values = copies.values_of(network)
    copies.assign(network, [np.zeros_like(value) for value in values])
    assert np.any(values[0])
    values[0][...] = 5
    assert not np.any(network.get_weights()[0])


def test_a_step_of_replicas_updates_each_variable_by_one_operation_and_leaves_the_optimizer_as_it_was():
    import tensorflow as tf

    rows = (np.ones((8, 3), "float32"), np.ones((8, 1), "float32"))
    replicas = Replicas(model(), tf.distribute.MirroredStrategy(["CPU:0"]), batch_size=4, shuffle=False)
    replicas.create_variables(rows)
    placed, order = replicas.on_devices(rows), replicas.order(8, 0, 0)
    numbers = tf.constant([0, 2, 0, 0], tf.int32)
    library = replicas._run.get_concrete_function(placed, order, numbers).graph.as_graph_def().library
    operations = [node.op for function in library.function for node in function.node_def]
    assert operations.count("ResourceApplyAdam") == 4
    assert "_backend_update_step" not in replicas.copy.optimizer.__dict__


def test_metrics_of_replicas_begin_at_nothing():
    import tensorflow as tf

    rows = (np.ones((8, 3), "float32"), np.ones((8, 1), "float32"))
    replicas = Replicas(model(), tf.distribute.MirroredStrategy(["CPU:0"]), batch_size=8, shuffle=False)
    replicas.create_variables(rows)
    replicas.test(replicas.on_devices(rows), 8)
    first = replicas.results()
    assert first["mae"] > 0
    replicas.begin()
    assert replicas.results()["mae"] == 0
    replicas.test(replicas.on_devices(rows), 8)
    assert replicas.results() == first
