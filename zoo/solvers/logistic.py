"""Logistic regression by L-BFGS with a penalty that is chosen by cross-validation.

    minimise  sum_i w_i loss(y_i, B'x_i + b_0) + |B|^2 / (2 C)

The rows are rotated to the directions in which they are uncorrelated, which leaves |B| as it is, and each direction is
scaled by the root of s / 4 + 1 / C, s being its sum of squares: a bound of the curvature there (Boehning). L-BFGS then
needs about ten steps. Rows of more columns than rows have as many directions as rows.

D. Boehning, Multinomial Logistic Regression Algorithm, Annals of the Institute of Statistical Mathematics 44, 1992.
https://doi.org/10.1007/BF00048682
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logsumexp

from zoo.solvers.ridge import Line, Spectrum

C = tuple(10.0 ** (k / 2) for k in range(-4, 5))  # from .01 to 100
STRONGER = tuple(10.0 ** (k / 2) for k in range(-5, -9, -1))  # down to 1e-4: tried where .01 is the best of them
WORSE = 2  # values of C in a row after which no further one is tried
MOST_STEPS = 200


def logistic(
    x: np.ndarray,
    y: np.ndarray,
    outputs: int,
    folds: np.ndarray,
    weight: np.ndarray | None = None,
    *,
    separate: bool = False,
) -> Line:
    """Returns the logistic regression whose C gives the folds that it was not fitted to the least log loss.

    Args:
        x: `(rows, features)`, float64, finite.
        y: Indices of classes `(rows,)`.
        outputs: Logits: 1 for two classes, else one for each class.
        folds: The number of each row's fold, from 0, or -1 of a row that chooses nothing; with one fold, C is 1.
        weight: Of each row, of mean 1, or None.
        separate: Whether each logit is of its class against all others, rather than the softmax of all.
    """
    spectrum = Spectrum(x, weight)
    rows = _Rows(spectrum.rotated(), spectrum.values, y, outputs, weight, separate)
    chosen = 1.0
    if folds.max():
        chosen = _chosen(rows, folds)
    found = rows.minimum(np.ones(len(y), bool), chosen, None, tolerance=1e-12)
    weights = spectrum.directions @ found[1:]
    return Line(weights, found[0] - spectrum.mean @ weights, chosen)


def _chosen(rows: _Rows, folds: np.ndarray) -> float:
    """Returns the C of the least loss on the rows left out."""
    best = _best_of(C, rows, folds)
    return _best_of((C[0], *STRONGER), rows, folds) if best == C[0] else best


def _best_of(candidates: Sequence[float], rows: _Rows, folds: np.ndarray) -> float:
    """Returns the C of the least loss of several, which are tried in turn until `WORSE` of them were worse."""
    starts: list[np.ndarray | None] = [None] * (folds.max() + 1)
    losses: list[float] = []
    for c in candidates:
        total = 0.0
        for fold in range(len(starts)):
            starts[fold] = rows.minimum((folds != fold) & (folds >= 0), c, starts[fold], tolerance=1e-5)
            total += rows.loss(folds == fold, starts[fold])
        losses.append(total)
        if len(losses) - 1 - int(np.argmin(losses)) >= WORSE:
            break
    return candidates[int(np.argmin(losses))]


class _Rows:
    """Rotated rows and their classes.

    Args:
        x: `(rows, directions)`, centred.
        values: The sum of squares along each direction.
        y: Indices of classes.
        outputs: Logits.
        weight: Of each row, or None.
        separate: As in `logistic`.
    """

    def __init__(self, x, values, y, outputs, weight, separate):
        self._x, self._values, self._outputs = x, values, outputs
        self._is_sigmoid = separate or outputs == 1
        self._weight = np.ones(len(y)) if weight is None else weight
        self._y = y
        self._targets = (y[:, None] == (np.arange(outputs) if outputs > 1 else [1])).astype("float64")

    def minimum(self, chosen: np.ndarray, c: float, start: np.ndarray | None, *, tolerance: float) -> np.ndarray:
        """Returns the intercept and the weights `(1 + directions, outputs)` of the least loss.

        Args:
            chosen: Which rows count.
            c: The inverse of the penalty.
            start: Where to begin; None for zero.
            tolerance: Relative change of the loss at which it ends.
        """
        everything = bool(chosen.all())
        x, targets = (self._x, self._targets) if everything else (self._x[chosen], self._targets[chosen])
        weight = self._weight if everything else self._weight[chosen]
        total = max(float(weight.sum()), np.finfo("float64").tiny)
        share = total / max(float(self._weight.sum()), np.finfo("float64").tiny)
        scale = np.sqrt(np.concatenate([[total], self._values * share]) / 4 + np.append(0.0, np.ones(x.shape[1]) / c))
        shape = (len(scale), self._outputs)

        def value_and_gradient(scaled):
            theta = scaled.reshape(shape) / scale[:, None]
            logits = x @ theta[1:] + theta[0]
            losses, errors = self._loss_and_errors(logits, targets)
            errors *= weight[:, None]
            gradient = np.concatenate([errors.sum(axis=0)[None], x.T @ errors + theta[1:] / c])
            value = float(weight @ losses) + float(np.sum(np.square(theta[1:]))) / (2 * c)
            return value / total, (gradient / scale[:, None]).ravel() / total

        first = np.zeros(shape) if start is None else start * scale[:, None]
        options = {"maxiter": MOST_STEPS, "maxfun": 2 * MOST_STEPS, "ftol": tolerance, "gtol": 1e-9, "maxcor": 10}
        found = minimize(value_and_gradient, first.ravel(), jac=True, method="L-BFGS-B", options=options)
        return found.x.reshape(shape) / scale[:, None]

    def _loss_and_errors(self, logits, targets):
        """Returns the loss of each row, and its derivative by each logit."""
        if self._is_sigmoid:
            losses = np.logaddexp(0.0, logits) - targets * logits
            return losses.sum(axis=1), expit(logits) - targets
        norms = logsumexp(logits, axis=1, keepdims=True)
        return (norms - np.sum(targets * logits, axis=1, keepdims=True))[:, 0], np.exp(logits - norms) - targets

    def loss(self, chosen: np.ndarray, theta: np.ndarray) -> float:
        """Returns the weighted sum of the losses of chosen rows."""
        losses, _ = self._loss_and_errors(self._x[chosen] @ theta[1:] + theta[0], self._targets[chosen])
        return float(self._weight[chosen] @ losses)
