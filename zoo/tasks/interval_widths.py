"""Intervals of numbers: prediction - h(prediction) to prediction + h(prediction), whose width follows the prediction.

Errors often grow with what is predicted: of prices, counts, incomes. From rows that trained nothing, s(z) is estimated,
the mean absolute error where the prediction is z, and the score of a row is its error in terms of it (Lei et al. 2018,
section 5.2, locally weighted conformal prediction):

    score_i = |y_i - z_i| / s(z_i)          h(z) = q s(z),  q the conformal quantile of the scores

s is a line between the means of up to 10 bins of equally many rows, each drawn toward the mean of all by as much as 10
rows count, and constant beyond the outermost. The s by which a row is scored is estimated without this row, in 10
parts, so that the scores are as large as those of new rows. Where the constant width is as good by the interval score

    S = (high - low) + 2 / alpha (distance of y from the interval),  alpha = 1 - coverage

it is taken, as it is of fewer than 100 rows. S rewards narrow intervals and punishes what lies outside, and is least in
the mean for the true quantiles (T. Gneiting and A. Raftery, Strictly Proper Scoring Rules, Prediction, and Estimation,
Journal of the American Statistical Association 102(477), 2007. https://doi.org/10.1198/016214506000001437).

Predictions and errors are in the target's deviations, so that one state serves every unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zoo.tasks import conformal

LEAST_ROWS = 100  # with fewer the width is constant
ROWS_A_BIN = 25
MOST_BINS = 10
PRIOR_ROWS = 10.0  # by which a bin's mean is drawn toward that of all rows
LEAST_GAP = 0.05  # deviations of the target between two knots: differences by rounding are not to be seen in h
PARTS = 10


def fitted(
    predictions: np.ndarray, y: np.ndarray, coverage: float, weight: np.ndarray | None = None
) -> tuple[list[float], list[float]]:
    """Returns knots and the half widths at them; one knot of a constant width.

    Args:
        predictions: Of rows that trained nothing, `(rows,)`, standardised.
        y: Their true values, `(rows,)`, standardised.
        coverage: The share of new rows that are to be inside.
        weight: Sample weights `(rows,)`, or None.

    Raises:
        ValueError: if there are too few rows, or an answer is not finite.
    """
    weight = np.ones(len(y)) if weight is None else np.asarray(weight, "float64")
    z, y, weight = (np.asarray(of, "float64")[weight > 0] for of in (predictions, y, weight))
    errors = np.abs(y - z)
    if not np.all(np.isfinite(errors)):
        raise ValueError(
            "`intervals` need finite answers. Received: some that are no finite numbers. Train again with a smaller "
            "`learning_rate`."
        )
    constant, _ = conformal.quantile(errors, coverage, weight)
    if conformal.effective_rows(weight, len(weight)) < LEAST_ROWS:
        return [0.0], [constant]
    expected = np.empty_like(errors)  # the s of each row
    part = np.arange(len(errors)) % PARTS
    for i in range(PARTS):
        others = part != i
        expected[~others] = np.interp(z[~others], *_scale(z[others], errors[others], weight[others]))
    positive = expected > 0
    if not positive.all():  # the model is never wrong: every width is 0
        return [0.0], [constant]
    factor, _ = conformal.quantile(errors / expected, coverage, weight)
    scores = [_interval_score(errors, half, coverage, weight) for half in (constant, factor * expected)]
    if scores[0] <= scores[1]:
        return [0.0], [constant]
    knots, scale = _scale(z, errors, weight)
    return knots.tolist(), (factor * scale).tolist()


def _scale(z: np.ndarray, errors: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns knots and the mean absolute error about each."""
    mean = float(np.average(errors, weights=weight))
    order = np.argsort(z, kind="stable")
    z, errors, weight = z[order], errors[order], weight[order]
    rows = conformal.effective_rows(weight, len(weight))
    count = int(np.clip(rows // ROWS_A_BIN, 1, MOST_BINS))
    shares = (np.cumsum(weight) - weight / 2) / weight.sum()
    bins = np.minimum((shares * count).astype("int64"), count - 1)
    sums = [np.bincount(bins, weight * values, minlength=count) for values in (1.0, z, errors)]
    of_bins = [[part[i] for part in sums] for i in range(count) if sums[0][i] > 0]
    kept: list[list[float]] = []
    for one in of_bins:
        near = kept and one[1] / one[0] - kept[-1][1] / kept[-1][0] < LEAST_GAP
        kept = [*kept[:-1], [a + b for a, b in zip(kept[-1], one, strict=True)]] if near else [*kept, one]
    total, of_z, of_errors = np.array(kept).T
    counted = total * rows / weight.sum()  # rows of equal weights
    return of_z / total, (counted * of_errors / total + PRIOR_ROWS * mean) / (counted + PRIOR_ROWS)


def _interval_score(errors, half, coverage: float, weight) -> float:
    return float(np.average(2 * half + 2 / (1 - coverage) * np.maximum(errors - half, 0.0), weights=weight))


def half_widths(z, knots: Sequence, widths: Sequence):
    """Returns the half widths for standardised predictions, arrays of numpy or tensors of Keras, in their shape.

    Args:
        z: `(rows,)`, or `(rows, targets)`.
        knots: Of one target a list; of several a list of lists.
        widths: As long.
    """
    first, starts, lengths, slopes = segments(knots, widths)
    if isinstance(z, np.ndarray):
        return first + np.sum(slopes * np.clip(z[..., None] - starts, 0.0, lengths), axis=-1)
    from keras import ops

    first, starts, lengths, slopes = (ops.convert_to_tensor(part, z.dtype) for part in (first, starts, lengths, slopes))
    inside = ops.minimum(ops.maximum(ops.expand_dims(z, -1) - starts, 0.0), lengths)
    return first + ops.sum(slopes * inside, axis=-1)


def segments(knots: Sequence, widths: Sequence) -> tuple[np.ndarray, ...]:
    """Returns the first half width, and start, length and slope of each piece, `(targets, pieces)` each.

    h(z) = first + sum(slope * clip(z - start, 0, length)). Targets with fewer pieces have some of length 0.

    Args:
        knots, widths: As for `half_widths`.
    """
    several = bool(knots) and isinstance(knots[0], (list, tuple))
    of_each = list(zip(knots, widths, strict=True)) if several else [(knots, widths)]
    pieces = max(1, *(len(each) - 1 for each, _ in of_each))
    found = np.zeros((4, len(of_each), pieces))
    for i, (places, halves) in enumerate(of_each):
        length, count = np.diff(places), len(places) - 1
        found[0, i], found[1, i, :count] = halves[0], places[:-1]
        found[2, i, :count], found[3, i, :count] = length, np.diff(halves) / length
    return found[0, :, 0] if several else found[0, 0, 0], *(found[1:] if several else found[1:, 0])


def source(state: Mapping[str, Any]) -> list[str]:
    """Returns lines of numpy from standardised predictions `z`, `(rows, targets)`, to half widths `half`.

    Args:
        state: With the keys `knots` and `widths`.
    """
    first, starts, lengths, slopes = (
        np.atleast_1d(part).tolist() for part in segments(state["knots"], state["widths"])
    )
    return [
        f"inside = np.clip(z[:, :, None] - np.array({starts!r}), 0, np.array({lengths!r}))",
        f"half = np.array({first!r}) + (np.array({slopes!r}) * inside).sum(-1)",
    ]
