"""The probability from which on an answer is positive: a number, or the one by which a score is highest.

f1                  2 tp / (2 tp + fp + fn)
balanced_accuracy   (tp / positive + tn / negative) / 2
accuracy            (tp + tn) / (positive + negative)
"""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real

import numpy as np

from zoo.registry import suggest

OBJECTIVES: dict[str, Callable] = {
    "f1": lambda tp, fp, positive, negative: 2 * tp / (tp + fp + positive),
    "balanced_accuracy": lambda tp, fp, positive, negative: (tp / positive + 1 - fp / negative) / 2,
    "accuracy": lambda tp, fp, positive, negative: (tp + negative - fp) / (positive + negative),
}


def check(threshold) -> None:
    """Checks a threshold.

    Args:
        threshold: A number, or one of `OBJECTIVES`.

    Raises:
        ValueError: if it is neither, or does not lie between 0 and 1.
    """
    if isinstance(threshold, str):
        if threshold not in OBJECTIVES:
            raise ValueError(
                f"`threshold` must be a number between 0 and 1, or one of {', '.join(map(repr, OBJECTIVES))}. "
                f"Received: threshold={threshold!r}.{suggest(threshold, OBJECTIVES)}"
            )
        return
    is_number = isinstance(threshold, Real) and not isinstance(threshold, (bool, np.bool_))
    if not is_number or not 0 < float(threshold) < 1:
        raise ValueError(
            "`threshold` must lie between 0 and 1, without these two. Received: "
            f"threshold={float(threshold) if is_number else threshold!r}. 0.5 is where both classes are as probable."
        )


def check_soft(threshold, hard: bool) -> None:
    """Raises ValueError if the answers are decisions, which have no threshold."""
    if hard:
        raise ValueError(
            f"`threshold` compares probabilities. Received: threshold={threshold!r} for a model whose units answer 0 "
            "or 1. Leave it out."
        )


def check_rows(threshold, positive: np.ndarray, weight, what: str) -> None:
    """Raises ValueError if a threshold is named by a score, and rows are all positive or all negative.

    Args:
        threshold, positive, weight, what: As for `chosen`.
    """
    if not isinstance(threshold, str):
        return
    total = np.bincount(positive.astype("int64"), weight, minlength=2)
    if not total.all():
        only = "none" if not total[1] else "only such rows"
        raise ValueError(
            f"`threshold={threshold!r}` is chosen by rows with and without the {what}. Received: {only}. Pass a "
            "number, or rows of both kinds."
        )


def chosen(threshold, positive: np.ndarray, p: np.ndarray, weight, what: str) -> float:
    """Returns a threshold as a number.

    Args:
        threshold: What `check` takes.
        positive: Whether each row is positive, `(rows,)`.
        p: Probabilities of the positive, `(rows,)`.
        weight: Sample weights `(rows,)`, or None.
        what: What messages call the positive, such as `"class 'yes'"`.

    Raises:
        ValueError: if a score is named that these rows do not have, or probabilities are not finite.
    """
    check(threshold)
    if not isinstance(threshold, str):
        return float(threshold)
    check_rows(threshold, positive, weight, what)
    if not np.all(np.isfinite(p)):
        raise ValueError(
            f"`threshold={threshold!r}` is chosen by probabilities. Received: some that are no finite numbers. Train "
            "the model again, with a smaller learning rate."
        )
    return best(OBJECTIVES[threshold], positive, p, weight)


def best(objective: Callable, positive: np.ndarray, p: np.ndarray, weight=None) -> float:
    """Returns the threshold by which an objective is highest; of several equal ones, the one nearest to 0.5.

    It lies in the middle between the probabilities of two rows.

    Args:
        objective: One of `OBJECTIVES`.
        positive, p, weight: As for `chosen`.
    """
    levels, true, false = cumulated(positive, p, weight)
    values = objective(true, false, true[-1], false[-1])
    lower = np.append(levels[1:], 0.0).astype(p.dtype)
    middles = ((levels.astype("float64") + lower) / 2).astype(p.dtype)
    middles = np.where(middles > lower, middles, levels)  # of two neighbours among the floats
    allowed = (middles > 0) & (middles < 1)
    if not allowed.any():
        return 0.5
    values = np.where(allowed, values, -np.inf)
    highest = np.flatnonzero(values >= values.max() - 1e-12)
    return float(middles[highest[np.argmin(np.abs(middles[highest] - 0.5))]])


def cumulated(positive: np.ndarray, p: np.ndarray, weight=None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the probabilities that occur, from high to low, and the true and false positives from each on.

    Rows of weight 0 do not occur.

    Args:
        positive, p, weight: As for `chosen`.
    """
    weight = np.ones(len(p)) if weight is None else weight
    positive, p, weight = (of[weight > 0] for of in (positive, p, weight))
    order = np.argsort(-p, kind="stable")
    last = np.flatnonzero(np.append(np.diff(p[order]) != 0, True))  # of the rows that have the same probability
    true, false = (np.cumsum((weight * of)[order])[last] for of in (positive, np.logical_not(positive)))
    return p[order][last], true, false
