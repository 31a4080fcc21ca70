"""Arrays as `Data`: numbers, sequences or images, and the targets beside them."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd

from zoo.data import image_arrays
from zoo.data.columns import the_picture, the_vector
from zoo.data.columns.values import Hints
from zoo.data.load_options import LoadOptions
from zoo.data.raw import Data
from zoo.data.target_columns import check_has_all, has_several, named
from zoo.data.targets import check_not_one_hot, check_one_value_a_row


def array_data(x, y, source: str, options: LoadOptions, **facts) -> Data:
    """Returns arrays as `Data`.

    Args:
        x: Numbers `(rows, columns)`, sequences `(rows, time, columns)` or images `(rows, height, width[, channels])`.
        y: Their targets, or None.
        source: Where they came from, in words.
        options: The options of the load.
        **facts: Further arguments of `Data`.

    Raises:
        ValueError: if the rows or targets have another shape or dtype, or an option is for tables.
    """
    _check_options(y, options)
    size = options.image["size"]
    x = _as_rows(x, size, options)
    options.refuse_image_size(x.ndim == 4)
    resized = size is not None and x.ndim == 4
    if resized:
        x = image_arrays.resized(x, size)
    schema, column = options.schema, options.image_column if x.ndim == 4 else None
    if column is not None and column.shape is not None:
        image_arrays.check_shape(x, column)
    elif column is not None and schema is not None:
        column = dataclasses.replace(column, name="image", dtype="uint8", shape=x.shape[1:], resized=resized)
        schema = dataclasses.replace(schema, columns=(column,))
    if y is not None:
        y, names = _as_targets(y, x, options)
        facts |= {} if names is None else {"target": names}
    return Data(x, y, source=source, schema=schema, resized=resized, **facts)


def _check_options(y, options: LoadOptions) -> None:
    """Raises ValueError for options that are for tables."""
    if y is None and options.target is not None and not options.target_optional:
        raise ValueError(
            f"An array has no target column. Received: target={options.target!r}. Pass (x, y), or a DataFrame."
        )
    if options.ignore:
        raise ValueError(
            f"An array has no columns to ignore. Received: ignore={list(options.ignore)}. Pass a DataFrame."
        )
    if options.hints != Hints():
        raise ValueError(
            "`na_values`, `decimal`, `thousands` and `date_format` are for tables. Received: an array with one of "
            "them. Leave it out; for missing values, x = np.where(x == -999, np.nan, x)."
        )


def _as_rows(x, size: tuple[int, int] | None, options: LoadOptions) -> np.ndarray:
    """Returns numbers `(rows, columns)`, sequences `(rows, time, columns)` or images in four axes, after checks."""
    if isinstance(x, np.ma.MaskedArray) and x.dtype.kind in "biuf" and np.ma.is_masked(x):
        x = np.ma.filled(x.astype("float64"), np.nan)
    try:
        x = np.asarray(x if size is None else image_arrays.each_resized(x, size))
    except ValueError as error:
        raise ValueError(
            f"`x` must be one array, all rows of the same shape. Received: {error}. Make them alike."
        ) from error
    if x.dtype == object and x.size and isinstance(x.flat[0], np.ndarray):
        shapes = sorted({np.shape(row) for row in x.flat})
        raise ValueError(
            f"All images must have the same size. Received: {', '.join(map(str, shapes[:3]))}. Resize them by "
            "`image_size`, which is (height, width)."
        )
    x = image_arrays.as_rows(x, options.image_column)
    x = x[:, None] if x.ndim == 1 else x
    if x.ndim not in (2, 3, 4) or x.dtype.kind not in "biuf":
        raise ValueError(
            "`x` must be numbers (rows, columns), sequences (rows, time, columns) or images (rows, height, width"
            f"[, channels]). Received: the shape {x.shape}, {x.dtype}. For mixed columns, pass a DataFrame."
        )
    if 0 in x.shape[options.schema is not None :]:
        raise ValueError(f"`x` must have rows and columns. Received: the shape {x.shape}. Check how it was made.")
    columns = () if options.schema is None else options.schema.columns
    # uint8 are pixels and others are sequences, unless a schema says what they are.
    sequences = x.ndim == 3 and bool(the_vector(columns) or x.dtype != np.uint8 and not the_picture(columns))
    if x.ndim > 2 and x.dtype != np.uint8 and not sequences:
        of_unit = x.dtype.kind == "b" or x.dtype.kind == "f" and np.nanmax(x) <= 1.0
        repair = "(255 * x).astype('uint8')" if of_unit else "x.astype('uint8')"
        raise ValueError(f"Images must be uint8, from 0 to 255. Received: {x.dtype}. Turn them: {repair}.")
    return x[..., None] if x.ndim == 3 and not sequences else x


def _as_targets(y, x: np.ndarray, options: LoadOptions) -> tuple[Any, list | None]:
    """Returns the targets beside rows, and the names of several: None for one, and where they have no names."""
    check_has_all(y, options.target)
    several, are_named, names = has_several(y), isinstance(options.target, list), None
    if several and not are_named:
        check_not_one_hot(y)
    if several and (are_named or options.target is None and isinstance(y, pd.DataFrame)):
        y = named(y, options.target)
        names = list(y.columns)
    else:
        y = np.asarray(y)
        y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
    of_sequences = x.ndim == 3 and y.ndim == 3
    if y.ndim not in (1, 2) and not of_sequences:
        check_one_value_a_row(y)
    if len(x) != len(y):
        raise ValueError(
            f"`x` and `y` must have the same number of rows. Received: {len(x)} and {len(y)}. Cut one to the other."
        )
    return y, names
