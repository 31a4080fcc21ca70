"""Rows of several members in batches of one size: a member with fewer rows than another is padded.

    mean of a batch = sum_i share_i loss_i,   share = weight / (rows of the batch without padding), 0 of padding

What stays the same over the epochs is computed here, once, so that it need not be traced.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

Shapes = tuple[tuple[int, ...], ...]


class Rows(NamedTuple):
    """Training rows of all members.

    Args:
        x: Nest of arrays `(members * most, ...)`: each member has places for the most rows of any, below those of the
            member before.
        y: Targets of the rows.
        weight: Weights of the rows.
        ends: Where each member's rows end in these arrays, `(members,)`.
        slots: Which places of an epoch's order stand in each batch, `(members, steps, size)`.
        divisors: For each row of a batch the rows of the batch without padding; infinite for padding,
            `(steps, members, size)`.
        batches: Rows of each batch without padding, `(steps, members)`.
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
    """Validation rows of all members, by which their best epochs are chosen.

    Args:
        x: Nest of arrays in batches, `(steps, members, size, ...)`.
        y: Targets of the rows.
        shares: The factor of each row's loss in the mean of its member's batch, 0 for padding.
        batches: As in `Rows`.
        counts: As in `Rows`.
    """

    x: Any
    y: Any
    shares: Any
    batches: Any
    counts: Any


def shapes_of(rows: Sequence[tuple]) -> Shapes:
    """Returns the largest shape over the members of each array, for the arrays in their flat order.

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
    slots = np.minimum(np.arange(steps * size), counts[:, None] - 1)  # the last row of the order pads its batch
    batches, divisors = _divided(counts, steps, size)
    x, y, weight = keras.tree.map_structure(lambda a: a.reshape(-1, *a.shape[2:]), (x, y, weight))
    ends = counts + most * np.arange(len(counts))
    slots = slots.reshape(-1, steps, size)
    return Rows(x, y, weight, ends.astype("int32"), slots.astype("int32"), divisors, batches, counts.astype("float32"))


def of_testing(rows: Sequence[tuple], shapes: Shapes, most_rows: int) -> HeldRows:
    """Returns members' rows in the shapes of `shapes_of`, in batches of about one size.

    Args:
        rows: As for `shapes_of`.
        shapes: What that returned.
        most_rows: The most rows of a member in a batch.
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
    """Returns arrays `(members, *shape)`, padded with zeros, and how many rows each member has."""
    padded: list[np.ndarray] = []
    for shape, *arrays in zip(shapes, *map(keras.tree.flatten, rows), strict=True):
        padded.append(np.zeros((len(arrays), *shape), arrays[0].dtype))
        for place, array in zip(padded[-1], arrays, strict=True):
            place[tuple(map(slice, array.shape))] = array
    return keras.tree.pack_sequence_as(rows[0], padded), np.array([len(part[1]) for part in rows])


def _divided(counts: np.ndarray, steps: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the `batches` and `divisors` of `Rows`."""
    batches = np.clip(counts - size * np.arange(steps)[:, None], 0, size).astype("float32")
    divisors = np.where(np.arange(size) < batches[..., None], batches[..., None], np.float32(np.inf))
    return batches, divisors
