"""`zoo runs`."""

import json
import shutil
import subprocess
import sys

import pytest

from zoo import package_data
from zoo.cli import main


@pytest.fixture
def runs(tmp_path):
    for name in ("perceptron.and", "logistic_regression.penguins"):
        shutil.copytree(package_data.package_folder("saved_models") / name, tmp_path / "runs" / name.partition(".")[0])
    (tmp_path / "runs" / "perceptron" / "model.keras").unlink()
    return tmp_path / "runs"


def test_a_line_an_artifact(runs, capsys):
    assert main(["runs", str(runs)]) == 0
    head, logistic, perceptron = capsys.readouterr().out.splitlines()
    assert head.split() == ["folder", "entry", "task", "date", "rows", "size", "scores"]
    assert logistic.split()[1:3] == ["logistic_regression", "classification"] and "test accuracy 0.9855" in logistic
    assert perceptron.endswith("broken: model.keras is missing. Copy the artifact again.")


def test_json_has_all_scores_and_sorting_orders_it(runs, capsys):
    assert main(["runs", str(runs), "--json", "--sort", "f1_macro"]) == 0
    (logistic, perceptron) = json.loads(capsys.readouterr().out)
    assert logistic["metrics"]["test"]["f1_macro"] > 0.9 and logistic["split"] == "test" and logistic["wrong"] == ""
    assert perceptron["wrong"].startswith("model.keras is missing")
    assert main(["runs", str(runs), "--sort", "roc_auc"]) == 0
    assert "test roc_auc" in capsys.readouterr().out


def test_runs_is_where_train_writes(runs, monkeypatch, capsys):
    monkeypatch.chdir(runs.parent)
    assert main(["runs"]) == 0
    assert "runs/logistic_regression" in capsys.readouterr().out
    shutil.rmtree(runs)
    runs.mkdir()
    assert main(["runs"]) == 0 and capsys.readouterr().out == "no trained models in runs\n"


def test_what_is_wrong_is_said(tmp_path, runs, capsys):
    assert main(["runs", str(tmp_path / "nowhere")]) == 2
    assert "There is no folder" in capsys.readouterr().err
    assert main(["runs", str(runs), "--sort", "acc"]) == 2
    assert "There is no score 'acc'. There are: accuracy, " in capsys.readouterr().err


@pytest.mark.process
def test_keras_is_not_imported(runs):
    code = f"import sys; from zoo.cli import main; main(['runs', {str(runs)!r}]); print('keras' in sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "logistic_regression" in printed and printed.endswith("\nFalse\n")
