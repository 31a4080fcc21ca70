"""What a command prints: JSON for a program, a table for a reader."""

from __future__ import annotations

import json
import math
import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any


def print_json(value: Any) -> None:
    """Prints a value as JSON, which has null for numbers that are not finite and for what is missing in pandas."""
    print(json.dumps(_plain(value), indent=2, ensure_ascii=False))


def _plain(value: Any) -> Any:
    """Returns what JSON has for a value: numbers that are not finite and missing values are null."""
    if (pandas := sys.modules.get("pandas")) is not None and (value is pandas.NA or value is pandas.NaT):
        return None
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return (
        value
        if isinstance(value, (str, int, type(None)))
        else _plain(value.item())
        if hasattr(value, "item")
        else str(value)
    )


def print_table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Prints a table whose last column is wrapped to the window: for a reader, not for `zoo list | grep`."""
    cells = [list(columns), *([str(row[name]) for name in columns] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells)]
    begin = sum(widths[:-1]) + 2 * len(widths[:-1])  # of the last column; two blanks stand between columns
    if sys.stdout.isatty():
        widths[-1] = max(20, shutil.get_terminal_size().columns - begin)
    for *others, last in cells:
        lines = textwrap.wrap(last, max(1, widths[-1])) or [""]
        line = "".join(f"{cell:{width}}  " for cell, width in zip(others, widths))
        print(f"{line}{lines[0]}".rstrip())
        for more in lines[1:]:
            print(" " * begin + more)
