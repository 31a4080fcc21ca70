"""Columns of tables in files: one type for all rows, whichever block or shard they stand in.

A column's type is the narrowest that holds all its values: a block of whole numbers, and a later one with a gap, are
both float64. So a stream gives the same values and types as the whole table.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping

import pandas as pd
import pyarrow as pa
import pyarrow.compute as compute

EXACT = 2**53  # the largest whole number up to which float64 holds all


@dataclasses.dataclass(frozen=True)
class ColumnType:
    """What the values of a column need: an Arrow type, whether some are missing, whether some exceed `EXACT`."""

    type: pa.DataType
    missing: bool = False
    large: bool = False

    def widened(self, other: ColumnType) -> ColumnType:
        """Returns what the values of both need."""
        missing, large = self.missing or other.missing, self.large or other.large
        return ColumnType(_wider(self.type, other.type), missing, large)

    @property
    def stored(self) -> pa.DataType:
        """The type that all values are given out in."""
        if pa.types.is_null(self.type):
            return pa.float64()
        if pa.types.is_integer(self.type) and self.missing:
            return pa.string() if self.large else pa.float64()
        if pa.types.is_floating(self.type) and self.large:
            return pa.string()
        return self.type


def _wider(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    if one == other or pa.types.is_null(other):
        return one
    if pa.types.is_null(one):
        return other
    if pa.types.is_integer(one) and pa.types.is_integer(other):
        return pa.int64()
    numbers = [pa.types.is_integer(kind) or pa.types.is_floating(kind) for kind in (one, other)]
    return pa.float64() if all(numbers) else pa.string()


def find(column: pa.ChunkedArray) -> ColumnType:
    """Returns what a column's values need."""
    large = False
    if pa.types.is_integer(column.type):
        limits = compute.min_max(column)
        large = any((limits[end].as_py() or 0) * sign > EXACT for end, sign in (("min", -1), ("max", 1)))
    return ColumnType(column.type, column.null_count > 0, large)


def scan(parts: Iterable[pa.Table]) -> tuple[dict[str, ColumnType], int]:
    """Returns what the columns of all parts need, and the number of rows. A part may lack columns of another."""
    found: dict[str, ColumnType] = {}
    rows = 0
    for part in parts:
        own = {name: find(part.column(name)) for name in part.column_names}
        # A column that is new is missing in all rows before, and one that is absent here in the rows of this part.
        before, here = ColumnType(pa.null(), rows > 0), ColumnType(pa.null(), part.num_rows > 0)
        names = dict.fromkeys((*found, *own))
        found = {name: found.get(name, before).widened(own.get(name, here)) for name in names}
        rows += part.num_rows
    return found, rows


def merge(found: dict[str, ColumnType], more: dict[str, ColumnType]) -> dict[str, ColumnType]:
    """Returns what the columns of two blocks need."""
    return {name: found[name].widened(more[name]) for name in found} if found else more


def from_values(columns: Mapping[str, list], source: str) -> pa.Table:
    """Returns values of Python as a table. A column of numbers and texts is text; None and NaN are missing.

    Raises:
        ValueError: if a column holds lists or dicts beside other values.
    """
    return pa.table({name: _array(values, name, source) for name, values in columns.items()})


def _array(values: list, name: str, source: str) -> pa.Array:
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        return pa.array([_written(value, name, source) for value in values], pa.string())


def _written(value, name: str, source: str) -> str | None:
    if value is None or value != value:
        return None
    if isinstance(value, (list, dict)):
        raise ValueError(_no_values(name, source, type(value).__name__))
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _no_values(name: str, source: str, received) -> str:
    return (
        f"The column {name!r} of {source!r} must hold numbers, strings, booleans or dates. Received: {received}. "
        "Ignore it (`ignore`), or write it as numbers."
    )


def decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Returns the values of a column that is stored as positions in a dictionary."""
    kind = column.type.value_type
    kind = pa.large_string() if pa.types.is_string_view(kind) else kind
    return pa.chunked_array([chunk.dictionary.cast(kind).take(chunk.indices) for chunk in column.chunks], kind)


def floats_of_decimals(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Returns the float64 nearest to each decimal; Arrow's own cast is half of the times one beside it."""
    return column.cast(pa.string()).cast(pa.float64())


def plain(table: pa.Table, source: str) -> pa.Table:
    """Returns the table with numbers, strings, booleans and times alone: dates, decimals, dictionaries turned.

    Raises:
        ValueError: if a column holds lists, structs or other things that are no values.
    """
    columns = []
    for i, field in enumerate(table.schema):
        column, kind = table.column(i), field.type
        if pa.types.is_dictionary(kind):
            column = decoded(column)
            kind = column.type
        if pa.types.is_date(kind):
            column = column.cast(pa.timestamp("us"))
        elif pa.types.is_decimal(kind):
            column = floats_of_decimals(column)
        elif pa.types.is_time(kind):
            column = column.cast(pa.time64("us"), safe=False)
        elif pa.types.is_duration(kind):
            column = column.cast(pa.duration("us"), safe=False)
        elif pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
            column = column.cast(pa.string())
        elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            column = _text(column, field.name, source)
        elif pa.types.is_nested(kind) or pa.types.is_interval(kind):
            raise ValueError(_no_values(field.name, source, kind))
        columns.append(column)
    return pa.table(columns, names=table.column_names) if columns else table


def _text(column, name, source):
    try:
        return column.cast(pa.string())
    except pa.ArrowInvalid as error:
        raise ValueError(
            f"The column {name!r} of {source!r} must hold text in UTF-8. Received: other bytes. Ignore it (`ignore`)."
        ) from error


def stored(table: pa.Table, found: dict[str, ColumnType]) -> pa.Table:
    """Returns the table in the types of all blocks, in their order of columns; what it lacks is missing."""
    for name in set(found).difference(table.column_names):
        table = table.append_column(name, pa.nulls(table.num_rows))
    table = table.select(list(found))
    return table.cast(pa.schema([(name, column.stored) for name, column in found.items()]), safe=False)


def to_frame(table: pa.Table, found: dict[str, ColumnType]) -> pd.DataFrame:
    """Returns a pandas table; booleans of which some are missing anywhere are pandas' `boolean`."""
    frame = table.replace_schema_metadata(None).to_pandas(date_as_object=False)
    gaps = [name for name, column in found.items() if pa.types.is_boolean(column.stored) and column.missing]
    return frame.astype(dict.fromkeys(gaps, "boolean")) if gaps else frame


def rebatch(tables: Iterable[pa.Table], rows: int) -> Iterator[pa.Table]:
    """Yields tables of `rows` rows each, the last one with what is left."""
    waiting: list[pa.Table] = []
    held = 0
    for table in tables:
        while held + table.num_rows >= rows:
            waiting.append(table.slice(0, rows - held))
            table = table.slice(rows - held)
            yield pa.concat_tables(waiting)
            waiting, held = [], 0
        if table.num_rows:
            waiting.append(table)
            held += table.num_rows
    if held:
        yield pa.concat_tables(waiting)
