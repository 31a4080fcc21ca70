"""`zoo.predict`: labels and probabilities, or values, for raw rows, in the caller's own class names and index."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
import pandas as pd

from zoo.data import doubts, frames
from zoo.registry import suggest
from zoo.training import inference
from zoo.training.resolving import AnyModel, load_for, resolve_model

ALIGNED = 16  # numbers of float32 in the widest register


def predict(
    model: AnyModel, data, *, keep: str | Iterable = (), image_size: int | Sequence[int] | None = None
) -> pd.DataFrame:
    """Predicts raw rows.

    Args:
        model: A `zoo.Model`, a `Run`, an artifact's folder or a preset's name.
        data: Anything that `zoo.data.load` takes; the target may be absent. No rows give an empty table; one image, a
            path or an array, is one row.
        keep: Columns of the data that stand before the answers, such as a key. The model need not know them.
        image_size: `(height, width)` to resize images to; left out, a model that was trained with it resizes them.

    Returns:
        A DataFrame with the caller's index: the columns of `keep`; `file` of images from files; then `label`,
        `probability` (of the label) and `p_<class>` for a classifier; `prediction` for a regressor or a unit,
        `prediction_0`, `prediction_1`... for several. A model with intervals adds `low` and `high`, of several targets
        `low_<target>` and `high_<target>`; of classes `set`, a tuple of classes. Of sequences, a row a step, under the
        index and `step`.

    Raises:
        ValueError: if a column is missing, or one to keep has the name of an answer.
    """
    model, keep = resolve_model(model), _names(keep)
    with doubts.collected() as doubtful:
        if isinstance(data, dict) and not keep or isinstance(data, pd.DataFrame):
            if (few := _of_few(model, data, keep)) is not None:
                return few
        if not isinstance(data, pd.DataFrame) and model.preprocessor.takes_columns:
            frame = frames.as_frame(data, model.schema.names)
            data = data if frame is None else frame
            if frame is not None and (few := _of_few(model, frame, keep)) is not None:
                return few
        blocks = list(_blocks(model, data, 65_536, keep, doubtful, image_size))
    return blocks[0] if len(blocks) == 1 else pd.concat(blocks)


def predict_blocks(
    model: AnyModel, data, rows: int = 65_536, *, keep: str | Iterable = (), image_size=None
) -> Iterator[pd.DataFrame]:
    """Yields predictions block by block, so that a large file never stands in memory.

    Args:
        model, data, keep, image_size: As for `predict`.
        rows: The number of rows in a block.
    """
    doubtful = doubts.Doubts()
    yield from _blocks(resolve_model(model), data, rows, _names(keep), doubtful, image_size)
    doubtful.say()


def _blocks(model, data, rows: int, keep: tuple, doubtful, image_size=None) -> Iterator[pd.DataFrame]:
    with doubts.collected(doubtful):
        loaded = load_for(model, data, image_size=image_size)
    if not loaded.streaming and loaded.files is not None:
        kept = None if not keep else _parted(model, loaded.x if loaded.table is None else loaded.table, keep)[1]
        files = loaded.files.to_frame("file")
        kept = files if kept is None else pd.concat([kept, files], axis=1)
        yield _answers(model, loaded.x, kept, files.index)
        return
    if not loaded.streaming:
        x = loaded.x
        index = x.index if isinstance(x, pd.DataFrame) else pd.RangeIndex(len(x))
        with doubts.collected(doubtful):
            inputs, kept = _parted(model, x, keep, loaded.y, loaded.target)
            answered = _answers(model, inputs, kept, index)
        yield answered
        return
    empty = True
    for first, frame in loaded.blocks(rows):
        empty, index = False, pd.RangeIndex(first, first + len(frame))
        with doubts.collected(doubtful):
            inputs, kept = _parted(model, frame, keep)
            answered = _answers(model, inputs, kept, index)
        yield answered
    if empty:
        frame = pd.DataFrame(columns=list(dict.fromkeys([*model.schema.names, *keep])))
        inputs, kept = _parted(model, frame, keep)
        yield _answers(model, inputs, kept, frame.index)


def _names(keep) -> tuple:
    """Returns the names of the columns to keep, each once."""
    single = isinstance(keep, (str, bytes)) or not isinstance(keep, Iterable)
    return (keep,) if single else tuple(dict.fromkeys(keep))


def _of_few(model, data, keep: tuple) -> pd.DataFrame | None:
    """Returns the answers for a small table, or None if it is not one that `inference.of_few` reads."""
    inputs, kept = _parted(model, data, keep)
    found = inference.of_few(model, inputs)
    if found is None:
        return None
    rows = len(keras.tree.flatten(found)[0])
    index = data.index if isinstance(data, pd.DataFrame) else pd.RangeIndex(rows)
    return _beside(kept, answers(model, found, index))


def _parted(model, x, keep: tuple, y=None, target=None) -> tuple[Any, Any]:
    """Returns the model's inputs, and the columns to keep or None.

    Args:
        model: A `zoo.Model`.
        x: A DataFrame, or anything else if nothing is to be kept.
        keep: Names of columns; those of another type are found by their text, as a command line gives it.
        y: The target, if it stands beside `x`; several as a DataFrame.
        target: Its name, or a list of several.
    """
    if not keep:
        return x, None
    if not isinstance(x, pd.DataFrame):
        raise ValueError(
            f"An array has no columns to keep. Received: keep={list(keep)}. Pass a table with named columns."
        )
    columns = {name: x.iloc[:, i] for i, name in enumerate(x.columns)}
    if y is not None and target is not None:
        columns |= {name: y[name] for name in target} if isinstance(target, list) else {target: y}
    by_text = {str(name): name for name in columns}
    chosen = [name if name in columns else by_text.get(str(name), name) for name in keep]
    if absent := [name for name in chosen if name not in columns]:
        raise ValueError(
            f"There is no column {absent[0]!r} to keep.{suggest(absent[0], map(str, columns))} The data have: "
            f"{', '.join(map(str, columns))}."
        )
    kept = pd.concat([columns[name] for name in chosen], axis=1, keys=chosen)
    unknown = [name for name in chosen if name in x.columns and name not in model.schema.names]
    return x.drop(columns=unknown), kept


def _answers(model, x, kept, index) -> pd.DataFrame:
    return _beside(kept, answers(model, _outputs(model, x), index))


def _outputs(model, x):
    """Returns what the model decides for raw rows."""
    return model.task.checked(inference.outputs(model, model.preprocessor.encode(x)), model.entry.options)


def _beside(kept: pd.DataFrame | None, answered: pd.DataFrame) -> pd.DataFrame:
    """Returns the answers with the columns to keep before them; where a row has several answers, beside each.

    Raises:
        ValueError: if one of these has the name of an answer.
    """
    if kept is None:
        return answered
    if taken := [name for name in kept.columns if name in answered.columns]:
        raise ValueError(
            f"The answers have a column {taken[0]!r} of their own. Received: keep={list(kept.columns)}. Give "
            "the column of the data another name."
        )
    if len(kept):
        kept = kept.iloc[np.repeat(np.arange(len(kept)), len(answered) // len(kept))]
    return pd.concat([kept.set_axis(answered.index), answered], axis=1)


def answers(model, outputs, index) -> pd.DataFrame:
    """Returns what `predict` gives for a model's outputs `(rows, ...)`, under an index of the rows."""
    return model.task.table(_decode(model, outputs), model.target, index)


def decoded(model: AnyModel, x) -> dict[str, np.ndarray]:
    """Returns the answers of `predict` by name, before they are put into a table: `Task.decode` says which.

    No row's answer depends on the other rows, as scikit-learn checks. Processors compute the last few numbers, which
    fill no register, otherwise than all before, so that the answers of `predict` may differ by rounding.

    Args:
        model: As for `predict`.
        x: A DataFrame or an array, without the target.
    """
    model = resolve_model(model)
    with doubts.collected():
        if isinstance(x, pd.DataFrame) and (few := inference.of_few(model, x)) is not None:
            return _decode(model, few)
        rows = load_for(model, x).x
        places = np.minimum(np.arange(len(rows) + -len(rows) % ALIGNED), len(rows) - 1)  # the last row fills up
        filled = rows.iloc[places] if isinstance(rows, pd.DataFrame) else rows[places]
        found = keras.tree.map_structure(operator.itemgetter(slice(len(rows))), _outputs(model, filled))
        return _decode(model, found)


def _decode(model, outputs) -> dict[str, np.ndarray]:
    found = model.answers(outputs)  # float64 stays as it is: not every backend has tensors of it
    return model.task.decode({name: _array(values) for name, values in found.items()}, model.target)


def _array(values) -> np.ndarray:
    return values if isinstance(values, np.ndarray) else keras.ops.convert_to_numpy(values)
