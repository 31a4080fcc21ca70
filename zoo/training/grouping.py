"""Groups of rows by a column, for `zoo.evaluate(by=...)`: its values, or bins of its numbers, times or durations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from zoo.data.names import column_named, names_of
from zoo.scores import Groups

MOST_VALUES = 10  # of a column of numbers, times or durations; more are put into bins
BINS = 4  # quartiles
MOST_GROUPS = 1_000
MISSING = "(missing)"


def checked_column(by, loaded) -> Any:
    """Returns the column that groups are made by, as the data call it.

    Args:
        by: What the caller calls it, or None.
        loaded: The data.

    Raises:
        ValueError: if there is no such column.
    """
    if by is None:
        return None
    known = loaded.column_names if loaded.streaming else [*loaded.roles.columns, *names_of(loaded.target)]
    return column_named(by, known, "by")


def column_of(loaded, column) -> pd.Series:
    """Returns a column of data in memory, which may be the target."""
    if column in loaded.roles.columns:
        return loaded.roles[column]
    y = loaded.y
    return y[column] if isinstance(y, pd.DataFrame) else pd.Series(np.asarray(y).reshape(len(y), -1)[:, 0])


def groups_of(values: pd.Series, name) -> Groups:
    """Returns groups of rows.

    Numbers, times and durations of more than 10 different values are put into bins of about as many rows, by quartiles.
    Missing values are the last group. Levels of a categorical column that no row has are groups without rows.

    Args:
        values: The values of the column, one a row.
        name: The name of the column.

    Raises:
        ValueError: if there are too many groups.
    """
    values = pd.Series(values).reset_index(drop=True)
    if _is_measured(values) and values.nunique() > MOST_VALUES:
        values = pd.qcut(_finite(values), BINS, duplicates="drop")
    if not isinstance(values.dtype, pd.CategoricalDtype):
        try:
            values = values.astype("category")
        except TypeError:
            raise ValueError(
                f"`by` must be a column of single values. Received: by={name!r}, which holds values such as "
                f"{type(values.iloc[0]).__name__}. Name another column."
            ) from None
    labels: list[Any] = list(values.cat.categories)
    codes = values.cat.codes.to_numpy("int64")
    if len(labels) > MOST_GROUPS:
        raise ValueError(
            f"`by` must be a column of at most {MOST_GROUPS:,} groups. Received: by={name!r} with {len(labels):,} "
            "different values. Name another column, or make groups of these values."
        )
    labels = [str(label) if isinstance(label, pd.Interval) else label for label in labels]
    if (codes < 0).any():
        codes = np.where(codes < 0, len(labels), codes)
        labels.append(MISSING)
    return Groups(name, tuple(labels), codes)


def _is_measured(values: pd.Series) -> bool:
    """Returns whether values are numbers, times or durations, which can be put into bins."""
    types = pd.api.types
    is_number = types.is_numeric_dtype(values.dtype) and not types.is_bool_dtype(values.dtype)
    return is_number or types.is_datetime64_any_dtype(values.dtype) or types.is_timedelta64_dtype(values.dtype)


def _finite(values: pd.Series) -> pd.Series:
    """Returns values with the largest and the smallest finite number in place of infinite ones, which have no bins."""
    if values.dtype.kind != "f" or not np.isinf(values).any():
        return values
    known = values[np.isfinite(values)]
    return values.clip(known.min(), known.max())
