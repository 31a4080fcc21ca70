"""`zoo.data.load`: whatever holds rows, as `Data`.

    "titanic"                      a shipped or generated set          df, (x, y), x     in memory
    "tfds:NAME"                    TensorFlow Datasets                 a tf.data.Dataset
    "rows.csv", "shards/*.parquet", "https://...", "images/"          files, globs, folders, any fsspec address
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zoo.data import addresses, images, shipped
from zoo.data.files import STREAM_BYTES, Files, table_files
from zoo.data.schema import Column, Schema, _infer_task, infer
from zoo.registry import suggest

FILE_FORMATS = ("csv", "parquet", "tfrecord", "idx", "images", "npz")


class Data:
    """Raw rows: `x` (a DataFrame or an array), `y` (or None), their schema and splits. From `load`.

    Args:
        x: A DataFrame without the target, or an array; None for a stream.
        y: The target, or None.
        target: The target's name, or None.
        source: Where the rows came from, in words.
        schema: A schema instead of the inferred one.
        splits: Row numbers by name.
        ignore: Columns that are no inputs.
        stream: What gives the rows block by block, with `.columns`, `.rows`, `.sha256` and `.blocks(rows)`.
        sha256: A function that returns the hash of the raw data; None for that of the rows.
        task_hint: The task that the set is known for, or None.
        order: The columns with the target as the source has them.
    """

    def __init__(
        self,
        x,
        y=None,
        *,
        target=None,
        source: str = "data",
        schema: Schema | None = None,
        splits: Mapping[str, np.ndarray] | None = None,
        ignore: Iterable = (),
        stream=None,
        sha256: Callable[[], str | None] | None = None,
        task_hint: str | None = None,
        order: Iterable | None = None,
    ):
        self.x, self.y, self.target, self.source, self.task_hint = x, y, target, source, task_hint
        self.splits: dict[str, np.ndarray] = dict(splits or {})
        self._given, self._inferred, self._ignore, self._order = schema, None, tuple(ignore), order
        self._stream = stream
        self._hash = sha256 or _Hashed(x, y)
        self._sample = None

    def _like(self, x, y, **changes) -> Data:
        """Returns other rows with what is known of these."""
        known = {
            "target": self.target,
            "source": self.source,
            "schema": self._given,
            "ignore": self._ignore,
            "stream": self._stream,
            "sha256": self._hash,
            "task_hint": self.task_hint,
            "order": self._order,
        }
        return Data(x, y, **{**known, **changes})

    @property
    def streaming(self) -> bool:
        """Whether the rows come block by block."""
        return self._stream is not None

    @property
    def schema(self) -> Schema:
        """The schema given, or the inferred one."""
        if self._given is not None:
            return self._given
        if self._inferred is None:
            self._inferred = self._infer()
        return self._inferred

    @property
    def schema_given(self) -> bool:
        """Whether the schema was given, not inferred."""
        return self._given is not None

    @property
    def ignore(self) -> tuple:
        """Columns that are no inputs."""
        return self._ignore

    def _infer(self) -> Schema:
        if self.streaming:
            return infer(self.sample().frame, self.target, ignore=self._ignore)
        if isinstance(self.x, pd.DataFrame):
            return infer(self.frame(), self.target, ignore=self._ignore)
        kind, name = ("array", "inputs") if self.x.ndim == 2 else ("image", "image")
        schema = Schema((Column(name, kind, str(self.x.dtype), (), tuple(self.x.shape[1:])),))
        task = None if self.y is None else _infer_task(pd.Series(np.asarray(self.y)))
        return schema if task is None else schema.with_task(task, self.y)

    def sample(self):
        """Returns the `Sample` that statistics are taken from, of a stream from one pass over it."""
        if self._sample is None:
            from zoo.data.sampling import sample

            self._sample = sample(frame for _, frame in self.blocks())
        return self._sample

    @property
    def sha256(self) -> str | None:
        """Hash of the raw files, or of the rows where there are none; None for a stream from elsewhere."""
        return self._hash()

    def __len__(self) -> int:
        return self._stream.rows if self.streaming else len(self.x)

    def __repr__(self) -> str:
        rows = "a stream" if self.streaming else f"{len(self)} rows"
        return f"Data({self.source}: {rows}, target {self.target!r})"

    def frame(self) -> pd.DataFrame:
        """Returns the rows as a DataFrame, with the target.

        Raises:
            ValueError: if they are a stream or no table.
        """
        if self.streaming:
            raise ValueError("A stream is no DataFrame. Iterate over `.blocks()`, or load with stream=False.")
        if not isinstance(self.x, pd.DataFrame):
            raise ValueError("An array is no DataFrame. Take `.arrays()`.")
        if self.y is None:
            return self.x
        frame = pd.concat([self.x, self.y.rename(self.target)], axis=1)
        return frame if self._order is None else frame[list(self._order)]

    def arrays(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Returns `x` and `y` as numpy arrays.

        Raises:
            ValueError: if the rows are a stream.
        """
        if self.streaming:
            raise ValueError("A stream is no array. Iterate over `.blocks()`, or load with stream=False.")
        return np.asarray(self.x), None if self.y is None else np.asarray(self.y)

    def take(self, rows) -> Data:
        """Returns the rows of these numbers. Their schema is that given, or inferred from them alone.

        Raises:
            ValueError: if the rows are a stream.
        """
        if self.streaming:
            raise ValueError("A stream has no row numbers to take. Load with stream=False.")
        rows = np.asarray(rows)
        x = self.x.iloc[rows] if isinstance(self.x, pd.DataFrame) else self.x[rows]
        y = self.y.iloc[rows] if isinstance(self.y, pd.Series) else None if self.y is None else self.y[rows]
        return self._like(x, y)

    def ignoring(self, names: Iterable) -> Data:
        """Returns the same rows with further columns that are no inputs."""
        ignore = (*self._ignore, *(name for name in names if name not in self._ignore))
        return self._like(self.x, self.y, schema=_without(self._given, ignore), splits=self.splits, ignore=ignore)

    def blocks(self, rows: int = 65_536) -> Iterator[tuple[int, pd.DataFrame]]:
        """Yields `(number of the first row, DataFrame with the target)`, in bounded memory for a stream.

        Raises:
            ValueError: if `rows` is below 1, or the rows are no table.
        """
        if rows < 1:
            raise ValueError(f"`rows` must be at least 1. Received: rows={rows}")
        if not self.streaming:
            frame = self.frame()
            for start in range(0, len(frame), rows):
                yield start, frame.iloc[start : start + rows]
            return
        start = 0
        for block in self._stream.blocks(rows):
            yield start, block
            start += len(block)


class _Hashed:
    """Hash of rows in memory, computed when first asked for."""

    def __init__(self, x, y):
        self._parts, self._found = (x, y), None

    def __call__(self) -> str | None:
        if self._found is None and self._parts[0] is not None:
            digest = hashlib.sha256()
            for part in self._parts:
                if isinstance(part, (pd.DataFrame, pd.Series)):
                    digest.update(repr(list(getattr(part, "columns", ()))).encode())
                    digest.update(pd.util.hash_pandas_object(part, index=False).to_numpy().tobytes())
                elif part is not None:
                    array = np.ascontiguousarray(part)
                    digest.update(repr((array.shape, array.dtype.str)).encode())
                    digest.update(repr(array.tolist()).encode() if array.dtype == object else array.tobytes())
            self._found, self._parts = digest.hexdigest(), (None, None)
        return self._found


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
            DataFrame or dict of columns; `(x, y)` or `x` as arrays; a tf.data.Dataset; or `Data`.
        target: The target's column, or beside a DataFrame its values; left out, a shipped set's own.
        split: Only these rows: `"train"`, `"val"` or `"test"`, where the set has them.
        format: `"csv"`, `"parquet"`, `"tfrecord"`, `"idx"`, `"images"` or `"npz"`, where the suffix does not say it.
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
    if isinstance(target, (pd.Series, np.ndarray, list)):
        source, target = (source, target), None
    if target is None and schema is not None:
        target = schema.target
    elif schema is not None and target != schema.target:
        columns = tuple(column for column in schema.columns if column.name != target)
        schema = dataclasses.replace(schema, columns=columns, target=target, task=None, classes=None, class_dtype=None)
    wanted = _Wanted(target, _without(schema, ignore), ignore, stream, optional=schema is not None)
    data = _load(source, format, wanted)
    if split is None:
        return data
    if data.streaming:
        raise ValueError(f"A stream has no splits. Received: split={split!r}. Load with stream=False.")
    if split not in data.splits:
        known = list(data.splits)
        raise ValueError(f"Unknown split {split!r}.{suggest(split, known)} {data.source!r} has: {', '.join(known) or 'none'}.")
    return data.take(data.splits[split])


@dataclasses.dataclass(frozen=True)
class _Wanted:
    """What the caller of `load` asked for. With a schema the target may be absent: there is nothing to train then."""

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
            raise FileNotFoundError(f"There is no schema at {os.fspath(schema)!r}. Write one with `zoo schema SOURCE -o FILE`.")
        return Schema.load(schema)
    raise TypeError(f"`schema` must be a Schema, its dict or the path of its JSON. Received: {type(schema).__name__}.")


def _without(schema: Schema | None, ignore) -> Schema | None:
    if schema is None or not ignore:
        return schema
    columns = tuple(column for column in schema.columns if column.name not in ignore)
    return dataclasses.replace(schema, columns=columns, dropped={**schema.dropped, **dict.fromkeys(ignore, "ignored")})


def _load(source, format, wanted: _Wanted) -> Data:
    if isinstance(source, (str, os.PathLike)):
        return _named(source, format, wanted)
    if format is not None:
        raise ValueError(f"`format` is for files. Received: format={format!r} with a {type(source).__name__}. Leave it out.")
    if isinstance(source, Data):
        return _again(source, wanted)
    if hasattr(source, "element_spec"):
        from zoo.data.tensorflow_sources import DatasetStream, dataset_rows

        if wanted.stream:
            return _streamed(DatasetStream(source, wanted.target), "tf.data.Dataset", wanted, named_y=True)
        return _data(dataset_rows(source, wanted.target), "tf.data.Dataset", wanted)
    if wanted.stream:
        raise ValueError(f"Only files and tf.data.Datasets stream. Received: {type(source).__name__}. Leave stream= out.")
    if isinstance(source, pd.DataFrame):
        return _table(source, f"DataFrame {source.shape[0]} x {source.shape[1]}", wanted)
    if isinstance(source, Mapping):
        return _table(pd.DataFrame(dict(source)), "dict of columns", wanted)
    if isinstance(source, tuple) and len(source) == 2:
        x, y = source
        return _pair(x, y, wanted) if isinstance(x, pd.DataFrame) else _arrays(x, y, "(x, y)", wanted)
    if hasattr(source, "__array__") or isinstance(source, list):
        return _arrays(source, None, "x", wanted)
    raise TypeError(
        "The data must be a name, a path, a DataFrame, a dict of columns, (x, y), an array or a tf.data.Dataset. Received: "
        f"{type(source).__name__}. Turn it into one of these."
    )


def _again(data: Data, wanted: _Wanted) -> Data:
    """Returns `Data` as another call of `load` wants it."""
    ignore = (*data._ignore, *(name for name in wanted.ignore if name not in data._ignore))
    schema = wanted.schema if wanted.schema is not None else _without(data._given, wanted.ignore)
    other = wanted.target is not None and wanted.target != data.target
    if data.streaming and other:
        stream = dataclasses.replace(wanted, ignore=ignore)
        return _streamed(data._stream, data.source, stream)
    if other and isinstance(data.x, pd.DataFrame):
        frame = data.frame()
        if wanted.target in frame.columns or not wanted.optional:
            table = dataclasses.replace(wanted, ignore=ignore)
            return _table(frame, data.source, table, splits=data.splits, sha256=data._hash)
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
    if frame.shape[1] == 0 or len(frame) == 0:
        raise ValueError(
            f"The table must have rows and columns. Received: {frame.shape[0]} rows x {frame.shape[1]} columns from {source!r}. "
            "Check how it was made."
        )
    if isinstance(frame.columns, pd.MultiIndex):
        raise ValueError("Columns must have one name each. Received: several levels of names. Join them into one.")
    if not frame.columns.is_unique:
        twice = sorted({str(name) for name in frame.columns[frame.columns.duplicated()]})
        raise ValueError(f"Column names must differ. Received twice: {', '.join(twice)}. Rename one of each.")
    target = _checked(list(frame.columns), wanted)
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
            raise ValueError(f"The target {name!r} must not be ignored. Leave it out of ignore=, or name another target.")
        if name not in columns and not wanted.optional:
            raise ValueError(f"There is no column {name!r} to ignore.{suggest(name, map(str, columns))} The data have: {known}.")
    if wanted.target is None or wanted.target in columns:
        return wanted.target
    if wanted.optional:
        return None
    raise ValueError(
        f"There is no target column {wanted.target!r}.{suggest(wanted.target, map(str, columns))} The data have: {known}."
    )


def _pair(x: pd.DataFrame, y, wanted: _Wanted) -> Data:
    """Returns a DataFrame and its target beside it, rows in the same order."""
    if y is None:
        return _table(x, "(x, y)", wanted)
    if isinstance(y, pd.DataFrame) and y.shape[1] == 1:
        y = y.iloc[:, 0]
    if np.ndim(y) != 1:
        raise ValueError(f"`y` must have one value a row. Received: the shape {np.shape(y)}. For one-hot rows: y.argmax(axis=1).")
    if len(x) != len(y):
        raise ValueError(f"`x` and `y` must have the same number of rows. Received: {len(x)} and {len(y)}. Cut one to the other.")
    name = getattr(y, "name", None) if wanted.target is None else wanted.target
    name = "target" if name is None else name
    if name in x.columns:
        raise ValueError(
            f"`x` must not hold the target. Received: the column {name!r} in both. Pass x.drop(columns=[{name!r}]), or the "
            f"table alone with target={name!r}."
        )
    y = y.set_axis(x.index).rename(name) if isinstance(y, pd.Series) else pd.Series(y, index=x.index, name=name)
    return _table(pd.concat([x, y], axis=1), "(x, y)", dataclasses.replace(wanted, target=name))


def _arrays(x, y, source: str, wanted: _Wanted, **known) -> Data:
    if y is None and wanted.target is not None and not wanted.optional:
        raise ValueError(f"An array has no target column. Received: target={wanted.target!r}. Pass (x, y), or a DataFrame.")
    if wanted.ignore:
        raise ValueError(f"An array has no columns to ignore. Received: ignore={list(wanted.ignore)}. Pass a DataFrame.")
    try:
        x = np.asarray(x)
    except ValueError as error:
        raise ValueError(f"`x` must be one array, all rows of the same shape. Received: {error}. Make them alike.") from error
    if x.dtype == object and x.size and isinstance(x.flat[0], np.ndarray):
        shapes = sorted({np.shape(row) for row in x.flat})
        raise ValueError(f"All images must have the same size. Received: {', '.join(map(str, shapes[:3]))}. Resize them to one.")
    x = x[:, None] if x.ndim == 1 else x
    if x.ndim not in (2, 3, 4) or x.dtype.kind not in "biuf":
        raise ValueError(
            f"`x` must be numbers (rows, columns) or images (rows, height, width[, channels]). Received: the shape {x.shape}, "
            f"{x.dtype}. For mixed columns, pass a DataFrame."
        )
    if 0 in x.shape:
        raise ValueError(f"`x` must have rows and columns. Received: the shape {x.shape}. Check how it was made.")
    if x.ndim > 2 and x.dtype != np.uint8:
        repair = "(255 * x).astype('uint8')" if x.dtype.kind == "f" and np.nanmax(x) <= 1.0 else "x.astype('uint8')"
        raise ValueError(f"Images must be uint8, from 0 to 255. Received: {x.dtype}. Turn them: {repair}.")
    x = x[..., None] if x.ndim == 3 else x
    if y is not None:
        y = np.asarray(y)
        y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
        if y.ndim != 1:
            raise ValueError(f"`y` must have one value a row. Received: the shape {y.shape}. For one-hot rows: y.argmax(axis=1).")
        if len(x) != len(y):
            raise ValueError(f"`x` and `y` must have the same number of rows. Received: {len(x)} and {len(y)}. Cut one to the other.")
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
    return _table(files.read(), name, wanted, sha256=lambda: files.sha256)


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
    local = isinstance(stream, Files) and all(map(addresses.is_local, stream.paths))
    common = {"schema": wanted.schema, "ignore": wanted.ignore, "stream": stream}
    return Data(None, target=target, source=source, sha256=lambda: stream.sha256 if local else None, **common)
