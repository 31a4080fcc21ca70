"""Curves of probabilities: what is drawn is what scikit-learn computes."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from sklearn import metrics
from sklearn.calibration import calibration_curve

import zoo
from zoo import registry
from zoo.data.schema import Column, Schema
from zoo.scores import Scores

DRAWN = ("roc_curve", "precision_recall_curve", "reliability_diagram", "threshold_curves")
X = (Column("x", "number", "float64"),)


def scored(classes=("no", "yes"), rows=300, weight=None, **changes):
    """Returns scores of probabilities of two decimals, so that there are ties, with the classes in `y`."""
    generator = np.random.default_rng(0)
    y = generator.integers(0, len(classes), rows).astype("int32")
    p = np.exp(generator.normal(size=(rows, len(classes))) + 1.2 * np.eye(len(classes))[y])
    p = np.round(p / p.sum(axis=1, keepdims=True), 2).astype("float32")
    task = registry.load_task("classification")
    target = task.target_type(Schema(X, "y", "classification", classes))
    return task.scores_of(y, changes.get("answers", p), target, weight=weight, hard=changes.get("hard", False))


def line(figure, label, panel=0):
    (found,) = [line for line in figure.axes[panel].lines if str(line.get_label()).startswith(label)]
    return found.get_xdata(), found.get_ydata()


@pytest.mark.parametrize("weighted", [False, True])
def test_the_curves_of_two_classes_are_scikit_learn_s(weighted):
    weight = np.random.default_rng(1).integers(0, 3, 300).astype("float64") if weighted else None
    scores = scored(weight=weight)
    y, p = scores.predictions.y, scores.predictions.answers[:, 1]
    x, found = line(zoo.plots.roc_curve(scores), f"yes: area {scores['roc_auc']:.3f}")
    fpr, tpr, _ = metrics.roc_curve(y, p, sample_weight=weight, drop_intermediate=False)
    np.testing.assert_allclose([x, found], [fpr, tpr], atol=1e-12)
    recall, precision = line(
        zoo.plots.precision_recall_curve(scores), f"yes: average {scores['average_precision']:.3f}"
    )
    wanted = metrics.precision_recall_curve(y, p, sample_weight=weight)
    np.testing.assert_allclose([precision[::-1], recall[::-1]], [wanted[0], wanted[1]], atol=1e-12)
    figure = zoo.plots.threshold_curves(scores)
    (thresholds, precision), (_, recall), (_, f1) = (line(figure, name) for name in ("precision", "recall", "F1"))
    np.testing.assert_allclose([thresholds, precision, recall], [wanted[2], wanted[0][:-1], wanted[1][:-1]], atol=1e-12)
    at = np.searchsorted(thresholds, np.float32(0.4))
    assert f1[at] == pytest.approx(metrics.f1_score(y, p >= np.float32(0.4), sample_weight=weight))


def test_reliability_is_scikit_learn_s_and_bars_are_the_share_of_rows():
    scores = scored()
    y, p = scores.predictions.y, scores.predictions.answers[:, 1]
    figure = zoo.plots.reliability_diagram(scores, bins=7)
    x, found = line(figure, "yes")
    frequency, mean = calibration_curve(y, p, n_bins=7)
    np.testing.assert_allclose([x, found], [mean, frequency], rtol=1e-6)
    heights = [bar.get_height() for bar in figure.axes[0].patches]
    np.testing.assert_allclose(heights, np.histogram(p, bins=7, range=(0, 1))[0] / 300)
    once, often = scored(weight=np.repeat([1.0, 0.0], 150)), scored(weight=np.repeat([3.0, 0.0], 150))
    np.testing.assert_allclose(*(line(zoo.plots.reliability_diagram(s), "yes")[1] for s in (once, often)))


def test_of_three_classes_each_has_a_curve_and_there_is_no_threshold():
    scores = scored(("a", "b", "c"))
    figure = zoo.plots.roc_curve(scores)
    fpr, tpr, _ = metrics.roc_curve(
        scores.predictions.y == 2, scores.predictions.answers[:, 2], drop_intermediate=False
    )
    np.testing.assert_allclose(line(figure, "c: "), [fpr, tpr], atol=1e-12)
    assert len(figure.axes[0].lines) == 4 and isinstance(figure, Figure)  # and the diagonal
    known = "confusion_matrix, roc_curve, precision_recall_curve, reliability_diagram"
    with pytest.raises(ValueError, match=f"`threshold_curves` does not suit .* Its scores are drawn by: {known}.$"):
        zoo.plots.threshold_curves(scores)


def test_labels_have_a_panel_each(tmp_path):
    generator = np.random.default_rng(0)
    frame = pd.DataFrame({"x": generator.normal(size=60)})
    frame = frame.assign(wet=(frame.x > 0).astype(int), cold=generator.integers(0, 2, 60), never=0)
    model = zoo.build("mlp_classifier", frame, target=["wet", "cold", "never"], hidden_units=(2,))
    figure = zoo.plots.threshold_curves(model, frame)
    assert [ax.get_title() for ax in figure.axes] == ["wet", "cold"]
    assert len(zoo.plots.roc_curve(model, frame).axes[0].lines) == 3


def test_a_curve_of_many_rows_has_2_000_points():
    figure = zoo.plots.roc_curve(many := scored(rows=20_000))
    assert len(line(figure, "yes")[0]) <= 102  # of probabilities of two decimals
    generator = np.random.default_rng(0)
    p = generator.random(20_000).astype("float32")
    many = scored(rows=20_000, answers=np.stack([1 - p, p], axis=1))
    x, y = line(zoo.plots.roc_curve(many), "yes")
    assert len(x) == 2_000 and (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)


@pytest.mark.parametrize("name", DRAWN)
def test_what_has_no_probabilities_is_refused(name):
    draw = getattr(zoo.plots, name)
    with pytest.raises(TypeError, match=f"`{name}` takes scores, or a model with the data to score it on.*Pass `data`"):
        draw("perceptron.and")
    with pytest.raises(ValueError, match="it does classification, by units that answer 0 or 1. .*: confusion_matrix.$"):
        draw(scored(hard=True))
    with pytest.raises(ValueError, match=f"`{name}` is drawn of scores that hold what was scored. These hold nothing"):
        draw(Scores({"accuracy": 1.0}, rows=2))
    with pytest.raises(ValueError, match=f"`{name}` is drawn of finite numbers"):
        draw(scored(answers=np.full((300, 2), np.nan, "float32")))


def test_rows_of_one_kind_and_one_bin_are_refused():
    one_kind = scored(weight=np.where(scored().predictions.y == 1, 1.0, 0.0))
    for name in ("roc_curve", "precision_recall_curve", "threshold_curves"):
        with pytest.raises(ValueError, match=f"`{name}` needs positive and negative rows. Received: rows of one kind"):
            getattr(zoo.plots, name)(one_kind)
    with pytest.raises(ValueError, match="`bins` must be at least 2. Received: bins=1"):
        zoo.plots.reliability_diagram(scored(), bins=1)
