"""The header of a table in a file: what stands above it, how columns without a name are called, whether it is there.

A file without a header, or with a title above it, would give its first row for names. Both are refused with the repair.
"""

from __future__ import annotations

import csv
import io
import re

SEPARATORS = ",;\t|"
NUMBER = re.compile(r"\s*[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?\s*")
DATE = re.compile(r"\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?")
FEWEST_RUNNING = 5  # names that are numbers in an order, such as wavelengths, may be so many or more


def rows(text: str, separator: str, most: int = 50) -> list[list[str]]:
    """Returns the header and the first rows of a text, without empty lines."""
    found: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            found += [row] if row else []
            if len(found) > most:
                break
    except csv.Error:  # a field of over 128 KiB: what stands before it says enough
        pass
    return found


def lines_above(text: str) -> tuple[int, str]:
    """Returns how many lines of comments stand above the header, and the separator that a line `sep=;` names or ""."""
    lines = list(io.StringIO(text, newline=""))
    above, separator = 0, ""
    if lines and (named := re.fullmatch(r"\W?sep=(.)\s*", lines[0], re.IGNORECASE)):
        above, separator = 1, named[1]
    for i, line in enumerate(lines[above:], above):
        if line.startswith("#"):
            above = i + 1
        elif line.strip():
            is_header = above > 0 and _is_header(lines[above - 1], line, lines[i + 1 : i + 2], separator or SEPARATORS)
            return above - is_header, separator
    return 0, ""


def _is_header(comment: str, line: str, after: list[str], separators: str) -> bool:
    """Returns whether a line that begins with `#` is the header of the lines after it, as in `#,name` or `#id,name`.

    It is one if it has as many fields, unless the line after it looks like a header itself.
    """
    counts = [line.count(mark) for mark in separators]
    if not comment.startswith("#") or not any(counts) or [comment.count(mark) for mark in separators] != counts:
        return False
    numbers, numbers_after = (_numbers(one, separators) for one in (line, "".join(after)))
    return numbers > 0 or numbers_after == 0 and not comment.startswith("# ")


def _numbers(line: str, separators: str) -> int:
    fields = re.split(f"[{re.escape(separators)}]", line.strip())
    return sum(NUMBER.fullmatch(field) is not None for field in fields)


def separator_of(text: str) -> str:
    """Returns the separator that gives most rows as many fields as the header, and more than one."""

    def fit(separator):
        widths = [len(row) for row in rows(text, separator)]
        return (widths.count(widths[0]) / len(widths), widths[0]) if widths and widths[0] > 1 else (0.0, 0)

    return max(SEPARATORS, key=fit)


def named(names: list[str], path: str) -> list[str]:
    """Returns the names of columns; those without one are called by their place, as pandas does.

    Raises:
        ValueError: if two columns have one name.
    """
    names = [name if name else f"Unnamed: {i}" for i, name in enumerate(names)]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(
            f"Column names must differ. {path!r} has twice: {', '.join(map(repr, twice))}. Rename one of each."
        )
    return names


def check(names: list[str], body: list[list], path: str) -> None:
    """Raises ValueError where the first row is no header: where it looks like the rows below, or like a title.

    Args:
        names: The first row.
        body: Some of the rows below, of as many cells.
        path: The file, for the message.
    """
    body = [row for row in body if len(row) == len(names)]
    if not body:
        return
    columns = [[str(cell).strip() for cell in column if str(cell).strip()] for column in zip(*body)]
    filled = [i for i, column in enumerate(columns) if column]
    first_named = next((i for i, name in enumerate(names) if name.strip()), len(names))
    unnamed = [i for i in filled if not names[i].strip() and i > first_named]
    shown = ", ".join(name or "(nothing)" for name in names[:6]) + (", ..." if len(names) > 6 else "")
    if len(unnamed) > 1 and 2 * len(unnamed) >= len(filled):
        raise ValueError(
            f"The first row of {path} must name the columns. Received: {shown}, which leaves {len(unnamed)} columns "
            "without a name. Remove what stands above the header, or name the columns."
        )
    if _looks_like_data([names[i].strip() for i in filled], [columns[i] for i in filled]):
        raise ValueError(
            f"The first row of {path} must name the columns. Received: {shown}, which looks like the rows below. Write "
            "the names above it, or pass pandas.read_csv(path, header=None, names=[...])."
        )


def _looks_like_data(names: list[str], columns: list[list[str]]) -> bool:
    numbers = [i for i, column in enumerate(columns) if _most(NUMBER, column)]
    dates = [i for i, column in enumerate(columns) if i not in numbers and _most(DATE, column)]
    texts = [i for i in range(len(columns)) if i not in numbers and i not in dates]
    if not all(NUMBER.fullmatch(names[i]) for i in numbers) or not all(DATE.fullmatch(names[i]) for i in dates):
        return False
    if not numbers and not dates:
        return bool(texts) and all(names[i] in columns[i] for i in texts)
    return bool(dates) or not _count_up([names[i] for i in numbers])


def _most(pattern: re.Pattern, values: list[str]) -> bool:
    return sum(pattern.fullmatch(value) is not None for value in values) > 0.5 * len(values)


def _count_up(names: list[str]) -> bool:
    """Returns whether numbers may be names: 0, 1, 2 or 1990, 1991, 1992, or several in an order, as wavelengths are."""
    values = [float(name.replace(",", ".")) for name in names]
    steps = {after - before for before, after in zip(values, values[1:])}
    if steps <= {1.0} and values[0] in (0.0, 1.0):
        return True
    running = all(step > 0 for step in steps) or all(step < 0 for step in steps)
    return running and (len(values) >= FEWEST_RUNNING or steps == {1.0} and len(values) > 2)
