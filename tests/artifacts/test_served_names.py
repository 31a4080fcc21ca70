"""Columns of any name are exported and served; what was exported before keeps its names.

`older_names/` is an artifact of the zoo from when served names could begin with `_`: a logistic regression on the
columns below, which answered the label `in` with the probabilities of `ANSWERS` to the first three rows.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import zoo
from tests.serving.conftest import client
from zoo.data.schema import Column, Schema

pytestmark = pytest.mark.tensorflow
OLDER = Path(__file__).parent / "older_names"
OLDER_NAMES = {" BMI ": "_BMI_", "_id": "_id", "_ID": "_ID_2", "__x": "__x", "gate": "gate"}
ANSWERS = [0.6224661469459534, 0.5907750725746155, 0.556418240070343]
AWKWARD = {  # by hand, from the rule in docs/deploy.md
    " BMI ": "c__BMI_",
    "_id": "c__id",
    "_ID": "c__ID_2",
    "__x": "c___x",
    "1a": "c_1a",
    "class": "c_class",
    "c__id": "c__id_3",
    "é": "c__",
    "plain": "plain",
}


def older_rows():
    i = np.arange(40)
    columns = {" BMI ": 20 + 0.25 * i, "_id": i % 7 * 1.5, "_ID": i % 5 * 2.5, "__x": i % 3 * 1.25}
    return pd.DataFrame({**columns, "gate": np.where(i % 2 == 0, "north", "south")})


@pytest.mark.slow
def test_awkward_columns_are_exported_proved_and_served(tmp_path):
    from zoo.serving.app import App
    from zoo.serving.models import open_folders

    generator = np.random.default_rng(0)
    frame = pd.DataFrame({name: generator.normal(size=60).round(2) for name in AWKWARD})
    frame["_id"] = np.where(frame["_id"] > 0, "high", "low")
    frame["y"] = np.where(frame[" BMI "] + frame["class"] > 0, "p", "q")
    run = zoo.train("mlp_classifier", frame, target="y", epochs=1, hidden_units=(4,), verbose=0)
    report = zoo.export(run, tmp_path / "awkward")
    assert report.served_names == AWKWARD
    assert set(report.inputs) == set(AWKWARD.values())
    assert json.loads((report.path / "schema.json").read_text())["signature"]["inputs"] == report.inputs
    rows = frame.drop(columns="y").head(5)
    instances = rows.rename(columns=AWKWARD).to_dict("records")
    models = open_folders([tmp_path / "awkward"], "tensorflow")
    try:
        status, content, _ = client(App(models))("POST", "/v1/models/awkward:predict", {"instances": instances})
    finally:
        models["awkward"].close()
    assert status == 200
    wanted = zoo.predict(run, rows)
    assert [row["label"] for row in content["predictions"]] == wanted["label"].tolist()
    np.testing.assert_allclose(
        [row["probabilities"] for row in content["predictions"]], wanted[["p_p", "p_q"]], atol=1e-5
    )


@pytest.mark.parametrize("format", ["numpy", "onnx"])
def test_an_older_artifact_keeps_its_served_names(format, no_proof, tmp_path):
    if format == "onnx":
        pytest.importorskip("onnx")
    model = zoo.load(OLDER)
    assert model.schema.served_names == OLDER_NAMES
    report = zoo.export(model, tmp_path / "old", format=format)
    assert report.served_names == OLDER_NAMES and set(report.inputs) == set(OLDER_NAMES.values())
    again = zoo.load(report.path)
    assert again.schema.served_names == OLDER_NAMES
    found = zoo.predict(again, older_rows().head(3))
    assert found["label"].tolist() == ["in"] * 3
    np.testing.assert_allclose(found["probability"], ANSWERS, atol=1e-6)


def test_an_older_artifact_is_exported_under_names_that_tensorflow_keeps(quick_proof, tmp_path):
    """It could not be exported to a SavedModel before: no client knows it by its older names."""
    model = zoo.load(OLDER)
    report = zoo.export(model, tmp_path / "old")
    assert list(report.served_names.values()) == ["c__BMI_", "c__id", "c__ID_2", "c___x", "gate"]
    assert set(report.inputs) == set(report.served_names.values())
    assert model.schema.served_names == OLDER_NAMES
    assert zoo.load(report.path).schema.served_names == report.served_names
    model.export(tmp_path / "keras")
    assert (tmp_path / "keras" / "saved_model.pb").is_file()


def test_an_older_artifact_keeps_its_names_where_columns_are_added(tmp_path):
    rows = older_rows()
    more = rows.assign(_more=np.arange(40.0) % 9, y=np.where(np.arange(40) % 4 < 2, "in", "out"))
    adapted = zoo.adapt(OLDER, more, target="y", columns="extend")
    assert adapted.schema.served_names == {**OLDER_NAMES, "_more": "c__more"}


def test_only_names_that_an_older_artifact_could_hold_are_taken_from_a_file():
    columns = [
        {"name": "_id", "kind": "number", "served": "_id"},
        {"name": "weight", "kind": "number", "served": "_weight"},
        {"name": "_x", "kind": "number", "served": "anything"},
        {"name": "_ID", "kind": "number", "served": "_ID_2"},
    ]
    schema = Schema.from_dict({"columns": columns})
    assert list(schema.served_names.values()) == ["_id", "weight", "c__x", "_ID_2"]
    assert Schema.from_dict(schema.to_dict()).served_names == schema.served_names
    fresh = Schema(tuple(Column(column["name"], "number") for column in columns))
    assert list(fresh.served_names.values()) == ["c__id", "weight", "c__x", "c__ID_2"]
