"""The threshold by which a score is highest, and those that are refused."""

import numpy as np
import pytest
from sklearn import metrics

from zoo.tasks import thresholds

SCORES = {
    "f1": metrics.f1_score,
    "balanced_accuracy": metrics.balanced_accuracy_score,
    "accuracy": metrics.accuracy_score,
}


def rows(decimals=3, count=200):
    generator = np.random.default_rng(0)
    positive = generator.random(count) < 0.2
    p = np.round(np.clip(generator.normal(0.3 + 0.2 * positive, 0.15), 0.0, 1.0), decimals).astype("float32")
    return positive, p, generator.integers(0, 4, count) / 2


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("decimals", [1, 3])
@pytest.mark.parametrize("name", SCORES)
def test_no_other_threshold_has_a_higher_score(name, decimals, weighted):
    positive, p, weight = rows(decimals)
    weight = weight if weighted else None
    found = thresholds.chosen(name, positive, p, weight, "class 'yes'")
    reached = SCORES[name](positive, p >= np.float32(found), sample_weight=weight)
    others = [SCORES[name](positive, p >= level, sample_weight=weight) for level in np.unique(p) if 0 < level < 1]
    assert reached == pytest.approx(max(others), rel=1e-12)
    assert 0 < found < 1 and found == np.float32(found)
    assert decimals > 1 or found not in p  # in the middle between two rows


def test_of_equal_thresholds_the_one_nearest_to_one_half_is_taken():
    positive, p = np.array([True, True, False, False]), np.array([0.9, 0.8, 0.4, 0.1], "float32")
    assert thresholds.chosen("accuracy", positive, p, None, "class 'yes'") == pytest.approx(0.6)
    assert thresholds.chosen("f1", np.array([True, False]), np.zeros(2, "float32"), None, "class 'yes'") == 0.5
    neighbours = np.array([np.nextafter(np.float32(0.5), np.float32(1)), 0.5], "float32")  # with no float between
    assert thresholds.chosen("accuracy", np.array([True, False]), neighbours, None, "class 'yes'") == neighbours[0]


@pytest.mark.parametrize("threshold", [0, 1, 1.0, -0.1, 1.5, float("nan"), True, None, [0.5], "f2", "recall"])
def test_what_is_no_threshold_is_refused(threshold):
    with pytest.raises(ValueError, match="`threshold` must (lie|be a number) between 0 and 1.*Received: threshold="):
        thresholds.check(threshold)


def test_a_threshold_is_chosen_by_rows_of_both_kinds_with_probabilities():
    p = np.array([0.2, 0.7], "float32")
    for positive, received in (([False, False], "none"), ([True, True], "only such rows")):
        with pytest.raises(ValueError, match=f"with and without the class 'yes'. Received: {received}. Pass a number"):
            thresholds.chosen("f1", np.array(positive), p, None, "class 'yes'")
    with pytest.raises(ValueError, match="Received: some that are no finite numbers"):
        thresholds.chosen("f1", np.array([True, False]), p * np.nan, None, "class 'yes'")
