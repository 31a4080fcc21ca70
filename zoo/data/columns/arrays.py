"""Arrays of more than one value a row, which the kinds of arrays and images share."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zoo.data.schema import Column


def stacked(values, column: Column) -> np.ndarray:
    """Returns a column as one array `(rows, *column.shape)`, from an array or a Series of arrays.

    Raises:
        ValueError: if it has another shape.
    """
    if isinstance(values, pd.Series):
        values = _stacked_cells(values, column)
    array = np.asarray(values)
    ones = (array[None], array[None, ..., None])  # without an axis of rows
    is_one = None in column.shape and any(has_shape(one, column.shape) for one in ones)
    if not has_shape(array, column.shape) and has_shape(array[..., None], column.shape) and not is_one:
        array = array[..., None]
    if not has_shape(array, column.shape):
        shape = ", ".join("time" if size is None else str(size) for size in column.shape)
        repair = (
            f"For one sequence, pass x.reshape(1, -1, {column.shape[-1]})"
            if is_one
            else "For another shape, build with zoo.build(name, data)"
        )
        raise ValueError(f"{column.name!r} must have the shape (rows, {shape}). Received: {array.shape}. {repair}.")
    return array


def _stacked_cells(values: pd.Series, column: Column) -> np.ndarray:
    shapes = [np.shape(value) for value in values]
    for place, shape in enumerate(shapes):
        row = values.index[place]
        if not shape:
            raise ValueError(
                f"The column {column.name!r} must hold an array in each row. Received: {values.iloc[place]!r} in row "
                f"{row}. Fill it in, or drop the row."
            )
        if shape != shapes[0]:
            raise ValueError(
                f"The column {column.name!r} must hold arrays of one shape. Received: {shapes[0]} in row "
                f"{values.index[0]} and {shape} "
                f"in row {row}. Resize them to one."
            )
    empty = (0, *(0 if size is None else size for size in column.shape))
    return np.stack([np.asarray(value) for value in values]) if len(values) else np.zeros(empty, "float32")


def has_shape(array: np.ndarray, shape) -> bool:
    """Returns whether rows have a shape; None in it is any length."""
    return array.ndim == len(shape) + 1 and all(want in (None, got) for got, want in zip(array.shape[1:], shape))
