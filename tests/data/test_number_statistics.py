"""Statistics of numeric columns: against numpy and by hand."""

import numpy as np
import pytest

from zoo.data import number_statistics as statistics
from zoo.data.number_statistics import number_statistics


@pytest.fixture(scope="module")
def gaps():
    """500 rows x 9 columns: normal, rounded, constant, empty, infinite, two values, mostly zero."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(500, 9)).astype("float32")
    x[:, 1] = np.round(x[:, 1])
    x[:, 2], x[:, 3] = 7.0, np.nan
    x[::9, 4], x[5, 4] = np.nan, np.inf
    x[:, 5] = x[:, 5] > 0
    x[: 9 * len(x) // 10, 6] = 0.0
    return x


def finite(column):
    values = column[np.isfinite(column)].astype("float64")
    return values if len(values) else np.zeros(1)


def test_quartiles_equal_numpy_s_to_the_last_bit(gaps):
    found = number_statistics([gaps], "quantile")
    for i, column in enumerate(gaps.T):
        low, median, high = np.quantile(finite(column), [0.25, 0.5, 0.75])
        spread = high - low or (finite(column).max() - finite(column).min()) / 2 or 1.0
        assert (found["median"][i], found["center"][i], found["scale"][i]) == (median, median, spread)
        assert found["missing"][i] == (not np.isfinite(column).all())


def test_mean_and_deviation_equal_numpy_s_with_the_median_for_what_is_missing(gaps):
    found = number_statistics([gaps], "standard")
    for i, column in enumerate(gaps.T):
        median = np.median(finite(column))
        filled = np.where(np.isfinite(column), column, median)
        assert (found["median"][i], found["center"][i]) == (median, filled.mean())
        assert found["scale"][i] == (filled.std() or 1.0)
    assert found["knots"] == found["ranks"] == [[]] * 9 and "max_bins" not in found


def test_blocks_of_columns_give_what_one_block_gives(gaps, monkeypatch):
    whole = number_statistics([gaps], "quantile", 64)
    monkeypatch.setattr(statistics, "BLOCK_VALUES", 1000)  # two columns a block, in threads
    assert number_statistics([gaps[:, :4], gaps[:, 4:]], "quantile", 64) == whole


def test_the_ranks_of_1_2_2_3_are_by_hand():
    found = number_statistics([np.array([[2.0], [3.0], [1.0], [2.0]], "float32")], "quantile")
    assert found["knots"] == [[1.0, 2.0, 3.0]]
    assert found["ranks"] == [[0.0, 0.5, 1.0]]  # 2: one row below it and half of its own two, of four


def test_a_budget_is_shared_by_the_columns_of_more_than_two_values():
    x = np.arange(12.0, dtype="float32").reshape(4, 3)
    x = np.concatenate([x, x[:, :1] > 5], axis=1).astype("float32")  # three of four values, and one of two
    assert number_statistics([x], "quantile", 48)["max_bins"] == 16
    assert number_statistics([x], "quantile", 47)["max_bins"] == 15
    seven = number_statistics([x], "quantile", 7)
    assert seven["max_bins"] == 2 and [len(knots) for knots in seven["knots"]] == [4, 4, 4, 2]


def test_where_a_budget_leaves_less_than_two_bins_no_column_has_ranks():
    x = np.arange(12.0, dtype="float32").reshape(4, 3)
    x = np.concatenate([x, x[:, :1] > 5, x[:, :1] * 0], axis=1).astype("float32")
    found = number_statistics([x], "quantile", 5)
    assert found["max_bins"] == 1
    assert found["knots"] == [[], [], [], [0.0, 1.0], [0.0]]
    assert found["ranks"] == [[], [], [], [0.0, 1.0], [0.5]]


def test_quartiles_of_columns_without_knots_are_near_those_of_all_rows():
    generator = np.random.default_rng(0)
    x = generator.normal(size=(30_000, 5)).astype("float32")
    x[:, 1] = 3.0 + 100.0 * x[:, 1]
    x[:29_900, 2], x[29_999, 2] = 0.0, 255.0  # quartiles of 0: half of the range of all rows
    x[300:, 3] = np.nan  # few values in the sample: the quartiles of all rows
    x[7, 4] = np.nan
    found = number_statistics([x], "quantile", 5)
    assert found["max_bins"] == 1 and found["missing"] == [False, False, False, True, True]
    for i in (0, 1, 4):
        low, median, high = np.nanquantile(x[:, i].astype("float64"), [0.25, 0.5, 0.75])
        assert found["median"][i] != median  # of a sample
        assert abs(found["center"][i] - median) < 0.03 * (high - low)
        assert abs(found["scale"][i] / (high - low) - 1) < 0.04
    assert (found["median"][2], found["scale"][2]) == (0.0, (255.0 - min(x[:, 2].min(), 0.0)) / 2)
    low, median, high = np.quantile(x[:300, 3].astype("float64"), [0.25, 0.5, 0.75])
    assert (found["median"][3], found["scale"][3]) == (median, high - low)
    assert found == number_statistics([x], "quantile", 5)


def test_quartiles_of_columns_with_knots_are_of_all_rows():
    x = np.random.default_rng(0).normal(size=(30_000, 3)).astype("float32")
    x[:, 1:] = x[:, 1:] > 0
    found = number_statistics([x], "quantile", 5)  # five bins for the one column of more than two values
    assert found["max_bins"] == 5 and found["median"][0] == np.median(x[:, 0].astype("float64"))
