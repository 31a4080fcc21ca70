"""Many requests, one run: a thread takes a request, drains what has queued up meanwhile, runs once, and splits.

There is no timer: alone, a request never waits; under load, the queue fills while the run before is going on.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import threading
import time
from collections.abc import Callable, Mapping

import numpy as np

from zoo.serving.metrics import ROWS, SECONDS, Histogram


class Full(Exception):
    """The queue is at its limit."""


class Closed(Exception):
    """The batcher takes no more requests."""


class Late(Exception):
    """There was no answer in time."""


class _Waiting:
    __slots__ = ("answer", "clock", "error", "future", "loop", "rows", "signature", "tensors")

    def __init__(self, signature, tensors, rows, seconds):
        self.signature, self.tensors, self.rows = signature, tensors, rows
        self.loop = asyncio.get_running_loop()
        self.future = self.loop.create_future()
        self.clock = self.loop.call_later(seconds, self._expire)
        self.answer = self.error = None

    def _expire(self):
        if not self.future.done():
            self.future.set_exception(Late())


class Batcher:
    """Runs requests in batches in a thread of its own.

    Args:
        run: `(signature, tensors) -> outputs`, both `(rows, ...)` by name.
        most_rows: Rows of a batch at which draining stops.
        most_waiting: Requests in the queue at which further ones are refused.
        seconds: Time after which a request is given up.

    Attributes:
        batch_rows: Histogram of the rows of a batch.
        batch_seconds: Histogram of the seconds in which a batch was answered.
    """

    def __init__(self, run: Callable, *, most_rows: int = 1024, most_waiting: int = 4096, seconds: float = 30.0):
        self._run, self._most_rows, self._most_waiting, self._seconds = run, most_rows, most_waiting, seconds
        self._queue: collections.deque[_Waiting] = collections.deque()
        self._open = True
        self._changed = threading.Condition()  # of the two above
        self.batch_rows, self.batch_seconds = Histogram(ROWS), Histogram(SECONDS)
        self._thread = threading.Thread(target=self._work, name="batcher", daemon=True)
        self._thread.start()

    async def submit(self, signature: str, tensors: Mapping[str, np.ndarray], rows: int) -> dict[str, np.ndarray]:
        """Returns the outputs of a request's rows.

        Raises:
            Full: if too many wait.
            Late: if the answer takes too long.
            Closed: if the batcher was closed.
        """
        with self._changed:
            if not self._open:
                raise Closed
            if len(self._queue) >= self._most_waiting:
                raise Full
            waiting = _Waiting(signature, tensors, rows, self._seconds)
            self._queue.append(waiting)
            self._changed.notify()
        try:
            return await waiting.future
        finally:
            waiting.clock.cancel()

    @property
    def waiting(self) -> int:
        """Number of requests in the queue."""
        return len(self._queue)

    def close(self) -> None:
        """Takes no more requests, answers those that wait, and ends the thread."""
        with self._changed:
            self._open = False
            self._changed.notify()
        self._thread.join()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._queue:
                    if not self._open:
                        return
                    self._changed.wait()
                batch = self._drained()
            if not batch:
                continue
            begin = time.perf_counter()
            self._answer(batch)
            self.batch_seconds.add(time.perf_counter() - begin)
            self.batch_rows.add(sum(waiting.rows for waiting in batch))
            for loop in {waiting.loop for waiting in batch}:
                mine = [waiting for waiting in batch if waiting.loop is loop]
                with contextlib.suppress(RuntimeError):  # the loop has ended, and nobody waits
                    loop.call_soon_threadsafe(_deliver, mine)

    def _drained(self) -> list[_Waiting]:
        """Returns the next requests of one signature, up to the limit of rows, whose clients still wait."""
        batch: list[_Waiting] = []
        queue, rows = self._queue, 0
        while queue:
            if batch and (rows + queue[0].rows > self._most_rows or queue[0].signature != batch[0].signature):
                break
            waiting = queue.popleft()
            if not waiting.future.done():
                batch.append(waiting)
                rows += waiting.rows
        return batch

    def _answer(self, batch: list[_Waiting]) -> None:
        try:
            if len(batch) == 1:
                batch[0].answer = self._run(batch[0].signature, batch[0].tensors)
                return
            joined = {name: np.concatenate([waiting.tensors[name] for waiting in batch]) for name in batch[0].tensors}
            outputs = self._run(batch[0].signature, joined)
            start = 0
            for waiting in batch:
                end = start + waiting.rows
                waiting.answer = {name: values[start:end] for name, values in outputs.items()}
                start = end
        except Exception as error:
            if len(batch) == 1:
                batch[0].error = error
                return
            for waiting in batch:  # one bad request, such as a broken image, must not be the others' error
                self._answer([waiting])


def _deliver(batch: list[_Waiting]) -> None:
    for waiting in batch:
        if waiting.future.done():
            continue
        if waiting.error is not None:
            waiting.future.set_exception(waiting.error)
        else:
            waiting.future.set_result(waiting.answer)
