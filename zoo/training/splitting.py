"""Which rows a run trains on and which it chooses the best epoch by.

the data set's own split, where it ships one; else by seed, stratified by class; by `groups`; the last by `time`
"""

from __future__ import annotations

import numpy as np
import pandas as pd


def held_out(
    y, share: float, *, task: str, seed: int, rows: int, groups=None, time=None
) -> tuple[np.ndarray, np.ndarray]:
    """Splits rows into training and validation.

    Args:
        y: The target `(rows,)`, or None.
        share: Share of the rows to hold out, in (0, 1).
        task: Classification splits are stratified.
        seed: Seed of the choice.
        rows: Number of rows.
        groups: A label a row: rows of one group stay together.
        time: A time a row: the last rows are held out.

    Returns:
        Sorted indices of training and of validation rows.

    Raises:
        ValueError: if the share is out of range or leaves either side empty.
    """
    if isinstance(share, bool) or not 0.0 < share < 1.0:
        raise ValueError(f"`validation` must be a share in (0, 1), data, or None. Received: validation={share!r}")
    count = max(1, round(rows * share))
    if rows < 2:
        raise ValueError(
            f"{rows} row cannot be split into training and validation. Pass validation=None, or more rows."
        )
    generator = np.random.default_rng(seed)
    if time is not None:
        chosen = pd.Series(np.asarray(time)).argsort(kind="stable").to_numpy()[rows - count :]
    elif groups is not None:
        codes, labels = pd.factorize(np.asarray(groups), use_na_sentinel=False)
        if len(labels) < 2:
            raise ValueError("`groups` must have at least two groups to hold one out. Received: one.")
        order = generator.permutation(len(labels))
        sizes = np.bincount(codes, minlength=len(labels))[order]
        taken = order[: max(1, min(len(order) - 1, int(np.searchsorted(np.cumsum(sizes), count)) + 1))]
        chosen = np.flatnonzero(np.isin(codes, taken))
    elif task == "classification" and y is not None:
        # Missing targets are a level of their own here; training refuses them by name.
        chosen = _stratified(pd.factorize(pd.Series(np.asarray(y)), use_na_sentinel=False)[0], count, generator)
    else:
        chosen = generator.permutation(rows)[:count]
    mask = np.zeros(rows, bool)
    mask[chosen] = True
    return np.flatnonzero(~mask), np.flatnonzero(mask)


def _stratified(codes, count, generator):
    """Returns `count` rows, each class by its share; every class keeps at least one training row."""
    order = generator.permutation(len(codes))
    sizes = np.bincount(codes)
    wanted = sizes * (count / len(codes))
    take = np.minimum(np.floor(wanted).astype(int), sizes - 1)
    for code in np.argsort(-(wanted - np.floor(wanted)), kind="stable"):
        if take.sum() >= count:
            break
        take[code] += take[code] < sizes[code] - 1
    chosen = [order[codes[order] == code][: take[code]] for code in range(len(sizes))]
    return np.concatenate(chosen)
