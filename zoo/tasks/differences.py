"""How far the answers of an export are from Python's, and how far they may be."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

TOLERANCE = 1e-5  # of probabilities, and of values as a share of the target's deviation


class Difference(NamedTuple):
    """How far the answers of an export are from Python's.

    Args:
        what: What differs, such as `"probabilities"`.
        largest: The largest difference.
        allowed: What is allowed there.
        reported: The difference as the report of the export has it, such as a share of the target's deviation.
    """

    what: str
    largest: float
    allowed: float
    reported: float


def of_values(values, wanted, scale, sizes, tolerance, name: str = "values") -> Difference:
    """Returns the difference of values, of which a share of `scale` and four last places of `sizes` are allowed."""
    finite = np.isfinite(wanted)
    places = 4 * np.spacing(np.where(finite, sizes, 0.0).astype("float32")).astype("float64")
    allowed = np.broadcast_to(tolerance * scale + places, wanted.shape)
    difference = distances(values, wanted)
    reported = float(np.max(difference / np.fmax(scale, np.where(finite, np.abs(wanted), 0.0))))
    excess = np.where(np.isnan(difference), np.inf, difference - allowed)
    worst = np.unravel_index(np.argmax(excess), excess.shape)
    return Difference(name, float(difference[worst]), float(allowed[worst]), reported)


def distances(found: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Returns how far apart two arrays are: 0 where both are NaN or the same infinity, as huge numbers make them."""
    same = (found == wanted) | (np.isnan(found) & np.isnan(wanted))
    return np.abs(np.subtract(found, wanted, out=np.zeros(np.shape(found), "float64"), where=~same))
