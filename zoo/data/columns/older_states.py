"""States of columns in artifacts of earlier versions, which kept one list for each statistic and kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zoo.data.schema import Schema
from zoo.registry import load_task

# What each kind had before kinds offered encodings, but for numbers.
TABULAR = {"date": ["circles"], "text": ["words"], "category": ["levels"]}
SCALED = ("median", "center", "scale", "missing", "knots", "ranks")


def target(config: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the state of the target in the configuration of any version.

    Args:
        config: What `Preprocessor.get_config` gave; in earlier versions mean, deviation, lowest and highest in a list.
    """
    known = config["target"]
    if isinstance(known, Mapping):
        return dict(known)
    task = load_task(config["schema"].get("task"))
    return task.target_type.older_state(known, config.get("target_dtype", "float32"))


def encodings(config: Mapping[str, Any]) -> str | Mapping[str, Any]:
    """Returns the encodings in the configuration of any version: earlier ones had a kind and a scaling."""
    if "encodings" in config:
        return config["encodings"]
    if config["kind"] != "tabular":
        return config["kind"]
    return {**TABULAR, "number": ["ranks"] if config["scaling"] == "quantile" else []}


def by_column(schema: Schema, config: Mapping[str, Any]) -> tuple[list[dict], int | None]:
    """Returns the state of each column, and the most bins a rank, of the configuration of an earlier version.

    Args:
        schema: The columns.
        config: What `Preprocessor.get_config` gave: statistics in the order of numbers, dates and arrays, and the
            others in the order of the columns of their kind.
    """
    state = config["state"]
    names: dict[str, list] = {}
    for column in schema.columns:
        names.setdefault(column.kind, []).append(column)
    states: dict[Any, dict] = {column.name: {} for column in schema.columns}
    start = 0
    for kind in ("number", "date", "array"):
        for column in names.get(kind, ()):
            stop = start + (1 if column.shape is None else column.shape[-1])
            if state:
                states[column.name]["scaled"] = {name: state[name][start:stop] for name in SCALED}
            start = stop
    parts = (("boolean", "missing", "boolean_missing"), ("category", "levels", "levels"), ("date", "times", "times"))
    for kind, name, part in parts:
        for column, value in zip(names.get(kind, ()), state.get(part, ())):
            states[column.name][name] = value
    for column, fitted in zip(names.get("text", ()), state.get("texts", ())):
        states[column.name] |= fitted
    return [states[column.name] for column in schema.columns], state.get("max_bins")
