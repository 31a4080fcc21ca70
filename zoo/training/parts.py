"""The rows of a run: what it trains on, what it chooses the best epoch by, what it reports on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from zoo.building import task_for
from zoo.data import doubts
from zoo.data.frames import are_values
from zoo.data.names import column_named, resolved
from zoo.data.pipelines import in_validation, weights
from zoo.data.raw import Data
from zoo.data.sampling import Sample, sample
from zoo.data.sources import load as load_data
from zoo.progress import Progress
from zoo.registry import Entry
from zoo.tasks.task import Task
from zoo.training.splitting import held_out

LARGEST_SHARE = 1 / 3  # that is held out for the sake of a number of rows


@dataclasses.dataclass(frozen=True)
class Parts:
    """Training, validation and test rows, with what tells them apart in a stream.

    Args:
        train: Rows to train on (of a stream: all, see `keep_train`).
        val: Rows to choose the best epoch by, or None.
        test: Rows to report on, or None.
        source: Where the data came from.
        sha256: Hash of the raw data, if known.
        weight: Column of sample weights, or None.
        split: How the rows were chosen, in words.
        task: What the model is to answer.
        rows: Number of training rows.
        val_rows: Number of validation rows.
        sample: Of a stream, the rows that statistics are taken from.
        keep_train: For a stream, which row indices to train on.
        keep_val: For a stream, which row indices are held out.
        ignore: Columns that the caller wants as no inputs.
    """

    train: Data
    val: Data | None
    test: Data | None
    source: str
    sha256: str | None
    weight: str | None
    split: str
    task: Task
    rows: int
    val_rows: int
    sample: Sample | None = None
    keep_train: Callable | None = None
    keep_val: Callable | None = None
    ignore: tuple = ()

    @property
    def streaming(self) -> bool:
        """Whether the rows come block by block."""
        return self.train.streaming

    def weights(self, part: Data) -> np.ndarray | None:
        """Returns the sample weights of a part's rows `(rows,)`, or None: validation data need not have any."""
        if self.weight is None or self.weight not in part.roles.columns:
            return None
        return weights(part.roles, self.weight)

    @property
    def held_out_weights(self) -> np.ndarray | None:
        """The sample weights of the validation rows `(rows,)`, or None where they count alike or come as a stream."""
        return None if self.val is None or self.val.streaming else self.weights(self.val)

    def facts(self) -> dict[str, Any]:
        """Returns source, hash, split, rows and ignored columns, for the card."""
        counts = {"train": self.rows, "val": self.val_rows, "test": len(self.test) if self.test is not None else 0}
        known = {"source": self.source, "sha256": self.sha256, "split": self.split, "rows": counts}
        return {**known, "ignore": list(self.ignore)} if self.ignore else known


def load_parts(
    source,
    *,
    target,
    schema,
    validation,
    shipped: bool,
    entry: Entry,
    groups: str | None,
    time: str | None,
    weight: str | None,
    seed: int,
    ignore: tuple = (),
    image_size=None,
    task: Task | None = None,
    least_validation: int = 0,
    whole: bool = False,
    verbose: int = 0,
) -> Parts:
    """Loads data and splits it.

    Args:
        source: Anything that `zoo.data.load` takes.
        target: The target's column, a list of several, or None.
        schema: A schema, its path, or None to infer it.
        validation: A share, data, or None.
        shipped: Whether validation rows that the data set ships stand above a share.
        entry: The entry to train.
        groups: Column of groups.
        time: Column of times.
        weight: Column of sample weights.
        seed: Seed of the split.
        ignore: Columns that are no inputs.
        image_size: `(height, width)` that images are resized to, or None.
        task: What is to be answered, if that is known already, as of a trained model; else None.
        least_validation: The fewest rows that are held out by a share, which may be up to a third for them; of a
            stream the share is as it is.
        whole: Whether the rows that a share would hold out stay among the training rows, and so do validation rows that
            the data set ships: for procedures that part the rows themselves. It has no effect on a stream.
        verbose: 0 shows no progress of the pass over a stream.

    Raises:
        ValueError: if a column is missing, or the split cannot be made.
    """
    roles = {"groups": groups, "time": time, "weight": weight}
    for role, column in roles.items():
        check_name(role, column)
    with doubts.collected() as doubtful:
        loaded = load_data(source, target=target, schema=schema, ignore=ignore, image_size=image_size)
        known = loaded.column_names if loaded.streaming else list(loaded.roles.columns)
        groups, time, weight = (resolved(column, known) for column in (groups, time, weight))
        doubtful.discard(column for column in (groups, time, weight) if column is not None)
    loaded.check_ignored(ignore)
    _check_rows(loaded)
    picked = None if loaded.streaming else task_for(entry, loaded, known=task)
    for role, column in (("groups", groups), ("time", time), ("weight", weight)):
        if column is not None and not loaded.streaming:
            column_named(column, known, role)
    hidden = [column for column in (groups, weight) if column is not None]
    ignored = tuple(name for name in dict.fromkeys((*ignore, *loaded.ignore, *loaded.left_out)) if name not in hidden)
    if hidden:
        loaded = loaded.ignoring(hidden)
    of_table = loaded.streaming or isinstance(loaded.x, pd.DataFrame)
    val = (
        None
        if validation is None or isinstance(validation, Real)
        else load_data(
            validation, target=loaded.target, schema=loaded.schema, ignore=(*ignored, *(hidden if of_table else ()))
        )
    )
    if val is not None:
        _check_rows(val)
    share = float(validation) if isinstance(validation, Real) and not isinstance(validation, bool) else None
    if share is not None and not 0.0 < share < 1.0 or isinstance(validation, bool):
        raise ValueError(f"`validation` must be a share in (0, 1), data, or None. Received: validation={validation!r}")
    common: dict[str, Any] = {"source": loaded.source, "sha256": loaded.sha256, "weight": weight, "ignore": ignored}
    if picked is None:  # of a stream, when its rows are seen
        if groups or time:
            raise ValueError(
                "`groups` and `time` need all rows in memory. Pass validation data of your own with a stream."
            )
        return _stream_parts(loaded, val, share, seed, entry, task, common, verbose)
    test = loaded.take(loaded.splits["test"]) if "test" in loaded.splits else None
    chosen = groups is None and time is None
    if "train" in loaded.splits:
        rows, split = np.asarray(loaded.splits["train"]), "the data set's own"
        if val is None and share is not None and shipped and chosen and not whole and "val" in loaded.splits:
            val = loaded.take(loaded.splits["val"])
        elif share is not None and "val" in loaded.splits:
            rows = np.sort(np.concatenate([rows, loaded.splits["val"]]))
        pool = loaded.take(rows)
    else:
        pool, split = loaded, "all rows"
    if val is None and share is not None and not whole:
        by_group = None if groups is None else pool.roles[groups]
        by_time = None if time is None else pool.roles[time]
        share = max(share, min(LARGEST_SHARE, least_validation / max(len(pool), 1)))
        train_rows, val_rows = held_out(
            picked.strata(pool.y), share, seed=seed, rows=len(pool), groups=by_group, time=by_time
        )
        how = f"by groups of {groups}" if groups else f"the last by {time}" if time else f"by seed {seed}"
        split = f"{split}; validation {share:g} {how}"
        val, pool = pool.take(val_rows), pool.take(train_rows)
    common |= {"task": picked, "rows": len(pool), "val_rows": len(val) if val is not None else 0}
    return Parts(pool, val, test, split=split, **common)


def check_name(role: str, column) -> None:
    """Raises ValueError if a column that has a role is given by its values instead of its name."""
    if are_values(column):
        raise ValueError(
            f"`{role}` must be a column of the data, by its name. Received: {np.size(column)} values. Put them into "
            f"the table, frame.assign({role}=values), and pass {role}={role!r}."
        )


def _check_rows(loaded: Data) -> None:
    if not loaded.streaming and not len(loaded):
        raise ValueError("The data must have rows to train on. Received: none. Check how they were made.")


def _stream_parts(loaded, val, share, seed, entry: Entry, task: Task | None, common, verbose: int) -> Parts:
    """Splits a stream by row number, and takes the sample of its training rows in one pass."""

    def keep_val(index):
        return in_validation(index, share=share, seed=seed)

    held_out_here = val is None and share is not None
    rows = 0

    def training_blocks(progress):
        nonlocal rows
        for first, frame in loaded.blocks():
            rows = first + len(frame)
            progress.advance(len(frame))
            yield frame.loc[~keep_val(np.arange(first, rows))] if held_out_here else frame

    with Progress(None, "row", verbose=verbose) as progress:
        drawn = sample(training_blocks(progress), seed=seed)
    common = {**common, "task": task_for(entry, loaded, known=task, sample=drawn)}
    if not held_out_here:
        split = "all rows" if val is None else "validation data given"
        val_rows = len(val) if val is not None else 0
        return Parts(loaded, val, None, split=split, rows=rows, val_rows=val_rows, sample=drawn, **common)
    return Parts(
        loaded,
        loaded,
        None,
        split=f"validation {share:g} by row and seed {seed}",
        rows=drawn.rows,
        val_rows=rows - drawn.rows,
        sample=drawn,
        keep_train=lambda index: ~keep_val(index),
        keep_val=keep_val,
        **common,
    )
