"""Which rows a run trains on and which it chooses the best epoch by.

the data set's own split, where it ships one; else by seed, stratified by class; by `groups`; the last by `time`
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from zoo.data import dates, notations, recognition
from zoo.data.columns.natural import natural
from zoo.data.notations import MARKS
from zoo.data.raw_values import as_numbers, is_missing, is_stringlike


def held_out(
    strata: np.ndarray | None, share: float, *, seed: int, rows: int, groups=None, time=None
) -> tuple[np.ndarray, np.ndarray]:
    """Splits rows into training and validation.

    Args:
        strata: A number a row, from 0: each side has rows of one number by its share. None: rows are drawn.
        share: Share of the rows to hold out, in (0, 1).
        seed: Seed of the choice.
        rows: Number of rows.
        groups: A label a row: rows of one group stay together.
        time: A time a row, as numbers, dates, or texts of either: the last rows are held out.

    Returns:
        Sorted indices of training and of validation rows.

    Raises:
        ValueError: if the share is out of range or leaves either side empty, or if times are missing or cannot be read.
    """
    if isinstance(share, bool) or not 0.0 < share < 1.0:
        raise ValueError(f"`validation` must be a share in (0, 1), data, or None. Received: validation={share!r}")
    count = max(1, round(rows * share))
    if rows < 2:
        raise ValueError(
            f"{rows} row cannot be split into training and validation. Pass `validation=None`, or more rows."
        )
    generator = np.random.default_rng(seed)
    if time is not None:
        chosen = np.argsort(moments(time), kind="stable")[rows - count :]
    elif groups is not None:
        codes, labels = pd.factorize(np.asarray(groups), use_na_sentinel=False)
        if len(labels) < 2:
            raise ValueError(
                "`groups` must have at least two groups to hold one out. Received: one. Name another column."
            )
        order = generator.permutation(len(labels))
        sizes = np.bincount(codes, minlength=len(labels))[order]
        taken = order[: max(1, min(len(order) - 1, int(np.searchsorted(np.cumsum(sizes), count)) + 1))]
        chosen = np.flatnonzero(np.isin(codes, taken))
    elif strata is not None:
        chosen = _stratified(strata, count, generator)
    else:
        chosen = generator.permutation(rows)[:count]
    mask = np.zeros(rows, bool)
    mask[chosen] = True
    return np.flatnonzero(~mask), np.flatnonzero(mask)


def moments(time) -> np.ndarray:
    """Returns what rows are sorted by `(rows,)`: numbers, or the instants of dates, whatever notation they have.

    Args:
        time: A time a row.

    Raises:
        ValueError: if a time is missing, or the times are neither numbers nor dates whose notation can be told.
    """
    values = time if isinstance(time, pd.Series) else pd.Series(np.asarray(time))
    called = "times" if values.name is None else f"column {values.name!r} of times"
    labels, values = values.index, natural(values, values.name).reset_index(drop=True)
    missing = is_missing(values)
    if is_stringlike(values.dtype):
        missing |= values.isin(MARKS).to_numpy()
    if missing.any():
        raise ValueError(
            f"The {called} must have no missing values. Received: {int(missing.sum())} missing, the first at row "
            f"{labels[np.flatnonzero(missing)[0]]}. Drop these rows, or fill them in."
        )
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return dates.of_datetimes(values)
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "iub":
        return values.to_numpy()  # float64 would round those beyond 2**53
    numbers = as_numbers(values)
    if numbers is not None:
        return numbers
    codes, uniques = pd.factorize(values.astype(str))
    found = recognition.recognise(list(uniques), np.bincount(codes).tolist())
    if found is None or found.format is None or found.others:
        example = uniques[0] if found is None else found.example or found.others[0]
        row = labels[int(np.argmax(codes == list(uniques).index(example)))]
        reason = "" if found is None or not found.reason else f" {found.reason}."
        raise ValueError(
            f"The {called} must hold numbers, or dates in one notation. Received: {example!r} in row {row}.{reason} "
            "Write them as ISO 8601 has it, 2024-12-31, or convert them: pandas.to_datetime(column, format='%d/%m/%Y')."
        )
    return notations.instants(list(uniques), found.format)[0][codes]


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
