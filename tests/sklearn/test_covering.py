"""`predict_interval` and `predict_set` of the estimators."""

import numpy as np
import pytest
from sklearn.base import clone

import zoo
from tests.sklearn.conftest import FAST
from zoo.sklearn import ZooClassifier, ZooRegressor


def test_a_regressor_predicts_numbers_and_the_intervals_around_them(numbers):
    X, _ = numbers
    y = X @ [1.0, 2.0, 0.0]
    regressor = clone(ZooRegressor(intervals=0.8, **FAST)).fit(X, y)
    ends, table = regressor.predict_interval(X), zoo.predict(regressor.model_, X)
    assert ends.shape == (120, 2) and ends.dtype == "float64"
    np.testing.assert_allclose(ends, table[["low", "high"]], rtol=1e-5)
    np.testing.assert_allclose(regressor.predict(X), table["prediction"], rtol=1e-5)
    several = ZooRegressor(intervals=0.8, **FAST).fit(X, np.stack([y, -y], axis=1))
    assert several.predict_interval(X).shape == (120, 2, 2)
    np.testing.assert_allclose(several.predict_interval(X).mean(axis=-1), several.predict(X), atol=1e-5)


def test_a_classifier_predicts_sets_of_its_classes(numbers):
    classifier = ZooClassifier(intervals=0.9, **FAST).fit(*numbers)
    sets, table = classifier.predict_set(numbers[0]), zoo.predict(classifier.model_, numbers[0])
    assert sets.dtype == bool and [tuple(classifier.classes_[row]) for row in sets] == table["set"].tolist()


def test_an_estimator_that_was_fitted_without_intervals_says_how_to_have_them(classifier, raw):
    with pytest.raises(ValueError, match=r"Set the share of new rows to cover, as ZooClassifier with `intervals=0.9`"):
        classifier.predict_set(raw[0])
