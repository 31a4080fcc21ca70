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
from collections.abc import Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from zoo.data import addresses, doubts, frames, image_arrays, image_files, image_tables, images, row_numbers, shipped
from zoo.data.columns import kind_of, pictures, the_array, the_picture, the_vector
from zoo.data.columns.values import Hints
from zoo.data.files import MODULES, STREAM_BYTES, Files, table_files
from zoo.data.infer import note_beyond_float32, note_unseen, read_target, written
from zoo.data.names import as_target, named_as, names_of, resolved, with_plain_names
from zoo.data.raw import Data, without
from zoo.data.schema import Column, Schema
from zoo.data.target_columns import beside as beside  # imported from here as well
from zoo.data.target_columns import check_has_all, has_several, named
from zoo.data.targets import check_not_one_hot, check_one_value_a_row, note_alike
from zoo.registry import load_task, suggest

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
    hints = _hints(na_values, decimal, thousands, date_format)
    schema = _schema(schema)
    ignore = (ignore,) if isinstance(ignore, str) else tuple(ignore)
    if schema is None or not _names_its_targets(target, schema):
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
    wanted = _Wanted(target, without(schema, ignore), ignore, stream, optional, size, hints)
    with doubts.collected():
        data = _load(source, format, wanted)
    if split is None:
        return data
    if data.streaming:
        raise ValueError(f"A stream has no splits. Received: split={split!r}. Load with `stream=False`.")
    if split not in data.splits:
        known = list(data.splits)
        raise ValueError(
            f"Unknown split {split!r}.{suggest(split, known)} {data.source!r} has: {', '.join(known) or 'none'}."
        )
    return data.take(data.splits[split])


def _names_its_targets(target, schema: Schema) -> bool:
    """Returns whether a list holds the targets of a schema, in any order: the schema's own order stands."""
    if not isinstance(target, list) or len(target) != len(schema.targets):
        return False
    return all(isinstance(name, Hashable) and name in schema.targets for name in target)


@dataclasses.dataclass(frozen=True)
class _Wanted:
    """What the caller of `load` asked for. The targets of a schema are optional: rows to predict have none."""

    target: Any
    schema: Schema | None
    ignore: tuple
    stream: bool | None
    optional: bool
    image_size: tuple[int, int] | None = None
    hints: Hints = Hints()

    @property
    def targets(self) -> list:
        """Names of the target columns."""
        return names_of(self.target)

    @property
    def texts(self) -> tuple | None:
        """Columns whose values a file's reader must leave as text, as in training; None for all."""
        if self.schema is None:
            return None if (self.hints.decimal, self.hints.thousands) != (None, None) else ()
        names = tuple(column.name for column in self.schema.columns if kind_of(column).keeps_text(column))
        classes = self.schema.classes
        of_texts = classes is not None and all(isinstance(value, str) for value in classes)
        return (*names, *self.schema.targets) if of_texts else names

    @property
    def image_column(self) -> Column | None:
        """The column of images that the schema has, or None."""
        return None if self.schema is None else next(iter(pictures(self.schema.columns)), None)

    @property
    def image(self) -> dict[str, Any]:
        """How images are read: `channels` and `size`, each None where the images decide."""
        column, size, channels = self.image_column, self.image_size, None
        if column is not None and column.shape is not None:
            channels = column.shape[-1]
            size = tuple(column.shape[:2]) if size is None and column.resized else size
        return {"channels": channels, "size": size}


def _hints(na_values, decimal, thousands, date_format) -> Hints:
    """Returns the checked hints of a caller."""
    na_values = (na_values,) if isinstance(na_values, (str, int, float)) else tuple(na_values)
    if decimal is not None and decimal not in (".", ","):
        raise ValueError(f"`decimal` must be '.' or ','. Received: decimal={decimal!r}")
    if thousands is not None and (thousands == decimal or thousands not in ("", ".", ",", " ", "'")):
        raise ValueError(
            "`thousands` must be '.', ',', ' ', \"'\" or '' for none, and another mark than `decimal`. Received: "
            f"thousands={thousands!r}, decimal={decimal!r}"
        )
    if date_format is not None and "%" not in date_format:
        raise ValueError(f"`date_format` must be like '%d/%m/%Y'. Received: date_format={date_format!r}")
    return Hints(na_values, decimal, thousands, date_format)


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
    if (listed := image_files.image_list(source)) is not None:
        return _listed_images(listed, None, "images", wanted, getattr(source, "index", None))
    if wanted.stream:
        raise ValueError(
            f"Only files and tf.data.Datasets stream. Received: {type(source).__name__}. Leave `stream` out."
        )
    pair = isinstance(source, tuple) and len(source) == 2 and not frames.is_named_row(source)
    x, y = source if pair else (source, None)
    if (listed := image_files.image_list(x)) is not None:
        y = frames.as_values(y)
        index = x.index if isinstance(x, pd.Series) else getattr(y, "index", None)
        y = frames.in_order_of(index, y) if isinstance(x, pd.Series) else y
        return _listed_images(listed, y, "(images, y)", wanted, index)
    alone = None if wanted.schema is None else the_array(wanted.schema.columns)
    if alone is not None and isinstance(x, Mapping) and alone.name in x:
        return _arrays(x[alone.name], frames.as_values(y), "dict of an array", wanted)
    frame = frames.as_frame(x, () if wanted.schema is None else wanted.schema.names)
    if frame is not None and y is None:
        of_columns = isinstance(x, Mapping)
        return _table(frame, "dict of columns" if of_columns else "DataFrame {} x {}".format(*frame.shape), wanted)
    if frame is not None:
        return _pair(frame, frames.as_values(y), wanted, by_index=isinstance(x, pd.DataFrame))
    if pair:
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
    kept = [name for name in data._ignore if name not in (*wanted.targets, *wanted.ignore)]
    ignore = (*kept, *(name for name in wanted.ignore if name not in data.left_out))
    schema = wanted.schema if wanted.schema is not None else without(data._given, wanted.ignore)
    other = wanted.target is not None and wanted.target != data.target
    if data.streaming and other:
        stream = dataclasses.replace(wanted, ignore=ignore)
        return _streamed(data._stream, data.source, stream)
    if other and isinstance(data.x, pd.DataFrame):
        frame = data.frame()
        if not wanted.optional or all(name in frame.columns for name in wanted.targets):
            table = dataclasses.replace(wanted, ignore=ignore)
            known: dict[str, Any] = {"splits": data.splits, "sha256": data._hash, "left_out": data.left_out}
            return _table(frame, data.source, table, **known)
    x, y, resized, target = data.x, data.y, data._resized, data.target
    if isinstance(y, pd.DataFrame) and isinstance(wanted.target, list):
        y, target = named(y, wanted.target), wanted.target
    if wanted.image["size"] is not None:
        _refuse_image_size(wanted, isinstance(x, np.ndarray) and x.ndim == 4)
        if isinstance(x, np.ndarray) and x.ndim == 4:
            x, resized = image_arrays.resized(x, wanted.image["size"]), True
    known = {"schema": schema, "splits": data.splits, "ignore": ignore, "resized": resized, "target": target}
    return data._like(x, y, **known)


def _data(rows: shipped.Rows, source: str, wanted: _Wanted) -> Data:
    """Returns what a source gave, as `Data`."""
    known: dict[str, Any] = {"splits": rows.splits, "sha256": rows.sha256}
    if not isinstance(rows.x, pd.DataFrame):
        return _arrays(rows.x, rows.y, source, wanted, task_hint=rows.task, **known)
    own = wanted.target in (None, rows.target)
    wanted = dataclasses.replace(wanted, target=rows.target) if wanted.target is None else wanted
    return _table(rows.x, source, wanted, task_hint=rows.task if own else None, **known)


def _table(frame: pd.DataFrame, source: str, wanted: _Wanted, *, folder: Path | None = None, **known) -> Data:
    """Returns a table as `Data`, or the images that a column of it names.

    Without rows it is one of a known schema alone, of which there is nothing to learn.

    Args:
        frame: The table.
        source: Where it came from, in words.
        wanted: What the caller asked for.
        folder: The folder that paths of images are relative to; None for the current one.
        **known: What else is known of the rows.
    """
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
    frame = frames.with_float64(frame)
    frame = with_plain_names(frame) if wanted.schema is None else named_as(frame, wanted.schema.known_names)
    wanted = _resolved(wanted, frame.columns)
    target = _checked(list(frame.columns), wanted)
    if (column := _paths_of_images(frame, folder, target, wanted)) is not None:
        x = image_tables.read(frame[column], folder or Path(), **wanted.image)
        y = None if target is None else frame[target] if isinstance(target, list) else frame[target].to_numpy()
        alone = dataclasses.replace(wanted, ignore=(), hints=Hints())
        known = {"splits": known.get("splits"), "files": frame[column], "table": frame, "target": target}
        return _arrays(x, y, source, alone, **known)
    _refuse_image_size(wanted, False)
    common = {"target": target, "source": source, "schema": wanted.schema, "ignore": wanted.ignore, **known}
    if wanted.schema is None:
        roles = (*names_of(target), *wanted.ignore)
        frames.check_cells(frame, roles)
        row_numbers.note(frame, known=roles)
        common |= {"hints": wanted.hints, "known": written(frame, roles, wanted.hints)}
    else:
        numeric = {column.name for column in wanted.schema.columns if kind_of(column).has_numbers}
        note_beyond_float32(frame, [(place, name) for place, name in enumerate(frame.columns) if name in numeric])
        note_unseen(frame, wanted.schema.columns)
    if target is None:
        return Data(frame, **common)
    columns = {name: frame[name] for name in names_of(target)}
    if wanted.schema is None:
        for values in columns.values():
            note_alike(values)
    wants_numbers = wanted.schema is not None and load_task(wanted.schema.task).answers_numbers
    columns = {name: read_target(values, wanted.hints, wants_numbers) for name, values in columns.items()}
    y = pd.DataFrame(columns, index=frame.index) if isinstance(target, list) else columns[target]
    return Data(frame.drop(columns=list(columns)), y, order=list(frame.columns), **common)


def _resolved(wanted: _Wanted, columns) -> _Wanted:
    """Returns what was asked for, with the names that the columns have here: after a CSV, 3 is "3"."""
    ignore = tuple(resolved(name, columns) for name in wanted.ignore)
    target = resolved(wanted.target, columns)
    if isinstance(target, list):
        target = as_target(resolved(name, columns) for name in target)
    return dataclasses.replace(wanted, target=target, ignore=ignore)


def _paths_of_images(frame: pd.DataFrame, folder: Path | None, target, wanted: _Wanted):
    """Returns the column of a table that names images, or None; a table of a schema without images has none."""
    declared = wanted.image_column
    if wanted.schema is not None and (declared is None or len(wanted.schema.columns) > 1) or len(frame) == 0:
        return None
    names = [name for name in frame.columns if name not in (*names_of(target), *wanted.ignore)]
    inputs = [name for name in names if not row_numbers.is_index(name)]
    column = image_tables.path_column(frame, inputs, folder or Path(), declared)
    if column is not None and wanted.schema is None:
        for name in names:
            if name not in inputs:
                row_numbers.note_index(name)
    return column


def _refuse_image_size(wanted: _Wanted, are_images: bool) -> None:
    if wanted.image_size is not None and not are_images:
        raise ValueError(
            f"`image_size` is for images. Received: image_size={wanted.image_size} with other data. Leave it out."
        )


def _checked(columns: list, wanted: _Wanted):
    """Returns the target or several, None where one is absent and may be.

    Raises:
        ValueError: if a target or an ignored column is not among the columns.
    """
    known = ", ".join(map(str, columns))
    for name in wanted.ignore:
        if name in wanted.targets:
            raise ValueError(
                f"The target {name!r} must not be ignored. Leave it out of `ignore`, or name another target."
            )
        if name not in columns and not wanted.optional:
            raise ValueError(
                f"There is no column {name!r} to ignore.{suggest(name, map(str, columns))} The data have: {known}."
            )
    absent = [name for name in wanted.targets if name not in columns]
    if not absent:
        return wanted.target
    if wanted.optional:
        return None
    is_tuple = isinstance(wanted.target, tuple)
    repair = f" For several targets, pass a list: `target={list(wanted.target)!r}`." if is_tuple else ""
    raise ValueError(
        f"There is no target column {absent[0]!r}.{suggest(absent[0], map(str, columns))} The data have: {known}."
        f"{repair}"
    )


def _pair(x: pd.DataFrame, y, wanted: _Wanted, *, by_index: bool = True) -> Data:
    """Returns a DataFrame and its targets beside it; if both have an index of pandas, in the order of the first one."""
    if isinstance(y, pd.DataFrame) and y.shape[1] == 1:
        y = y.iloc[:, 0]
    y = y[:, 0] if isinstance(y, np.ndarray) and y.ndim == 2 and y.shape[1] == 1 else y
    several = has_several(y)
    check_has_all(y, wanted.target)
    if not several and np.ndim(y) != 1:
        check_one_value_a_row(y)
        raise ValueError(f"`y` must have one value a row. Received: {_shown(y)}. Pass a Series or an array.")
    if len(x) != len(y):
        raise ValueError(
            f"`x` and `y` must have the same number of rows. Received: {len(x)} and {len(y)}. Cut one to the other."
        )
    y = frames.in_order_of(x.index, y) if by_index else y
    if several:
        if wanted.target is None:
            check_not_one_hot(y)
        y = named(y, wanted.target, x.columns).set_axis(x.index)
        target = list(y.columns)
    else:
        name = getattr(y, "name", None) if wanted.target is None else wanted.target
        target = "target" if name is None else name
        y = y.set_axis(x.index).rename(target) if isinstance(y, pd.Series) else pd.Series(y, x.index, name=target)
    if both := [name for name in names_of(target) if name in x.columns]:
        raise ValueError(
            f"`x` must not hold the target. Received: the column {both[0]!r} in both. Pass x.drop(columns={both!r}), "
            f"or the table alone with `target={target!r}`."
        )
    return _table(pd.concat([x, y], axis=1), "(x, y)", dataclasses.replace(wanted, target=target))


def _shown(y) -> str:
    """Returns a single value as it is, and of anything else the type."""
    return repr(y) if isinstance(y, (str, bytes, int, float, bool, type(None))) else f"a {type(y).__name__}"


def _arrays(x, y, source: str, wanted: _Wanted, **known) -> Data:
    if y is None and wanted.target is not None and not wanted.optional:
        raise ValueError(
            f"An array has no target column. Received: target={wanted.target!r}. Pass (x, y), or a DataFrame."
        )
    if wanted.ignore:
        raise ValueError(
            f"An array has no columns to ignore. Received: ignore={list(wanted.ignore)}. Pass a DataFrame."
        )
    if wanted.hints != Hints():
        raise ValueError(
            "`na_values`, `decimal`, `thousands` and `date_format` are for tables. Received: an array with one of "
            "them. Leave it out; for missing values, x = np.where(x == -999, np.nan, x)."
        )
    if isinstance(x, np.ma.MaskedArray) and x.dtype.kind in "biuf" and np.ma.is_masked(x):
        x = np.ma.filled(x.astype("float64"), np.nan)
    size = wanted.image["size"]
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
    x = image_arrays.as_rows(x, wanted.image_column)
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
    _refuse_image_size(wanted, x.ndim == 4)
    known["resized"] = size is not None and x.ndim == 4
    if known["resized"]:
        x = image_arrays.resized(x, size)
    column = wanted.image_column if x.ndim == 4 else None
    if column is not None and column.shape is not None:
        image_arrays.check_shape(x, column)
    elif column is not None:
        column = dataclasses.replace(column, name="image", dtype="uint8", shape=x.shape[1:], resized=known["resized"])
        wanted = dataclasses.replace(wanted, schema=dataclasses.replace(wanted.schema, columns=(column,)))
    if y is not None:
        check_has_all(y, wanted.target)
        several, are_named = has_several(y), isinstance(wanted.target, list)
        if several and not are_named:
            check_not_one_hot(y)
        if several and (are_named or wanted.target is None and isinstance(y, pd.DataFrame)):
            y = named(y, wanted.target)
            known["target"] = list(y.columns)
        else:
            y = np.asarray(y)
            y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
        if y.ndim not in (1, 2) and not (sequences and y.ndim == 3):
            check_one_value_a_row(y)
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
        return _data(tfds_rows(name.removeprefix("tfds:"), wanted.target, wanted.image["size"]), name, wanted)
    is_path = isinstance(source, os.PathLike) or format is not None or any(mark in name for mark in "/\\.*:~")
    if not is_path:
        if wanted.stream and (facts := shipped.facts(name)) and facts["path"].endswith((".csv", ".csv.gz")):
            own = wanted if wanted.target is not None else dataclasses.replace(wanted, target=facts["target"])
            return _streamed(Files([facts["path"]], "csv", texts=wanted.texts), name, own)
        _refuse_stream(wanted, "a set in memory")
        return _data(shipped.named(name), name, wanted)
    folder = Path(name.removeprefix("file://")).expanduser()
    if format == "idx" or (format is None and folder.is_dir() and images.is_idx_folder(folder)):
        return _image_data(images.idx_folder, folder, name, wanted)
    if folder.is_dir() and (format == "images" or format is None and image_files.is_image_folder(folder)):
        return _image_data(functools.partial(_images_of, wanted=wanted), folder, name, wanted)
    if format in ("images", None) and not folder.is_dir():
        if (found := image_files.image_files(name, all_are=format == "images")) is not None:
            _refuse_stream(wanted, "images")
            return _arrays(image_files.read_files(*found, **wanted.image), None, name, wanted, files=found[1])
    if format == "npz" or (format is None and addresses.suffix(name) == ".npz"):
        _refuse_stream(wanted, "an .npz file")
        path = addresses.expand(name, lambda path: True)[0]
        x, y, splits = images.read_npz(path)
        return _arrays(x, y, name, wanted, splits=splits, sha256=lambda: addresses.sha256([path]))
    needed = None if wanted.schema is None else [*wanted.schema.names, *wanted.targets]
    files = table_files(name, format, wanted.ignore, wanted.texts, needed)
    if wanted.hints.decimal is None and files.decimal == ",":
        wanted = dataclasses.replace(wanted, hints=dataclasses.replace(wanted.hints, decimal=","))
    wanted = dataclasses.replace(wanted, ignore=tuple(c for c in wanted.ignore if c not in files.left_out))
    if wanted.stream or (wanted.stream is None and addresses.size(files.paths) > STREAM_BYTES):
        return _streamed(files, name, wanted)
    known = {"sha256": lambda: files.sha256, "left_out": files.left_out}
    return _table(files.read(), name, wanted, folder=files.folder, **known)


def _refuse_stream(wanted, what) -> None:
    if wanted.stream:
        raise ValueError(f"Only tables in files and tf.data.Datasets stream. Received: {what}. Leave `stream` out.")


def _image_data(read, folder: Path, source: str, wanted: _Wanted) -> Data:
    _refuse_stream(wanted, "a folder of images")
    if not folder.is_dir():
        raise FileNotFoundError(f"There must be a folder of images at {source!r}. Received: none. Correct the path.")
    found = read(folder)
    if isinstance(found, image_files.Images):
        return _arrays(found.x, found.y, source, wanted, splits=found.splits, files=found.files)
    x, y, splits = found
    return _arrays(x, y, source, wanted, splits=splits)


def _images_of(folder: Path, wanted: _Wanted) -> image_files.Images:
    return image_files.image_folder(folder, labelled=not wanted.optional, **wanted.image)


def _listed_images(listed: list, y, source: str, wanted: _Wanted, index=None) -> Data:
    _refuse_stream(wanted, "images")
    x, names = image_files.read_list(listed, **wanted.image)
    known = isinstance(index, pd.Index) and len(index) == len(x)
    files = names.set_axis(index) if names is not None and known else names
    return _arrays(x, y, source, wanted, **({} if files is None else {"files": files}))


def _streamed(stream, source: str, wanted: _Wanted, named_y: bool = False) -> Data:
    if named_y and wanted.target is None and set(names_of(stream.target)).issubset(stream.columns):
        wanted = dataclasses.replace(wanted, target=stream.target)
    wanted = _resolved(wanted, stream.columns)
    target = _checked(stream.columns, wanted)
    for name in stream.columns if wanted.schema is None else ():
        if row_numbers.is_index(name) and name not in (*names_of(target), *wanted.ignore):
            row_numbers.note_index(name)
    local = isinstance(stream, Files) and all(map(addresses.is_local, stream.paths))
    left_out = stream.left_out if isinstance(stream, Files) else ()
    common = {"schema": wanted.schema, "ignore": wanted.ignore, "stream": stream, "left_out": left_out}
    common["hints"] = wanted.hints
    return Data(None, target=target, source=source, sha256=lambda: stream.sha256 if local else None, **common)
