"""What the chief tells the other workers: plain values and arrays, through the sums that gradients take.

The chief's bytes plus the others' zeros are the chief's bytes, so that one collective is enough. Every worker calls in
the same order; where the chief fails on its own, it says so in the place of the next message.
"""

from __future__ import annotations

import contextlib
import io
import json
import signal
import threading
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from zoo.engine import cluster


class Messages:
    """From the chief to the others.

    Args:
        chief: Whether this worker is the chief.
        add: `int32 array -> int32 array`: its sum over the workers, which all call it with the same shape.
    """

    def __init__(self, chief: bool, add: Callable[[np.ndarray], np.ndarray]):
        self.chief, self._add = chief, add
        self.awaited = True  # whether the others wait for a message, or are at work as the chief is

    def same(self, plain=None, arrays: Sequence[np.ndarray] = ()) -> tuple:
        """Returns the chief's plain values and arrays, on every worker.

        Raises:
            RuntimeError: if the chief failed.
            ConnectionError: if a worker was lost.
        """
        message = self._packed({"plain": plain, "arrays": len(arrays)}, arrays) if self.chief else None
        told, arrays = self._sent(message)
        if "error" in told:
            raise RuntimeError(f"The chief stopped: {told['error']}")
        return told["plain"], arrays

    @contextlib.contextmanager
    def leading(self) -> Iterator[None]:
        """Tells the others of an error of the chief's, where they wait for a message meanwhile."""
        try:
            yield
        except ConnectionError:
            raise
        except Exception as error:
            if self.chief and self.awaited:
                with contextlib.suppress(ConnectionError):
                    self._sent(self._packed({"error": f"{type(error).__name__}: {error}", "arrays": 0}, ()))
            raise

    @staticmethod
    def _packed(header: dict, arrays) -> np.ndarray:
        file = io.BytesIO()
        np.savez(file, header=np.array(json.dumps(header)), **{f"array_{i}": array for i, array in enumerate(arrays)})
        content = file.getvalue()
        return np.frombuffer(content + b"\0" * (-len(content) % 4), np.int32)

    def _sent(self, message):
        size = int(self._added(np.array([len(message) if self.chief else 0], np.int32))[0])
        content = self._added(message if self.chief else np.zeros(size, np.int32)).tobytes()
        with np.load(io.BytesIO(content), allow_pickle=False) as loaded:
            header = json.loads(str(loaded["header"]))
            return header, [loaded[f"array_{i}"] for i in range(header["arrays"])]

    def _added(self, numbers: np.ndarray) -> np.ndarray:
        with worker_losses():
            return np.asarray(self._add(numbers), np.int32)


@contextlib.contextmanager
def worker_losses() -> Iterator[None]:
    """Raises ConnectionError for the errors by which a backend tells that a worker is gone."""
    try:
        yield
    except Exception as error:
        found = cluster.lost(error)
        if found is None:
            raise
        raise found from None


class Interruption:
    """Hears SIGINT while workers train: one that stopped by itself, in the middle of an epoch, would leave the others.

    The chief's counts, at the end of the epoch. A second one interrupts at once.

    Args:
        workers: Whether there are several; else Ctrl-C is heard as ever.
    """

    def __init__(self, workers: bool):
        self.heard, self._workers = False, workers

    def __enter__(self) -> Interruption:
        self._main = self._workers and threading.current_thread() is threading.main_thread()
        if self._main:
            self._before = signal.signal(signal.SIGINT, self._hear)
        return self

    def _hear(self, number, frame):
        if self.heard:
            raise KeyboardInterrupt
        self.heard = True

    def __exit__(self, *error):
        if self._main:
            signal.signal(signal.SIGINT, self._before)
