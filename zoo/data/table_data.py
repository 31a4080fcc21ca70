"""Tables as `Data`: in memory, with their targets beside them, naming images, or as a stream of blocks."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd

from zoo.data import addresses, frames, image_tables, row_numbers
from zoo.data.array_data import array_data
from zoo.data.columns import kind_of
from zoo.data.columns.values import Hints
from zoo.data.files import Files
from zoo.data.infer import note_beyond_float32, note_unseen, read_target, written
from zoo.data.load_options import LoadOptions
from zoo.data.names import named_as, names_of, with_plain_names
from zoo.data.raw import Data
from zoo.data.target_columns import check_has_all, has_several, named
from zoo.data.targets import check_not_one_hot, check_one_value_a_row, note_alike
from zoo.registry import load_task


def table_data(frame: pd.DataFrame, source: str, options: LoadOptions, *, folder: Path | None = None, **facts) -> Data:
    """Returns a table as `Data`, or the images that a column of it names.

    Without rows, a table needs a schema.

    Args:
        frame: The table.
        source: Where it came from, in words.
        options: The options of the load.
        folder: The folder that paths of images are relative to; None for the current one.
        **facts: Further arguments of `Data`.
    """
    if frame.shape[1] == 0 or len(frame) == 0 and options.schema is None:
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
    frame = with_plain_names(frame) if options.schema is None else named_as(frame, options.schema.known_names)
    options = options.named_as(frame.columns)
    target = options.present_target(list(frame.columns))
    if (column := _paths_of_images(frame, folder, target, options)) is not None:
        x = image_tables.read(frame[column], folder or Path(), **options.image)
        y = None if target is None else frame[target] if isinstance(target, list) else frame[target].to_numpy()
        of_images = dataclasses.replace(options, ignore=(), hints=Hints())
        splits = facts.get("splits")
        return array_data(x, y, source, of_images, splits=splits, files=frame[column], table=frame, target=target)
    options.refuse_image_size(False)
    common = {"target": target, "source": source, "schema": options.schema, "ignore": options.ignore, **facts}
    if options.schema is None:
        roles = (*names_of(target), *options.ignore)
        frames.check_cells(frame, roles)
        row_numbers.note(frame, known=roles)
        common |= {"hints": options.hints, "known": written(frame, roles, options.hints)}
    else:
        numeric = {column.name for column in options.schema.columns if kind_of(column).has_numbers}
        note_beyond_float32(frame, [(place, name) for place, name in enumerate(frame.columns) if name in numeric])
        note_unseen(frame, options.schema.columns)
    if target is None:
        return Data(frame, **common)
    columns = {name: frame[name] for name in names_of(target)}
    if options.schema is None:
        for values in columns.values():
            note_alike(values)
    are_numbers = options.schema is not None and load_task(options.schema.task).answers_numbers
    columns = {name: read_target(values, options.hints, are_numbers) for name, values in columns.items()}
    y = pd.DataFrame(columns, index=frame.index) if isinstance(target, list) else columns[target]
    return Data(frame.drop(columns=list(columns)), y, order=list(frame.columns), **common)


def _paths_of_images(frame: pd.DataFrame, folder: Path | None, target, options: LoadOptions):
    """Returns the column of a table that names images, or None; a table of a schema without images has none."""
    declared = options.image_column
    if options.schema is not None and (declared is None or len(options.schema.columns) > 1) or len(frame) == 0:
        return None
    names = [name for name in frame.columns if name not in (*names_of(target), *options.ignore)]
    inputs = [name for name in names if not row_numbers.is_index(name)]
    column = image_tables.path_column(frame, inputs, folder or Path(), declared)
    if column is not None and options.schema is None:
        for name in names:
            if name not in inputs:
                row_numbers.note_index(name)
    return column


def pair_data(x: pd.DataFrame, y, options: LoadOptions, *, by_index: bool = True) -> Data:
    """Returns a DataFrame and its targets beside it; if both have an index of pandas, in the order of the first one."""
    if isinstance(y, pd.DataFrame) and y.shape[1] == 1:
        y = y.iloc[:, 0]
    y = y[:, 0] if isinstance(y, np.ndarray) and y.ndim == 2 and y.shape[1] == 1 else y
    several = has_several(y)
    check_has_all(y, options.target)
    if not several and np.ndim(y) != 1:
        check_one_value_a_row(y)
        raise ValueError(f"`y` must have one value a row. Received: {_shown(y)}. Pass a Series or an array.")
    if len(x) != len(y):
        raise ValueError(
            f"`x` and `y` must have the same number of rows. Received: {len(x)} and {len(y)}. Cut one to the other."
        )
    y = frames.in_order_of(x.index, y) if by_index else y
    if several:
        if options.target is None:
            check_not_one_hot(y)
        y = named(y, options.target, x.columns).set_axis(x.index)
        target = list(y.columns)
    else:
        name = getattr(y, "name", None) if options.target is None else options.target
        target = "target" if name is None else name
        y = y.set_axis(x.index).rename(target) if isinstance(y, pd.Series) else pd.Series(y, x.index, name=target)
    if both := [name for name in names_of(target) if name in x.columns]:
        raise ValueError(
            f"`x` must not hold the target. Received: the column {both[0]!r} in both. Pass x.drop(columns={both!r}), "
            f"or the table alone with `target={target!r}`."
        )
    return table_data(pd.concat([x, y], axis=1), "(x, y)", dataclasses.replace(options, target=target))


def _shown(y) -> str:
    """Returns a single value as it is, and of anything else the type."""
    return repr(y) if isinstance(y, (str, bytes, int, float, bool, type(None))) else f"a {type(y).__name__}"


def stream_data(stream, source: str, options: LoadOptions, named_y: bool = False) -> Data:
    """Returns a stream as `Data`.

    Args:
        stream: What gives the rows block by block, as `Data` takes it.
        source: Where it comes from, in words.
        options: The options of the load.
        named_y: Whether the target may be the stream's own, where the caller names none.
    """
    if named_y and options.target is None and set(names_of(stream.target)).issubset(stream.columns):
        options = dataclasses.replace(options, target=stream.target)
    options = options.named_as(stream.columns)
    target = options.present_target(stream.columns)
    for name in stream.columns if options.schema is None else ():
        if row_numbers.is_index(name) and name not in (*names_of(target), *options.ignore):
            row_numbers.note_index(name)
    local = isinstance(stream, Files) and all(map(addresses.is_local, stream.paths))
    left_out = stream.left_out if isinstance(stream, Files) else ()
    common = {"schema": options.schema, "ignore": options.ignore, "stream": stream, "left_out": left_out}
    common["hints"] = options.hints
    return Data(None, target=target, source=source, sha256=lambda: stream.sha256 if local else None, **common)
