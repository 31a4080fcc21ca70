"""A package of someone else's, `tests/plugin`, installed by pip, adds a model; a broken one does no harm."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import zoo
from tests.conftest import BACKEND
from tests.serving.test_server import Process

SOURCE = Path(__file__).parent / "plugin"


@pytest.fixture(scope="module")
def plugins(tmp_path_factory):
    """A folder with the package installed, and a broken plugin beside it."""
    folder = tmp_path_factory.mktemp("plugins")
    shutil.copytree(SOURCE, folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    offline = ["--quiet", "--no-index", "--no-build-isolation", "--no-deps", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", *offline, "--target", folder / "installed", folder / "source"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    broken = folder / "installed" / "broken-1.0.dist-info"
    broken.mkdir()
    (broken / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (broken / "entry_points.txt").write_text("[zoo.models]\nbroken = module_that_is_not_there\n")
    return folder / "installed"


def run_with(plugins, code, *arguments):
    """Runs code in a fresh process that sees the plugins."""
    environment = {**os.environ, "PYTHONPATH": str(plugins), "KERAS_BACKEND": BACKEND}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result


@pytest.mark.process
def test_a_plugin_is_listed_with_its_facts_and_a_broken_one_only_warns(plugins):
    code = """
import json, sys, zoo
entry = zoo.info("madaline_demo/madaline")
counts = zoo.list_models(task="madaline_demo/counts")
print(json.dumps([zoo.list_models("*/*"), counts, entry.options, "keras" in sys.modules]))
"""
    result = run_with(plugins, code)
    names = ["madaline_demo/madaline", "madaline_demo/poisson"]
    assert json.loads(result.stdout) == [names, names[1:], {"units": 7}, False]
    assert "The zoo plugin 'broken' (module_that_is_not_there) failed to load: ModuleNotFoundError" in result.stderr
    assert "repair or uninstall it" in result.stderr


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.tensorflow
def test_a_plugin_s_model_is_built_trained_saved_and_loaded_by_its_name(plugins, tmp_path):
    """The two classes lie inside and outside of a circle: no single line parts them, a vote of several does."""
    code = """
import sys
import numpy as np, pandas as pd, zoo
angle = np.linspace(0, 40 * np.pi, 600)
inside = np.arange(600) % 2
radius = np.where(inside, 1.0, 3.0)
frame = pd.DataFrame({"x": radius * np.cos(angle), "y": radius * np.sin(angle), "where": np.where(inside, "in", "out")})
run = zoo.train("madaline_demo/madaline", frame, target="where", units=9, verbose=0)
run.save(sys.argv[1])
again = zoo.load(sys.argv[1])
same = zoo.predict(again, frame).equals(zoo.predict(run, frame))
print(again.entry.name, again.options, same, zoo.evaluate(again, frame)["accuracy"] > 0.95)
print(again.votes(frame).shape)
"""
    result = run_with(plugins, code, tmp_path / "madaline")
    assert result.stdout.splitlines()[-2:] == ["madaline_demo/madaline {'units': 9} True True", "(600, 9)"]
    with pytest.raises(
        ValueError, match=r"'madaline_demo/madaline', which this zoo does not have. Install madaline-demo"
    ):
        zoo.load(tmp_path / "madaline")


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.tensorflow
def test_a_plugin_s_kind_of_column_is_inferred_trained_saved_served_and_refused_where_it_is_not_installed(
    plugins, tmp_path
):
    """North and south of the equator, which neither text nor categories tell of points that never repeat."""
    code = """
import sys
import numpy as np, pandas as pd, tensorflow as tf, zoo
draw = np.random.default_rng(0)
latitude, longitude = draw.uniform(-89, 89, 400), draw.uniform(-179, 179, 400)
places = [f"{a:.3f}, {b:.3f}" for a, b in zip(latitude, longitude)]
places[5] = None
frame = pd.DataFrame({"place": places, "size": draw.normal(size=400), "half": np.where(latitude > 0, "north", "south")})
run = zoo.train("logistic_regression", frame, target="half", verbose=0)
print(run.model.schema.column("place").kind, zoo.evaluate(run, frame, verbose=0)["accuracy"] > 0.95)
run.save(sys.argv[1] + "/saved")
again = zoo.load(sys.argv[1] + "/saved")
wanted = zoo.predict(run, frame)
print(zoo.predict(again, frame).equals(wanted))
report = zoo.export(run, sys.argv[1] + "/served")
signature = tf.saved_model.load(str(report.path)).signatures["serving_default"]
served = signature(place=tf.constant([p or "" for p in places]), size=tf.constant(frame["size"], tf.float32))
print(np.abs(served["probabilities"].numpy()[:, 0] - wanted["p_north"].to_numpy()).max() < 1e-5)
for change, format in (({"place": ["95.0, 1"]}, None), ({}, "onnx"), ({}, "numpy")):
    try:
        zoo.predict(run, frame[:1].assign(**change)) if change else zoo.export(run, sys.argv[1], format=format)
    except ValueError as error:
        print(error)
"""
    result = run_with(plugins, code, tmp_path)
    assert result.stdout.splitlines()[-6:] == [
        "madaline_demo/point True",
        "True",
        "True",
        "The column 'place' must hold latitude, longitude in degrees. Received: '95.0, 1' in row 0. Repair the value, "
        "or leave it empty.",
        "Columns of the kind 'madaline_demo/point' cannot be read in ONNX. Received: 'place'. Export as "
        "tf_saved_model, or train without it.",
        "Columns of the kind 'madaline_demo/point' cannot be written in numpy. Received: 'place'. Export as "
        "tf_saved_model, or train without them.",
    ]
    facts = json.loads((tmp_path / "saved" / "artifact.json").read_text())
    assert facts["packages"] == {"madaline-demo": {"version": "1.0", "provides": ["madaline_demo/point"]}}
    assert facts["versions"]["madaline-demo"] == "1.0"
    wanted = r"columns of the kind 'madaline_demo/point'. Install the package that registers it, madaline-demo 1\.0"
    with pytest.raises(ValueError, match=wanted):
        zoo.load(tmp_path / "saved")
    with pytest.raises(
        ValueError, match="'madaline_demo/point'.* Install the package that registers it, madaline_demo"
    ):
        zoo.load(tmp_path / "saved" / "model.keras")


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.tensorflow
def test_a_plugin_s_task_is_trained_scored_saved_exported_and_served(plugins, tmp_path, monkeypatch):
    """Calls of an hour, whose rate is exp(1 + staff / 2), and e^0.8 times that on Saturdays."""
    code = """
import json, sys
import numpy as np, pandas as pd, tensorflow as tf, zoo
draw, out = np.random.default_rng(0), sys.argv[1]
frame = pd.DataFrame({"staff": draw.normal(size=600), "day": draw.choice(["monday", "saturday"], 600)})
frame["calls"] = draw.poisson(np.exp(1 + frame["staff"] / 2 + 0.8 * (frame["day"] == "saturday")))
run = zoo.train("madaline_demo/poisson", frame, target="calls", verbose=0)
table = zoo.predict(run, frame)
scores, rate, y = zoo.evaluate(run, frame, verbose=0), table["prediction"].to_numpy("float64"), frame["calls"]
logs = np.log(np.where(y > 0, y, 1) / np.where(y > 0, rate, 1))
deviance = np.mean(2 * (y * logs - y + rate))
print(abs(scores["poisson_deviance"] - deviance) < 1e-9, abs(scores["rmse"] - np.sqrt(np.mean((y - rate) ** 2))) < 1e-9)
weights = run.model.coefficients()[0]
saturday = weights["day=saturday"] - weights["day=monday"]
print(abs(weights["staff"] - 0.5) < 0.05, abs(saturday - 0.8) < 0.1, abs(rate.mean() - y.mean()) < 1e-3)
how = {"optimizer": "adam", "epochs": 2, "verbose": 0}
folds = zoo.cross_validate("madaline_demo/poisson", frame, target="calls", folds=2, **how)
print(folds.attrs["at_once"], list(folds.attrs["predictions"].columns), bool(folds["poisson_deviance"].notna().all()))
run.save(f"{out}/saved")
again = zoo.load(f"{out}/saved")
print(again.task.name, zoo.predict(again, frame).equals(table), zoo.predict(again, frame[:1]).equals(table[:1]))
reports = [zoo.export(run, f"{out}/{name}", format=name) for name in ("tf_saved_model", "onnx", "numpy")]
print([report.outputs == {"prediction": ["float32", [None]]} and report.max_difference < 1e-5 for report in reports])
signature = tf.saved_model.load(str(reports[0].path)).signatures["serving_default"]
served = signature(staff=tf.constant(frame["staff"], tf.float32), day=tf.constant(frame["day"]))["prediction"].numpy()
print(np.abs(served / rate - 1).max() < 1e-5)
again = zoo.train(again, frame, optimizer="adam", epochs=1, verbose=0)
print(zoo.fine_tune(f"{out}/saved", frame, target="calls", optimizer="adam", epochs=1, verbose=0).model.task.name)
for value in (-1, 2.5, np.nan, "many"):
    try:
        zoo.train("madaline_demo/poisson", frame.assign(calls=[value, *frame["calls"][1:]]), target="calls", verbose=0)
    except ValueError as error:
        print(error)
try:
    zoo.build("madaline_demo/poisson")
except ValueError as error:
    print(error)
print(json.dumps([table["prediction"][:2].tolist(), frame[["staff", "day"]][:2].to_dict("records")]))
"""
    *said, asked = run_with(plugins, code, tmp_path).stdout.splitlines()
    counts = "The target 'calls' must be counts, whole numbers from 0. Received:"
    repair = "in row 0. Correct it, or take a regressor such as 'mlp_regressor'."
    assert said == [
        "True True",
        "True True True",
        "True ['prediction'] True",
        "madaline_demo/counts True True",
        "[True, True, True]",
        "True",
        "madaline_demo/counts",
        f"{counts} -1, {repair}",
        f"{counts} 2.5, {repair}",
        "The target 'calls' must have no missing values. Received: 1 missing, the first at row 0. Drop these rows, or "
        "fill them in.",
        "The target 'calls' must be finite numbers. Received: 'many', at row 0. Correct it, or drop these rows.",
        "'madaline_demo/poisson' has no data set of its own. Pass `data`, and `target` with a column's name.",
    ]
    provided = ["madaline_demo/poisson", "madaline_demo/counts"]
    facts = json.loads((tmp_path / "saved" / "artifact.json").read_text())
    assert facts["packages"] == {"madaline-demo": {"version": "1.0", "provides": provided}}

    monkeypatch.setenv("PYTHONPATH", str(plugins))
    rates, rows = json.loads(asked)
    server = Process(tmp_path / "tf_saved_model", "--port", "0")
    try:
        status, answer = server.ask("POST", "/v1/models/tf_saved_model:predict", json.dumps({"instances": rows}))
        _, shown = server.ask("GET", "/zoo/models")
    finally:
        server.process.terminate()
        server.ended()
    assert (status, answer["predictions"]) == (200, pytest.approx(rates, rel=1e-5))
    assert [model["summary"] for model in shown["models"]] == ["madaline_demo/counts, version 1"]


@pytest.mark.tensorflow
def test_an_artifact_of_a_task_that_is_not_installed_names_its_package(tmp_path):
    """An entry of the zoo that did a package's task: what an artifact records is all that is left of it."""
    zoo.save(zoo.build("perceptron"), tmp_path / "saved")
    facts = json.loads((tmp_path / "saved" / "artifact.json").read_text())
    facts["packages"] = {"counts-demo": {"version": "2.0", "provides": ["counts_demo/counts"]}}
    (tmp_path / "saved" / "artifact.json").write_text(json.dumps(facts))
    wanted = r"answers the task 'counts_demo/counts'. Install the package that registers it, counts-demo 2\.0"
    with pytest.raises(ValueError, match=wanted):
        zoo.load(tmp_path / "saved")
