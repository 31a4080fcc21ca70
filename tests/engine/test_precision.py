"""Under Keras's policy mixed_bfloat16 networks train in half precision and answer in float32; others are refused."""

import contextlib
import threading
import time

import keras
import numpy as np
import pandas as pd
import pytest

import zoo
from zoo.engine.precision import in_float32

SMALL = {"calibration": False, "hidden_units": (8,), "epochs": 2, "verbose": 0, "linear": False}


@contextlib.contextmanager
def policy(name):
    """Sets Keras's dtype policy during the block."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


@pytest.fixture(scope="module")
def table():
    generator = np.random.default_rng(0)
    x, z = generator.normal(size=(2, 200))
    return pd.DataFrame({"x": x, "c": generator.choice(list("abcdefghijkl"), 200), "z": z, "y": np.sign(x).astype(int)})


@pytest.fixture(scope="module")
def mixed(table):
    """A run that trained in bfloat16."""
    with policy("mixed_bfloat16"):
        return zoo.train("mlp_classifier", table, target="y", **SMALL)


def policies(network):
    return {layer.name: layer.dtype_policy.name for layer in network.layers if layer.weights or "linear" in layer.name}


def test_the_body_computes_in_bfloat16_and_the_head_and_all_weights_are_float32(mixed, table):
    network = mixed.model.network
    assert policies(network) == {
        "piecewise_linear": "float32",  # its places within a bin are finer than bfloat16
        "levels": "mixed_bfloat16",
        "hidden_0": "mixed_bfloat16",
        "outputs": "float32",
    }
    assert {weight.dtype for weight in network.weights if weight.dtype != "uint32"} == {"float32"}
    x = mixed.model.preprocessor.encode(table[["x", "c", "z"]])
    outputs = mixed.model(x)
    assert keras.backend.standardize_dtype(outputs.dtype) == "float32"
    assert keras.config.dtype_policy().name == "float32"  # another one in this test is that of the model alone


def test_it_learns_as_in_float32(mixed, table):
    full = zoo.train("mlp_classifier", table, target="y", **SMALL)
    assert mixed.metrics["val"]["log_loss"] == pytest.approx(full.metrics["val"]["log_loss"], rel=0.05)
    assert any(
        not np.array_equal(a, b) for a, b in zip(mixed.model.get_weights(), full.model.get_weights(), strict=True)
    )
    assert mixed.recipe["dtype_policy"] == "mixed_bfloat16" and "dtype_policy" not in full.recipe


def test_predictions_compute_in_float32_by_the_same_weights(mixed, table):
    """They equal those of a network in float32 that is given the weights."""
    x = table[["x", "c", "z"]]
    full = zoo.build("mlp_classifier", table, target="y", hidden_units=(8,), linear=False)
    full.preprocessor = mixed.model.preprocessor
    full.set_weights(mixed.model.get_weights())
    answers = zoo.predict(mixed.model, x)
    np.testing.assert_array_equal(answers.p_1, zoo.predict(full, x).p_1)
    np.testing.assert_array_equal(answers.p_1[:3], zoo.predict(full, x[:3]).p_1)
    by_keras = mixed.model.predict(x, verbose=0)[:, 1]  # in the precision of the layers
    assert 0 < np.abs(by_keras - answers.p_1).max() < 0.02
    with in_float32(mixed.model.network):
        assert set(policies(mixed.model.network).values()) == {"float32"}
    assert "mixed_bfloat16" in policies(mixed.model.network).values()


def test_it_is_saved_loaded_trained_further_and_exported_in_float32(mixed, table, tmp_path, quick_proof):
    zoo.save(mixed, tmp_path / "mixed")
    model = zoo.load(tmp_path / "mixed")
    assert policies(model.network) == policies(mixed.model.network)
    x = table[["x", "c", "z"]]
    pd.testing.assert_frame_equal(zoo.predict(model, x), zoo.predict(mixed.model, x))
    report = zoo.export(model, tmp_path / "served")
    assert report.outputs["probabilities"] == ["float32", [None, 2]] and report.max_difference < 1e-6
    assert not {"bfloat16", "half"} & _dtypes(report.path)
    again = zoo.train(model, table, target="y", epochs=1, verbose=0)
    assert "mixed_bfloat16" in policies(again.model.network).values()


def test_a_line_beside_the_hidden_layers_is_as_precise_as_it_was_solved(table):
    rows = table.assign(y=3.0 * table.x + table.z)
    with policy("mixed_bfloat16"):
        run = zoo.train("mlp_regressor", rows, target="y", hidden_units=(8,), epochs=2, verbose=0)
    assert run.model.network.get_layer("line").dtype_policy.name == "float32" and run.best_epoch == -1
    np.testing.assert_allclose(zoo.predict(run, rows)["prediction"], rows["y"], atol=1e-5)


def _dtypes(path):
    """Returns the dtypes of all operations in an exported graph."""
    import tensorflow as tf
    from tensorflow.core.protobuf import saved_model_pb2

    graph = saved_model_pb2.SavedModel.FromString((path / "saved_model.pb").read_bytes()).meta_graphs[0].graph_def
    nodes = [*graph.node, *(node for function in graph.library.function for node in function.node_def)]
    numbers = {value.type for node in nodes for value in node.attr.values() if value.type}
    return {tf.dtypes.as_dtype(number).name for number in numbers}


@pytest.mark.parametrize("ensemble", [1, 3])
def test_it_is_adapted_under_its_own_policy(ensemble, table):
    with policy("mixed_bfloat16"):
        model = zoo.build("mlp_classifier", table, target="y", hidden_units=(8,), ensemble=ensemble)
    adapted = zoo.adapt(model, table.assign(late=1.0 * table.index, y=table.y + 5), columns="extend", classes="extend")
    assert policies(adapted.network) == policies(model.network)
    assert len(adapted.classes) == 4 and keras.config.dtype_policy().name == "float32"


@pytest.mark.parametrize(
    ("name", "target", "options"),
    [
        ("mlp_classifier", "y", {"hidden_units": (8,), "ensemble": 3}),
        ("mlp_classifier", "y", {"hidden_units": (8,), "engine": "keras"}),
        ("mlp_regressor", "z", {"hidden_units": (8,)}),
        ("linear_regression", "z", {}),
        ("perceptron", "y", {}),
    ],
)
def test_other_networks_and_loops_do_too(name, target, options, table):
    frame = table.drop(columns=[{"y": "z", "z": "y"}[target], "c"])
    with policy("mixed_bfloat16"):
        run = zoo.train(name, frame, target=target, epochs=10, verbose=0, **options)
        scores = zoo.evaluate(run.model, frame, verbose=0)
    assert all(np.isfinite(value) for value in scores.values())


def test_rules_and_energies_are_built_in_float32_whatever_the_policy():
    with policy("mixed_bfloat16"):
        patterns = np.sign(np.random.default_rng(0).normal(size=(2, 12)))
        run = zoo.train("hopfield", patterns, verbose=0)
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    assert set(policies(run.model.network).values()) == {"float32"}
    assert run.metrics["train"]["stable"] == 1.0


def test_mixed_float16_is_refused_with_the_repair(table, mixed):
    x = table[["x", "c", "z"]]
    answers = zoo.predict(mixed.model, x)
    with policy("mixed_float16"):
        for act in (
            lambda: zoo.train("mlp_classifier", table, target="y", **SMALL),
            lambda: zoo.train(mixed.model, table, target="y", verbose=0),
            lambda: zoo.build("mlp_classifier", table, target="y"),
        ):
            with pytest.raises(ValueError, match="Received: 'mixed_float16'. Call keras.config.set_dtype_policy"):
                act()
        pd.testing.assert_frame_equal(zoo.predict(mixed.model, x), answers)  # a model has policies of its own


@pytest.mark.parametrize("floatx", ["float64", "float16", "bfloat16"])
def test_another_floatx_is_refused_with_the_repair(floatx, table, mixed, tmp_path):
    zoo.save(mixed, tmp_path / "mixed")
    before = keras.config.floatx()
    keras.config.set_floatx(floatx)
    try:
        for act in (
            lambda: zoo.train("mlp_classifier", table, target="y", **SMALL),
            lambda: zoo.predict(mixed.model, table[["x", "c", "z"]]),
            lambda: zoo.predict(mixed.model, table[["x", "c", "z"]][:2]),
            lambda: zoo.evaluate(mixed.model, table, verbose=0),
            lambda: zoo.export(mixed.model, tmp_path / "served"),
            lambda: zoo.load(tmp_path / "mixed"),
        ):
            with pytest.raises(ValueError, match=f"Received: Keras's floatx is '{floatx}'. Call keras.config.set_flo"):
                act()
    finally:
        keras.config.set_floatx(before)


def test_a_second_thread_computes_in_float32_to_its_own_end(mixed):
    """It found the layers switched by the first one, and half of its trace was in bfloat16 when that one was done."""
    entered, waiting, left = (threading.Event() for _ in range(3))
    found = []

    def second():
        waiting.set()
        with in_float32(mixed.model.network):
            left.wait(5.0)
            found.append(mixed.model.network.get_layer("hidden_0").compute_dtype)

    def first():
        with in_float32(mixed.model.network):
            entered.set()
            waiting.wait(5.0)
            time.sleep(0.2)  # in which the other one enters, if nothing holds it back
        left.set()

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    entered.wait(5.0)
    threads[1].start()
    for thread in threads:
        thread.join()
    assert found == ["float32"]
    assert mixed.model.network.get_layer("hidden_0").compute_dtype == "bfloat16"
