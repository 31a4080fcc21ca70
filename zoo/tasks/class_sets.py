"""Sets of classes that hold the true one with a stated share: the least ambiguous sets (LAC).

    set(x) = {k : p_k(x) >= t}          t by the conformal quantile of the scores -p_true of rows that trained nothing

Among all sets of a coverage these are the smallest in the mean where p are the true probabilities (M. Sadinle, J. Lei,
L. Wasserman, Least Ambiguous Set-Valued Classifiers with Bounded Error Levels, Journal of the American Statistical
Association 114(525), 2019. https://arxiv.org/abs/1609.00451). Adaptive sets (RAPS, https://arxiv.org/abs/2009.14193)
vary their size more with the row, but are larger, and keep the coverage only by a random draw for each row: an answer
of the zoo is a function of its row alone, so that they would be larger still.

The label is always in the set: the most probable class, or the one that a decision threshold names. Without it, sets of
a model that is right more often than the coverage would be empty where it is least sure; with it such a model covers as
much as it is right.
"""

from __future__ import annotations

import numpy as np

from zoo.tasks import conformal

ROUNDING = 1e-4  # of a probability: how far below a held-out row's own the threshold is, so that formats agree on it


def fitted(p: np.ndarray, y: np.ndarray, coverage: float, weight: np.ndarray | None = None) -> float:
    """Returns the least probability by which a class is in the set.

    Args:
        p: Probabilities of rows that trained nothing, `(rows, classes)`.
        y: Their class indices, `(rows,)`.
        coverage: The share of new rows whose class is to be in the set.
        weight: Sample weights `(rows,)`, or None.

    Raises:
        ValueError: if there are too few rows, or a probability is not finite.
    """
    if not np.all(np.isfinite(p)):
        raise ValueError(
            "`intervals` need finite probabilities. Received: some that are no finite numbers. Train again with a "
            "smaller `learning_rate`."
        )
    of_true = np.take_along_axis(np.asarray(p, "float64"), np.asarray(y)[:, None].astype("int64"), axis=1)[:, 0]
    score, larger = conformal.quantile(-of_true, coverage, weight)
    least, below = -score, max(-larger, 0.0)  # the next larger score may be inf, of which the probability is 0
    return max((least + below) / 2, least * (1 - ROUNDING))


def inside(p, least: float, threshold: float | None = None):
    """Returns which classes are in the set, Booleans `(rows, classes)`, for arrays of numpy or tensors of Keras.

    Args:
        p: Probabilities `(rows, classes)`.
        least: What `fitted` returned.
        threshold: Of two classes, the probability of the second from which on it is the label; None for the most
            probable, with which classes of the same probability are in.
    """
    if isinstance(p, np.ndarray):
        dtype = p.dtype.type
        if threshold is None:
            return p >= np.minimum(dtype(least), p.max(axis=-1, keepdims=True))
        second = p[:, 1:] >= dtype(threshold)
        return (p >= dtype(least)) | np.concatenate([~second, second], axis=1)
    from keras import ops

    if threshold is None:
        return p >= ops.minimum(ops.cast(least, p.dtype), ops.max(p, axis=-1, keepdims=True))
    second = p[:, 1:] >= ops.cast(threshold, p.dtype)
    return ops.logical_or(p >= ops.cast(least, p.dtype), ops.concatenate([ops.logical_not(second), second], axis=-1))


def source(least: float, threshold: float | None = None) -> str:
    """Returns the expression of numpy for `inside`, of the probabilities `p` and the indices `best` of the labels."""
    if threshold is None:
        return f"p >= np.minimum(p.dtype.type({least!r}), p.max(axis=1, keepdims=True))"
    return f"(p >= p.dtype.type({least!r})) | (best[:, None] == np.arange(2))"
