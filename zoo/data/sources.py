"""`zoo.data.load`: whatever holds rows, as `Data`.

"titanic"                      a shipped or generated set          df, records, (x, y), x     in memory
"tfds:NAME"                    TensorFlow Datasets                 a tf.data.Dataset
"rows.csv", "shards/*.parquet", "https://...", "images/"          files, globs, folders, any fsspec address
"photo.jpg", ["a.png", "b.png"], an image of Pillow               images, one a row
"""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from zoo.data import addresses, doubts, frames, image_arrays, image_files, images, shipped
from zoo.data.array_data import array_data
from zoo.data.columns import the_array
from zoo.data.files import MODULES, STREAM_BYTES, Files, table_files
from zoo.data.load_options import LoadOptions, as_schema, checked_hints, names_targets_of
from zoo.data.names import names_of
from zoo.data.raw import Data, without
from zoo.data.table_data import pair_data, stream_data, table_data
from zoo.data.target_columns import beside, named
from zoo.registry import suggest

FILE_FORMATS = (*MODULES, "idx", "images", "npz")


def load(
    source,
    *,
    target=None,
    split: str | None = None,
    format: Literal["csv", "parquet", "feather", "json", "excel", "tfrecord", "idx", "images", "npz"] | None = None,
    schema=None,
    ignore: Iterable = (),
    image_size: int | Sequence[int] | None = None,
    stream: bool | None = None,
    na_values: Iterable = (),
    decimal: Literal[".", ","] | None = None,
    thousands: str | None = None,
    date_format: str | None = None,
) -> Data:
    """Loads raw rows.

    Args:
        source: The name of a shipped or generated set; `"tfds:NAME"`; a file, glob, folder, fsspec address, or zip or
            tar archive of one table, of which `"zip://a.csv::rows.zip"` is one file; a DataFrame, of pandas or whatever
            has Arrow's C stream (polars, pyarrow, duckdb); a dict of columns, which may be arrays `(rows, ...)`; a dict
            of values, a list of dicts or another record, a row each; `(x, y)` or `x` as arrays, paths of images or
            images of Pillow; a tf.data.Dataset; or `Data`. Where `x` and `y` are both of pandas, their rows are paired
            by index. A table with a column of image files in its folder is read as those images.
        target: The target's column, or a list of several columns; or beside a table the values, one or several for each
            row. Left out, a shipped set's own. A tuple is the name of one column.
        split: Only these rows: `"train"`, `"val"` or `"test"`, where the set has them.
        format: `"csv"`, `"parquet"`, `"feather"`, `"json"`, `"excel"`, `"tfrecord"`, `"idx"`, `"images"` or `"npz"`,
            where the suffix does not say it.
        schema: A schema, its dict or the path of its JSON, instead of the inferred one. Its targets may be absent.
        ignore: Columns that are no inputs.
        image_size: Resizes all images to `(height, width)`, or to a square. A model that is trained on them resizes
            images of other sizes in the same way.
        stream: Whether to read block by block; left out, files above 1 GiB.
        na_values: Values that count as missing, beside the empty ones and the marks of pandas: `["unknown", -999]`.
        decimal: Decimal mark of numbers in strings and CSV files, `"."` or `","`; left out, it is found.
        thousands: Mark between their groups of three digits, such as `"."`, `" "` or `"'"`; left out, it is found.
        date_format: Notation of dates that are not in ISO 8601, as strptime has it: `"%d/%m/%Y"`; left out, it is found
            where only one notation reads all dates.

    Returns:
        The rows, their schema and splits. With several targets, `Data.target` is a list and `Data.y` a DataFrame of
        these columns; values `(rows, targets)` without names beside an array stay an array.

    Raises:
        FileNotFoundError: if there is no such file.
        PermissionError: if it may not be read.
        ValueError: if the source is unknown or unreadable, or a column absent; the message says what must be.

    Warns:
        DataWarning: once, of all that is doubtful: a column that is taken for the index of the rows or numbers them,
            files of an archive that are no tables.
    """
    if format is not None and format not in FILE_FORMATS:
        raise ValueError(f"`format` must be one of {', '.join(FILE_FORMATS)}. Received: format={format!r}")
    hints = checked_hints(na_values, decimal, thousands, date_format)
    schema = as_schema(schema)
    ignore = (ignore,) if isinstance(ignore, str) else tuple(ignore)
    if schema is None or not names_targets_of(target, schema):
        source, target = beside(source, target)
    else:
        target = schema.target
    optional = schema is not None and target in (None, schema.target)
    if target is None and schema is not None:
        target = schema.target
    elif schema is not None and target != schema.target:
        columns = tuple(column for column in schema.columns if column.name not in names_of(target))
        schema = dataclasses.replace(schema, columns=columns, target=target, task=None, classes=None, class_dtype=None)
    size = image_arrays.checked_size(image_size)
    options = LoadOptions(target, without(schema, ignore), ignore, stream, optional, size, hints)
    with doubts.collected():
        data = _of_source(source, format, options)
    if split is None:
        return data
    if data.streaming:
        raise ValueError(f"A stream has no splits. Received: split={split!r}. Load with `stream=False`.")
    if split not in data.splits:
        splits = list(data.splits)
        raise ValueError(
            f"Unknown split {split!r}.{suggest(split, splits)} {data.source!r} has: {', '.join(splits) or 'none'}."
        )
    return data.take(data.splits[split])


def _of_source(source, format, options: LoadOptions) -> Data:
    """Returns the rows of any source, by its type."""
    if isinstance(source, (str, os.PathLike)):
        return _of_name(source, format, options)
    if format is not None:
        raise ValueError(
            f"`format` is for files. Received: format={format!r} with a {type(source).__name__}. Leave it out."
        )
    if isinstance(source, Data):
        return _of_data(source, options)
    if hasattr(source, "element_spec"):
        from zoo.data.tensorflow_sources import DatasetStream, dataset_rows

        if options.stream:
            return stream_data(DatasetStream(source, options.target), "tf.data.Dataset", options, named_y=True)
        return _of_rows(dataset_rows(source, options.target), "tf.data.Dataset", options)
    if (listed := image_files.image_list(source)) is not None:
        return _of_listed_images(listed, None, "images", options, getattr(source, "index", None))
    if options.stream:
        raise ValueError(
            f"Only files and tf.data.Datasets stream. Received: {type(source).__name__}. Leave `stream` out."
        )
    pair = isinstance(source, tuple) and len(source) == 2 and not frames.is_named_row(source)
    x, y = source if pair else (source, None)
    if (listed := image_files.image_list(x)) is not None:
        y = frames.as_values(y)
        index = x.index if isinstance(x, pd.Series) else getattr(y, "index", None)
        y = frames.in_order_of(index, y) if isinstance(x, pd.Series) else y
        return _of_listed_images(listed, y, "(images, y)", options, index)
    alone = None if options.schema is None else the_array(options.schema.columns)
    if alone is not None and isinstance(x, Mapping) and alone.name in x:
        return array_data(x[alone.name], frames.as_values(y), "dict of an array", options)
    frame = frames.as_frame(x, () if options.schema is None else options.schema.names)
    if frame is not None and y is None:
        of_columns = isinstance(x, Mapping)
        return table_data(frame, "dict of columns" if of_columns else "DataFrame {} x {}".format(*frame.shape), options)
    if frame is not None:
        return pair_data(frame, frames.as_values(y), options, by_index=isinstance(x, pd.DataFrame))
    if pair:
        return array_data(x, frames.as_values(y), "(x, y)", options)
    if hasattr(source, "__array__") or isinstance(source, list):
        return array_data(source, None, "x", options)
    raise TypeError(
        "The data must be a name, a path, a DataFrame, a dict of columns, a list of dicts, (x, y), an array or a "
        f"tf.data.Dataset. Received: {type(source).__name__}. "
        + ("Pass its collect()." if hasattr(source, "collect") else "Turn it into one of these.")
    )


def _of_data(data: Data, options: LoadOptions) -> Data:
    """Returns rows that were loaded already, with the options of another load."""
    kept = [name for name in data._ignore if name not in (*options.targets, *options.ignore)]
    ignore = (*kept, *(name for name in options.ignore if name not in data.left_out))
    schema = options.schema if options.schema is not None else without(data._given, options.ignore)
    has_other_target = options.target is not None and options.target != data.target
    if data.streaming and has_other_target:
        return stream_data(data._stream, data.source, dataclasses.replace(options, ignore=ignore))
    if has_other_target and isinstance(data.x, pd.DataFrame):
        frame = data.frame()
        if not options.target_optional or all(name in frame.columns for name in options.targets):
            options = dataclasses.replace(options, ignore=ignore)
            facts: dict[str, Any] = {"splits": data.splits, "sha256": data._hash, "left_out": data.left_out}
            return table_data(frame, data.source, options, **facts)
    x, y, resized, target = data.x, data.y, data._resized, data.target
    if isinstance(y, pd.DataFrame) and isinstance(options.target, list):
        y, target = named(y, options.target), options.target
    if options.image["size"] is not None:
        options.refuse_image_size(isinstance(x, np.ndarray) and x.ndim == 4)
        if isinstance(x, np.ndarray) and x.ndim == 4:
            x, resized = image_arrays.resized(x, options.image["size"]), True
    return data._like(x, y, schema=schema, splits=data.splits, ignore=ignore, resized=resized, target=target)


def _of_rows(rows: shipped.Rows, source: str, options: LoadOptions) -> Data:
    """Returns the rows of a set as `Data`, with the set's own target where the caller names none."""
    facts: dict[str, Any] = {"splits": rows.splits, "sha256": rows.sha256}
    if not isinstance(rows.x, pd.DataFrame):
        return array_data(rows.x, rows.y, source, options, task_hint=rows.task, **facts)
    task = rows.task if options.target in (None, rows.target) else None
    options = dataclasses.replace(options, target=rows.target) if options.target is None else options
    return table_data(rows.x, source, options, task_hint=task, **facts)


def _of_name(source: str | os.PathLike, format: str | None, options: LoadOptions) -> Data:
    """Returns the rows of a set by its name, or of files by their path."""
    name = os.fspath(source)
    if name.startswith("tfds:"):
        from zoo.data.tensorflow_sources import tfds_rows

        options.refuse_stream("a set of TensorFlow Datasets")
        return _of_rows(tfds_rows(name.removeprefix("tfds:"), options.target, options.image["size"]), name, options)
    is_path = isinstance(source, os.PathLike) or format is not None or any(mark in name for mark in "/\\.*:~")
    if not is_path:
        if options.stream and (facts := shipped.facts(name)) and facts["path"].endswith((".csv", ".csv.gz")):
            target = facts["target"] if options.target is None else options.target
            options = dataclasses.replace(options, target=target)
            return stream_data(Files([facts["path"]], "csv", texts=options.texts), name, options)
        options.refuse_stream("a set in memory")
        return _of_rows(shipped.named(name), name, options)
    folder = Path(name.removeprefix("file://")).expanduser()
    if format == "idx" or (format is None and folder.is_dir() and images.is_idx_folder(folder)):
        return _of_image_folder(images.idx_folder, folder, name, options)
    if folder.is_dir() and (format == "images" or format is None and image_files.is_image_folder(folder)):
        return _of_image_folder(functools.partial(_images_of, options=options), folder, name, options)
    if format in ("images", None) and not folder.is_dir():
        if (located := image_files.image_files(name, all_are=format == "images")) is not None:
            options.refuse_stream("images")
            x = image_files.read_files(*located, **options.image)
            return array_data(x, None, name, options, files=located[1])
    if format == "npz" or (format is None and addresses.suffix(name) == ".npz"):
        options.refuse_stream("an .npz file")
        path = addresses.expand(name, lambda path: True)[0]
        x, y, splits = images.read_npz(path)
        return array_data(x, y, name, options, splits=splits, sha256=lambda: addresses.sha256([path]))
    needed = None if options.schema is None else [*options.schema.names, *options.targets]
    files = table_files(name, format, options.ignore, options.texts, needed)
    if options.hints.decimal is None and files.decimal == ",":
        options = dataclasses.replace(options, hints=dataclasses.replace(options.hints, decimal=","))
    options = dataclasses.replace(options, ignore=tuple(c for c in options.ignore if c not in files.left_out))
    if options.stream or (options.stream is None and addresses.size(files.paths) > STREAM_BYTES):
        return stream_data(files, name, options)
    facts = {"sha256": lambda: files.sha256, "left_out": files.left_out}
    return table_data(files.read(), name, options, folder=files.folder, **facts)


def _of_image_folder(read, folder: Path, source: str, options: LoadOptions) -> Data:
    """Returns the images of a folder, by a function that reads it."""
    options.refuse_stream("a folder of images")
    if not folder.is_dir():
        raise FileNotFoundError(f"There must be a folder of images at {source!r}. Received: none. Correct the path.")
    content = read(folder)
    if isinstance(content, image_files.Images):
        return array_data(content.x, content.y, source, options, splits=content.splits, files=content.files)
    x, y, splits = content
    return array_data(x, y, source, options, splits=splits)


def _images_of(folder: Path, options: LoadOptions) -> image_files.Images:
    return image_files.image_folder(folder, labelled=not options.target_optional, **options.image)


def _of_listed_images(listed: list, y, source: str, options: LoadOptions, index=None) -> Data:
    """Returns the images of a list of paths or of images of Pillow, with the targets beside them."""
    options.refuse_stream("images")
    x, names = image_files.read_list(listed, **options.image)
    has_index = isinstance(index, pd.Index) and len(index) == len(x)
    files = names.set_axis(index) if names is not None and has_index else names
    return array_data(x, y, source, options, **({} if files is None else {"files": files}))
