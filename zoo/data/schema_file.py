"""The JSON of a schema, as people edit it: each field is checked, and a mistake is named by its column.

Names in JSON are strings, numbers and booleans. A time stamp is `{"timestamp": "2024-01-31T00:00:00"}`, a tuple
`{"tuple": ["a", 1]}`; several targets are a list of such names. docs/schema.md describes the file.
"""

from __future__ import annotations

import dataclasses
import datetime
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from zoo.data.names import served_before
from zoo.data.schema import KINDS, VERSION, Column, Schema, check_kind
from zoo.registry import TASKS, is_task, suggest

COLUMN_FIELDS = (*(field.name for field in dataclasses.fields(Column)), "ignore")
OTHER_FIELDS = ("version", "signature", "description")  # of an exported version, and of `zoo schema --json`


def name_in_json(name) -> Any:
    """Returns a column's name as JSON has it.

    Raises:
        ValueError: if there is no such form.
    """
    if isinstance(name, np.generic):
        name = name.item() if not isinstance(name, np.datetime64) else pd.Timestamp(name)
    if name is None or isinstance(name, (str, bool, int)) or isinstance(name, float) and math.isfinite(name):
        return name
    if isinstance(name, tuple):
        return {"tuple": [name_in_json(part) for part in name]}
    if isinstance(name, (datetime.date, pd.Timestamp)):
        return {"timestamp": pd.Timestamp(name).isoformat()}
    raise ValueError(
        f"A column's name must be text, a number, a time stamp or a tuple of these. Received: {name!r}, of the type "
        f"{type(name).__name__}. Rename it: frame.rename(columns=str)."
    )


def name_of_json(plain) -> Any:
    """Returns the name of `name_in_json`."""
    if isinstance(plain, Mapping) and plain.keys() == {"tuple"} and isinstance(plain["tuple"], list):
        return tuple(map(name_of_json, plain["tuple"]))
    if isinstance(plain, Mapping) and plain.keys() == {"timestamp"}:
        return pd.Timestamp(plain["timestamp"])
    if isinstance(plain, (Mapping, list)):
        raise ValueError(
            "A column's \"name\" must be text, a number, {'timestamp': ...} or {'tuple': [...]}. Received: "
            f"{plain!r}. Write the name as the data have it."
        )
    return plain


def target_in_json(target) -> Any:
    """Returns the target as JSON has it: a name, null, or a list of several names."""
    return [name_in_json(name) for name in target] if isinstance(target, list) else name_in_json(target)


def target_of_json(plain) -> Any:
    """Returns the target of `target_in_json`.

    Raises:
        ValueError: if a list holds no names.
    """
    if not isinstance(plain, list):
        return name_of_json(plain)
    if not plain or None in plain:
        raise ValueError(
            f"`target` of a schema must be a column's name, a list of names, or null. Received: {plain!r}. Write null "
            "for no target."
        )
    return [name_of_json(name) for name in plain]


def schema_of(plain: Mapping[str, Any]) -> Schema:
    """Returns the schema of plain values, as `Schema.to_dict` gives them, edited or not.

    Raises:
        ValueError: if a field is unknown or malformed, or the version is newer; the message names the column.
    """
    if not isinstance(plain, Mapping) or not isinstance(plain.get("columns"), (list, tuple)):
        raise ValueError(
            'A schema must be a JSON object with a list of "columns". Write one with `zoo schema SOURCE -o FILE`.'
        )
    version = plain.get("version", VERSION)
    if not isinstance(version, int) or version > VERSION:
        raise ValueError(
            f"This keras-zoo reads schemas up to version {VERSION}. Received: version {version!r}. Upgrade keras-zoo."
        )
    _check_known(plain, [field.name for field in dataclasses.fields(Schema)] + [*OTHER_FIELDS], "The schema")
    classes = plain.get("classes")
    if classes is not None and not isinstance(classes, (list, tuple)):
        raise ValueError(f'"classes" of a schema must be a list, or null. Received: {classes!r}.')
    task = plain.get("task")
    if task is not None and not is_task(task):
        raise ValueError(
            f'"task" of a schema must be null or one of {", ".join(TASKS)}. Received: {task!r}.{suggest(task, TASKS)}'
        )
    dropped = {}
    for item in plain.get("dropped") or ():
        if not isinstance(item, Mapping) or not {"name", "reason"} <= item.keys():
            raise ValueError(f'"dropped" of a schema must hold objects with "name" and "reason". Received: {item!r}.')
        dropped[name_of_json(item["name"])] = item["reason"]
    columns = []
    for item in plain["columns"]:
        if _is_ignored(item):
            dropped[name_of_json(item["name"])] = "ignored"
        else:
            columns.append(column_of(item))
    return Schema(
        tuple(columns),
        target_of_json(plain.get("target")),
        task,
        None if classes is None else tuple(classes),
        plain.get("class_dtype"),
        dropped,
    )


def _is_ignored(plain) -> bool:
    if not isinstance(plain, Mapping) or "name" not in plain:
        return False  # which `column_of` refuses
    ignore = plain.get("ignore", False)
    if not isinstance(ignore, bool):
        raise _mistake(plain["name"], '"ignore" must be true or false', ignore)
    return ignore


def column_of(plain: Mapping[str, Any]) -> Column:
    """Returns the column of plain values.

    Raises:
        ValueError: if a field is unknown or malformed.
    """
    if not isinstance(plain, Mapping) or "name" not in plain or "kind" not in plain:
        raise ValueError(f'A column must have "name" and "kind". Received: {plain!r}.')
    name = name_of_json(plain["name"])
    if not plain.keys() <= set(COLUMN_FIELDS):
        _check_known(plain, COLUMN_FIELDS, f"The column {name!r}")
    check_kind(name, plain["kind"])
    given: dict[str, Any] = {}
    for field, value in plain.items():
        if field in ("name", "ignore"):
            continue
        if wanted := _wanted(field, value):
            raise _mistake(name, f'"{field}" must be {wanted}', value)
        given[field] = tuple(value) if isinstance(value, (list, tuple)) else value
    given["served"] = served_before(name, given.get("served"))
    column = Column(name, **given)
    if column.thousands and column.thousands == column.decimal:
        raise _mistake(name, '"thousands" must be another mark than "decimal"', column.thousands)
    from zoo.data.columns import kind_of

    if wanted := kind_of(column).check(column):
        raise ValueError(f"The column {name!r} of the schema is of the kind {column.kind!r}, which must have {wanted}.")
    return column


def _check_known(plain: Mapping, known: Sequence[str], what: str) -> None:
    for field in plain:
        if field not in known:
            raise ValueError(
                f"{what} has an unknown field {field!r}.{suggest(field, known)} Known: {', '.join(known)}."
            )


def _mistake(name, wanted: str, received) -> ValueError:
    return ValueError(f"The column {name!r} of the schema: {wanted}. Received: {received!r}.")


def _is_strings(value) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)


def _is_mark(value) -> bool:
    return isinstance(value, str) and len(value) == 1 and not value.isalnum()


def _is_shape(value) -> bool:
    return isinstance(value, (list, tuple)) and all(
        size is None or isinstance(size, int) and not isinstance(size, bool) and size > 0 for size in value
    )


# What each field must be: a test of its value, and what to write.
FIELDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "kind": (lambda value: isinstance(value, str), f"one of {', '.join(KINDS)}"),
    "served": (lambda value: isinstance(value, str), "text"),
    "dtype": (lambda value: isinstance(value, str), "text"),
    "categories": (
        lambda value: _is_strings(value) and len(set(value)) == len(value),
        'a list of texts, each once, such as ["red", "green"]',
    ),
    "shape": (
        lambda value: value is None or _is_shape(value),
        "a list of sizes, such as [28, 28, 1]; null for any size",
    ),
    "values": (
        lambda value: isinstance(value, (list, tuple)) and all(isinstance(item, (int, float)) for item in value),
        "a list of numbers, such as [0, 1]",
    ),
    "format": (
        lambda value: value == "" or isinstance(value, str) and re.search("%[Yy]", value) is not None,
        "the notation of dates with their year, such as %d/%m/%Y",
    ),
    "decimal": (_is_mark, 'one mark, such as "." or ","'),
    "thousands": (lambda value: value == "" or _is_mark(value), 'one mark, such as "," or " ", or "" for none'),
    "prefix": (lambda value: isinstance(value, str), 'text, such as "$"'),
    "suffix": (lambda value: isinstance(value, str), 'text, such as "%"'),
    "missing": (_is_strings, 'a list of texts, such as ["-", "unknown"]'),
    "notes": (_is_strings, "a list of sentences"),
}


def _wanted(field: str, value) -> str:
    """Returns what a field must be if its value is not, else `""`."""
    if field not in FIELDS:  # a field of `Column` alone, which its kind checks
        return ""
    suits, wanted = FIELDS[field]
    return "" if suits(value) else wanted
