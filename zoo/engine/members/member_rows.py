"""Rows of many members side by side, in batches with places for the most rows of any; where one has fewer, others fill.

    mean of a batch = sum_i share_i loss_i,   share = weight / (rows that fill nothing), 0 of those that fill

What stays the same over the epochs is computed here, once, so that it need not be traced.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

Shapes = tuple[tuple[int, ...], ...]


class Rows(NamedTuple):
    """What members train on.

    Args:
        x: Nest of arrays, of a member the most rows, below those of the member before, `(members * most, ...)`.
        y: Targets of the rows.
        weight: Their weights.
        ends: Where each member's rows end there, `(members,)`.
        slots: Which of a member's rows, in the order of an epoch, stand in its batches, `(members, steps, size)`.
        divisors: Rows of a batch that fill nothing, infinite for those that fill, `(steps, members, size)`.
        batches: Rows of each batch that fill nothing, `(steps, members)`.
        counts: Rows of each member, `(members,)`.
    """

    x: Any
    y: Any
    weight: Any
    ends: Any
    slots: Any
    divisors: Any
    batches: Any
    counts: Any


class HeldRows(NamedTuple):
    """What chooses members' best epochs.

    Args:
        x: Nest of arrays in batches, `(steps, members, size, ...)`.
        y: Targets of the rows.
        shares: What each counts in the mean of its member's batch; 0 of those that fill.
        batches: As in `Rows`.
        counts: As in `Rows`.
    """

    x: Any
    y: Any
    shares: Any
    batches: Any
    counts: Any


def shapes_of(rows: Sequence[tuple]) -> Shapes:
    """Returns shapes in which every member's arrays have place, of the arrays in their flat order.

    Args:
        rows: Of each member, `(x, y, weight)`: nests of arrays `(rows, ...)`.
    """
    arrays = zip(*map(keras.tree.flatten, rows), strict=True)
    return tuple(tuple(int(size) for size in np.max([a.shape for a in of_all], axis=0)) for of_all in arrays)


def of_training(rows: Sequence[tuple], shapes: Shapes, batch_size: int) -> Rows:
    """Returns members' rows in the shapes of `shapes_of`."""
    (x, y, weight), counts = _stacked(rows, shapes)
    most = shapes[0][0]
    size = min(batch_size, most)
    steps = -(-most // size)
    slots = np.minimum(np.arange(steps * size), counts[:, None] - 1)  # what fills a batch is a row of it
    batches, divisors = _divided(counts, steps, size)
    x, y, weight = keras.tree.map_structure(lambda a: a.reshape(-1, *a.shape[2:]), (x, y, weight))
    ends = counts + most * np.arange(len(counts))
    slots = slots.reshape(-1, steps, size)
    return Rows(x, y, weight, ends.astype("int32"), slots.astype("int32"), divisors, batches, counts.astype("float32"))


def of_testing(rows: Sequence[tuple], shapes: Shapes, most_rows: int) -> HeldRows:
    """Returns members' rows in the shapes of `shapes_of`, in batches of about one size.

    Args:
        rows: As for `shapes_of`.
        shapes: What that found.
        most_rows: Of a member in a batch.
    """
    most = shapes[0][0]
    steps = -(-most // most_rows)
    size = -(-most // steps)
    filled, counts = _stacked(rows, tuple((steps * size, *shape[1:]) for shape in shapes))

    def by_step(a):
        return a.reshape(len(rows), steps, size, *a.shape[2:]).swapaxes(0, 1)

    x, y, weight = keras.tree.map_structure(by_step, filled)
    batches, divisors = _divided(counts, steps, size)
    return HeldRows(x, y, weight / divisors, batches, counts.astype("float32"))


def _stacked(rows: Sequence[tuple], shapes: Shapes) -> tuple[tuple, np.ndarray]:
    """Returns arrays `(members, *shape)`, filled with zeros, and how many rows each member has."""
    found = []
    for shape, *arrays in zip(shapes, *map(keras.tree.flatten, rows), strict=True):
        found.append(np.zeros((len(arrays), *shape), arrays[0].dtype))
        for place, array in zip(found[-1], arrays, strict=True):
            place[tuple(map(slice, array.shape))] = array
    return keras.tree.pack_sequence_as(rows[0], found), np.array([len(part[1]) for part in rows])


def _divided(counts: np.ndarray, steps: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the `batches` and `divisors` of `Rows`."""
    batches = np.clip(counts - size * np.arange(steps)[:, None], 0, size).astype("float32")
    divisors = np.where(np.arange(size) < batches[..., None], batches[..., None], np.float32(np.inf))
    return batches, divisors
