"""Estimators of `zoo.sklearn` in scikit-learn's own tools."""

import numpy as np
import pytest
import sklearn
from joblib.externals.loky import get_reusable_executor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import permutation_importance
from sklearn.metrics import get_scorer, roc_auc_score
from sklearn.model_selection import cross_val_predict, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from tests.sklearn.conftest import FAST
from zoo.sklearn import ZooClassifier, ZooRegressor


def test_pipelines(raw, numbers):
    pipeline = make_pipeline(StandardScaler(), ZooRegressor(**FAST))
    assert pipeline.fit(*numbers).score(*numbers) > 0.4
    pipeline.set_params(zooregressor__dropout=0.3)
    assert pipeline.get_params()["zooregressor__dropout"] == 0.3
    columns = make_column_transformer((OneHotEncoder(sparse_output=False), ["plan"])).set_output(transform="pandas")
    fitted = make_pipeline(columns, ZooClassifier(**FAST)).fit(*raw)
    assert fitted[-1].feature_names_in_.tolist() == [f"onehotencoder__plan_{p}" for p in ("basic", "plus", "pro")]


def test_the_area_under_the_curve_is_that_of_the_later_class(raw, classifier):
    X, y = raw
    area = get_scorer("roc_auc")(classifier, X, y)
    assert area == roc_auc_score(y == "stays", classifier.predict_proba(X)[:, 1]) > 0.7


def test_calibration(numbers):
    calibrated = CalibratedClassifierCV(ZooClassifier(**FAST), cv=2).fit(*numbers)
    assert calibrated.predict_proba(numbers[0]).shape == (120, 2)
    assert calibrated.score(*numbers) > 0.8


def test_platt_s_calibration_is_of_the_log_odds(numbers):
    """A logistic regression on log-odds, as scikit-learn fits it; Platt's targets are those of its own calibration."""
    X, y = numbers
    fitted = ZooClassifier(**QUICK).fit(X, y)
    calibrated = CalibratedClassifierCV(FrozenEstimator(fitted), method="sigmoid").fit(X, y)
    ours = calibrated.calibrated_classifiers_[0].calibrators[0]
    p = calibrated.predict_proba(X)[:, 1]
    np.testing.assert_allclose(np.log(p / (1 - p)), -ours.a_ * fitted.decision_function(X) - ours.b_, atol=1e-6)
    order = np.argsort(fitted.predict_proba(X)[:, 1])
    out_of_fold = cross_val_predict(FrozenEstimator(fitted), X, y, cv=2, method="decision_function")
    assert np.all(np.diff(out_of_fold[order]) >= 0)


def test_permutation_importance_finds_the_column_that_counts(raw, classifier):
    found = permutation_importance(classifier, *raw, n_repeats=2, random_state=0)
    assert np.argmax(found.importances_mean) == list(raw[0].columns).index("plan")


def test_sample_weights_are_routed(numbers):
    X, y = numbers
    rates = np.where(y == 1, 3.0, 1.0)
    with sklearn.config_context(enable_metadata_routing=True):
        estimator = ZooClassifier(**FAST).set_fit_request(sample_weight=True).set_score_request(sample_weight=False)
        found = cross_validate(estimator, X, y, cv=2, params={"sample_weight": rates}, return_estimator=True)
    without = cross_validate(ZooClassifier(**FAST), X, y, cv=2, return_estimator=True)
    ours, theirs = (one["estimator"][0].predict_proba(X)[:, 1].mean() for one in (found, without))
    assert ours > theirs + 0.02  # rows of class 1 count three times


@pytest.mark.slow
@pytest.mark.process
def test_several_processes(numbers):
    X, y = numbers
    estimator = ZooClassifier(**FAST)
    try:
        apart = cross_val_score(estimator, X, y, cv=2, n_jobs=2)
    finally:
        get_reusable_executor().shutdown(wait=True)  # the processes would wait for five minutes, with their memory
    np.testing.assert_array_equal(apart, cross_val_score(estimator, X, y, cv=2))
