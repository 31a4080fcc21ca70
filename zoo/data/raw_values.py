"""What single raw values mean: which are missing, which are numbers, and the text that a value is served as."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

import numpy as np
import pandas as pd

BLANKS = " \t\n\v\f\r"  # what tf.strings.strip strips, which is less than Python's
MISSING = ("", "?", "NA", "N/A", "NaN", "nan", "<NA>")
MAY_BE_NUMBER = re.compile(r"\d|inf|nan", re.IGNORECASE)


def plain_values(values: Iterable) -> list:
    """Returns values as Python's own: ints, floats, bools, strings."""
    return [value.item() if isinstance(value, np.generic) else value for value in values]


def is_missing(values: pd.Series) -> np.ndarray:
    """Returns where values are missing: NaN, NA, None, and in strings blanks, `?`, `NA`, `N/A`."""
    missing = values.isna().to_numpy()
    if is_stringlike(values.dtype):
        missing = missing | values.isin([*MISSING, " "]).to_numpy()
    return missing


def is_stringlike(dtype) -> bool:
    """Returns whether a column of this dtype may hold strings."""
    return (
        pd.api.types.is_object_dtype(dtype)
        or pd.api.types.is_string_dtype(dtype)
        or isinstance(dtype, pd.CategoricalDtype)
    )


def as_numbers(values: pd.Series) -> np.ndarray | None:
    """Returns the column as float64 with NaN where it is missing, or None if it holds anything but numbers."""
    if pd.api.types.is_bool_dtype(values.dtype) or pd.api.types.is_numeric_dtype(values.dtype):
        if pd.api.types.is_complex_dtype(values.dtype):
            return None
        return values.to_numpy(dtype="float64", na_value=np.nan)
    if not is_stringlike(values.dtype):
        return None
    codes, uniques = pd.factorize(values)
    values = np.asarray(uniques, dtype=object).tolist()
    missing = np.array([value in MISSING or (isinstance(value, str) and not value.strip()) for value in values], bool)
    words = (value for value, absent in zip(values, missing) if isinstance(value, str) and not absent)
    if not all(map(MAY_BE_NUMBER.search, words)):  # checked here since pandas takes a millisecond a column
        return None
    uniques = pd.Series([as_float(value) if type(value) is int else value for value in values], dtype=object)
    if any(isinstance(value, (bytes, complex, pd.Timestamp)) for value in uniques):
        return None
    try:
        numbers = pd.to_numeric(uniques.where(~missing), errors="coerce").to_numpy("float64", na_value=np.nan)
    except OverflowError:  # an integer beyond float64
        return None
    if np.any(np.isnan(numbers) & ~missing) or missing.all():
        return None
    return np.append(numbers, np.nan)[codes]


def as_float(value) -> float:
    """Returns a real number of Python as a float, an infinite one where it is beyond float64."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def text_of(value) -> str:
    """Returns the string of a value in a column of texts."""
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def level_name(value) -> str:
    """Returns the string that a category is served as: whole floats lose their `.0`, booleans are `true`, `false`."""
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        return str(int(value)) if float(value).is_integer() else repr(float(value))
    return str(value).strip(BLANKS)
