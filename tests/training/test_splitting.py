"""Rows held out by time: what rows are sorted by."""

import datetime

import numpy as np
import pandas as pd
import pytest

from zoo.training.splitting import held_out, moments

DAYS = pd.date_range("2023-11-20", periods=30, freq="9D")
SHUFFLED = np.random.default_rng(0).permutation(30)


@pytest.mark.parametrize(
    "times",
    [
        DAYS,
        DAYS.tz_localize("America/New_York"),
        DAYS.strftime("%d/%m/%Y"),
        DAYS.strftime("%m/%d/%Y %I:%M %p"),
        DAYS.strftime("%B %d, %Y"),
        DAYS.strftime("%d.%m.%Y").astype("category"),
        [day.date() for day in DAYS],
        DAYS.to_period("D"),
        DAYS - DAYS[0],
        [datetime.time(i // 2, 30 * (i % 2)) for i in range(30)],
        [str(number) for number in range(-5, 25)],
        2**60 + np.arange(30),
        np.arange(30) / 7,
    ],
)
def test_the_last_rows_are_held_out_however_times_are_written(times):
    times = pd.Series(times).iloc[SHUFFLED]
    train, val = held_out(None, 0.2, seed=0, rows=30, time=times)
    assert sorted(SHUFFLED[val]) == list(range(24, 30)) and len(train) == 24


@pytest.mark.parametrize(
    ("times", "match"),
    [
        (
            ["2024-01-01", None, "2024-01-03"],
            "must have no missing values. Received: 1 missing, the first at row b. Drop",
        ),
        (["2024-01-01", "NaT", "2024-01-03"], "'t' of times must have no missing values"),
        ([1.0, np.nan, 2.0], "Received: 1 missing"),
        (pd.to_datetime(["2024-01-01", "2024-01-02", None]), "Received: 1 missing, the first at row c"),
        (["01/02/2024", "03/04/2024", "05/06/2024"], "'01/02/2024' in row a. Day and month cannot be told apart"),
        (
            ["first", "second", "third"],
            "must hold numbers, or dates in one notation. Received: 'first' in row a. Write",
        ),
        (["2024-01-01", "2024-02-30", "2024-01-03"], "must hold numbers, or dates"),
    ],
)
def test_times_that_cannot_be_sorted_are_refused_with_row_and_repair(times, match):
    with pytest.raises(ValueError, match=match):
        moments(pd.Series(times, index=list("abc"), name="t"))


def test_a_date_among_many_that_is_none_is_named():
    texts = [*DAYS.strftime("%d/%m/%Y"), "31/02/2024"]
    with pytest.raises(ValueError, match="Received: '31/02/2024' in row 30."):
        moments(pd.Series(texts, name="t"))
