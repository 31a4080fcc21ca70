"""Objects of Python and pandas as values that the kinds read.

    datetime.date, datetime, Timestamp, Period    datetime64; a period counts as the date of its start
    timedelta, Timedelta, datetime.time           seconds, of a time since midnight
    decimal.Decimal, fractions.Fraction           numbers
    dates among texts                             their text in ISO 8601
    Interval                                      its text
    values in a dictionary of Arrow               categories of pandas
    bytes                                         text in UTF-8

The same objects are read alike when a schema is inferred, in training and in prediction. Texts of times and durations,
as pandas and Python write them, are read as the same seconds.
"""

from __future__ import annotations

import datetime
import decimal
import fractions
import re
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from zoo.data import dates
from zoo.data.notations import MARKS, UNKNOWN

PLAIN = ("string", "floating", "integer", "mixed-integer-float", "boolean", "empty")  # as `infer_dtype` calls them
PLAIN_TYPES = {str, int, float, bool, type(None), type(pd.NA), type(pd.NaT), np.str_, np.float64, np.int64, np.bool_}
DURATION = re.compile(
    r"\s*(?:(?P<days>[+-]?\d+) days?,?\s*)?(?P<sign>[+-]?)"
    r"(?:(?P<hours>\d+):(?P<minutes>\d{2})(?::(?P<seconds>\d{2}(?:\.\d+)?))?)?\s*",
    re.ASCII,
)
LOOKED_AT = 1_000  # rows in which the first text must stand
# Times of day and durations that can be nothing else: hours up to 23 and minutes, or hours, minutes and seconds.
CLOCK = re.compile(
    r"\s*(?:[+-]?\d+ days?,?(?: *[+-]?\d+:[0-5]\d:[0-5]\d(?:\.\d+)?)?|(?:[01]?\d|2[0-3]):[0-5]\d"
    r"|-?\d+:[0-5]\d:[0-5]\d(?:\.\d+)?)\s*",
    re.ASCII,
)
WHAT_SECONDS_ARE = {
    "time": "Times of day are read as seconds since midnight.",
    "timedelta": "Durations are read as seconds.",
    "duration": "Durations are read as seconds.",
}


def natural(values: pd.Series, name=None) -> pd.Series:
    """Returns a column without objects that no kind reads, as the same Series where it has none.

    Args:
        values: The column.
        name: Its name, for the message.

    Raises:
        ValueError: if bytes are no text in UTF-8, or a row holds a list, a set or a dict.
    """
    dtype = values.dtype
    if isinstance(dtype, np.dtype):
        if dtype.kind == "m":
            return values.dt.total_seconds()
        if dtype == np.longdouble and dtype.itemsize > 8:  # pandas finds no distinct values of these
            return values.astype("float64")
        return _of_objects(values, name) if dtype.kind == "O" else values
    if isinstance(dtype, pd.PeriodDtype):
        return values.dt.to_timestamp()
    if isinstance(dtype, pd.IntervalDtype):
        return values.astype(object).map(str, na_action="ignore").astype(object)
    if isinstance(dtype, pd.CategoricalDtype):
        return _of_categories(values, name)
    if isinstance(dtype, pd.ArrowDtype) and pa.types.is_dictionary(dtype.pyarrow_dtype):
        return _of_categories(values.astype(object).astype("category"), name)
    if isinstance(dtype, pd.ArrowDtype) and issubclass(
        dtype.type, (datetime.date, datetime.time, datetime.timedelta, decimal.Decimal, bytes)
    ):
        return _of_objects(pd.Series(values.to_numpy(object, na_value=None), values.index, object), name)
    return values


def original(values: pd.Series) -> str:
    """Returns a column's dtype before `natural`, as pandas names it; of objects, what they all are: times, periods."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        inner = original(pd.Series(values.cat.categories))
        return inner if are_seconds(inner) else str(values.dtype)
    if values.dtype == object:
        found = pd.api.types.infer_dtype(values, skipna=True)
        if found.startswith("time"):
            return "time" if found == "time" else "timedelta"
        if found == "period":
            dtypes = {str(pd.PeriodDtype(value.freqstr)) for value in values if isinstance(value, pd.Period)}
            return dtypes.pop() if len(dtypes) == 1 else "object"
    return str(values.dtype)


def note(dtype: str) -> tuple[str, ...]:
    """Returns what was done to the values of a column of that original dtype, in sentences."""
    return tuple(text for start, text in WHAT_SECONDS_ARE.items() if re.match(rf"{start}(\W|\d|$)", dtype))


def are_seconds(dtype: str) -> bool:
    """Returns whether the numbers of a column of that original dtype are seconds."""
    return bool(note(dtype))


def seconds_of_text(text) -> float | None:
    """Returns the seconds of a duration or a time as pandas and Python write it, NaN for a mark; None for others."""
    if text in MARKS:
        return np.nan
    match = DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None or not any(match.groups()):
        return None
    clock = 3_600 * int(match["hours"] or 0) + 60 * int(match["minutes"] or 0) + float(match["seconds"] or 0)
    return 86_400 * int(match["days"] or 0) + (-clock if match["sign"] == "-" else clock)


def clocks(values: pd.Series, missing: Sequence[str] = ()) -> tuple[str, pd.Series] | None:
    """Returns `"time"` or `"timedelta"` and the seconds of a column of texts that are all times or durations.

    Args:
        values: The column.
        missing: Further texts that count as missing.

    Returns:
        None for other columns: `75:30`, which may be minutes, and texts without a `:` or days.
    """
    texts = (value for value in values.iloc[:LOOKED_AT] if isinstance(value, str))
    first = next((text for text in texts if text.strip() not in MARKS), None)
    if first is None or not CLOCK.fullmatch(first):
        return None
    codes, uniques = pd.factorize(values)
    others = [value for value in uniques if value not in missing]
    if not all(isinstance(value, str) and (value.strip() in MARKS or CLOCK.fullmatch(value)) for value in others):
        return None
    seconds = np.array([np.nan if value in missing else seconds_of_text(value.strip()) for value in uniques], "float64")
    of_a_day = np.nanmin(seconds) >= 0 and np.nanmax(seconds) < 86_400 and not any("day" in text for text in others)
    what = "time" if of_a_day else "timedelta"
    return what, pd.Series(np.append(seconds, np.nan)[codes], values.index, name=values.name)


def check_utf8(texts: Iterable, name) -> None:
    """Raises ValueError if a text of a column holds half of a pair of UTF-16, which neither files nor tensors hold.

    Args:
        texts: Its values; those that are no strings count as none.
        name: Its name, for the message.
    """
    texts = [text for text in texts if isinstance(text, str)]
    try:
        "".join(texts).encode("utf-8")
    except UnicodeEncodeError as error:
        odd = next(text for text in texts if any("\ud800" <= character <= "\udfff" for character in text))
        raise ValueError(
            f"The column {name!r} must hold text in UTF-8. Received: {odd!r}. Repair it: "
            "text.encode('utf-8', 'replace').decode()."
        ) from error


def is_date(value) -> bool:
    """Returns whether a value is a date or a moment of Python, pandas or numpy."""
    return isinstance(value, (datetime.date, np.datetime64)) and value is not pd.NaT


def plain(value, name=None):
    """Returns one object as a number, a date, or a text; others as they are.

    Raises:
        ValueError: if bytes are no text in UTF-8.
    """
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, (decimal.Decimal, fractions.Fraction)):
        return float(value)
    if isinstance(value, np.datetime64):
        return None if np.isnat(value) else pd.Timestamp(value)
    if isinstance(value, np.timedelta64):
        return None if np.isnat(value) else value / np.timedelta64(1, "s")
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, datetime.time):
        return 3_600 * value.hour + 60 * value.minute + value.second + value.microsecond / 1e6
    if isinstance(value, pd.Period):
        return value.start_time
    if isinstance(value, pd.Interval):
        return str(value)
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(
                f"The column {name!r} must hold text in UTF-8. Received: {value!r}. Decode it, or ignore the column."
            ) from error
    return value


def _of_objects(values: pd.Series, name) -> pd.Series:
    what = pd.api.types.infer_dtype(values, skipna=True)
    if what in PLAIN:
        return values
    if what.startswith("mixed") and set(map(type, values)) <= PLAIN_TYPES:
        return values
    try:
        codes, uniques = pd.factorize(values)
    except TypeError as error:  # arrays, lists and dicts have no hash
        first = next(value for value in values if value is not None)
        if isinstance(first, np.ndarray) and first.ndim > 0:  # a column of arrays
            return values
        first = next(value for value in values if value is not None and type(value).__hash__ is None)
        raise ValueError(
            f"The column {name!r} must hold numbers, strings, booleans or dates. Received: {type(first).__name__}. "
            "Ignore it."
        ) from error
    found = [plain(value, name) for value in uniques]
    if found and all(is_date(value) for value in found):
        instants = np.array([*map(dates.of_date, found), UNKNOWN], "int64").view("datetime64[us]")
        return pd.Series(instants[codes], values.index, name=values.name)
    if any(isinstance(value, str) for value in found) and any(map(is_date, found)):
        found = [value.isoformat() if is_date(value) else value for value in found]
    if all(one is other for one, other in zip(found, uniques)):
        return values
    if found and all(isinstance(value, float) for value in found):
        return pd.Series(np.array([*found, np.nan])[codes], values.index, name=values.name)
    column = np.empty(len(found) + 1, object)
    column[:-1] = found
    return pd.Series(column[codes], values.index, object, name=values.name)


def _of_categories(values: pd.Series, name) -> pd.Series:
    """Returns a categorical whose categories are objects with their texts, or as the values that they stand for."""
    categories = pd.Series(values.cat.categories)
    found = natural(categories, name)
    if pd.api.types.is_datetime64_any_dtype(found.dtype):
        return found.reindex(values.cat.codes).set_axis(values.index)
    if found is categories:
        return values
    if pd.api.types.is_numeric_dtype(found.dtype):
        return found.reindex(values.cat.codes).set_axis(values.index)
    return values.cat.rename_categories(found.tolist())
