"""How the line beside the hidden layers is solved, and what cards say of it: one method for each `Task.line`.

    ridge      ridge regression of each standardised target, by eigenvalues
    logistic   logistic regression of classes, by L-BFGS
    labels     the same of each label by itself

The penalty of each is that of the least error on five folds of the rows.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from zoo.data.pipelines import Encoded
from zoo.layers.linear import line_of
from zoo.model import Model
from zoo.solvers.logistic import logistic
from zoo.solvers.ridge import Line, ridge
from zoo.tasks.task import Task

FOLDS = 5
MOST_FOLD_VALUES = 2**20  # of what chooses the penalty of a classifier, which takes some hundred steps


@dataclasses.dataclass(frozen=True)
class Method:
    """How the line of a task is solved.

    Args:
        kind: What cards call the regression.
        penalty: What they call its penalty.
        solve: A function `(model, encoded, rows, x, weight, generator) -> Line` of the numbers of the rows to solve it
            from, their features `(rows, features)` in float64, their weights or None, and numpy's generator for folds.
        constant: A function `(model, encoded) -> (outputs,)`: the network's outputs that answer all rows alike.
    """

    kind: str
    penalty: str
    solve: Callable[..., Line]
    constant: Callable[[Model, Encoded], np.ndarray]


def method_of(task: Task) -> Method:
    """Returns how the line of a task is solved.

    Raises:
        ValueError: if the task names none.
    """
    if task.line not in METHODS:
        raise ValueError(
            f"A network with a line beside its hidden layers needs a task whose `line` is one of {', '.join(METHODS)}. "
            f"Received: line={task.line!r} of {task.name!r}. Set `line`, or leave `linear` of the recipe out."
        )
    return METHODS[task.line]


def positive(weight: np.ndarray | None) -> np.ndarray | None:
    """Returns weights if their sum can be divided by."""
    return weight if weight is not None and weight.sum() > 0 else None


def _ridge(model: Model, encoded: Encoded, rows: np.ndarray, x: np.ndarray, weight, generator) -> Line:
    y = model.target.standardised(encoded.truth[rows])
    folds = generator.permutation(np.arange(len(rows)) % min(FOLDS, len(rows)))
    return _side_by_side([ridge(x, column, folds, weight) for column in (y[None] if y.ndim == 1 else y.T)])


def _mean(model: Model, encoded: Encoded) -> np.ndarray:
    """Returns the mean of each standardised target."""
    y = model.target.standardised(encoded.truth)
    return np.atleast_1d(np.average(y, axis=0, weights=positive(encoded.weight)))


def _logistic(model: Model, encoded: Encoded, rows: np.ndarray, x: np.ndarray, weight, generator) -> Line:
    y, outputs = np.asarray(encoded.y)[rows], line_of(model.network).num_outputs
    separate = model.decision == "sigmoid" and outputs > 1
    most = max(FOLDS, MOST_FOLD_VALUES // max(x.shape[1] * outputs, 1))
    return logistic(x, y, outputs, _stratified(y, most, generator), weight, separate=separate)


def _shares_of_classes(model: Model, encoded: Encoded) -> np.ndarray:
    """Returns the logits by which each class has the probability of its share."""
    outputs = line_of(model.network).num_outputs
    counts = np.bincount(np.asarray(encoded.y), positive(encoded.weight), minlength=max(outputs, 2)) + 1e-6
    shares = counts / counts.sum()
    if outputs == 1:
        return np.log(shares[1:] / shares[0])
    return np.log(shares / (1.0 - shares)) if model.decision == "sigmoid" else np.log(shares)


def _logistic_of_each(model: Model, encoded: Encoded, rows: np.ndarray, x: np.ndarray, weight, generator) -> Line:
    y = np.asarray(encoded.y)[rows]
    most = max(FOLDS, MOST_FOLD_VALUES // max(x.shape[1] * y.shape[1], 1))
    return _side_by_side([logistic(x, label, 1, _stratified(label, most, generator), weight) for label in y.T])


def _shares_of_labels(model: Model, encoded: Encoded) -> np.ndarray:
    """Returns the logits by which each label has the probability of its share."""
    shares = np.average(np.asarray(encoded.y), axis=0, weights=positive(encoded.weight)).clip(1e-6, 1 - 1e-6)
    return np.log(shares / (1.0 - shares))


METHODS = {
    "ridge": Method("ridge", "penalty", _ridge, _mean),
    "logistic": Method("logistic", "C", _logistic, _shares_of_classes),
    "labels": Method("logistic", "C", _logistic_of_each, _shares_of_labels),
}


def _side_by_side(lines: list[Line]) -> Line:
    """Returns lines of one output each as one, whose penalties are those of the outputs."""
    if len(lines) == 1:
        return lines[0]
    weights, intercepts = ([getattr(one, name) for one in lines] for name in ("weights", "intercept"))
    penalties: list = [one.penalty for one in lines]
    return Line(np.concatenate(weights, axis=1), np.concatenate(intercepts), penalties)


def _stratified(y: np.ndarray, most: int, generator) -> np.ndarray:
    """Returns the number of each row's fold, with as many rows of a class in each; -1 of rows beyond `most`."""
    order = generator.permutation(len(y))
    folds = np.full(len(y), -1)
    chosen = order[:most]
    by_class = chosen[np.argsort(y[chosen], kind="stable")]
    folds[by_class] = np.arange(len(by_class)) % min(FOLDS, len(by_class))
    return folds
