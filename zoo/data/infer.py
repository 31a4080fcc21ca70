"""Infers a schema: what each column of a table is, and which task its target has."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from zoo.data import columns as kinds_of_columns
from zoo.data import doubts, row_numbers, targets
from zoo.data.columns import natural, number
from zoo.data.columns.strings import series
from zoo.data.columns.values import NO_HINTS, Hints, Values
from zoo.data.names import as_target, names_of
from zoo.data.raw_values import as_numbers, is_missing, is_stringlike, level_name
from zoo.data.schema import MAX_INT_CLASSES, Column, Schema
from zoo.registry import load_task, suggest

COLUMNS = 64  # of float64 that are looked at together
FEW_CLASSES = 20  # up to so many different strings of a target are classes
FEWEST_ROWS = 20  # of fewer rows, all values may be new
LOOKED_AT = 1_000  # rows in which a string with a digit must stand for a column to be looked at


def infer(
    data,
    target=None,
    *,
    task: str | None = None,
    ignore: Iterable = (),
    known: Mapping[Any, Column] | None = None,
    hints: Hints = NO_HINTS,
    keep_constants: bool = False,
) -> Schema:
    """Infers the schema of a table.

    Args:
        data: A DataFrame, or a `Sample` of one.
        target: The target's column, a list of several, or None.
        task: The name of a task instead of the one that the target looks like.
        ignore: Columns that are no inputs.
        known: What `written` found of more rows than these; None to look at these.
        hints: What the caller says of how values are written.
        keep_constants: Whether columns of one value are inputs, as for networks whose columns are units.

    Raises:
        ValueError: if the target or an ignored column is absent, the target does not suit the task, or no input is
            left.
    """
    frame = data if isinstance(data, pd.DataFrame) else data.frame
    names = list(frame.columns)
    target = as_target(target) if isinstance(target, list) else target
    wanted = names_of(target)
    if unknown := [name for name in wanted if name not in names]:
        raise ValueError(
            f"There is no target column {unknown[0]!r}.{suggest(unknown[0], map(str, names))} The data have: {names}."
        )
    ignored = dict.fromkeys(ignore)
    if absent := [name for name in ignored if name not in frame.columns]:
        hint = suggest(absent[0], map(str, names))
        raise ValueError(f"There is no column {absent[0]!r} to ignore.{hint} The data have: {names}.")
    if known is None:
        known = written(frame, (*wanted, *ignored), hints)
    looked_at = [name for name in names if name not in wanted]
    columns, dropped = inputs_of(frame, looked_at, known, hints, ignored=ignored, keep_constants=keep_constants)
    schema = Schema(columns, target, None, None, None, dropped)
    if target is None:
        return schema
    values = frame[target]
    if task is not None and (why := load_task(task).suits(values)):
        raise ValueError(why)
    if len(wanted) > 1:  # the entry says which of the tasks of several targets is meant
        return schema if task is None else schema.with_task(task, values)
    if is_missing(values).any() and task is None:
        values = values[~is_missing(values)]
    task = task or infer_task(values)
    return schema if task is None else schema.with_task(task, values)


def inputs_of(
    frame: pd.DataFrame,
    names: Iterable,
    known: Mapping[Any, Column],
    hints: Hints = NO_HINTS,
    *,
    ignored: Iterable = (),
    keep_constants: bool = False,
) -> tuple[tuple[Column, ...], dict[Any, str]]:
    """Returns the columns of a table that are inputs, and those that are none, each with the reason.

    Args:
        frame: The table.
        names: The columns to look at.
        known: What `written` found.
        hints, keep_constants: As for `infer`.
        ignored: Columns that the caller leaves out.
    """
    columns, dropped = [], {}
    for name in names:
        if name in ignored:
            dropped[name] = "ignored"
            continue
        if row_numbers.is_index(name) and not frame[name].isna().all():
            dropped[name] = row_numbers.INDEX
            continue
        column, reason = (known[name], "") if name in known else _silently(name, frame[name], hints)
        if column is None or reason and not keep_constants:
            dropped[name] = reason
        else:
            columns.append(column)
    return tuple(columns), dropped


def infer_task(values: pd.Series) -> str | None:
    if values.dtype.kind in "mM" and values.nunique() > max(MAX_INT_CLASSES, len(values) // 20):
        return None  # times that hardly repeat are no classes, and no numbers yet
    values = targets.with_plain_values(values, "target")
    if pd.api.types.is_bool_dtype(values.dtype) or len(values) == 0:
        return "classification" if len(values) and values.nunique() > 1 else None
    if values.nunique() < 2:
        return None
    if not pd.api.types.is_numeric_dtype(values.dtype):
        return "classification" if as_numbers(values) is None or values.nunique() <= FEW_CLASSES else "regression"
    numbers = values.to_numpy("float64", na_value=np.nan)
    whole = np.all(numbers == np.round(numbers))
    return "classification" if whole and values.nunique() <= min(20, max(2, len(values) // 5)) else "regression"


def written(frame: pd.DataFrame, left_out: Iterable = (), hints: Hints = NO_HINTS) -> dict[Any, Column]:
    """Returns the columns whose values are written in marks and notations of their own; notes what is doubtful of them.

    Args:
        frame: All rows that there are, since a mark may stand in any of them.
        left_out: Columns not to look at.
        hints: What the caller says of how values are written.
    """
    found = {}
    left_out = set(left_out)
    places = [
        (i, name) for i, name in enumerate(frame.columns) if name not in left_out and not row_numbers.is_index(name)
    ]
    note_beyond_float32(frame, places)
    for place, name in places:
        if not hints.na_values and not is_stringlike(frame.dtypes.array[place]):
            continue
        values = frame.iloc[:, place]
        if not hints.na_values and not _has_digits(values):
            continue
        column, reason = _infer_column(name, values, hints)
        if column is not None and not reason and column.is_marked:
            found[name] = column
    return found


def note_beyond_float32(frame: pd.DataFrame, places: Sequence[tuple[int, Any]]) -> None:
    """Notes which columns of float64 hold finite numbers that float32 does not, and that therefore count as missing.

    Args:
        frame: A table.
        places: Places and names of its columns to look at.
    """
    dtypes = frame.dtypes.array
    wide = [(place, name) for place, name in places if dtypes[place] == np.float64]
    for start in range(0, len(wide), COLUMNS):
        some = wide[start : start + COLUMNS]
        sizes = np.abs(frame.iloc[:, [place for place, _ in some]].to_numpy())
        beyond = (sizes > number.FLOAT32_MAX) & (sizes < np.inf)
        for i in np.flatnonzero(beyond.any(axis=0)):
            (place, name), rows = some[i], np.flatnonzero(beyond[:, i])
            number.note_beyond_float32(name, len(rows), frame.iloc[rows[0], place].item(), frame.index[rows[0]])


def note_unseen(frame: pd.DataFrame, columns: Iterable[Column]) -> None:
    """Notes the columns of which no value was among the training data, such as codes that lost their leading zeros.

    Args:
        frame: Rows to predict.
        columns: The columns of the model's schema.
    """
    if len(frame) < FEWEST_ROWS:
        return
    for column in columns:
        if not column.categories or column.name not in frame.columns:
            continue
        known, values = {*column.categories}, series(frame[column.name], column)
        if any(level_name(value) in known for value in values.iloc[:FEWEST_ROWS].tolist()):
            continue
        values = values[~is_missing(values)]
        met = {level_name(value) for value in values.unique()} - {*column.missing}
        if met and known.isdisjoint(met):
            first = values.iloc[0]
            doubts.note(
                "None of its values were among the training data.",
                column=column.name,
                value=first.item() if isinstance(first, np.generic) else first,
                row=values.index[0],
                repair=f"Write them as in training, such as {column.categories[0]!r}.",
            )


def _has_digits(values: pd.Series) -> bool:
    """Returns whether any of the first strings has a digit."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return False
    first = values.dropna().iloc[:LOOKED_AT]
    return any(isinstance(value, str) and any(map(str.isdigit, value)) for value in first)


def _silently(name, values: pd.Series, hints: Hints) -> tuple[Column | None, str]:
    """Returns what `_infer_column` returns; what is doubtful was noted by `written`, of all rows."""
    with doubts.collected(doubts.Doubts()):
        return _infer_column(name, values, hints)


def _infer_column(name, values: pd.Series, hints: Hints) -> tuple[Column | None, str]:
    """Returns the column and the reason why it is no input, or `""`; None for a column that cannot be one."""
    looked_at = Values(name, values, hints)
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
        reason = "constant"
    else:
        reason = ""
    column = kind.column(looked_at)
    return dataclasses.replace(column, notes=(*natural.note(looked_at.dtype), *column.notes)), reason


def schema_of_array(x: np.ndarray, y) -> Schema:
    """Returns the schema of an array of rows, and of its targets where it has some."""
    schema = Schema((kinds_of_columns.array_column(x),))
    task = None if y is None or np.ndim(y) > 1 else infer_task(pd.Series(np.asarray(y)))
    return schema if task is None else schema.with_task(task, y)


def read_target(y: pd.Series, hints: Hints = NO_HINTS, wants_numbers: bool = False) -> pd.Series:
    """Returns a target with its numbers read, where they are written in marks of their own.

    Strings that may as well be classes, few and different, stay as they are, unless numbers are wanted.

    Args:
        y: The target's column.
        hints: What the caller says of how values are written.
        wants_numbers: Whether the model's task answers numbers.
    """
    if hints.na_values and (gone := y.map(level_name, na_action="ignore").isin(hints.missing)).any():
        y = y.mask(gone)
    if not is_stringlike(y.dtype) or isinstance(y.dtype, pd.CategoricalDtype) or not _has_digits(y):
        return y
    if (not hints.decimal and as_numbers(y) is not None) or not isinstance(y.dropna().iloc[0], str):
        return y
    looked_at = Values(y.name, y, hints)
    found = looked_at.number_format
    if found is None or found.missing or found.doubtful and hints.thousands is None:
        return y
    few = len(looked_at.uniques) <= FEW_CLASSES
    return y if few and not wants_numbers else pd.Series(looked_at.numbers, index=y.index, name=y.name)
