import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import zoo
from zoo.artifacts import exporting, proof, saving

from .conftest import keepers_notes

pytestmark = pytest.mark.tensorflow


def names(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_what_is_no_date_fails_the_request_with_the_column_and_the_value(exported, notes):
    import tensorflow as tf

    answer = tf.saved_model.load(str(exported.path)).signatures["serving_default"]
    row = {name: tf.constant([""] if dtype == "string" else [0.0]) for name, (dtype, _) in exported.inputs.items()}
    for day in ("2024-12-31", "2024-12-31T23:59:59+01:00", ""):
        assert np.isfinite(answer(**row | {"arrived": tf.constant([day])})["probability"])
    for day in ("31/12/2024", "2023-02-30", "19000"):
        with pytest.raises(tf.errors.InvalidArgumentError) as caught:
            answer(**row | {"arrived": tf.constant([day])})
        assert "column \\'arrived\\' must hold dates in the notation ISO 8601" in str(caught.value)
        assert f"[{day}]" in str(caught.value)


def test_the_report_says_what_was_written_and_proved(exported):
    assert (exported.path.name, exported.version, exported.format) == ("1", 1, "tf_saved_model")
    assert exported.served_names["weight in kg"] == "weight_in_kg"
    assert exported.served_names["2nd visit"] == "c_2nd_visit"
    assert (exported.served_names["A"], exported.served_names["a"]) == ("A", "a_2")
    assert exported.inputs["weight_in_kg"] == ["float32", [None]]
    assert exported.inputs["arrived"] == ["string", [None]]
    assert exported.outputs["probabilities"] == ["float32", [None, 3]]
    assert exported.signatures == ("classify", "serve_examples", "serving_default")
    assert 0 <= exported.max_difference <= 1e-5
    assert exported.num_bytes == sum(file.stat().st_size for file in exported.path.rglob("*") if file.is_file())
    for words in ("served/moods/1", "weight in kg is served as weight_in_kg", "the largest difference from Python"):
        assert words in str(exported)


def test_an_export_carries_its_artifact_which_trains_on(exported, run, notes):
    model = zoo.load(exported.path)
    assert zoo.predict(model, notes).equals(zoo.predict(run, notes))
    assert model.card["export"] == {"max_difference": exported.max_difference, "rows": 1000}
    assert zoo.train(model, notes, target="mood", epochs=1, verbose=0).model is model


def test_schema_json_maps_raw_to_served_names_and_holds_the_signature(exported):
    schema = json.loads((exported.path / "schema.json").read_text())
    assert {column["name"]: column["served"] for column in schema["columns"]} == exported.served_names
    assert schema["signature"] == {"inputs": exported.inputs, "outputs": exported.outputs}


def test_weights_are_stored_once(no_proof, tmp_path):
    """A 784-128-64-10 MLP has 109,386 weights, 427 KiB; Keras's own export takes 897."""
    pixels = np.random.default_rng(0).integers(0, 256, (20, 28, 28), dtype="uint8")
    model = zoo.build("image_mlp", (pixels, np.arange(20) % 10), hidden_units=(128, 64))
    report = zoo.export(model, tmp_path / "digits")
    variables = sum(file.stat().st_size for file in (report.path / "variables").iterdir())
    assert 4 * 109_386 <= variables < 4 * 109_386 + 4096


def test_versions_count_up(no_proof, run, tmp_path):
    (tmp_path / "moods" / "7").mkdir(parents=True)
    assert zoo.export(run, tmp_path / "moods").version == 8
    assert zoo.export(run, tmp_path / "moods", version=np.int64(3)).version == 3
    assert zoo.export(run, tmp_path / "moods").version == 9
    assert names(tmp_path / "moods") == ["3", "7", "8", "9"]


def test_two_exports_at_once_get_two_numbers(run, tmp_path, monkeypatch):
    def overtaken(*_, **__):
        (tmp_path / "1").mkdir(exist_ok=True)
        (tmp_path / "1" / "saved_model.pb").write_bytes(b"the other's")
        return 0.0

    monkeypatch.setattr(proof, "prove", overtaken)
    report = zoo.export(run, tmp_path)
    assert report.path == tmp_path / "2"
    assert (tmp_path / "1" / "saved_model.pb").read_bytes() == b"the other's"
    assert names(tmp_path) == ["1", "2"]
    (tmp_path / "1" / "saved_model.pb").unlink()
    (tmp_path / "1").rmdir()
    with pytest.raises(ValueError, match=r"is there already"):
        zoo.export(run, tmp_path, version=1)
    assert names(tmp_path) == ["1", "2"]


def test_a_version_that_is_there_is_replaced_only_when_asked(no_proof, run, tmp_path):
    first = zoo.export(run, tmp_path).path / "saved_model.pb"
    before = first.stat().st_ino
    with pytest.raises(ValueError, match=r"is there already. Pass `overwrite=True`, or `version='next'`"):
        zoo.export(run, tmp_path, version=1)
    assert first.stat().st_ino == before
    assert zoo.export(run, tmp_path, version=1, overwrite=True).version == 1
    assert first.stat().st_ino != before
    assert names(tmp_path) == ["1"]


def test_overwriting_deletes_nobody_elses_files(no_proof, run, tmp_path):
    (tmp_path / "7").mkdir()
    assert zoo.export(run, tmp_path, version=7, overwrite=True).version == 7
    (tmp_path / "8").mkdir()
    (tmp_path / "8" / "thesis.txt").write_text("mine")
    with pytest.raises(ValueError, match=r"8' holds files of no export, which `overwrite` would delete"):
        zoo.export(run, tmp_path, version=8, overwrite=True)
    assert names(tmp_path / "8") == ["thesis.txt"]


def test_a_changed_signature_is_refused_unless_allowed(no_proof, run, notes, tmp_path):
    zoo.export(run, tmp_path)
    other = zoo.build("mlp_classifier", notes.drop(columns="note"), target="mood", hidden_units=(4,))
    with pytest.raises(
        ValueError, match=r"change the signature of version 1: note \(.*string.* -> absent\). Clients may"
    ):
        zoo.export(other, tmp_path)
    with pytest.raises(ValueError, match=r"change the signature of version 1"):
        zoo.export(other, tmp_path, version=1, overwrite=True)
    assert names(tmp_path) == ["1"]
    assert zoo.export(other, tmp_path, allow_signature_change=True).version == 2
    (tmp_path / "2" / "schema.json").write_text("{")
    with pytest.raises(ValueError, match=r"must hold the signature of version 2. Received: a damaged file"):
        zoo.export(other, tmp_path)


def test_an_export_that_answers_otherwise_fails_and_leaves_nothing(quick_proof, run, tmp_path, monkeypatch):
    answers = proof.answers

    def shifted(model, rows):
        return {case: outputs + 2e-5 for case, outputs in answers(model, rows).items()}

    monkeypatch.setattr(proof, "answers", shifted)
    said = r"does not answer as Python does: probabilities .* differ by 2.*e-05.* Nothing was left. Please report it"
    with pytest.raises(RuntimeError, match=said):
        zoo.export(run, tmp_path / "moods")
    assert names(tmp_path) == []


def test_an_export_that_answers_fewer_rows_fails(quick_proof, run, tmp_path, monkeypatch):
    answer = proof.proof_process.answer

    def first_rows(*request):
        return {key: values[:3] for key, values in answer(*request).items()}

    monkeypatch.setattr(proof.proof_process, "answer", first_rows)
    with pytest.raises(RuntimeError, match=r"does not answer as Python does: .* has the shape \(3.*\) for 1000 rows"):
        zoo.export(run, tmp_path / "moods")
    assert names(tmp_path) == []


def test_an_export_that_answers_in_another_type_fails(quick_proof, run, tmp_path, monkeypatch):
    answer = proof.proof_process.answer

    def doubled(*request):
        return {k: v if v.dtype.kind == "S" else v.astype("float64") for k, v in answer(*request).items()}

    monkeypatch.setattr(proof.proof_process, "answer", doubled)
    provided = {"points-demo": {"version": "1.0", "provides": ["points_demo/point", "points_demo/net"]}}
    monkeypatch.setattr(saving, "packages", lambda model: provided)
    said = (
        r"does not answer as Python does: .* is float64, and must be float32. Nothing was left. Compare what these "
        "compute in Python and in the export, or report it: 'points_demo/point' of points-demo, 'points_demo/net' of "
        "points-demo."
    )
    with pytest.raises(RuntimeError, match=said):
        zoo.export(run, tmp_path / "moods")
    assert names(tmp_path) == []


@pytest.mark.parametrize("kib", [1, 16, 100])
@pytest.mark.parametrize("format", ["tf_saved_model", "onnx", "numpy"])
def test_a_disk_without_space_leaves_nothing(no_proof, tmp_path, format, kib):
    """A real one, in effect: the system ends every file of the process at so many bytes."""
    resource = pytest.importorskip("resource")
    model = zoo.build("mlp_classifier", keepers_notes(), target="mood", hidden_units=(96, 96))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (kib * 1024, limits[1]))
    try:
        with pytest.raises(OSError, match=r"There is no space to write .*moods/1' \(File too large\)\. Free some"):
            zoo.export(model, tmp_path / "moods", format=format)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"format": "pmml"}, "`format` must be one of tf_saved_model, .*. Received: format='pmml'"),
        ({"version": 0}, r"`version` must be an integer from 1 to 2\*\*63 - 1, or 'next'. Received: version=0"),
        ({"version": 2**63}, "Received: version=9223372036854775808"),
        ({"version": "newest"}, "Received: version='newest'"),
        ({"version": True}, "Received: version=True"),
    ],
)
def test_wrong_arguments_are_said_before_anything_is_written(run, tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        zoo.export(run, tmp_path / "moods", **arguments)
    assert names(tmp_path) == []


def test_an_export_into_a_version_is_refused(exported, run):
    with pytest.raises(ValueError, match="is an exported version. Export to the folder that holds it"):
        zoo.export(run, exported.path)
    assert "1" not in names(exported.path)


def test_what_cannot_be_exported_is_said(artifact, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There is no model"):
        zoo.export(tmp_path / "absent", tmp_path / "served")
    with pytest.raises(ValueError, match=r"is an artifact. Export to another folder, such as 'served/moods'"):
        zoo.export(artifact, artifact)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(NotADirectoryError, match=r"must be a folder. Received: a file"):
        zoo.export(artifact, tmp_path / "file")


@pytest.mark.slow
def test_anything_that_is_a_model_is_exported(no_proof, run, artifact, exported, tmp_path):
    for model in (run, run.model, artifact, artifact / "model.keras", exported.path):
        zoo.export(model, tmp_path / "moods")
    cards = [json.loads((tmp_path / "moods" / f"{n}/assets.extra/zoo/card.json").read_text()) for n in range(1, 6)]
    assert [card.get("metrics") for card in cards] == [run.metrics, None, run.metrics, None, run.metrics]
    assert len({card["weights_sha256"] for card in cards}) == 1


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("mlp_regressor", {"hidden_units": (4,)}),
        ("linear_regression", {}),
        ("logistic_regression", {}),
        ("perceptron", {}),
        ("mcculloch_pitts", {"truth_table": "nand"}),
        ("image_mlp", {"hidden_units": (4,)}),
    ],
)
def test_every_kind_of_model_is_proved(quick_proof, name, options, tmp_path):
    report = zoo.export(zoo.build(name, **options), tmp_path)
    assert report.max_difference <= 1e-5
    assert zoo.load(report.path).entry.name == name


@pytest.mark.process
@pytest.mark.slow
def test_a_model_of_another_keras_backend_is_exported_and_compared_with_it(tmp_path):
    """On JAX: train, export, and the errors of the process on TensorFlow."""
    pytest.importorskip("jax")
    code = """
import dataclasses, json, sys
import zoo
from tests.artifacts.conftest import keepers_notes
run = zoo.train("mlp_classifier", keepers_notes(), target="mood", hidden_units=(8,), epochs=1, verbose=0)
report = zoo.export(run, "served")
differences = {
    format: zoo.export(run, format, format=format).max_difference for format in ("onnx", "numpy")
}
quality = zoo.export(zoo.build("logistic_regression", "penguins"), "small", format="litert_int8").quality
try:
    zoo.export(zoo.build("logistic_regression", keepers_notes().drop(columns="A"), target="mood"), "served")
except ValueError as error:
    refused = str(error)
zoo.predict(run, keepers_notes(20, seed=2)).to_csv("answers.csv")
told = {"report": dataclasses.asdict(report), "refused": refused, "differences": differences, "quality": quality}
print(json.dumps(told, default=str))
"""
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "KERAS_BACKEND": "jax", "PYTHONPATH": root},
        check=True,
        capture_output=True,
        text=True,
    )
    told = json.loads(done.stdout.splitlines()[-1])
    fields = {field.name for field in dataclasses.fields(exporting.ExportReport)}
    assert set(told["report"]) == fields
    assert told["report"]["max_difference"] <= 1e-5
    assert sorted(told["differences"]) == ["numpy", "onnx"]
    assert max(told["differences"].values()) <= 1e-5
    assert (tmp_path / "onnx" / "1" / "model.onnx").is_file()
    assert told["quality"]["rows"] == 1000
    assert (tmp_path / "small" / "1" / "model.tflite").is_file()
    assert "change the signature of version 1: A " in told["refused"]
    assert names(tmp_path / "served") == ["1"]

    import pandas as pd

    model = zoo.load(tmp_path / "served" / "1")
    assert model.card["ancestry"] == []
    jax_answers = pd.read_csv(tmp_path / "answers.csv", index_col=0)
    here = zoo.predict(model, keepers_notes(20, seed=2))
    np.testing.assert_allclose(here["p_wild"], jax_answers["p_wild"], atol=1e-5)


@pytest.mark.slow
@pytest.mark.process
def test_the_fresh_process_tells_what_went_wrong(tmp_path):
    sent = {"serving_default:one/x": np.zeros(1, "float32")}
    with pytest.raises(RuntimeError, match=r"(?s)does not answer in a fresh process.*SavedModel file does not exist"):
        proof._answer_in_a_fresh_process("tf_saved_model", str(tmp_path), sent)
