"""Rows held out: by time, what rows are sorted by; of few rows, how many."""

import datetime

import numpy as np
import pandas as pd
import pytest

import zoo
from zoo.training.parts import load_parts
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


@pytest.mark.parametrize(
    ("rows", "least", "held"),
    [(60, 80, 20), (300, 80, 80), (500, 80, 100), (60, 0, 12)],
    ids=["a third at most", "as many as are asked", "the share", "none asked"],
)
def test_of_few_rows_a_larger_share_is_held_out(rows, least, held):
    frame = pd.DataFrame({"a": np.arange(float(rows)), "y": np.arange(float(rows))})
    roles = {"groups": None, "time": None, "weight": None}
    parts = load_parts(
        frame,
        target="y",
        schema=None,
        validation=0.2,
        shipped=True,
        entry=zoo.info("tabm_regressor"),
        seed=0,
        least_validation=least,
        **roles,
    )
    assert (parts.rows, parts.val_rows) == (rows - held, held)


def test_a_share_that_is_given_stands_above_the_least_rows_of_a_recipe():
    frame = pd.DataFrame({"a": np.arange(60.0), "y": np.arange(60.0)})
    shape = {"members": 2, "hidden_units": (4,), "epochs": 1, "verbose": 0, "target": "y"}
    assert "validation 0.333333 by seed 0" in zoo.train("tabm_regressor", frame, **shape).data["split"]
    assert "validation 0.1 by seed 0" in zoo.train("tabm_regressor", frame, validation=0.1, **shape).data["split"]
