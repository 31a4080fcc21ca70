"""`X`, `y` and sample weights of scikit-learn, as `zoo.train` and `zoo.predict` take rows.

a DataFrame (pandas, or what has Arrow's C stream)    a table by its columns' names
an array of numbers                                   one array of inputs
an array of objects or strings                        numbers if all can be read so, else a table of columns 0, 1, ...

scikit-learn pairs `X`, `y` and weights by position; where an index of pandas says otherwise, it is not looked at.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import (
    _check_sample_weight,
    check_array,
    check_consistent_length,
    column_or_1d,
    validate_data,
)

from zoo.data import frames
from zoo.data.names import matching_text, plain_name

WEIGHT = "sample_weight"
CONTAINERS = (dict, list, tuple, set, np.ndarray)


def training_data(estimator, X, y, sample_weight) -> tuple[Any, str | None]:
    """Returns the data that `zoo.train` takes, and the name of their column of weights or None.

    Sets `n_features_in_` and `feature_names_in_` of the estimator.

    Args:
        estimator: The estimator that is fitted.
        X: Rows.
        y: Targets, `(rows,)` or `(rows, targets)`.
        sample_weight: A number a row, one number, or None. Rows of weight 0 are left out.

    Raises:
        TypeError: if rows are sparse, or a cell holds several values.
        ValueError: if rows or targets are too few, of another shape, or not of one length.
    """
    rows = _rows(estimator, X, fewest=2)
    validate_data(estimator, rows, y, skip_check_array=True)
    y = _targets(y, rows)
    check_consistent_length(rows, y)
    weights = None if sample_weight is None else _check_sample_weight(sample_weight, rows, dtype=np.float64)
    if weights is not None and not weights.all():  # to scikit-learn a row of weight 0 is no row
        rows, y, weights = (_safe_indexing(part, np.flatnonzero(weights)) for part in (rows, y, weights))
    if isinstance(rows, pd.DataFrame):
        return _beside_table(rows, y, weights)
    if weights is None:
        return (rows, y), None
    from zoo.data.sources import load

    return load((rows, y)).beside(pd.DataFrame({WEIGHT: weights})), WEIGHT


def _beside_table(rows: pd.DataFrame, y, weights: np.ndarray | None) -> tuple[Any, str | None]:
    """Returns what `training_data` does, for a table. Targets with the name of one of its columns get another one."""
    taken: list[Any] = list(rows.columns)
    if isinstance(y, pd.DataFrame):
        names: list[Any] = []
        for name in y.columns:
            names.append(_free_name(name, [*taken, *names]))
        y = y.set_axis(names, axis=1).set_axis(rows.index)
        taken += names
    elif y.ndim == 1:
        named = y.name if isinstance(y, pd.Series) else None
        name = _free_name("target" if named is None else named, taken)
        y = y.set_axis(rows.index) if isinstance(y, pd.Series) else y
        if named is not None or name != "target":  # what `zoo.data.load` calls targets without a name
            y = pd.Series(y, rows.index, name=name)
        taken.append(name)
    if weights is None:
        return (rows, y), None
    name = _free_name(WEIGHT, taken)
    return (rows.assign(**{name: weights}), y), name


def rows_as_fitted(estimator, X) -> Any:
    """Returns rows as the fitted model takes them: a table by the names of training, or an array.

    Args:
        estimator: A fitted estimator, whose `_columns` are the names of its table, or None for arrays.
        X: Rows.

    Raises:
        TypeError: if rows are sparse, or a cell holds several values.
        ValueError: if they have other columns than in training. Columns whose names are not strings may be in
            another order.
    """
    rows = _rows(estimator, X)
    validate_data(estimator, rows, skip_check_array=True, reset=False)
    if estimator._columns is None:
        return rows.to_numpy() if isinstance(rows, pd.DataFrame) else rows
    if isinstance(rows, pd.DataFrame):
        return _in_order(rows, estimator)
    return pd.DataFrame(rows, columns=estimator._columns)


def _in_order(rows: pd.DataFrame, estimator) -> pd.DataFrame:
    """Returns a table with the columns of training in their order.

    scikit-learn compares names that are strings, and takes a table without names by position. Other names, such as
    whole numbers, it does not see: here they are matched as names of columns are elsewhere, by their texts.
    """
    fitted = estimator._columns
    places = {matching_text(name): place for place, name in enumerate(rows.columns)}
    texts = [matching_text(name) for name in fitted]
    has_no_names = rows.columns.equals(pd.RangeIndex(rows.shape[1]))
    if places.keys() == set(texts):
        rows = rows.iloc[:, [places[text] for text in texts]]
    elif not has_no_names and rows.columns.inferred_type != "string" and not hasattr(estimator, "feature_names_in_"):
        raise ValueError(
            f"`X` must have the columns that {type(estimator).__name__} was fitted to, {fitted}. Received: "
            f"{list(rows.columns)}. Rename them."
        )
    return rows.set_axis(fitted, axis=1)


def _rows(estimator, X, fewest: int = 1) -> pd.DataFrame | np.ndarray:
    """Returns rows as a DataFrame or as an array."""
    if isinstance(X, pd.DataFrame):
        return X
    frame = frames.as_frame(X) if frames.speaks_arrow(X) and not isinstance(X, pd.Series) else None
    if frame is not None:
        return frame
    checks: dict[str, Any] = {"dtype": None, "ensure_all_finite": False, "ensure_min_samples": fewest}
    rows = check_array(X, allow_nd=True, estimator=estimator, input_name="X", **checks)
    return _read_objects(rows) if rows.dtype.kind in "OUS" and rows.ndim == 2 else rows


def _read_objects(rows: np.ndarray) -> pd.DataFrame | np.ndarray:
    """Returns an array of objects or strings as numbers, if all of them can be read as such, else as a table."""
    try:
        return np.where(pd.isna(rows), np.nan, rows).astype("float64")
    except (TypeError, ValueError):
        for place, cell in enumerate(rows.flat):
            if isinstance(cell, CONTAINERS):
                raise TypeError(
                    "`X` must have one value a cell: each argument must be a string or a number. Received: a "
                    f"{type(cell).__name__} in row {place // rows.shape[1]}. Give its parts columns of their own."
                ) from None
        return pd.DataFrame(rows).infer_objects()


def _targets(y, rows) -> pd.Series | pd.DataFrame | np.ndarray:
    """Returns targets with the names and types of pandas, where they have some; one column is `(rows,)`."""
    y = frames.as_values(y)
    if isinstance(y, pd.DataFrame):
        return y.iloc[:, 0] if y.shape[1] == 1 else y
    if isinstance(y, pd.Series):
        return y
    y = check_array(y, ensure_2d=False, dtype=None, ensure_all_finite=False, ensure_min_samples=0, input_name="y")
    y = column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y
    return pd.Series(y).infer_objects().to_numpy() if y.ndim == 1 and y.dtype == object else y


def _free_name(name, taken) -> Any:
    """Returns the name, or its text with underscores behind it where a column has the name already.

    Names are the same where their texts are, as in `zoo.data.names`.
    """
    texts = {str(plain_name(one)) for one in taken}
    if (text := str(plain_name(name))) not in texts:
        return name
    while text in texts:
        text += "_"
    return text
