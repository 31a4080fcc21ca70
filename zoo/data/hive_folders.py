"""Hive's folders: columns of which each value is a folder, `year=2020/month=1/rows.parquet`, as Spark writes them."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pyarrow as pa

from zoo.data.tables import ColumnType

MISSING = "__HIVE_DEFAULT_PARTITION__"
_FOLDER = re.compile(r"([^=]+)=(.*)")


def keys(paths: list[str], source: str) -> list[dict[str, str | None]]:
    """Returns what the folders of each path say, by column; folders that stand in `source` itself say nothing.

    Args:
        paths: Files of a folder or a glob.
        source: The folder or the glob.

    Raises:
        ValueError: if the files' folders are of different columns.
    """
    fixed = set(_parts(re.split(r"[*\[?]", source)[0]))
    found = []
    for path in paths:
        named = [_FOLDER.fullmatch(part) for part in _parts(path)[:-1] if part not in fixed]
        found.append({unquote(m[1]): None if m[2] == MISSING else unquote(m[2]) for m in named if m})
    if odd := [path for path, own in zip(paths, found) if list(own) != list(found[0])]:
        columns, others = ", ".join(found[0]) or "none", ", ".join(found[paths.index(odd[0])]) or "none"
        raise ValueError(
            f"All folders of {source!r} must be of the same columns. Received: {columns} for {paths[0]!r}, and "
            f"{others} for {odd[0]!r}. Load them apart."
        )
    return found


def _parts(path: str) -> list[str]:
    return re.split(r"[\\/]", path)


def columns(found: list[dict[str, str | None]]) -> dict[str, ColumnType]:
    """Returns what the columns of folders need: whole numbers where all values are, else text."""
    needed = {}
    for name in found[0] if found else ():
        values = [own[name] for own in found]
        whole = all(value is None or re.fullmatch(r"-?(0|[1-9]\d{0,17})", value) for value in values)
        some = any(value is not None for value in values)
        kind = pa.null() if not some else pa.int64() if whole else pa.string()
        needed[name] = ColumnType(kind, None in values)
    return needed


def with_keys(table: pa.Table, own: dict[str, str | None], needed: dict[str, ColumnType]) -> pa.Table:
    """Returns the rows of a file with the columns of its folders behind its own."""
    for name, column in needed.items():
        value = own[name] if own[name] is None or pa.types.is_string(column.stored) else int(own[name])
        table = table.append_column(name, pa.repeat(pa.scalar(value, column.stored), table.num_rows))
    return table
