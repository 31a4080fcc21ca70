"""Values that some class never has, by which a logistic regression has weights that grow without bound.

Where no row of class k has the value that an indicator tells, a lower logit of k for the rows that have it raises the
likelihood, however low it is already: there is no maximum (quasi-complete separation).

A. Albert, J. A. Anderson, On the Existence of Maximum Likelihood Estimates in Logistic Regression Models, Biometrika
71, 1984. https://doi.org/10.1093/biomet/71.1.1
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from zoo.coefficients import linear_terms

LARGE = 10.0  # of a weight, in logits: odds of 22,000 to 1, which no finite maximum of ordinary data has


def one_sided(network, features: Sequence[dict], x: Mapping[str, np.ndarray], y: np.ndarray) -> list[str]:
    """Returns the names of values that some class never has and whose weights have grown beyond `LARGE`.

    Args:
        network: From encoded tensors to logits.
        features: Of each encoded column, as `zoo.coefficients.linear_terms` takes them.
        x: Encoded tensors, of the training rows.
        y: Indices of classes, `(rows,)`.

    Returns:
        Names as coefficients have them, those of the largest weights first; none for networks that are not linear.
    """
    taken = {tensor.name for tensor in network.inputs}
    columns = [feature for feature in features if feature["tensor"] in taken]
    try:
        names, weights, _ = linear_terms(network, columns) if columns else ([], None, None)
    except TypeError:
        return []
    present = y[:, None] == np.unique(y)  # (rows, classes)
    found: dict[str, float] = {}
    for row, where, scale in _values(columns, x):
        if not where.any() or where.all():
            continue
        absent = ~np.any(present[where], axis=0)
        size = float(np.abs(weights[row, 0]) if weights.shape[1] == 1 else np.ptp(weights[row]))
        if absent.any() and size * scale > LARGE:
            found[names[row]] = size * scale
    return sorted(found, key=found.__getitem__, reverse=True)


def _values(features, x) -> Iterator[tuple[int, np.ndarray, float]]:
    """Yields the number of a weight, the rows that have its value, and how many raw units the value is from others.

    They are levels of categories, and both values of columns that have two.
    """
    row = 0
    for feature in features:
        column = x[feature["tensor"]][:, feature["index"]]
        if feature["tensor"] == "categorical":
            for level in range(len(feature["levels"])):
                yield row + level, column == level, 1.0
            row += len(feature["levels"])
            continue
        low, high = column.min(), column.max()
        if low < high and np.all((column == low) | (column == high)):
            scale = float(feature.get("scale") or 1.0) * float(high - low)
            yield row, column == low, scale
            yield row, column == high, scale
        row += 1
