"""model.json and predict.js: the same answers in Node, without any other file."""

import json
import re
import subprocess

import numpy as np
import pandas as pd
import pytest

import zoo
from zoo.artifacts import proof_process, web_format
from zoo.models.lenet import squash

ANSWERS = """
const { predictor } = require("./predict.js");
try {
  console.log(JSON.stringify(predictor(require("./model.json"))(JSON.parse(process.argv[1]))));
} catch (error) {
  console.log(JSON.stringify(error.message));
}
"""


def answered(folder, rows):
    """Returns what predict.js answers in Node, or the message of its error."""
    done = subprocess.run(
        ["node", "-e", ANSWERS, json.dumps(rows)], cwd=folder, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def table(rows=90, seed=0):
    generator = np.random.default_rng(seed)
    x, y = generator.normal(size=(2, rows)).round(3)
    frame = pd.DataFrame({"x 1": x, "Länge": 40 + 9 * y, "label": np.where(x * y > 0, "same", "other")})
    frame.loc[::9, "Länge"] = np.nan
    return frame


@pytest.fixture(scope="module")
def trained():
    options = {"hidden_units": (6, 5), "activation": "tanh", "encodings": "standard", "linear": False}
    return zoo.train("mlp_classifier", table(), target="label", epochs=5, verbose=0, **options)


@pytest.mark.node
def test_rows_are_objects_and_answers_those_of_the_zoo(trained, tmp_path, quick_proof):
    report = zoo.export(trained, tmp_path / "m", format="web", verbose=0)
    assert report.max_difference < 1e-5 and report.signatures == ("serving_default",)
    rows = [{"x 1": 0.5, "Länge": 31.0}, {"x 1": -2, "Länge": None, "more": "ignored"}]
    wanted = zoo.predict(trained, pd.DataFrame(rows)[["x 1", "Länge"]])
    found = answered(report.path, rows)
    assert [row["label"] for row in found] == wanted["label"].tolist()
    np.testing.assert_allclose([row["probabilities"] for row in found], wanted.filter(regex="^p_"), atol=1e-6)
    np.testing.assert_allclose([row["probability"] for row in found], wanted["probability"], atol=1e-6)


@pytest.mark.node
@pytest.mark.process
def test_the_proof_in_a_fresh_process_runs_node_too(trained, tmp_path):
    assert zoo.export(trained, tmp_path / "m", format="web", verbose=0).max_difference < 1e-5
    files = ["assets.extra", "model.json", "predict.js", "sample_request.json", "schema.json"]
    assert sorted(path.name for path in (tmp_path / "m" / "1").iterdir()) == files


@pytest.mark.node
@pytest.mark.parametrize(
    ("entry", "options"),
    [
        ("mlp_classifier", {"hidden_units": (6,), "epochs": 3}),  # ranks and a line beside the hidden layers
        ("mlp_classifier", {"hidden_units": (6,), "epochs": 3, "output_activation": "sigmoid"}),
        ("mlp_classifier", {"hidden_units": (6,), "epochs": 3, "output_activation": None, "normalization": "layer"}),
        ("logistic_regression", {"l2": 1e-2}),
        ("logistic_regression", {"threshold": 0.3, "encodings": "raw", "validation": 0.3}),
        ("perceptron", {"encodings": "standard", "epochs": 3}),
    ],
)
@pytest.mark.parametrize("classes", [2, 3])
def test_classifiers_are_proved(entry, options, classes, tmp_path, quick_proof):
    frame = table()
    if classes == 3:
        options = {name: value for name, value in options.items() if name != "threshold"}
        frame["label"] = np.where(frame["x 1"] > 0.7, "third", frame["label"])
    run = zoo.train(entry, frame, target="label", verbose=0, **options)
    assert zoo.export(run, tmp_path / "m", format="web", verbose=0).max_difference < 1e-5


@pytest.mark.node
@pytest.mark.parametrize(
    ("entry", "options"),
    [
        ("linear_regression", {"epochs": 5}),
        ("mlp_regressor", {"hidden_units": (6,), "epochs": 3, "normalization": "batch"}),
        ("mlp_regressor", {"hidden_units": (6,), "epochs": 3, "output_activation": "sigmoid"}),
        ("mlp_regressor", {"hidden_units": (6,), "epochs": 3, "output_activation": "clip", "encodings": "standard"}),
    ],
)
def test_regressions_are_proved(entry, options, tmp_path, quick_proof):
    frame = table().drop(columns="label").assign(price=lambda rows: 900 + 40 * rows["x 1"] ** 2)
    run = zoo.train(entry, frame, target="price", verbose=0, **options)
    report = zoo.export(run, tmp_path / "m", format="web", verbose=0)
    assert report.max_difference < 1e-5
    wanted = zoo.predict(run, frame.head(3))["prediction"]
    found = answered(report.path, frame.head(3).drop(columns="price").replace({np.nan: None}).to_dict("records"))
    np.testing.assert_allclose([row["prediction"] for row in found], wanted, rtol=1e-5)


@pytest.mark.node
@pytest.mark.parametrize(("gate", "right"), [("and_gate", [0, 0, 0, 1]), ("or_gate", [0, 1, 1, 1])])
def test_a_perceptron_answers_arrays(gate, right, tmp_path, quick_proof):
    report = zoo.export(zoo.train("perceptron", gate, verbose=0), tmp_path / "m", format="web", verbose=0)
    found = answered(report.path, [[0, 0], [0, 1], [1, 0], [1, 1]])
    assert [int(row["label"]) for row in found] == right


@pytest.mark.node
def test_an_image_is_an_array_of_arrays(tmp_path, quick_proof):
    x = np.random.default_rng(0).integers(0, 256, (40, 6, 5, 1), dtype="uint8")
    run = zoo.train("image_mlp", (x, np.arange(40) % 4), hidden_units=(9,), epochs=1, verbose=0)
    report = zoo.export(run, tmp_path / "m", format="web", verbose=0)
    assert report.max_difference < 1e-5
    found = answered(report.path, x[:3].tolist())
    np.testing.assert_allclose([row["probabilities"] for row in found], run.model.predict(x[:3], verbose=0), atol=1e-5)


@pytest.mark.node
@pytest.mark.parametrize("activation", [*web_format.ACTIVATIONS[1:], "prelu", "logistic"])
def test_activations_are_those_of_keras(activation, tmp_path):
    x = np.random.default_rng(0).normal(size=(40, 5)).astype("float32") * 3
    function = squash if activation == "squash" else activation
    model = zoo.build("mlp_classifier", (x, np.arange(40) % 3), hidden_units=(8, 4), activation=function)
    web_format.write(model, tmp_path)
    found = [row["probabilities"] for row in answered(tmp_path, x.tolist())]
    np.testing.assert_allclose(found, model.predict(x, verbose=0), atol=1e-6)


@pytest.mark.node
def test_numbers_that_mark_missing_values_and_large_offsets_are_those_of_training(tmp_path, quick_proof):
    generator = np.random.default_rng(0)
    stamps = 1.7e9 + generator.integers(0, 1000, 80)
    frame = pd.DataFrame({"stamp": stamps, "age": generator.normal(40, 9, 80).round(1)})
    frame["late"] = np.where(stamps + generator.normal(0, 300, 80) > 1.7e9 + 500, "yes", "no")
    columns = zoo.data.load(frame, target="late").schema.to_dict()
    columns["columns"][1]["missing"] = ["-999"]
    schema = zoo.data.Schema.from_dict(columns)
    run = zoo.train("logistic_regression", frame, target="late", schema=schema, verbose=0)
    report = zoo.export(run, tmp_path / "m", format="web", verbose=0)
    rows = [{"stamp": 1.7e9 + late, "age": age} for late, age in [(100, 40), (900, 40), (900, -999), (900, None)]]
    found = [row["probabilities"][1] for row in answered(report.path, rows)]
    np.testing.assert_allclose(found, zoo.predict(run, pd.DataFrame(rows))["p_yes"], atol=1e-6)
    assert found[0] < 0.5 < found[1] and found[2] == found[3]


@pytest.mark.node
def test_what_predict_js_cannot_answer_is_said(trained, tmp_path):
    web_format.write(trained.model, tmp_path)
    assert answered(tmp_path, [{"x 1": 1}]) == "A row must have the columns x 1, Länge. Missing: Länge"
    said = answered(tmp_path, [{"x 1": "1,5", "Länge": 2}])
    assert said == 'The column "x 1" must hold numbers, null where one is missing. Received: "1,5"'
    web_format.write(zoo.build("perceptron", "and_gate"), tmp_path)
    assert answered(tmp_path, [[1, 2, 3]]) == "A row must be an array of the shape 2. Received: 3 numbers"


@pytest.fixture
def with_node(monkeypatch):
    monkeypatch.setattr(web_format.shutil, "which", lambda name: "/usr/bin/node")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: zoo.build("mlp_classifier", table().assign(x=["a", "b", "c"] * 30), target="label"),
            "the column 'x' of the kind 'category'",
        ),
        (lambda: zoo.build("lenet"), r"the layer 'convolution\w*' \(Conv2D\)|the layer '\w+' \(\w+\)"),
        (lambda: zoo.build("mlp_classifier", table(), target="label", ensemble=3), "an ensemble of 3 networks"),
        (
            lambda: zoo.build("mlp_classifier", table(), target="label", activation="gelu"),
            r"'activation_0' \(Activation\)",
        ),
        (lambda: zoo.build("hopfield"), "Received: "),
    ],
)
def test_what_is_not_covered_is_named_with_the_formats_that_have_it(make, message, tmp_path, with_node):
    with pytest.raises(ValueError, match=f"The web format covers dense networks.*{message}") as caught:
        web_format.write(make(), tmp_path)
    assert "Export as numpy, onnx or tf_saved_model" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_intervals_are_refused(tmp_path, with_node):
    frame = table().drop(columns="label")
    run = zoo.train("linear_regression", frame.fillna(40.0), target="x 1", intervals=0.8, epochs=2, verbose=0)
    with pytest.raises(ValueError, match="Received: intervals or sets beside the answers"):
        web_format.write(run.model, tmp_path)


def test_without_node_the_repair_is_said_and_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(web_format.shutil, "which", lambda name: None)
    with pytest.raises(RuntimeError, match="must be on the PATH. Install it, on Debian by apt-get install nodejs"):
        zoo.export(zoo.build("perceptron", "and_gate"), tmp_path / "m", format="web", verbose=0)
    assert not (tmp_path / "m").exists()


@pytest.mark.node
def test_a_program_that_answers_otherwise_is_not_left(tmp_path, monkeypatch, quick_proof):
    changed = tmp_path / "changed.js"
    program = web_format.PROGRAM.read_text(encoding="utf-8")
    changed.write_text(program.replace("z[0] >= 0 ? [0, 1]", "z[0] > 9 ? [0, 1]"), encoding="utf-8")
    assert changed.read_text(encoding="utf-8") != program
    monkeypatch.setattr(web_format, "PROGRAM", changed)
    with pytest.raises(RuntimeError, match="does not answer as Python does"):
        zoo.export(zoo.train("perceptron", "and_gate", verbose=0), tmp_path / "m", format="web", verbose=0)
    assert not (tmp_path / "m" / "1").exists()


@pytest.mark.node
def test_an_error_of_the_program_is_told(tmp_path):
    (tmp_path / "model.json").write_text('{"inputs": {"columns": ["x"]}, "dtypes": {}}')
    (tmp_path / "predict.js").write_text("throw new Error('broken')")
    with pytest.raises(RuntimeError, match="predict.js must answer in Node. It said:\n[^!]*broken"):
        proof_process.web(str(tmp_path))("serving_default", {"x": np.ones(1, "float32")})


def test_the_program_imports_nothing():
    program = re.sub(r"/\*.*?\*/", "", web_format.PROGRAM.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert not re.search(r"\brequire\(|\bimport\b|\bfetch\(", program)
