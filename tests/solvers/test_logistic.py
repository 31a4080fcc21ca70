"""Logistic regression: scikit-learn's weights, the C of the least log loss on folds, sound where classes separate."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from zoo.data.threads import one_thread
from zoo.solvers.logistic import STRONGER, C, logistic


@pytest.fixture(autouse=True)
def on_one_thread():
    """Lets numpy compute as it does where lines are solved."""
    with one_thread():
        yield


def data(rows, features, classes, seed=0, spread=3.0):
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(rows, features)) * generator.exponential(size=features)
    logits = x @ generator.normal(size=(features, classes)) + spread * generator.gumbel(size=(rows, classes))
    y = np.argmax(logits, axis=1)
    folds = np.full(rows, -1)
    folds[np.argsort(y, kind="stable")] = np.arange(rows) % 5
    return x + 3.0, y, folds


@pytest.mark.parametrize("rows, features, classes", [(200, 10, 2), (200, 10, 5), (60, 100, 2), (60, 100, 3)])
@pytest.mark.parametrize("weighted", [False, True])
def test_weights_are_those_of_scikit_learn(rows, features, classes, weighted):
    x, y, folds = data(rows, features, classes)
    weight = np.random.default_rng(1).exponential(size=rows) if weighted else None
    weight = weight / weight.mean() if weighted else None
    found = logistic(x, y, 1 if classes == 2 else classes, folds, weight)
    wanted = LogisticRegression(C=found.penalty, tol=1e-10, max_iter=20_000).fit(x, y, sample_weight=weight)
    np.testing.assert_allclose(found.weights.T, wanted.coef_, atol=2e-4)
    logits = found.outputs(x) - found.outputs(x).mean(axis=1, keepdims=True) if classes > 2 else found.outputs(x)
    theirs = wanted.decision_function(x).reshape(len(x), -1)
    theirs = theirs - theirs.mean(axis=1, keepdims=True) if classes > 2 else theirs
    np.testing.assert_allclose(logits, theirs, atol=2e-3)


def test_separate_logits_are_each_those_of_a_class_against_the_others():
    x, y, folds = data(200, 6, 3)
    found = logistic(x, y, 3, folds, separate=True)
    for k in range(3):
        wanted = LogisticRegression(C=found.penalty, tol=1e-10, max_iter=20_000).fit(x, y == k)
        np.testing.assert_allclose(found.weights[:, k], wanted.coef_[0], atol=2e-4)


@pytest.mark.parametrize("features, spread, seed", [(20, 8.0, 0), (8, 1.0, 1), (15, 2.0, 2), (150, 60.0, 4)])
def test_c_has_the_least_log_loss_on_the_folds_that_were_left_out(features, spread, seed):
    x, y, folds = data(150, features, 2, seed=seed, spread=spread)
    losses, candidates = [], (*STRONGER[::-1], *C)
    for c in candidates:
        parts = [(folds != fold, folds == fold) for fold in range(5)]
        models = ((LogisticRegression(C=c, tol=1e-8, max_iter=20_000).fit(x[own], y[own]), left) for own, left in parts)
        losses.append(
            sum(left.sum() * log_loss(y[left], m.predict_proba(x[left]), labels=[0, 1]) for m, left in models)
        )
    chosen = candidates.index(logistic(x, y, 1, folds).penalty)
    assert losses[chosen] <= min(losses) * (1 + 1e-3)
    assert (chosen < len(STRONGER)) == (features == 150)  # noise in many columns takes a stronger one


def test_rows_without_a_fold_choose_nothing_and_are_fitted():
    x, y, folds = data(200, 6, 2)
    partly = np.where(np.arange(200) < 100, folds, -1)
    found = logistic(x, y, 1, partly)
    wanted = LogisticRegression(C=found.penalty, tol=1e-10, max_iter=20_000).fit(x, y)
    np.testing.assert_allclose(found.weights[:, 0], wanted.coef_[0], atol=2e-4)


def test_classes_that_separate_give_finite_weights_that_separate_them():
    x = np.linspace(-1.0, 1.0, 40)[:, None]
    y = (x[:, 0] > 0).astype("int64")
    found = logistic(x, y, 1, np.arange(40) % 5)
    assert np.all(np.isfinite(found.weights)) and np.array_equal(found.outputs(x)[:, 0] > 0, y == 1)


@pytest.mark.parametrize("classes", [2, 4])
def test_one_row_a_class_and_columns_that_say_nothing_are_sound(classes):
    y = np.arange(classes)
    for x in (np.random.default_rng(0).normal(size=(classes, 3)), np.ones((classes, 2)), np.zeros((classes, 0))):
        found = logistic(x, y, 1 if classes == 2 else classes, np.arange(classes) % 5)
        assert np.all(np.isfinite(found.outputs(x)))
