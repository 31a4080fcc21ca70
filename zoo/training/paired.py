"""Paired differences of models that answered the same rows, with bootstrap intervals over these rows.

    d = score(mean loss of a model) - score(mean loss of the best)        on rows drawn with replacement, 2,000 times

B. Efron, R. Tibshirani, An Introduction to the Bootstrap, 1993.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

DRAWS = 2_000
COVERED = (2.5, 97.5)  # percentiles of the draws between which an interval lies


def intervals(
    losses: np.ndarray, best: int, score_of: Callable, *, seed: int, groups: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the difference of each model's score to that of the best, and the ends of its interval.

    Args:
        losses: Of each row for each model, `(rows, models)`.
        best: The column of the best.
        score_of: From mean losses to scores.
        seed: Of the draws.
        groups: The number of each row's group, from 0: whole groups are drawn. None draws single rows.

    Returns:
        Differences, lower ends and upper ends, each `(models,)`.
    """
    rows = np.ones(len(losses))
    if groups is not None:  # sums over the rows of each group
        rows = np.bincount(groups).astype("float64")
        losses = np.stack([np.bincount(groups, column) for column in losses.T], axis=1)
    generator = np.random.default_rng(seed)
    drawn = np.empty((DRAWS, losses.shape[1]))
    for i in range(DRAWS):
        times = np.bincount(generator.integers(len(losses), size=len(losses)), minlength=len(losses))
        drawn[i] = score_of((times @ losses) / (times @ rows))
    scores = score_of(losses.sum(axis=0) / rows.sum())
    low, high = np.percentile(drawn - drawn[:, best : best + 1], COVERED, axis=0)
    return scores - scores[best], low, high
