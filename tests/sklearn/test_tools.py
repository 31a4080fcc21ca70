"""Estimators of `zoo.sklearn` in scikit-learn's own tools."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.inspection import permutation_importance
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from tests.sklearn.conftest import QUICK
from zoo.sklearn import ZooClassifier, ZooRegressor


def test_pipelines(raw, numbers):
    pipeline = make_pipeline(StandardScaler(), ZooRegressor(**QUICK))
    assert pipeline.fit(*numbers).score(*numbers) > 0.4
    pipeline.set_params(zooregressor__dropout=0.3)
    assert pipeline.get_params()["zooregressor__dropout"] == 0.3
    columns = make_column_transformer((OneHotEncoder(sparse_output=False), ["plan"])).set_output(transform="pandas")
    fitted = make_pipeline(columns, ZooClassifier(**QUICK)).fit(*raw)
    assert fitted[-1].feature_names_in_.tolist() == [f"onehotencoder__plan_{p}" for p in ("basic", "plus", "pro")]


def test_cross_validation_by_area_under_the_curve(raw):
    X, y = raw
    estimator = ZooClassifier(**QUICK)
    scores = cross_val_score(estimator, X, y, cv=3, scoring="roc_auc")
    assert np.all(scores > 0.6)
    p = cross_val_predict(estimator, X, y, cv=3, method="predict_proba")
    assert roc_auc_score(y == "stays", p[:, 1]) > 0.6 > roc_auc_score(y == "stays", p[:, 0])


def test_grid_search_over_recipe_and_builder(numbers):
    grid = {"hidden_units": [(4,), (8,)], "learning_rate": [1e-3]}
    search = GridSearchCV(ZooClassifier(epochs=1), grid, cv=2).fit(*numbers)
    assert search.best_params_.keys() == {"hidden_units", "learning_rate"}
    assert search.best_estimator_.model_.options["hidden_units"] == search.best_params_["hidden_units"]
    assert search.score(*numbers) > 0.8


def test_calibration(numbers):
    calibrated = CalibratedClassifierCV(ZooClassifier(**QUICK), cv=2).fit(*numbers)
    assert calibrated.predict_proba(numbers[0]).shape == (120, 2)
    assert calibrated.score(*numbers) > 0.8


def test_permutation_importance_finds_the_column_that_counts(raw, classifier):
    found = permutation_importance(classifier, *raw, n_repeats=2, random_state=0)
    assert np.argmax(found.importances_mean) == list(raw[0].columns).index("plan")


def test_sample_weights_are_routed(numbers):
    X, y = numbers
    rates = np.where(y == 1, 3.0, 1.0)
    with sklearn.config_context(enable_metadata_routing=True):
        estimator = ZooClassifier(**QUICK).set_fit_request(sample_weight=True).set_score_request(sample_weight=False)
        found = cross_validate(estimator, X, y, cv=2, params={"sample_weight": rates}, return_estimator=True)
    without = cross_validate(ZooClassifier(**QUICK), X, y, cv=2, return_estimator=True)
    ours, theirs = (one["estimator"][0].predict_proba(X)[:, 1].mean() for one in (found, without))
    assert ours > theirs + 0.02  # rows of class 1 count three times


@pytest.mark.slow
@pytest.mark.process
def test_several_processes(raw):
    X, y = raw
    estimator = ZooClassifier(**QUICK)
    apart = cross_val_score(estimator, X, y, cv=2, n_jobs=2)
    np.testing.assert_array_equal(apart, cross_val_score(estimator, X, y, cv=2))


def test_predictions_keep_to_rows_when_the_index_has_labels_twice(raw):
    X, y = raw
    twice = pd.concat([X, X]), pd.concat([y, y])
    fitted = ZooClassifier(**QUICK).fit(*twice)
    p = fitted.predict_proba(twice[0])
    np.testing.assert_array_equal(p[:100], p[100:])
