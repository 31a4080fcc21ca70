"""Numbers: scaled, ranked, and flagged where they are missing.

A column whose spread float32 cannot resolve, such as time stamps, ids and coordinates, has an offset: its middle is
subtracted in float64 when it is read, in Python and in the served graph, which takes such a column as float64.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from zoo.data.columns.kind import Encodings, Group, Kind, Source, State
from zoo.data.columns.natural import are_seconds, seconds_of_texts
from zoo.data.columns.source_code import NUMBER_CONSTANTS, NUMBER_FUNCTIONS, number_expressions
from zoo.data.columns.strings import series
from zoo.data.columns.table import Table
from zoo.data.columns.values import Values
from zoo.data.number_statistics import ordered_columns, quantiles
from zoo.data.schema import Column, as_numbers, is_missing

EXACT = 2**53  # float64 represents every integer up to this one
EPSILON = 2.0**-24  # relative error of a value in float32
RESOLUTION = 1e-3  # the largest error of a value that is served as float32, in units of the column's spread
SAMPLED_VALUES = 2**22  # of which offsets are taken
FEWEST_ROWS = 1_024
MISSING_TYPES = (type(None), type(pd.NA), type(pd.NaT))


class Number(Kind):
    """Numbers, also those stored as text."""

    name, precedence, order = "number", 20, 10
    has_numbers = True
    together, dtype, block_dtype = True, "float32", "float32"

    def suits(self, values: Values) -> bool:
        return values.numbers is not None

    def read(self, values, column: Column, state: State) -> np.ndarray:
        return centred(values, column, state.get("offset", 0.0))

    def served(self, values, column: Column, state: State) -> np.ndarray:
        dtype = "float64" if state.get("offset") else "float32"
        return _cast(float64(values, column), dtype)

    def signature(self, column: Column, state: State):
        import tensorflow as tf

        return tf.TensorSpec((None,), tf.float64 if state.get("offset") else tf.float32)

    def number_names(self, column: Column, state: State) -> list:
        return [column.name]

    def offsets(self, column: Column, state: State) -> list[float]:
        return [state.get("offset", 0.0)]

    def fit_group(self, table: Table, columns: Sequence[Column], encodings: Encodings, counts: dict) -> list[State]:
        if encodings.raw:
            return [{} for _ in columns]
        offsets = _offsets(table, columns)
        return [{"offset": float(offset)} if offset else {} for offset in offsets]

    def prepare(self, group: Group) -> np.ndarray:
        return np.array([state.get("offset", 0.0) for state in group.states or [{}] * len(group.columns)])

    def read_group(self, table: Table, group: Group) -> np.ndarray:
        matrix, filled = table.plain_numbers([column.name for column in group.columns])
        for i in np.flatnonzero(~filled | (group.prepared != 0)):
            column = group.columns[i]
            matrix[:, i] = centred(table.column(column.name), column, group.prepared[i])
        return matrix

    def read_cells(self, cells: list[list], group: Group) -> np.ndarray | None:
        if not all(is_number(value) for column in cells for value in column):
            return None
        return np.ascontiguousarray(_cast(np.array(cells, "float64") - group.prepared[:, None], "float32").T)

    def read_graph_group(self, tensors: Sequence, group: Group, tables: Sequence):
        import tensorflow as tf

        read = [
            tf.cast(tensor - offset, tf.float32) if offset else tensor
            for tensor, offset in zip(tensors, group.prepared, strict=True)
        ]
        return tf.stack(read, axis=1)

    def training_numbers(self, block: np.ndarray, group: Group) -> np.ndarray:
        return block

    def numbers_group(self, parsed, group: Group):
        return parsed

    def encode_group(self, parsed, group: Group, encodings: Encodings) -> list:
        return []

    def litert_obstacle(self, column: Column, state: State) -> str:
        return "numbers in float64" if state.get("offset") else ""

    def source(self, group: Group, encodings: Encodings) -> Source:
        return Source(numbers=number_expressions(group), constants=NUMBER_CONSTANTS, functions=NUMBER_FUNCTIONS)

    def sample(self, column, state, rows, generator, *, odd=False):
        scaled = state["scaled"]
        center, scale, knots = scaled["center"][0], scaled["scale"][0], scaled["knots"][0]
        drawn = generator.choice(knots or [center], rows)
        if odd:
            around = center + scale * generator.normal(size=rows)
            drawn = np.where(generator.random(rows) < 0.5, drawn, around)
        return drawn + state.get("offset", 0.0)

    def cases(self, values: np.ndarray, turn: int) -> dict[str, np.ndarray]:
        whole = np.clip(np.round(values), -(2**30), 2**30).astype("int64")
        return {
            "missing": np.where((np.arange(len(values)) + turn) % 2 == 0, np.nan, values),
            "empty": np.full(len(values), np.nan),
            "extreme": np.resize([np.inf, -np.inf, 1e30, -1e30, 0.0], len(values)),
            "types": whole,
        }


def is_number(value) -> bool:
    """Returns whether a value is one of Python's own numbers that float64 represents."""
    kind = type(value)
    return kind is float or kind is bool or (kind is int and -EXACT <= value <= EXACT)


def is_absent(value) -> bool:
    """Returns whether a value is missing: None, NaN, NA or NaT."""
    return type(value) in MISSING_TYPES or (type(value) is float and value != value)


def centred(values, column: Column, offset: float) -> np.ndarray:
    """Returns a column of numbers less an offset as float32 `(rows,)`, NaN where a value is missing.

    Raises:
        ValueError: if a value is not a number; the message names it and its row.
    """
    if not offset and isinstance(values, np.ndarray) and values.ndim == 1 and values.dtype.kind in "fiub":
        return _cast(values, "float32")
    found = float64(values, column)
    return _cast(found - offset if offset else found, "float32")


def _cast(values: np.ndarray, dtype: str) -> np.ndarray:
    with np.errstate(over="ignore"):
        return values.astype(dtype)


def float64(values, column: Column) -> np.ndarray:
    """Returns a column of numbers as float64 `(rows,)`, NaN where a value is missing.

    Raises:
        ValueError: if a value is not a number; the message names it and its row.
    """
    if isinstance(values, np.ndarray) and values.ndim == 1 and values.dtype.kind in "fiub":
        return values.astype("float64")
    values = series(values, column)
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "fiub":
        return values.to_numpy("float64")
    converted = as_numbers(values)
    if converted is None and is_missing(values).all():
        converted = np.full(len(values), np.nan)
    if converted is None and are_seconds(column.dtype):
        converted = seconds_of_texts(values)
    if converted is None:
        wrong = [not _can_be_read(pd.Series([value]), column) for value in values]
        row = int(np.flatnonzero(wrong)[0]) if any(wrong) else 0
        raise ValueError(
            f"The column {column.name!r} must hold numbers. Received: {values.iloc[row]!r} in row {row}. Repair the "
            "value, leave it empty, or make the column a category in the schema."
        )
    return converted


def _can_be_read(value: pd.Series, column: Column) -> bool:
    if as_numbers(value) is not None or is_missing(value)[0]:
        return True
    return are_seconds(column.dtype) and seconds_of_texts(value) is not None


def _offsets(table: Table, columns: Sequence[Column]) -> np.ndarray:
    """Returns the median of each column whose spread float32 does not resolve, and 0 of the others."""
    rows = max(FEWEST_ROWS, SAMPLED_VALUES // len(columns))
    table = table.spread(rows)
    offsets = np.zeros(len(columns))
    step = max(1, SAMPLED_VALUES // max(table.rows, 1))
    for first in range(0, len(columns), step):
        some = columns[first : first + step]
        values, filled = table.plain_numbers([column.name for column in some], "float64")
        for i in np.flatnonzero(~filled):
            values[:, i] = float64(table.column(some[i].name), some[i])
        values[~np.isfinite(values)] = np.nan
        in_order, counts = ordered_columns(np.ascontiguousarray(values.T))
        low, median, high = (quantiles(in_order, counts, share) for share in (0.25, 0.5, 0.75))
        lowest, highest = in_order[:, 0], in_order[np.arange(len(counts)), counts - 1]
        spread = np.where(high > low, high - low, (highest - lowest) / 2)
        unresolved = (spread > 0) & (np.abs(median) * EPSILON > RESOLUTION * spread)
        offsets[first : first + step] = np.where(unresolved, median, 0.0)
    return offsets


KIND = Number()
