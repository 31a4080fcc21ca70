"""Feather and Arrow's IPC files and streams: types from the files, rows in their own batches."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pyarrow as pa
from pyarrow import ipc

from zoo.data import addresses
from zoo.data.parquet_files import check_names, without_index
from zoo.data.tables import plain

WHAT = "a Feather file of version 2, which is Arrow's IPC format"


def parts(paths: list[str], left_out=()) -> Iterator[pa.Table]:
    """Yields the rows of all files batch by batch, of each at least one table without rows.

    Raises:
        ValueError: if a file is another one, or files differ in columns.
    """
    columns: list[str] = []
    for path in paths:
        for table in _batches(path, left_out):
            if columns and set(columns) != set(table.column_names):
                raise ValueError(addresses.differing(paths[0], path, columns, table.column_names))
            columns = columns or table.column_names
            yield plain(table, path)


def _batches(path: str, left_out=()) -> Iterator[pa.Table]:
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
    refused = (pa.types.is_nested, pa.types.is_binary)
    return [field.name for field in schema if any(test(field.type) for test in refused)]
