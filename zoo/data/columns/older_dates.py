"""Dates in states of earlier versions, which are read and encoded as those versions did.

ISO 8601 alone, anything else counts as missing; days since 1970-01-01 in float32; the day in the year by the date as it
is written, in its own zone. Columns fitted since have an `offset` in their state: see `zoo.data.columns.date`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from zoo.data import dates
from zoo.data.columns.date import Date
from zoo.data.columns.encodings import Encodings
from zoo.data.columns.kind import Group, State
from zoo.data.columns.number import is_absent
from zoo.data.columns.source_code import STRING_CONSTANTS, STRING_FUNCTIONS, Source
from zoo.data.columns.strings import series
from zoo.data.columns.table import Table
from zoo.data.notations import PARTS, Pattern
from zoo.data.schema import Column

ISO = r"^\s*(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?(?:Z|([+-])(\d{2}):?(\d{2}))?\s*$"
PATTERN = Pattern(ISO, PARTS, r"^\s*\d{4}-\d{2}-\d{2}")
FIELDS = 10  # the first of `dates.FIELDS`, which are those of earlier versions

DATE = '''
def date(values):
    """Returns days since 1970-01-01 (NaN where there is no date), and the shares of the year and of the day."""
    f, found = np.float32, np.zeros((3, len(values)), "float32")
    for i, text in enumerate(strings(values)):
        match = re.fullmatch(ISO, text, re.ASCII)
        year, month, day, hour, minute, second = [int(part or 0) for part in match.groups()[:6]] if match else [0] * 6
        if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60):
            found[0, i] = np.nan
            continue
        east = f((match[7] or "") + (match[8] or "0")) + f((match[7] or "") + (match[9] or "0")) / f(60)
        share = (f(hour) - east + f(minute) / f(60) + f(second) / f(3600)) / f(24)
        whole, start = f(day_number(year, month, day)), f(day_number(year, 1, 1))
        found[:, i] = whole + share, (whole - start) / f(365.25), share
    return found


def day_number(year, month, day):
    """Returns days since 1970-01-01; years are counted from March."""
    year -= month <= 2
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return year // 400 * 146097 + year % 400 * 365 + year % 400 // 4 - year % 400 // 100 + of_year - 719468


def turns(days, year, share, times):
    """Returns sine and cosine of the day in the year, of the weekday, and of the hour."""
    week = np.mod(np.floor(days) + 3, 7) / 7
    parts = [2 * np.float32(np.pi) * turn for turn in ([year, week, share] if times else [year, week])]
    waves = np.stack([wave(part) for part in parts for wave in (np.sin, np.cos)], axis=1)
    return np.where(np.isnan(days)[:, None], 0, waves)
'''


def as_iso(values: pd.Series) -> np.ndarray:
    """Returns dates as ISO 8601 strings, `""` where they are missing; strings stay as they are."""
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        if getattr(values.dtype, "tz", None) is not None:
            values = values.dt.tz_convert("UTC").dt.tz_localize(None)
        texts = np.datetime_as_string(values.to_numpy("datetime64[s]")).astype(object)
        return np.where(values.isna().to_numpy(), "", texts).astype(object)
    strings = values.astype(object).map(lambda v: v.isoformat() if hasattr(v, "isoformat") else v)
    return np.where(values.isna().to_numpy(), "", strings.astype(str).to_numpy(object)).astype(object)


def _fields(texts):
    """Returns what `dates.fields` returns, of strings."""
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
    whole = tf.cast(dates.days(year, month, day), tf.float32)
    start = tf.cast(dates.days(year, tf.ones_like(month), tf.ones_like(day)), tf.float32)
    days, week = whole + share, tf.math.floormod(tf.floor(whole + share) + 3.0, 7.0) / 7.0
    return days, valid, *(2.0 * np.pi * turn for turn in ((whole - start) / 365.25, week, share))


def _fields_of_numbers(numbers):
    """Returns what `fields` returns, from the first `FIELDS` numbers of each date."""
    import tensorflow as tf

    found, year, month, day, hour, minute, second, sign, zone_hours, zone_minutes = tf.unstack(numbers, axis=1)
    valid = (found > 0) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31) & (hour < 24.0) & (minute < 60.0)
    first = tf.ones_like(year)
    year, month, day = (tf.where(valid, part, value) for part, value in ((year, 1970.0), (month, 1.0), (day, 1.0)))
    year, month, day, first = (tf.cast(part, tf.int32) for part in (year, month, day, first))
    share = (hour - sign * (zone_hours + zone_minutes / 60.0) + minute / 60.0 + second / 3600.0) / 24.0
    whole = tf.cast(dates.days(year, month, day), tf.float32)
    start = tf.cast(dates.days(year, first, first), tf.float32)
    days, week = whole + share, tf.math.floormod(tf.floor(whole + share) + 3.0, 7.0) / 7.0
    return days, valid, *(2.0 * np.pi * turn for turn in ((whole - start) / 365.25, week, share))


class OlderDate(Date):
    """Dates whose state an earlier version made."""

    block_dtype = "object"

    def of_state(self, state: State) -> OlderDate:
        return self

    def read(self, values, column: Column, state: State) -> np.ndarray:
        return as_iso(series(values, column))

    def served(self, values, column: Column, state: State) -> np.ndarray:
        return self.read(values, column, state)

    def prepare(self, group: Group) -> None:
        return None

    def read_cells(self, cells: list[list], group: Group) -> np.ndarray | None:
        read = [[_cell(value) for value in values] for values in cells]
        if any(None in values for values in read):
            return None
        return np.array(read, object).T

    def read_group(self, table: Table, group: Group) -> np.ndarray:
        return np.stack([self.read(table.column(c.name), c, {}) for c in group.columns], axis=1)

    def read_graph_group(self, tensors: Sequence, group: Group, tables: Sequence):
        import tensorflow as tf

        return tf.stack(list(tensors), axis=1)

    def parse_group(self, block, group: Group, tables: Sequence) -> tuple:
        import tensorflow as tf

        return _beside([_fields(values) for values in tf.unstack(block, num=len(group.columns), axis=1)])

    def onnx_numbers(self, nodes, name: str, column: Column, state: State) -> str:
        return nodes.date(name, (PATTERN,))

    def parse_converted(self, tensors: Sequence, group: Group, tables: Sequence) -> tuple:
        return _beside([_fields_of_numbers(tensor[:, :FIELDS]) for tensor in tensors])

    def source(self, group: Group, encodings: Encodings) -> Source:
        names = [str(column.name) for column in group.columns]
        turns = [f"turns(*dates[{i}], {bool(state['times'])})" for i, state in enumerate(group.states)]
        return Source(
            setup=(f"dates = [date(rows[name]) for name in {names!r}]  # days, shares of year and day",),
            numbers=("*(days for days, _, _ in dates)",),
            sections=() if encodings.raw else tuple(("part", turn) for turn in turns),
            constants={**STRING_CONSTANTS, "ISO": repr(ISO[1:-1])},
            functions={**STRING_FUNCTIONS, "date": DATE},
            modules=("re",),
        )


def _beside(parsed: list) -> tuple:
    """Returns the fields of several columns, each `(batch,)`, as `dates.fields` returns them, `(batch, columns)`."""
    import tensorflow as tf

    return tuple(tf.stack(fields, axis=1) for fields in zip(*parsed, strict=True))


def _cell(value) -> str | None:
    """Returns a date as a string, `""` if it is missing; None if the value has another type."""
    if type(value) is pd.Timestamp and value.tzinfo is None:
        return value.isoformat(timespec="seconds")
    return value if type(value) is str else "" if is_absent(value) else None


OLDER = OlderDate()
