"""Ridge regression by eigenvalues, its penalty chosen by cross-validation.

    minimise  sum_i w_i (y_i - x_i . b - b_0)^2 + a |b|^2
    d <= n    X'X = V S V',  b = V (S + a)^-1 V' X'y          d > n   XX' = U S U',  b = X' U (S + a)^-1 U'y

X and y are centred, and the intercept b_0 is not shrunk. One decomposition serves all penalties a. Columns that nearly
depend on each other can have large weights that cancel out; where float32 would lose the answer by that, a is larger.

A. E. Hoerl, R. W. Kennard, Ridge Regression: Biased Estimation for Nonorthogonal Problems, Technometrics 12, 1970.
https://doi.org/10.1080/00401706.1970.10488634
"""

from __future__ import annotations

import dataclasses

import numpy as np

PENALTIES = (1e-8, 1e-6, 1e-4, *(10.0 ** (k / 2) for k in range(-6, 9)))  # the last from 1e-3 to 1e4
LEAST_SHARE = 1e-12  # of the largest eigenvalue; below it, columns depend on each other up to rounding
MOST_PARTS = 64.0  # times a row's answer and the target's deviation that its parts may sum up to, before they cancel
MOST_PRODUCTS = 2**34  # multiplications of a decomposition, which takes a second or two


@dataclasses.dataclass(frozen=True)
class Line:
    """What a linear model has learnt.

    Args:
        weights: `(features, outputs)`.
        intercept: `(outputs,)`.
        penalty: By which the weights are shrunk: a of `a |b|^2` for a regression, C of `|b|^2 / (2 C)` for classes.
            Of several lines side by side, of each.
    """

    weights: np.ndarray
    intercept: np.ndarray
    penalty: float | list[float]

    def outputs(self, x: np.ndarray) -> np.ndarray:
        """Returns `(rows, outputs)`."""
        return x @ self.weights + self.intercept


class Spectrum:
    """The decomposition of centred rows.

    Args:
        x: `(rows, features)`, float64.
        weight: Of each row, of mean 1, or None.
    """

    def __init__(self, x: np.ndarray, weight: np.ndarray | None = None):
        self._roots = None if weight is None else np.sqrt(weight)[:, None]
        self.mean = x.mean(axis=0) if weight is None else weight @ x / weight.sum()
        centred = x - self.mean
        self._x = centred if weight is None else centred * self._roots
        rows, features = x.shape
        self._is_dual = features > rows
        values, vectors = np.linalg.eigh(self._x @ self._x.T if self._is_dual else self._x.T @ self._x)
        kept = values > max(LEAST_SHARE * max(values[-1], 0.0), np.finfo("float64").tiny) if len(values) else []
        self.values, vectors = values[kept], vectors[:, kept]
        # Orthonormal directions in the space of the features, along which the rows lie.
        self.directions = self._x.T @ (vectors / np.sqrt(self.values)) if self._is_dual else vectors

    def rotated(self) -> np.ndarray:
        """Returns the centred rows in the directions of the spectrum, `(rows, directions)`, without their weights."""
        rotated = self._x @ self.directions
        return rotated if self._roots is None else rotated / np.where(self._roots > 0, self._roots, 1.0)

    def ridge(self, y: np.ndarray, mean: float, penalties) -> tuple[np.ndarray, np.ndarray]:
        """Returns the weights `(features, penalties)` and the intercepts `(penalties,)`.

        Args:
            y: Targets `(rows,)`.
            mean: Their weighted mean.
            penalties: Several a.
        """
        centred = y - mean if self._roots is None else (y - mean) * self._roots[:, 0]
        along = self.directions.T @ (self._x.T @ centred)
        weights = self.directions @ (along[:, None] / (self.values[:, None] + np.asarray(penalties)))
        return weights, mean - self.mean @ weights


def ridge(x: np.ndarray, y: np.ndarray, folds: np.ndarray, weight: np.ndarray | None = None) -> Line:
    """Returns the ridge regression whose penalty predicts best the folds that it was not fitted to.

    Args:
        x: `(rows, features)`, float64, finite.
        y: `(rows,)`, float64.
        folds: The number of each row's fold, from 0; with one fold alone, the penalty is the mildest.
        weight: Of each row, of mean 1, or None.
    """
    mean = float(np.average(y, weights=weight))
    weights, intercepts = Spectrum(x, weight).ridge(y, mean, PENALTIES)
    centred, deviation = x - x.mean(axis=0), np.sqrt(np.average(np.square(y - mean), weights=weight))
    parts = np.abs(centred) @ np.abs(weights)
    is_held = np.all(parts <= MOST_PARTS * (np.abs(centred @ weights) + deviation), axis=0)
    is_held[-1] = True
    chosen = int(np.argmin(np.where(is_held, _errors(x, y, folds, weight), np.inf)))
    return Line(weights[:, [chosen]], intercepts[[chosen]], PENALTIES[chosen])


def _errors(x, y, folds, weight) -> np.ndarray:
    """Returns the sum of squared errors on the rows left out, for each penalty."""
    errors = np.zeros(len(PENALTIES))
    for fold in range(folds.max() + 1) if folds.max() else ():
        left_out = folds == fold
        own, theirs = (None, None) if weight is None else (weight[~left_out], weight[left_out])
        if own is not None and not own.sum() > 0:
            continue
        mean = float(np.average(y[~left_out], weights=own))
        weights, intercepts = Spectrum(x[~left_out], own).ridge(y[~left_out], mean, PENALTIES)
        squares = np.square(y[left_out, None] - x[left_out] @ weights - intercepts)
        errors += squares.sum(axis=0) if theirs is None else theirs @ squares
    return errors


def most_rows(features: int) -> int:
    """Returns how many rows of so many features are decomposed within `MOST_PRODUCTS`."""
    if 10 * features**3 <= MOST_PRODUCTS:
        return (MOST_PRODUCTS - 9 * features**3) // features**2
    low, high = 1, features  # the dual form: 9 n^3 + n^2 d
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if (9 * middle + features) * middle**2 <= MOST_PRODUCTS else (low, middle - 1)
    return low
