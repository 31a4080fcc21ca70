"""Calls of traced functions: what small networks' trainings cost, and that they remain the same trainings."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.engine import fitted
from zoo.engine import loop_tensorflow, traced_functions
from zoo.engine.callbacks import EpochWeights

pytestmark = pytest.mark.tensorflow

ROWS = 40


@pytest.fixture(scope="module")
def rows():
    generator = np.random.default_rng(0)
    x = generator.normal(size=(ROWS, 3)).astype("float32")
    return x, (x.sum(axis=1) > 0).astype("int32")


def network(metrics=("accuracy",), units=4):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((3,))
    model = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Dense(units, activation="tanh")(inputs)))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=list(metrics))
    return model


def fit(model, rows, *, batch_size, engine="fused"):
    """Returns the history of three epochs of rows in their order, with themselves as validation rows."""
    if engine == "fit":
        return model.fit(*rows, batch_size, 3, validation_data=rows, shuffle=False, verbose=0).history
    how = {"rows": rows, "num_rows": ROWS, "batch_size": batch_size, "epochs": 3, "validation": rows, "verbose": 0}
    return fitted.fit(model, engine=engine, **how).history


def operations(model, rows, *, batch_size):
    """Returns the names of the operations of an epoch, of its loop's body too."""
    loop_tensorflow.create_variables(model, rows)
    loop = loop_tensorflow.Steps(model, batch_size=batch_size, xla=False, shuffle=True)
    placed = loop_tensorflow.place(rows)
    loop.epoch(placed, placed, 0, 0)
    (traced,) = loop._traced.values()
    graph = traced.function.graph.as_graph_def()
    return [node.op for part in (graph.node, *(f.node_def for f in graph.library.function)) for node in part]


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["fused", "xla"])
@pytest.mark.parametrize("batch_size", [16, ROWS, 100])
def test_an_epoch_of_one_step_or_of_several_is_that_of_fit(rows, batch_size, engine):
    model, other = network(), network()
    found, expected = (
        fit(model, rows, batch_size=batch_size, engine=engine),
        fit(other, rows, batch_size=batch_size, engine="fit"),
    )
    assert set(found) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    for name in found:
        np.testing.assert_allclose(found[name], expected[name], atol=1e-5)
    for mine, theirs in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)


def test_the_only_step_of_an_epoch_takes_no_loop(rows):
    assert "While" in operations(network(), rows, batch_size=16)
    assert not {"While", "StatelessWhile"} & set(operations(network(), rows, batch_size=ROWS))


def test_means_are_summed_by_one_operation_a_number(rows):
    found = operations(network(), rows, batch_size=16)
    assert found.count("AssignAddVariableOp") == 8  # total and count of loss and accuracy, in training and validation
    assert "BroadcastTo" not in found


def test_metrics_of_other_types_and_shapes_are_told_as_fit_tells_them(rows):
    def metrics():
        return [
            keras.metrics.SparseCategoricalAccuracy(dtype="float64"),
            keras.metrics.SparseTopKCategoricalAccuracy(1),
        ]

    found, expected = (fit(network(metrics()), rows, batch_size=16, engine=engine) for engine in ("fused", "fit"))
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name], atol=1e-5)


def test_weights_whose_squares_are_beyond_float32_are_finite(rows):
    model = network()
    model.layers[-1].bias.assign([1e30, 1e30])
    history = fit(model, rows, batch_size=16)
    assert len(history["loss"]) == 3
    assert EpochWeights().finite(model)


def test_what_tensorflow_is_set_to_stays(rows):
    before = tf.config.optimizer.get_experimental_options()
    fit(network(), rows, batch_size=16)
    assert tf.config.optimizer.get_experimental_options() == before


def test_a_function_takes_the_variables_of_another_model():
    one, other = tf.Variable(1.0), tf.Variable(10.0)
    given = [tf.constant(2.0), tf.constant(1.0)]
    nests = [{"b": given[1], "a": given[0]}, None]  # dicts are in the order of their names
    traced = traced_functions.traced(lambda nest, nothing: [one * nest["a"] - nest["b"]], nests, single_threaded=True)
    traced.set_state([one.handle])
    assert [float(value) for value in traced(given)] == [1.0]
    traced.bind([other.handle])
    assert [float(value) for value in traced(given)] == [19.0]


def test_what_calls_within_calls_keeps_the_executor_s_threads():
    def nested(n):
        def body(i):
            return (tf.cond(i > 1, lambda: i + 1, lambda: i + 2),)

        return list(tf.while_loop(lambda i: i < n, body, (0,)))

    traced = traced_functions.traced(nested, [tf.constant(5)], single_threaded=True)
    assert not traced.single_threaded
    assert int(traced([tf.constant(5)])[0]) == 5
