"""Folds: which rows each training of a cross-validation learns from, and which it is scored on."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from zoo.data.names import column_named
from zoo.data.raw import Data
from zoo.tasks.task import Task


def folds_of(loaded: Data, task: Task, folds: int, groups, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields the numbers of the rows to train on and to score on."""
    from sklearn import model_selection

    rows, y = np.zeros(len(loaded)), np.asarray(loaded.y)
    if len(loaded) < folds:
        raise ValueError(f"`folds` must be at most the number of rows, {len(loaded)}. Received: folds={folds}")
    codes = task.strata(loaded.y)
    how: dict[str, Any] = {"n_splits": folds, "shuffle": True, "random_state": seed % 2**32}
    if groups is not None:
        column_named(groups, loaded.roles.columns, "groups")
        labels = pd.factorize(loaded.roles[groups], use_na_sentinel=False)[0]
        if len(np.unique(labels)) < folds:
            raise ValueError(
                f"`folds` must be at most the number of groups, {len(np.unique(labels))}. Received: folds={folds}"
            )
        if codes is None:
            splitter = model_selection.GroupKFold(**how)
        else:
            splitter = model_selection.StratifiedGroupKFold(**how)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of a class with fewer rows than folds: groups come first
            yield from splitter.split(rows, codes, labels)
        return
    if codes is None:
        yield from model_selection.KFold(**how).split(rows)
        return
    if (least := int(np.bincount(codes).min())) < folds:
        rare = y[np.flatnonzero(codes == int(np.bincount(codes).argmin()))[0]]
        raise ValueError(
            f"`folds` must be at most the number of rows of the rarest class, {least} of {rare!r}, for every fold to "
            f"have it. Received: folds={folds}"
        )
    yield from model_selection.StratifiedKFold(**how).split(rows, codes)
