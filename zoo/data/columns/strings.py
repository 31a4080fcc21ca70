"""Strings of raw values, which the kinds of strings share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from zoo.data.columns.natural import check_utf8, natural
from zoo.data.schema import Column

UNSEEN = "Никогда не видано"  # what no training has met, for proofs
FEW_ROWS = 32  # columns of at most so many rows are read value by value, which is then quicker than pandas


def series(values, column: Column) -> pd.Series:
    """Returns a column as a Series, its objects as `natural` turns them.

    Raises:
        ValueError: if it has more than one value a row, or bytes that are no text.
    """
    if isinstance(values, pd.Series):
        first = None if values.dtype != object else next((value for value in values if value is not None), None)
        if isinstance(first, np.ndarray):  # `natural` refuses the others
            raise ValueError(
                f"The column {column.name!r} must have one value a row. Received: an array of the shape {first.shape}. "
                "Give each of its values a column, or repair the row."
            )
        return natural(values, column.name)
    array = np.asarray(values) if not np.isscalar(values) else np.asarray([values])
    if array.ndim != 1:
        raise ValueError(
            f"The column {column.name!r} must have one value a row. Received: the shape {array.shape}. Give each of "
            "its values a column."
        )
    return natural(pd.Series(np.char.decode(array, "utf-8") if array.dtype.kind == "S" else array), column.name)


def strings(values, column: Column, written: Callable) -> np.ndarray:
    """Returns a column as strings `(rows,)`, `""` where a value is missing.

    Args:
        values: The column.
        column: What it is.
        written: Function from a value to its string.
    """
    values = series(values, column)
    if len(values) <= FEW_ROWS:
        found = ["" if gone else written(value) for value, gone in zip(values.tolist(), values.isna().tolist())]
        check_utf8(found, column.name)
        return np.array(found, dtype=object)
    names, codes = distinct(values, written)
    check_utf8(names, column.name)
    return names[codes]


def distinct(values: pd.Series, written: Callable) -> tuple[np.ndarray, np.ndarray]:
    """Returns the distinct strings of a column with `""` appended, and the index of each row's string."""
    codes, uniques = pd.factorize(values.astype(object) if isinstance(values.dtype, pd.CategoricalDtype) else values)
    return np.array([*(written(value) for value in uniques), ""], dtype=object), codes


def of_strings(values) -> np.ndarray:
    """Returns values as an array of strings."""
    return np.array([str(value) for value in values], dtype=object)


def string_cases(values: np.ndarray, turn: int) -> dict[str, np.ndarray]:
    """Returns the cases of a proof for a column of strings: every other one missing, all unseen, all empty."""
    return {
        "missing": np.where((np.arange(len(values)) + turn) % 2 == 0, "", values).astype(object),
        "empty": np.full(len(values), "", object),
        "unseen": np.full(len(values), UNSEEN, object),
    }
