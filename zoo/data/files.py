"""Tables in files: CSV, Parquet and TFRecord, one or many, near or at any fsspec address; whole, or block by block."""

from __future__ import annotations

import collections
import functools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pyarrow as pa

from zoo.data import addresses, csv_files, parquet_files, record_files
from zoo.data.tables import rebatch, to_frame

FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".tfrecord": "tfrecord",
    ".tfrecords": "tfrecord",
}
STREAM_BYTES = 2**30
BLOCKS_AHEAD = 2


class Files:
    """Files of one format that together are one table.

    Args:
        paths: Paths or addresses, in the order of their rows.
        format: `"csv"`, `"parquet"` or `"tfrecord"`.
        ignore: Columns that need not be readable: of Parquet files, those of lists or bytes are left out.
    """

    def __init__(self, paths: list[str], format: str, ignore=()):
        self.paths, self.format = paths, format
        self._module = {"csv": csv_files, "parquet": parquet_files, "tfrecord": record_files}[format]
        unreadable = parquet_files.unreadable(paths[0]) if ignore and format == "parquet" else ()
        self.left_out = [name for name in unreadable if name in ignore]

    @functools.cached_property
    def _scanned(self):
        return self._module.scan(self.paths, *([self.left_out] if self.left_out else []))

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return list(csv_files.dialect(self.paths[0]).names if self.format == "csv" else self._scanned[0])

    @property
    def rows(self) -> int:
        """Number of rows, counted once."""
        return self._scanned[1]

    def read(self) -> pd.DataFrame:
        """Returns all rows.

        Raises:
            ValueError: if a file cannot be read, is cut off or ragged, or files differ in columns.
        """
        if self.format == "csv":
            found, table = csv_files.read(self.paths)
        else:
            found = self._scanned[0]
            parts = list(self._module.tables(self.paths, found))
            table = pa.concat_tables(parts) if parts else pa.table({name: pa.nulls(0) for name in found})
        return to_frame(table, found)

    def blocks(self, rows: int) -> Iterator[pd.DataFrame]:
        """Yields tables of `rows` rows in order, with the types of `read`; memory holds few of them."""
        found = self._scanned[0]
        tables = rebatch(self._module.tables(self.paths, found), rows)
        return ahead(to_frame(table, found) for table in tables)

    @functools.cached_property
    def sha256(self) -> str:
        """SHA-256 of the files' raw bytes."""
        return addresses.sha256(self.paths)


def ahead(blocks: Iterator, depth: int = BLOCKS_AHEAD) -> Iterator:
    """Yields blocks in order while a thread makes the next `depth`."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="zoo-blocks")
    try:
        waiting = collections.deque(pool.submit(next, blocks, None) for _ in range(depth))
        while (block := waiting.popleft().result()) is not None:
            waiting.append(pool.submit(next, blocks, None))
            yield block
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def format_of(path: str) -> str | None:
    """Returns the format that a file's suffix says, before any of compression; None if it says none."""
    return FORMATS.get(addresses.suffix(path))


def table_files(source: str, format: str | None, ignore=()) -> Files:
    """Returns the table files that a path, glob, folder or address means.

    Args:
        source: A path, glob, folder or fsspec address.
        format: Their format, or None to know it by suffix.
        ignore: Columns that need not be readable.

    Raises:
        FileNotFoundError: if there are none.
        ValueError: if their format is unknown, or they have several.
    """
    paths = addresses.expand(source, lambda path: format is not None or format_of(path) is not None)
    formats = {path: format or format_of(path) for path in paths}
    if unknown := [path for path, kind in formats.items() if kind is None]:
        raise ValueError(
            f"A file's suffix must say its type: {', '.join(FORMATS)}, also compressed. Received: {unknown[0]!r}. "
            "Rename it, or pass format='csv', 'parquet' or 'tfrecord'."
        )
    if len(kinds := sorted(set(formats.values()))) > 1:
        raise ValueError(
            f"All files of {source!r} must be of one type. Received: {', '.join(kinds)}. Pass a glob such as '*.csv'."
        )
    return Files(paths, formats[paths[0]], ignore)
