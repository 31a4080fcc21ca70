"""Scores of classes are scikit-learn's."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

import zoo
from zoo.tasks.measures import classification_scores, regression_scores


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
    expected = {
        "accuracy": metrics.accuracy_score(y, predicted, **how),
        "roc_auc": metrics.roc_auc_score(y, scored, multi_class="ovr", **how),
        "average_precision": metrics.average_precision_score(truth, scored, **how),
        "f1_macro": metrics.f1_score(y, predicted, average="macro", **how),
        "log_loss": metrics.log_loss(y, wide, **how),
        "brier": np.average(squares, weights=weight),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-9)
    if classes == 2:
        assert found["brier"] == pytest.approx(metrics.brier_score_loss(y, wide[:, 1], **how), rel=1e-9)
    np.testing.assert_allclose(counts, metrics.confusion_matrix(y, predicted, **how))


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
