"""Targets: numbers of a regression in double precision, and classes as values that JSON and answers can hold.

    numbers   center and scale are computed in float64; the network learns z = (y - center) / scale in float32
    classes   strings, integers, floats and booleans as they are; dates, periods, intervals and bytes as their text

A target such as time stamps lies so far from 0 that float32 cannot tell its rows apart. Trainings get it as pairs of
float32 that sum up to it (Dekker, 1971), from which the difference to the center is computed without loss.
"""

from __future__ import annotations

import datetime
import decimal
from typing import Any

import numpy as np
import pandas as pd

from zoo.data import doubts

RESOLUTION = 1e-4  # of the target's deviation: what rounding to float32 may cost
HALF_STEP = 2.0**-24  # the most that rounding to float32 changes a value, as a share of it
MOST_ALIKE = 100  # classes among which those that are written in two ways are looked for
LARGEST = 1e150  # the square of larger numbers is beyond float64
FLOAT32_RANGE = (1e-30, 1e30)  # products of numbers within stay finite in float32

TEXT_TYPES = (pd.Period, pd.Interval, pd.Timedelta, datetime.timedelta)
PLAIN_TYPES = (str, bool, int, float, np.bool_, np.integer, np.floating)


def statistics(values: np.ndarray) -> tuple[float, float, float, float]:
    """Returns mean, deviation (1 if all values are equal), lowest and highest of a target `(rows,)`, in float64."""
    center = float(values.mean())
    deviation = float(values.std()) if np.ptp(values) > 0 else 0.0
    return center, deviation if deviation > 0 else 1.0, float(values.min()), float(values.max())


def dtype_of(center: float, scale: float, low: float, high: float) -> str:
    """Returns the dtype of answers: `"float32"`, or `"float64"` where float32 cannot resolve the target's deviation."""
    smallest, largest = FLOAT32_RANGE
    size = max(abs(low), abs(high))
    resolved = abs(center) * HALF_STEP <= RESOLUTION * scale and smallest <= scale and size <= largest
    return "float32" if resolved else "float64"


def as_pairs(values: np.ndarray) -> np.ndarray:
    """Returns values `(...)` as two float32 each that sum up to them, `(..., 2)`: the nearest, and what is left."""
    nearest = values.astype("float32")
    return np.stack([nearest, (values - nearest).astype("float32")], axis=-1)


def of_frame(frame: pd.DataFrame, names: list) -> pd.Series | pd.DataFrame:
    """Returns a table's columns of a target: one as a Series, several as a DataFrame."""
    return frame[names[0]] if len(names) == 1 else frame[names]


def check_target(y) -> None:
    """Raises ValueError if a target has several values a row, or values that are no classes and no numbers."""
    check_one_value_a_row(y)
    with_plain_values(y if isinstance(y, pd.Series) else pd.Series(np.ravel(np.asarray(y))), "target")


def check_one_value_a_row(y) -> None:
    """Raises ValueError if a target has several values a row."""
    if isinstance(y, pd.Series) or np.ndim(y) < 2 or np.ndim(y) == 2 and np.shape(y)[1] == 1:
        return
    check_no_shares_of_classes(y)
    repair = (
        "Pass one of them, or train a model for each column: y[:, 0], y[:, 1]... 'mlp_regressor' answers several "
        "numbers a row, 'mlp_classifier' several labels that are 0 or 1."
    )
    raise ValueError(f"`y` must have one value a row. Received: the shape {np.shape(y)}. {repair}")


def check_no_shares_of_classes(y) -> None:
    """Raises ValueError if the rows of a target are one-hot, or probabilities of classes: of one class a row."""
    check_not_one_hot(y)
    values = np.asarray(y)
    if _are_numbers(values) and (values >= 0).all() and np.allclose(values.sum(axis=1), 1.0, atol=1e-3):
        raise ValueError(
            f"`y` must have one value a row. Received: the shape {values.shape}. For probabilities of classes: "
            "y.argmax(axis=1)."
        )


def check_not_one_hot(y) -> None:
    """Raises ValueError if the rows of a target are one-hot: one of several classes, and so one value a row."""
    values = np.asarray(y)
    if _are_numbers(values) and np.isin(values, (0, 1)).all() and (values.sum(axis=1) == 1).all():
        raise ValueError(
            f"`y` must have one value a row. Received: the shape {values.shape}. For one-hot rows: y.argmax(axis=1)."
        )


def _are_numbers(values: np.ndarray) -> bool:
    return values.ndim == 2 and values.shape[1] > 1 and values.dtype.kind in "biuf"


def with_plain_values(values: pd.Series, name: str) -> pd.Series:
    """Returns a target whose values are Python's strings and numbers, or pandas's own columns of them.

    Args:
        values: The target.
        name: What messages call it, such as `"target 'y'"`.

    Raises:
        ValueError: if a value is of a type that is no class and no number, such as a list.
    """
    dtype = values.dtype.categories.dtype if isinstance(values.dtype, pd.CategoricalDtype) else values.dtype
    if dtype == np.longdouble:  # pandas finds no distinct values of these
        values = values.astype("float64")
        dtype = values.dtype
    numbers = pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_bool_dtype(dtype)
    if isinstance(dtype, pd.StringDtype) or numbers and dtype.kind in "biuf" and not isinstance(dtype, pd.ArrowDtype):
        return values
    codes, uniques = _factorized(values, name)
    if all(isinstance(value, PLAIN_TYPES) for value in uniques):
        return values
    plain = [_plain(value, name) for value in uniques]
    return pd.Series(np.array([*plain, None], dtype=object)[codes], index=values.index, name=values.name)


def _factorized(values: pd.Series, name: str):
    try:
        return pd.factorize(values.astype(object), use_na_sentinel=True)
    except TypeError:  # a value that cannot be hashed
        value = next(value for value in values if isinstance(value, (list, dict, set, np.ndarray)))
        raise _strange(value, name) from None


def _plain(value, name: str) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    if isinstance(value, datetime.datetime):  # pd.Timestamp too
        text = value.isoformat()
        return text.removesuffix("T00:00:00")
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, np.timedelta64):
        value = pd.Timedelta(value)
    if isinstance(value, TEXT_TYPES):
        return str(value)
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, PLAIN_TYPES):
        return value.item() if isinstance(value, np.generic) else value
    raise _strange(value, name)


def _strange(value, name: str) -> ValueError:
    if isinstance(value, np.ndarray):
        return ValueError(
            f"The {name} must have one value a row. Received: arrays, of the shape {value.shape} in the first row. "
            "Name another column, or turn them into numbers or classes."
        )
    return ValueError(
        f"The {name} must hold numbers, strings, booleans or dates. Received: {type(value).__name__}, such as "
        f"{value!r}. Turn it into one of these, such as y.map(str)."
    )


def number_repair(values: pd.Series) -> str:
    """Returns how to make numbers of a target that has none."""
    value = next(iter(values.dropna()), None)
    if isinstance(value, (datetime.date, np.datetime64)):  # time stamps too
        return "Turn dates into numbers: y = pd.to_datetime(y), then seconds, (y - y.min()).dt.total_seconds()."
    if isinstance(value, (datetime.timedelta, np.timedelta64)):
        return "Turn spans of time into numbers, such as pd.to_timedelta(y).dt.total_seconds()."
    if isinstance(value, pd.Period):
        return "Turn periods into numbers, such as y.map(lambda period: period.ordinal)."
    if isinstance(value, pd.Interval):
        return "Turn intervals into numbers, such as their middles: y.map(lambda interval: interval.mid)."
    return "For class names, take a classifier such as 'mlp_classifier'."


def conversion(class_dtype: str | None, classes) -> str:
    """Returns what a schema's print says of classes that are named by the text of other values, or `""`."""
    plain = ("", "object", "category", "str", "string", "large_string")
    known = str(class_dtype or "").partition("[")[0]
    converted = known not in plain and all(isinstance(value, str) for value in classes)
    return f" (the text of {class_dtype})" if converted else ""


def sorted_classes(values: pd.Series, plain: pd.Series) -> list:
    """Returns the distinct classes of a target, in the order of its own values where these have one.

    Args:
        values: The target, without missing values.
        plain: What `with_plain_values` returned for it.
    """
    distinct = ~plain.duplicated().to_numpy()
    names = [value.item() if isinstance(value, np.generic) else value for value in plain[distinct]]
    if plain is not values:
        own = values[distinct].astype(object).tolist()
        try:
            return [names[i] for i in sorted(range(len(own)), key=own.__getitem__)]
        except TypeError:  # values of several types have no order
            pass
    return sorted(names, key=lambda value: (str(type(value)), value))


def note_alike(values: pd.Series) -> None:
    """Notes two classes of a target that differ in blanks around them, or in upper and lower case, alone.

    Args:
        values: The target.
    """
    if pd.api.types.infer_dtype(values, skipna=True) not in ("string", "categorical"):
        return
    texts = [value for value in values.dropna().unique() if isinstance(value, str)]
    if len(texts) > MOST_ALIKE:
        return
    known: dict[str, str] = {}
    for text in sorted(texts):
        other = known.setdefault(text.strip().casefold(), text)
        if other != text and text.strip():
            doubts.note(
                f"{other!r} and {text!r} are two classes.",
                column=values.name,
                repair="If they are one, write them alike, as by y.str.strip().str.lower().",
            )


def check_classes_differ(classes, name: str) -> None:
    """Raises ValueError if two classes have the same text, by which answers name them."""
    known: dict[str, Any] = {}
    for value in classes:
        other = known.setdefault(str(value), value)
        if other is not value:
            raise ValueError(
                f"The classes of the {name} must differ as text, for columns such as p_{value} and served labels name "
                f"them by it. Received: {other!r} and {value!r}. Make them one, as by y.map(str), or rename one."
            )
