"""Tables in memory: whatever holds named columns or records, as a pandas DataFrame.

pandas DataFrame                  as it is
Arrow's C stream                  polars, pyarrow, duckdb and others, known by `__arrow_c_stream__` alone
dict of columns                   a row for each of their values; a dict of single values is one row
dicts in a list or an iterator    a row each; so are named tuples, dataclasses, rows of sqlite3 and Series
Series indexed by column names    one row, as `frame.iloc[0]` gives it
structured numpy array            a row for each of its records
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from zoo.data import doubts
from zoo.data.names import plain_name
from zoo.data.tables import decoded, find, floats_of_decimals

INDEX_LEVEL = "__index_level_"  # what pandas calls an index without a name in Arrow's tables


def as_frame(source, names: Iterable = ()) -> pd.DataFrame | None:
    """Returns the table that an object in memory holds, or None if it holds none.

    Args:
        source: Any object.
        names: The columns that are expected, by which a Series is known as a row or as a column.

    Raises:
        ValueError: if its columns differ in length, or its records are of several kinds.
    """
    if isinstance(source, pd.DataFrame):
        return source
    if isinstance(source, pd.Series):
        return _of_series(source, list(names))
    if speaks_arrow(source):
        return _of_arrow(source)
    if isinstance(source, Mapping):
        return _of_mapping(source)
    if isinstance(source, (np.ndarray, np.void)) and source.dtype.names:
        return _of_structured(source)
    if dataclasses.is_dataclass(source) and not isinstance(source, type) or is_named_row(source):
        source = [source]
    if isinstance(source, Iterator):
        source = list(_records_of(source))
    if isinstance(source, list) and (any(map(_is_record, source)) or not source and names):
        return _of_records(source, list(names))
    return None


def is_named_row(source) -> bool:
    """Returns whether an object is a named tuple of single values, a row; one of columns, as `(x, y)`, is none."""
    return isinstance(source, tuple) and hasattr(source, "_fields") and all(map(_is_single, source))


def _records_of(source: Iterator) -> Iterator:
    """Yields the records of an iterator, which can be read only once: other values are refused at the first.

    Raises:
        ValueError: if one of its values is no record.
    """
    for row, value in enumerate(source):
        if not _is_record(value):
            raise ValueError(
                "An iterator must give records, such as {column: value}. Received: "
                f"{type(value).__name__} in row {row} of {type(source).__name__}. Pass a list, or of a file its path."
            )
        yield value


def as_values(values):
    """Returns a column of Arrow as a pandas Series, an Arrow table as a DataFrame, and anything else as it is."""
    if isinstance(values, (pd.Series, pd.DataFrame, pd.Index)) or not speaks_arrow(values):
        return values
    column = _chunked(values)
    if pa.types.is_struct(column.type):
        return _of_arrow(values, column)
    name = getattr(values, "name", None)
    return _to_pandas(pa.table({"0": column})).iloc[:, 0].rename(name if isinstance(name, str) and name else None)


def are_values(target) -> bool:
    """Returns whether a `target` is the values of a column, not its name."""
    if isinstance(target, (str, bytes, tuple)):
        return False
    return isinstance(target, list) or speaks_arrow(target) or bool(getattr(target, "ndim", 0))


def in_order_of(index: pd.Index, values, what: str = "y", beside: str = "x"):
    """Returns values with an index of pandas in the order of another index; other values as they are.

    Both indices must have the same labels, each once. An index that only counts the rows, 0, 1, 2 and so on, beside one
    of other labels says nothing: such values are taken by position, which is said where some labels are in both.

    Args:
        index: The index of the table.
        values: A Series, a DataFrame, or anything without an index.
        what: What the values are, for the message.
        beside: What the index is of, for the message.

    Raises:
        ValueError: if the labels differ, or some stand twice in another order.
    """
    own = getattr(values, "index", None)
    if not isinstance(values, (pd.Series, pd.DataFrame)) or own.equals(index) or len(own) != len(index):
        return values
    if own.is_unique and index.is_unique and bool(own.isin(index).all()):
        return values.loc[index]
    counting = pd.RangeIndex(len(index))
    if own.equals(counting) or index.equals(counting):
        if own.isin(index).any():
            doubts.note(
                f"The indices of `{beside}` and `{what}` have some labels in common and others not. One of them only "
                "counts the rows: they are paired by position.",
                value=next((label for label in own if label not in index), own[0]),
                repair=f"Pass {what}.to_numpy() if that is meant, or rows of the same labels.",
            )
        return values
    if alone := [label for label in own if label not in index]:
        received = f"the label {alone[0]!r} in `{what}` alone"
    else:
        received = "labels that stand twice, in another order"
    raise ValueError(
        f"`{beside}` and `{what}` must have the same index, in any order. Received: {received}. Pass "
        f"{what}.to_numpy() to take it by position, or {what}.loc[{beside}.index]."
    )


def with_float64(frame: pd.DataFrame) -> pd.DataFrame:
    """Returns a table with float64 for numbers of extended precision, of which pandas finds no distinct values."""
    if np.dtype(np.longdouble) not in set(frame.dtypes.array):
        return frame
    wide = frame.dtypes == np.longdouble
    return frame.astype(dict.fromkeys(frame.columns[wide.to_numpy()], "float64"))


def check_cells(frame: pd.DataFrame, known) -> None:
    """Raises ValueError if a cell holds several values, as a list or a dict does; arrays of numbers are read.

    Args:
        frame: The rows.
        known: Columns that are no inputs.
    """
    for place, (name, dtype) in enumerate(zip(frame.columns, frame.dtypes)):
        if name in known or not pd.api.types.is_object_dtype(dtype):
            continue
        values = frame.iloc[:, place]
        several = next((i for i, value in enumerate(values) if isinstance(value, (list, dict, set))), None)
        if several is not None:
            kind = type(values.iloc[several]).__name__
            raise ValueError(
                f"The column {name!r} must hold one value a row. Received: a {kind} in row {frame.index[several]}. "
                f"Leave it out with `ignore={name!r}`, or give each of its parts a column."
            )


def speaks_arrow(source) -> bool:
    """Returns whether an object gives out its data by Arrow's C interface."""
    return hasattr(source, "__arrow_c_stream__") or hasattr(source, "__arrow_c_array__")


def _chunked(source) -> pa.ChunkedArray:
    """Returns what an object gives out by Arrow's C interface: a table as structs.

    Raises:
        ValueError: if it has columns of a type that Arrow has not.
    """
    try:
        if hasattr(source, "__arrow_c_stream__"):
            return pa.chunked_array(source)
        return pa.chunked_array([pa.array(source)])
    except pa.ArrowException as error:
        raise ValueError(
            f"A {type(source).__name__} must have columns of Arrow's types. Received: {error}. Turn the column of "
            "another type, such as whole numbers of 128 bits, into numbers or text."
        ) from error


def _of_arrow(source, column: pa.ChunkedArray | None = None) -> pd.DataFrame | None:
    column = _chunked(source) if column is None else column
    if not pa.types.is_struct(column.type):
        return None
    names = [field.name for field in column.type]
    arrays = [chunk.flatten() for chunk in column.chunks]
    columns = [pa.chunked_array([parts[i] for parts in arrays], f.type) for i, f in enumerate(column.type)]
    table = pa.table(columns, names=[str(i) for i in range(len(columns))])
    frame = _to_pandas(table) if columns else pd.DataFrame(index=pd.RangeIndex(len(column)))
    levels = [i for i, name in enumerate(names) if name.startswith(INDEX_LEVEL)]
    if levels:
        parts = [frame.iloc[:, i] for i in levels]
        frame.index = (
            pd.Index(parts[0], name=None)
            if len(parts) == 1
            else pd.MultiIndex.from_arrays(parts, names=[None] * len(parts))
        )
    kept = [i for i in range(len(names)) if i not in levels]
    return frame.iloc[:, kept].set_axis([names[i] for i in kept], axis=1)


def _to_pandas(table: pa.Table) -> pd.DataFrame:
    """Returns an Arrow table in pandas's types: dates as time stamps, decimals as float64, whole numbers exactly."""
    special: dict[str, str] = {}
    exact: dict[str, Any] = {}
    columns = []
    for i, field in enumerate(table.schema):
        column, kind, name = table.column(i), field.type, field.name
        if isinstance(kind, pa.BaseExtensionType):
            kind = kind.storage_type
            column = pa.chunked_array([chunk.storage for chunk in column.chunks], kind)
        if pa.types.is_dictionary(kind):
            column, special[name] = decoded(column), "category"
        elif pa.types.is_date(kind):
            column = column.cast(pa.timestamp("us"))
        elif pa.types.is_decimal(kind):
            column = floats_of_decimals(column)
        elif pa.types.is_string_view(kind):
            column = column.cast(pa.large_string())
        elif pa.types.is_boolean(kind) and column.null_count:
            special[name] = "boolean"
        elif pa.types.is_integer(kind) and column.null_count and find(column).large:  # float64 would round them
            exact[name] = pd.array(column.to_pylist(), dtype="UInt64" if kind == pa.uint64() else "Int64")
        columns.append(column)
    frame = pa.table(columns, names=table.column_names).to_pandas(date_as_object=False)
    return frame.astype(special).assign(**exact) if special or exact else frame


def _of_mapping(source: Mapping) -> pd.DataFrame:
    columns = {name: as_values(list(v) if isinstance(v, Iterator) else v) for name, v in source.items()}
    if columns and all(isinstance(values, Mapping) for values in columns.values()):
        return pd.DataFrame(columns)  # as `frame.to_dict()` gives it: a dict of rows for each column
    _check_are_columns(columns)
    columns = _of_one_order(columns)
    arrays = {name for name, values in columns.items() if getattr(values, "ndim", 1) > 1}
    single = {name for name, values in columns.items() if _is_single(values)}
    if single and arrays and len(single) + len(arrays) == len(columns):
        return pd.DataFrame([columns])  # one row, some of whose values are arrays
    lengths: dict[Any, int] = {}
    for name, values in columns.items():
        if name in single:
            columns[name] = values[()] if isinstance(values, np.ndarray) else values
            continue
        if name in arrays:
            columns[name] = _of_arrays(name, values)
        lengths[name] = len(values)
    if not lengths:
        return pd.DataFrame([columns]) if columns else pd.DataFrame()
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name}: {length}" for name, length in list(lengths.items())[:10])
        raise ValueError(
            f"All columns must have the same number of rows. Received: {shown}. Fill the shorter ones in, or cut the "
            "longer ones."
        )
    return pd.DataFrame(columns)


def _check_are_columns(columns: Mapping) -> None:
    """Raises ValueError if what stands under a name has no order of rows: a set, or a dict beside columns."""
    for name, values in columns.items():
        beside = isinstance(values, Mapping) and any(not _is_single(other) for other in columns.values())
        if beside or isinstance(values, (set, frozenset)):
            raise ValueError(
                f"The column {name!r} must hold a value for each row, in order. Received: {type(values).__name__}. "
                "Pass a list or an array."
            )


def _of_one_order(columns: dict) -> dict:
    """Returns columns in the order of the first index of pandas: `pandas.DataFrame` would add rows where they differ.

    Raises:
        ValueError: if they have other labels.
    """
    series = {name: values for name, values in columns.items() if isinstance(values, pd.Series)}
    if len(series) < 2:
        return columns
    first, index = next((name, values.index) for name, values in series.items())
    ordered = {name: in_order_of(index, values, str(name), str(first)) for name, values in series.items()}
    of_one_length = {n: v.set_axis(index) if len(v) == len(index) else v for n, v in ordered.items()}
    return {**columns, **of_one_length}


def _of_arrays(name, values) -> pd.Series:
    """Returns an array `(rows, ...)` as a column of arrays, one a row; a single one of numbers `(rows, 1)` as numbers.

    Raises:
        ValueError: if it holds anything but numbers.
    """
    array = np.asarray(values)
    if 0 in array.shape[1:]:
        raise ValueError(
            f"The column {name!r} must have values in each row. Received: the shape {array.shape}. Leave it out."
        )
    if array.shape[1:] == (1,):
        return pd.Series(array[:, 0])
    if array.dtype.kind not in "biuf":
        raise ValueError(
            f"The column {name!r} must have one value a row, or be an array of numbers. Received: {array.dtype} of the "
            f"shape {array.shape}. Give each of its columns a name of its own."
        )
    return pd.Series(list(array), dtype=object)


def _is_single(values) -> bool:
    """Returns whether what a dict holds under a name is one value, not a column of them."""
    if (rank := getattr(values, "ndim", None)) is not None:
        return not rank
    is_text = isinstance(values, (str, bytes))
    return is_text or not isinstance(values, Sequence) and not hasattr(values, "__array__")


def _is_record(row) -> bool:
    if isinstance(row, (Mapping, pd.Series)) or hasattr(row, "_fields"):
        return True
    return hasattr(row, "keys") or dataclasses.is_dataclass(row) and not isinstance(row, type)


def _of_records(rows: list, names: list) -> pd.DataFrame:
    if not rows:
        return pd.DataFrame(columns=names)
    if odd := [i for i, row in enumerate(rows) if not _is_record(row)]:
        raise ValueError(
            f"Each row of a list of records must be a dict. Received: {type(rows[odd[0]]).__name__} in row {odd[0]}. "
            "Write it as {column: value}."
        )
    if all(hasattr(row, "keys") and not isinstance(row, pd.Series) for row in rows):
        return pd.DataFrame([dict(row) for row in rows])
    if len(kinds := {type(row).__name__: None for row in rows}) > 1:
        raise ValueError(f"All records must be of one kind. Received: {', '.join(kinds)}. Write each as a dict.")
    return pd.DataFrame(rows).infer_objects()  # Series, named tuples or dataclasses


def _of_series(series: pd.Series, names: list) -> pd.DataFrame | None:
    """Returns a Series as a row if its index holds column names, as a column if it is called like one, else None."""
    labels, texts = set(map(plain_name, series.index)), all(isinstance(label, str) for label in series.index)
    if names and texts:
        is_row = not labels.isdisjoint(names)
    elif names:
        some_text = any(isinstance(label, str) for label in labels)  # numbers alone may as well count rows
        is_row = labels.issuperset(names) and (some_text or len(labels) <= len(names) + 1)  # the target's beside them
    else:
        is_row = texts and not isinstance(series.name, str)  # the label of the row, not the name of a column
    if is_row and len(series) and series.index.is_unique:
        return series.to_frame().T.infer_objects()
    return series.to_frame() if series.name in names and series.name is not None else None


def _of_structured(source) -> pd.DataFrame:
    """Returns the records of a structured array; masked values are missing."""
    array = np.atleast_1d(source)
    columns = {}
    for name in array.dtype.names:
        values = array[name]
        if values.ndim != 1:
            columns[name] = pd.Series(list(np.asarray(values)))  # an array a row
            continue
        mask = np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) else None
        values = np.asarray(values)
        if not values.dtype.isnative:
            values = values.astype(values.dtype.newbyteorder("="))
        if values.dtype.kind == "S":
            values = np.array([value.decode("utf-8", "backslashreplace") for value in values.tolist()], object)
        column = pd.Series(values)
        columns[name] = column if mask is None or not mask.any() else column.mask(mask)
    return pd.DataFrame(columns)
