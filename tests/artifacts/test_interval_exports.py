"""Every format answers intervals and sets as Python does, and serves them under their names."""

import numpy as np
import pandas as pd
import pytest

import zoo
from zoo.artifacts import proof_process

pytestmark = pytest.mark.tensorflow
GENERATOR = np.random.default_rng(0)
FRAME = pd.DataFrame({"a": GENERATOR.normal(size=600), "b": GENERATOR.choice(["k", "l"], 600)})
FRAME["y"] = 50 + 10 * FRAME["a"] + (1 + 4 * (FRAME["a"] > 0)) * GENERATOR.normal(size=600)
FRAME["t"] = GENERATOR.normal(size=600)
FRAME["c"] = np.where(FRAME["a"] + GENERATOR.normal(size=600) > 0, "yes", "no")
QUICK = {"epochs": 2, "hidden_units": (8,), "intervals": 0.9, "verbose": 0}
TARGETS = {"y": "mlp_regressor", "c": "mlp_classifier", ("y", "t"): "mlp_regressor"}


@pytest.fixture(scope="module")
def runs():
    return {
        target: zoo.train(entry, FRAME[["a", "b", *names]], target=names if len(names) > 1 else names[0], **QUICK)
        for target, entry in TARGETS.items()
        for names in [list(target) if isinstance(target, tuple) else [target]]
    }


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "format",
    [
        "numpy",
        pytest.param("tf_saved_model", marks=pytest.mark.slow),
        pytest.param("onnx", marks=pytest.mark.slow),
        pytest.param("litert", marks=pytest.mark.slow),
    ],
)
def test_an_export_answers_intervals_and_sets_as_python_does(runs, target, format, tmp_path):
    if format == "onnx":
        pytest.importorskip("tf2onnx")
    run = runs[target]
    knots = run.model.target.intervals.get("knots", [0, 1])
    assert len(knots[0] if isinstance(target, tuple) else knots) > 1  # the width varies
    report = zoo.export(run, tmp_path / "served", format=format, verbose=0)
    size = [None, 2] if isinstance(target, tuple) else [None]
    if target == "c":
        assert report.outputs["set"] == ["bool", [None, 2]]
    else:
        assert report.outputs["low"] == report.outputs["high"] == ["float32", size]
    rows = FRAME[["a", "b"]][:20]
    served = {"a": rows["a"].to_numpy("float32"), "b": np.array([value.encode() for value in rows["b"]])}
    sent = {f"serving_default:some/{name}": values for name, values in _sent(served, format).items()}
    found = proof_process.answer(format, str(report.path), sent)
    table = zoo.predict(run, rows)
    if target == "c":
        sets = [tuple(np.array(["no", "yes"])[row]) for row in found["serving_default:some/set"]]
        assert sets == table["set"].tolist()
        return
    for name in ("low", "high"):
        columns = [column for column in table if column.split("_")[0] == name]
        values = found[f"serving_default:some/{name}"].reshape(20, -1)
        np.testing.assert_allclose(values, table[columns], rtol=1e-4, atol=1e-3)


def _sent(columns, format):
    """Returns columns as `proof_process.answer` takes them: strings in base64."""
    import base64

    return {
        name: values if values.dtype.kind == "f" else np.array([base64.b64encode(value) for value in values])
        for name, values in columns.items()
    }


def test_a_set_that_is_not_of_the_export_s_own_probabilities_fails_the_proof(runs):
    model = runs["c"].model
    p = np.array([[0.9, 0.1], [0.5, 0.5]], "float32")
    exported = {
        "probabilities": p,
        "label": np.array([b"no", b"no"]),
        "probability": p.max(axis=1),
        "set": np.array([[True, False], [True, True]]),
    }
    by_name = {d.what: d for d in model.task.differences(exported, p, model.target, model.decision, 1e-5)}
    assert by_name["sets"].largest == 0.0
    wrong = {**exported, "set": ~exported["set"]}
    by_name = {d.what: d for d in model.task.differences(wrong, p, model.target, model.decision, 1e-5)}
    assert by_name["sets"].largest == 1.0
