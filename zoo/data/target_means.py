"""Target means and counts of categories of many levels.

    mean    (sum of the target over a level's rows + m prior) / (rows of the level + m)
    count   log(1 + rows of the level)

The prior is the mean over all rows, m how many rows it weighs as much as. A row that is trained on has the mean of the
rows outside of its own fold, so that it never sees its own target; the prior is the same for all, for a prior of each
fold's own would tell the model the fold. A row that is predicted has the mean of all training rows, and the prior where
its level was not seen. A class stands for the share of its rows: of two classes one is enough, of more each but one.

Rows that a training goes on with have the means of these rows alone, out of fold, since they may be some of the rows
from which the served means were taken. If a level has few of them, its means lie nearer to the prior than those that
are served, so that the network learns from slightly other features than it will be served.

Over all targets that there could be, a row's mean and count say nothing of its own target. In one table, a model that
tells a level by its count may learn that rows of that level with a low mean have high targets: on 2,000 rows of random
targets and 100 levels, boosted trees fit the training rows by .02 of AUC better than by means of other targets, and by
.01 without counts. On held-out rows of levels that differ, leaving out or coarsening the counts gained nothing.

They are for ids and codes of hundreds of levels with few rows each. Of levels with a dozen rows or more, a learned
vector and the line beside a network say more.

D. Micci-Barreca, A Preprocessing Scheme for High-Cardinality Categorical Attributes in Classification and Prediction
Problems, SIGKDD Explorations 3(1), 2001. https://doi.org/10.1145/507533.507538
"""

from __future__ import annotations

import numpy as np

from zoo.data.packing import packed, unpacked

FOLDS = 5
PRIOR_ROWS = 10.0  # rows that the prior weighs as much as
MOST_MEANS = 16  # of a column: more classes, labels or targets would hide the other columns' features


def fit(positions: np.ndarray, y: np.ndarray, levels: int) -> dict:
    """Returns the features of each level, and what those of training rows are made of.

    Args:
        positions: Of the level of each row `(rows,)`, counted from 1; 0 is a level that is not kept.
        y: Class indices `(rows,)`, numbers `(rows,)`, or labels or numbers `(rows, outputs)`.
        levels: How many there are.
    """
    chosen = _chosen(y)
    values = _values(y, chosen)
    prior, deviation = values.mean(axis=0), values.std(axis=0)
    deviation = np.where(deviation > 0, deviation, 1.0)
    counts = np.bincount(positions, minlength=levels + 1)
    counts[0] = 0
    logs = np.log1p(counts)
    of_rows = logs[positions]
    spread = of_rows.std() if np.ptp(of_rows) > 0 else 1.0
    means = _means(positions, values, prior, levels)
    table = np.column_stack([(means - prior) / deviation, (logs - of_rows.mean()) / spread])
    return {
        "table": packed(table),
        "outputs": chosen,
        "prior": prior.tolist(),
        "deviation": deviation.tolist(),
    }


def _chosen(y: np.ndarray) -> list[int]:
    """Returns which outputs have means: of classes all but the most frequent, of too many the most frequent others."""
    if y.ndim == 1 and y.dtype.kind == "i":
        counts = np.bincount(y)
        if len(counts) <= 2:
            return [1]
        others = np.argsort(-counts, kind="stable")[1 : MOST_MEANS + 1]
        return sorted(int(one) for one in others)
    return list(range(min(1 if y.ndim == 1 else y.shape[1], MOST_MEANS)))


def _values(y: np.ndarray, chosen: list[int]) -> np.ndarray:
    """Returns the numbers that are averaged `(rows, outputs)`: of classes 0 and 1."""
    if y.ndim == 1 and y.dtype.kind == "i":
        return (y[:, None] == np.array(chosen)).astype("float64")
    return y.reshape(len(y), -1)[:, chosen].astype("float64")


def _means(positions: np.ndarray, values: np.ndarray, prior: np.ndarray, levels: int) -> np.ndarray:
    """Returns the smoothed means of each level, `(levels + 1, outputs)`: of position 0 the prior."""
    counts = np.bincount(positions, minlength=levels + 1)
    sums = np.stack([np.bincount(positions, column, levels + 1) for column in values.T], axis=1)
    means = (sums + PRIOR_ROWS * prior) / (counts + PRIOR_ROWS)[:, None]
    means[0] = prior
    return means


def of_training_rows(positions: np.ndarray, y: np.ndarray, fitted: dict, seed: int) -> np.ndarray:
    """Returns the features of rows that are trained on `(rows, width)`, the means out of fold.

    The rows need not be those of `fit`; the means are taken from the given rows, and the counts and the prior are those
    of `fit`.

    Args:
        positions: Of the level of each row `(rows,)`.
        y: As for `fit`.
        fitted: What `fit` returned.
        seed: Of the folds.
    """
    table, values = unpacked(fitted["table"], width(fitted)), _values(y, fitted["outputs"])
    positions = known(positions, fitted)
    found, prior = table[positions].astype("float64"), np.array(fitted["prior"])
    fold = np.random.default_rng(seed).permutation(len(positions)) % FOLDS
    for one in range(FOLDS):
        own = fold == one
        means = _means(positions[~own], values[~own], prior, len(table) - 1)
        found[own, :-1] = (means[positions[own]] - prior) / fitted["deviation"]
    return found


def known(positions: np.ndarray, fitted: dict) -> np.ndarray:
    """Returns positions of levels, 0 for those that came later (`zoo.adapt`), of which there are no means."""
    return np.where(positions < len(unpacked(fitted["table"], width(fitted))), positions, 0)


def width(fitted: dict) -> int:
    """Returns how many features a column has."""
    return len(fitted["outputs"]) + 1


def names(fitted: dict) -> list[str]:
    """Returns what each feature is."""
    return [*(f"target mean {i + 1}" for i in range(width(fitted) - 1)), "count"]


def features(positions, fitted: dict):
    """Returns `(batch, width)` of a tensor of positions `(batch,)`."""
    import tensorflow as tf

    table = unpacked(fitted["table"], width(fitted))
    return tf.gather(table, tf.where(positions < len(table), positions, tf.zeros_like(positions)))
