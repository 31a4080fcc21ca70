"""Numbers: scaled, ranked, and flagged where they are missing.

A column whose spread float32 cannot resolve, such as time stamps, ids and coordinates, has an offset: its middle is
subtracted in float64 when it is read, in Python and in the served graph, which takes such a column as float64. So it
takes whole numbers beyond 2**24, for which TensorFlow Serving allows no float32.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from zoo.data import doubts, notations
from zoo.data.columns import number_formats
from zoo.data.columns.encodings import Encodings
from zoo.data.columns.kind import Group, Kind, State
from zoo.data.columns.natural import are_seconds, original, seconds_of_text
from zoo.data.columns.source_code import NUMBER_CONSTANTS, NUMBER_FUNCTIONS, Source, number_expressions
from zoo.data.columns.strings import series
from zoo.data.columns.table import Table, is_plain
from zoo.data.columns.values import Values
from zoo.data.number_statistics import ordered_columns, quantiles
from zoo.data.raw_values import as_float, as_numbers
from zoo.data.schema import Column

FLOAT32_MAX = float(np.finfo("float32").max)
EXACT = 2**53  # float64 represents every integer up to this one
WHOLE = 2**24 - 1  # the largest whole number below which float32 has all
EPSILON = 2.0**-24  # relative error of a value in float32
RESOLUTION = 1e-3  # the largest error of a value that is served as float32, in units of the column's spread
SAMPLED_VALUES = 2**22  # of which offsets are taken
FEWEST_ROWS = 1_024
MISSING_TYPES = (type(None), type(pd.NA), type(pd.NaT))


class Number(Kind):
    """Numbers, also those stored as text."""

    name, precedence, order = "number", 20, 10
    encodings = {"ranks": ("expanded",)}  # of all numbers, those of dates and arrays too
    has_numbers = may_be_ids = True
    together, dtype, block_dtype = True, "float32", "float32"

    def suits(self, values: Values) -> bool:
        if notations.has_digits_alone(values.date_format) and values.dates is not None:
            return False
        if values.numbers is None and (doubt := values.number_doubt()) is not None:
            text, example, repair = doubt
            doubts.note(text, column=values.name, value=example, row=values.row_of(example), repair=repair)
        return values.numbers is not None

    def column(self, values: Values) -> Column:
        column, found = values.number_column, values.number_format
        if not values.is_number:
            sizes = np.abs(values.numbers)
            beyond = np.flatnonzero((sizes > FLOAT32_MAX) & (sizes < np.inf))
            if len(beyond):
                first = int(beyond[0])
                note_beyond_float32(values.name, len(beyond), values.series.iloc[first], values.series.index[first])
        if found is None:
            return column
        notes = []
        marks = [mark for mark in values.levels if number_formats.cleaned(mark) in number_formats.MISSING_MARKS]
        if marks:
            rows = values.count_of(marks)
            notes.append(f"{', '.join(map(repr, sorted(marks)))} in {rows} rows count as missing.")
        if found.marks:
            said = ", ".join(f"{name} {mark!r}" for name, mark in found.marks.items())
            notes.append(f"Its strings are read as numbers, with {said}.")
        if found.missing:
            notes.append(values.note_missing(found.missing, "numbers"))
        if found.doubtful:
            doubts.note(
                "Its mark may stand between thousands or be the decimal mark; it is read as the former.",
                column=values.name,
                value=found.doubtful,
                repair="Pass `thousands=','` to confirm it, or `decimal=','` for the other reading.",
            )
        return dataclasses.replace(column, notes=tuple(notes))

    def read(self, values, column: Column, state: State) -> np.ndarray:
        return centred(values, column, state.get("offset", 0.0))

    def served(self, values, column: Column, state: State) -> np.ndarray:
        return self.of_request(values, column, _served_dtype(state))

    def plain(self, values, column: Column) -> np.ndarray:
        return float64(values, column)

    def of_request(self, values, column: Column, dtype: str) -> np.ndarray:
        return _cast(float64(values, column), dtype)

    def signature(self, column: Column, state: State):
        import tensorflow as tf

        return tf.TensorSpec((None,), _served_dtype(state))

    def number_names(self, column: Column, state: State) -> list:
        return [column.name]

    def offsets(self, column: Column, state: State) -> list[float]:
        return [state.get("offset", 0.0)]

    def fit_group(
        self, table: Table, columns: Sequence[Column], encodings: Encodings, counts: dict, y: np.ndarray | None = None
    ) -> list[State]:
        offsets, wide = _offsets(table, columns)
        if not encodings.centred:
            note_unresolved([column.name for column in columns], offsets)
            offsets = np.zeros(len(columns))
        return [
            ({"offset": float(offset)} if offset else {}) | ({"wide": True} if is_wide else {})
            for offset, is_wide in zip(offsets, wide, strict=True)
        ]

    def prepare(self, group: Group) -> np.ndarray:
        return np.array([state.get("offset", 0.0) for state in group.states or [{}] * len(group.columns)])

    def read_group(self, table: Table, group: Group) -> np.ndarray:
        matrix, filled = table.plain_numbers([column.name for column in group.columns])
        marked = np.array([bool(column.missing) for column in group.columns], bool)
        for i in np.flatnonzero(~filled | marked | (group.prepared != 0)):
            column = group.columns[i]
            matrix[:, i] = centred(table.column(column.name), column, group.prepared[i])
        return matrix

    def read_cells(self, cells: list[list], group: Group) -> np.ndarray | None:
        if any(column.missing for column in group.columns):
            return None
        if not all(is_number(value) for column in cells for value in column):
            return None
        read = _cast(np.array(cells, "float64") - group.prepared[:, None], "float32")
        return None if np.isinf(read).any() else np.ascontiguousarray(read.T)  # what is beyond float32 is said

    def read_graph_group(self, tensors: Sequence, group: Group, tables: Sequence):
        import tensorflow as tf

        read = []
        for tensor, column, offset in zip(tensors, group.columns, group.prepared, strict=True):
            for mark in number_formats.numeric(column.missing):
                mark = np.array(mark, tensor.dtype.as_numpy_dtype)
                tensor = tf.where(tensor == mark, np.array(np.nan, mark.dtype), tensor)
            read.append(tf.cast(tensor - offset if offset else tensor, tf.float32))
        return tf.stack(read, axis=1)

    def training_numbers(self, block: np.ndarray, group: Group) -> np.ndarray:
        return block

    def numbers_group(self, parsed, group: Group):
        return parsed

    def encode_group(self, parsed, group: Group, encodings: Encodings) -> list:
        return []

    def litert_obstacle(self, column: Column, state: State) -> str:
        return "numbers in float64" if state.get("offset") else ""

    def web_numbers(self, column: Column, state: State) -> list[dict]:
        absent = [float(mark) for mark in number_formats.numeric(column.missing)]
        return [{"offset": state.get("offset", 0.0), "absent": absent}]

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


def centred(values, column: Column, offset: float, what: str = "numbers") -> np.ndarray:
    """Returns a column of numbers less an offset as float32 `(rows,)`, NaN where a value is missing.

    Args:
        values: The column.
        column: What it is.
        offset: What is subtracted in float64.
        what: What it must hold, for the message.

    Raises:
        ValueError: if a value is not a number; the message names it and its row.
    """
    if (
        not offset
        and not column.missing
        and isinstance(values, np.ndarray)
        and values.ndim == 1
        and values.dtype.kind in "fiub"
    ):
        return _cast(values, "float32")
    found = float64(values, column, what)
    return _cast(found - offset if offset else found, "float32")


def _cast(values: np.ndarray, dtype: str) -> np.ndarray:
    with np.errstate(over="ignore"):
        return values.astype(dtype)


def float64(values, column: Column, what: str = "numbers") -> np.ndarray:
    """Returns a column of numbers as float64 `(rows,)`, NaN where a value is missing.

    Raises:
        ValueError: if a value is not a number; the message names it and its row.
    """
    if is_plain(values):
        return _without_marks(values.astype("float64"), column)
    _check_unit(values, column)
    values = series(values, column)
    if pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_complex_dtype(values.dtype):
        return _without_marks(values.to_numpy("float64", na_value=np.nan), column)
    marked = column.decimal != "." or column.thousands or column.prefix or column.suffix
    if not marked and not column.missing and (plain := as_numbers(values)) is not None:
        if values.dtype != object or not any(map(_is_beyond_float64, values[np.isinf(plain)])):
            return plain
    codes, uniques = pd.factorize(values)
    numbers, strange = number_formats.numbers_of(list(uniques), column)
    for i in np.flatnonzero(strange).tolist() if are_seconds(column.dtype) else ():
        if (seconds := seconds_of_text(uniques[i])) is not None:
            numbers[i], strange[i] = seconds, False
    if strange.any():
        row = int(np.flatnonzero(np.append(strange, False)[codes])[0])
        written = f" with the decimal mark {column.decimal!r}" if column.decimal != "." else ""
        written += f" with {column.suffix!r} behind them" if column.suffix in number_formats.SHARES else ""
        raise ValueError(
            f"The column {column.name!r} must hold {what}{written}. Received: {values.iloc[row]!r} in row "
            f"{values.index[row]}. "
            "Repair the value, leave it empty, or make the column a category in the schema."
        )
    return _without_marks(np.append(numbers, np.nan)[codes], column)


def _check_unit(values, column: Column) -> None:
    """Raises ValueError for durations and times in a column that was trained on numbers: they have another unit."""
    if not column.dtype or are_seconds(column.dtype):
        return
    if not isinstance(values, pd.Series):
        if not isinstance(values, (list, tuple)) and np.ndim(values) != 1:
            return
        values = pd.Series(values)
    if are_seconds(original(values)):
        row = int(np.argmax(values.notna()))
        raise ValueError(
            f"The column {column.name!r} must hold numbers, as in training. Received: {values.iloc[row]!r} in row "
            f"{row}. Turn durations and times into numbers of the same unit, such as column.dt.total_seconds()."
        )


def _is_beyond_float64(value) -> bool:
    """Returns whether a value is a whole number of Python that no float64 is near to."""
    return isinstance(value, int) and math.isinf(as_float(value))


def _without_marks(numbers: np.ndarray, column: Column) -> np.ndarray:
    """Returns numbers with NaN for those that mark missing values, such as -999."""
    marks = number_formats.numeric(column.missing)
    return np.where(np.isin(numbers, marks), np.nan, numbers) if marks else numbers


def _served_dtype(state: State) -> str:
    return "float64" if state.get("offset") or state.get("wide") else "float32"


def _offsets(table: Table, columns: Sequence[Column]) -> tuple[np.ndarray, np.ndarray]:
    """Returns the offset of each column, as `offsets_of` has it, and which columns hold large whole numbers."""
    rows = max(FEWEST_ROWS, SAMPLED_VALUES // len(columns))
    table = table.spread(rows)
    offsets, wide = np.zeros(len(columns)), np.zeros(len(columns), bool)
    step = max(1, SAMPLED_VALUES // max(table.rows, 1))
    for first in range(0, len(columns), step):
        some = columns[first : first + step]
        values, filled = table.plain_numbers([column.name for column in some], "float64")
        for i in np.flatnonzero(~filled).tolist():
            values[:, i] = float64(table.column(some[i].name), some[i])
        offsets[first : first + step] = offsets_of(values)
        with np.errstate(invalid="ignore"):
            large = np.any(np.isfinite(values) & (np.abs(values) > WHOLE), axis=0)
        for i in np.flatnonzero(large):
            known = values[np.isfinite(values[:, i]), i]
            wide[first + i] = bool(np.all(known == np.round(known)))
    return offsets, wide


def offsets_of(values: np.ndarray) -> np.ndarray:
    """Returns the median of each column `(rows, columns)` whose spread float32 does not resolve, 0 of the others."""
    values = np.where(np.isfinite(values), values, np.nan)
    in_order, counts = ordered_columns(np.ascontiguousarray(values.T))
    low, median, high = (quantiles(in_order, counts, share) for share in (0.25, 0.5, 0.75))
    lowest, highest = in_order[:, 0], in_order[np.arange(len(counts)), counts - 1]
    spread = np.where(high > low, high - low, (highest - lowest) / 2)
    unresolved = (spread > 0) & (np.abs(median) * EPSILON > RESOLUTION * spread)
    return np.where(unresolved, median, 0.0)


def note_beyond_float32(name, rows: int, value: float, row) -> None:
    """Notes that finite numbers of a column count as missing, since float32 does not hold them."""
    doubts.note(
        f"Numbers beyond {FLOAT32_MAX:.2g}, the largest of float32, count as missing, in {rows} rows.",
        column=name,
        value=value,
        row=row,
        repair="Repair them, or take the column's logarithm.",
    )


def note_unresolved(names: Sequence, offsets: np.ndarray) -> None:
    """Notes the columns whose differences are lost, as a model takes numbers as they are in float32."""
    for i in np.flatnonzero(offsets).tolist():
        doubts.note(
            "the numbers differ by less than float32 resolves, and this model takes them as they are.",
            column=names[i],
            value=float(offsets[i]),
            repair="Subtract their middle first, or leave the column out.",
        )


KIND = Number()
