"""predict.py and model.npz: the same answers by numpy alone."""

import ast
import io
import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import pytest

import zoo
from zoo import registry
from zoo.artifacts import numpy_format
from zoo.data import notations
from zoo.model import Model


@pytest.fixture(scope="module")
def moods(run, tmp_path_factory):
    return zoo.export(run, tmp_path_factory.mktemp("numpy") / "moods", format="numpy")


def test_every_kind_of_column_is_proved_in_a_fresh_process(moods):
    assert moods.max_difference < 1e-5 and moods.signatures == ("serving_default",)
    files = ["assets.extra", "model.npz", "predict.py", "sample_request.json", "schema.json"]
    assert sorted(path.name for path in moods.path.iterdir()) == files


def test_the_program_needs_python_and_numpy_alone(moods):
    tree = ast.parse((moods.path / "predict.py").read_text(encoding="utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    }
    assert imported <= {*sys.stdlib_module_names, "numpy"}
    with np.load(moods.path / "model.npz", allow_pickle=False) as arrays:
        assert all(arrays[name].dtype.kind == "f" for name in arrays)


@pytest.mark.process
def test_it_answers_a_csv_file_as_the_zoo_does(moods, run, notes, tmp_path):
    rows = notes.head(30).drop(columns="mood")
    rows.to_csv(tmp_path / "rows.csv", index=False)
    done = subprocess.run(
        [sys.executable, str(moods.path / "predict.py"), str(tmp_path / "rows.csv")],
        capture_output=True,
        text=True,
        check=True,
    )
    found, wanted = pd.read_csv(io.StringIO(done.stdout)), zoo.predict(run, rows)
    assert found["label"].tolist() == wanted["label"].tolist()
    np.testing.assert_allclose(found.drop(columns="label"), wanted.drop(columns="label"), atol=1e-5)


def test_what_is_no_date_is_an_error_of_the_program(moods, notes):
    rows = {name: notes[name].astype(str).tolist()[:2] for name in notes.columns if name != "mood"}
    predict = program(moods.path).predict
    wanted = predict(rows | {"arrived": ["2024-12-31T23:30:00Z", ""]})["probability"]
    found = predict(rows | {"arrived": ["2025-01-01 00:30 +01:00", "NaT"]})["probability"]
    np.testing.assert_array_equal(found, wanted)
    for day in ("31/12/2024", "2023-02-30", "2024-12-31T24:00", 19_000):
        with pytest.raises(
            ValueError, match=f"column 'arrived' must hold dates. Received: '{day}'. Write it as 2024-12-31"
        ):
            predict(rows | {"arrived": ["2024-12-31", day]})


def test_months_and_quarters_are_read_as_their_first_day(quick_proof, tmp_path):
    months = pd.date_range("2001-01-01", periods=40, freq="QS")
    written = {name: [notations.written(month, name) for month in months] for name in ("%YQ%q", "%b %Y", "%m/%Y")}
    model = zoo.train("linear_regression", pd.DataFrame(written | {"y": np.arange(40.0)}), target="y", verbose=0).model
    rows = {"%YQ%q": ["2003q4", "2003-10-01"], "%b %Y": ["June 2004", "2004-06"], "%m/%Y": ["12/2003", "2003-12-01"]}
    predict = program(zoo.export(model, tmp_path, format="numpy").path).predict
    found = np.ravel(predict(rows)["prediction"])
    np.testing.assert_allclose(found, zoo.predict(model, pd.DataFrame(rows))["prediction"], rtol=1e-5)
    assert found[0] == found[1]


def program(path):
    """Returns the module of an export; Python is kept from writing its bytecode into the folder, which tests share."""
    import importlib.util

    spec = importlib.util.spec_from_file_location("predict", path / "predict.py")
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "dont_write_bytecode", True)
        spec.loader.exec_module(module)
    return module


def test_it_takes_columns_as_they_come(moods, run, notes):
    rows = notes.head(20).drop(columns="mood")
    lists = {name: rows[name].tolist() for name in rows}
    lists["arrived"] = rows["arrived"].dt.strftime("%Y-%m-%d").tolist()
    found = program(moods.path).predict(lists)
    wanted = zoo.predict(run, rows)
    assert found["label"].tolist() == wanted["label"].tolist()
    np.testing.assert_allclose(found["probabilities"], wanted.filter(regex="^p_"), atol=1e-5)
    assert found["probabilities"].dtype == found["probability"].dtype == np.float32  # as schema.json says


@pytest.mark.parametrize(
    "activation", ["gelu", "silu", "prelu", "elu", "softplus", "logistic", "arctan", "mish", "selu"]
)
def test_activations_are_those_of_keras(activation, tmp_path):
    x = np.random.default_rng(0).normal(size=(40, 5)).astype("float32") * 3
    model = zoo.build("mlp_classifier", (x, np.arange(40) % 3), hidden_units=(8, 4), activation=activation)
    numpy_format.write(model, tmp_path)
    found = program(tmp_path).predict(x)
    np.testing.assert_allclose(found["probabilities"], model.predict(x, verbose=0), atol=1e-6)


@pytest.mark.parametrize("normalization", ["batch", "layer"])
def test_normalizations_are_those_of_keras(normalization, tmp_path):
    x = np.random.default_rng(0).normal(size=(40, 5)).astype("float32")
    run = zoo.train(
        "mlp_classifier", (x, np.arange(40) % 2), hidden_units=(8,), normalization=normalization, epochs=2, verbose=0
    )
    numpy_format.write(run.model, tmp_path)
    found = program(tmp_path).predict(x)["probabilities"]
    np.testing.assert_allclose(found, run.model.predict(x, verbose=0), atol=1e-6)


@pytest.mark.parametrize(
    ("entry", "data", "options"),
    [
        ("mlp_regressor", "mpg", {"hidden_units": (8,), "epochs": 2}),
        ("mlp_regressor", "mpg", {"hidden_units": (8,), "epochs": 2, "output_activation": "sigmoid"}),
        ("linear_regression", "mpg", {}),
        ("mlp_classifier", "penguins", {"hidden_units": (8,), "epochs": 2, "output_activation": "sigmoid"}),
        ("mlp_classifier", "penguins", {"hidden_units": (8,), "epochs": 2, "output_activation": None}),
        ("logistic_regression", "penguins", {"l2": 1e-2, "encodings": "raw", "epochs": 3, "optimizer": "adam"}),
        ("perceptron", "and_gate", {}),
        ("perceptron", "penguins", {"encodings": "standard", "epochs": 2}),
    ],
)
def test_models_are_proved(entry, data, options, tmp_path, quick_proof):
    run = zoo.train(entry, data, verbose=0, **options)
    assert zoo.export(run, tmp_path / "m", format="numpy").max_difference < 1e-5


@pytest.mark.parametrize("options", [{}, {"truth_table": "xor", "layers": 2}, {"truth_table": "majority"}])
def test_threshold_units_are_proved(options, tmp_path, quick_proof):
    assert zoo.export(zoo.build("mcculloch_pitts", **options), tmp_path / "m", format="numpy").max_difference == 0


def test_images_are_proved(tmp_path, quick_proof):
    x = np.random.default_rng(0).integers(0, 256, (30, 6, 5, 3), dtype="uint8")
    run = zoo.train("image_mlp", (x, np.arange(30) % 3), hidden_units=(8,), epochs=1, verbose=0)
    assert zoo.export(run, tmp_path / "m", format="numpy").max_difference < 1e-5


def test_positions_of_levels_are_rescaled_in_float32(tmp_path, monkeypatch):
    registry.load_plugins()
    monkeypatch.setattr(registry, "_entries", dict(registry._entries))
    facts = {"task": "classification", "year": 2026, "paper": "", "summary": ""}
    zoo.register("tests/combined", builder="tests.data.columns.combined:combined", **facts)
    frame = pd.DataFrame({"size": np.arange(40.0), "city": ["lima", "oslo"] * 20, "y": ["no", "no", "yes", "no"] * 10})
    model = zoo.build("tests/combined", frame, target="y")
    numpy_format.write(model, tmp_path)
    found = program(tmp_path).predict({"size": frame["size"], "city": frame["city"]})["probabilities"]
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, model.predict(frame, verbose=0), atol=1e-6)


def test_a_layer_without_lines_is_named(run, tmp_path):
    network = run.model.network
    outputs = keras.layers.UnitNormalization(name="strange")(network.outputs[0])
    changed = Model(
        keras.Model(network.inputs, outputs),
        entry="mlp_classifier",
        preprocessor=run.model.preprocessor,
        decision="softmax",
    )
    with pytest.raises(ValueError, match=r"The layer 'strange' \(UnitNormalization\) cannot be written in numpy"):
        zoo.export(changed, tmp_path / "m", format="numpy")
    assert not (tmp_path / "m").exists()


def test_the_guard_refuses_other_imports(tmp_path, monkeypatch):
    from zoo.artifacts import proof_process

    monkeypatch.delitem(sys.modules, "sklearn.svm", raising=False)  # another test may have imported it
    (tmp_path / "predict.py").write_text("import sklearn.svm")
    with pytest.raises(ImportError, match="predict.py must need numpy alone. It imports 'sklearn"):
        proof_process.numpy(str(tmp_path))


def test_missing_columns_are_named(moods, notes):
    rows = {name: notes[name].tolist() for name in notes if name not in ("Größe", "mood")}
    with pytest.raises(ValueError, match=r"The columns \['Größe'\] are missing"):
        program(moods.path).predict(rows)
