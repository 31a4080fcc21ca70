"""Reads raw tables into blocks: one array for all columns of a kind, so that wide tables need few operations.

    number, boolean   float32 `(rows, columns)`; NaN where a value is missing
    category          int64 `(rows, columns)`: the position of the level, counted from 1; 0 for an unseen level
    date, text        strings `(rows, columns)`; "" where a value is missing

Small tables, such as a single row, are read value by value: one call of pandas takes longer than a thousand cells.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from zoo.data import dates
from zoo.data.schema import (
    BLANKS,
    MISSING,
    Column,
    Schema,
    as_numbers,
    is_missing,
    level_name,
    plain_values,
    text_of,
)
from zoo.registry import suggest

FEW_ROWS = 32  # tables of at most so many rows are read value by value, which is then quicker than pandas
FEW_CELLS = 16_384
ROWS = 65_536  # rows of numbers that are copied at a time
EXACT = 2**53  # float64 represents every integer up to this one
NUMBERS = ("number", "boolean")
MISSING_TYPES = (type(None), type(pd.NA), type(pd.NaT))


class Reader:
    """Reads tables by a schema.

    Args:
        schema: The columns of a table.
    """

    def __init__(self, schema: Schema):
        self.schema = schema
        self.columns: dict[str, list[Column]] = {}
        for column in schema.columns:
            self.columns.setdefault(column.kind, []).append(column)
        self._expected = {*schema.names, schema.target, *schema.dropped}
        self._warned = False
        self._last_columns: tuple[Any, dict] = (None, {})  # the columns of the last table, and the position of each

    def check(self, x) -> None:
        """Raises ValueError if a column is missing; warns once of columns that the schema does not have."""
        if not isinstance(x, (pd.DataFrame, Mapping)):
            raise ValueError(
                f"The data must be a DataFrame or a dict of the columns {', '.join(map(str, self.schema.names))}. "
                f"Received: {type(x).__name__}."
            )
        given = self._column_positions(x) if isinstance(x, pd.DataFrame) else list(x)
        present = given if isinstance(given, dict) else set(given)
        if missing := [name for name in self.schema.names if name not in present]:
            hints = "".join(suggest(name, map(str, given)) for name in missing[:1])
            raise ValueError(
                f"The columns {', '.join(map(str, missing))} are missing.{hints} The data have: "
                f"{', '.join(map(str, given))}. Add them (empty where unknown), or build on these data: "
                "zoo.build(name, data, target=...)."
            )
        extra = [] if self._warned else [str(name) for name in given if name not in self._expected]
        if extra:
            self._warned = True
            warnings.warn(f"Columns that training did not know are ignored: {', '.join(extra)}.", stacklevel=4)
        if isinstance(x, Mapping):
            rows = {
                column.name: len(x[column.name]) if np.ndim(x[column.name]) else 1 for column in self.schema.columns
            }
            if len(set(rows.values())) > 1:
                shown = ", ".join(f"{name}: {length}" for name, length in rows.items())
                raise ValueError(f"All columns must have the same number of rows. Received: {shown}.")

    def _column_positions(self, x: pd.DataFrame) -> dict:
        """Returns the position of each column of a table by its name; remembers it if the table has all columns."""
        names, places = self._last_columns
        if not _same(x.columns, names):
            if not x.columns.is_unique:
                twice = ", ".join(sorted({str(name) for name in x.columns[x.columns.duplicated()]}))
                raise ValueError(f"Column names must differ. Received twice: {twice}. Rename one of each.")
            places = {name: place for place, name in enumerate(x.columns)}
            if all(name in places for name in self.schema.names):
                self._last_columns = (x.columns, places)
        return places

    def numbers(self, x, kind: str) -> np.ndarray:
        """Returns the columns of a numeric kind as float32 `(rows, columns)`.

        Raises:
            ValueError: if a value is not a number; the message names it and its row.
        """
        columns = self.columns.get(kind, [])
        if not isinstance(x, pd.DataFrame):
            return np.stack([numbers(x[column.name], column) for column in columns], axis=1)
        places = self._column_positions(x)
        chosen = np.array([places[column.name] for column in columns], int)
        dtypes = x.dtypes.array[chosen]
        plain = np.array([isinstance(dtype, np.dtype) and dtype.kind in "fiub" for dtype in dtypes], bool)
        matrix = np.empty((len(x), len(columns)), "float32")
        into = slice(None) if plain.all() else plain
        with np.errstate(over="ignore"):
            for start in range(0, len(x), ROWS):
                rows = slice(start, start + ROWS)
                matrix[rows, into] = x.iloc[rows, chosen[plain]].to_numpy("float32")
        for i in np.flatnonzero(~plain):
            matrix[:, i] = numbers(x.iloc[:, chosen[i]], columns[i])
        return matrix

    def strings(self, x, kind: str) -> list[np.ndarray]:
        """Returns the columns of a kind of strings, each `(rows,)`."""
        return [strings(x[column.name], column) for column in self.columns.get(kind, [])]

    def blocks(self, x, positions: list[dict[str, int]]) -> dict[str, np.ndarray]:
        """Returns the blocks of a table by kind; see the docstring of this module.

        Args:
            x: A DataFrame, or a dict of columns.
            positions: The position of each level, counted from 1, for each column of categories.

        Raises:
            ValueError: if a column is missing, or has a value that its kind does not allow.
        """
        self.check(x)
        blocks = {}
        for kind, columns in self.columns.items():
            if kind in NUMBERS:
                blocks[kind] = self.numbers(x, kind)
            elif kind == "category":
                read = [_positions(x[column.name], column, levels) for column, levels in zip(columns, positions)]
                blocks[kind] = np.stack(read, axis=1)
            else:
                blocks[kind] = np.stack(self.strings(x, kind), axis=1)
        return blocks

    def few(self, x, positions: list[dict[str, int]]) -> dict[str, np.ndarray] | None:
        """Returns the blocks of a small table, or None if `blocks` must read it.

        `blocks` reads large tables, tables of other columns, and values that need pandas, such as numbers in strings.

        Args:
            x: A DataFrame, or a dict of lists.
            positions: As for `blocks`.
        """
        values = self._values(x)
        if values is None:
            return None
        blocks: dict[str, np.ndarray] = {}
        for kind, columns in self.columns.items():
            cells = [values[column.name] for column in columns]
            if kind in NUMBERS:
                if not all(_is_number(value) for column in cells for value in column):
                    return None
                with np.errstate(over="ignore"):
                    blocks[kind] = np.array(cells, "float64").T.astype("float32", order="C")
                continue
            if kind == "category":
                read = [[_position(value, levels) for value in column] for column, levels in zip(cells, positions)]
            else:
                write = _date if kind == "date" else _text
                read = [[write(value) for value in column] for column in cells]
            if any(value is None for column in read for value in column):
                return None
            blocks[kind] = np.array(read, "int64" if kind == "category" else object).T
        return blocks

    def _values(self, x) -> dict[Any, list] | None:
        """Returns the values of each column as Python objects, or None if they are many or columns are missing."""
        if isinstance(x, pd.DataFrame):
            if not 0 < len(x) <= FEW_ROWS or len(x) * x.shape[1] > FEW_CELLS:
                return None
            names, places = self._last_columns
            if not _same(x.columns, names):
                if not x.columns.is_unique or not set(x.columns).issuperset(self.schema.names):
                    return None
                self.check(x)
                places = self._column_positions(x)  # another thread may have read another table meanwhile
            cells = x.to_numpy(dtype=object).T.tolist()
            return {column.name: cells[places[column.name]] for column in self.schema.columns}
        columns = [x.get(name) for name in self.schema.names]
        if not all(isinstance(column, list) for column in columns) or not self._expected.issuperset(x):
            return None
        rows = {len(column) if isinstance(column, list) else 0 for column in x.values()}  # the target's too
        if len(rows) != 1 or not 0 < max(rows) <= FEW_ROWS or max(rows) * len(columns) > FEW_CELLS:
            return None
        return {column.name: plain_values(values) for column, values in zip(self.schema.columns, columns)}


def _same(columns: pd.Index, others: pd.Index | None) -> bool:
    return others is not None and (columns.is_(others) or columns.equals(others))


def _is_number(value) -> bool:
    kind = type(value)
    return kind is float or kind is bool or (kind is int and -EXACT <= value <= EXACT)


def _is_missing(value) -> bool:
    return type(value) in MISSING_TYPES or (type(value) is float and value != value)


def _position(value, levels: dict[str, int]) -> int | None:
    """Returns the position of a value's level; None if its type is not str or a number of Python."""
    if _is_missing(value):
        return levels.get("", 0)
    return levels.get(level_name(value), 0) if type(value) is str or _is_number(value) else None


def _text(value) -> str | None:
    """Returns a text, `""` if it is missing; None if the value has another type."""
    return value if type(value) is str else "" if _is_missing(value) else None


def _date(value) -> str | None:
    """Returns a date as a string, `""` if it is missing; None if the value has another type."""
    if type(value) is pd.Timestamp and value.tzinfo is None:
        return value.isoformat(timespec="seconds")
    return _text(value)


def level_positions(levels) -> dict[str, int]:
    """Returns the position of each level, counted from 1; markers of missing values have the position of `""`."""
    positions = {level: i + 1 for i, level in enumerate(levels)}
    missing = {level: positions.get("", 0) for level in MISSING}
    return {**missing, **positions}


def numbers(values, column: Column) -> np.ndarray:
    """Returns a column of numbers or booleans as float32 `(rows,)`, NaN where a value is missing.

    Raises:
        ValueError: if a value is not a number; the message names it and its row.
    """
    if isinstance(values, np.ndarray) and values.ndim == 1 and values.dtype.kind in "fiub":
        with np.errstate(over="ignore"):
            return values.astype("float32")
    values = _series(values, column)
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "fiub":
        with np.errstate(over="ignore"):
            return values.to_numpy().astype("float32")
    converted = as_numbers(values)
    if converted is None and is_missing(values).all():
        converted = np.full(len(values), np.nan)
    if converted is None:
        if column.kind == "boolean":
            truth = values.astype(str).str.strip().str.lower().map({"true": 1.0, "false": 0.0, "1": 1.0, "0": 0.0})
            if not (truth.isna().to_numpy() & ~is_missing(values)).any():
                return truth.to_numpy("float32")
        single = [as_numbers(pd.Series([value])) is None and not is_missing(pd.Series([value]))[0] for value in values]
        row = int(np.flatnonzero(single)[0]) if any(single) else 0
        raise ValueError(
            f"The column {column.name!r} must hold numbers. Received: {values.iloc[row]!r} in row {row}. Repair the "
            "value, leave it empty, or make the column a category in the schema."
        )
    with np.errstate(over="ignore"):
        return converted.astype("float32")


def strings(values, column: Column) -> np.ndarray:
    """Returns a column of categories, dates or texts as strings `(rows,)`, `""` where a value is missing."""
    values = _series(values, column)
    if column.kind == "date":
        return dates.as_iso(values)
    if len(values) <= FEW_ROWS:
        written = _written(column)
        names = ("" if gone else written(value) for value, gone in zip(values.tolist(), values.isna().tolist()))
        return np.array(list(names), dtype=object)
    names, codes = _distinct(values, column)
    return names[codes]


def _positions(values, column: Column, levels: dict[str, int]) -> np.ndarray:
    """Returns the positions of the levels of a column of categories `(rows,)`."""
    names, codes = _distinct(_series(values, column), column)
    return np.array([levels.get(name.strip(BLANKS), 0) for name in names], "int64")[codes]


def _distinct(values: pd.Series, column: Column) -> tuple[np.ndarray, np.ndarray]:
    """Returns the distinct strings of a column with `""` appended, and the index of each row's string."""
    codes, uniques = pd.factorize(values.astype(object) if isinstance(values.dtype, pd.CategoricalDtype) else values)
    written = _written(column)
    return np.array([*(written(value) for value in uniques), ""], dtype=object), codes


def _written(column: Column):
    return text_of if column.kind == "text" else level_name  # the graph strips categories alone


def _series(values, column: Column) -> pd.Series:
    if isinstance(values, pd.Series):
        return values
    array = np.asarray(values) if not np.isscalar(values) else np.asarray([values])
    if array.ndim != 1:
        raise ValueError(f"The column {column.name!r} must have one value a row. Received: the shape {array.shape}.")
    return pd.Series(np.char.decode(array, "utf-8") if array.dtype.kind == "S" else array)
