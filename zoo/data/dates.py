"""Dates as numbers: instants in whole microseconds, and features of them.

An instant is an integer of microseconds since 1970-01-01 UTC. Whatever the notation and the zone of a date, its
features follow from its instant, by the same operations in training and in the served graph:

    days            since 1970-01-01 less the column's offset, a number like any other
    year, week      how far the year and the week have turned, as sine and cosine
    day             how far the day has turned, where times occur in training
    month           how far the month has turned, of 31 days, where the encoding `months` is on
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import numpy as np
import pandas as pd

from zoo.data.notations import DAY, FIRST_SHORT_YEAR, HOUR, MARKS, MINUTE, MONTHS, SECOND, UNKNOWN, Pattern

PARTS = ("year sine", "year cosine", "week sine", "week cosine")
TIME_PARTS = ("day sine", "day cosine")
MONTH_PARTS = ("month sine", "month cosine")
# Radians a day, a weekday, a microsecond, a day of a month. One factor each, since TensorFlow's graph optimizer turns
# quotients, and chains of products by constants, into one product, whose last bit may then differ from that of eager
# operations.
OF_YEAR, OF_WEEK, OF_DAY, OF_MONTH = (np.float32(2 * np.pi / turn) for turn in (365.25, 7, DAY, 31))
SHARE = np.float32(1 / DAY)

# What stands for a date in graphs without strings: 1 (2 without a day, as in 2024-01) and these numbers, or zeros where
# the string is no date. The sign is that of the zone, 0 for Greenwich; the half is 1 for AM, 2 for PM, else 0.
FIELDS = (
    *("is date", "year", "month", "day", "hour", "minute", "second"),
    *("sign", "zone hours", "zone minutes", "microsecond", "half"),
)


def of_datetimes(values: pd.Series) -> np.ndarray:
    """Returns the instants `(rows,)` of a column of datetime64; those without a zone are taken as UTC."""
    if getattr(values.dtype, "tz", None) is not None:
        values = values.dt.tz_convert("UTC").dt.tz_localize(None)
    return values.to_numpy("datetime64[us]").astype("int64")  # NaT is UNKNOWN


def of_date(value: datetime.date) -> int:
    """Returns the instant of a date or datetime of Python or a Timestamp; one without a zone is taken as UTC."""
    days = value.toordinal() - datetime.date(1970, 1, 1).toordinal()
    if not isinstance(value, datetime.datetime):
        return days * DAY
    clock = value.hour * HOUR + value.minute * MINUTE + value.second * SECOND + value.microsecond
    east = value.utcoffset() or datetime.timedelta(0)
    return days * DAY + clock - (east // datetime.timedelta(microseconds=1))


def written(instants: np.ndarray) -> np.ndarray:
    """Returns instants as strings of ISO 8601, `""` where they are unknown."""
    moments = instants.astype("int64").view("datetime64[us]")
    whole = np.all((instants % DAY == 0) | (instants == UNKNOWN))
    texts = np.datetime_as_string(moments, unit="D" if whole else "auto").astype(object)
    return np.where(instants == UNKNOWN, "", texts).astype(object)


# The same in TensorFlow.


def instants(texts, patterns: Sequence[Pattern], missing: Sequence[str] = ()):
    """Returns tensors `(batch,)`: the instants of texts, and whether each is a date or missing.

    Args:
        texts: A tensor of strings.
        patterns: Ways to write dates, the first that matches before the others.
        missing: Further texts that count as missing.
    """
    import tensorflow as tf

    stripped = tf.strings.strip(texts)
    marks = tf.constant([*MARKS, *missing])
    absent = tf.reduce_any(stripped[:, None] == marks[None], axis=1)
    found = tf.fill(tf.shape(texts), tf.constant(UNKNOWN, tf.int64))
    valid, open_ = absent, ~absent
    for pattern in patterns:
        matches = open_ & tf.strings.regex_full_match(texts, pattern.expression)
        instant, exists = _of_parts(tf.where(matches, texts, "1970-01-01"), matches, pattern)
        found = tf.where(matches & exists, instant, found)
        valid, open_ = valid | (matches & exists), open_ & ~matches
    return found, valid


def _of_parts(texts, matches, pattern: Pattern):
    """Returns the instants of texts that match a pattern, and whether there are such days and hours."""
    import tensorflow as tf

    plain = tf.where(matches, tf.strings.regex_replace(texts, pattern.expression, pattern.rewrite), "1970|1|1||||||")
    parts = tf.reshape(tf.strings.split(plain, "|").flat_values, (-1, 9))
    year, month, day, hour, minute, second, fraction, half, zone = tf.unstack(parts, axis=1)

    def number(digits):
        return tf.strings.to_number("0" + digits, tf.int64)

    if pattern.named_months:
        months = tf.constant(MONTHS)
        name = tf.strings.substr(tf.strings.lower(month) + "   ", 0, 3)
        same = tf.cast(name[:, None] == months[None], tf.int64)
        of_month = tf.reduce_sum(same * tf.range(1, 13, dtype=tf.int64), axis=1)
    else:
        of_month = number(month)
    if pattern.quarters:
        of_month = 3 * of_month - 2
    of_year = number(year)
    if pattern.short_year:
        of_year = _full_year(of_year)
    letter = tf.strings.lower(tf.strings.substr(half + " ", 0, 1))
    halves = tf.cast(letter == "a", tf.int64) + 2 * tf.cast(letter == "p", tf.int64)
    digits = tf.strings.regex_replace(zone, "[^0-9]", "")
    short = tf.strings.length(digits) <= 2
    east = tf.where(short, number(digits) * 100, number(digits))
    sign = tf.cast(tf.strings.regex_full_match(zone, "[+].*"), tf.int64) - tf.cast(
        tf.strings.regex_full_match(zone, "-.*"), tf.int64
    )
    return _instant(
        of_year,
        of_month,
        tf.where(day == "", tf.ones_like(of_year), number(day)),
        number(hour),
        number(minute),
        number(second),
        tf.strings.to_number(tf.strings.substr(fraction + "000000", 0, 6), tf.int64),
        halves,
        sign,
        east // 100,
        east - east // 100 * 100,
    )


def instants_of_numbers(numbers, short_year: bool = False):
    """Returns the instants of `FIELDS` of each date `(batch, 12)`, for graphs without strings; others are unknown."""
    import tensorflow as tf

    is_date, year, month, day, hour, minute, second, sign, zone_hours, zone_minutes, fraction, half = (
        tf.cast(part, tf.int64) for part in tf.unstack(numbers, axis=1)
    )
    if short_year:
        year = _full_year(year)
    day = tf.where(is_date > 1, tf.ones_like(day), day)
    instant, exists = _instant(year, month, day, hour, minute, second, fraction, half, sign, zone_hours, zone_minutes)
    return tf.where((is_date > 0) & exists, instant, tf.constant(UNKNOWN, tf.int64))


def _full_year(year):
    """Returns the years of two digits as four, as POSIX has it; others as they are."""
    import tensorflow as tf

    century = tf.where(year >= FIRST_SHORT_YEAR, tf.constant(1900, tf.int64), 2000)
    return tf.where(year >= 100, year, year + century)


def _instant(year, month, day, hour, minute, second, fraction, half, sign, zone_hours, zone_minutes):
    """Returns instants, and whether there are such days and hours, from tensors of whole numbers."""
    import tensorflow as tf

    one = tf.ones_like(year)
    twelve = (half > 0) & ((hour < 1) | (hour > 12))
    hour = tf.where(half > 0, hour - 12 * tf.cast(hour == 12, tf.int64) + 12 * tf.cast(half > 1, tf.int64), hour)
    known = (month >= 1) & (month <= 12) & (hour < 24) & (minute < 60) & (second < 60) & ~twelve
    known &= (zone_hours < 24) & (zone_minutes < 60)
    month = tf.where(known, month, one)
    last = month == 12
    first_day = days(year, month, one)
    length = days(year + tf.cast(last, tf.int64), tf.where(last, one, month + 1), one) - first_day
    known &= (day >= 1) & (day <= length)
    clock = hour * HOUR + minute * MINUTE + second * SECOND + fraction
    east = sign * (zone_hours * HOUR + zone_minutes * MINUTE)
    return (first_day + day - 1) * DAY + clock - east, known


def days(year, month, day):
    """Returns days since 1970-01-01 in the proleptic Gregorian calendar, from integers (years counted from March)."""
    import tensorflow as tf

    shifted = year - tf.cast(month <= 2, year.dtype)
    era = shifted // 400
    of_era = shifted - era * 400
    of_year = (153 * (month + tf.where(month > 2, tf.constant(-3, year.dtype), 9)) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


def _first_day_of_year(day):
    """Returns the day number of the first of January of the year of each day number."""
    import tensorflow as tf

    from_march = day + 719_468
    era = from_march // 146_097
    of_era = from_march - era * 146_097
    year = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365  # begins on the first of March
    of_year = of_era - (365 * year + year // 4 - year // 100)
    year += era * 400 + tf.cast(of_year >= 306, day.dtype)  # January is the 306th day from March on
    one = tf.ones_like(year)
    return days(year, one, one)


def _day_of_month(day):
    """Returns the day of the month of each day number, the first being 0."""
    from_march = day + 719_468
    of_era = from_march - from_march // 146_097 * 146_097
    year = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    return of_year - (153 * ((5 * of_year + 2) // 153) + 2) // 5


def fields(instants, offsets: Sequence[int], *, months: bool = False):
    """Returns tensors `(batch, columns)`: days less an offset, whether each is known, angles of year, week and day.

    All columns go through the same operations, for a graph of thousands of them takes long to trace and to optimize.

    Args:
        instants: A tensor of instants `(batch, columns)`.
        offsets: Days since 1970-01-01 that are subtracted from each column before the cast to float32.
        months: Whether the angle of the month comes last.
    """
    import tensorflow as tf

    offset = np.array(offsets, "int64")
    known = instants != UNKNOWN
    safe = tf.where(known, instants, tf.constant(offset * DAY, tf.int64))
    day = safe // DAY
    clock = tf.cast(safe - day * DAY, tf.float32)
    of_year = tf.cast(day - _first_day_of_year(day), tf.float32)
    weekday = tf.cast(day + 3 - (day + 3) // 7 * 7, tf.float32)  # 1970-01-01 was a Thursday; Monday is 0
    whole = tf.cast(day - offset, tf.float32) + clock * SHARE
    angles = [of_year * OF_YEAR, weekday * OF_WEEK, clock * OF_DAY]
    if months:
        angles.append(tf.cast(_day_of_month(day), tf.float32) * OF_MONTH)
    return whole, known, *angles


def parts(fields, turns: Sequence[Sequence[int]]):
    """Returns the parts of dates `(batch, parts of all columns)`: sines and cosines, 0 where the date is missing.

    Args:
        fields: What `fields` returned.
        turns: Of each column, the places of the angles that count; one column has some.
    """
    import tensorflow as tf

    _, known, *angles = fields
    used = sorted({place for places in turns for place in places})
    waves = [wave(angles[place]) for place in used for wave in (tf.sin, tf.cos)]
    found = tf.where(known[:, :, None], tf.stack(waves, axis=2), 0.0)  # (batch, columns, parts)
    found = tf.reshape(found, (-1, len(turns) * len(waves)))
    wanted = [
        column * len(waves) + 2 * used.index(place) + wave
        for column, places in enumerate(turns)
        for place in places
        for wave in (0, 1)
    ]
    return found if len(wanted) == found.shape[1] else tf.gather(found, wanted, axis=1)
