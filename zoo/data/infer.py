"""Infers a schema: what each column of a table is, and which task its target has."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from zoo.data import columns as kinds_of_columns
from zoo.data import row_numbers
from zoo.data.columns.values import Values, has_arrays
from zoo.data.schema import Column, Schema, as_numbers, is_missing
from zoo.registry import suggest


def infer(data, target=None, *, task: str | None = None, ignore: Iterable = ()) -> Schema:
    """Infers the schema of a table.

    Args:
        data: A DataFrame, or a `Sample` of one.
        target: The target's column, or None.
        task: `"classification"` or `"regression"` instead of what the target looks like.
        ignore: Columns that are no inputs.

    Raises:
        ValueError: if the target or an ignored column is absent, or no input is left.
    """
    frame = data if isinstance(data, pd.DataFrame) else data.frame
    known = list(frame.columns)
    if target is not None and target not in known:
        raise ValueError(
            f"There is no target column {target!r}.{suggest(target, map(str, known))} The data have: {known}."
        )
    ignored = dict.fromkeys(ignore)
    if absent := [name for name in ignored if name not in frame.columns]:
        hint = suggest(absent[0], map(str, known))
        raise ValueError(f"There is no column {absent[0]!r} to ignore.{hint} The data have: {known}.")
    columns, dropped = [], {}
    for name in known:
        if name == target and target is not None:
            continue
        if name in ignored:
            dropped[name] = "ignored"
            continue
        if row_numbers.is_index(name) and not frame[name].isna().all():
            dropped[name] = row_numbers.INDEX
            continue
        column, reason = _infer_column(name, frame[name])
        if column is None:
            dropped[name] = reason
        else:
            columns.append(column)
    schema = Schema(tuple(columns), target, None, None, None, dropped)
    if target is None:
        return schema
    values = frame[target]
    if has_arrays(values):
        raise ValueError(
            f"The target {target!r} must have one value a row. Received: arrays. Name another column, or turn them "
            "into numbers or classes."
        )
    if is_missing(values).any() and task is None:
        values = values[~is_missing(values)]
    task = task or infer_task(values)
    return schema if task is None else schema.with_task(task, values)


def infer_task(values: pd.Series) -> str | None:
    if pd.api.types.is_bool_dtype(values.dtype) or len(values) == 0:
        return "classification" if len(values) and values.nunique() > 1 else None
    if values.nunique() < 2:
        return None
    if not pd.api.types.is_numeric_dtype(values.dtype):
        return "classification" if as_numbers(values) is None or values.nunique() <= 20 else "regression"
    numbers = values.to_numpy("float64", na_value=np.nan)
    whole = np.all(numbers == np.round(numbers))
    return "classification" if whole and values.nunique() <= min(20, max(2, len(values) // 5)) else "regression"


def _infer_column(name, values: pd.Series) -> tuple[Column | None, str]:
    """Returns the column, or None and the reason why it is no input."""
    looked_at = Values(name, values)
    if looked_at.num_levels == 0:
        return None, "all missing"
    kind = next((kind for kind in kinds_of_columns.kinds() if kind.suits(looked_at)), None)
    if kind is None:
        cells = looked_at.cells
        raise ValueError(
            f"The column {name!r} must hold images, uint8 (height, width, channels), or arrays of numbers of one or "
            f"two axes. Received: {cells.dtype} of the shape {cells.shape}. Turn them, (255 * x).astype('uint8') if "
            "they are from 0 to 1, or ignore the column."
        )
    if looked_at.num_levels == 1 and not looked_at.has_missing:
        return None, "constant"
    return kind.column(looked_at), ""


def schema_of_array(x: np.ndarray, y) -> Schema:
    """Returns the schema of an array of rows, and of its targets where it has some."""
    schema = Schema((kinds_of_columns.array_column(x),))
    task = None if y is None or np.ndim(y) > 1 else infer_task(pd.Series(np.asarray(y)))
    return schema if task is None else schema.with_task(task, y)
