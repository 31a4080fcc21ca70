"""Scores of classes are scikit-learn's."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

import zoo
from zoo.tasks.measures import class_scores, classification_scores, regression_scores


def rows(classes, count, decimals, seed=0):
    """Returns classes that are to be found, and probabilities of so many decimals, so that there are ties."""
    generator = np.random.default_rng(seed)
    y = np.append(np.arange(classes), generator.integers(0, classes, count - classes)).astype("int32")
    logits = generator.normal(size=(count, classes)) + 1.5 * np.eye(classes)[y]
    p = np.round(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), decimals) + 1e-3
    return y, (p / p.sum(axis=1, keepdims=True)).astype("float32")


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("decimals", [1, 6])
@pytest.mark.parametrize("classes", [2, 3, 7])
def test_scores_of_classes_equal_scikit_learn_s(classes, decimals, weighted):
    y, p = rows(classes, 400, decimals)
    weight = np.random.default_rng(1).integers(0, 4, 400) / 2 if weighted else None
    found, counts = classification_scores(y, p, classes, hard=False, weight=weight)
    predicted, how = p.argmax(axis=1), {"sample_weight": weight}
    wide = p.astype("float64") / p.astype("float64").sum(axis=1, keepdims=True)
    scored, one_hot = wide[:, 1] if classes == 2 else wide, np.eye(classes)[y]
    truth = y if classes == 2 else one_hot
    squares = np.sum((wide - one_hot) ** 2, axis=1) / (2 if classes == 2 else 1)
    average = {"average": "binary" if classes == 2 else "macro", **how}
    expected = {
        "accuracy": metrics.accuracy_score(y, predicted, **how),
        "majority_accuracy": np.bincount(y, weight).max() / (400 if weight is None else weight.sum()),
        "balanced_accuracy": metrics.balanced_accuracy_score(y, predicted, **how),
        "precision": metrics.precision_score(y, predicted, **average),
        "recall": metrics.recall_score(y, predicted, **average),
        "f1_micro": metrics.f1_score(y, predicted, average="micro", **how),
        "roc_auc": metrics.roc_auc_score(y, scored, multi_class="ovr", **how),
        "average_precision": metrics.average_precision_score(truth, scored, **how),
        "f1_macro": metrics.f1_score(y, predicted, average="macro", **how),
        "log_loss": metrics.log_loss(y, wide, **how),
        "brier": np.average(squares, weights=weight),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-9)
    if classes == 2:
        assert found["brier"] == pytest.approx(metrics.brier_score_loss(y, wide[:, 1], **how), rel=1e-9)
        assert found["f1"] == pytest.approx(metrics.f1_score(y, predicted, **how), rel=1e-9)
    each = metrics.precision_recall_fscore_support(y, predicted, **how)[:3]
    np.testing.assert_allclose(list(class_scores(counts).values()), each, rtol=1e-9)
    np.testing.assert_allclose(counts, metrics.confusion_matrix(y, predicted, **how))


def test_two_classes_are_decided_by_a_threshold_and_their_probabilities_keep_their_scores():
    y, p = rows(2, 300, 2)
    how, weight = {"hard": False, "weight": np.linspace(0.0, 1.0, 300)}, {"sample_weight": np.linspace(0.0, 1.0, 300)}
    found, counts = classification_scores(y, p, 2, threshold=0.3, **how)
    own, _ = classification_scores(y, p, 2, **how)
    predicted = p[:, 1] >= np.float32(0.3)
    assert found["recall"] == pytest.approx(metrics.recall_score(y, predicted, **weight), rel=1e-9) and found != own
    np.testing.assert_allclose(counts, metrics.confusion_matrix(y, predicted, **weight))
    for name in ("log_loss", "brier", "roc_auc", "average_precision", "ece", "majority_accuracy"):
        assert found[name] == own[name]


@pytest.mark.parametrize(
    ("sizes", "weight", "expected"),
    [
        ([3, 1, 2], [1, 1, 1], 2.0),
        ([4, 1, 2, 3], [1] * 4, 2.5),
        ([1, 2, 3], [1, 0, 1], 2.0),
        ([1, 2, 9], [1, 1, 5], 9.0),
    ],
)
def test_half_of_the_weight_is_up_to_the_median_error(sizes, weight, expected):
    found = regression_scores(np.zeros(len(sizes)), sizes, np.array(weight, "float64"))["median_error"]
    assert found == expected == metrics.median_absolute_error(np.zeros(len(sizes)), sizes, sample_weight=weight)


def test_weights_count_a_row_as_often_as_they_say():
    y, p = rows(3, 60, 6)
    times = np.random.default_rng(2).integers(1, 4, 60)
    once, _ = classification_scores(y, p, 3, hard=False, weight=times.astype("float64"))
    often, _ = classification_scores(np.repeat(y, times), np.repeat(p, times, axis=0), 3, hard=False)
    assert once == pytest.approx(often, rel=1e-9)  # the calibration error too


@pytest.mark.parametrize("weighted", [False, True])
def test_scores_of_numbers_equal_scikit_learn_s(weighted):
    generator = np.random.default_rng(0)
    y, values = generator.normal(size=(2, 100)) + 1e6
    weight = generator.gamma(1.0, size=100) if weighted else None
    expected = {
        "rmse": metrics.root_mean_squared_error(y, values, sample_weight=weight),
        "mae": metrics.mean_absolute_error(y, values, sample_weight=weight),
        "median_error": metrics.median_absolute_error(y, values, sample_weight=weight),
        "r2": metrics.r2_score(y, values, sample_weight=weight),
    }
    assert regression_scores(y, values, weight) == pytest.approx(expected, rel=1e-9)


@pytest.fixture(scope="module")
def weighed():
    """80 rows with weights, and a model of them."""
    generator = np.random.default_rng(0)
    frame = pd.DataFrame({"x": generator.normal(size=80), "w": generator.gamma(1.0, size=80)})
    frame["y"] = np.where(frame.x + generator.normal(size=80) > 0, "yes", "no")
    return frame, zoo.train("logistic_regression", frame, target="y", weight="w", verbose=0).model


def test_evaluate_weighs_rows_by_a_column_or_an_array(weighed, tmp_path):
    frame, model = weighed
    right = zoo.predict(model, frame[["x"]]).label == frame.y
    by_column = zoo.evaluate(model, frame, weight="w", verbose=0)
    assert by_column["accuracy"] == pytest.approx(np.average(right, weights=frame.w), rel=1e-12)
    by_array = zoo.evaluate(model, frame[["x", "y"]], weight=frame.w.to_numpy(), verbose=0)
    assert dict(by_array) == dict(by_column)
    shuffled = frame.w.sample(frac=1.0, random_state=0)  # rows are told by their labels, as in pandas
    assert dict(zoo.evaluate(model, frame[["x", "y"]], weight=shuffled, verbose=0)) == dict(by_column)
    assert zoo.evaluate(model, frame[["x", "y"]], verbose=0)["accuracy"] == pytest.approx(right.mean())
    assert "<td>" in by_column._repr_html_()
    frame.to_csv(tmp_path / "rows.csv", index=False)
    streamed = zoo.data.load(tmp_path / "rows.csv", target="y", stream=True)
    assert dict(zoo.evaluate(model, streamed, weight="w", verbose=0)) == pytest.approx(dict(by_column), rel=1e-9)


def test_what_is_scored_by_all_rows_at_once_refuses_a_stream(weighed, tmp_path):
    frame, _ = weighed
    model = zoo.train("kohonen_map", frame[["x", "w"]], epochs=1, verbose=0).model
    frame[["x", "w"]].to_csv(tmp_path / "rows.csv", index=False)
    with pytest.raises(ValueError, match="'kohonen_map' is scored by all rows at once. Received: a stream. .*`stream="):
        zoo.evaluate(model, zoo.data.load(tmp_path / "rows.csv", stream=True), verbose=0)
    assert zoo.evaluate(model, tmp_path / "rows.csv", verbose=0).rows == len(frame)


def test_weights_that_do_not_belong_to_the_rows_are_refused(weighed):
    frame, model = weighed
    for weight, message in (
        ("v", "`weight` must be a column of the data, or one number a row. Received: weight='v'"),
        ([1.0, 2.0], "Received: the shape [(]2,[)]. The data have 80 rows"),
        (np.full(80, np.nan), "The weights must be finite numbers, 0 or more. Received: .*nan.* in row 0"),
        (np.zeros(80), "must not all be 0"),
        ("y", "The weights in 'y' must be finite numbers|`weight` must be a column of the data"),
    ):
        with pytest.raises(ValueError, match=message):
            zoo.evaluate(model, frame, weight=weight, verbose=0)
    maps = zoo.build("kohonen_map", frame[["x", "w"]])
    with pytest.raises(ValueError, match="`weight` is for scores against a target; 'kohonen_map' does map"):
        zoo.evaluate(maps, frame[["x", "w"]], weight="w", verbose=0)


def test_a_class_that_no_row_has_leaves_the_area_out_and_f1_to_those_that_occur():
    y, p = np.array([0, 0, 1, 1], "int32"), np.eye(4, dtype="float32")[[0, 1, 1, 1]]
    found, counts = classification_scores(y, p, 4, hard=False)
    assert "roc_auc" not in found
    assert found["f1_macro"] == pytest.approx((2 / 3 + 4 / 5) / 2)  # a: 1 of 1 + 2 rows; b: 2 of 3 + 2
    assert counts.tolist() == [[1, 1, 0, 0], [0, 2, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]


def test_what_has_nothing_to_divide_by_is_0_in_means_and_left_out_elsewhere():
    y, p = np.array([0, 0, 0, 1], "int32"), np.eye(4, dtype="float32")[[0, 0, 2, 0]]  # 1 is missed, 2 has no rows
    found, counts = classification_scores(y, p, 4, hard=False)
    each = {name: values.round(6).tolist() for name, values in class_scores(counts).items()}
    assert each["precision"][:3] == [0.666667, 0.0, 0.0] and np.isnan(each["precision"][3])
    assert each["recall"][:2] == [0.666667, 0.0] and np.isnan(each["recall"][2:]).all()
    with pytest.warns(metrics._classification.UndefinedMetricWarning):
        assert found["precision"] == pytest.approx(metrics.precision_score(y, p.argmax(axis=1), average="macro"))
    assert found["recall"] == pytest.approx(2 / 3 / 3) and found["balanced_accuracy"] == pytest.approx(1 / 3)
    of_one_class, _ = classification_scores(y[:2], p[:2, :2], 2, hard=False)
    assert "recall" not in of_one_class and of_one_class["majority_accuracy"] == 1.0


def test_a_diverged_model_has_the_scores_of_its_decisions_alone():
    found, counts = classification_scores(np.array([0, 1], "int32"), np.full((2, 2), np.nan, "float32"), 2, hard=False)
    assert {"log_loss", "roc_auc", "ece"} & set(found) == set() and counts.tolist() == [[1, 0], [1, 0]]
    assert np.isnan(regression_scores([1.0, 2.0], [np.nan, 1.0], np.ones(2))["median_error"])
