"""Names of columns: in schemas strings and numbers, which JSON holds; in tables whatever pandas has.

A table that went through a CSV has strings for names. Columns are therefore the same where their texts are: 0 and "0",
a time stamp and its text, None and "None". In served graphs a column has a name that TensorFlow keeps.
"""

from __future__ import annotations

import datetime
import keyword
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from zoo.registry import suggest

MIDNIGHT = re.compile(r"\d{4}-\d\d-\d\d 00:00:00")


def plain_name(name) -> Any:
    """Returns a column's name as a schema holds it: strings and Python's numbers as they are, others as their text."""
    if isinstance(name, np.generic):
        name = name.item()
    return name if isinstance(name, (str, int)) or isinstance(name, float) and np.isfinite(name) else _text(name)


def _text(name) -> str:
    """Returns the text of a name as a CSV has it: of a time stamp at midnight its date."""
    return str(name).removesuffix(" 00:00:00") if isinstance(name, datetime.datetime) else str(name)


def names_of(target) -> list:
    """Returns the names of target columns as a list: of None none, of a list its own, of one name itself."""
    if target is None:
        return []
    return list(target) if isinstance(target, list) else [target]


def as_target(names: Iterable) -> Any:
    """Returns target columns as `Data` and `Schema` hold them: a single name as it is, several as a list.

    Args:
        names: One name or more.

    Raises:
        ValueError: if there is none, or one stands there twice.
    """
    names = list(names)
    if not names:
        raise ValueError("`target` must name at least one column. Received: an empty list. Leave it out for no target.")
    if twice := [name for i, name in enumerate(names) if name in names[:i]]:
        raise ValueError(f"`target` must name each column once. Received twice: {twice[0]!r}. Leave one out.")
    return names[0] if len(names) == 1 else names


def matching_text(name) -> str:
    """Returns the text by which names are the same: beside other names, a midnight has its hour in a CSV."""
    text = _text(name)
    return text.removesuffix(" 00:00:00") if MIDNIGHT.fullmatch(text) else text


def resolved(name, columns: Iterable) -> Any:
    """Returns the column of that name, or else of that text; the name itself if there is none.

    Args:
        name: What a caller or a schema calls the column.
        columns: The columns that there are.
    """
    columns = list(columns)
    if name is None or name in columns:
        return None if name is None else columns[columns.index(name)]
    key = matching_text(name)
    return next((known for known in columns if matching_text(known) == key), name)


def column_named(name, columns: Iterable, parameter: str, or_else: str = "") -> Any:
    """Returns the column that a parameter of a caller names, as the data call it.

    Args:
        name: What the caller calls it.
        columns: The columns that there are.
        parameter: The parameter, for the message.
        or_else: What the parameter may be in place of a column's name, for the message.

    Raises:
        ValueError: if there is no such column.
    """
    columns = list(columns)
    column = resolved(name, columns)
    if column not in columns:
        texts = list(map(str, columns))
        raise ValueError(
            f"`{parameter}` must be a column of the data{or_else}. Received: {parameter}={name!r}."
            f"{suggest(str(name), texts)} The columns are: {', '.join(texts) or 'none'}."
        )
    return column


def absent(target, columns: Iterable) -> list:
    """Returns which columns of a target, a name or a list of several, are not there.

    Args:
        target: A name, a list of names, or None.
        columns: The columns that there are.
    """
    columns = list(columns)
    return [name for name in names_of(target) if resolved(name, columns) not in columns]


def check_names_differ(columns: pd.Index) -> None:
    """Raises ValueError if two columns of a table have the same name, or the same text."""
    texts: dict[str, Any] = {}
    for name in columns:
        text = _text(name)
        if text not in texts:
            texts[text] = name
            continue
        if type(texts[text]) is type(name):
            raise ValueError(f"Column names must differ. Received twice: {name}. Rename one of each.")
        raise ValueError(
            "Column names must differ as text, for files and served graphs have no other. Received: "
            f"{texts[text]!r} and {name!r}. Rename one of them."
        )


def with_plain_names(frame: pd.DataFrame) -> pd.DataFrame:
    """Returns a table whose columns have the names that a schema gives them.

    Raises:
        ValueError: if two columns have the same text.
    """
    whole = isinstance(frame.columns.dtype, np.dtype) and frame.columns.dtype.kind in "iu"
    if whole or frame.columns.inferred_type == "string" and not frame.columns.hasnans:
        return frame
    check_names_differ(frame.columns)
    return frame.set_axis(pd.Index([plain_name(name) for name in frame.columns], dtype=object), axis=1)


def named_as(table, names: Iterable):
    """Returns a table, or a dict of columns, with the names of a schema for columns that have their text.

    Args:
        table: A DataFrame or a dict of columns.
        names: The names of the schema.
    """
    if isinstance(table, pd.DataFrame):
        table = with_plain_names(table)
    columns, known = list(table.columns if isinstance(table, pd.DataFrame) else table), set(names)
    if known.issuperset(columns) or known.issubset(columns):
        return table
    by_key = {matching_text(name): name for name in known.difference(columns)}
    found = [name if name in known else by_key.get(matching_text(name), name) for name in columns]
    if found == columns:
        return table
    return dict(zip(found, table.values())) if isinstance(table, Mapping) else table.set_axis(found, axis=1)


def served_name(name) -> str:
    """Returns the name of a column in served graphs, unless another column has it: one that TensorFlow keeps."""
    clean = _identifier(name)
    forbidden = keyword.iskeyword(clean) or clean == "self"
    return f"c_{clean}" if forbidden or not re.match("[A-Za-z]", clean) else clean


def _identifier(name) -> str:
    return re.sub(r"[^A-Za-z0-9_]", "_", str(name))


def served_before(name, served) -> str:
    """Returns the served name in an older artifact if the current rule gives another one, else `""`.

    Older artifacts have served names that begin with `_`. ONNX and Python keep them; TensorFlow drops the underscores.
    """
    clean = _identifier(name)
    kept = isinstance(served, str) and clean.startswith("_") and re.fullmatch(rf"{clean}(_\d+)?", served)
    return served if kept else ""
