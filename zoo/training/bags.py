"""The folds of a committee: which rows a bag is trained on, and which are held out from it.

    8 bags up to 2,000 rows, 5 up to 5,000, 3 up to 10,000, 2 up to 50,000, then one    unless the caller says how many

There are as many folds as bags, but at least five, and of more than 2,000 rows ten: each bag then trains on nine tenths
of them, and of many rows two or three such bags are nearly as good as ten. A fold is held out from one bag: by class,
so that each fold has as many of a class; by groups, whole; by seed. The only row of a class is in every training part
and held out from none. One bag alone has the share held out that the recipe says, by `time` the last rows, or else the
validation rows of the caller. By `time` the last fifth is held out even where the caller asks for no validation: folds
would train on what came later.

Of more than 2,000 rows, validation rows of the caller take the place of the folds, if they are at least 250: every bag
trains on all rows, by a seed of its own, and these rows choose epochs and weights.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import pandas as pd

from zoo.data.pipelines import Encoded
from zoo.layers.known_levels import levels_of, with_known
from zoo.training.parts import Parts
from zoo.training.splitting import held_out

FEW_ROWS = 2_000
BAGS = ((FEW_ROWS, 8), (5_000, 5), (10_000, 3), (50_000, 2))  # up to so many rows, so many bags
FEWEST_FOLDS, FOLDS_OF_MANY = 5, 10  # of at most `FEW_ROWS`, and of more
ENOUGH_GIVEN = 250  # validation rows of the caller, which then choose epochs and weights alone
FEWEST_ROWS = 4
LAST_SHARE = 0.2  # held out by time where the caller asks for none


@dataclasses.dataclass(frozen=True)
class Bag:
    """The rows of one bag.

    Args:
        train: Numbers of the rows that it is trained on, sorted.
        held: Numbers of those that are held out from it, sorted; none where the caller's validation rows are.
    """

    train: np.ndarray
    held: np.ndarray


@dataclasses.dataclass(frozen=True)
class Bags:
    """All bags of a committee.

    Args:
        bags: The rows of each.
        said: How rows were parted, in words.
    """

    bags: tuple[Bag, ...]
    said: str

    def __len__(self) -> int:
        return len(self.bags)


def parted(parts: Parts, asked: int | None, given: Mapping, *, share: float | None, seed: int) -> Bags:
    """Returns the bags of training rows.

    Args:
        parts: The rows.
        asked: How many bags the caller asks for, or None.
        given: The columns `groups` and `time` that the caller named, or None.
        share: The share that the recipe holds out, for one bag alone; None if none is to be.
        seed: Of the choice.

    Raises:
        ValueError: if there are too few rows or groups, or one bag has no rows held out.
    """
    rows, groups, time = len(parts.train), given.get("groups"), given.get("time")
    labels = None if groups is None else parts.train.roles[groups]
    units = rows if labels is None else labels.nunique(dropna=False)
    if rows < FEWEST_ROWS:
        raise ValueError(
            f"A committee is trained on folds, and needs at least {FEWEST_ROWS} rows. Received: {rows}. Add rows, or "
            "train one network, 'mlp_classifier' or 'mlp_regressor'."
        )
    most = rows // 2 if labels is None else units
    if asked is not None and asked > most:
        what = "half the number of rows" if labels is None else f"the number of groups of {groups!r}"
        raise ValueError(f"`bags` must be at most {what}, {most}. Received: bags={asked}. Pass fewer.")
    if time is not None and (asked or 1) > 1:
        raise ValueError(
            f"By `time` the last rows are held out, from one bag. Received: bags={asked}. Leave `bags` or `time` out."
        )
    if time is not None and asked is None and share is None and parts.val is None:
        share = LAST_SHARE
    bags = asked if asked is not None else 1 if time is not None else min(_usual(rows), most)
    can_hold_out = parts.val is not None or share is not None
    if bags == 1 and not can_hold_out:
        if asked == 1:
            raise ValueError("One bag needs rows held out. Received: bags=1, validation=None. Leave one of them out.")
        bags = min(2, most)
    if bags == 1 and labels is not None and units < 2:
        raise ValueError("`groups` must have at least two groups to hold one out. Received: one. Name another column.")
    every = np.arange(rows)
    given_alone = rows > FEW_ROWS and parts.val_rows >= ENOUGH_GIVEN
    if parts.val is not None and (bags == 1 or given_alone):
        said = "one bag" if bags == 1 else f"{bags} bags of all training rows"
        return Bags((Bag(every, every[:0]),) * bags, f"{parts.split}; {said}")
    strata = parts.task.strata(parts.train.y)
    if bags == 1:
        by_time = None if time is None else parts.train.roles[time]
        train, held = held_out(strata, float(share or 0), seed=seed, rows=rows, groups=labels, time=by_time)
        how = f"by groups of {groups}" if groups else f"the last by {time}" if time else f"by seed {seed}"
        return Bags((Bag(train, held),), f"{parts.split}; one bag, {share:g} held out {how}")
    fewest = FEWEST_FOLDS if rows <= FEW_ROWS else FOLDS_OF_MANY
    generator, folds = np.random.default_rng(seed), min(max(bags, fewest), most)
    fold = _by_group(labels, folds, generator) if labels is not None else _by_row(strata, rows, folds, generator)
    said = f"{parts.split}; {folds} folds by {f'groups of {groups} and ' if groups else ''}seed {seed}"
    said += "" if bags == folds else f", of which {bags} are held out"
    return Bags(tuple(Bag(every[fold != bag], every[fold == bag]) for bag in range(bags)), said)


def _usual(rows: int) -> int:
    """Returns the number of bags for so many rows."""
    return next((bags for most, bags in BAGS if rows <= most), 1)


def _by_row(strata, rows: int, bags: int, generator) -> np.ndarray:
    """Returns the fold of each row, with as many rows of a class in each; -1 for the only row of a class."""
    order = generator.permutation(rows)
    fold = np.empty(rows, int)
    if strata is None:
        fold[order] = np.arange(rows) % bags
        return fold
    alone = np.bincount(strata)[strata] < 2
    by_class = order[np.argsort(strata[order], kind="stable")]
    several = by_class[~alone[by_class]]
    fold[several] = np.arange(len(several)) % bags
    fold[alone] = -1
    return fold


def _by_group(labels, bags: int, generator) -> np.ndarray:
    """Returns the fold of each row: the largest groups first, each to the fold that has the fewest rows."""
    codes = pd.factorize(np.asarray(labels), use_na_sentinel=False)[0]
    sizes = np.bincount(codes)
    order = generator.permutation(len(sizes))
    taken, fold_of = np.zeros(bags, int), np.empty(len(sizes), int)
    for group in order[np.argsort(-sizes[order], kind="stable")]:
        fold_of[group] = np.argmin(taken)
        taken[fold_of[group]] += sizes[group]
    return fold_of[codes]


def rows_of(encoded: Encoded, rows: np.ndarray) -> Encoded:
    """Returns some of the encoded rows, by their numbers."""
    y, weight, truth = (None if part is None else part[rows] for part in (encoded.y, encoded.weight, encoded.truth))
    return Encoded({name: values[rows] for name, values in encoded.x.items()}, y, weight, truth)


def joined(one: Encoded, other: Encoded | None) -> Encoded:
    """Returns encoded rows, and behind them others of the same columns, which may have no weights."""
    if other is None:
        return one
    weight = None
    if one.weight is not None or other.weight is not None:
        weights = [np.ones(len(part), "float32") if part.weight is None else part.weight for part in (one, other)]
        weight = np.concatenate(weights)
    x = {name: np.concatenate([values, other.x[name]]) for name, values in one.x.items()}
    y, truth = (np.concatenate([getattr(part, name) for part in (one, other)]) for name in ("y", "truth"))
    return Encoded(x, y, weight, truth)


def known_levels(encoded: Encoded, bag: Bag, sizes) -> np.ndarray | None:
    """Returns which levels of categories a bag is trained on, as `zoo.layers.known_levels` has them; None of none."""
    return levels_of(encoded.x["categorical"][bag.train], sizes) if sizes else None


def as_seen(rows: Encoded, known: np.ndarray | None, sizes) -> Encoded:
    """Returns encoded rows as a bag sees them: levels that it was not trained on are as those that no row had."""
    if known is None:
        return rows
    categorical = with_known(rows.x["categorical"], sizes, known)
    return dataclasses.replace(rows, x={**rows.x, "categorical": categorical})
