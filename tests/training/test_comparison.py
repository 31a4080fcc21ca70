"""`zoo.Comparison`: its advice, its table and its files, for numbers that are written here."""

import json

import numpy as np
import pandas as pd
import pytest

import zoo
from zoo.training.comparison import NOT_RUN
from zoo.training.paired import DRAWS, intervals


def comparison(of_models, *, is_error=False, score="accuracy", **facts):
    """Returns a comparison of `label: (score, difference, low, high, train_seconds)`, or `label: error`."""
    names = (score, "difference", "low", "high", "train_seconds")
    table = [
        {"error": row} if isinstance(row, str) else {**dict(zip(names, row, strict=True)), "error": ""}
        for row in of_models.values()
    ]
    columns = [score, f"{score}_spread", "difference", "low", "high", "train_seconds", "latency_ms", "size", "error"]
    frame = pd.DataFrame(table, columns=columns, index=pd.Index(list(of_models), name="model"))
    frame[[f"{score}_spread", "latency_ms", "size"]] = [0.0125, 2.5, 2048]
    simple, baselines = frozenset({"logistic_regression", "line"}), frozenset({"DummyClassifier"})
    return zoo.Comparison(frame, score=score, is_error=is_error, simple=simple, baselines=baselines, facts=facts)


BEST = ("tabm_classifier", (0.854, 0.0, 0.0, 0.0, 60.0))
LINE = "logistic_regression"
DUMMY = ("DummyClassifier", (0.5, -0.354, -0.4, -0.3, 0.01))


@pytest.mark.parametrize(
    ("rows", "advice"),
    [
        (
            [BEST, (LINE, (0.85, -0.004, -0.013, 0.006, 2.0)), DUMMY],
            "logistic_regression is enough: tabm_classifier is 0.004 better, within chance (-0.006 to 0.013), and "
            "takes 30 times as long to train.",
        ),
        (
            [BEST, (LINE, (0.85, -0.004, -0.013, 0.006, 50.0)), DUMMY],
            "logistic_regression is enough: tabm_classifier is 0.004 better, within chance (-0.006 to 0.013).",
        ),
        (  # the linear one is beyond chance, and of the others within it the one that trains fastest is advised
            [BEST, ("slow", (0.85, -0.004, -0.01, 0.002, 40.0)), ("fast", (0.85, -0.004, -0.01, 0.0, 12.0)),
             (LINE, (0.8, -0.054, -0.07, -0.03, 2.0))],
            "fast is enough: tabm_classifier is 0.004 better, within chance (0 to 0.01), and takes 5.0 times as long "
            "to train.",
        ),
        (
            [BEST, ("mlp", (0.81, -0.044, -0.06, -0.02, 9.0)), (LINE, (0.8, -0.054, -0.07, -0.031, 20.0)), DUMMY],
            "Take tabm_classifier: its accuracy is 0.854, 0.054 better than logistic_regression, beyond chance "
            "(0.031 to 0.07).",
        ),
        (
            [(LINE, (0.854, 0.0, 0.0, 0.0, 2.0)), ("mlp", (0.85, -0.004, -0.01, 0.002, 9.0)), DUMMY],
            "Take logistic_regression: its accuracy is 0.854, and of the models within chance of it none is simpler.",
        ),
        (
            [BEST, (LINE, (0.85, -0.004, -0.013, 0.006, 2.0)), ("DummyClassifier", (0.84, -0.014, -0.03, 0.01, 0.01))],
            "No model is better than DummyClassifier, which answers the same for all rows: tabm_classifier is 0.014 "
            "better, within chance (-0.01 to 0.03).",
        ),
        (
            [("DummyClassifier", (0.84, 0.0, 0.0, 0.0, 0.01)), (LINE, (0.8, -0.04, -0.05, -0.03, 2.0))],
            "No model is better than DummyClassifier, which answers the same for all rows: its accuracy is 0.84.",
        ),
        ([BEST, DUMMY], "Take tabm_classifier: its accuracy is 0.854, 0.354 better than DummyClassifier, beyond chance "
         "(0.3 to 0.4)."),
        ([BEST, (LINE, NOT_RUN)], "tabm_classifier alone has answered all folds: its accuracy is 0.854."),
        (
            [("a", "ValueError: no."), ("b", NOT_RUN)],
            "No model has answered all folds: a: ValueError: no; b: not run: the budget was used up.",
        ),
    ],
)  # fmt: skip
def test_the_advice(rows, advice):
    assert comparison(dict(rows)).advice == advice


def test_less_of_an_error_is_better():
    found = comparison(
        {"mlp": (2.5, 0.0, 0.0, 0.0, 20.0), "line": (2.75, 0.25, -0.1, 0.5, 1.0)}, is_error=True, score="rmse"
    )
    assert found.advice == (
        "line is enough: mlp is 0.25 better, within chance (-0.1 to 0.5), and takes 20 times as long to train."
    )
    at_the_end = comparison(
        {"mlp": (2.5, 0.0, 0.0, 0.0, 9.0), "line": (2.75, 0.25, 0.0, 0.5, 9.0)}, is_error=True, score="rmse"
    )
    assert at_the_end.advice == "line is enough: mlp is 0.25 better, within chance (0 to 0.5)."
    far = comparison({"mlp": (2500.0, 0.0, 0.0, 0.0, 20.0), "line": (2700.0, 200.0, 120.4, 301.0, 1.0)},
                     is_error=True, score="rmse")  # fmt: skip
    assert far.advice == "Take mlp: its rmse is 2,500, 200 better than line, beyond chance (120 to 301)."


def test_it_is_shown_and_written(tmp_path):
    found = comparison(dict([BEST, (LINE, (0.85, -0.004, -0.013, 0.006, 2.0)), ("net", "ValueError: <no>")]), rows=7)
    lines = repr(found).splitlines()
    assert lines[0].split("  ")[0] == "model" and lines[-1] == found.advice
    assert lines[2].split() == (
        "logistic_regression 0.8500 ± 0.013 -0.004 (-0.013 to +0.006) 2.0 s 2.50 ms 2 KiB".split()
    )
    assert lines[3].split() == ["net", "ValueError:", "<no>"]
    html = found._repr_html_()
    assert "ValueError: &lt;no&gt;" in html and found.advice in html
    found.to_csv(tmp_path / "table.csv")
    read = pd.read_csv(tmp_path / "table.csv", index_col="model")
    assert read.loc[LINE, "low"] == -0.013 and np.isnan(read.loc["net", "accuracy"])
    found.to_json(tmp_path / "all.json")
    read = json.loads((tmp_path / "all.json").read_text())
    assert read["advice"] == found.advice and read["rows"] == 7 and read["score"] == "accuracy"
    assert read["models"][1]["low"] == -0.013 and read["models"][2]["accuracy"] is None


def test_intervals_are_those_of_the_normal_distribution_for_many_rows():
    generator = np.random.default_rng(0)
    losses = generator.normal([[1.0, 1.2]], [[1.0, 0.5]], (4_000, 2))
    difference, low, high = intervals(losses, 0, np.asarray, seed=0)
    apart = losses[:, 1] - losses[:, 0]
    assert DRAWS == 2_000 and (difference[0], low[0], high[0]) == (0.0, 0.0, 0.0)
    assert difference[1] == pytest.approx(apart.mean())
    width = 1.96 * apart.std() / np.sqrt(4_000)
    assert (low[1], high[1]) == pytest.approx((apart.mean() - width, apart.mean() + width), abs=0.1 * width)


def test_rows_of_a_group_are_drawn_together():
    generator = np.random.default_rng(0)
    of_groups = np.stack([np.zeros(100), generator.normal(size=100)], axis=1)
    losses, groups = np.repeat(of_groups, 50, axis=0), np.repeat(np.arange(100), 50)
    _, low, high = intervals(losses, 0, np.asarray, seed=0, groups=groups)
    assert high[1] - low[1] == pytest.approx(2 * 1.96 * of_groups[:, 1].std() / 10, rel=0.1)
    _, low, high = intervals(losses, 0, np.asarray, seed=0)  # as if there were 5,000 independent ones
    assert high[1] - low[1] < 0.1


def test_the_score_of_mean_losses_is_compared_and_not_the_loss():
    losses = np.stack([np.full(10, 4.0), np.full(10, 9.0)], axis=1)
    difference, low, high = intervals(losses, 0, np.sqrt, seed=0)
    assert (difference[1], low[1], high[1]) == (1.0, 1.0, 1.0)
