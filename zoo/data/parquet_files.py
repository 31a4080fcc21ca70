"""Parquet: types and numbers of rows from the files' own metadata, rows in batches."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as parquet

from zoo.data import addresses
from zoo.data.tables import EXACT, ColumnType, find, merge, plain, stored

BATCH_ROWS = 65_536


def unreadable(path: str) -> list[str]:
    """Returns the columns that hold no single values: lists, structs, bytes."""
    with addresses.explained(path, "a Parquet file"), addresses.opened(path) as opened:
        schema = parquet.ParquetFile(opened).schema_arrow
    refused = (pa.types.is_nested, pa.types.is_binary)
    return [field.name for field in schema if any(test(field.type) for test in refused)]


def check_names(names: list[str], path: str) -> None:
    """Raises ValueError if two columns have one name."""
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(
            f"Column names must differ. {path!r} has twice: {', '.join(map(repr, twice))}. Rename one of each."
        )


def without_index(names: list[str], left_out=()) -> list[str]:
    """Returns the columns without pandas's nameless index."""
    return [name for name in names if not name.startswith("__index_level_") and name not in left_out]


def scan(paths: list[str], left_out=()) -> tuple[dict[str, ColumnType], int]:
    """Returns what the columns of all files need, and the number of rows."""
    found: dict[str, ColumnType] = {}
    rows = 0
    for path in paths:
        with addresses.explained(path, "a Parquet file"), addresses.opened(path) as opened:
            file = parquet.ParquetFile(opened)
            check_names(file.schema_arrow.names, path)
            names = without_index(file.schema_arrow.names, left_out)
            if found and set(found) != set(names):
                raise ValueError(addresses.differing(paths[0], path, found, names))
            table = plain(file.schema_arrow.empty_table().select(names), path)
            found = merge(found, {name: _find(file, name, table.column(name)) for name in found or names})
            rows += file.metadata.num_rows
    return found, rows


def _find(file: parquet.ParquetFile, name: str, empty) -> ColumnType:
    """Returns what a column needs, from statistics where the file has them, else from its values."""
    if not (pa.types.is_integer(empty.type) or pa.types.is_boolean(empty.type)):
        return find(empty)
    missing = large = False
    index = file.schema_arrow.get_field_index(name)
    plain_columns = len(file.schema) == len(file.schema_arrow)
    for group in range(file.num_row_groups):
        statistics = file.metadata.row_group(group).column(index).statistics if plain_columns else None
        if statistics is None or not statistics.has_null_count or not statistics.has_min_max:
            column = find(plain(file.read_row_group(group, columns=[name]), "").column(name))
            missing, large = missing or column.missing, large or column.large
            continue
        missing = missing or statistics.null_count > 0
        large = large or max(abs(int(statistics.min)), abs(int(statistics.max))) > EXACT
    return ColumnType(empty.type, missing, large)


def tables(paths: list[str], found: dict[str, ColumnType]) -> Iterator[pa.Table]:
    """Yields the rows of all files, in the types of `scan`."""
    for path in paths:
        with addresses.explained(path, "a Parquet file"), addresses.opened(path) as opened:
            file = parquet.ParquetFile(opened)
            for batch in file.iter_batches(BATCH_ROWS, columns=list(found)):
                yield stored(plain(pa.Table.from_batches([batch]), path), found)
