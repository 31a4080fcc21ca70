"""CSV: read with Arrow, whole or in chunks of bytes that end at a row's end.

Separator and decimal comma are found in the first rows. Codes with leading zeros (007), whole numbers beyond 64 bits
and dates stay text. Types hold for all rows: see `zoo.data.tables`.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import re
from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as compute
from pyarrow import csv as arrow_csv

from zoo.data import addresses, csv_headers
from zoo.data.names import matching_text
from zoo.data.raw_values import MISSING
from zoo.data.tables import EXACT, ColumnType, find, merge, stored

CHUNK_BYTES = 2**24
SNIFFED_BYTES = 2**16
SNIFFED_ROWS = 50
NULLS = [*MISSING, "#N/A", "NULL"]
TRUE, FALSE = ["true", "True", "TRUE"], ["false", "False", "FALSE"]


@dataclasses.dataclass(frozen=True)
class Dialect:
    """How a file is written: its columns, separators, the bytes and lines of its header, what ends a line."""

    path: str
    names: tuple[str, ...]
    separator: str
    decimal: str
    header_bytes: int
    header_lines: int
    line_end: bytes


def dialect(path: str) -> Dialect:
    """Returns how a CSV file is written.

    Raises:
        ValueError: if it is empty, no text, or two columns have one name.
    """
    with addresses.explained(path, "a CSV with a header"), addresses.opened(path) as file:
        head = file.read(SNIFFED_BYTES)
        if head.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise ValueError(f"{path!r} must be UTF-8 text. Received: UTF-16. Convert it: iconv -f utf-16 -t utf-8.")
        if b"\0" in head:
            raise ValueError(f"{path!r} must be CSV text. Received: binary content. `format=` names another type.")
        while head.count(b'"') % 2 and (more := file.read(SNIFFED_BYTES)) and len(head) < CHUNK_BYTES:
            head += more
    if not head.strip():
        raise ValueError(f"{path!r} must be a CSV with a header. Received: an empty file. Write it again.")
    line_end = b"\n" if b"\n" in head else b"\r"
    whole = head[: head.rfind(line_end) + 1] if len(head) >= SNIFFED_BYTES and line_end in head else head
    text = whole.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    above, separator = csv_headers.lines_above(text)
    text_lines = list(io.StringIO(text, newline=""))  # a line break in a name stays what it is
    text = "".join(text_lines[above:])
    by_suffix = "\t" if re.search(r"\.tsv(\.\w+)?$", path.split("?")[0].split("::")[0]) else ""
    separator = separator or by_suffix or csv_headers.separator_of(text)
    reader = csv.reader(text_lines[above:], delimiter=separator)
    first: list[str] = next((row for row in reader if row), [])
    body = csv_headers.rows(text, separator, SNIFFED_ROWS)[1:]
    if _has_unnamed_index(first, body):
        first = ["", *first]
    _check_width(path, first, body, text, above + reader.line_num)
    csv_headers.check(first, body, repr(path))
    names = csv_headers.named(first, path)
    header = "".join(text_lines[: above + reader.line_num]).removesuffix(line_end.decode())
    end, lines = -1, header.count(line_end.decode()) + 1
    for _ in range(lines):
        end = head.find(line_end, end + 1) if end < len(head) else end
        end = len(head) if end < 0 else end
    _raise_undecodable(head[:end], 0, path, line_end)
    fields = [field for row in body for field in row]
    comma = separator == ";" and any(re.fullmatch(r"-?\d+,\d+", field) for field in fields)
    decimal = "," if comma and not any(re.fullmatch(r"-?\d+\.\d+", field) for field in fields) else "."
    return Dialect(path, tuple(names), separator, decimal, min(end + 1, len(head)), lines, line_end)


def _has_unnamed_index(header: list[str], body: list[list[str]]) -> bool:
    """Returns whether each row has one field more than the header, as R writes its row names.

    They must differ, and be texts or count the rows: else the header may lack another name than the first.
    """
    if len(header) < 2 or len(body) < 2 or any(len(row) != len(header) + 1 for row in body):
        return False
    first = [row[0].strip() for row in body]
    counts = [str(int(first[0]) + i) for i in range(len(first))] if first[0].isdecimal() else []
    texts = not any(map(csv_headers.NUMBER.fullmatch, first))
    return any(row[-1] for row in body) and len(set(first)) == len(first) and (texts or first == counts)


def _check_width(path: str, header: list[str], body: list[list[str]], text: str, line: int) -> None:
    """Raises ValueError where all rows are wider than the header: it is none, but a title or a comment above one."""
    if len(header) == 1 and body:
        candidates = [csv_headers.rows(text, mark, SNIFFED_ROWS)[1:] for mark in csv_headers.SEPARATORS]
        body = max(candidates, key=lambda rows: min(map(len, rows), default=0))
    widths = [len(row) for row in body]
    if widths and min(widths) > len(header):
        count = f"{len(header)} field" + "s" * (len(header) > 1)
        raise ValueError(
            f"The header of {path!r} must name all columns. Received: {count} in line {line}, "
            f"{','.join(header)[:60]!r}, and {min(widths)} in the next. Remove a title or comment above the header, or "
            "quote fields that hold a separator."
        )


def _chunks(written: Dialect) -> Iterator[tuple[int, bytes]]:
    """Yields `(lines before it, bytes)`, each chunk to a row's end, also where quoted fields hold line breaks."""
    with addresses.explained(written.path, "a CSV with a header"), addresses.opened(written.path) as file:
        file.read(written.header_bytes)
        rest, line = b"", written.header_lines
        while read := file.read(CHUNK_BYTES):
            chunk = rest + read
            end = _last_row_end(chunk, written.line_end)
            chunk, rest = chunk[:end], chunk[end:]
            if chunk.strip():
                yield line, chunk
            line += chunk.count(written.line_end)
        if rest.strip():
            yield line, rest


def _last_row_end(chunk: bytes, line_end: bytes) -> int:
    end = chunk.rfind(line_end) + 1
    quotes = chunk.count(b'"', 0, end)
    last = end
    while quotes % 2 and last > end - 2**20:  # an open quote; a field of over 1 MiB is a stray quotation mark
        opening = chunk.rfind(b'"', 0, last)
        last = chunk.rfind(line_end, 0, opening) + 1
        quotes = chunk.count(b'"', 0, last)
    return last if quotes % 2 == 0 and last > 0 else end


def _parse(chunk: bytes, line: int, written: Dialect, types: dict[str, pa.DataType], only=()) -> pa.Table:
    try:
        return arrow_csv.read_csv(
            pa.BufferReader(chunk),
            read_options=arrow_csv.ReadOptions(column_names=list(written.names), block_size=2**22),
            parse_options=arrow_csv.ParseOptions(delimiter=written.separator, newlines_in_values=b'"' in chunk),
            convert_options=arrow_csv.ConvertOptions(
                column_types=types,
                null_values=NULLS,
                strings_can_be_null=True,
                true_values=TRUE,
                false_values=FALSE,
                decimal_point=written.decimal,
                include_columns=list(only),
            ),
        )
    except pa.ArrowInvalid as error:
        _raise_ragged(chunk, line, written)
        _raise_undecodable(chunk, line, written.path, written.line_end)
        text = re.sub(r"\s+", " ", str(error))[:300]
        raise ValueError(
            f"{written.path!r} must be a CSV with a header. Received: {text}. Repair or replace it."
        ) from error


def _raise_ragged(chunk, line, written) -> None:
    lines = io.StringIO(chunk.decode("utf-8", "replace"), newline=None)
    reader = csv.reader(lines, delimiter=written.separator)
    before = 0
    for row in reader:
        if row and len(row) != len(written.names):
            raise ValueError(
                f"Each row of {written.path!r} must have {len(written.names)} fields, as its header has. Received: "
                f"{len(row)} in line {line + before + 1}. Repair that line, or quote fields that hold "
                f"{written.separator!r}."
            )
        before = reader.line_num


def _raise_undecodable(chunk, line: int, path: str, line_end: bytes) -> None:
    try:
        chunk.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path!r} must be UTF-8 text. Received: the byte 0x{chunk[error.start]:02x} in line "
            f"{line + chunk.count(line_end, 0, error.start) + 1}. Convert it, such as: iconv -f latin1 -t "
            "utf-8."
        ) from error


def _inferred(chunk: bytes, line: int, written: Dialect, texts: set[str]) -> pa.Table:
    """Returns a chunk in the types that Arrow finds, with text where these would lose what is written."""
    table = _parse(chunk, line, written, dict.fromkeys(texts, pa.string()))
    numbers, again = [], []
    for field in table.schema:
        kind = field.type
        if pa.types.is_binary(kind):
            _raise_undecodable(chunk, line, written.path, written.line_end)
        if pa.types.is_integer(kind) or pa.types.is_floating(kind):
            numbers.append(field.name)
        elif not (pa.types.is_null(kind) or pa.types.is_boolean(kind) or pa.types.is_string(kind)):
            again.append(field.name)
    if numbers and _may_have_leading_zeros(chunk, written):
        written_out = _parse(chunk, line, written, dict.fromkeys(numbers, pa.string()), numbers)
        again += [name for name in numbers if _any(written_out.column(name), r"^\s*0\d+\s*$")]
    for name in numbers:
        if pa.types.is_floating(table.schema.field(name).type) and _exceeds(table.column(name)):
            column = _parse(chunk, line, written, {name: pa.string()}, [name]).column(name)
            again += [name] if name not in again and _any(column, r"^\s*[+-]?\d{16,}\s*$") else []
    if again:
        replaced = _parse(chunk, line, written, dict.fromkeys(again, pa.string()), again)
        for name in again:
            table = table.set_column(table.schema.get_field_index(name), name, replaced.column(name))
    return table


def _may_have_leading_zeros(chunk: bytes, written: Dialect) -> bool:
    """Returns whether a field may begin with 0 and another digit: 0 after a separator and blanks, before a digit."""
    content = np.frombuffer(b"\n\n" + chunk, np.uint8)
    zeros = np.flatnonzero((content[2:-1] == ord("0")) & (content[3:] - ord("0") < 10)) + 2
    starts, blanks = list(written.separator.encode() + b'\r\n"'), list(b" \t")
    padded = np.isin(content[zeros - 1], blanks) & np.isin(content[zeros - 2], starts + blanks)
    return bool((np.isin(content[zeros - 1], starts) | padded).any())


def _any(column, pattern: str) -> bool:
    return bool(compute.any(compute.match_substring_regex(column, pattern)).as_py())


def _exceeds(column) -> bool:
    return bool(compute.any(compute.greater(compute.abs(column), float(EXACT))).as_py())


def scan(paths: list[str], texts: Iterable | None = ()) -> tuple[dict[str, ColumnType], int]:
    """Returns what the columns of all files need, and the number of rows, from one pass.

    Args:
        paths: The files.
        texts: Columns whose values stay text, whatever they look like; None for all.
    """
    found: dict[str, ColumnType] = {}
    rows = 0
    for path in paths:
        written = dialect(path)
        _check_same_columns(paths[0], found, written)
        for line, chunk in _chunks(written):
            known = {name for name, column in found.items() if pa.types.is_string(column.type)}
            table = _inferred(chunk, line, written, known | _texts(texts, written))
            found = merge(found, {name: find(table.column(name)) for name in found or table.column_names})
            rows += table.num_rows
        found = found or {name: ColumnType(pa.null()) for name in written.names}
    return found, rows


def _check_same_columns(first: str, found, written: Dialect) -> None:
    if found and set(found) != set(written.names):
        raise ValueError(addresses.differing(first, written.path, found, written.names))


def _texts(names: Iterable | None, written: Dialect) -> set[str]:
    known = set(map(matching_text, written.names if names is None else names))
    return {name for name in written.names if matching_text(name) in known}


def tables(paths: list[str], found: dict[str, ColumnType]) -> Iterator[pa.Table]:
    """Yields the rows of all files, in the types of `scan`."""
    types = {name: column.stored for name, column in found.items()}
    for path in paths:
        written = dialect(path)
        for line, chunk in _chunks(written):
            yield stored(_parse(chunk, line, written, types), found)


def read(paths: list[str], texts: Iterable | None = ()) -> tuple[dict[str, ColumnType], pa.Table]:
    """Reads whole files: what the columns need, and one table in these types. `texts` is as for `scan`."""
    found: dict[str, ColumnType] = {}
    parts, contents = [], []
    for path in paths:
        written = dialect(path)
        _check_same_columns(paths[0], found, written)
        with addresses.explained(path, "a CSV with a header"), addresses.opened(path) as file:
            file.read(written.header_bytes)
            chunk = file.read()
        contents.append((chunk, written))
        if not chunk.strip():
            parts.append(pa.table({name: pa.nulls(0) for name in written.names}))
        else:
            parts.append(_inferred(chunk, written.header_lines, written, _texts(texts, written)))
        found = merge(found, {name: find(parts[-1].column(name)) for name in found or written.names})
    types = {name: column.stored for name, column in found.items()}
    for i, (part, (chunk, written)) in enumerate(zip(parts, contents)):
        lossy = any(pa.types.is_string(types[f.name]) and not pa.types.is_string(f.type) for f in part.schema)
        parts[i] = stored(_parse(chunk, written.header_lines, written, types) if lossy and len(part) else part, found)
    return found, pa.concat_tables(parts)
