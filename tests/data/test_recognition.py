"""Which notation the dates of a column have: over all values, and said where it cannot be told."""

import datetime

import numpy as np
import pytest

from zoo.data import notations, recognition


def recognised(texts, format=""):
    return recognition.recognise(texts, [1] * len(texts), format)


DAYS = [datetime.date(2023, 11, 20) + datetime.timedelta(days=5 * i) for i in range(20)]


@pytest.mark.parametrize(
    ("written", "format"),
    [
        *((form, form) for form in ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d")),
        *((form, form) for form in ("%d %b %Y", "%d-%b-%Y", "%b %d, %Y", "%a, %d %b %Y")),
        ("%B %d, %Y", "%b %d, %Y"), ("%d/%m/%Y %H:%M", "%d/%m/%Y"), ("%d.%m.%YT%H:%M:%SZ", "%d.%m.%Y"),
        ("%m/%d/%Y 11:30 PM", "%m/%d/%Y"), ("%Y-%m-%d", ""), ("%Y-%m-%d 00:00:00 UTC", ""),
        ("%Y%m%dT%H%M%S", "%Y%m%dT%H%M%S"), ("%d/%b/%Y:%H:%M:%S +0000", "%d/%b/%Y:%H:%M:%S %z"),
    ],
)  # fmt: skip
def test_the_notation_of_a_column_is_recognised(written, format):
    texts = [day.strftime(written) for day in DAYS]
    assert recognised(texts) == recognition.Recognised(format)
    found, exists = notations.instants(texts, format)
    assert exists.all() and (np.diff(found) == 5 * notations.DAY).all()


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
        ["2024-01", "2024-02"],
        ["1-2", "3-4"],
        ["10.0.0.1", "10.0.0.2"],
        ["", "NA"],
        ["12:30", "9:15"],
    ],
)
def test_other_texts_are_no_dates(texts):
    assert recognised(texts) is None
