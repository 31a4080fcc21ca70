"""`zoo.predict`: labels and probabilities, or values, for raw rows, in the caller's own class names and index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import keras
import numpy as np
import pandas as pd

from zoo.training import inference
from zoo.training.resolving import AnyModel, load_for, resolve_model


def predict(model: AnyModel, data, *, image_size: int | Sequence[int] | None = None) -> pd.DataFrame:
    """Predicts raw rows.

    Args:
        model: A `zoo.Model`, a `Run`, an artifact's folder or a preset's name.
        data: Anything that `zoo.data.load` takes; the target may be absent. One image, a path or an array, is one row.
        image_size: `(height, width)` to resize images to; left out, a model that was trained with it resizes them.

    Returns:
        A DataFrame with the caller's index: `label`, `probability` (of the label) and `p_<class>` for a classifier;
        `prediction` for a regressor or a unit, `prediction_0`, `prediction_1`... for several. Of sequences, a row a
        step, under the index and `step`. Of images from files, `file` stands first.
    """
    model = resolve_model(model)
    few = isinstance(data, (pd.DataFrame, dict)) and image_size is None
    if few and (found := inference.of_few(model, data)) is not None:
        index = data.index if isinstance(data, pd.DataFrame) else pd.RangeIndex(len(found))
        return _table(model, found, index)
    frames = list(predict_blocks(model, data, image_size=image_size))
    return frames[0] if len(frames) == 1 else pd.concat(frames)


def predict_blocks(model: AnyModel, data, rows: int = 65_536, *, image_size=None) -> Iterator[pd.DataFrame]:
    """Yields predictions block by block, so that a large file never stands in memory. Arguments as for `predict`."""
    model = resolve_model(model)
    loaded = load_for(model, data, image_size=image_size)
    if loaded.streaming:
        for first, frame in loaded.blocks(rows):
            yield _answers(model, frame, pd.RangeIndex(first, first + len(frame)))
        return
    x = loaded.x
    if loaded.files is not None:
        answers = _answers(model, x, loaded.files.index)
        answers.insert(0, "file", loaded.files)
        yield answers
        return
    index = x.index if isinstance(x, pd.DataFrame) else pd.RangeIndex(len(x))
    yield _answers(model, x, index)


def _answers(model, x, index) -> pd.DataFrame:
    return answers(model, model.checked(inference.outputs(model, model.preprocessor.encode(x))), index)


def answers(model, outputs, index) -> pd.DataFrame:
    """Returns what `predict` gives for a model's outputs `(rows, ...)`, under an index of the rows."""
    if model.entry.task == "classification":
        outputs = keras.ops.convert_to_numpy(model.probabilities(keras.ops.convert_to_tensor(outputs)))
    return _table(model, outputs, index)


def _table(model, outputs, index) -> pd.DataFrame:
    """Returns the table of answers for a classifier's probabilities `(rows, classes)`, or another model's outputs."""
    if model.entry.task != "classification":
        if outputs.ndim == 3:  # (rows, time, units) -> (rows * time, units)
            steps = range(outputs.shape[1])
            index = pd.MultiIndex.from_product([index, steps], names=[index.name or "row", "step"])
            outputs = outputs.reshape(-1, outputs.shape[-1])
        if outputs.shape[-1] == 1:
            return pd.DataFrame({"prediction": outputs[:, 0]}, index=index)
        return pd.DataFrame({f"prediction_{i}": column for i, column in enumerate(outputs.T)}, index=index)
    chosen = np.argmax(outputs, axis=-1)
    answers = {
        "label": model.preprocessor.decode_labels(chosen),
        "probability": np.take_along_axis(outputs, chosen[:, None], axis=-1)[:, 0],
    }
    answers |= {f"p_{name}": outputs[:, i] for i, name in enumerate(model.classes)}
    return pd.DataFrame(answers, index=index)
