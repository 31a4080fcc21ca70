"""Scores of classes are scikit-learn's."""

import numpy as np
import pytest
from sklearn import metrics

from zoo.training.scoring import _classification_scores


def rows(classes, count, decimals, seed=0):
    """Returns classes that are to be found, and probabilities of so many decimals, so that there are ties."""
    generator = np.random.default_rng(seed)
    y = np.append(np.arange(classes), generator.integers(0, classes, count - classes)).astype("int32")
    logits = generator.normal(size=(count, classes)) + 1.5 * np.eye(classes)[y]
    p = np.round(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), decimals) + 1e-3
    return y, (p / p.sum(axis=1, keepdims=True)).astype("float32")


@pytest.mark.parametrize("decimals", [1, 6])
@pytest.mark.parametrize("classes", [2, 3, 7])
def test_scores_of_classes_equal_scikit_learn_s(classes, decimals):
    y, p = rows(classes, 400, decimals)
    found, predicted = _classification_scores(y, p, tuple("abcdefg"[:classes]), hard=False), p.argmax(axis=1)
    wide = p.astype("float64") / p.astype("float64").sum(axis=1, keepdims=True)
    area = metrics.roc_auc_score(y, wide[:, 1] if classes == 2 else wide, multi_class="ovr")
    assert found["roc_auc"] == pytest.approx(area, rel=1e-12)
    assert found["f1_macro"] == pytest.approx(metrics.f1_score(y, predicted, average="macro"), rel=1e-12)
    assert found["log_loss"] == pytest.approx(metrics.log_loss(y, wide), rel=1e-9)
    np.testing.assert_array_equal(found.confusion, metrics.confusion_matrix(y, predicted))


def test_a_class_that_no_row_has_leaves_the_area_out_and_f1_to_those_that_occur():
    y, p = np.array([0, 0, 1, 1], "int32"), np.eye(4, dtype="float32")[[0, 1, 1, 1]]
    found = _classification_scores(y, p, ("a", "b", "c", "d"), hard=False)
    assert "roc_auc" not in found
    assert found["f1_macro"] == pytest.approx((2 / 3 + 4 / 5) / 2)  # a: 1 of 1 + 2 rows; b: 2 of 3 + 2
    assert found.confusion.to_numpy().tolist() == [[1, 1, 0, 0], [0, 2, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
