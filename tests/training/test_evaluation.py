"""`zoo.evaluate` of a table with a rare class: thresholds, groups, Keras's metrics, and a hint."""

import json
import pickle

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

import zoo
from zoo.scores import Scores
from zoo.tasks import imbalance
from zoo.training.grouping import groups_of


@pytest.fixture(scope="module")
def frame():
    """400 rows, of which one in six is "yes"; `region` is no input of the model."""
    generator = np.random.default_rng(0)
    frame = pd.DataFrame({"x": generator.normal(size=400), "age": generator.integers(18, 80, 400).astype("float64")})
    frame["region"] = generator.choice(["north", "south", None], 400)
    frame["weight"] = generator.integers(0, 4, 400) / 2
    return frame.assign(y=np.where(frame.x + 1.5 * generator.normal(size=400) > 1.8, "yes", "no"))


@pytest.fixture(scope="module")
def model(frame):
    return zoo.train("logistic_regression", frame[["x", "age", "y"]], target="y", validation=None, verbose=0).model


@pytest.fixture(scope="module")
def plain(frame):
    """The columns that the model knows."""
    return frame[["x", "age", "y"]]


@pytest.fixture(scope="module")
def scores(model, plain):
    return zoo.evaluate(model, plain, verbose=0)


@pytest.fixture(scope="module")
def answers(model, plain, frame):
    """True classes, 1 for "yes", and the probability of "yes"."""
    return (frame.y == "yes").to_numpy().astype(int), zoo.predict(model, plain).p_yes.to_numpy()


# Two classes.


def test_the_second_class_is_the_positive_one_and_each_class_has_its_scores(scores, answers):
    y, p = answers
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(y, p >= 0.5)
    for i, name in enumerate(("no", "yes")):
        found = [scores[f"{score}_{name}"] for score in ("precision", "recall", "f1")]
        assert found == pytest.approx([precision[i], recall[i], f1[i]])
    assert scores.positive == "yes" and scores["recall"] == scores["recall_yes"]
    assert scores["accuracy"] == pytest.approx(metrics.accuracy_score(y, p >= 0.5))
    assert scores["majority_accuracy"] == pytest.approx(np.mean(y == 0))
    text = str(scores)
    assert "\npositive class     yes\n" in text and "class precision recall f1" in " ".join(text.split())
    assert scores.to_dict()["positive"] == "yes" and "threshold" not in scores.to_dict()
    assert "positive class" in scores._repr_html_() and "<td>yes</td>" in scores._repr_html_()


def test_another_threshold_decides_from_the_same_probabilities(model, frame, plain, scores, answers, tmp_path):
    y, p = answers
    found = scores.at(threshold=0.2)
    assert found["recall"] == pytest.approx(metrics.recall_score(y, p >= 0.2)) and found["recall"] > scores["recall"]
    np.testing.assert_array_equal(found.confusion, metrics.confusion_matrix(y, p >= 0.2))
    assert found["roc_auc"] == scores["roc_auc"] and found.threshold == 0.2 and "\nthreshold          0.2" in str(found)
    assert dict(zoo.evaluate(model, plain, threshold=0.2, verbose=0)) == dict(found)
    assert dict(pickle.loads(pickle.dumps(scores)).at(0.2)) == dict(found)
    best = zoo.evaluate(model, frame.drop(columns="region"), threshold="f1", weight="weight", verbose=0)
    weight = frame.weight.to_numpy()
    of_all = [metrics.f1_score(y, p >= level, sample_weight=weight) for level in np.unique(p)]
    assert best["f1"] == pytest.approx(max(of_all)) and best.hint == ""
    best.to_json(tmp_path / "scores.json")
    assert json.loads((tmp_path / "scores.json").read_text())["threshold"] == best.threshold
    assert best.predictions.answers.dtype == "float32"


def test_a_threshold_is_for_two_classes_and_labels(plain, scores):
    with pytest.raises(ValueError, match="`threshold` must lie between 0 and 1, without these two. Received: .*1.0"):
        scores.at(1)
    numbers = plain[["x", "age"]]
    with pytest.raises(ValueError, match="for two classes and for labels; this model does regression. Leave it out"):
        zoo.evaluate(zoo.build("linear_regression", numbers, target="age"), numbers, threshold=0.3, verbose=0)
    three = numbers.assign(age=np.arange(len(plain)) % 3)
    with pytest.raises(ValueError, match="Received: threshold='f1' for 3 classes, of which the most probable is the"):
        zoo.evaluate(zoo.build("logistic_regression", three, target="age"), three, threshold="f1", verbose=0)
    with pytest.raises(ValueError, match="for several labels alone. Received: {'yes': 0.3} for two classes. .*=0.3`"):
        scores.at({"yes": 0.3})
    units = zoo.build("perceptron", "and_gate")
    with pytest.raises(ValueError, match="compares probabilities. Received: threshold=0.3 for a model whose units"):
        zoo.evaluate(units, "and_gate", threshold=0.3, verbose=0)
    with pytest.raises(ValueError, match="These hold none. Score the model by zoo.evaluate"):
        Scores({"accuracy": 1.0}, rows=1).at(0.3)


def test_a_file_of_scores_has_null_for_what_is_no_number_and_a_summary_is_short(tmp_path):
    Scores({"log_loss": np.inf, "auc": np.float32("nan"), "f1": 0.5}, rows=3).to_json(tmp_path / "scores.json")
    text = (tmp_path / "scores.json").read_text()
    assert json.loads(text, parse_constant=pytest.fail) == {"log_loss": None, "auc": None, "f1": 0.5, "rows": 3}
    for count, names in ((5, {"r2", *(f"rmse_t{i}" for i in range(5))}), (6, {"r2"})):
        each = {"rmse": {f"t{i}": float(i) for i in range(count)}}
        assert set(Scores({"r2": 0.5}, rows=9, each=each, of="target").summary) == names


# A hint.


def test_a_rare_class_that_is_missed_is_said_and_an_even_one_is_not():
    said = imbalance.hint(np.array([[80, 1], [17, 2]]), ("No", "Yes"))
    assert said.startswith("81% of the rows are No, and the model recognises 11% of those that are Yes: train with")
    assert "class_weight='balanced'" in said and "threshold" in said
    assert imbalance.hint(np.array([[80, 1], [9, 10]]), ("No", "Yes")) == ""  # 10 of 19 are recognised
    assert imbalance.hint(np.array([[60, 1], [37, 2]]), ("No", "Yes")) == ""  # not rare
    assert imbalance.hint(np.array([[80, 1], [0, 0]]), ("No", "Yes")) == ""
    many = imbalance.hint(np.array([[50, 0, 0], [0, 40, 0], [5, 5, 0]]), "abc")
    assert "recognises 0% of those that are c" in many and "threshold" not in many


def test_the_hint_is_printed_once_with_the_scores_and_at_the_end_of_a_training(plain, model, capsys):
    zoo.evaluate(model, plain)  # warnings are errors
    assert capsys.readouterr().out.count("hint: 8") == 1
    rows, how = plain[["x", "y"]], {"target": "y", "validation": None}
    zoo.train("logistic_regression", rows, **how)
    assert capsys.readouterr().out.count("hint: 8") == 1
    zoo.train("logistic_regression", rows, class_weight={"no": 1.0, "yes": 1.0}, **how)
    zoo.train("logistic_regression", rows, verbose=0, **how)
    assert "hint" not in capsys.readouterr().out


# Groups.


def test_groups_by_a_column_that_the_model_does_not_know(model, frame, answers, tmp_path, capsys):
    y, p = answers
    scores = zoo.evaluate(model, frame, by="region", weight="weight")  # warnings of unknown columns are errors
    assert "\nby region  rows  accuracy" in capsys.readouterr().out
    table = scores.by
    assert list(table.index) == ["north", "south", "(missing)"] and table.index.name == "region"
    for name, of in zip(table.index, (frame.region == "north", frame.region == "south", frame.region.isna())):
        rows, weight = of.to_numpy(), frame.weight[of]
        assert table.rows[name] == rows.sum()
        wanted = metrics.roc_auc_score(y[rows], p[rows], sample_weight=weight)
        assert table.roc_auc[name] == pytest.approx(wanted, rel=1e-6)
        assert table.recall[name] == pytest.approx(metrics.recall_score(y[rows], p[rows] >= 0.5, sample_weight=weight))
    lower = scores.at(0.2).by
    assert (lower.recall > table.recall).all() and (lower.roc_auc == table.roc_auc).all()
    plain = scores.to_dict()["by"]
    assert plain["column"] == "region" and plain["groups"][0]["group"] == "north"
    assert plain["groups"][0]["accuracy"] == table.accuracy["north"] and "by region" in scores._repr_html_().lower()
    frame.to_csv(tmp_path / "rows.csv", index=False)
    streamed = zoo.data.load(tmp_path / "rows.csv", target="y", stream=True)
    again = zoo.evaluate(model, streamed, by="region", weight="weight", verbose=0).by
    pd.testing.assert_frame_equal(again, table, rtol=1e-6)


def test_numbers_are_put_into_quartiles_and_the_target_is_a_column_too(model, plain, frame):
    by_age = zoo.evaluate(model, plain, by="age", verbose=0).by
    assert list(by_age.rows) == pd.qcut(frame.age, 4).value_counts(sort=False).tolist()
    assert by_age.index[0].startswith("(17.9") and by_age.index[-1].endswith("79.0]")
    by_class = zoo.evaluate(model, plain, by="y", verbose=0).by
    assert list(by_class.index) == ["no", "yes"] and by_class.recall.isna().tolist() == [True, False]
    few = groups_of(pd.Series([3.0, 1.0, 3.0, np.nan]), "n")
    assert few.labels == (1.0, 3.0, "(missing)") and few.codes.tolist() == [1, 0, 1, 2]
    ends = groups_of(pd.Series([-np.inf, *range(20), np.inf]), "n")
    assert np.bincount(ends.codes).tolist() == [6, 5, 5, 6] and ends.labels[-1].endswith("19.0]")
    times = groups_of(pd.Series(pd.date_range("2024-01-01", periods=40)), "day")
    assert len(times.labels) == 4 and np.bincount(times.codes).tolist() == [10] * 4
    durations = groups_of(pd.Series(pd.to_timedelta(range(40), unit="h")), "age")
    assert len(durations.labels) == 4 and np.bincount(durations.codes).tolist() == [10] * 4


def test_a_group_without_rows_or_weight_has_no_scores(model, frame):
    levels = pd.Categorical(frame.region, categories=["west", "north", "south"])
    weight = frame.weight.where(frame.region != "south", 0.0)
    table = zoo.evaluate(model, frame.assign(region=levels, weight=weight), by="region", weight="weight", verbose=0).by
    assert table.rows.tolist()[0] == 0 and table.loc[["west", "south"]].drop(columns="rows").isna().all(axis=None)
    assert table.accuracy[["north", "(missing)"]].notna().all()


def test_columns_that_make_no_groups_are_refused(model, frame):
    with pytest.raises(
        ValueError, match="`by` must be a column of the data. Received: by='regio'. Did you mean 'region'"
    ):
        zoo.evaluate(model, frame, by="regio", verbose=0)
    with pytest.raises(ValueError, match="at most 1,000 groups. Received: by='id' with 1,001 different values"):
        groups_of(pd.Series([f"r{i}" for i in range(1001)]), "id")
    with pytest.raises(ValueError, match="must be a column of single values. Received: by='list', .* such as list"):
        groups_of(pd.Series([[1], [2]]), "list")
    maps = zoo.build("kohonen_map", frame[["x", "age"]])
    with pytest.raises(ValueError, match="`by` needs scores that hold what was scored; those of 'kohonen_map' hold"):
        zoo.evaluate(maps, frame[["x", "age"]], by="age", verbose=0)


# Keras's metrics.


def distance(y_true, y_pred):
    return keras.ops.abs(keras.ops.cast(y_true, y_pred.dtype) - y_pred[:, 1])


def test_keras_s_metrics_are_computed_on_raw_rows(model, frame, plain, answers, scores):
    (y, p), weighed = answers, plain.assign(weight=frame.weight)
    how, weight = {"weight": "weight", "verbose": 0}, {"sample_weight": frame.weight}
    asked = ["recall", "auc", "f1_score", "mse", "sparse_categorical_crossentropy", distance, "accuracy"]
    found = zoo.evaluate(model, weighed, metrics=[*asked, keras.metrics.Precision(thresholds=0.2)], **how)
    assert found["keras_recall"] == pytest.approx(metrics.recall_score(y, p > 0.5, **weight), rel=1e-5)
    assert found["keras_precision"] == pytest.approx(metrics.precision_score(y, p > 0.2, **weight), rel=1e-5)
    assert found["auc"] == pytest.approx(metrics.roc_auc_score(y, p, **weight), abs=0.01)  # by 200 thresholds
    assert found["f1_score_yes"] == pytest.approx(metrics.f1_score(y, p > 0.5, **weight), rel=1e-5)
    assert found["mse"] == pytest.approx(metrics.mean_squared_error(y, p, **weight), rel=1e-5)
    assert found["sparse_categorical_crossentropy"] == pytest.approx(metrics.log_loss(y, p, **weight), rel=1e-5)
    assert found["distance"] == pytest.approx(np.average(np.abs(y - p), weights=frame.weight), rel=1e-5)
    assert found["keras_accuracy"] == pytest.approx(found["accuracy"], rel=1e-6)
    assert found.at(0.2)["auc"] == found["auc"]
    assert zoo.evaluate(model, plain, metrics="auc", verbose=0)["auc"] == pytest.approx(scores["roc_auc"], abs=0.01)


def test_metrics_of_one_name_are_numbered_and_those_of_the_caller_keep_what_they_counted(model, plain, answers):
    y, p = answers
    recall = keras.metrics.Recall(thresholds=0.2, name="recall")
    recall.update_state([1.0, 1.0], [1.0, 0.0])
    wrong, right = (lambda t, q: keras.ops.abs(distance(t, q))), (lambda t, q: 1.0 - distance(t, q))
    asked = [recall, keras.metrics.Recall(thresholds=0.4, name="recall"), wrong, right]
    found = zoo.evaluate(model, plain, metrics=asked, verbose=0)
    assert found["keras_recall"] == pytest.approx(metrics.recall_score(y, p > 0.2), rel=1e-5)
    assert found["keras_recall_2"] == pytest.approx(metrics.recall_score(y, p > 0.4), rel=1e-5)
    assert found["<lambda>"] == pytest.approx(np.abs(y - p).mean(), rel=1e-5)
    assert found["<lambda>_2"] == pytest.approx(1 - np.abs(y - p).mean(), rel=1e-5)
    assert float(recall.result()) == 0.5


def test_keras_s_metrics_of_numbers(plain):
    rows = plain[["x", "age"]]
    model = zoo.build("linear_regression", rows, target="age")
    found = zoo.evaluate(model, rows, metrics=["r2_score", "mean_absolute_error"], verbose=0)
    assert found["r2_score"] == pytest.approx(found["r2"], abs=1e-5)
    assert found["mean_absolute_error"] == pytest.approx(found["mae"], rel=1e-5)


def test_metrics_that_cannot_be_computed_are_refused(model, frame):
    for wrong, said in (("recal", "Received: 'recal'. Did you mean 'Recall'"), (3, "Received: 3")):
        with pytest.raises(ValueError, match=f"`metrics` must be Keras's metrics or their names, or functions.*{said}"):
            zoo.evaluate(model, frame, metrics=[wrong], verbose=0)
    maps = zoo.build("kohonen_map", frame[["x", "age"]])
    with pytest.raises(ValueError, match="`metrics` compare answers with a target; 'kohonen_map' does map"):
        zoo.evaluate(maps, frame[["x", "age"]], metrics=["mae"], verbose=0)
    large = frame[["x"]].assign(t=1e9 + frame.age)
    with pytest.raises(ValueError, match="`metrics` compute in float32, which cannot resolve this target"):
        zoo.evaluate(zoo.build("linear_regression", large, target="t"), large, metrics=["mae"], verbose=0)
