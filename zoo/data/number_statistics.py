"""Statistics of numeric columns, by which a preprocessor scales and ranks them.

    standard   centre = mean,    scale = standard deviation
    quantile   centre = median,  scale = q75 - q25 (half the range where that is 0), and the knots of a column's ranks

Columns are read in blocks, so that a wide table is never copied as a whole. Threads share the blocks: numpy sorts
without holding Python's lock. Columns that are scaled alone, since a table has too many for a budget of features, need
no exact quartiles: those of 8,192 rows, drawn once for the table, are within about 2 % of the spread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

MAX_KNOTS = 256
MOST_ALIKE = 1 / 16  # of the rows: the most that count of one value in the ranks of a column
BLOCK_VALUES = 2**20  # the most values in a block of columns: 4 MiB of float32
SAMPLE_ROWS = 8_192  # of which quartiles are taken where a column has no knots
FEWEST_VALUES = 1_024  # in the sample; of a column with fewer all rows are taken
MOMENTS = ("mean", "deviation")
SCALES = (1e-37, 1e37)  # deviations between which they and their reciprocals are normal numbers of float32
NAMES = ("median", "center", "scale", "missing", "extremes", "above_two_values")


def number_statistics(
    parts: Sequence[np.ndarray], scaling: str, feature_budget: int | None = None, *, linear: bool = False
) -> dict:
    """Returns the statistics of all numeric columns, each a list of one value a column.

    Args:
        parts: Arrays of columns, float32 `(rows, columns)` each. NaN and infinite values count as missing.
        scaling: `"standard"` or `"quantile"`.
        feature_budget: The most features that the ranks of all columns may be expanded to; None for no limit.
        linear: Whether mean and standard deviation are taken beside quartiles.

    Returns:
        `median`, `center`, `scale`, `missing`, `knots` and `ranks`; with `linear` also `MOMENTS`. With a budget also
        `max_bins`, one number: the most bins that each rank may be expanded to. If that is below 2, columns of more
        than two values have no knots.
    """
    state = _of_sample(parts, feature_budget) if scaling == "quantile" else None
    if state is None:
        state = _collected(_map_blocks(lambda block: _scaling(block, scaling), parts))
    extremes, above_two_values = state.pop("extremes"), state.pop("above_two_values")
    if linear:
        state |= _collected(_map_blocks(_moments, parts), MOMENTS)
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


def _of_sample(parts: Sequence[np.ndarray], feature_budget: int | None) -> dict | None:
    """Returns the statistics of columns that are too many for knots, with quartiles of a sample; else None.

    Extremes are of all rows, and so are the quartiles of columns of few values.
    """
    columns = [part.shape[1] for part in parts]
    if feature_budget is None or sum(columns) <= feature_budget // 2 or len(parts[0]) <= SAMPLE_ROWS:
        return None
    state = _collected(_map_blocks(_range, parts))
    if feature_budget // max(sum(state["above_two_values"]), 1) >= 2:
        return None
    rows = np.sort(np.random.default_rng(0).choice(len(parts[0]), SAMPLE_ROWS, replace=False))
    quartiles = _collected(_map_blocks(_quartiles, [part[rows] for part in parts]))
    few = np.array(quartiles["count"]) < FEWEST_VALUES
    if few.any():
        sparse = [part[:, chosen] for part, chosen in zip(parts, np.split(few, np.cumsum(columns)[:-1]))]
        exact = _collected(_map_blocks(_quartiles, sparse))
        for name, values in exact.items():
            for column, value in zip(np.flatnonzero(few), values, strict=True):
                quartiles[name][column] = value
    low, median, high = (np.array(quartiles[name]) for name in ("low", "median", "high"))
    scale = _scale(low, high, np.array(state["extremes"]))
    return {"median": median.tolist(), "center": median.tolist(), "scale": scale.tolist(), **state}


def _collected(blocks: Iterator[dict[str, np.ndarray]], names: Sequence[str] = NAMES) -> dict:
    """Returns the statistics of all blocks, one list for each name."""
    state: dict[str, list] = {}
    for statistics in blocks:
        for name, values in statistics.items():
            state.setdefault(name, []).extend(values.tolist())
    return state or {name: [] for name in names}


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
    ordered, counts = ordered_columns(block)
    rows = np.arange(len(block))
    lowest, highest = ordered[:, 0].copy(), ordered[rows, counts - 1]
    extremes = np.stack([lowest, highest], axis=1).astype("float64")
    if scaling == "standard":
        middle = [ordered[rows, place].astype("float64") for place in ((counts - 1) // 2, counts // 2)]
        median = (middle[0] + middle[1]) / 2
        filled = np.where(np.isnan(block), median[:, None], block)
        center, scale = filled.mean(axis=1), filled.std(axis=1)
        scale = np.where(scale > 0, scale, 1.0)
    else:
        low, median, high = (quantiles(ordered, counts, share) for share in (0.25, 0.5, 0.75))
        center, scale = median, _scale(low, high, extremes)
    return {
        "median": median,
        "center": center,
        "scale": scale,
        "missing": np.isnan(block).any(axis=1),
        "extremes": extremes,
        "above_two_values": ((block > lowest[:, None]) & (block < highest[:, None])).any(axis=1),
    }


def ordered_columns(block: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns each column sorted, NaN last, and how many values it has: a column without any has one, 0."""
    ordered = np.sort(block, axis=1)
    counts = block.shape[1] - np.isnan(ordered).sum(axis=1)
    ordered[counts == 0, 0] = 0.0
    return ordered, np.maximum(counts, 1)


def _scale(low: np.ndarray, high: np.ndarray, extremes: np.ndarray) -> np.ndarray:
    """Returns the distance of the quartiles; half the range where that is 0, and 1 where the range is 0 too."""
    scale = np.where(high > low, high - low, (extremes[:, 1] - extremes[:, 0]) / 2)
    return np.where(scale > 0, scale, 1.0)


def _moments(block: np.ndarray) -> dict[str, np.ndarray]:
    """Returns the `MOMENTS` of each column; the mean 0 and the deviation 1 where values cannot be told apart."""
    counts = np.maximum((~np.isnan(block)).sum(axis=1), 1)
    mean = np.nansum(block, axis=1, dtype="float64") / counts
    differences = np.subtract(block, mean.astype("float32")[:, None], dtype="float64")
    deviation = np.sqrt(np.nansum(np.square(differences), axis=1) / counts)
    least, most = SCALES
    return {"mean": mean, "deviation": np.where(deviation > least, np.minimum(deviation, most), 1.0)}


def _quartiles(block: np.ndarray) -> dict[str, np.ndarray]:
    """Returns the quartiles of each column, and of how many values they are."""
    ordered, counts = ordered_columns(block)
    low, median, high = (quantiles(ordered, counts, share) for share in (0.25, 0.5, 0.75))
    return {"low": low, "median": median, "high": high, "count": counts}


def _range(block: np.ndarray) -> dict[str, np.ndarray]:
    """Returns of each column whether values are missing, the extremes, and whether it has more than two values."""
    absent = np.isnan(block)
    lowest = np.where(absent, np.float32(np.inf), block).min(axis=1)
    highest = np.where(absent, np.float32(-np.inf), block).max(axis=1)
    lowest, highest = (np.where(np.isfinite(values), values, 0.0) for values in (lowest, highest))
    return {
        "missing": absent.any(axis=1),
        "extremes": np.stack([lowest, highest], axis=1).astype("float64"),
        "above_two_values": ((block > lowest[:, None]) & (block < highest[:, None])).any(axis=1),
    }


def quantiles(ordered: np.ndarray, counts: np.ndarray, share: float) -> np.ndarray:
    """Returns `numpy.quantile(column[:count], share)`, in float64, for each sorted column `(columns, rows)`."""
    rows = np.arange(len(ordered))
    place = (counts - 1) * share
    below = np.floor(place).astype("int64")
    low = ordered[rows, below].astype("float64")
    high = ordered[rows, np.minimum(below + 1, counts - 1)].astype("float64")
    part = place - below
    return np.where(part < 0.5, low + (high - low) * part, high - (high - low) * (1 - part))


def _knots_and_ranks(block: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Returns at most 256 knots of each column, and the share of its values below each knot; half of the ties count.

    Of a value that more than `MOST_ALIKE` of the rows have, only so many count: a column that is 0 nine times in ten
    has most of its ranks, and so of its bins, for what is not 0.
    """
    pairs = []
    for column in block:
        finite = np.sort(column[~np.isnan(column)])
        finite = _thinned(finite) if len(finite) else np.zeros(1, "float32")
        knots = finite[np.append(True, finite[1:] != finite[:-1])]
        if len(knots) > MAX_KNOTS:
            knots = np.unique(np.quantile(finite.astype("float64"), np.linspace(0, 1, MAX_KNOTS)).astype("float32"))
        below, up_to = (np.searchsorted(finite, knots, side) for side in ("left", "right"))
        ranks = (below + up_to) / (2 * len(finite))
        ranks[[0, -1]] = (0.0, 1.0) if len(knots) > 1 else (0.5, 0.5)
        pairs.append((knots.astype("float64"), ranks))
    return pairs


def _thinned(ordered: np.ndarray) -> np.ndarray:
    """Returns sorted values, of each at most so many as are `MOST_ALIKE` of all."""
    most = max(1, int(np.ceil(MOST_ALIKE * len(ordered))))
    if len(ordered) <= most or not np.any(ordered[most:] == ordered[:-most]):
        return ordered
    starts = np.searchsorted(ordered, ordered, "left")  # where the run of each value begins
    return ordered[np.arange(len(ordered)) - starts < most]
