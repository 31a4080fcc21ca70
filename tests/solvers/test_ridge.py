"""Ridge regression: scikit-learn's weights, the penalty of the least error on folds, exact where lines are."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import PredefinedSplit

from zoo.data.threads import one_thread
from zoo.solvers import ridge as module
from zoo.solvers.ridge import PENALTIES, Spectrum, most_rows, ridge


@pytest.fixture(autouse=True)
def on_one_thread():
    """Lets numpy compute as it does where lines are solved."""
    with one_thread():
        yield


def data(rows, features, seed=0, noise=1.0):
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(rows, features)) * generator.exponential(size=features) + 3.0
    y = x @ generator.normal(size=features) + noise * generator.normal(size=rows) + 7.0
    return x, y, generator.permutation(np.arange(rows) % 5)


@pytest.mark.parametrize("rows, features", [(200, 10), (40, 90), (5, 1)])
@pytest.mark.parametrize("weighted", [False, True])
def test_weights_are_those_of_scikit_learn(rows, features, weighted):
    x, y, folds = data(rows, features)
    weight = np.random.default_rng(1).exponential(size=rows) if weighted else None
    weight = weight / weight.mean() if weighted else None
    found = ridge(x, y, folds, weight)
    wanted = Ridge(alpha=found.penalty, solver="svd").fit(x, y, sample_weight=weight)
    np.testing.assert_allclose(found.weights[:, 0], wanted.coef_, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(found.intercept, [wanted.intercept_], rtol=1e-6)


@pytest.mark.parametrize("rows, features, noise", [(60, 20, 5.0), (40, 60, 1.0), (300, 5, 0.5)])
def test_the_penalty_has_the_least_error_on_the_folds_that_were_left_out(rows, features, noise):
    x, y, folds = data(rows, features, seed=3, noise=noise)
    errors = []
    for penalty in PENALTIES:
        parts = PredefinedSplit(folds).split()
        models = ((Ridge(alpha=penalty, solver="svd").fit(x[own], y[own]), left) for own, left in parts)
        errors.append(sum(np.sum(np.square(y[left] - model.predict(x[left]))) for model, left in models))
    assert ridge(x, y, folds).penalty == PENALTIES[int(np.argmin(errors))]


def test_a_linear_identity_is_found_exactly_with_columns_that_depend_on_each_other():
    x, _, folds = data(100, 4)
    x = np.column_stack([x, x[:, 0] + x[:, 1], 2.0 * x[:, 2], np.full(100, 5.0)])
    y = x @ [1.0, -2.0, 3.0, 4.0, 0.0, 0.0, 0.0] + 5.0
    found = ridge(x, y, folds)
    further = np.random.default_rng(9).normal(size=(20, 4)) * 10
    further = np.column_stack([further, further[:, 0] + further[:, 1], 2.0 * further[:, 2], np.full(20, 5.0)])
    wanted = further @ [1.0, -2.0, 3.0, 4.0, 0.0, 0.0, 0.0] + 5.0
    np.testing.assert_allclose(found.outputs(further)[:, 0], wanted, rtol=1e-7, atol=1e-6)


def test_constant_targets_and_columns_and_a_single_row_give_the_mean():
    x, _, folds = data(30, 3)
    for given in (x, np.ones((30, 3)), np.zeros((30, 0))):
        found = ridge(given, np.full(30, 4.0), folds)
        np.testing.assert_allclose(found.outputs(given), 4.0)
    single = ridge(x[:1], np.array([2.0]), np.zeros(1, "int64"))
    assert single.outputs(x[:1]).tolist() == [[2.0]]


def test_rows_far_out_have_large_answers_whose_parts_do_not_cancel():
    """By hand: of 20,000 normal numbers and one 3,000 deviations away, the target is the first column."""
    x = np.random.default_rng(0).normal(size=(20_000, 3))
    x[0, 0] = 3000.0
    found = ridge(x, x[:, 0].copy(), np.arange(20_000) % 5)
    assert found.penalty < 1e-2
    np.testing.assert_allclose(found.weights[:, 0], [1.0, 0.0, 0.0], atol=1e-6)


def test_a_fold_whose_complement_weighs_nothing_chooses_nothing():
    x, y, _ = data(20, 2)
    folds, weight = np.arange(20) % 2, np.where(np.arange(20) % 2, 2.0, 0.0)
    found = ridge(x, y, folds, weight)
    assert np.all(np.isfinite(found.weights))


def test_rotated_rows_are_as_long_as_the_centred_ones():
    for rows, features in ((50, 6), (6, 50)):
        x, _, _ = data(rows, features)
        weight = np.random.default_rng(2).exponential(size=rows)
        spectrum = Spectrum(x, weight)
        rotated = spectrum.rotated()
        np.testing.assert_allclose(np.sum(weight[:, None] * rotated**2, axis=0), spectrum.values, rtol=1e-8)
        centred = x - np.average(x, axis=0, weights=weight)
        np.testing.assert_allclose(rotated @ rotated.T, centred @ centred.T, rtol=1e-6, atol=1e-8)


def test_the_rows_of_a_decomposition_keep_within_its_products(monkeypatch):
    monkeypatch.setattr(module, "MOST_PRODUCTS", 10**6)

    def products(rows, features):
        least = min(rows, features)
        return rows * features * least + 9 * least**3

    for features in (1, 10, 40, 50, 500):
        rows = most_rows(features)
        assert products(rows, features) <= 10**6 < products(rows + 1, features), features
