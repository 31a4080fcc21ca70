"""Notations of dates: what `datetime` reads, in Python one by one, in Python all at once, and in the graph."""

import datetime
import itertools

import numpy as np
import pytest
import tensorflow as tf

from zoo.data import dates, notations

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
MOMENTS = [
    datetime.datetime(*parts, tzinfo=datetime.UTC)
    for parts in ((2024, 2, 29, 13, 5, 9), (1969, 12, 31, 23, 59, 59), (2000, 1, 1), (1900, 3, 1, 12), (9999, 12, 31))
]


def microseconds(moment: datetime.datetime) -> int:
    return (moment - EPOCH) // datetime.timedelta(microseconds=1)


def read_in_three_ways(texts, format):
    """Returns the instants of texts, None for those that are no dates, once all ways have agreed."""
    one_by_one = [notations.instant(text, format) for text in texts]
    many, are_dates = notations.instants(texts * (notations.FEW_TEXTS // len(texts) + 2), format)
    graph, valid = dates.instants(tf.constant(texts), notations.patterns(format))
    ways = ((many[: len(texts)], are_dates[: len(texts)]), (graph.numpy(), valid.numpy()))
    for found, exists in ways:
        assert [int(v) if known else None for v, known in zip(found, exists)] == one_by_one
    return one_by_one


@pytest.mark.parametrize(
    ("format", "written"),
    [
        ("", "%Y-%m-%d %H:%M:%S"),
        ("", "%Y-%m-%dT%H:%M:%SZ"),
        ("", "%Y-%m-%dT%H:%M:%S.000000+00:00"),
        ("%d/%m/%Y", "%d/%m/%Y %H:%M:%S"),
        ("%m/%d/%Y", "%m/%d/%Y %I:%M:%S %p"),
        ("%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S"),
        ("%Y/%m/%d", "%Y/%m/%dT%H:%M:%S UTC"),
        ("%b %d, %Y", "%B %d, %Y %H:%M:%S"),
        ("%a, %d %b %Y %H:%M:%S %z", "%a, %d %b %Y %H:%M:%S +0000"),
        ("%a %b %d %H:%M:%S %Y", "%a %b %d %H:%M:%S %Y"),
        ("%Y%m%d%H%M%S", "%Y%m%d%H%M%S"),
        ("%d-%b-%Y", "%d-%b-%Y %H:%M:%S"),
        ("%F %T", "%Y-%m-%d %H:%M:%S"),
    ],
)
def test_a_notation_reads_what_strftime_writes(format, written):
    texts = [moment.strftime(written) for moment in MOMENTS]
    assert read_in_three_ways(texts, format) == list(map(microseconds, MOMENTS))
    assert read_in_three_ways([text.upper() for text in texts], format) == list(map(microseconds, MOMENTS))
    assert read_in_three_ways([f" {moment:%Y-%m-%d}\t" for moment in MOMENTS], format) == [
        microseconds(moment.replace(hour=0, minute=0, second=0)) for moment in MOMENTS
    ]


@pytest.mark.parametrize("hours", [2, -9.5, 14, 0])
def test_a_zone_is_subtracted(hours):
    zone = datetime.timezone(datetime.timedelta(hours=hours))
    moments = [moment.astimezone(zone) for moment in MOMENTS[:3]]
    texts = [moment.isoformat() for moment in moments] + [moment.strftime("%Y-%m-%d %H:%M:%S %z") for moment in moments]
    assert read_in_three_ways(texts, "") == 2 * list(map(microseconds, MOMENTS[:3]))


def test_fractions_of_a_second_are_read_to_the_microsecond():
    texts = [
        "1970-01-01T00:00:00.5",
        "1970-01-01T00:00:00.123456789",
        "1969-12-31T23:59:59.999999",
        "1970-01-01 00:00:01.000001",
    ]
    assert read_in_three_ways(texts, "") == [500_000, 123_456, -1, 1_000_001]


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("", "2023-02-29"), ("", "2023-02-30"), ("", "2023-13-01"), ("", "2023-00-01"), ("", "2023-01-00"),
        ("", "2023-04-31"), ("", "2023-01-01T24:00"), ("", "2023-01-01 10:60"), ("", "2023-01-01 10:00:60"),
        ("", "2023-01-01T10:00+25:00"), ("", "2023-01-01T10:00+02:60"), ("", "2023-01-01 13:00 PM"),
        ("", "2023-01-01 00:30 AM"), ("", "31/12/2023"), ("", "20230101"), ("", "2023"), ("", "x2023-01-01"),
        ("", "2023-01-01x"), ("", "1e5"), ("", "٢٠٢٣-٠١-٠١"), ("%d/%m/%Y", "12/31/2023"), ("%d/%m/%Y", "31/12/23"),
        ("%d/%m/%Y", "31.12.2023"), ("%b %d, %Y", "Foo 1, 2023"), ("%Y%m%d", "2023111"),
        # What has the column's own notation is not tried as ISO 8601 beside it.
        ("%Y-%d-%m", "2023-12-31"),
    ],
)  # fmt: skip
def test_what_is_no_date_is_none(format, text):
    assert read_in_three_ways([text], format) == [None]


def test_years_of_two_digits_are_as_strptime_has_them():
    for year in ("00", "24", "68", "69", "99"):
        expected = datetime.datetime.strptime(f"31/01/{year}", "%d/%m/%y").replace(tzinfo=datetime.UTC)
        assert read_in_three_ways([f"31/01/{year}"], "%d/%m/%y") == [microseconds(expected)]


def test_a_month_is_read_as_its_first_day():
    assert read_in_three_ways(["2024-03"], "") == [microseconds(datetime.datetime(2024, 3, 1, tzinfo=datetime.UTC))]


@pytest.mark.parametrize(
    ("format", "match"),
    [
        ("%d/%m", "a month and, unless months are meant, a day. Received: '%d/%m', without the year. Write it as"),
        ("%Y", "without the month. Write it as"),
        ("%Y-%m %H:%M", "without the day. Write it as"),
        ("%H:%M", "without the year and the month and the day"),
        ("%d/%m/%Y %y", "each part once. Received: '%d/%m/%Y %y', with two of the year"),
        ("%j %Y", "must have the directives %Y, .* Received: '%j' in '%j %Y'"),
        ("dd/mm/yyyy", "without the year and the month"),
    ],
)
def test_a_format_that_is_none_is_refused(format, match):
    with pytest.raises(ValueError, match=match):
        notations.patterns(format)


def test_the_angles_of_year_week_and_day_follow_the_calendar():
    days = [
        datetime.datetime(year, month, day, 6, tzinfo=datetime.UTC)
        for year, month, day in itertools.product((1, 1900, 1969, 2000, 2023, 2024), (1, 2, 3, 12), (1, 28))
    ]
    instants = tf.constant([[instant] for instant in (*map(microseconds, days), notations.UNKNOWN)])
    found, known, year, week, share = (part[:, 0] for part in dates.fields(instants, [0]))
    assert known.numpy().tolist() == [True] * len(days) + [False]
    turn = 2 * np.pi
    np.testing.assert_allclose(year[:-1], [turn * (day.timetuple().tm_yday - 1) / 365.25 for day in days], rtol=1e-6)
    np.testing.assert_allclose(week[:-1], [turn * day.weekday() / 7 for day in days], rtol=1e-6)
    np.testing.assert_allclose(share[:-1], turn / 4, rtol=1e-6)
    np.testing.assert_allclose(found[:-1], [(day - EPOCH) / datetime.timedelta(days=1) for day in days], rtol=1e-7)
