"""`zoo.evaluate`: scores of a model on data, as a mapping that prints as a table.

Which scores there are is the task's (see `zoo.tasks.measures` for the formulas), and what the entry's traits score
beside them, such as the quantization error of a map.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from zoo import overrides
from zoo.data.names import absent, column_named
from zoo.data.pipelines import Encoded
from zoo.data.weighting import checked_weights
from zoo.progress import Progress
from zoo.scores import Groups, Scores
from zoo.training import inference
from zoo.training.grouping import checked_column, column_of, groups_of
from zoo.training.keras_scores import checked_metrics, keras_scores
from zoo.training.resolving import AnyModel, load_for, resolve_model


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
            self.column = column_named(weight, columns, "weight", ", or one number a row")
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
    target=None,
    weight=None,
    by: str | None = None,
    metrics: Iterable = (),
    threshold: float | str | Mapping | None = None,
    image_size: int | Sequence[int] | None = None,
    verbose: int = 1,
) -> Scores:
    """Scores a model on data, and prints the tables.

    Of two classes `precision`, `recall` and `f1` are those of the second class in order, `scores.positive`; of more
    they are means over the classes. Each class has its own, such as `recall_yes`, and so has each label and target.

    Args:
        model: A `zoo.Model`, a `Run`, an artifact's folder or a preset's name.
        data: Anything that `zoo.data.load` takes, with the target. A data set that ships test rows gives those.
        target: The target's column, or several such as `["a", "b"]`, where the names are not those of training.
        weight: A column of sample weights, or an array `(rows,)`: each score counts a row by its weight, as
            scikit-learn's metrics do with `sample_weight`.
        by: A column of the data, which the model need not know: `scores.by` has the scores of the rows of each value.
            Numbers, times and durations of many values are put into four bins of about as many rows.
        metrics: Keras's metrics or their names, such as `"recall"`, or functions of `(y_true, y_pred)`, beside the
            scores. Of two classes those that compare columns are shown that of the second class. Where a score has the
            name of a metric, the metric's is `keras_<name>`; the second of two metrics of one name is `<name>_2`.
        threshold: Of two classes, the probability of the second one from which on it is the answer; of labels, that of
            each; left out, the model's own. `"f1"`, `"balanced_accuracy"` or `"accuracy"`: the one by which that
            score is highest on these rows, which should be validation rows: on the rows by which it is chosen a score
            is too good. Keras's `metrics` have thresholds of their own, such as `keras.metrics.Recall(thresholds=0.3)`.
        image_size: `(height, width)` to resize images to; left out, a model that was trained with it resizes them.
        verbose: 0 prints nothing.

    Returns:
        Scores by name.

    Raises:
        ValueError: if the target is missing or holds classes that the model does not know; if weights are no finite
            numbers or do not belong to the rows; if there is no such threshold, column or metric; or if there is
            nothing to score.
    """
    model = resolve_model(model)
    if threshold is not None:
        model.task.check_threshold(threshold, model.target, model.decision == "threshold")
    keras_metrics = checked_metrics(model, metrics)
    if weight is not None and not model.task.scored:
        raise ValueError(
            f"`weight` is for scores against a target; {model.entry.name!r} does {model.task.name}. Leave it out."
        )
    loaded = load_for(model, data, target=target, image_size=image_size)
    weighing, by = _Weighing(weight, loaded), checked_column(by, loaded)
    roles = [column for column in (weighing.column, by) if column is not None]
    no_inputs = [column for column in roles if column not in (*model.schema.names, *loaded.targets)]
    loaded = loaded.ignoring(no_inputs) if no_inputs else loaded
    if "test" in loaded.splits:
        loaded = loaded.take(loaded.splits["test"])
    if not loaded.streaming and not len(loaded):
        raise ValueError("The data must have rows to score. Received: none. Check how they were made.")
    wanted = loaded.target or (model.schema.target if target is None else target)
    lacking = absent(wanted, loaded.column_names)
    if loaded.streaming:
        if not model.task.scored:
            raise ValueError(
                f"{model.entry.name!r} is scored by all rows at once. Received: a stream. Load the data with "
                "`stream=False`."
            )
        if lacking or wanted is None:
            named = f" column {lacking[0]!r}" if lacking else ""
            raise ValueError(f"The data have no target{named}, and there is nothing to score against. Pass `target`.")
        rows, outputs, groups = _read_stream(model, loaded, wanted, weighing, by, verbose)
        scores = score_outputs(model, outputs, rows.y, rows.weight)
    else:
        if loaded.y is None and model.task.scored:
            named = f" column {lacking[0]!r}" if lacking else ""
            raise ValueError(
                f"The data have no target{named}, and there is nothing to score against. Pass `target`, or (x, y)."
            )
        y = loaded.y if model.schema.task is not None or model.task.scored else None  # a map learns none
        y = None if y is None else model.target.encode(y)
        x = loaded.x.drop(columns=list(loaded.ignore), errors="ignore") if loaded.ignore else loaded.x
        rows = Encoded(model.preprocessor.encode(x), y, weighing.of_rows(loaded.roles), truth=y)
        outputs = inference.outputs(model, rows.x) if y is not None and model.task.scored else None
        groups = None if by is None else groups_of(column_of(loaded, by), by)
        scores = score(model, rows, outputs=outputs)
    if groups is not None and scores.predictions is None:
        raise ValueError(
            f"`by` needs scores that hold what was scored; those of {model.entry.name!r} hold none. Score the rows of "
            "each group by themselves."
        )
    if keras_metrics:
        scores = scores.extended(keras_scores(model, keras_metrics, outputs, rows.y, rows.weight, taken=scores))
    scores = scores.extended({}, groups=groups)
    scores = scores if threshold is None else scores.at(threshold)
    if verbose:
        print(scores)
    return scores


def _read_stream(model, loaded, wanted, weighing: _Weighing, by, verbose: int) -> tuple[Encoded, Any, Groups | None]:
    """Returns targets and weights of a stream's rows, what the model decided, and the groups of the rows."""
    outputs, y, weight, grouped = [], [], [], []
    with Progress(None, "row", verbose=verbose) as progress:
        for _, frame in loaded.blocks():
            x = frame.drop(columns=list(loaded.ignore), errors="ignore") if loaded.ignore else frame
            outputs.append(inference.outputs(model, model.preprocessor.encode(x)))
            y.append(model.target.encode(frame[wanted]))
            weight.append(weighing.of_rows(frame, block=True))
            grouped += [] if by is None else [frame[by]]
            progress.advance(len(frame))
    of_all = None if weighing.column is None else checked_weights(np.concatenate(weight), "weights")
    groups = None if by is None else groups_of(pd.concat(grouped), by)
    return Encoded({}, np.concatenate(y), of_all), inference.joined(outputs), groups


def score(model, rows: Encoded, *, outputs=None, once: bool = False, weighted: bool = True) -> Scores:
    """Scores a model on encoded rows.

    Args:
        model: A `zoo.Model`.
        rows: With or without targets.
        outputs: What the model decided, if that is known already.
        once: Leaves compiling out.
        weighted: Whether rows count by their weights, if they have any.
    """
    supervised = rows.y is not None and model.task.scored
    truth = rows.y if rows.truth is None else rows.truth
    scores = Scores({}, rows=len(rows))
    if supervised:
        outputs = inference.outputs(model, rows.x, once=once) if outputs is None else outputs
        scores = score_outputs(model, outputs, truth, rows.weight if weighted else None)
    values: dict[str, float] = {}
    for function in model.traits.scores:
        found_here = function(model, rows.x, rows.y)
        values |= found_here if isinstance(found_here, Mapping) else {function.__name__: float(found_here)}
    return scores.extended(values) if values else scores


def score_outputs(model, outputs: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None) -> Scores:
    """Scores a model's outputs.

    Args:
        model: A `zoo.Model`.
        outputs: What `inference.outputs` returns, `(rows, classes)`, `(rows, 1)` or `(rows, time, 1)`.
        y: What `Target.encode` returns, such as class indices, or values in the target's units.
        weight: Sample weights `(rows,)`, or None: every row counts the same.
    """
    scores = model.task.scores(y, outputs, model.target, model.decision, weight)
    return overrides.returned(scores, Scores, f"`scores` of the task {model.task.name!r}")
