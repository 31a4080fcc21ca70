import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import pytest

import zoo
from zoo.data import notations

pytestmark = pytest.mark.tensorflow
onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("tf2onnx")


def session(folder):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(folder / "model.onnx", options, providers=["CPUExecutionProvider"])


def fed(model, frame):
    """Returns a DataFrame as the file takes it."""
    return {model.schema.served_names[name]: values for name, values in model.preprocessor.tensors(frame).items()}


@pytest.fixture(scope="module")
def moods(run, tmp_path_factory):
    """The report of a table with every kind of column, proved in a fresh process."""
    return zoo.export(run, tmp_path_factory.mktemp("onnx") / "moods", format="onnx")


def test_every_kind_of_column_is_proved_and_the_folder_holds_one_file_beside_the_artifact(moods):
    assert moods.max_difference <= 1e-5
    assert moods.quality == {}
    assert moods.signatures == ("serving_default",)
    files = ["assets.extra", "model.onnx", "sample_request.json", "schema.json"]
    assert sorted(path.name for path in moods.path.iterdir()) == files


def test_inputs_and_outputs_are_those_of_the_saved_model(moods, exported):
    assert (moods.inputs, moods.outputs) == (exported.inputs, exported.outputs)
    kinds = {"float32": "tensor(float)", "string": "tensor(string)"}
    for side, values in (("inputs", moods.inputs), ("outputs", moods.outputs)):
        told = getattr(session(moods.path), f"get_{side}")()
        sizes = {name: ["batch" if size is None else size for size in shape] for name, (_, shape) in values.items()}
        assert {value.name: value.shape for value in told} == sizes
        assert {value.name: value.type for value in told} == {name: kinds[dtype] for name, (dtype, _) in values.items()}


@pytest.mark.process
def test_the_file_answers_with_onnxruntime_and_numpy_alone(moods):
    code = """
import sys, numpy, onnxruntime
session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
rows = {i.name: numpy.array(["?"] if "string" in i.type else [1.0], object if "string" in i.type else "float32")
        for i in session.get_inputs()}
print(session.run(["label"], rows)[0].tolist())
assert not {"tensorflow", "keras", "zoo", "pandas", "onnx"} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=moods.path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() in ("['kind']", "['lazy']", "['wild']")


def test_an_export_to_onnx_is_loaded_and_trained_on(moods, run, notes):
    model = zoo.load(moods.path)
    assert zoo.predict(model, notes).equals(zoo.predict(run, notes))
    assert model.card["export"] == {"max_difference": moods.max_difference, "rows": 1000}


def test_blanks_case_and_markers_of_what_is_missing_are_read_as_in_python(moods, run, notes):
    rows = notes[:8].drop(columns="mood")
    rows["class"] = [" bird\n", "bird", "\tfish", "?", " NA ", "N/A", "", "BIRD"]
    rows["a"] = ["x", " x", "y ", "<NA>", "nan", "  ", "\v", "x y"]
    rows["note"] = ["HAY", "Hay-hay", "x12hay", "", " ", "(nuts)", "ÄRGER fish", "fishes"]
    found = dict(
        zip(("label", "probabilities"), session(moods.path).run(["label", "probabilities"], fed(run.model, rows)))
    )
    wanted = zoo.predict(run, rows)
    assert list(found["label"]) == list(wanted["label"])
    np.testing.assert_allclose(found["probabilities"][:, 0], wanted["p_kind"], atol=1e-6)


def dates_of(folder, texts):
    """Returns days of dates by a linear regression that gives its only column back."""
    return session(folder).run(None, {"day": np.array(texts, object)})[0]


@pytest.mark.parametrize(
    ("format", "texts"),
    [
        ("", [
            "2020-02-29", "1969-12-31 23:59", "0000-01-01", "0001-03-01T00:00:30.75Z", "2021-06-01T12:30:00+02:30",
            "2021-06-01T12:30-0930", " 2021-06-01\t", "2021-06-01T1:00", "9999-12-31T23:59:59-00:30",
            "2020-01-01-02:00", "2021-6", "2021-06-01 12:15 AM", "2021-06-01 01:00:00 p.m. +02",
            "2021-06-01 10:00 UTC", "",
        ]),
        ("%d-%m-%Y", ["31-12-2020", "1-2-2021, 10:00", "01-02-2021 10:00:30.5 -0130", "2021-02-01T10:00Z", "NaT"]),
        ("%m/%Y", ["03/2020", "1/1999", "2021-06", "2020-02-29 10:00", ""]),
        ("%b %Y", ["Mar 2020", "december 1999", "2021-06", "2020-02-29 10:00", ""]),
        ("%b %d, %Y", ["Feb 29, 2020", "march 3, 2021 5:30 PM", "SEPT. 1, 2021T00:00+14:00", "2021-09-01", " "]),
    ],
)  # fmt: skip
def test_dates_are_read_in_their_notation_with_times_and_zones(quick_proof, tmp_path, format, texts):
    days = pd.Series(pd.date_range("2020-01-01", periods=40, freq="37h").strftime(format or "%Y-%m-%dT%H:%M"))
    frame = pd.DataFrame({"day": days, "y": np.arange(40.0)})
    model = zoo.train("linear_regression", frame, target="y", verbose=0).model
    assert model.schema.column("day").format == format
    report = zoo.export(model, tmp_path, format="onnx")
    wanted = zoo.predict(model, pd.DataFrame({"day": texts}))["prediction"]
    np.testing.assert_allclose(dates_of(report.path, texts), wanted, rtol=1e-6, atol=1e-5)
    alone = [dates_of(report.path, [text])[0] for text in texts]  # no token in any row, or in some
    np.testing.assert_allclose(alone, wanted, rtol=1e-6, atol=1e-5)
    others = [
        "2021-13-01",
        "2021-02-31T23:00",
        "x",
        "2021-06-01T24:00",
        "2021-06-00",
        "1/2/2021",
        "2021-06-01 13:00 PM",
    ]
    missing = zoo.predict(model, pd.DataFrame({"day": [""]}))["prediction"][0]  # no error can be raised there
    np.testing.assert_allclose(dates_of(report.path, others), missing, rtol=1e-6)


@pytest.mark.parametrize("written", ["%YQ%q", "%Y%m%dT%H%M%S"])
def test_dates_without_marks_and_quarters_are_refused_by_name(tmp_path, written):
    months = pd.date_range("2001-01-01", periods=40, freq="QS")
    frame = pd.DataFrame({"day": [notations.written(month, written) for month in months], "y": np.arange(40.0)})
    model = zoo.train("linear_regression", frame, target="y", verbose=0).model
    with pytest.raises(ValueError, match=f"'date' in the notation {written} cannot be read in ONNX. Received: 'day'"):
        zoo.export(model, tmp_path, format="onnx")


def test_words_in_other_alphabets_are_found_in_every_case(quick_proof, tmp_path):
    animals = ["Ärger", "ärger", "СЛОН", "слон", "mouse", "MOUSE", "12"]
    frame = pd.DataFrame({"note": [f"{animals[i % 7]}, number{i}x" for i in range(70)], "y": np.arange(70) % 2})
    model = zoo.train("logistic_regression", frame, target="y", l2=0.1, verbose=0).model
    assert {"ärger", "слон", "mouse", "12"} <= set(model.preprocessor.states[0]["words"])
    report = zoo.export(model, tmp_path, format="onnx")
    texts = ["ÄRGER", "äRGER12", "Слон слон", "слоны", "Mouse", "mousÉ", "", "-"]
    wanted = zoo.predict(model, pd.DataFrame({"note": texts}))["p_1"]
    assert wanted.nunique() >= 6
    found = session(report.path).run(["probabilities"], {"note": np.array(texts, object)})[0]
    np.testing.assert_allclose(found[:, 1], wanted, atol=1e-6)


def test_weights_are_stored_once(no_proof, tmp_path):
    """A 784-128-64-10 MLP has 109,386 weights, 427 KiB."""
    pixels = np.random.default_rng(0).integers(0, 256, (20, 28, 28), dtype="uint8")
    model = zoo.build("image_mlp", (pixels, np.arange(20) % 10), hidden_units=(128, 64))
    size = (zoo.export(model, tmp_path, format="onnx").path / "model.onnx").stat().st_size
    assert 4 * 109_386 <= size < 4 * 109_386 + 8192


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("mlp_regressor", {"hidden_units": (4,)}),
        ("linear_regression", {}),
        ("logistic_regression", {}),
        ("perceptron", {}),
        ("mcculloch_pitts", {"truth_table": "nand"}),
        ("image_mlp", {"hidden_units": (4,)}),
        *[("mlp_classifier", {"hidden_units": (4,), "activation": name}) for name in ("gelu", "silu", "prelu", "elu")],
    ],
)
def test_every_kind_of_model_and_activation_is_proved(quick_proof, name, options, tmp_path):
    assert zoo.export(zoo.build(name, **options), tmp_path, format="onnx").max_difference <= 1e-5


@pytest.mark.slow
def test_tables_of_one_kind_of_column_are_proved(quick_proof, notes, tmp_path):
    for name in ("class", "2nd visit", "A", "arrived"):
        for entry in ("mlp_classifier", "perceptron"):
            options = {"hidden_units": (4,)} if entry == "mlp_classifier" else {}
            built = zoo.build(entry, notes[[name, "mood"]], target="mood", **options)
            assert zoo.export(built, tmp_path / name / entry, format="onnx").max_difference <= 1e-5


def test_units_that_compete_are_proved(quick_proof, tmp_path):
    """At first all weights are 0, and all units alike: the first fires."""
    report = zoo.export(zoo.build("perceptron", "penguins"), tmp_path, format="onnx")
    assert report.max_difference == 0.0
    assert report.outputs["probabilities"] == ["float32", [None, 3]]


def test_a_layer_without_a_counterpart_is_named(notes, tmp_path):
    model = zoo.build("mlp_classifier", notes, target="mood", hidden_units=(4,), activation=keras.ops.erfinv)
    with pytest.raises(ValueError, match=r"The layer 'activation_0' cannot be converted to ONNX. Take another.*Erfinv"):
        zoo.export(model, tmp_path / "served", format="onnx")
    assert not (tmp_path / "served").exists()


def test_a_column_called_as_an_output_is_refused(tmp_path):
    frame = pd.DataFrame({"label": [0.0, 1.5], "y": ["a", "b"]})
    with pytest.raises(
        ValueError, match=r"no input may be called as an output is: label, .*the column 'label'. Rename"
    ):
        zoo.export(zoo.build("logistic_regression", frame, target="y"), tmp_path / "served", format="onnx")


def test_a_missing_extra_is_said(run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(
        ImportError, match=r"needs 'tf2onnx', which is not installed: pip install \"keras-zoo\[onnx\]\""
    ):
        zoo.export(run, tmp_path / "served", format="onnx")
    assert not (tmp_path / "served").exists()
