"""The order of rows without TensorFlow, a function of (seed, epoch), and batches of them for Keras's `fit`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import keras
import numpy as np


def order(rows: int, *, shuffle: bool, seed: int, epoch: int) -> np.ndarray:
    """Returns the numbers of the rows in the order of an epoch, int32 `(rows,)`."""
    if not shuffle:
        return np.arange(rows, dtype="int32")
    return np.random.default_rng([seed, epoch]).permutation(rows).astype("int32")


class Number:
    """The number of an epoch, which a callback assigns."""

    def __init__(self, value: int):
        self.value = value

    def assign(self, value: int) -> None:
        self.value = value


@contextlib.contextmanager
def preserve_torch_rng() -> Iterator[None]:
    """Restores PyTorch's global random states after the block: Keras's dropout on PyTorch draws from them."""
    if keras.backend.backend() != "torch":
        yield
        return
    import torch

    with torch.random.fork_rng(range(torch.accelerator.device_count())):
        yield


def seed_torch(seed: int, epoch: int) -> None:
    """Seeds PyTorch's global random states, so that what an epoch draws is a function of (seed, epoch)."""
    import torch

    torch.manual_seed(int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0]))


class Batches(keras.utils.PyDataset):
    """Batches of rows in memory, an epoch at a time.

    Args:
        rows: `(x,)`, `(x, y)` or `(x, y, weight)`, arrays.
        batch_size: Rows a batch; the last one holds what is left.
        shuffle: Whether to permute the rows, by (seed, epoch).
        seed: Seed of the permutations.
        epoch: Holds the number of the epoch that is next.
    """

    def __init__(self, rows: tuple, *, batch_size: int, shuffle: bool, seed: int, epoch: Number):
        super().__init__()
        self._rows, self._batch_size, self._epoch = rows, batch_size, epoch
        self._how: dict = {"rows": len(keras.tree.flatten(rows)[0]), "shuffle": shuffle, "seed": seed}
        self._order: tuple = (None, None)

    def __len__(self) -> int:
        return -(-self._how["rows"] // self._batch_size)

    def __getitem__(self, step: int) -> tuple:
        now = self._epoch.value
        if self._order[0] != now:
            self._order = (now, order(**self._how, epoch=now))
        index = self._order[1][step * self._batch_size : (step + 1) * self._batch_size]
        return keras.tree.map_structure(lambda values: values[index], self._rows)
