"""`zoo cross-validate`."""

import json

import numpy as np
import pandas as pd
import pytest

import zoo
from zoo.cli import main

QUICK = ["--target", "bought", "--epochs", "1", "--hidden-units", "8", "--folds", "2"]


def test_scores_are_printed_and_written_with_the_predictions(visits, visits_csv, tmp_path, capsys):
    path = tmp_path / "out" / "scores.csv"
    assert main(["cross-validate", "mlp_classifier", str(visits_csv), *QUICK, "-o", str(path)]) == 0
    printed = capsys.readouterr().out.splitlines()
    expected = zoo.cross_validate(
        "mlp_classifier", pd.read_csv(visits_csv), target="bought", epochs=1, hidden_units=(8,), folds=2, verbose=0
    )
    folds = pd.read_csv(path)
    np.testing.assert_allclose(folds["log_loss"], expected["log_loss"], rtol=1e-6)
    line = next(line.split() for line in printed if line.startswith("accuracy "))
    first, second = expected["accuracy"]
    assert float(line[1]) == pytest.approx((first + second) / 2, abs=1e-4)
    assert float(line[2]) == pytest.approx(abs(first - second) / np.sqrt(2), rel=1e-3)
    assert "spread: the standard deviation over 2 folds" in printed
    predictions = pd.read_csv(tmp_path / "out" / "scores_predictions.csv")
    assert list(predictions.columns) == ["label", "probability", "p_no", "p_yes"]
    assert predictions.label.tolist() == expected.attrs["predictions"].label.tolist()
    assert np.mean(predictions.label == visits.bought) == pytest.approx(expected["accuracy"].mean())


def test_json_holds_scores_and_folds_of_each_rate(visits_csv, capsys):
    words = ["--learning-rate", "0.1,0.01", "--json"]
    assert main(["cross-validate", "mlp_classifier", str(visits_csv), *QUICK, *words]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["model"] == "mlp_classifier" and len(found["folds"]) == 4
    (of_rate,) = (one for one in found["scores"] if (one["score"], one["learning_rate"]) == ("accuracy", 0.01))
    of_folds = [fold["accuracy"] for fold in found["folds"] if fold["learning_rate"] == 0.01]
    assert len(of_folds) == 2 and of_rate["mean"] == pytest.approx(np.mean(of_folds))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["mlp_clasifier"], "Unknown model 'mlp_clasifier'. Did you mean 'mlp_classifier'?"),
        (["mlp_classifier", "-o", "scores.json"], "The output must end in .csv. Received: scores.json"),
        (["mlp_classifier", "--hidden-unit", "8"], "does not know '--hidden-unit'. Did you mean '--hidden-units'?"),
        (["mlp_classifier", "VISITS", *QUICK, "--folds", "150"], "--folds must be at most the number of rows of the r"),
        (["mlp_classifier", "VISITS", *QUICK, "--folds", "1"], "--folds must be an integer, 2 or more. Received: --f"),
    ],
)
def test_a_mistake_is_one_line(visits_csv, capsys, words, said):
    assert main(["cross-validate", *(str(visits_csv) if word == "VISITS" else word for word in words)]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1
