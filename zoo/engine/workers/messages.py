"""Messages from the chief to the other workers, plain values and arrays, by the collective that sums gradients.

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

from zoo.engine.workers import cluster


class Messages:
    """Sends the chief's messages to the other workers.

    Args:
        chief: Whether this worker is the chief.
        add: `int32 array -> int32 array`: its sum over the workers, which all call it with the same shape.
    """

    def __init__(self, chief: bool, add: Callable[[np.ndarray], np.ndarray]):
        self.chief, self._add = chief, add
        self.awaited = True  # whether the others wait for a message; else they compute as the chief does

    def same(self, plain=None, arrays: Sequence[np.ndarray] = ()) -> tuple:
        """Returns the chief's plain values and arrays, on every worker.

        Raises:
            RuntimeError: if the chief failed.
            ConnectionError: if a worker was lost.
        """
        message = self._packed({"plain": plain, "arrays": len(arrays)}, arrays) if self.chief else None
        header, arrays = self._sent(message)
        if "error" in header:
            raise RuntimeError(f"The chief stopped: {header['error']}")
        return header["plain"], arrays

    @contextlib.contextmanager
    def leading(self) -> Iterator[None]:
        """Sends the others an error of the chief's, if they are waiting for a message."""
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
    """Delays Ctrl-C and SIGTERM while workers train: a chief that stops within an epoch leaves the others waiting.

    The chief's counts, at the end of the epoch; the others' is left to the chief. A second one is heard at once.

    Args:
        workers: Whether there are several; else signals are heard as ever.
    """

    def __init__(self, workers: bool):
        self._came: int | None = None
        self._workers = workers
        self._before: dict[int, Callable] = {}

    @property
    def heard(self) -> bool:
        """Whether a signal came."""
        return self._came is not None

    def __enter__(self) -> Interruption:
        if self._workers and threading.current_thread() is threading.main_thread():
            handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
            self._before = {number: handler for number, handler in handlers.items() if callable(handler)}
            for number in self._before:
                signal.signal(number, self._hear)
        return self

    def _hear(self, number, frame):
        if self.heard:
            self._before[number](number, frame)
        self._came = number

    def __exit__(self, *error):
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def pass_on(self) -> None:
        """Does what the signal would have done, which is to raise KeyboardInterrupt."""
        if self._came is not None:
            self._before[self._came](self._came, None)
            raise KeyboardInterrupt
