"""A task of several named answers, numbers and text, goes through all that shows, scores and exports answers."""

import numpy as np
import pandas as pd
import pytest

import zoo
from tests.tasks.intervals import SIDES
from zoo import plugins, registry
from zoo.artifacts import proof
from zoo.training import inference

GENERATOR = np.random.default_rng(0)
FRAME = pd.DataFrame({"x": GENERATOR.normal(size=200)})
FRAME["y"] = 2.0 * FRAME["x"] + GENERATOR.normal(size=200)
COLUMNS = ["low", "prediction", "high", "side"]


@pytest.fixture(scope="module", autouse=True)
def registered():
    """An entry `tests/quantiles` that does the task."""
    plugins.load_plugins()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "TASKS", dict(registry.TASKS))
        patch.setattr(registry, "_entries", dict(registry._entries))
        zoo.register_task("tests/interval", "tests.tasks.intervals:INTERVAL")
        facts = {"task": "tests/interval", "year": 1978, "paper": "", "summary": ""}
        zoo.register("tests/quantiles", builder="tests.tasks.intervals:quantiles", **facts)
        yield


@pytest.fixture(scope="module")
def model(registered):
    return zoo.train("tests/quantiles", FRAME, target="y", verbose=0).model


def test_each_answer_is_a_column_of_few_and_of_many_rows(model):
    table = zoo.predict(model, FRAME)
    assert list(table.columns) == COLUMNS
    assert (table["low"] <= table["prediction"]).all()
    assert (table["side"] == np.where((table["low"] <= 0) & (table["high"] >= 0), *SIDES)).all()
    few = zoo.predict(model, FRAME[:2])
    np.testing.assert_allclose(few[COLUMNS[:3]], table[:2][COLUMNS[:3]], rtol=1e-5)
    assert few["side"].tolist() == table["side"][:2].tolist()
    assert list(zoo.predict(model, FRAME[:0]).columns) == COLUMNS
    assert zoo.predict(model, FRAME[:0]).empty


def test_scores_are_of_what_was_decided(model):
    table = zoo.predict(model, FRAME)
    inside = np.mean((table["low"] <= FRAME["y"]) & (FRAME["y"] <= table["high"]))
    assert zoo.evaluate(model, FRAME, verbose=0)["coverage"] == pytest.approx(inside)


def test_a_stream_is_scored_as_a_table(model, tmp_path):
    FRAME.to_csv(tmp_path / "rows.csv", index=False)
    streamed = zoo.data.load(tmp_path / "rows.csv", target="y", stream=True)
    wanted = zoo.evaluate(model, FRAME, verbose=0)["coverage"]
    assert zoo.evaluate(model, streamed, verbose=0)["coverage"] == pytest.approx(wanted)


def test_blocks_of_rows_are_joined_answer_by_answer():
    parts = [{"low": np.zeros(2), "high": np.ones(2)}, {"low": np.zeros(1), "high": np.ones(1)}]
    assert {name: values.tolist() for name, values in inference.joined(parts).items()} == {
        "low": [0.0] * 3,
        "high": [1.0] * 3,
    }


def test_folds_give_the_mean_of_each_number_over_the_seeds(registered):
    how = {"target": "y", "folds": 2, "epochs": 1, "verbose": 0}
    both = zoo.cross_validate("tests/quantiles", FRAME, seeds=2, **how).attrs["predictions"]
    assert list(both.columns) == COLUMNS
    # The folds are drawn by the first seed, so that the second training is no cross-validation of its own.
    first = zoo.cross_validate("tests/quantiles", FRAME, seeds=1, **how).attrs["predictions"]
    assert not np.allclose(both["high"], first["high"])
    assert (both["side"] == np.where((both["low"] <= 0) & (both["high"] >= 0), *SIDES)).all()  # of the means


def test_keras_gives_what_was_decided(model):
    decided = model.predict(FRAME, verbose=0)
    np.testing.assert_allclose(decided["high"], zoo.predict(model, FRAME)["high"], rtol=1e-5)


def test_arrays_of_a_dict_stand_in_one_file_and_come_back(model):
    rows = {"many": FRAME[:4], "one": FRAME[:1]}
    expected = proof.answers(model, rows)
    flat = proof.flattened(expected)
    assert sorted(flat)[:3] == ["many::high", "many::low", "many::prediction"]
    assert all(isinstance(values, np.ndarray) for values in flat.values())
    again = proof.nested(flat)
    assert {case: list(values) for case, values in again.items()} == dict.fromkeys(rows, COLUMNS[:3])
    plain = {"many": np.zeros(2)}
    assert proof.nested(proof.flattened(plain))["many"] is plain["many"]


@pytest.mark.tensorflow
def test_the_export_to_numpy_is_refused_by_the_task_s_name(model, tmp_path):
    with pytest.raises(ValueError, match="answers of the task 'tests/interval' cannot be written in numpy. Export as"):
        zoo.export(model, tmp_path / "numpy", format="numpy")
    assert not (tmp_path / "numpy" / "1").exists()


@pytest.mark.slow
@pytest.mark.tensorflow
@pytest.mark.usefixtures("quick_proof")
@pytest.mark.parametrize("format", ["tf_saved_model", "onnx"])
def test_an_export_answers_all_of_them_and_proves_itself(model, tmp_path, format):
    report = zoo.export(model, tmp_path / format, format=format)
    wanted = {name: ["string" if name == "side" else "float32", [None]] for name in sorted(COLUMNS)}
    assert report.outputs == wanted
    assert report.max_difference < 1e-5
