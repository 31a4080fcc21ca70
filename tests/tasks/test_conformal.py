"""Conformal quantiles, by hand, by the order statistics of numpy, and by the coverage that theory states."""

import math

import numpy as np
import pytest

from zoo.tasks import conformal


@pytest.mark.parametrize(
    ("rows", "coverage", "place"),
    [(9, 0.9, 9), (10, 0.9, 10), (19, 0.9, 18), (20, 0.9, 19), (99, 0.9, 90), (19, 0.95, 19), (39, 0.95, 38)],
)
def test_the_quantile_is_the_score_at_the_rounded_up_place(rows, coverage, place):
    assert place == math.ceil(round((rows + 1) * coverage, 9))
    scores = np.random.default_rng(rows).permutation(np.arange(1.0, rows + 1))
    score, larger = conformal.quantile(scores, coverage)
    assert score == place and larger == (place + 1 if place < rows else math.inf)


def test_the_next_larger_score_is_another_one_where_scores_are_equal():
    assert conformal.quantile(np.array([1.0] * 18 + [2.0] * 2), 0.5) == (1.0, 2.0)
    assert conformal.quantile(np.ones(20), 0.5) == (1.0, math.inf)


def test_equal_weights_change_nothing_whatever_their_size():
    scores = np.random.default_rng(0).normal(size=57)
    for weight in (1.0, 0.01, 1e6):
        assert conformal.quantile(scores, 0.9, np.full(57, weight)) == conformal.quantile(scores, 0.9)


def test_rows_of_weight_zero_do_not_count():
    scores, weight = np.arange(40.0), np.repeat([1.0, 0.0], 20)
    assert conformal.quantile(scores, 0.9, weight) == conformal.quantile(scores[:20], 0.9)


def test_weights_move_the_quantile_as_computed_by_hand():
    # W = 30, sum(w^2) / W = (10 * 4 + 10) / 30 = 5/3: the place is .8 (30 + 5/3) = 25.3 of the cumulated weights
    # 1, 2, ..., 10, 12, ..., 30, which is first reached by 26: the 18th score.
    weight = np.repeat([1.0, 2.0], 10)
    assert conformal.quantile(np.arange(1.0, 21.0), 0.8, weight) == (18.0, 19.0)
    assert conformal.effective_rows(weight, 20) == pytest.approx(30**2 / 50)


def test_the_coverage_of_new_rows_is_the_place_by_the_number_of_rows_and_one():
    generator, inside = np.random.default_rng(0), []
    for _ in range(4_000):
        scores = generator.exponential(size=31)
        inside.append(scores[-1] <= conformal.quantile(scores[:-1], 0.9)[0])
    assert np.mean(inside) == pytest.approx(28 / 31, abs=4 * np.sqrt(0.9 * 0.1 / 4_000))


def test_too_few_rows_are_refused_with_the_number_that_is_needed():
    assert [conformal.least_rows(coverage) for coverage in (0.5, 0.8, 0.9, 0.95, 0.99)] == [1, 4, 9, 19, 99]
    message = (
        r"`intervals=0.9` needs at least 9 rows that are held out, ceil\(1 / \(1 - 0.9\)\) - 1. Received: 8. Hold "
    )
    with pytest.raises(ValueError, match=f"{message}out more by `validation`, or ask for `intervals=0.88` or less."):
        conformal.quantile(np.arange(8.0), 0.9)
    conformal.quantile(np.arange(8.0), 0.88)
    with pytest.raises(ValueError, match="Received: 1.4, counted by their weights"):
        conformal.quantile(np.arange(20.0), 0.9, np.array([100.0, *np.ones(19)]))  # 119^2 / 10019


@pytest.mark.parametrize("coverage", [0, 1, 1.5, -0.1, True, np.nan, "0.9"])
def test_a_coverage_that_is_no_share_is_refused(coverage):
    with pytest.raises(ValueError, match="`intervals` must be the share of new rows .* Received: intervals="):
        conformal.check_coverage(coverage)
