"""Split conformal prediction: how far to go so that a stated share of new rows is inside.

n rows that trained nothing have scores s_1 ... s_n, large where the answer is far from the truth. If a new row is
exchangeable with them, its score is at most

    q = the k-th smallest score,  k = ceil((n + 1) coverage)          P(s_new <= q) >= coverage

whatever the model and the distribution are, and P(s_new <= q) <= coverage + 1 / (n + 1) where no scores are equal.
For k > n there is no such score: at least ceil(1 / (1 - coverage)) - 1 rows are needed.

Rows with sample weights count by them. The weight of the new row is taken as that of a row drawn by weight,
sum(w^2) / sum(w), so that equal weights give the formula above, and n = sum(w)^2 / sum(w^2), Kish's number, the rest.

V. Vovk, A. Gammerman, G. Shafer, Algorithmic Learning in a Random World, 2005. https://doi.org/10.1007/b106715
J. Lei, M. G'Sell, A. Rinaldo, R. Tibshirani, L. Wasserman, Distribution-Free Predictive Inference for Regression,
Journal of the American Statistical Association 113(523), 2018. https://arxiv.org/abs/1604.04173
R. Tibshirani, R. Foygel Barber, E. Candes, A. Ramdas, Conformal Prediction under Covariate Shift, 2019 (weights).
https://arxiv.org/abs/1904.06019
"""

from __future__ import annotations

import math
from numbers import Real

import numpy as np

ROUNDING = 1e-9  # of products such as 20 * .9, which are to be whole numbers


def check_coverage(coverage) -> None:
    """Raises ValueError if a coverage is no number between 0 and 1."""
    is_number = isinstance(coverage, Real) and not isinstance(coverage, (bool, np.bool_))
    if not is_number or not 0 < float(coverage) < 1:
        raise ValueError(
            "`intervals` must be the share of new rows that are to be inside, between 0 and 1 without these two, such "
            f"as 0.9. Received: intervals={coverage!r}"
        )


def least_rows(coverage: float) -> int:
    """Returns the fewest rows of equal weights by which a coverage can be kept."""
    return max(1, math.ceil(1 / (1 - coverage) - ROUNDING) - 1)


def effective_rows(weight: np.ndarray | None, rows: int) -> float:
    """Returns how many rows of equal weights say as much, Kish's sum(w)^2 / sum(w^2).

    Args:
        weight: Sample weights `(rows,)`, or None.
        rows: How many rows there are.
    """
    if weight is None:
        return float(rows)
    squares = float(np.sum(np.square(weight, dtype="float64")))
    return float(np.sum(weight, dtype="float64")) ** 2 / squares if squares > 0 else 0.0


def check_rows(rows: float, coverage: float, repair: str = "Hold out more by `validation`") -> None:
    """Checks that there are rows enough.

    Args:
        rows: What `effective_rows` returned for the rows that were held out.
        coverage: The share of new rows that are to be inside.
        repair: How there are more rows, as the beginning of a sentence.

    Raises:
        ValueError: if there are too few.
    """
    least = least_rows(coverage)
    if rows < least - ROUNDING:
        shown = f"{rows:.1f}".removesuffix(".0")
        raise ValueError(
            f"`intervals={coverage:g}` needs at least {least} rows that are held out, ceil(1 / (1 - {coverage:g})) - 1."
            f" Received: {shown}{'' if float(rows).is_integer() else ', counted by their weights'}. {repair}, "
            f"or ask for `intervals={max(math.floor(100 * rows / (rows + 1)) / 100, 0.01):g}` or less."
        )


def quantile(scores: np.ndarray, coverage: float, weight: np.ndarray | None = None) -> tuple[float, float]:
    """Returns the least score that a new row keeps below by the coverage, and the next larger score, which may be inf.

    Any number from the first to below the second one covers the same of these rows.

    Args:
        scores: Of rows that trained nothing, `(rows,)`; infinite ones come last.
        coverage: The share of new rows that are to be inside.
        weight: Sample weights `(rows,)`, or None.

    Raises:
        ValueError: if there are too few rows.
    """
    weight = np.ones(len(scores)) if weight is None else np.asarray(weight, "float64")
    scores, weight = np.asarray(scores, "float64")[weight > 0], weight[weight > 0]
    check_rows(effective_rows(weight, len(weight)), coverage)
    order = np.argsort(scores, kind="stable")
    scores, cumulated = scores[order], np.cumsum(weight[order])
    total = cumulated[-1]
    wanted = coverage * (total + np.sum(weight**2) / total)
    place = min(int(np.searchsorted(cumulated, wanted - ROUNDING * total)), len(scores) - 1)
    above = scores[scores > scores[place]]
    return float(scores[place]), float(above[0]) if len(above) else math.inf
