"""Where memory is short: what was asked for, and rows in blocks that fit, in the order that they would have had."""

from __future__ import annotations

import contextlib
import re
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keras
import numpy as np

from zoo.engine.experience import Experience

SIGNS = ("RESOURCE_EXHAUSTED", "OOM when allocating", "out of memory", "can't allocate memory", "failed to allocate")
HOMES = ("tensorflow", "jax", "jaxlib", "torch", "builtins")
BYTES = {"float64": 8, "double": 8, "int64": 8, "float": 4, "float32": 4, "int32": 4, "half": 2, "bfloat16": 2}


def shortage(error: BaseException) -> str | None:
    """Returns what an error asked for and did not get, such as `"3.7 GiB"`; `"more memory"` if it does not say.

    Args:
        error: Numpy's, TensorFlow's, XLA's, JAX's or PyTorch's; None is returned for those of other kinds.
    """
    text = str(error)
    ours = type(error).__module__.partition(".")[0] in HOMES
    signs = any(sign.lower() in text.lower() for sign in SIGNS)
    named = type(error).__name__ in ("ResourceExhaustedError", "OutOfMemoryError")
    if not (isinstance(error, MemoryError) or ours and (named or isinstance(error, Exception) and signs)):
        return None
    if found := re.search(r"([\d.]+) ?([KMGT]i?B)\b", text):
        return f"{found[1].rstrip('.')} {found[2]}"
    if found := re.search(r"allocat\w* (?:a )?(?:buffer of )?(?:size )?(\d+)(?: bytes)?", text):
        return readable(int(found[1]))
    if found := re.search(r"shape ?\[([\d,]+)\] and type (\w+)", text):
        return readable(int(np.prod([int(n) for n in found[1].split(",")], dtype=float)) * BYTES.get(found[2], 1))
    return "more memory"


def readable(count: float) -> str:
    """Returns a number of bytes such as `"3.73 GiB"`."""
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.3g} {unit}"
        count /= 1024
    return f"{count:.3g} GiB"


def available() -> int | None:
    """Returns how many bytes can still be had, by /proc/meminfo and the limit of a container; None if none says it."""
    found = []
    with contextlib.suppress(OSError, ValueError, TypeError):
        text = Path("/proc/meminfo").read_text(encoding="ascii")
        found.append(1024 * int(re.search(r"MemAvailable:\s+(\d+)", text)[1]))
    with contextlib.suppress(OSError, ValueError):
        limit, used = (int(Path("/sys/fs/cgroup", f"memory.{name}").read_text()) for name in ("max", "current"))
        found.append(max(0, limit - used))
    return min(found, default=None)


@contextlib.contextmanager
def explained(repair: str) -> Iterator[None]:
    """Has errors of a block that mean too little memory say what was asked for, and what to do."""
    try:
        yield
    except Exception as error:
        missing = shortage(error)
        if missing is None or getattr(error, "explained", False):
            raise
        explanation = MemoryError(f"Memory is short: {missing} could not be had. {repair}")
        explanation.explained = True  # type: ignore[attr-defined]  # the mark that is looked for above
        raise explanation from error


def taken(rows, index):
    """Returns some rows of a nest of arrays."""
    return keras.tree.map_structure(lambda values: np.asarray(values)[index], rows)


class Rows:
    """The rows of a training: on the device at once, or a block after the other where they do not fit.

    Blocks are runs of the same order of rows and hold whole batches, so that the numbers stay what they would have
    been.

    Args:
        rows: `(x, y)` or `(x, y, weight)`, arrays; or a function `epoch -> iterator` of `(arrays, order)`.
        place: Puts a nest of arrays on the device.
        order: `(rows, epoch) -> numbers of rows` of arrays in memory.
        batch_size: Rows a step.
    """

    def __init__(self, rows: tuple | Callable, *, place: Callable, order: Callable, batch_size: int):
        self._rows, self._place, self._order, self._batch_size = rows, place, order, batch_size
        self._said = False
        self.limit: int | None = None  # rows of a block
        self.placed = None
        if not callable(rows):
            try:
                self.placed = place(rows)
            except Exception as error:
                if not self.shrink(error):
                    raise

    @property
    def count(self) -> int | None:
        """How many rows there are, if they are in memory."""
        return None if callable(self._rows) else len(keras.tree.flatten(self._rows)[0])

    @property
    def made_by_model(self) -> bool:
        """Whether a block needs the weights that the steps on the one before left: then none is fetched ahead."""
        return isinstance(self._rows, Experience)

    @property
    def logs(self) -> dict[str, float]:
        """What the source of rows tells of the last epoch, by name."""
        return self._rows.logs if isinstance(self._rows, Experience) else {}

    def some(self, epoch: int) -> tuple:
        """Returns a row."""
        if isinstance(self._rows, Experience):
            return taken(self._rows.example(epoch), slice(1))
        rows = next(self._rows(epoch))[0] if callable(self._rows) else self._rows
        return taken(rows, slice(1))

    def shrink(self, error: BaseException, held: int | None = None) -> bool:
        """Halves the blocks after an error, and returns whether that helps: it means short memory, and they can be.

        Args:
            error: What was raised.
            held: Rows of the block that did not fit, if one was tried.
        """
        missing = shortage(error)
        before = held or self.limit or self.count
        if missing is None or before is None or before <= self._batch_size:
            return False
        self.placed = None
        self.limit = max(1, before // 2 // self._batch_size) * self._batch_size
        if not self._said:
            self._said = True
            warnings.warn(
                f"Memory is short: {missing} could not be had. Rows go to the device in blocks from now on, of "
                f"{self.limit:,} and, where they do not fit either, of half as many.",
                stacklevel=2,
            )
        return True

    def blocks(self, epoch: int) -> Iterator[tuple]:
        """Yields arrays and the order of their rows, on the host."""
        if callable(self._rows):
            yield from self._rows(epoch)
        else:
            yield self._rows, np.asarray(self._order(self.count, epoch))

    def placed_blocks(self, rows, order) -> Iterator[tuple]:
        """Yields a block on the device: whole, or in parts that fit."""
        if self.placed is not None:
            yield self.placed, order
            return
        first = 0
        while first < len(order):
            last = min(len(order), first + (self.limit or len(order)))
            try:
                if last - first == len(order) and self.limit is None:
                    placed = self._place((rows, order))
                else:
                    index = np.asarray(order[first:last])
                    placed = self._place((taken(rows, index), np.arange(len(index), dtype="int32")))
            except Exception as error:
                if not self.shrink(error, last - first):
                    raise
                continue
            yield placed
            del placed
            first = last


class Slices:
    """Batches of rows on the host, again and again."""

    def __init__(self, rows: tuple, size: int):
        self._rows, self._size = rows, size

    def __iter__(self) -> Iterator[tuple]:
        for first in range(0, len(keras.tree.flatten(self._rows)[0]), self._size):
            yield taken(self._rows, slice(first, first + self._size))


class Snapshot:
    """The values of variables, to begin again from."""

    def __init__(self, variables: list):
        self._values = [(variable, variable.numpy()) for variable in variables]

    def restore(self) -> None:
        for variable, value in self._values:
            variable.assign(value)


def fetched_ahead(blocks: Iterator) -> Iterator:
    """Yields blocks of rows, the next of which is fetched meanwhile in a thread beside."""
    with ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(next, blocks, None)
        while (block := coming.result()) is not None:
            coming = ahead.submit(next, blocks, None)
            yield block
