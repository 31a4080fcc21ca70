"""How the columns of a target are read: each as a Series, with an error that names the column and the row."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from zoo.data import targets
from zoo.data.names import as_target, named_as
from zoo.data.raw_values import MISSING, as_numbers, is_missing
from zoo.data.schema import Schema


def width(y) -> int:
    """Returns how many values a row has."""
    return 1 if isinstance(y, pd.Series) or np.ndim(y) < 2 else np.shape(y)[1]


def names(y) -> list:
    """Returns the names of several columns: of an array, their numbers."""
    return list(y.columns) if isinstance(y, pd.DataFrame) else list(range(width(y)))


def one(y, name: str) -> pd.Series:
    """Returns a target of one value a row, in Python's strings and numbers.

    Args:
        y: Values as the caller has them.
        name: What messages call the target.

    Raises:
        ValueError: if there are several values a row, or values that are no classes and no numbers.
    """
    return targets.with_plain_values(y if isinstance(y, pd.Series) else pd.Series(_rank_one(y)), name)


def _rank_one(y):
    array = np.asarray(y)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise ValueError(
            f"The target must have one value a row. Received: the shape {array.shape}. Pass one of its columns."
        )
    return array


def named(y, wanted: list) -> dict[Any, pd.Series]:
    """Returns the columns of several targets by name.

    Args:
        y: A DataFrame, a dict of columns, or an array `(rows, targets)`.
        wanted: Their names; empty for those that they have, or their numbers. A table with none of these names has them
            in this order, as an array does.

    Raises:
        ValueError: if there are others.
    """
    if isinstance(y, Mapping):
        y = pd.DataFrame(dict(y))
    wanted = wanted or names(y)
    if isinstance(y, pd.DataFrame):
        y = named_as(y, wanted)
        absent = [name for name in wanted if name not in y.columns]
        if absent and (len(absent) < len(wanted) or y.shape[1] != len(wanted)):
            raise ValueError(
                f"The target {absent[0]!r} is missing. Received: {', '.join(map(str, y.columns))}. Name the targets "
                f"as in training: {', '.join(map(str, wanted[:10]))}."
            )
        return {name: y.iloc[:, i] if absent else y[name] for i, name in enumerate(wanted)}
    array = np.asarray(y)
    if array.ndim != 2 or array.shape[1] != len(wanted):
        raise ValueError(
            f"The target must have {len(wanted)} values a row, for {', '.join(map(str, wanted[:10]))}. Received: the "
            f"shape {array.shape}. Pass a table or an array with a column for each."
        )
    return {name: pd.Series(array[:, i]).infer_objects() for i, name in enumerate(wanted)}


def check_there(values: pd.Series, name: str) -> None:
    """Raises ValueError if a target has missing values."""
    missing = is_missing(values)
    if missing.any():
        row = values.index[np.flatnonzero(missing)[0]]
        raise ValueError(
            f"The {name} must have no missing values. Received: {int(missing.sum())} missing, the first at row {row}. "
            "Drop these rows, or fill them in."
        )


def is_word_for_missing(value) -> bool:
    """Returns whether a class is a text that elsewhere stands for a missing value, such as `NA`."""
    return isinstance(value, str) and value in MISSING


def described(schema: Schema, y, task: str) -> Schema:
    """Returns the schema of a task of one or several numbers a row, which has the names of the targets.

    Args:
        schema: The schema, with or without names of targets.
        y: Values as the caller has them.
        task: The name of the task.

    Raises:
        ValueError: if there are other targets than the schema names.
    """
    several = width(y)
    if np.ndim(y) > 2 or schema.target is not None and several != len(schema.targets):
        targets.check_one_value_a_row(y)
    target = as_target(schema.targets or names(y)) if several > 1 else schema.target
    return dataclasses.replace(schema, target=target, task=task, classes=None, class_dtype=None)


def check_numbers(y, name: str) -> None:
    """Raises ValueError if the target of a regression is missing somewhere, no number, or infinite.

    Args:
        y: A Series, or an array of one value a row.
        name: What messages call it.
    """
    own = y if isinstance(y, pd.Series) else pd.Series(np.asarray(y).reshape(len(y), -1)[:, 0])
    values = targets.with_plain_values(own, name)
    check_there(values, name)
    numbers = as_numbers(values)
    if numbers is None:
        shown = ", ".join(map(repr, pd.unique(values)[:3]))
        raise ValueError(
            f"The {name} of a regression must be numbers. Received: {shown}... {targets.number_repair(own)}"
        )
    if len(wrong := np.flatnonzero(~np.isfinite(numbers))):
        raise ValueError(
            f"The {name} must be finite. Received: {numbers[wrong[0]]} in row {values.index[wrong[0]]}. Drop "
            "these rows."
        )


def finite_numbers(values: pd.Series, name: str) -> np.ndarray:
    """Returns the numbers of a target, float64.

    Args:
        values: What `one` returned.
        name: What messages call it.

    Raises:
        ValueError: if a value is missing, no number, not finite, or too large for its square.
    """
    check_there(values, name)
    numbers = as_numbers(values)
    if numbers is None:
        row = next((i for i, value in enumerate(values) if not _is_number(value)), 0)
        raise ValueError(
            f"The {name} must be finite numbers. Received: {values.iloc[row]!r}, at row {values.index[row]}. "
            "Correct it, or drop these rows."
        )
    if not np.all(np.isfinite(numbers)):
        row = np.flatnonzero(~np.isfinite(numbers))[0]
        raise ValueError(
            f"The {name} must be finite numbers. Received: {numbers[row]:g}, at row {values.index[row]}. Drop "
            "these rows, or fill them in."
        )
    if (large := np.abs(numbers) > targets.LARGEST).any():
        row = np.flatnonzero(large)[0]
        raise ValueError(
            f"The {name} must be numbers of at most {targets.LARGEST:g} in size, whose squares float64 holds. "
            f"Received: {numbers[row]:g}, at row {values.index[row]}. Drop these rows, or take a logarithm."
        )
    return numbers


def zeros_and_ones(values: pd.Series, name: str) -> np.ndarray:
    """Returns a label's column as 0 and 1, int32.

    Args:
        values: Numbers 0 and 1, Booleans, or their texts.
        name: What messages call it.

    Raises:
        ValueError: if a value is missing, or another one.
    """
    values = targets.with_plain_values(values, name)
    check_there(values, name)
    numbers = as_numbers(values)
    if numbers is None:
        numbers = values.map(_of_text).to_numpy("float64")
    if (wrong := ~np.isin(numbers, (0.0, 1.0))).any():
        row = np.flatnonzero(wrong)[0]
        raise ValueError(
            f"The {name} must hold 0 and 1. Received: {_plain(values.iloc[row])!r}, at row {values.index[row]}. "
            f"{_repair_of_label(values)}"
        )
    return numbers.astype("int32")


def _repair_of_label(values: pd.Series) -> str:
    """Returns what makes a label's column one of 0 and 1, as far as its values show it."""
    distinct = sorted(map(_plain, values.unique()), key=str)
    if len(distinct) == 2:
        return f"Make them so, as by y.map({{{distinct[0]!r}: 0, {distinct[1]!r}: 1}})."
    return "For numbers take a regressor, for several classes a target of their own."


def _plain(value):
    return value.item() if isinstance(value, np.generic) else value


def _of_text(value) -> float:
    return {"false": 0.0, "true": 1.0, "0": 0.0, "1": 1.0}.get(str(value).strip().lower(), np.nan)


def _is_number(value) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True
