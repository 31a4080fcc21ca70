"""`zoo.data.load`: whatever holds rows, as `Data`.

"titanic"                      a shipped or generated set          df, records, (x, y), x     in memory
"tfds:NAME"                    TensorFlow Datasets                 a tf.data.Dataset
"rows.csv", "shards/*.parquet", "https://...", "images/"          files, globs, folders, any fsspec address
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zoo.data import addresses, doubts, frames, images, row_numbers, shipped
from zoo.data.columns import the_picture, the_vector
from zoo.data.files import MODULES, STREAM_BYTES, Files, table_files
from zoo.data.raw import Data, without
from zoo.data.schema import Schema
from zoo.registry import suggest

FILE_FORMATS = (*MODULES, "idx", "images", "npz")


def load(
    source,
    *,
    target=None,
    split: str | None = None,
    format: str | None = None,
    schema=None,
    ignore: Iterable = (),
    stream: bool | None = None,
) -> Data:
    """Loads raw rows.

    Args:
        source: The name of a shipped or generated set; `"tfds:NAME"`; a file, glob, folder or fsspec address; a
            DataFrame, of pandas or whatever has Arrow's C stream (polars, pyarrow, duckdb); a dict of columns,
            which may be arrays `(rows, ...)`; a dict of values, a list of dicts or another record, a row each;
            `(x, y)` or `x` as arrays; a tf.data.Dataset; or `Data`. Where `x` and `y` are both of pandas, their rows
            are paired by index.
        target: The target's column, or beside a DataFrame its values; left out, a shipped set's own.
        split: Only these rows: `"train"`, `"val"` or `"test"`, where the set has them.
        format: `"csv"`, `"parquet"`, `"feather"`, `"json"`, `"excel"`, `"tfrecord"`, `"idx"`, `"images"` or `"npz"`,
            where the suffix does not say it.
        schema: A schema, its dict or the path of its JSON, instead of the inferred one. Its target may be absent.
        ignore: Columns that are no inputs.
        stream: Whether to read block by block; left out, files above 1 GiB.

    Returns:
        The rows, their schema and splits.

    Raises:
        FileNotFoundError: if there is no such file.
        PermissionError: if it may not be read.
        ValueError: if the source is unknown or unreadable, or a column absent; the message says what must be.
    """
    if format is not None and format not in FILE_FORMATS:
        raise ValueError(f"`format` must be one of {', '.join(FILE_FORMATS)}. Received: format={format!r}")
    schema = _schema(schema)
    ignore = (ignore,) if isinstance(ignore, str) else tuple(ignore)
    source, target = beside(source, target)
    optional = schema is not None and target in (None, schema.target)
    if target is None and schema is not None:
        target = schema.target
    elif schema is not None and target != schema.target:
        columns = tuple(column for column in schema.columns if column.name != target)
        schema = dataclasses.replace(schema, columns=columns, target=target, task=None, classes=None, class_dtype=None)
    wanted = _Wanted(target, without(schema, ignore), ignore, stream, optional)
    with doubts.collected():
        data = _load(source, format, wanted)
    if split is None:
        return data
    if data.streaming:
        raise ValueError(f"A stream has no splits. Received: split={split!r}. Load with stream=False.")
    if split not in data.splits:
        known = list(data.splits)
        raise ValueError(
            f"Unknown split {split!r}.{suggest(split, known)} {data.source!r} has: {', '.join(known) or 'none'}."
        )
    return data.take(data.splits[split])


def beside(source, target) -> tuple:
    """Returns `((source, target), None)` for a target that is given as values, and both as they are for a name."""
    return ((source, target), None) if frames.are_values(target) else (source, target)


@dataclasses.dataclass(frozen=True)
class _Wanted:
    """What the caller of `load` asked for. The target of a schema is optional: rows to predict have none."""

    target: Any
    schema: Schema | None
    ignore: tuple
    stream: bool | None
    optional: bool


def _schema(schema) -> Schema | None:
    if schema is None or isinstance(schema, Schema):
        return schema
    if isinstance(schema, Mapping):
        return Schema.from_dict(schema)
    if isinstance(schema, (str, os.PathLike)):
        if not os.path.isfile(schema):
            raise FileNotFoundError(
                f"There is no schema at {os.fspath(schema)!r}. Write one with `zoo schema SOURCE -o FILE`."
            )
        return Schema.load(schema)
    raise TypeError(f"`schema` must be a Schema, its dict or the path of its JSON. Received: {type(schema).__name__}.")


def _load(source, format, wanted: _Wanted) -> Data:
    if isinstance(source, (str, os.PathLike)):
        return _named(source, format, wanted)
    if format is not None:
        raise ValueError(
            f"`format` is for files. Received: format={format!r} with a {type(source).__name__}. Leave it out."
        )
    if isinstance(source, Data):
        return _again(source, wanted)
    if hasattr(source, "element_spec"):
        from zoo.data.tensorflow_sources import DatasetStream, dataset_rows

        if wanted.stream:
            return _streamed(DatasetStream(source, wanted.target), "tf.data.Dataset", wanted, named_y=True)
        return _data(dataset_rows(source, wanted.target), "tf.data.Dataset", wanted)
    if wanted.stream:
        raise ValueError(
            f"Only files and tf.data.Datasets stream. Received: {type(source).__name__}. Leave stream= out."
        )
    x, y = source if isinstance(source, tuple) and len(source) == 2 else (source, None)
    frame = frames.as_frame(x, () if wanted.schema is None else wanted.schema.names)
    if frame is not None and y is None:
        of_columns = isinstance(x, Mapping)
        return _table(frame, "dict of columns" if of_columns else "DataFrame {} x {}".format(*frame.shape), wanted)
    if frame is not None:
        return _pair(frame, frames.as_values(y), wanted, by_index=isinstance(x, pd.DataFrame))
    if isinstance(source, tuple) and len(source) == 2:
        return _arrays(x, frames.as_values(y), "(x, y)", wanted)
    if hasattr(source, "__array__") or isinstance(source, list):
        return _arrays(source, None, "x", wanted)
    raise TypeError(
        "The data must be a name, a path, a DataFrame, a dict of columns, a list of dicts, (x, y), an array or a "
        f"tf.data.Dataset. Received: {type(source).__name__}. "
        + ("Pass its collect()." if hasattr(source, "collect") else "Turn it into one of these.")
    )


def _again(data: Data, wanted: _Wanted) -> Data:
    """Returns `Data` as another call of `load` wants it."""
    kept = [name for name in data._ignore if name not in (wanted.target, *wanted.ignore)]
    ignore = (*kept, *(name for name in wanted.ignore if name not in data.left_out))
    schema = wanted.schema if wanted.schema is not None else without(data._given, wanted.ignore)
    other = wanted.target is not None and wanted.target != data.target
    if data.streaming and other:
        stream = dataclasses.replace(wanted, ignore=ignore)
        return _streamed(data._stream, data.source, stream)
    if other and isinstance(data.x, pd.DataFrame):
        frame = data.frame()
        if wanted.target in frame.columns or not wanted.optional:
            table = dataclasses.replace(wanted, ignore=ignore)
            known = {"splits": data.splits, "sha256": data._hash, "left_out": data.left_out}
            return _table(frame, data.source, table, **known)
    return data._like(data.x, data.y, schema=schema, splits=data.splits, ignore=ignore)


def _data(rows: shipped.Rows, source: str, wanted: _Wanted) -> Data:
    """Returns what a source gave, as `Data`."""
    known = {"splits": rows.splits, "sha256": rows.sha256}
    if not isinstance(rows.x, pd.DataFrame):
        return _arrays(rows.x, rows.y, source, wanted, task_hint=rows.task, **known)
    own = wanted.target in (None, rows.target)
    wanted = dataclasses.replace(wanted, target=rows.target) if wanted.target is None else wanted
    return _table(rows.x, source, wanted, task_hint=rows.task if own else None, **known)


def _table(frame: pd.DataFrame, source: str, wanted: _Wanted, **known) -> Data:
    """Returns a table as `Data`. Without rows it is one of a known schema alone, of which there is nothing to learn."""
    if frame.shape[1] == 0 or len(frame) == 0 and wanted.schema is None:
        raise ValueError(
            f"The table must have rows and columns. Received: {frame.shape[0]} rows x {frame.shape[1]} columns from "
            f"{source!r}. Check how it was made."
        )
    if isinstance(frame.columns, pd.MultiIndex):
        raise ValueError("Columns must have one name each. Received: several levels of names. Join them into one.")
    if not frame.columns.is_unique:
        twice = sorted({str(name) for name in frame.columns[frame.columns.duplicated()]})
        raise ValueError(f"Column names must differ. Received twice: {', '.join(twice)}. Rename one of each.")
    if frame.columns.hasnans:
        names = [f"Unnamed: {i}" if pd.isna(name) else name for i, name in enumerate(frame.columns)]
        frame = frame.set_axis(names, axis=1)
    target = _checked(list(frame.columns), wanted)
    if wanted.schema is None:
        row_numbers.note(frame, known=(target, *wanted.ignore))
    common = {"target": target, "source": source, "schema": wanted.schema, "ignore": wanted.ignore, **known}
    if target is None:
        return Data(frame, **common)
    return Data(frame.drop(columns=[target]), frame[target], order=list(frame.columns), **common)


def _checked(columns: list, wanted: _Wanted):
    """Returns the target, None where it is absent and may be.

    Raises:
        ValueError: if the target or an ignored column are not among the columns.
    """
    known = ", ".join(map(str, columns))
    for name in wanted.ignore:
        if name == wanted.target:
            raise ValueError(
                f"The target {name!r} must not be ignored. Leave it out of ignore=, or name another target."
            )
        if name not in columns and not wanted.optional:
            raise ValueError(
                f"There is no column {name!r} to ignore.{suggest(name, map(str, columns))} The data have: {known}."
            )
    if wanted.target is None or wanted.target in columns:
        return wanted.target
    if wanted.optional:
        return None
    raise ValueError(
        f"There is no target column {wanted.target!r}.{suggest(wanted.target, map(str, columns))} The data have: "
        f"{known}."
    )


def _pair(x: pd.DataFrame, y, wanted: _Wanted, *, by_index: bool = True) -> Data:
    """Returns a DataFrame and its target beside it; if both have an index of pandas, in the order of the first one."""
    if isinstance(y, pd.DataFrame) and y.shape[1] == 1:
        y = y.iloc[:, 0]
    if np.ndim(y) != 1:
        raise ValueError(
            f"`y` must have one value a row. Received: the shape {np.shape(y)}. For one-hot rows: y.argmax(axis=1)."
        )
    if len(x) != len(y):
        raise ValueError(
            f"`x` and `y` must have the same number of rows. Received: {len(x)} and {len(y)}. Cut one to the other."
        )
    name = getattr(y, "name", None) if wanted.target is None else wanted.target
    name = "target" if name is None else name
    y = frames.in_order_of(x.index, y) if by_index else y
    if name in x.columns:
        raise ValueError(
            f"`x` must not hold the target. Received: the column {name!r} in both. Pass x.drop(columns=[{name!r}]), or "
            f"the table alone with target={name!r}."
        )
    y = y.set_axis(x.index).rename(name) if isinstance(y, pd.Series) else pd.Series(y, index=x.index, name=name)
    return _table(pd.concat([x, y], axis=1), "(x, y)", dataclasses.replace(wanted, target=name))


def _arrays(x, y, source: str, wanted: _Wanted, **known) -> Data:
    if y is None and wanted.target is not None and not wanted.optional:
        raise ValueError(
            f"An array has no target column. Received: target={wanted.target!r}. Pass (x, y), or a DataFrame."
        )
    if wanted.ignore:
        raise ValueError(
            f"An array has no columns to ignore. Received: ignore={list(wanted.ignore)}. Pass a DataFrame."
        )
    if isinstance(x, np.ma.MaskedArray) and x.dtype.kind in "biuf" and np.ma.is_masked(x):
        x = np.ma.filled(x.astype("float64"), np.nan)
    try:
        x = np.asarray(x)
    except ValueError as error:
        raise ValueError(
            f"`x` must be one array, all rows of the same shape. Received: {error}. Make them alike."
        ) from error
    if x.dtype == object and x.size and isinstance(x.flat[0], np.ndarray):
        shapes = sorted({np.shape(row) for row in x.flat})
        raise ValueError(
            f"All images must have the same size. Received: {', '.join(map(str, shapes[:3]))}. Resize them to one."
        )
    x = x[:, None] if x.ndim == 1 else x
    if x.ndim not in (2, 3, 4) or x.dtype.kind not in "biuf":
        raise ValueError(
            "`x` must be numbers (rows, columns), sequences (rows, time, columns) or images (rows, height, width"
            f"[, channels]). Received: the shape {x.shape}, {x.dtype}. For mixed columns, pass a DataFrame."
        )
    if 0 in x.shape[wanted.schema is not None :]:
        raise ValueError(f"`x` must have rows and columns. Received: the shape {x.shape}. Check how it was made.")
    columns = () if wanted.schema is None else wanted.schema.columns
    # uint8 are pixels and others are sequences, unless a schema says what they are.
    sequences = x.ndim == 3 and bool(the_vector(columns) or x.dtype != np.uint8 and not the_picture(columns))
    if x.ndim > 2 and x.dtype != np.uint8 and not sequences:
        of_unit = x.dtype.kind == "b" or x.dtype.kind == "f" and np.nanmax(x) <= 1.0
        repair = "(255 * x).astype('uint8')" if of_unit else "x.astype('uint8')"
        raise ValueError(f"Images must be uint8, from 0 to 255. Received: {x.dtype}. Turn them: {repair}.")
    x = x[..., None] if x.ndim == 3 and not sequences else x
    if y is not None:
        y = np.asarray(y)
        y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
        one_hot = y.ndim == 2 and bool(np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all())
        if one_hot or y.ndim not in (1, 2) and not (sequences and y.ndim == 3):
            raise ValueError(
                f"`y` must have one value a row. Received: the shape {y.shape}. For one-hot rows: y.argmax(axis=1)."
            )
        if len(x) != len(y):
            raise ValueError(
                f"`x` and `y` must have the same number of rows. Received: {len(x)} and {len(y)}. Cut one to the other."
            )
    return Data(x, y, source=source, schema=wanted.schema, **known)


def _named(source: str | os.PathLike, format: str | None, wanted: _Wanted) -> Data:
    name = os.fspath(source)
    if name.startswith("tfds:"):
        from zoo.data.tensorflow_sources import tfds_rows

        _refuse_stream(wanted, "a set of TensorFlow Datasets")
        return _data(tfds_rows(name.removeprefix("tfds:"), wanted.target), name, wanted)
    is_path = isinstance(source, os.PathLike) or format is not None or any(mark in name for mark in "/\\.*:~")
    if not is_path:
        if wanted.stream and (facts := shipped.facts(name)) and facts["path"].endswith((".csv", ".csv.gz")):
            own = wanted if wanted.target is not None else dataclasses.replace(wanted, target=facts["target"])
            return _streamed(Files([facts["path"]], "csv"), name, own)
        _refuse_stream(wanted, "a set in memory")
        return _data(shipped.named(name), name, wanted)
    folder = Path(name.removeprefix("file://")).expanduser()
    if format == "idx" or (format is None and folder.is_dir() and images.is_idx_folder(folder)):
        return _image_data(images.idx_folder, folder, name, wanted)
    if format == "images" or (format is None and folder.is_dir() and images.is_image_folder(folder)):
        return _image_data(images.image_folder, folder, name, wanted)
    if format == "npz" or (format is None and addresses.suffix(name) == ".npz"):
        _refuse_stream(wanted, "an .npz file")
        path = addresses.expand(name, lambda path: True)[0]
        x, y, splits = images.read_npz(path)
        return _arrays(x, y, name, wanted, splits=splits, sha256=lambda: addresses.sha256([path]))
    files = table_files(name, format, wanted.ignore)
    wanted = dataclasses.replace(wanted, ignore=tuple(c for c in wanted.ignore if c not in files.left_out))
    if wanted.stream or (wanted.stream is None and addresses.size(files.paths) > STREAM_BYTES):
        return _streamed(files, name, wanted)
    return _table(files.read(), name, wanted, sha256=lambda: files.sha256, left_out=files.left_out)


def _refuse_stream(wanted, what) -> None:
    if wanted.stream:
        raise ValueError(f"Only tables in files and tf.data.Datasets stream. Received: {what}. Leave stream= out.")


def _image_data(read, folder: Path, source: str, wanted: _Wanted) -> Data:
    _refuse_stream(wanted, "a folder of images")
    if not folder.is_dir():
        raise FileNotFoundError(f"There must be a folder of images at {source!r}. Received: none. Correct the path.")
    x, y, splits = read(folder)
    return _arrays(x, y, source, wanted, splits=splits)


def _streamed(stream, source: str, wanted: _Wanted, named_y: bool = False) -> Data:
    if named_y and wanted.target is None and "target" in stream.columns:
        wanted = dataclasses.replace(wanted, target="target")
    target = _checked(stream.columns, wanted)
    for name in stream.columns if wanted.schema is None else ():
        if row_numbers.is_index(name) and name not in (target, *wanted.ignore):
            row_numbers.note_index(name)
    local = isinstance(stream, Files) and all(map(addresses.is_local, stream.paths))
    left_out = stream.left_out if isinstance(stream, Files) else ()
    common = {"schema": wanted.schema, "ignore": wanted.ignore, "stream": stream, "left_out": left_out}
    return Data(None, target=target, source=source, sha256=lambda: stream.sha256 if local else None, **common)
