"""Weights of models that answer together, chosen greedily on rows that none of them was trained on.

    S_0 = {},   S_{j+1} = S_j + {argmin_m loss(mean of S_j and m)},   w_m = how often m is in the best S_j, over j

A model may be taken again: how often it is there is its weight. A set is not always better than the one before it. The
picks go on all the same, for what the first two models do not gain in equal parts they may gain as one to nine, and the
best of all sets counts; of equal ones, the first, which has the fewest models.

A network answers the rows that chose its epoch better than others. By how much, its folds tell each other: the loss of
a fold's rows at the epoch that the other folds would have chosen, less the loss at the one that they chose themselves.
A configuration whose loss jumps from epoch to epoch gains most by that choice, and would be picked for it.

R. Caruana, A. Niculescu-Mizil, G. Crew, A. Ksikes, Ensemble Selection from Libraries of Models, ICML 2004.
https://doi.org/10.1145/1015330.1015432
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

PICKS = 50


def greedy(loss: Callable[[np.ndarray], float], models: int, *, picks: int = PICKS) -> tuple[np.ndarray, list[float]]:
    """Returns a weight for each model, and the loss after each pick.

    Args:
        loss: A function of weights `(models,)` that add up to 1, which returns the loss of the weighted mean. It is
            never asked for a weight of a model whose loss alone is not finite.
        models: How many there are.
        picks: How many models are taken, with repetition; the weights are multiples of one over so many or fewer.

    Returns:
        Weights `(models,)` that add up to 1, and a loss for each pick.

    Raises:
        ValueError: if no model alone has a finite loss, or there is nothing to pick.
    """
    if picks < 1 or models < 1:
        raise ValueError(f"`picks` and `models` must be at least 1. Received: picks={picks}, models={models}")
    alone = np.array([loss(row) for row in np.eye(models)])
    able = np.flatnonzero(np.isfinite(alone))
    if not able.size:
        raise ValueError(
            f"At least one of {models} models must have a finite loss. Received: {alone.tolist()}. Look at what they "
            "answer."
        )
    first = able[np.argmin(alone[able])]
    counts = np.eye(models, dtype=int)[first]
    sets, losses = [counts], [float(alone[first])]
    while len(sets) < picks:
        tried = [counts + row for row in np.eye(models, dtype=int)[able]]
        found = np.array([loss(each / each.sum()) for each in tried])
        taken = _first_of_least(found, tried)
        counts = tried[taken]
        sets.append(counts)
        losses.append(float(found[taken]))
    best = sets[int(np.argmin(losses))]
    return best / best.sum(), losses


def optimism(curves: Sequence[Sequence[float]]) -> float:
    """Returns by how much the losses of folds are too low, since their own rows chose the epochs.

    Args:
        curves: For each fold the loss of its rows after each epoch. Those that ended before others stay at their last.

    Returns:
        The mean over the folds of their loss at the epoch of the least mean loss of the others, less their least; 0 of
        fewer than two folds, and where no loss is finite.
    """
    if len(curves) < 2 or not all(len(curve) for curve in curves):
        return 0.0
    epochs = max(map(len, curves))
    losses = np.array([[*curve, *[curve[-1]] * (epochs - len(curve))] for curve in curves], "float64")
    losses[~np.isfinite(losses)] = np.inf
    chosen = [np.argmin(np.delete(losses, fold, axis=0).mean(axis=0)) for fold in range(len(losses))]
    found = losses[np.arange(len(losses)), chosen]
    return float(np.mean(found - losses.min(axis=1))) if np.all(np.isfinite(found)) else 0.0


def _first_of_least(losses: np.ndarray, sets: Sequence[np.ndarray]) -> int:
    """Returns the place of the least loss; of equal ones, that of the set with the fewest different models."""
    least = np.flatnonzero(losses == losses.min())
    return min(least.tolist(), key=lambda place: np.count_nonzero(sets[place]))
