"""Feather and Arrow's IPC files and streams: types from the files, rows in their own batches."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pyarrow as pa
from pyarrow import ipc

from zoo.data import addresses
from zoo.data.parquet_files import check_names, without_index
from zoo.data.tables import Found, find, merge, plain, stored

WHAT = "a Feather file of version 2, which is Arrow's IPC format"


def _batches(path: str, left_out=()) -> Iterator[pa.Table]:
    """Yields the rows of a file batch by batch, or at least one table without rows."""
    with addresses.explained(path, WHAT), addresses.opened(path) as file:
        content = file if file.seekable() else io.BytesIO(file.read())
        try:
            reader = ipc.open_file(content)
            batches = map(reader.get_batch, range(reader.num_record_batches))
        except pa.ArrowInvalid:
            content.seek(0)
            reader = ipc.open_stream(content)
            batches = iter(reader)
        check_names(reader.schema.names, path)
        names = without_index(reader.schema.names, left_out)
        yield reader.schema.empty_table().select(names)
        for batch in batches:
            yield pa.Table.from_batches([batch]).select(names)


def unreadable(path: str) -> list[str]:
    """Returns the columns that hold no single values: lists, structs, bytes."""
    schema = next(_batches(path)).schema
    refused = (pa.types.is_nested, pa.types.is_binary, pa.types.is_duration)
    return [field.name for field in schema if any(test(field.type) for test in refused)]


def scan(paths: list[str], left_out=()) -> tuple[dict[str, Found], int]:
    """Returns what the columns of all files need, and the number of rows, from one pass."""
    found: dict[str, Found] = {}
    rows = 0
    for path in paths:
        for table in _batches(path, left_out):
            if found and set(found) != set(table.column_names):
                raise ValueError(addresses.differing(paths[0], path, found, table.column_names))
            table = plain(table, path)
            found = merge(found, {name: find(table.column(name)) for name in found or table.column_names})
            rows += table.num_rows
    return found, rows


def tables(paths: list[str], found: dict[str, Found]) -> Iterator[pa.Table]:
    """Yields the rows of all files, in the types of `scan`."""
    for path in paths:
        for table in _batches(path):
            yield stored(plain(table.select(list(found)), path), found)
