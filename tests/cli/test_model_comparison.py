"""`zoo compare`."""

import json

import pandas as pd
import pytest

from zoo.cli import main

QUICK = ["--target", "bought", "--models", "logistic_regression", "--folds", "2"]


def test_table_and_advice_are_printed_and_written(visits_csv, tmp_path, capsys):
    folder = tmp_path / "out"
    assert main(["compare", str(visits_csv), *QUICK, "--no-rivals", "-o", str(folder)]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("logistic_regression: accuracy ") and printed[1].startswith("model ")
    assert printed[3].startswith("logistic_regression alone has answered all folds: its accuracy is ")
    assert printed[4] == f"table.csv, comparison.json, comparison.png in {folder}"
    table = pd.read_csv(folder / "table.csv", index_col="model")
    assert list(table.index) == ["logistic_regression"]
    written = json.loads((folder / "comparison.json").read_text())
    assert written["advice"] == printed[3] and written["models"][0]["accuracy"] == table.accuracy.iloc[0]
    assert (folder / "comparison.png").read_bytes().startswith(b"\x89PNG")


def test_json_holds_all_and_nothing_else_is_printed(visits_csv, tmp_path, capsys):
    words = ["--json", "--budget", "1e-9", "--checkpoint", str(tmp_path / "state"), "--seed", "3"]
    assert main(["compare", str(visits_csv), *QUICK, "--no-rivals", *words]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["seed"] == 3 and found["models"][0]["error"] == "not run: the budget was used up"
    assert found["advice"].startswith("No model has answered all folds: logistic_regression: not run")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--models", "mlp_clasifier"], "Unknown model 'mlp_clasifier'. Did you mean 'mlp_classifier'?"),
        (["--budget", "0"], "--budget must be seconds, more than 0, or None. Received: --budget 0"),
        (["--rival"], "`zoo compare` does not know '--rival'. Did you mean '--no-rivals'?"),
    ],
)
def test_a_mistake_is_one_line(visits_csv, capsys, words, said):
    assert main(["compare", str(visits_csv), *QUICK, *words]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1
