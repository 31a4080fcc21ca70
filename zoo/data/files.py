"""Tables in files, one or many, near or at any fsspec address, also in archives; whole, or block by block.

A format is a module. Most have `parts(paths)`, which yields the rows in order. Those that know more ways have
`scan(paths)`, which says what the columns need, and `tables(paths, found)`, which yields the rows in these types.
"""

from __future__ import annotations

import collections
import contextvars
import functools
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pyarrow as pa

from zoo.data import (
    addresses,
    archives,
    arrow_files,
    csv_files,
    doubts,
    excel_files,
    hive_folders,
    image_files,
    json_files,
    parquet_files,
    record_files,
)
from zoo.data.image_pixels import NAMES
from zoo.data.tables import rebatch, scan, stored, to_frame

FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".feather": "feather",
    ".arrow": "feather",
    ".ipc": "feather",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".tfrecord": "tfrecord",
    ".tfrecords": "tfrecord",
}
MODULES = {
    "csv": csv_files,
    "parquet": parquet_files,
    "feather": arrow_files,
    "json": json_files,
    "excel": excel_files,
    "tfrecord": record_files,
}
SAVED_AS = {
    ".xls": ".xlsx",
    ".ods": ".xlsx",
    ".orc": ".parquet",
    ".h5": ".parquet",
    ".pkl": ".parquet",
    ".db": ".parquet",
}
STREAM_BYTES = 2**30
BLOCKS_AHEAD = 2


class Files:
    """Files of one format that together are one table.

    Args:
        paths: Paths or addresses, in the order of their rows.
        format: One of `MODULES`.
        ignore: Columns that need not be readable: of most formats, those of lists or bytes are left out.
        needed: The only columns that must be readable; None for all but those to ignore.
        texts: Columns of CSV files whose values stay text, whatever they look like; None for all.
        keys: What the names of folders say about each path, by column; see `zoo.data.hive_folders`.
    """

    def __init__(
        self,
        paths: list[str],
        format: str,
        ignore=(),
        keys: list[dict] | None = None,
        *,
        texts: Sequence | None = (),
        needed: Sequence | None = None,
    ):
        self.paths, self.format, self._texts = paths, format, texts
        self._module, self._keys = MODULES[format], keys or [{} for _ in paths]
        some = (ignore or needed is not None) and hasattr(self._module, "unreadable")
        unreadable = self._module.unreadable(paths[0]) if some else ()
        unneeded = set(unreadable).difference(unreadable if needed is None else map(str, needed))
        self.left_out = [name for name in unreadable if name in ignore or name in unneeded]

    @functools.cached_property
    def _in_files(self) -> tuple[dict, int]:
        """What the columns of the files need, and the number of rows."""
        if not hasattr(self._module, "scan"):
            return scan(self._parts())
        if self.format == "csv":
            return csv_files.scan(self.paths, self._texts)
        return self._module.scan(self.paths, self.left_out) if self.left_out else self._module.scan(self.paths)

    def _parts(self) -> Iterator[pa.Table]:
        """Yields the rows of a format that has `parts`, each part in types of its own."""
        return self._module.parts(self.paths, self.left_out) if self.left_out else self._module.parts(self.paths)

    @functools.cached_property
    def _in_folders(self) -> dict:
        """What the columns need that stand in the names of folders, and not in the files too."""
        return {n: column for n, column in hive_folders.columns(self._keys).items() if n not in self._in_files[0]}

    @property
    def _scanned(self) -> tuple[dict, int]:
        return {**self._in_files[0], **self._in_folders}, self._in_files[1]

    def _tables(self) -> Iterator[pa.Table]:
        """Yields all rows in the types of `_scanned`."""
        found = self._in_files[0]
        if not hasattr(self._module, "tables"):
            yield from (stored(part, found) for part in self._parts())
        elif not self._in_folders:
            yield from self._module.tables(self.paths, found)
        else:
            for path, keys in zip(self.paths, self._keys):
                for table in self._module.tables([path], found):
                    yield hive_folders.with_keys(table, keys, self._in_folders)

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return list(csv_files.dialect(self.paths[0]).names if self.format == "csv" else self._scanned[0])

    @property
    def folder(self) -> Path:
        """The folder that all files of a table stand in; one without images where they stand in several."""
        folders = {os.path.dirname(os.path.abspath(path)) for path in self.paths if addresses.is_local(path)}
        return Path(folders.pop() if len(folders) == 1 else os.devnull)

    @property
    def decimal(self) -> str | None:
        """The decimal mark of a CSV file; None where a format has none of its own."""
        return csv_files.dialect(self.paths[0]).decimal if self.format == "csv" else None

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
            found, table = csv_files.read(self.paths, self._texts)
        elif not hasattr(self._module, "scan"):
            parts = list(self._parts())
            self._in_files = found, _ = scan(parts)
            table = pa.concat_tables([stored(part, found) for part in parts])
        else:
            found = self._scanned[0]
            parts = list(self._tables())
            table = pa.concat_tables(parts) if parts else pa.table({name: pa.nulls(0) for name in found})
        return to_frame(table, found)

    def blocks(self, rows: int) -> Iterator[pd.DataFrame]:
        """Yields tables of `rows` rows in order, with the types of `read`; memory holds few of them."""
        found = self._scanned[0]
        tables = rebatch(self._tables(), rows)
        return ahead(to_frame(table, found) for table in tables)

    @functools.cached_property
    def sha256(self) -> str:
        """SHA-256 of the files' raw bytes."""
        return addresses.sha256(self.paths)


def ahead(blocks: Iterator, depth: int = BLOCKS_AHEAD) -> Iterator:
    """Yields blocks in order while a thread makes the next `depth`."""
    pool, context = ThreadPoolExecutor(1, thread_name_prefix="zoo-blocks"), contextvars.copy_context()
    try:
        waiting = collections.deque(pool.submit(lambda: context.run(next, blocks, None)) for _ in range(depth))
        while (block := waiting.popleft().result()) is not None:
            waiting.append(pool.submit(lambda: context.run(next, blocks, None)))
            yield block
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def format_of(path: str) -> str | None:
    """Returns the format that a file's suffix says, before any of compression; None if it says none."""
    return FORMATS.get(addresses.suffix(path))


def table_files(
    source: str, format: str | None, ignore=(), texts: Sequence | None = (), needed: Sequence | None = None
) -> Files:
    """Returns the table files that a path, glob, folder or address means.

    Args:
        source: A path, glob, folder or fsspec address.
        format: Their format, or None to know it by suffix.
        ignore: Columns that need not be readable.
        texts, needed: As for `Files`.

    Raises:
        FileNotFoundError: if there are none.
        ValueError: if their format is unknown, or they have several.
    """
    paths = addresses.expand(source, lambda path: format is not None or format_of(path) is not None)
    paths = [member for path in paths for member in _unpacked(path, format)]
    paths = _without_notes(paths) if format is None else paths
    formats = {path: format or format_of(path) or format_of(archives.archive_of(path)) for path in paths}
    if unknown := [path for path, kind in formats.items() if kind is None]:
        end = addresses.suffix(unknown[0])
        if image_files.is_image(unknown[0]) or end in image_files.OTHER_FORMATS:
            raise ValueError(
                f"Images must be {NAMES} files, and all files of {source!r} images or all tables. "
                f"Received: {unknown[0]!r}. Convert it, or pass a glob of images alone, such as '*.png'."
            )
        repair = f"Save it as {SAVED_AS[end]}." if end in SAVED_AS else "Rename it, or pass `format='csv'` or another."
        raise ValueError(
            f"A file's suffix must say its type: {', '.join(FORMATS)}, also compressed. Received: {unknown[0]!r}. "
            + repair
        )
    if len(kinds := sorted(set(formats.values()))) > 1:
        raise ValueError(
            f"All files of {source!r} must be of one type. Received: {', '.join(kinds)}. Pass a glob such as '*.csv', "
            "or of an archive one file, such as 'zip://a.csv::rows.zip'."
        )
    keys = hive_folders.keys(paths, source)
    if keys[0] and kinds != ["parquet"]:
        raise ValueError(
            f"A folder of {kinds[0]} files must hold all columns in its files. Received: {source!r}, which keeps the "
            f"column {next(iter(keys[0]))!r} in the names of folders such as "
            f"{'='.join(map(str, next(iter(keys[0].items()))))!r}. Write the column into the files, or write Parquet."
        )
    return Files(paths, formats[paths[0]], ignore, keys, texts=texts, needed=needed)


def _without_notes(paths: list[str]) -> list[str]:
    """Returns the files without those in .json, which beside tables only say something about them."""
    return [path for path in paths if addresses.suffix(path) != ".json"] or paths


def _unpacked(path: str, format: str | None) -> list[str]:
    """Returns a file itself, or the tables in an archive.

    Raises:
        ValueError: if an archive holds none.
    """
    if not archives.is_archive(path):
        return [path]
    with addresses.explained(path, "a zip or tar archive of tables"):
        members = archives.members(path)
    tables = [member for member in members if format is not None or format_of(member) is not None]
    tables = _without_notes(tables) if format is None else tables
    if not tables and len(members) == 1 and format_of(path) is not None:  # rows.csv.zip, which holds `rows`
        return members
    shown = [member.partition("://")[2].partition("::")[0] for member in members if member not in tables]
    if not tables:
        raise ValueError(
            f"The archive {path!r} must hold tables: {', '.join(FORMATS)}. Received: "
            f"{', '.join(shown[:5]) or 'nothing'}. Unpack it, or name the type of its files with `format`."
        )
    if shown:
        doubts.note(
            f"Of the archive {path!r}, {', '.join(shown[:5])}{', ...' * (len(shown) > 5)} is no table and is not read.",
            repair="Name the type with `format` if it is one.",
        )
    return tables
