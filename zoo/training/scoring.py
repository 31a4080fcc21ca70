"""`zoo.evaluate`: scores of a model on data, as a mapping that prints as a table.

classification  accuracy, log_loss, brier, roc_auc and average_precision (two classes, or the mean of one against the
                rest), f1_macro, ece: the expected calibration error, sum_b n_b/n |accuracy_b - confidence_b| over 15
                bins
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
import pandas as pd

from zoo import display
from zoo.data.names import resolved
from zoo.data.pipelines import Encoded
from zoo.data.weighting import checked_weights
from zoo.registry import SUPERVISED, suggest
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


def _count(rows):
    """Returns a number of rows as it is shown: sums of weights may have fractions."""
    return int(rows) if float(rows).is_integer() else display.number(float(rows))


def _confusion_html(confusion) -> display.Markup:
    """Returns the confusion matrix as a table; for many classes, the pairs of classes that are confused most often."""
    counts, classes = confusion.to_numpy(), [display.cut(label, 24) for label in confusion.index]
    if len(classes) <= MOST_CLASSES:
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        rows = ([name, *map(_count, row)] for name, row in zip(classes, counts))
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
        ((classes[true], classes[predicted], _count(wrong[true, predicted])) for true, predicted in pairs),
        total=int(np.count_nonzero(wrong)),
        caption=f"The most frequent mistakes among {len(classes):,} classes",
    )


def _is_reordered(index, other) -> bool:
    """Returns whether an index holds the labels of another one, each once, in another order."""
    if other is None or index.equals(other) or not (index.is_unique and other.is_unique):
        return False
    return index.isin(other).all()


class _Weighing:
    """The sample weights that `evaluate` was given: a column, or values of all rows.

    Args:
        weight: A column's name, one number a row, or None.
        loaded: The data, before its test rows are taken.

    Raises:
        ValueError: if there is no such column, or another number of weights than of rows.
    """

    def __init__(self, weight, loaded):
        self.column, self._values = None, None
        if weight is None:
            return
        if np.ndim(weight) == 0 or isinstance(weight, tuple):
            columns = loaded.column_names if loaded.streaming else list(loaded.roles.columns)
            weight = resolved(weight, columns)
            if weight not in columns:
                known = list(map(str, columns))
                raise ValueError(
                    f"`weight` must be a column of the data, or one number a row. Received: weight={weight!r}."
                    f"{suggest(weight, known)} The columns are: {', '.join(known) or 'none'}."
                )
            self.column = weight
            return
        test = loaded.splits.get("test")
        rows = None if loaded.streaming else len(loaded)
        if np.ndim(weight) != 1 or len(weight) not in (rows, None if test is None else len(test)):
            repair = "Name a column of the stream." if rows is None else f"The data have {rows} rows."
            raise ValueError(
                f"`weight` must be a column of the data, or one number a row. Received: the shape {np.shape(weight)}. "
                f"{repair}"
            )
        index = getattr(loaded.x, "index", None)
        if isinstance(weight, pd.Series) and len(weight) == rows and _is_reordered(weight.index, index):
            weight = weight.reindex(index)
        values = checked_weights(weight, "weights")
        self._values = values[test] if test is not None and len(values) == rows else values

    def of_rows(self, x, *, block: bool = False) -> np.ndarray | None:
        """Returns the weights of rows, float64 `(rows,)`, or None; `block` as for `checked_weights`' `may_be_zero`."""
        if self.column is None:
            return self._values
        return checked_weights(x[self.column], f"weights in {self.column!r}", may_be_zero=block)


def evaluate(
    model: AnyModel,
    data,
    *,
    target: str | None = None,
    weight=None,
    image_size: int | Sequence[int] | None = None,
    verbose: int = 1,
) -> Scores:
    """Scores a model on data, and prints the table.

    Args:
        model: A `zoo.Model`, a `Run`, an artifact's folder or a preset's name.
        data: Anything that `zoo.data.load` takes, with the target. A data set that ships test rows gives those.
        target: The target's column, where it is not the one of training.
        weight: A column of sample weights, or an array `(rows,)`: each score counts a row by its weight, as
            scikit-learn's metrics do with `sample_weight`.
        image_size: `(height, width)` to resize images to; left out, a model that was trained with it resizes them.
        verbose: 0 prints nothing.

    Returns:
        Scores by name.

    Raises:
        ValueError: if the target is missing or holds classes that the model does not know; if weights are no finite
            numbers or do not belong to the rows; or if there is nothing to score.
    """
    model = resolve_model(model)
    if weight is not None and model.entry.task not in _SCORED:
        raise ValueError(
            f"`weight` is for scores against a target; {model.entry.name!r} does {model.entry.task}. Leave it out."
        )
    loaded = load_for(model, data, target=target, image_size=image_size)
    weighing = _Weighing(weight, loaded)
    if weighing.column is not None and weighing.column not in model.schema.names:
        loaded = loaded.ignoring([weighing.column])
    if "test" in loaded.splits:
        loaded = loaded.take(loaded.splits["test"])
    if not loaded.streaming and not len(loaded):
        raise ValueError("The data must have rows to score. Received: none. Check how they were made.")
    wanted = loaded.target or (model.schema.target if target is None else target)
    if loaded.streaming:
        scores = _score_stream(model, loaded, wanted, weighing)
    else:
        if loaded.y is None and model.entry.task in _SCORED:
            wanted = "" if wanted is None else f" column {wanted!r}"
            raise ValueError(
                f"The data have no target{wanted}, and there is nothing to score against. Pass `target`, or (x, y)."
            )
        y = loaded.y if model.schema.task is not None or model.entry.task in _SCORED else None  # a map learns none
        y = None if y is None else model.preprocessor.encode_target(y)
        x = loaded.x.drop(columns=list(loaded.ignore), errors="ignore") if loaded.ignore else loaded.x
        rows = Encoded(model.preprocessor.encode(x), y, weighing.of_rows(loaded.roles), truth=y)
        scores = score(model, rows)
    if verbose:
        print(scores)
    return scores


def _score_stream(model, loaded, wanted, weighing: _Weighing) -> Scores:
    if wanted not in next(loaded.blocks(1))[1].columns:
        raise ValueError(
            f"The data have no target column {wanted!r}, and there is nothing to score against. Pass `target`."
        )
    outputs, y, weight = [], [], []
    for _, frame in loaded.blocks():
        x = frame.drop(columns=list(loaded.ignore), errors="ignore") if loaded.ignore else frame
        outputs.append(inference.outputs(model, model.preprocessor.encode(x)))
        y.append(model.preprocessor.encode_target(frame[wanted]))
        weight.append(weighing.of_rows(frame, block=True))
    of_all = None if weighing.column is None else checked_weights(np.concatenate(weight), "weights")
    return score_outputs(model, np.concatenate(outputs), np.concatenate(y), of_all)


def score(model, rows: Encoded, *, once: bool = False, weighted: bool = True) -> Scores:
    """Scores a model on encoded rows.

    Args:
        model: A `zoo.Model`.
        rows: With or without targets.
        once: Leaves compiling out.
        weighted: Whether rows count by their weights, if they have any.
    """
    supervised = rows.y is not None and model.entry.task in _SCORED
    truth = rows.y if rows.truth is None else rows.truth
    outputs = inference.outputs(model, rows.x, once=once) if supervised else None
    found = score_outputs(model, outputs, truth, rows.weight if weighted else None) if supervised else None
    values = {} if found is None else dict(found)
    for function in model.recipe.scores:
        found_here = function(model, rows.x, rows.y)
        values |= found_here if isinstance(found_here, Mapping) else {function.__name__: float(found_here)}
    return Scores(values, rows=len(rows), confusion=None if found is None else found.confusion)


def score_outputs(model, outputs: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None) -> Scores:
    """Scores a model's outputs.

    Args:
        model: A `zoo.Model`.
        outputs: What `inference.outputs` returns, `(rows, classes)`, `(rows, 1)` or `(rows, time, 1)`.
        y: Class indices, or values in the target's units, `(rows,)`; of dynamics as the outputs.
        weight: Sample weights `(rows,)`, or None: every row counts the same.
    """
    if model.entry.task != "classification":
        if weight is not None and y.ndim > 1:  # each moment of a row counts as its row
            weight = np.repeat(weight, y[0].size)
        values = outputs.reshape(-1) if y.ndim > 1 else outputs[:, 0]
        return Scores(_regression_scores(y.reshape(-1), values, weight), rows=len(y))
    probabilities = keras.ops.convert_to_numpy(model.probabilities(keras.ops.convert_to_tensor(outputs)))
    hard = model.decision == "threshold"
    return _classification_scores(y, probabilities, model.classes, hard=hard, weight=weight)


def _mean(values, weight) -> float:
    return float(np.average(np.asarray(values, "float64"), weights=weight))


def _regression_scores(y, values, weight=None) -> dict[str, float]:
    y = np.asarray(y, "float64")
    errors = np.asarray(values, "float64") - y
    spread = _mean((y - _mean(y, weight)) ** 2, weight)
    r2 = 1.0 - _mean(errors**2, weight) / spread if spread > 0 else float("nan")
    return {"rmse": _mean(errors**2, weight) ** 0.5, "mae": _mean(np.abs(errors), weight), "r2": r2}


def _classification_scores(y, probabilities, classes, *, hard: bool, weight=None) -> Scores:
    predicted, size = np.argmax(probabilities, axis=-1), len(classes)
    values = {"accuracy": _mean(predicted == y, weight)}
    soft = not hard and bool(np.all(np.isfinite(probabilities)))  # a diverged model has no probabilities to score
    if soft:
        p = probabilities.astype("float64")
        p = p / p.sum(axis=-1, keepdims=True)
        values["log_loss"] = _mean(-np.log(np.maximum(p[np.arange(len(y)), y], 1e-15)), weight)
        values["brier"] = _brier(p, y, weight)
        if np.bincount(y, weight, minlength=size).all():
            which = [1] if size == 2 else range(size)
            values["roc_auc"] = float(np.mean([_roc_auc(p[:, k], y == k, weight) for k in which]))
            values["average_precision"] = float(np.mean([_average_precision(p[:, k], y == k, weight) for k in which]))
    counts = np.bincount(y * size + predicted, weight, minlength=size**2).reshape(size, -1)
    values["f1_macro"] = _f1_macro(counts)
    if soft:
        values["ece"] = _calibration_error(p.max(axis=-1), predicted == y, weight)
    return Scores(values, rows=len(y), confusion=pd.DataFrame(counts, index=classes, columns=classes))


def _brier(p: np.ndarray, y: np.ndarray, weight) -> float:
    """Returns the mean of (p_1 - y)^2 for two classes, of sum_k (p_k - [y = k])^2 for more."""
    if p.shape[1] == 2:
        return _mean((p[:, 1] - y) ** 2, weight)
    return _mean(np.sum(p**2, axis=1) - 2 * p[np.arange(len(y)), y] + 1, weight)


def _roc_auc(scores: np.ndarray, positive: np.ndarray, weight=None) -> float:
    """Returns the area under the ROC curve: the share of pairs in which the positive row scores higher; ties half."""
    weight = np.ones(len(scores)) if weight is None else weight
    order = np.argsort(scores[~positive], kind="stable")
    ordered = scores[~positive][order]
    sums = np.concatenate([[0.0], np.cumsum(weight[~positive][order])])
    below, up_to = (sums[np.searchsorted(ordered, scores[positive], side)] for side in ("left", "right"))
    area = np.average(below + up_to, weights=weight[positive]) / (2 * sums[-1])
    return float(min(area, 1.0))  # sums of weights are rounded


def _average_precision(scores: np.ndarray, positive: np.ndarray, weight=None) -> float:
    """Returns sum_n (R_n - R_{n-1}) P_n over the thresholds n, from recall R and precision P of what scores as high."""
    weight = np.ones(len(scores)) if weight is None else weight
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.diff(scores[order]) != 0, True)  # of the rows that score the same
    right = np.cumsum((weight * positive)[order])[last]
    chosen = np.cumsum(weight[order])[last]
    precision = np.divide(right, chosen, out=np.zeros_like(right), where=chosen > 0)
    return float(np.sum(np.diff(right, prepend=0.0) * precision) / right[-1])


def _f1_macro(counts: np.ndarray) -> float:
    """Returns the mean of F1 = 2 tp / (2 tp + fp + fn) over the classes that occur, from the confusion matrix."""
    total = counts.sum(axis=0) + counts.sum(axis=1)
    occurs = total > 0
    return float(np.mean(2 * np.diag(counts)[occurs] / total[occurs]))


def _calibration_error(confidence, correct, weight=None) -> float:
    weight = np.ones(len(confidence)) if weight is None else weight
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = np.bincount(bins, correct * weight, BINS) - np.bincount(bins, confidence * weight, BINS)
    return float(np.sum(np.abs(gaps)) / np.sum(weight))
