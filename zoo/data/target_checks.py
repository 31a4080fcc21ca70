"""What the values of target columns must be: numbers for a regression and for labels, classes for a classifier."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from zoo.data import targets
from zoo.data.names import as_target
from zoo.data.schema import MAX_INT_CLASSES, Schema, as_numbers, is_missing
from zoo.registry import SUPERVISED

OF_SEVERAL_COLUMNS = ("regression", "multilabel")  # tasks whose rows may have several numbers for a target


def columns_of(y, names: list) -> list[pd.Series]:
    """Returns each target as a column of its own, under its name.

    Args:
        y: Values `(rows,)`, or several a row `(rows, targets)`: a Series, a DataFrame or an array.
        names: The names of the targets; where there are none, those of a DataFrame's columns, or 0, 1, 2 and so on for
            several columns of an array, and None for one.
    """
    if isinstance(y, pd.DataFrame):
        columns = [y.iloc[:, place] for place in range(y.shape[1])]
    elif isinstance(y, pd.Series) or np.ndim(y) < 2:
        columns = [y if isinstance(y, pd.Series) else pd.Series(y)]
    else:
        array = np.asarray(y)
        columns = [pd.Series(array[:, place], name=place).infer_objects() for place in range(array.shape[1])]
        columns = columns if len(columns) > 1 else [columns[0].rename(None)]
    if len(names) != len(columns):
        return columns
    return [column.rename(name) for column, name in zip(columns, names, strict=True)]


def called(name) -> str:
    """Returns what messages call a target of this name."""
    return "target" if name is None else f"target {name!r}"


def check_complete(values: pd.Series, name: str) -> None:
    """Raises ValueError if a target has missing values.

    Args:
        values: One target column.
        name: What messages call it, from `called`.
    """
    missing = is_missing(values)
    if missing.any():
        first = values.index[np.flatnonzero(missing)[0]]
        raise ValueError(
            f"The {name} must have no missing values. Received: {int(missing.sum())} missing, the first at row "
            f"{first}. Drop these rows, or fill them in."
        )


def check_numbers(values: pd.Series, name: str, what: str = "regression") -> np.ndarray:
    """Returns the numbers of a target column as float64 `(rows,)`.

    Args:
        values: One target column.
        name: What messages call it, from `called`.
        what: What needs numbers, for the message, such as `"multilabel model"`.

    Raises:
        ValueError: if a value is missing, infinite or no number.
    """
    own, values = values, targets.with_plain_values(values, name)
    check_complete(values, name)
    numbers = as_numbers(values)
    if numbers is None:
        shown = ", ".join(map(repr, pd.unique(values)[:3]))
        raise ValueError(f"The {name} of a {what} must be numbers. Received: {shown}... {targets.number_repair(own)}")
    if len(wrong := np.flatnonzero(~np.isfinite(numbers))):
        raise ValueError(
            f"The {name} must be finite. Received: {numbers[wrong[0]]} in row {values.index[wrong[0]]}. Drop these "
            "rows."
        )
    return numbers


def classes_of(values: pd.Series, name: str) -> tuple:
    """Returns the classes of a target column, sorted.

    Args:
        values: One target column.
        name: What messages call it, from `called`.

    Raises:
        ValueError: if a value is missing, there is a single class, or the values are continuous.
    """
    own, values = values, targets.with_plain_values(values, name)
    check_complete(values, name)
    numbers = as_numbers(values)
    if pd.api.types.is_float_dtype(values.dtype) and np.any(numbers != np.round(numbers)):
        raise ValueError(
            f"The {name} of a classifier must be classes. Received: numbers with fractions such as "
            f"{numbers[numbers != np.round(numbers)][0]:g}, which are continuous. Take a regressor such as "
            "'mlp_regressor', or make bins of them."
        )
    classes = targets.sorted_classes(own, values)
    targets.check_classes_differ(classes, name)
    numeric, timed = pd.api.types.is_numeric_dtype(values.dtype), own.dtype.kind in "mM"
    if (numeric or timed) and len(classes) > max(MAX_INT_CLASSES, len(values) // 20):
        what = "times" if timed else "numbers"
        raise ValueError(
            f"The {name} of a classifier must be classes. Received: {len(classes)} different {what} in {len(values)} "
            "rows, which are continuous. Take a regressor such as 'mlp_regressor', or make bins of them."
        )
    if len(classes) < 2:
        raise ValueError(
            f"The {name} must have at least two classes. Received: only {classes[0]!r}. Add rows of another class, or "
            "name another target."
        )
    return tuple(classes)


def schema_for(schema: Schema, task: str, y) -> Schema:
    """Returns the schema of an entry's task, as `Schema.with_task` describes.

    Args:
        schema: The schema of the inputs, with or without the names of targets.
        task: One of `zoo.registry.TASKS`.
        y: The target `(rows,)`, or several `(rows, targets)`.

    Raises:
        ValueError: if a target does not suit the task.
    """
    if task not in (*SUPERVISED, *OF_SEVERAL_COLUMNS):
        return dataclasses.replace(schema, task=task, classes=None, class_dtype=None)
    several = np.shape(y)[1] if np.ndim(y) == 2 else 1
    if np.ndim(y) > 2 or task not in OF_SEVERAL_COLUMNS or schema.target is not None and several != len(schema.targets):
        targets.check_one_value_a_row(y)
    columns = columns_of(y, schema.targets)
    if several == 1:
        columns = [columns[0].rename(schema.target)]
    if task in OF_SEVERAL_COLUMNS:
        what = task if task in SUPERVISED else f"{task} model"
        for column in columns:
            check_numbers(column, called(column.name), what)
        target = schema.target if several == 1 else as_target([column.name for column in columns])
        return dataclasses.replace(schema, target=target, task=task, classes=None, class_dtype=None)
    [column] = columns
    classes = classes_of(column, called(column.name))
    return dataclasses.replace(schema, task=task, classes=classes, class_dtype=str(column.dtype))
