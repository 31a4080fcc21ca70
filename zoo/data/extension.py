"""Other columns for a fitted preprocessor: what it knows stays, what is new is fitted on the rows that brought it.

Statistics, levels and their order are kept; new levels and columns come behind the old ones of their kind.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from zoo.data.columns import kind_of, the_array
from zoo.data.infer import inputs_of
from zoo.data.preprocessing import Preprocessor
from zoo.data.raw import Data
from zoo.data.schema import Column, Schema


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


def new_columns(preprocessor: Preprocessor, frame: pd.DataFrame, data: Data) -> tuple[Column, ...]:
    """Returns the columns of a table that a preprocessor does not know and that say something, as its source has them.

    Args:
        preprocessor: Fitted.
        frame: Rows of inputs, without the target.
        data: Where they come from, with the schema or the notations that the caller gave.
    """
    known = set(preprocessor.schema.known_names)
    names = [name for name in frame.columns if name not in known]
    if data.schema_given:
        return tuple(column for column in data.schema.columns if column.name in names)
    return inputs_of(frame, names, data.known(), data.hints)[0] if names else ()


def differences(preprocessor: Preprocessor, frame: pd.DataFrame, new: Sequence[Column] = ()) -> Differences:
    """Compares a table of inputs, without its target, to what a preprocessor knows; `new` is from `new_columns`."""
    schema = preprocessor.schema
    added = tuple(column.name for column in new)
    missing = tuple(name for name in schema.names if name not in frame.columns)
    levels = {}
    for column, state in zip(schema.columns, preprocessor.states, strict=True):
        if column.name not in missing and (found := kind_of(column).unknown(frame[column.name], column, state)):
            levels[column.name] = found
    return Differences(missing, added, levels)


def extend(
    preprocessor: Preprocessor, frame: pd.DataFrame, new: Sequence[Column] = (), *, drop: bool = False
) -> Preprocessor:
    """Returns a preprocessor of more levels and columns, the old ones as they were.

    Args:
        preprocessor: Fitted.
        frame: Rows with the columns to take, without the target.
        new: Those that the preprocessor does not know, from `new_columns`.
        drop: Whether old columns that `frame` lacks are left out; else they must be there. Without one of them the
            answers are others, and what held-out rows said of the old answers is left out too.

    Raises:
        ValueError: if an old column is missing, or none is left.
    """
    schema, found = preprocessor.schema, differences(preprocessor, frame, new)
    if found.missing and not drop:
        raise ValueError(
            f"The columns {', '.join(map(str, found.missing))} are missing. Add them (empty where unknown), or pass "
            "`columns='new'` to go on without them."
        )
    encodings, max_bins = preprocessor.encodings, preprocessor.max_bins
    columns, states = [], []
    for column, state in zip(schema.columns, preprocessor.states, strict=True):
        if column.name not in found.missing:
            column, state = kind_of(column).extend(frame[column.name], column, state, encodings)
            columns.append(column)
            states.append(state)
    if new:
        # New columns get as many bins as the old ones, or none if the old ones have no ranks.
        budget = 0 if max_bins is not None and max_bins < 2 else None
        fresh = Preprocessor(
            Schema(tuple(new)),
            preprocessor.form or preprocessor.encodings.by_kind,
            budget,
            encodings.centred,
            encodings.linear,
        ).fit(frame[list(found.added)])
        columns += fresh.schema.columns
        states += fresh.states
    schema = dataclasses.replace(schema, columns=tuple(columns))
    target = preprocessor.target.without_held_out() if found.missing else preprocessor.target
    state = {"schema": schema.to_dict(), "columns": states, "target": target.get_config()}
    config = {**preprocessor.get_config(), **state}
    return Preprocessor.from_config(config)


def with_classes(preprocessor: Preprocessor, classes: tuple, class_dtype: str | None) -> Preprocessor:
    """Returns the preprocessor with other classes, without what held-out rows said of the old ones."""
    config = {**preprocessor.get_config(), "target": preprocessor.target.without_held_out().get_config()}
    schema = dataclasses.replace(preprocessor.schema, classes=classes, class_dtype=class_dtype)
    return Preprocessor.from_config({**config, "schema": schema.to_dict()})


def with_image_size(preprocessor: Preprocessor, size: tuple[int, int], resized: bool) -> Preprocessor:
    """Returns the preprocessor for images `(height, width)` of another size, to which others are resized or not.

    What held-out rows said of answers to the old images is left out.
    """
    target = preprocessor.target.without_held_out()
    config, schema = preprocessor.get_config(), preprocessor.schema
    image = the_array(schema.columns)
    column = dataclasses.replace(image, shape=(*size, image.shape[-1]), resized=resized)
    state = {"schema": dataclasses.replace(schema, columns=(column,)).to_dict(), "target": target.get_config()}
    return Preprocessor.from_config({**config, **state})


def with_target(preprocessor: Preprocessor, target) -> Preprocessor:
    """Returns the preprocessor for a target's column of another name, also where a threshold is given by name."""
    schema, state = dataclasses.replace(preprocessor.schema, target=target), dict(preprocessor.target.get_config())
    threshold = state.get("threshold", {})
    if isinstance(by := threshold.get("by"), Mapping):
        places = zip(preprocessor.schema.targets, schema.targets, strict=True)
        state["threshold"] = {**threshold, "by": {str(new): by[str(old)] for old, new in places}}
    return Preprocessor.from_config({**preprocessor.get_config(), "schema": schema.to_dict(), "target": state})


def with_target_state(preprocessor: Preprocessor, state: Mapping[str, Any]) -> Preprocessor:
    """Returns the preprocessor with another fitted state of its target, as `Target.get_config` gives it."""
    return Preprocessor.from_config({**preprocessor.get_config(), "target": dict(state)})
