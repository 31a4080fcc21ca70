"""`zoo.evaluate`: scores of a model on data, as a mapping that prints as a table.

classification  accuracy, log_loss, roc_auc (two classes, or the mean of one against the rest), f1_macro,
                ece: the expected calibration error, sum_b n_b/n |accuracy_b - confidence_b| over 15 bins
regression      rmse, mae, r2; dynamics: over all moments
others          what the entry's recipe scores, such as the quantization error of a map
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import keras
import numpy as np

from zoo import display
from zoo.data.pipelines import Encoded
from zoo.registry import SUPERVISED
from zoo.training import inference
from zoo.training.resolving import AnyModel, load_for, resolve_model

BINS = 15
MOST_SHOWN = 10  # scores in `repr`
MOST_CLASSES = 20  # in a confusion matrix that is shown whole
_SCORED = (*SUPERVISED, "logic", "dynamics")  # by outputs against targets


class Scores(Mapping):
    """Scores by name; printed as a table. `.confusion`: a DataFrame of counts, true by predicted classes, or None."""

    def __init__(self, values: Mapping[str, float], *, rows: int, confusion=None):
        self._values = dict(values)
        self.rows = rows
        self.confusion = confusion

    def __getitem__(self, name):
        return self._values[name]

    def __iter__(self):
        return iter(self._values)

    def __len__(self):
        return len(self._values)

    def __repr__(self):
        shown = [
            f"{name}={display.number(value)}" for name, value in itertools.islice(self._values.items(), MOST_SHOWN)
        ]
        more = [f"{len(self) - MOST_SHOWN} more"] if len(self) > MOST_SHOWN else []
        return f"Scores({', '.join([*shown, *more, f'rows={self.rows}'])})"

    def _repr_html_(self):
        values = display.table(("score", "value"), self._values.items(), total=len(self))
        parts = [display.facts({"rows": self.rows}), values]
        if self.confusion is not None:
            parts.append(_confusion_html(self.confusion))
        return display.card("Scores", *parts)

    def __str__(self):
        width = max(map(len, self._values), default=0)
        lines = [f"{name:<{width}}  {value:.6g}" for name, value in self._values.items()]
        lines.append(f"{'rows':<{width}}  {self.rows}")
        if self.confusion is not None and len(self.confusion) <= MOST_CLASSES:
            lines += ["", "confusion (rows: true, columns: predicted)", self.confusion.to_string()]
        return "\n".join(lines)

    def to_dict(self) -> dict:
        """Returns plain values: the scores, `rows`, and `confusion` as `{"classes", "counts"}`."""
        plain: dict = {**{name: float(value) for name, value in self._values.items()}, "rows": self.rows}
        if self.confusion is not None:
            classes = [str(label) for label in self.confusion.index]
            plain["confusion"] = {"classes": classes, "counts": self.confusion.to_numpy().tolist()}
        return plain

    def to_json(self, path) -> None:
        """Writes `to_dict` to a file."""
        Path(path).write_text(json.dumps(self.to_dict(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _confusion_html(confusion) -> display.Markup:
    """Returns the confusion matrix as a table; for many classes, the pairs of classes that are confused most often."""
    counts, classes = confusion.to_numpy(), [display.cut(label, 24) for label in confusion.index]
    if len(classes) <= MOST_CLASSES:
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        rows = ([name, *map(int, row)] for name, row in zip(classes, counts))
        return display.table(
            ("true \\ predicted", *classes),
            rows,
            total=len(classes),
            caption="Confusion",
            shade=lambda row, column: shares[row, column - 1] if column else 0.0,
        )
    wrong = np.where(np.eye(len(classes), dtype=bool), 0, counts)
    most_frequent = np.argsort(-wrong, axis=None, kind="stable")[: display.MOST_ROWS]
    pairs = [divmod(int(i), len(classes)) for i in most_frequent if wrong.flat[i]]
    return display.table(
        ("true", "predicted", "rows"),
        ((classes[true], classes[predicted], int(wrong[true, predicted])) for true, predicted in pairs),
        total=int(np.count_nonzero(wrong)),
        caption=f"The most frequent mistakes among {len(classes):,} classes",
    )


def evaluate(
    model: AnyModel,
    data,
    *,
    target: str | None = None,
    image_size: int | Sequence[int] | None = None,
    verbose: int = 1,
) -> Scores:
    """Scores a model on data, and prints the table.

    Args:
        model: A `zoo.Model`, a `Run`, an artifact's folder or a preset's name.
        data: Anything that `zoo.data.load` takes, with the target. A data set that ships test rows gives those.
        target: The target's column, where it is not the one of training.
        image_size: `(height, width)` to resize images to; left out, a model that was trained with it resizes them.
        verbose: 0 prints nothing.

    Returns:
        Scores by name.

    Raises:
        ValueError: if the target is missing or holds classes that the model does not know; or if there is nothing to
            score.
    """
    model = resolve_model(model)
    loaded = load_for(model, data, target=target, image_size=image_size)
    if "test" in loaded.splits:
        loaded = loaded.take(loaded.splits["test"])
    if not loaded.streaming and not len(loaded):
        raise ValueError("The data must have rows to score. Received: none. Check how they were made.")
    wanted = model.schema.target if target is None else target
    if loaded.streaming:
        if wanted not in next(loaded.blocks(1))[1].columns:
            raise ValueError(
                f"The data have no target column {wanted!r}, and there is nothing to score against. Pass target=."
            )
        parts = [
            (
                inference.outputs(model, model.preprocessor.encode(frame)),
                model.preprocessor.encode_target(frame[wanted]),
            )
            for _, frame in loaded.blocks()
        ]
        scores = score_outputs(model, *(np.concatenate(part) for part in zip(*parts)))
    else:
        if loaded.y is None and model.entry.task in _SCORED:
            wanted = "" if wanted is None else f" column {wanted!r}"
            raise ValueError(
                f"The data have no target{wanted}, and there is nothing to score against. Pass target=, or (x, y)."
            )
        y = loaded.y if model.schema.task is not None or model.entry.task in _SCORED else None  # a map learns none
        y = None if y is None else model.preprocessor.encode_target(y)
        scores = score(model, Encoded(model.preprocessor.encode(loaded.x), y))
    if verbose:
        print(scores)
    return scores


def score(model, rows: Encoded, *, once: bool = False) -> Scores:
    """Scores a model on encoded rows.

    Args:
        model: A `zoo.Model`.
        rows: With or without targets.
        once: Leaves compiling out.
    """
    supervised = rows.y is not None and model.entry.task in _SCORED
    found = score_outputs(model, inference.outputs(model, rows.x, once=once), rows.y) if supervised else None
    values = {} if found is None else dict(found)
    for function in model.recipe.scores:
        found_here = function(model, rows.x, rows.y)
        values |= found_here if isinstance(found_here, Mapping) else {function.__name__: float(found_here)}
    return Scores(values, rows=len(rows), confusion=None if found is None else found.confusion)


def score_outputs(model, outputs: np.ndarray, y: np.ndarray) -> Scores:
    """Scores a model's outputs.

    Args:
        model: A `zoo.Model`.
        outputs: What its `predict` returns, `(rows, classes)`, `(rows, 1)` or `(rows, time, 1)`.
        y: Class indices, or values in the target's units, `(rows,)`; of dynamics as the outputs.
    """
    if model.entry.task != "classification":
        scores = _regression_scores(y.reshape(-1), outputs.reshape(-1) if y.ndim > 1 else outputs[:, 0])
        return Scores(scores, rows=len(y))
    probabilities = keras.ops.convert_to_numpy(model.probabilities(keras.ops.convert_to_tensor(outputs)))
    return _classification_scores(y, probabilities, model.classes, hard=model.decision == "threshold")


def _regression_scores(y, values) -> Scores:
    errors = np.asarray(values, "float64") - np.asarray(y, "float64")
    spread = np.sum((y - np.mean(y, dtype="float64")) ** 2, dtype="float64")
    r2 = 1.0 - float(np.sum(errors**2) / spread) if spread > 0 else float("nan")
    return Scores(
        {"rmse": float(np.sqrt(np.mean(errors**2))), "mae": float(np.mean(np.abs(errors))), "r2": r2}, rows=len(y)
    )


def _classification_scores(y, probabilities, classes, *, hard: bool) -> Scores:
    import pandas as pd

    predicted = np.argmax(probabilities, axis=-1)
    values = {"accuracy": float(np.mean(predicted == y))}
    soft = not hard and bool(np.all(np.isfinite(probabilities)))  # a diverged model has no probabilities to score
    if soft:
        p = probabilities.astype("float64")
        p = p / p.sum(axis=-1, keepdims=True)
        values["log_loss"] = float(-np.mean(np.log(np.maximum(p[np.arange(len(y)), y], 1e-15))))
        if np.bincount(y, minlength=len(classes)).all():
            which = [1] if len(classes) == 2 else range(len(classes))
            values["roc_auc"] = float(np.mean([_roc_auc(p[y == k, k], p[y != k, k]) for k in which]))
    counts = np.bincount(y * len(classes) + predicted, minlength=len(classes) ** 2).reshape(len(classes), -1)
    values["f1_macro"] = _f1_macro(counts)
    if soft:
        values["ece"] = _calibration_error(p.max(axis=-1), predicted == y)
    return Scores(values, rows=len(y), confusion=pd.DataFrame(counts, index=classes, columns=classes))


def _roc_auc(positive: np.ndarray, negative: np.ndarray) -> float:
    """Returns the area under the ROC curve: the share of pairs in which the positive row scores higher; ties half."""
    ordered = np.sort(negative)
    below, up_to = (np.searchsorted(ordered, positive, side) for side in ("left", "right"))
    return float(np.mean(below + up_to) / (2 * len(negative)))


def _f1_macro(counts: np.ndarray) -> float:
    """Returns the mean of F1 = 2 tp / (2 tp + fp + fn) over the classes that occur, from the confusion matrix."""
    total = counts.sum(axis=0) + counts.sum(axis=1)
    occurs = total > 0
    return float(np.mean(2 * np.diag(counts)[occurs] / total[occurs]))


def _calibration_error(confidence, correct) -> float:
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = np.bincount(bins, correct, BINS) - np.bincount(bins, confidence, BINS)
    return float(np.sum(np.abs(gaps)) / len(confidence))
