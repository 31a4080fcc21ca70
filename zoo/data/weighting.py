"""Weights of rows and of classes, checked where they come in: finite numbers, none negative, not all 0."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from zoo.data.targets import FLOAT32_RANGE


def checked_weights(values, name: str, *, may_be_zero: bool = False) -> np.ndarray:
    """Returns weights `(rows,)` as float64.

    Args:
        values: One number a row.
        name: What messages call them, such as `"weights in 'w'"`.
        may_be_zero: Whether all of them may be 0, as in one block of many.

    Raises:
        ValueError: if one is missing, negative, infinite or no number, or all are 0; the message names it and its row.
    """
    series = values if isinstance(values, pd.Series) else pd.Series(np.asarray(values))
    are_times = series.dtype.kind in "mM"  # whose numbers are nanoseconds
    numbers = np.full(len(series), np.nan)
    if not are_times:
        numbers = pd.to_numeric(series, errors="coerce").to_numpy("float64", na_value=np.nan)
    wrong = ~np.isfinite(numbers) | (numbers < 0)
    if wrong.any():
        place = int(np.flatnonzero(wrong)[0])
        value = series.iloc[place]
        value = value.item() if isinstance(value, np.generic) and not are_times else value
        raise ValueError(
            f"The {name} must be finite numbers, 0 or more. Received: {value!r} in row {series.index[place]}. Correct "
            "it, or leave these rows out."
        )
    if not may_be_zero and len(numbers) and not numbers.any():
        raise ValueError(
            f"The {name} must not all be 0: no row would count. Received: {len(numbers)} rows of weight 0. Give "
            "positive ones, or leave `weight` out."
        )
    largest, (low, high) = numbers.max(initial=0.0), FLOAT32_RANGE
    if largest > high or 0 < largest < low:
        raise ValueError(
            f"The {name} must be of a size that float32 computes with: the largest from {low:g} to {high:g}. Received: "
            f"{largest:g}. Divide them by their mean."
        )
    return numbers


def class_factors(class_weight, classes, y: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """Returns a factor for each class, `(classes,)`.

    Args:
        class_weight: `"balanced"`: W / (C * W_c), with C classes, the weight W of all rows and W_c of a class's rows,
            as scikit-learn's `compute_class_weight`; or a mapping from each class to its factor.
        classes: The classes, in the order of their indices.
        y: Class indices `(rows,)`.
        weight: Sample weights `(rows,)`, or None: every row counts 1.

    Raises:
        ValueError: if it is neither, or factors are negative, no finite numbers, or all 0.
    """
    if isinstance(class_weight, str) and class_weight == "balanced":
        counts = np.bincount(y, weight, minlength=len(classes)).astype("float64")
        return np.divide(counts.sum(), len(counts) * counts, out=np.ones(len(counts)), where=counts > 0)
    known = isinstance(class_weight, Mapping)
    if not known or set(class_weight) != set(classes):
        raise ValueError(
            "`class_weight` must be 'balanced' or a factor for each of the classes "
            f"{', '.join(map(repr, classes))}. Received: class_weight={class_weight!r}. Write it as "
            f"{dict.fromkeys(classes, 1.0)!r}, with factors of your own."
        )
    factors = [class_weight[label] for label in classes]
    for label, factor in zip(classes, factors):
        number = isinstance(factor, (int, float, np.integer, np.floating)) and not isinstance(factor, bool)
        if not number or not np.isfinite(factor) or factor < 0:
            raise ValueError(
                f"The factors of `class_weight` must be finite numbers, 0 or more. Received: {factor!r} for the class "
                f"{label!r}. Correct it, or pass 'balanced'."
            )
    if not any(factors):
        raise ValueError("The factors of `class_weight` must not all be 0: no row would count. Pass 'balanced'.")
    return np.array(factors, "float64")
