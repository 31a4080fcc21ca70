"""Statistics of numeric columns, by which a preprocessor scales and ranks them.

    standard   centre = mean,    scale = standard deviation
    quantile   centre = median,  scale = q75 - q25 (half the range where that is 0), and the knots of a column's ranks

Columns are read in blocks, so that a wide table is never copied as a whole. Threads share the blocks: numpy sorts
without holding Python's lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

MAX_KNOTS = 256
BLOCK_VALUES = 2**20  # the most values in a block of columns: 4 MiB of float32


def number_statistics(parts: Sequence[np.ndarray], scaling: str, feature_budget: int | None = None) -> dict:
    """Returns the statistics of all numeric columns, each a list of one value a column.

    Args:
        parts: Arrays of columns, float32 `(rows, columns)` each. NaN and infinite values count as missing.
        scaling: `"standard"` or `"quantile"`.
        feature_budget: The most features that the ranks of all columns may be expanded to; None for no limit.

    Returns:
        `median`, `center`, `scale`, `missing`, `knots` and `ranks`. With a budget also `max_bins`, one number: the most
        bins that each rank may be expanded to. If that is below 2, columns of more than two values have no knots.
    """
    state: dict = {name: [] for name in ("median", "center", "scale", "missing", "extremes", "above_two_values")}
    for statistics in _map_blocks(lambda block: _scaling(block, scaling), parts):
        for name, values in statistics.items():
            state[name] += values.tolist()
    extremes, above_two_values = state.pop("extremes"), state.pop("above_two_values")
    if scaling == "standard":
        return state | {"knots": [[] for _ in extremes], "ranks": [[] for _ in extremes]}
    if feature_budget is not None:
        state["max_bins"] = feature_budget // max(sum(above_two_values), 1)
    if state.get("max_bins", 2) < 2:
        state["knots"] = [[] if more else sorted(set(pair)) for pair, more in zip(extremes, above_two_values)]
        state["ranks"] = [{0: [], 1: [0.5], 2: [0.0, 1.0]}[len(knots)] for knots in state["knots"]]
        return state
    pairs = [pair for block in _map_blocks(_knots_and_ranks, parts) for pair in block]
    return state | {"knots": [knots.tolist() for knots, _ in pairs], "ranks": [ranks.tolist() for _, ranks in pairs]}


def _map_blocks(function: Callable, parts: Sequence[np.ndarray]) -> Iterator:
    """Yields `function(block)` for each block of columns, float32 `(columns, rows)`, infinite values as NaN."""

    def of_block(part, first, last):
        block = np.array(part[:, first:last].T, "float32", order="C")
        block[~np.isfinite(block)] = np.nan
        return function(block)

    widths = [max(1, BLOCK_VALUES // max(len(part), 1)) for part in parts]
    slices = [
        (part, first, first + width) for part, width in zip(parts, widths) for first in range(0, part.shape[1], width)
    ]
    if len(slices) < 2:
        yield from (of_block(*one) for one in slices)
        return
    with ThreadPoolExecutor() as threads:
        yield from threads.map(of_block, *zip(*slices))


def _scaling(block: np.ndarray, scaling: str) -> dict[str, np.ndarray]:
    """Returns the statistics of each column of a block but for its knots and ranks."""
    rows = np.arange(len(block))
    ordered = np.sort(block, axis=1)  # NaN last
    counts = block.shape[1] - np.isnan(ordered).sum(axis=1)
    missing = counts < block.shape[1]
    ordered[counts == 0, 0] = 0.0  # a column without any value counts as a column of one 0
    counts = np.maximum(counts, 1)
    lowest, highest = ordered[:, 0].copy(), ordered[rows, counts - 1]
    if scaling == "standard":
        middle = [ordered[rows, place].astype("float64") for place in ((counts - 1) // 2, counts // 2)]
        median = (middle[0] + middle[1]) / 2
        filled = np.where(np.isnan(block), median[:, None], block)
        center, scale = filled.mean(axis=1), filled.std(axis=1)
    else:
        low, median, high = (_quantiles(ordered, counts, share) for share in (0.25, 0.5, 0.75))
        center, scale = median, np.where(high > low, high - low, (highest.astype("float64") - lowest) / 2)
    return {
        "median": median,
        "center": center,
        "scale": np.where(scale > 0, scale, 1.0),
        "missing": missing,
        "extremes": np.stack([lowest, highest], axis=1).astype("float64"),
        "above_two_values": ((block > lowest[:, None]) & (block < highest[:, None])).any(axis=1),
    }


def _quantiles(ordered: np.ndarray, counts: np.ndarray, share: float) -> np.ndarray:
    """Returns `numpy.quantile(column[:count], share)`, in float64, for each sorted column `(columns, rows)`."""
    rows = np.arange(len(ordered))
    place = (counts - 1) * share
    below = np.floor(place).astype("int64")
    low = ordered[rows, below].astype("float64")
    high = ordered[rows, np.minimum(below + 1, counts - 1)].astype("float64")
    part = place - below
    return np.where(part < 0.5, low + (high - low) * part, high - (high - low) * (1 - part))


def _knots_and_ranks(block: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Returns at most 256 knots of each column, and the share of its values below each knot; half of the ties count."""
    pairs = []
    for column in block:
        finite = np.sort(column[~np.isnan(column)])
        finite = finite if len(finite) else np.zeros(1, "float32")
        knots = finite[np.append(True, finite[1:] != finite[:-1])]
        if len(knots) > MAX_KNOTS:
            knots = np.unique(np.quantile(finite.astype("float64"), np.linspace(0, 1, MAX_KNOTS)).astype("float32"))
        below, up_to = (np.searchsorted(finite, knots, side) for side in ("left", "right"))
        ranks = (below + up_to) / (2 * len(finite))
        ranks[[0, -1]] = (0.0, 1.0) if len(knots) > 1 else (0.5, 0.5)
        pairs.append((knots.astype("float64"), ranks))
    return pairs
