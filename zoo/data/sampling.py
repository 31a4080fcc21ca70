"""The rows that statistics are taken from: the same, whether the data stand in memory or come block by block.

A row is in the sample if the hash of (seed, its index) is among the `size` lowest. Levels of categories are counted
over all rows.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import numpy as np
import pandas as pd

from zoo.data.columns.values import has_arrays
from zoo.data.raw_values import is_stringlike

SIZE = 200_000
MAX_LEVELS = 200_000


@dataclasses.dataclass(frozen=True)
class Sample:
    """Sampled rows, and what is known of all rows.

    Args:
        frame: The sampled rows, in their order and under their labels.
        rows: The number of all rows.
        counts: Of string columns, the count of each value over all rows.
        index: Which of all rows were sampled.
    """

    frame: pd.DataFrame
    rows: int
    counts: dict
    index: np.ndarray


def hashes(rows: np.ndarray, seed: int) -> np.ndarray:
    """Returns a 64-bit hash of (seed, row index) for each row (the finalizer of SplitMix64)."""
    with np.errstate(over="ignore"):
        mixed = rows.astype(np.uint64) + np.uint64((seed + 1) * 0x9E3779B97F4A7C15 % 2**64)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def sample(blocks: Iterable[pd.DataFrame], *, seed: int = 0, size: int = SIZE) -> Sample:
    """Returns a sample of the rows of all blocks, in bounded memory.

    Args:
        blocks: DataFrames of the same columns.
        seed: Seed of the hash.
        size: The most rows to keep.

    Raises:
        ValueError: if there are no rows.
    """
    kept: pd.DataFrame | None = None
    keys, index = np.zeros(0, np.uint64), np.zeros(0, np.int64)
    counts: dict = {}
    total = 0
    for block in blocks:
        rows = np.arange(total, total + len(block))
        total += len(block)
        for name in block.columns:
            if is_stringlike(block[name].dtype) and not has_arrays(block[name]):
                seen = block[name].value_counts(sort=False)
                seen.index = seen.index.astype(object)
                counts[name] = seen if name not in counts else counts[name].add(seen, fill_value=0)
                if len(counts[name]) > MAX_LEVELS:  # near-unique: the commonest are enough to know it by
                    counts[name] = counts[name].nlargest(MAX_LEVELS // 2)
        theirs = hashes(rows, seed)
        kept = block if kept is None else pd.concat([kept, block])
        keys, index = np.concatenate([keys, theirs]), np.concatenate([index, rows])
        if len(keys) > size:
            lowest = np.sort(np.argpartition(keys, size - 1)[:size])
            kept, keys, index = kept.iloc[lowest], keys[lowest], index[lowest]
    if kept is None or total == 0:
        raise ValueError("There are no rows to take statistics from. The data must have at least one.")
    return Sample(kept, total, counts, index)
