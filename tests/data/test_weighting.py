"""Weights of rows and classes: what is taken, and what is refused with its row and the repair."""

import decimal

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.class_weight import compute_class_weight

from zoo.data.weighting import checked_weights, class_factors


@pytest.mark.parametrize("values", [[0, 1, 2], ["0", "1", "2.0"], [False, True, 2], [decimal.Decimal(0), 1, 2]])
def test_numbers_are_weights_however_they_are_written(values):
    found = checked_weights(pd.Series(values, dtype=object), "weights in 'w'")
    assert found.dtype == np.float64 and found.tolist() == [0, 1, 2]


@pytest.mark.parametrize("wrong", [np.nan, -1.0, np.inf, "heavy", None, pd.NA])
def test_what_is_no_weight_is_named_with_its_row(wrong):
    values = pd.Series([1.0, wrong, 2.0], index=["a", "b", "c"], dtype=object)
    with pytest.raises(ValueError, match="The weights in 'w' must be finite numbers, 0 or more. Received: .* in row b"):
        checked_weights(values, "weights in 'w'")


def test_times_are_no_weights():
    times = pd.Series(pd.date_range("2024-01-01", periods=3))
    for values in (times, times - times[0]):
        with pytest.raises(ValueError, match=r"must be finite numbers, 0 or more. Received: Time.* in row 0"):
            checked_weights(values, "weights in 'w'")


@pytest.mark.parametrize("size", [1e-300, 1e300])
def test_weights_that_float32_makes_0_or_infinite_are_refused(size):
    with pytest.raises(ValueError, match="the largest from 1e-30 to 1e\\+30. Received: .* Divide them by their mean"):
        checked_weights([size, 0.5 * size, 0.0], "weights in 'w'")


def test_weights_that_are_all_0_are_refused_but_in_a_block_of_a_stream():
    with pytest.raises(ValueError, match="must not all be 0: no row would count. Received: 2 rows of weight 0"):
        checked_weights([0.0, 0.0], "weights")
    assert checked_weights([0.0, 0.0], "weights", may_be_zero=True).tolist() == [0, 0]


@pytest.mark.parametrize("weighted", [False, True])
def test_balanced_factors_are_scikit_learn_s(weighted):
    generator = np.random.default_rng(0)
    y, weight = generator.choice(3, 100, p=[0.7, 0.2, 0.1]), generator.gamma(1.0, size=100) if weighted else None
    expected = compute_class_weight("balanced", classes=np.arange(3), y=y, sample_weight=weight)
    np.testing.assert_allclose(class_factors("balanced", ("a", "b", "c"), y, weight), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"a": 1.0, "b": np.nan}, "must be finite numbers, 0 or more. Received: nan for the class 'b'"),
        ({"a": -1, "b": 1}, "Received: -1 for the class 'a'"),
        ({"a": "heavy", "b": 1}, "Received: 'heavy' for the class 'a'"),
        ({"a": 0, "b": 0.0}, "must not all be 0"),
        ({"a": 1}, "must be 'balanced' or a factor for each of the classes 'a', 'b'"),
        ([1, 2, 3], "must be 'balanced' or a factor for each of the classes"),
        (np.array([1.0, 2.0]), "must be 'balanced' or a factor for each of the classes"),
        ("even", "must be 'balanced'"),
    ],
)
def test_factors_that_train_to_nothing_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        class_factors(given, ("a", "b"), np.array([0, 1]))
