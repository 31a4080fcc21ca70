"""Dates: ISO 8601 strings, parsed by string operations that an exported model can hold.

days since 1970-01-01 (a number like any other), and sine and cosine of the day in the year, of the weekday and,
where times occur in training, of the hour
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from zoo import notices

ISO = r"^\s*(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?(?:Z|([+-])(\d{2}):?(\d{2}))?\s*$"
PARTS = ("year sine", "year cosine", "week sine", "week cosine")
TIME_PARTS = ("day sine", "day cosine")


# What stands for a date in graphs without strings: 1 and these numbers, or zeros where the string is no date. The sign
# is that of the zone, 0 for Greenwich.
FIELDS = ("is date", "year", "month", "day", "hour", "minute", "second", "sign", "zone hours", "zone minutes")


def as_iso(values: pd.Series) -> np.ndarray:
    """Returns dates as ISO 8601 strings, `""` where they are missing; strings stay as they are."""
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        if getattr(values.dtype, "tz", None) is not None:
            values = values.dt.tz_convert("UTC").dt.tz_localize(None)
        texts = np.datetime_as_string(values.to_numpy("datetime64[s]")).astype(object)
        return np.where(values.isna().to_numpy(), "", texts).astype(object)
    strings = values.astype(object).map(lambda v: v.isoformat() if hasattr(v, "isoformat") else v)
    return np.where(values.isna().to_numpy(), "", strings.astype(str).to_numpy(object)).astype(object)


def has_times(texts: np.ndarray) -> bool:
    """Returns whether any date has a time other than midnight."""
    series = pd.Series(texts, dtype=object).astype(str)
    return bool(series.str.contains(r"[T ](?!00:00(?::00(?:\.0+)?)?(?:Z|$))\d{2}:\d{2}").any())


def parse(texts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns days since 1970-01-01 and whether each text is a date, as the graph finds them."""
    tf = notices.import_module("tensorflow")
    days, valid, _, _ = fields(tf.constant(texts, tf.string))
    return days.numpy(), valid.numpy()


def fields(texts):
    """Returns tensors `(batch,)`: days since 1970-01-01, validity, share of the year past, share of the day past."""
    import tensorflow as tf

    def group(pattern):
        number = tf.strings.regex_replace(safe, ISO, pattern)
        return tf.strings.to_number(number, tf.float32)

    matches = tf.strings.regex_full_match(texts, ISO[1:-1])
    safe = tf.where(matches, texts, "1970-01-01")
    year, month, day = (tf.cast(group(pattern), tf.int32) for pattern in (r"\1", r"\2", r"\3"))
    hour, minute, second = (group(pattern) for pattern in (r"0\4", r"0\5", r"0\6"))
    offset = group(r"\70\8") + group(r"\70\9") / 60.0  # hours east of Greenwich
    valid = matches & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31) & (hour < 24.0) & (minute < 60.0)
    share = (hour - offset + minute / 60.0 + second / 3600.0) / 24.0
    whole = tf.cast(_days(year, month, day), tf.float32)
    start = tf.cast(_days(year, tf.ones_like(month), tf.ones_like(day)), tf.float32)
    return whole + share, valid, (whole - start) / 365.25, share


def fields_of_numbers(numbers):
    """Returns what `fields` returns, from `FIELDS` of each date `(batch, 10)`."""
    import tensorflow as tf

    found, year, month, day, hour, minute, second, sign, zone_hours, zone_minutes = tf.unstack(numbers, axis=1)
    valid = (found > 0) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31) & (hour < 24.0) & (minute < 60.0)
    first = tf.ones_like(year)
    year, month, day = (tf.where(valid, part, value) for part, value in ((year, 1970.0), (month, 1.0), (day, 1.0)))
    year, month, day, first = (tf.cast(part, tf.int32) for part in (year, month, day, first))
    share = (hour - sign * (zone_hours + zone_minutes / 60.0) + minute / 60.0 + second / 3600.0) / 24.0
    whole = tf.cast(_days(year, month, day), tf.float32)
    start = tf.cast(_days(year, first, first), tf.float32)
    return whole + share, valid, (whole - start) / 365.25, share


def _days(year, month, day):
    """Returns days since 1970-01-01 in the proleptic Gregorian calendar, from integers (years counted from March)."""
    import tensorflow as tf

    shifted = year - tf.cast(month <= 2, tf.int32)
    era = shifted // 400
    of_era = shifted - era * 400
    of_year = (153 * (month + tf.where(month > 2, -3, 9)) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


def parts(fields, times: bool):
    """Returns the parts of dates `(batch, 4 or 6)`: sines and cosines, 0 where the date is missing.

    Args:
        fields: What `fields` returned.
        times: Whether the hour counts.
    """
    import tensorflow as tf

    days, valid, year, day = fields
    week = tf.math.floormod(tf.floor(days) + 3.0, 7.0) / 7.0  # 1970-01-01 was a Thursday; Monday is 0
    turns = [year, week, day] if times else [year, week]
    waves = [wave(2.0 * np.pi * turn) for turn in turns for wave in (tf.sin, tf.cos)]
    return tf.where(valid[:, None], tf.stack(waves, axis=1), 0.0)
