"""scikit-learn's own checks of estimators."""

import warnings

import pytest
from sklearn.utils.estimator_checks import check_dataframe_column_names_consistency, check_estimator

import zoo
from tests.sklearn.conftest import FAST

EXPECTED = {
    "check_sample_weight_equivalence_on_dense_data": "a row of weight 2 is in one batch and on one side of the split "
    "of validation rows, a row that is there twice in two; scikit-learn checks its own networks with L-BFGS for this"
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", [zoo.sklearn.ZooClassifier, zoo.sklearn.ZooRegressor])
def test_all_checks_pass_but_the_one_of_weights(kind):
    with warnings.catch_warnings():
        # scikit-learn warns of the casts and class counts in its own data.
        warnings.simplefilter("ignore")
        results = check_estimator(kind(**FAST), expected_failed_checks=EXPECTED, on_skip=None)
    assert len(results) > 55
    by_status = {status: {r["check_name"] for r in results if r["status"] == status} for status in ("xfail", "skipped")}
    assert by_status["xfail"] == set(EXPECTED)
    assert by_status["skipped"] <= {
        "check_array_api_input",  # needs the environment variable SCIPY_ARRAY_API
    }


@pytest.mark.parametrize("kind", [zoo.sklearn.ZooClassifier, zoo.sklearn.ZooRegressor])
def test_names_of_columns_must_be_those_of_training(kind):
    check_dataframe_column_names_consistency(kind.__name__, kind(**FAST))


def test_tags_say_what_is_taken():
    classifier, regressor = zoo.sklearn.ZooClassifier(), zoo.sklearn.ZooRegressor()
    for tags in (classifier.__sklearn_tags__(), regressor.__sklearn_tags__()):
        assert tags.input_tags.allow_nan and tags.input_tags.categorical and not tags.input_tags.sparse
        assert tags.target_tags.required and not tags.non_deterministic
    assert classifier.__sklearn_tags__().classifier_tags.multi_label
    assert not zoo.sklearn.ZooClassifier("logistic_regression").__sklearn_tags__().classifier_tags.multi_label
    assert regressor.__sklearn_tags__().target_tags.multi_output
