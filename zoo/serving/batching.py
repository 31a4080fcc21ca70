"""Many requests, one run: a thread takes a request, drains what has queued up meanwhile, runs once, and splits.

There is no timer: alone, a request never waits; under load, the queue fills while the run before is going on.
"""

from __future__ import annotations

import asyncio
import collections
import threading
from collections.abc import Callable, Mapping

import numpy as np


class Full(Exception):
    """The queue is at its limit."""


class Closed(Exception):
    """The batcher takes no more requests."""


class _Waiting:
    __slots__ = ("answer", "error", "future", "rows", "signature", "tensors")

    def __init__(self, signature, tensors, rows, future):
        self.signature, self.tensors, self.rows, self.future = signature, tensors, rows, future
        self.answer = self.error = None


class Batcher:
    """Runs requests in batches in a thread of its own.

    Args:
        run: `(signature, tensors) -> outputs`, both `(rows, ...)` by name.
        most_rows: Rows of a batch at which draining stops.
        most_waiting: Requests in the queue at which further ones are refused.
    """

    def __init__(self, run: Callable, *, most_rows: int = 1024, most_waiting: int = 4096):
        self._run, self._most_rows, self._most_waiting = run, most_rows, most_waiting
        self._queue: collections.deque[_Waiting] = collections.deque()
        self._ready = threading.Semaphore(0)
        self._open = True
        self._thread = threading.Thread(target=self._work, name="batcher", daemon=True)
        self._thread.start()

    async def submit(self, signature: str, tensors: Mapping[str, np.ndarray], rows: int) -> dict[str, np.ndarray]:
        """Returns the outputs of a request's rows.

        Raises:
            Full: if too many wait.
            Closed: if the batcher was closed.
        """
        if not self._open:
            raise Closed
        if len(self._queue) >= self._most_waiting:
            raise Full
        waiting = _Waiting(signature, tensors, rows, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._ready.release()
        return await waiting.future

    def close(self) -> None:
        """Takes no more requests, answers those that wait, and ends the thread."""
        self._open = False
        self._ready.release()
        self._thread.join()

    def _work(self) -> None:
        while True:
            self._ready.acquire()
            if not self._queue:
                if self._open:
                    continue
                return
            batch = self._drain()
            self._answer(batch)
            loops = {waiting.future.get_loop() for waiting in batch}
            for loop in loops:
                mine = [waiting for waiting in batch if waiting.future.get_loop() is loop]
                try:
                    loop.call_soon_threadsafe(_deliver, mine)
                except RuntimeError:  # the loop has ended, and nobody waits
                    pass

    def _drain(self) -> list[_Waiting]:
        batch, rows = [self._queue.popleft()], 0
        rows = batch[0].rows
        while self._queue and rows + self._queue[0].rows <= self._most_rows:
            if self._queue[0].signature != batch[0].signature:
                break
            self._ready.acquire()
            batch.append(self._queue.popleft())
            rows += batch[-1].rows
        live = [waiting for waiting in batch if not waiting.future.done()]  # whose client has not hung up
        return live or batch[:1]

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
