"""JSON lines: an object a line. A file that is one array of objects, or one object of columns, is read as well.

Python's own `json` reads, since it keeps what is written: Arrow's reader turns texts into dates, and refuses a column
that holds numbers and texts; pandas's turns texts into numbers.
"""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Iterator

import pyarrow as pa

from zoo.data import addresses, frames
from zoo.data.tables import from_values, plain

LINES = 16_384  # that are read at a time


def _records(path: str) -> Iterator[list[dict]]:
    """Yields the objects of a file, some thousands at a time."""
    what = "JSON: an object a line, or one array of objects"
    with addresses.explained(path, what), addresses.opened(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8-sig")
        try:
            lines = ((number, line) for number, line in enumerate(text, 1) if line.strip())
            first = next(lines, None)
            if first is None:
                raise ValueError(f"{path!r} must be {what}. Received: an empty file. Write it again.")
            if not _is_object(first[1]):
                yield _of_document(first[1] + "".join(line for _, line in lines), path, what)
                return
            lines = itertools.chain([first], lines)
            while some := list(itertools.islice(lines, LINES)):
                yield [_object(line, number, path, what) for number, line in some]
        except UnicodeDecodeError as error:
            raise ValueError(f"{path!r} must be UTF-8 text. Received: other bytes. Convert it with iconv.") from error


def _is_object(line: str) -> bool:
    """Returns whether a line is an object of single values: columns in one line are a document."""
    try:
        found = json.loads(line)
    except json.JSONDecodeError:
        return not line.lstrip().startswith("[") and line.rstrip().endswith("}")  # told with its line number
    return isinstance(found, dict) and not (found and all(isinstance(v, (list, dict)) for v in found.values()))


def _object(line: str, number: int, path: str, what: str) -> dict:
    try:
        found = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{path!r} must be {what}. Received: {error.msg} in line {number}. Repair that line."
        ) from error
    if not isinstance(found, dict):
        raise ValueError(
            f"{path!r} must be {what}. Received: {type(found).__name__} in line {number}. Repair that line."
        )
    return found


def _of_document(text: str, path: str, what: str) -> list[dict]:
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path!r} must be {what}. Received: {error}. Repair it.") from error
    if isinstance(found, dict):
        table = frames.as_frame(found)
        return [dict(zip(table.columns, row)) for row in table.astype(object).itertuples(index=False)]
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise ValueError(f"{path!r} must be {what}. Received: other JSON. Write it as such.")
    return found


def parts(paths: list[str], left_out=()) -> Iterator[pa.Table]:
    """Yields the rows of all files, some thousands at a time. Rows may lack columns."""
    for path in paths:
        for rows in _records(path):
            names = [name for name in dict.fromkeys(itertools.chain.from_iterable(rows)) if name not in left_out]
            yield plain(from_values({name: [row.get(name) for row in rows] for name in names}, path), path)


def unreadable(path: str) -> list[str]:
    """Returns the columns that hold no single values: lists and objects."""
    first = next(_records(path), [])
    return list(dict.fromkeys(name for row in first for name, value in row.items() if isinstance(value, (list, dict))))
