"""Ensembles as artifacts: saved, adapted, trained further and exported as any other model."""

import json
import zipfile

import numpy as np
import pandas as pd
import pytest

import zoo
from tests.artifacts.conftest import keepers_notes

OPTIONS = {"ensemble": 3, "hidden_units": (8, 6), "normalization": "batch", "activation": "prelu", "epochs": 2}


def table():
    """Notes with a column of many levels, of which each member learns vectors of its own."""
    frame = keepers_notes()
    frame["keeper"] = [f"keeper {i % 23}" for i in range(len(frame))]
    return frame.drop(columns=["note", "arrived"])


@pytest.fixture(scope="module")
def run():
    return zoo.train("mlp_classifier", table(), target="mood", verbose=0, **OPTIONS)


def members_answers(model, x):
    """Returns the members' logits `(rows, members, classes)`."""
    return np.asarray(model.network(model.preprocessor.encode(x), training=False))


def test_an_artifact_gives_the_ensemble_back(run, tmp_path):
    run.save(tmp_path / "moods")
    again = zoo.load(tmp_path / "moods")
    assert again.members == 3 and again.options["ensemble"] == 3
    pd.testing.assert_frame_equal(zoo.predict(again, table()), zoo.predict(run, table()), check_exact=True)
    assert zoo.train(again, table(), epochs=1, verbose=0).model.members == 3


def test_a_model_without_members_is_saved_as_before_there_were_ensembles(tmp_path):
    model = zoo.build("mlp_classifier", table(), target="mood", hidden_units=(8,), linear=False)
    model.save(tmp_path / "moods.keras")
    with zipfile.ZipFile(tmp_path / "moods.keras") as archive:
        config = json.loads(archive.read("config.json"))["config"]
    assert config["options"] == {"hidden_units": [8], "linear": False}
    layers = {layer["class_name"] for layer in config["network"]["config"]["layers"]}
    assert layers == {"InputLayer", "PiecewiseLinear", "Levels", "Concatenate", "Dense", "Activation", "Dropout"}


def test_an_ensemble_that_declares_more_than_its_file_holds_is_refused(run, tmp_path):
    run.model.save(tmp_path / "moods.keras")
    with zipfile.ZipFile(tmp_path / "moods.keras") as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(files["config.json"])
    for layer in config["config"]["network"]["config"]["layers"]:
        if layer["class_name"] == "MemberDense":
            layer["config"]["units"] *= 1000
    files["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(tmp_path / "large.keras", "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    with pytest.raises(ValueError, match="It was not loaded|cannot be built"):
        zoo.load(tmp_path / "large.keras")


def test_new_columns_and_levels_leave_each_member_s_answers(run):
    grown = table().assign(length=np.arange(120) / 60)
    grown.loc[:5, "keeper"] = "a new one"
    adapted = zoo.adapt(run, grown, columns="extend")
    before = members_answers(run.model, table())
    now = members_answers(adapted, table().assign(length=1.0))
    np.testing.assert_allclose(now, before, rtol=1e-5, atol=1e-5)


def test_new_classes_leave_each_member_s_logits_of_the_old(run):
    grown = table()
    grown.loc[:9, "mood"] = "shy"
    adapted = zoo.adapt(run, grown, classes="extend")
    assert adapted.classes == ("kind", "lazy", "wild", "shy")
    now = members_answers(adapted, table())
    np.testing.assert_allclose(now[..., :3], members_answers(run.model, table()), rtol=1e-5, atol=1e-5)
    fresh = zoo.adapt(run, grown, classes="new").network
    assert not any(np.any(weight) for name in ("outputs", "line") for weight in fresh.get_layer(name).get_weights())


@pytest.mark.parametrize(
    ("freeze", "still"), [("body", {"levels", "hidden_0", "activation_0", "hidden_1"}), (1, {"levels"})]
)
def test_fine_tuning_freezes_layers_of_all_members(run, freeze, still):
    tuned = zoo.fine_tune(run, table(), freeze=freeze, epochs=1, verbose=0)
    pairs = zip(tuned.model.network.layers, run.model.network.layers, strict=True)
    moved = {a.name for a, b in pairs if any(np.any(u != v) for u, v in zip(a.get_weights(), b.get_weights()))}
    assert moved and not moved & still
    outputs = [m.network.get_layer("outputs").get_weights()[0] for m in (tuned.model, run.model)]
    assert np.all(np.any(outputs[0] != outputs[1], axis=(1, 2)))


@pytest.mark.parametrize("format", ["tf_saved_model", "onnx", "litert", "numpy"])
@pytest.mark.usefixtures("quick_proof")
def test_an_export_answers_as_the_ensemble_does(run, format, tmp_path):
    report = zoo.export(run, tmp_path / "moods", format=format)
    assert report.max_difference < 1e-5


@pytest.mark.parametrize("options", [{"output_activation": "sigmoid"}, {"normalization": "layer"}], ids=str)
def test_a_program_of_numpy_answers_as_an_ensemble_of_regressions_does(options, tmp_path):
    frame = table()[["class", "keeper", "2nd visit", "A"]]
    model = zoo.build("mlp_regressor", frame, target="A", ensemble=2, hidden_units=(8,), **options)
    report = zoo.export(model, tmp_path / "a", format="numpy")
    assert report.max_difference < 1e-5


def test_a_solver_minimises_the_losses_of_all_members():
    how = {"hidden_units": (1,), "activation": "logistic", "dropout": 0.0, "num_bins": 1, "linear": False, "verbose": 0}
    run = zoo.train("mlp_regressor", "rat42", ensemble=2, solver="lbfgs", epochs=3000, validation=None, **how)
    data = zoo.data.load("rat42")
    z = members_answers(run.model, data.x)[..., 0]
    values = z * run.model.preprocessor.target.scale + run.model.preprocessor.target.center
    residuals = values - data.y.to_numpy()[:, None]
    assert np.all(np.sum(residuals**2, axis=0) <= 8.0565229338 * 1.001)  # NIST's certified sum, for each member
