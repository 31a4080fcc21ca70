"""Other columns for a fitted preprocessor: what it knows stays, what is new is fitted on the rows that brought it.

Statistics, levels and their order are kept; new levels and columns come behind the old ones of their kind.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import pandas as pd

from zoo.data.preprocessing import Preprocessor, _levels
from zoo.data.reading import strings
from zoo.data.schema import MISSING, Schema, infer


@dataclasses.dataclass(frozen=True)
class Differences:
    """How a table differs from what a preprocessor knows.

    Args:
        missing: Columns that it needs and the table has not.
        added: Columns that the table has, and that say something.
        levels: By category, the levels that it never met.
    """

    missing: tuple
    added: tuple
    levels: dict[Any, tuple[str, ...]]

    def __bool__(self) -> bool:
        return bool(self.missing or self.added or self.levels)

    def __str__(self) -> str:
        parts = [f"the column {name!r} is missing" for name in self.missing]
        parts += [f"the column {name!r} is new" for name in self.added]
        for name, levels in self.levels.items():
            shown = ", ".join(map(repr, levels[:5])) + (", ..." if len(levels) > 5 else "")
            parts.append(f"{name!r} holds what training did not know: {shown}")
        return "; ".join(parts)


def differences(preprocessor: Preprocessor, frame: pd.DataFrame) -> Differences:
    """Compares a table of inputs, without its target, to what a preprocessor knows."""
    schema = preprocessor.schema
    known = {*schema.names, schema.target, *schema.dropped}
    new = [name for name in frame.columns if name not in known]
    added = tuple(infer(frame[new]).names) if new and _says_something(frame[new]) else ()
    missing = tuple(name for name in schema.names if name not in frame.columns)
    levels = {}
    state = preprocessor.get_config()["state"]
    categories = [column for column in schema.columns if column.kind == "category"]
    for column, fitted in zip(categories, state.get("levels", ())):
        if column.name in missing:
            continue
        found = set(strings(frame[column.name], column)) - {*column.categories, *fitted, *MISSING}
        if found:
            levels[column.name] = tuple(sorted(found))
    return Differences(missing, added, levels)


def _says_something(frame: pd.DataFrame) -> bool:
    try:
        infer(frame)
    except ValueError:  # nothing but constants
        return False
    return True


def extend(preprocessor: Preprocessor, frame: pd.DataFrame, *, drop: bool = False) -> Preprocessor:
    """Returns a preprocessor of more levels and columns, the old ones as they were.

    Args:
        preprocessor: Fitted.
        frame: Rows with the columns to take, without the target.
        drop: Whether old columns that `frame` lacks are left out; else they must be there.

    Raises:
        ValueError: if an old column is missing, or none is left.
    """
    schema, found = preprocessor.schema, differences(preprocessor, frame)
    if found.missing and not drop:
        raise ValueError(
            f"The columns {', '.join(map(str, found.missing))} are missing. Add them (empty where unknown), or pass "
            "columns='new' to go on without them."
        )
    old = preprocessor.get_config()["state"]
    kept = [column for column in schema.columns if column.name not in found.missing]
    grown, levels = [], {}
    places = {column.name: i for i, column in enumerate(_of(schema, "category"))}
    for column in kept:
        if column.kind == "category":
            fitted = old["levels"][places[column.name]]
            values = strings(frame[column.name], column)
            levels[column.name] = [*fitted, *(v for v in _levels(values, (), None, "all") if v not in fitted)]
            more = sorted(set(levels[column.name]) - {*column.categories, *MISSING})
            column = dataclasses.replace(column, categories=(*column.categories, *more))
        grown.append(column)
    fresh = None
    if found.added:
        new = frame[list(found.added)]
        # New columns get as many bins as the old ones, or none if the old ones have no ranks.
        budget = 0 if old.get("max_bins", 2) < 2 else None
        fresh = Preprocessor(infer(new), preprocessor.kind, preprocessor.scaling, budget).fit(new)
    added = fresh.schema.columns if fresh else ()
    merged = dataclasses.replace(schema, columns=(*grown, *added))
    state = {"levels": [levels[column.name] for column in kept if column.kind == "category"]}
    state |= _kept_state(schema, old, {column.name for column in kept})
    if fresh:
        state = _joined(merged, schema, state, fresh)
    if "max_bins" in old:
        state["max_bins"] = old["max_bins"]
    config = preprocessor.get_config()
    return Preprocessor.from_config({**config, "schema": merged.to_dict(), "state": state})


def _of(schema: Schema, *kinds: str) -> list:
    """Returns the columns of these kinds, kind by kind, as the state of a preprocessor has them."""
    return [column for kind in kinds for column in schema.columns if column.kind == kind]


NUMBERS = ("median", "center", "scale", "missing", "knots", "ranks")
STATE = {  # part of the state -> the kinds of columns that it has one value for
    **dict.fromkeys(NUMBERS, ("number", "date", "array")),
    "boolean_missing": ("boolean",),
    "levels": ("category",),
    "times": ("date",),
    "texts": ("text",),
}


def _kept_state(schema: Schema, state: dict, kept: set) -> dict[str, list]:
    found = {}
    for part, kinds in STATE.items():
        if part == "levels" or part not in state:
            continue
        columns = _of(schema, *kinds)
        keep = [column.name in kept for column in columns] if len(columns) == len(state[part]) else None
        found[part] = [v for v, k in zip(state[part], keep) if k] if keep is not None else list(state[part])
    return found


def _joined(merged: Schema, schema: Schema, state: dict, fresh: Preprocessor) -> dict[str, list]:
    """Returns the state of old and new columns in the order of the merged schema."""
    new = fresh.get_config()["state"]
    old_names = {column.name for column in schema.columns}
    joined: dict[str, list] = {}
    for part, kinds in STATE.items():
        columns = _of(merged, *kinds)
        old, added = iter(state.get(part, ())), iter(new.get(part, ()))
        if part == "texts" and fresh.kind == "raw":
            joined[part] = []
            continue
        joined[part] = [next(old if column.name in old_names else added) for column in columns]
    return joined


def with_classes(preprocessor: Preprocessor, classes: tuple, class_dtype: str | None) -> Preprocessor:
    """Returns the preprocessor with other classes."""
    config = preprocessor.get_config()
    schema = dataclasses.replace(preprocessor.schema, classes=classes, class_dtype=class_dtype)
    return Preprocessor.from_config({**config, "schema": schema.to_dict()})


def with_image_size(preprocessor: Preprocessor, size: tuple[int, int], resized: bool) -> Preprocessor:
    """Returns the preprocessor for images `(height, width)` of another size, to which others are resized or not."""
    config, schema = preprocessor.get_config(), preprocessor.schema
    image = schema.columns[0]
    column = dataclasses.replace(image, shape=(*size, image.shape[-1]), resized=resized)
    return Preprocessor.from_config({**config, "schema": dataclasses.replace(schema, columns=(column,)).to_dict()})


def with_target(preprocessor: Preprocessor, target) -> Preprocessor:
    """Returns the preprocessor for a target's column of another name."""
    config = preprocessor.get_config()
    schema = dataclasses.replace(preprocessor.schema, target=target)
    return Preprocessor.from_config({**config, "schema": schema.to_dict()})
