"""Targets that stand in a table under their names, or beside it as values of their own.

target="a"                 a column of the table            target=["a", "b"]            several columns
target=series              values, one for each row         target=frame, array          several values for each row
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pandas as pd

from zoo.data import frames
from zoo.data.names import as_target, matching_text, names_of, resolved
from zoo.data.raw import Data
from zoo.data.targets import check_one_value_a_row
from zoo.registry import suggest


def beside(source, target) -> tuple:
    """Returns `((source, target), None)` for a target that is given as values, and `(source, target)` for names.

    A list may be either, and so may an index of pandas or an array of texts. Of as many items as the table has rows, it
    holds the values, unless they are texts and all of them are names of columns.

    Args:
        source: Anything that `zoo.data.load` takes.
        target: A name, a list of names, or values.

    Raises:
        ValueError: if a list of names is empty or has a name twice.
    """
    array = isinstance(target, np.ndarray) and target.ndim == 1 and target.dtype.kind in "OU"
    if (array or isinstance(target, (list, pd.Index))) and _are_names(list(target), source):
        return source, as_target(target)
    return ((source, target), None) if frames.are_values(target) else (source, target)


def _are_names(target: list, source) -> bool:
    """Returns whether a list holds names of columns rather than a value for each row."""
    if not all(isinstance(name, (str, tuple, int, float, datetime.date)) for name in target):
        return False
    if isinstance(source, (str, os.PathLike, Data)) or hasattr(source, "element_spec"):
        return True  # beside these, no values are taken
    if isinstance(source, tuple) and len(source) == 2 and not frames.is_named_row(source):
        return True  # (x, y): the names of y
    if isinstance(source, pd.Series):  # one row, or a column of images
        return bool(target) and source.index.isin(target).sum() == len(target)
    texts, distinct = all(isinstance(name, str) for name in target), len(set(target)) == len(target)
    columns, rows = _columns_and_rows(source)
    if columns is None:  # values beside an array or images; an iterator shows its columns later
        return rows is None and texts and distinct
    if len(target) > max(len(columns), 1):
        return False
    known = set(map(matching_text, columns))
    found = sum(matching_text(name) in known for name in target)
    if len(target) == rows:
        numbers = any(isinstance(name, (int, float)) for name in target)
        return 0 < found == rows and distinct and not numbers
    return found > 0 or texts and distinct


def _columns_and_rows(source) -> tuple[list | None, int | None]:
    """Returns the names of a table's columns and the number of its rows, each None where it cannot be told.

    An array, a list of images and the like have rows without columns; an iterator has neither yet.
    """
    if isinstance(source, pd.DataFrame):
        return list(source.columns), len(source)
    if frames.speaks_arrow(source):
        columns = getattr(source, "column_names", None) or getattr(source, "columns", None)
        columns = getattr(getattr(source, "schema", None), "names", None) if columns is None else columns
        return (list(columns) if isinstance(columns, list) else None), _length(source)
    if isinstance(source, Mapping):
        first = next(iter(source.values()), None)
        return list(source), _length(first) if not isinstance(first, (str, bytes)) else 1
    if isinstance(source, (np.ndarray, np.void)):
        return (list(source.dtype.names) if source.dtype.names else None), np.size(source) if source.dtype.names else 0
    if isinstance(source, Iterator):
        return None, None
    if isinstance(source, list) and source:
        return _fields(source[0]), len(source)
    return _fields(source), 1


def _length(values) -> int | None:
    try:
        return len(values)
    except TypeError:
        return None


def _fields(record) -> list | None:
    """Returns the names of a record's values, or None for what is no record."""
    if isinstance(record, Mapping):
        return list(record)
    if isinstance(record, pd.Series):
        return list(record.index)
    names = getattr(record, "_fields", None) or getattr(record, "__dataclass_fields__", None)
    if names is None and hasattr(record, "keys"):  # a row of sqlite3
        names = record.keys()
    return None if names is None else list(names)


def has_several(y) -> bool:
    """Returns whether a target has several values a row, `(rows, targets)`."""
    return np.ndim(y) == 2 and np.shape(y)[1] > 1


def check_has_all(y, target) -> None:
    """Raises ValueError if there are several targets, and a single value a row for them.

    Args:
        y: The values.
        target: A name, None, or a list of several names.
    """
    if isinstance(target, list) and (np.ndim(y) == 1 or np.ndim(y) == 2 and np.shape(y)[1] == 1):
        raise ValueError(
            f"`y` must have a value for each of the {len(target)} targets {', '.join(map(str, target))}. Received: the "
            f"shape {np.shape(y)}. Pass a table or an array of as many columns."
        )


def named(y, target, columns: Iterable = ()) -> pd.DataFrame:
    """Returns several targets that stand beside a table, as columns under their names.

    Args:
        y: Values `(rows, targets)`: a DataFrame, an array, or rows in a list.
        target: The names: a list, by which columns of a DataFrame are chosen, in this order; or None for those of a
            DataFrame, and 0, 1, 2 and so on of an array.
        columns: The names of the table's columns. Where a number is one of them, the targets of an array are called
            `target_0`, `target_1` and so on.

    Raises:
        ValueError: if `target` is a single name, has another number of names, or names a column that `y` has not.
    """
    if target is not None and not isinstance(target, list):
        check_one_value_a_row(y)
    names = names_of(target)
    own = list(y.columns) if isinstance(y, pd.DataFrame) else []
    found = [name for name in names if resolved(name, own) in own]
    if found and len(found) < len(names):
        absent = next(name for name in names if name not in found)
        raise ValueError(
            f"There is no target column {absent!r} in `y`.{suggest(absent, map(str, own))} It has: "
            f"{', '.join(map(str, own))}."
        )
    if found:
        return y[[resolved(name, own) for name in names]].set_axis(names, axis=1)
    table = y if isinstance(y, pd.DataFrame) else pd.DataFrame(np.asarray(y)).infer_objects()
    if names and len(names) != table.shape[1]:
        raise ValueError(
            f"`target` must name each column of `y`. Received: {len(names)} names for {table.shape[1]} columns, "
            f"`target={names!r}`. Pass as many names."
        )
    if not names and not own:
        names = numbered(table.shape[1], columns)
    return table.set_axis(names, axis=1) if names else table


def numbered(count: int, columns: Iterable = ()) -> list:
    """Returns names for targets that have none: their numbers, or where columns have these names, `target_0`."""
    taken = set(map(matching_text, columns))
    numbers = list(range(count))
    return [f"target_{i}" for i in numbers] if taken.intersection(map(str, numbers)) else numbers
