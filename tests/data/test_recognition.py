"""Which notation the dates of a column have: over all values, and said where it cannot be told."""

import datetime

import numpy as np
import pytest
import tensorflow as tf

from zoo.data import dates, notations, recognition


def recognised(texts, format=""):
    return recognition.recognise(texts, [1] * len(texts), format)


DAYS = [datetime.date(2023, 11, 20) + datetime.timedelta(days=5 * i) for i in range(20)]


@pytest.mark.parametrize(
    ("written", "format"),
    [
        *((form, form) for form in ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d")),
        *((form, form) for form in ("%d %b %Y", "%d-%b-%Y", "%b %d, %Y", "%a, %d %b %Y")),
        ("%B %d, %Y", "%b %d, %Y"), ("%d/%m/%Y %H:%M", "%d/%m/%Y"), ("%d.%m.%YT%H:%M:%SZ", "%d.%m.%Y"),
        ("%m/%d/%Y 11:30 PM", "%m/%d/%Y"), ("%d.%m.%Y, 10:30", "%d.%m.%Y"), ("%dth %B %Y", "%d %b %Y"),
        ("%B %dth, %Y", "%b %d, %Y"), ("%Y-%m-%d", ""), ("%Y-%m-%d 00:00:00 UTC", ""),
        ("%Y%m%dT%H%M%S", "%Y%m%dT%H%M%S"), ("%d/%b/%Y:%H:%M:%S +0000", "%d/%b/%Y:%H:%M:%S %z"),
    ],
)  # fmt: skip
def test_the_notation_of_a_column_is_recognised(written, format):
    texts = [day.strftime(written) for day in DAYS]
    assert recognised(texts) == recognition.Recognised(format)
    found, exists = notations.instants(texts, format)
    assert exists.all() and (np.diff(found) == 5 * notations.DAY).all()


MONTHS = [datetime.datetime(1998 + i // 12, i % 12 + 1, 1) for i in range(0, 480, 7)]


@pytest.mark.parametrize(
    ("written", "format"),
    [
        ("%Y-%m", ""), ("%Y/%m", "%Y/%m"), ("%m/%Y", "%m/%Y"), ("%b %Y", "%b %Y"), ("%B %Y", "%b %Y"),
        ("%b-%Y", "%b-%Y"), ("%YQ%q", "%YQ%q"), ("%Y-Q%q", "%Y-Q%q"), ("%Y Q%q", "%Y Q%q"), ("Q%q %Y", "Q%q %Y"),
        ("%qQ%Y", "%qQ%Y"),
    ],
)  # fmt: skip
def test_months_and_quarters_are_read_as_their_first_day(written, format):
    texts = [notations.written(month, written) for month in MONTHS]
    found = recognised(texts)
    assert found.format == format and not found.others
    firsts = [month.replace(month=3 * ((month.month - 1) // 3) + 1) if "%q" in written else month for month in MONTHS]
    wanted = np.array(firsts, "datetime64[us]").astype("int64")
    np.testing.assert_array_equal(notations.instants(texts, format)[0], wanted)
    graph, valid = dates.instants(tf.constant(texts), notations.patterns(format))
    assert valid.numpy().all() and (graph.numpy() == wanted).all()


def test_months_among_days_are_dates_too():
    assert recognised(["2024-01", "2024-02-03", "2024-05"]) == recognition.Recognised("")


def test_iso_dates_need_no_zeros_and_stand_beside_other_notations():
    assert recognised(["2024-1-1", "2024-11-5", "2023-02-28T7:00"]) == recognition.Recognised("")
    assert recognised(["31/12/2024", "1/2/2024", "2024-01-05"]) == recognition.Recognised("%d/%m/%Y")


def test_a_day_and_a_month_that_cannot_be_told_apart_are_said():
    for mark in "/.-":
        found = recognised([f"01{mark}02{mark}2024", f"11{mark}12{mark}2024"])
        assert found.format is None and "no day is beyond 12" in found.reason
        assert found.formats == (f"%d{mark}%m{mark}%Y", f"%m{mark}%d{mark}%Y")
    found = recognised(["31/12/2024", "12/30/2024", "01/02/2024"])
    assert found.format is None and "both orders, as in '31/12/2024' and '12/30/2024'" in found.reason
    assert recognised(["31/12/24", "30/11/23"]).formats == ("%d/%m/%y", "%y/%m/%d")
    assert recognised(["01/02/2024", "11/12/2024"], "%d/%m/%Y") == recognition.Recognised("%d/%m/%Y")


@pytest.mark.parametrize("written", ["%Y-%m-%d-%H.%M", "%d.%m.%Y %H Uhr", "%G-W%V", "%Y-%m-%d 10:30 PST"])
def test_what_begins_like_a_date_and_is_not_read_is_said(written):
    texts = [day.strftime(written) for day in DAYS]
    found = recognised(texts)
    assert (found.format, found.formats, found.example) == (None, (), texts[0])
    assert "begin like dates, but are not written in one of the known notations" in found.reason


def test_over_nine_in_ten_must_be_dates():
    days = [day.strftime("%d/%m/%Y") for day in DAYS]
    assert recognised([*days[:19], "soon"]) == recognition.Recognised("%d/%m/%Y", ("soon",))
    assert recognised([*days[:19], "30/02/2024"]).others == ("30/02/2024",)
    assert recognised([*days[:9], "soon"]) is None and recognised([*days[:18], "soon", "late"]) is None
    assert recognition.recognise(["2024-01-01", "soon"], [19, 1]) == recognition.Recognised("", ("soon",))


@pytest.mark.parametrize(
    "texts",
    [
        ["a", "b"],
        ["12", "7"],
        ["2019-01", "1024-12"],
        ["2001-02", "2002-03", "2011-12"],
        ["3/2800", "2/2024"],
        ["2024Q5", "2024Q6"],
        ["1-2", "3-4"],
        ["10.0.0.1", "10.0.0.2"],
        ["", "NA"],
        ["12:30", "9:15"],
    ],
)
def test_other_texts_are_no_dates(texts):
    assert recognised(texts) is None
