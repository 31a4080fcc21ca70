"""`zoo.data.load`: whatever holds rows, as `Data`.

    "titanic"                      a shipped or generated set          df, (x, y), x     in memory
    "tfds:NAME"                    TensorFlow Datasets                 a tf.data.Dataset
    "rows.csv", "shards/*.parquet", "https://...", "images/"          files, globs, folders, any fsspec address
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zoo.data import files, generated, images
from zoo.data.schema import Column, Schema, _infer_task, infer
from zoo.registry import package_folder, suggest

FILE_FORMATS = ("csv", "parquet", "tfrecord", "idx", "images")


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
        stream: Files to read block by block, and their format.
    """

    def __init__(self, x, y=None, *, target=None, source="data", schema=None, splits=None, ignore=(), stream=None):
        self.x, self.y, self.target, self.source = x, y, target, source
        self.splits: dict[str, np.ndarray] = dict(splits or {})
        self._schema, self._ignore, self._stream = schema, tuple(ignore), stream
        self._given = schema is not None
        self._sha256: str | None = None
        self._rows: int | None = None if stream else len(x)
        self._sample = None

    @property
    def streaming(self) -> bool:
        """Whether the rows come block by block."""
        return self._stream is not None

    @property
    def schema(self) -> Schema:
        """The schema given, or the inferred one."""
        if self._schema is None:
            self._schema = self._infer()
        return self._schema

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
        """Returns the `Sample` of a stream that statistics are taken from."""
        if self._sample is None:
            from zoo.data.sampling import sample

            self._sample = sample(frame for _, frame in self.blocks())
            self._rows = self._sample.rows
        return self._sample

    @property
    def sha256(self) -> str | None:
        """Hash of the rows; None for a stream."""
        if self._sha256 is None and not self.streaming:
            digest = hashlib.sha256()
            for part in (self.x, self.y):
                if isinstance(part, (pd.DataFrame, pd.Series)):
                    digest.update(pd.util.hash_pandas_object(part, index=False).to_numpy().tobytes())
                    digest.update(repr(list(getattr(part, "columns", ()))).encode())
                elif part is not None:
                    array = np.ascontiguousarray(part)
                    digest.update(repr(array.tolist()).encode() if array.dtype == object else array.tobytes())
            self._sha256 = digest.hexdigest()
        return self._sha256

    def __len__(self) -> int:
        if self._rows is None:
            self._rows = files.count(*self._stream)
        return self._rows

    def __repr__(self) -> str:
        return f"Data({self.source}: {len(self)} rows, target {self.target!r})"

    def frame(self) -> pd.DataFrame:
        """Returns the rows as a DataFrame, with the target.

        Raises:
            ValueError: if they are a stream or no table.
        """
        if self.streaming:
            raise ValueError("A stream does not fit a DataFrame. Iterate over `.blocks()`, or load with stream=False.")
        if not isinstance(self.x, pd.DataFrame):
            raise ValueError("An array is no table. Take `.arrays()`.")
        if self.y is None or self.target is None:
            return self.x
        return self.x.assign(**{self.target: self.y}) if isinstance(self.target, str) else pd.concat([self.x, self.y], axis=1)

    def arrays(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Returns `x` and `y` as numpy arrays."""
        if self.streaming:
            raise ValueError("A stream does not fit an array. Iterate over `.blocks()`, or load with stream=False.")
        return np.asarray(self.x), None if self.y is None else np.asarray(self.y)

    def take(self, rows) -> Data:
        """Returns the rows of these numbers, with the same schema if it was given."""
        if self.streaming:
            raise ValueError("A stream has no row numbers to take. Load with stream=False.")
        rows = np.asarray(rows)
        table = isinstance(self.x, pd.DataFrame)
        x = self.x.iloc[rows] if table else self.x[rows]
        y = None if self.y is None else self.y.iloc[rows] if isinstance(self.y, pd.Series) else self.y[rows]
        schema = self._schema if self._given else None
        return Data(x, y, target=self.target, source=self.source, schema=schema, ignore=self._ignore)

    def ignoring(self, names: Iterable) -> Data:
        """Returns the same rows with further columns that are no inputs."""
        ignore = (*self._ignore, *(name for name in names if name not in self._ignore))
        return Data(
            self.x, self.y, target=self.target, source=self.source, splits=self.splits, ignore=ignore, stream=self._stream
        )

    def blocks(self, rows: int = 65_536) -> Iterator[tuple[int, pd.DataFrame]]:
        """Yields `(number of the first row, DataFrame with the target)`, in bounded memory for a stream."""
        if not self.streaming:
            frame = self.frame()
            for start in range(0, len(frame), rows):
                yield start, frame.iloc[start : start + rows]
            return
        start = 0
        for block in files.blocks(*self._stream, rows, self._schema if self._given else None):
            yield start, block
            start += len(block)


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
            DataFrame; `(x, y)` or `x` as arrays; a tf.data.Dataset; or `Data`.
        target: The target's column; left out, a shipped set's own.
        split: Only these rows: `"train"`, `"val"` or `"test"`, where the set has them.
        format: `"csv"`, `"parquet"`, `"tfrecord"`, `"idx"` or `"images"`, where the suffix does not say it.
        schema: A schema, or the path of its JSON, instead of the inferred one. The target may then be absent.
        ignore: Columns that are no inputs.
        stream: Whether to read block by block; left out, above 1 GiB.

    Returns:
        The rows, their schema and splits.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the source is unknown or unreadable, or a column absent; the message says what must be.
    """
    if isinstance(schema, (str, os.PathLike)):
        schema = Schema.load(schema)
    elif isinstance(schema, Mapping):
        schema = Schema.from_dict(schema)
    if format is not None and format not in FILE_FORMATS:
        raise ValueError(f"`format` must be one of {', '.join(FILE_FORMATS)}. Received: format={format!r}")
    ignore = (ignore,) if isinstance(ignore, str) else tuple(ignore)
    if target is None and schema is not None:
        target = schema.target
    data = _load(source, target, format, schema, ignore, stream)
    if split is not None:
        if split not in data.splits:
            raise ValueError(f"Unknown split {split!r}. {data.source} has: {', '.join(data.splits) or 'none'}.")
        data = data.take(data.splits[split])
    return data


def _load(source, target, format, schema, ignore, stream) -> Data:
    if isinstance(source, Data):
        if target is not None and source.y is None and isinstance(source.x, pd.DataFrame) and target in source.x:
            return _table(source.x, target, source.source, schema, ignore, source.splits)
        if schema is None and not ignore:
            return source
        stream = source._stream
        copy = Data(
            source.x, source.y, target=source.target, source=source.source, schema=schema, splits=source.splits,
            ignore=(*source._ignore, *ignore), stream=stream,
        )
        return copy
    if isinstance(source, pd.DataFrame):
        return _table(source, target, f"DataFrame {source.shape[0]} x {source.shape[1]}", schema, ignore)
    if isinstance(source, Mapping):
        return _table(pd.DataFrame(dict(source)), target, "dict of columns", schema, ignore)
    if isinstance(source, (str, os.PathLike)):
        return _named(os.fspath(source), isinstance(source, os.PathLike), target, format, schema, ignore, stream)
    if hasattr(source, "element_spec"):
        return _dataset(source, target, schema, ignore)
    if isinstance(source, tuple) and len(source) == 2:
        x, y = source
        if isinstance(x, pd.DataFrame):
            name = getattr(y, "name", None) if target is None else target
            name = "target" if name is None else name
            if len(x) != len(y):
                raise ValueError(f"`x` and `y` must have the same number of rows. Received: {len(x)} and {len(y)}.")
            y = y if isinstance(y, pd.Series) else pd.Series(np.asarray(y), index=x.index)
            return Data(x, y.rename(name), target=name, source="(x, y)", schema=schema, ignore=ignore)
        return _arrays(x, y, schema)
    if hasattr(source, "__array__") or isinstance(source, list):
        return _arrays(source, None, schema)
    raise ValueError(
        f"The data must be a name, a path, a DataFrame, a dict of columns, arrays or a tf.data.Dataset. Received: "
        f"{type(source).__name__}."
    )


def _table(frame: pd.DataFrame, target, source, schema, ignore, splits=None) -> Data:
    if frame.shape[1] == 0 or len(frame) == 0:
        raise ValueError(f"The table must have rows and columns. Received: {frame.shape[0]} rows x {frame.shape[1]} columns.")
    if not frame.columns.is_unique:
        twice = sorted({str(name) for name in frame.columns[frame.columns.duplicated()]})
        raise ValueError(f"Column names must differ. Received twice: {', '.join(twice)}. Rename one of each.")
    for name in ignore:
        if name not in frame.columns:
            known = ", ".join(map(str, frame.columns))
            raise ValueError(f"There is no column {name!r} to ignore.{suggest(name, map(str, frame.columns))} The data have: {known}.")
    if target is not None and target not in frame.columns:
        if schema is not None:
            return Data(frame, None, target=target, source=source, schema=schema, splits=splits, ignore=ignore)
        known = ", ".join(map(str, frame.columns))
        raise ValueError(f"There is no target column {target!r}.{suggest(target, map(str, frame.columns))} The data have: {known}.")
    y = None if target is None else frame[target]
    x = frame if target is None else frame.drop(columns=[target])
    return Data(x, y, target=target, source=source, schema=schema, splits=splits, ignore=ignore)


def _arrays(x, y, schema, source="arrays", splits=None) -> Data:
    try:
        x = np.asarray(x)
    except ValueError as error:
        raise ValueError(f"`x` must be one array, all rows of the same shape. Received: {error}") from error
    if x.dtype == object and x.size and isinstance(x.flat[0], np.ndarray):
        shapes = sorted({np.shape(row) for row in x.flat})
        raise ValueError(f"All images must have the same size. Received: {', '.join(map(str, shapes[:3]))}. Resize them to one.")
    if x.ndim == 1:
        x = x[:, None]
    if x.ndim not in (2, 3, 4) or x.dtype.kind not in "biuf":
        raise ValueError(
            f"`x` must be numbers (rows, columns) or images (rows, height, width[, channels]). Received: the shape {x.shape}, "
            f"{x.dtype}. For mixed columns, pass a DataFrame."
        )
    if len(x) == 0:
        raise ValueError(f"`x` must have rows. Received: the shape {x.shape}.")
    if x.ndim > 2 and x.dtype != np.uint8:
        raise ValueError(f"Images must be uint8, from 0 to 255. Received: {x.dtype}. Scale them: (255 * x).astype('uint8').")
    if x.ndim == 3:
        x = x[..., None]
    if y is not None:
        y = np.asarray(y)
        if y.ndim == 2 and y.shape[1] == 1:
            y = y[:, 0]
        if len(x) != len(y):
            raise ValueError(f"`x` and `y` must have the same number of rows. Received: {len(x)} and {len(y)}.")
    return Data(x, y, source=source, schema=schema, splits=splits)


def _named(source: str, is_path: bool, target, format, schema, ignore, stream) -> Data:
    if source.startswith("tfds:"):
        return _tfds(source, target, schema, ignore)
    bare = not is_path and format is None and not any(mark in source for mark in "/\\.*:")
    if bare:
        return _shipped(source, target, schema, ignore)
    folder = Path(source)
    if format == "idx" or (format is None and folder.is_dir() and list(folder.glob("*-images*idx3*"))):
        if not folder.is_dir():
            raise FileNotFoundError(f"`format='idx'` takes a folder with idx files. There is no folder {source!r}.")
        x, y, splits = images.idx_folder(folder)
        return _arrays(x, y, schema, source, splits)
    if format == "images" or (format is None and folder.is_dir() and images.is_class_folder(folder)):
        if not folder.is_dir():
            raise FileNotFoundError(f"`format='images'` takes a folder of images by class. There is no folder {source!r}.")
        x, y = images.class_folder(folder)
        return _arrays(x, y, schema, source)
    found = files.expand(source)
    kind = files.format_of(found[0], format)
    if kind is None:
        raise ValueError(
            f"The type of {source!r} is not known by its suffix. Files end in {', '.join(files.FORMATS)}, also compressed; "
            f"or pass format=, one of {', '.join(FILE_FORMATS)}."
        )
    if stream or (stream is None and files.size(found) > files.STREAM_BYTES):
        data = Data(None, None, target=target, source=source, schema=schema, ignore=ignore, stream=(found, kind))
        columns = list(next(data.blocks(1))[1].columns)
        if target is not None and target not in columns and schema is None:
            raise ValueError(
                f"There is no target column {target!r}.{suggest(target, columns)} The data have: {', '.join(columns)}."
            )
        return data
    return _table(files.read(found, kind, schema), target, source, schema, ignore)


def _shipped(name: str, target, schema, ignore) -> Data:
    folder = package_folder("datasets") / name
    if (folder / "dataset.json").is_file():
        facts = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
        splits = {}
        if (folder / "split.npz").is_file():
            with np.load(folder / "split.npz", allow_pickle=False) as stored:
                splits = {part: stored[part] for part in ("train", "val", "test") if part in stored}
        file = folder / facts["file"]
        if file.suffix == ".npz":
            with np.load(file, allow_pickle=False) as stored:
                return _arrays(stored["x"], stored["y"].astype("int64"), schema, name, splits)
        frame = files.read([str(file)], "csv", schema)
        return _table(frame, facts["target"] if target is None else target, name, schema, ignore, splits)
    if name in generated.SHAPES:
        return _arrays(*generated.SHAPES[name](), schema, name)
    if name.endswith("_gate") and name.removesuffix("_gate") in generated.GATES:
        return _arrays(*generated.gate(name.removesuffix("_gate")), schema, name)
    if name == "iris":
        from sklearn.datasets import load_iris

        iris = load_iris(as_frame=True)
        columns = [column.removesuffix(" (cm)").replace(" ", "_") + "_cm" for column in iris.feature_names]
        frame = iris.data.set_axis(columns, axis=1).assign(species=iris.target_names[iris.target])
        return _table(frame, target or "species", name, schema, ignore)
    if name == "digits":
        from sklearn.datasets import load_digits

        digits = load_digits()
        pixels = np.round(digits.images * (255.0 / 16.0)).astype("uint8")  # 0 to 16 -> 0 to 255
        return _arrays(pixels, digits.target, schema, name)
    known = list_names()
    raise ValueError(
        f"Unknown data set {name!r}.{suggest(name, known)} The zoo has: {', '.join(known)}; a file's name needs a suffix or "
        f"a slash, such as './{name}'."
    )


def list_names() -> list[str]:
    """Returns the names of the shipped and generated data sets."""
    shipped = sorted(path.parent.name for path in package_folder("datasets").glob("*/dataset.json"))
    return [*shipped, "iris", "digits", *generated.SHAPES, *(f"{name}_gate" for name in generated.GATES)]


def _dataset(dataset, target, schema, ignore, source="tf.data.Dataset") -> Data:
    """Reads a tf.data.Dataset of rows or of batches, of columns or arrays, with or without targets."""
    spec = dataset.element_spec
    x_spec, y_spec = spec if isinstance(spec, tuple) and len(spec) == 2 else (spec, None)
    table = isinstance(x_spec, Mapping)
    rank = next(iter(x_spec.values())).shape.rank if table else x_spec.shape.rank
    batched = y_spec.shape.rank > 0 if y_spec is not None else rank > (0 if table else 1)
    if not batched:
        dataset = dataset.batch(1024)
    parts = list(dataset.as_numpy_iterator())
    if not parts:
        raise ValueError("The dataset must hold rows. Received: none.")
    xs, ys = zip(*parts) if y_spec is not None else (parts, None)
    y = None if ys is None else _decoded(np.concatenate(ys))
    if not table:
        return _arrays(np.concatenate(xs), y, schema, source)
    frame = pd.DataFrame({name: _decoded(np.concatenate([part[name] for part in xs])) for name in x_spec})
    if y is None:
        return _table(frame, target, source, schema, ignore)
    name = target or (schema.target if schema is not None else None) or "target"
    return _table(frame.assign(**{name: y}), name, source, schema, ignore)


def _decoded(values: np.ndarray):
    if values.dtype != object:
        return values
    return np.array([value.decode("utf-8") if isinstance(value, bytes) else value for value in values], dtype=object)


def _tfds(source: str, target, schema, ignore) -> Data:
    """Loads a data set of TensorFlow Datasets with its own code; `tfds:NAME` or `tfds:NAME/CONFIG:VERSION`."""
    import tensorflow_datasets as tfds

    name = source.removeprefix("tfds:")
    try:
        builder = tfds.builder(name)
    except tfds.core.registered.DatasetNotFoundError as error:
        raise ValueError(f"TensorFlow Datasets has no {name!r}. See tfds.list_builders() for its names.") from error
    builder.download_and_prepare()
    features = builder.info.features
    keys = builder.info.supervised_keys
    wanted = target or (keys[1] if keys else None)
    inputs = [key for key in features if key != wanted]
    image = next((key for key in inputs if isinstance(features[key], tfds.features.Image)), None)
    columns, splits, start = {key: [] for key in features}, {}, 0
    for part in builder.info.splits:
        rows = list(tfds.as_numpy(builder.as_dataset(split=part, shuffle_files=False)))
        for row in rows:
            for key in features:
                columns[key].append(row[key])
        splits["val" if part == "validation" else part] = np.arange(start, start + len(rows))
        start += len(rows)
    values = {key: _feature(features[key], column) for key, column in columns.items()}
    if image is not None:
        pictures = columns[image]
        if len({picture.shape for picture in pictures}) > 1:
            raise ValueError(f"All images must have the same size. {source!r} has several. Resize them to one.")
        return _arrays(np.stack(pictures), None if wanted is None else values[wanted], schema, source, splits)
    return _table(pd.DataFrame(values), wanted, source, schema, ignore, splits)


def _feature(feature, column: list) -> Any:
    if getattr(feature, "names", None) is not None and hasattr(feature, "int2str"):  # a ClassLabel: its names, -1 is missing
        return pd.Series([feature.int2str(int(value)) if value >= 0 else None for value in column], dtype="str")
    return _decoded(np.array(column))
