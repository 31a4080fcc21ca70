"""Training on several devices or machines: replicas run the epochs, callbacks see the caller's model.

After each epoch the caller's model is given the weights and the optimizer's state, so that callbacks work as ever. With
several workers, callbacks run on the chief alone: before an epoch it sends the others the epoch's number and what the
callbacks have changed, and at the end that there is no further one.
"""

from __future__ import annotations

import keras
import numpy as np

from zoo.engine import memory
from zoo.engine.driver import Epoch
from zoo.engine.interruption import uninterrupted
from zoo.engine.plan import Plan, Training
from zoo.engine.workers import copies
from zoo.engine.workers.messages import Interruption, Messages, worker_losses


class ReplicasLoop:
    """The loop of several devices (`zoo.engine.driver.Loop`).

    Args:
        model: A compiled model.
        training: What it trains on.
        plan: Its devices.
        messages: From the chief to the other workers; None where there are no others.

    Raises:
        ConnectionError: by every method, if a worker was lost.
        KeyboardInterrupt: with several workers, on the chief, at the end of an epoch.
    """

    def __init__(self, model: keras.Model, training: Training, plan: Plan, messages: Messages | None):
        self._model, self._training, self._placement, self._messages = model, training, plan.devices, messages
        self._interruption = Interruption(messages is not None)
        self._is_in_memory = not callable(training.rows)
        self._known: list[np.ndarray] | None = None  # the values that the replicas have

    def begin(self) -> None:
        training = self._training
        if self._messages and self._placement.chief:
            self._messages.same(["train", training.first_epoch])  # the others wait for it in `following`
            self._messages.awaited = False
        with worker_losses():
            self._replicas = self._placement.replicas(
                self._model,
                batch_size=training.batch_size,
                shuffle=training.shuffle,
                augmentation=training.augmentation,
            )
            some = training.rows if self._is_in_memory else next(training.rows(training.first_epoch))[0]
            self._replicas.create_variables(some)
        self._held_out = training.validation
        if isinstance(training.validation, tuple):
            self._held_out = (self._replicas.on_devices(training.validation), _count(training.validation))
        self._rows = self._replicas.on_devices(training.rows) if self._is_in_memory else None
        if self._messages:
            self._messages.awaited = True
        self._interruption.__enter__()

    def epoch(self, epoch: int) -> Epoch:
        self._heed_interruption()
        values = copies.values_of(self._model)
        changed = self._known is None or not copies.same(values, self._known)
        if self._messages:
            self._messages.same([True, epoch, changed], values if changed else [])
            self._messages.awaited = False
        logs = self._train(epoch, values if changed else None)
        if self._messages:
            self._messages.awaited = True
        self._known = self._replicas.values()
        with uninterrupted():  # otherwise the model might be left with weights of two epochs
            copies.assign(self._model, self._known)
        return Epoch(logs)

    def follow(self) -> None:
        """Runs the epochs of the chief, on another worker."""
        while True:
            (goes_on, epoch, changed), values = self._messages.same()
            if not goes_on:
                return
            self._train(epoch, values if changed else None)

    def end(self) -> None:
        self._heed_interruption()
        self._send_end()

    def close(self) -> None:
        self._interruption.__exit__()

    def _heed_interruption(self) -> None:
        """Ends the training of all workers if the chief was interrupted since the last epoch."""
        if self._interruption.heard:
            self._send_end()
            self._interruption.pass_on()

    def _send_end(self) -> None:
        if self._messages:
            self._messages.same([False, 0, False])

    def _train(self, epoch: int, values: list[np.ndarray] | None) -> dict[str, float]:
        """Trains an epoch, from these values if there are any, and tests; returns loss and metrics."""
        training, replicas = self._training, self._replicas
        with worker_losses():
            if values is not None:
                replicas.take(values)
            replicas.begin()
            if self._is_in_memory:
                count = _count(training.rows)
                order = replicas.order(count, training.seed, epoch)
                replicas.train(self._rows, order, training.seed, epoch * -(-count // training.batch_size))
            else:
                for rows, order in memory.fetched_ahead(training.rows(epoch)):
                    replicas.train(replicas.on_devices(rows), np.asarray(order, "int32"), training.seed, 0)
            return self._results()

    def _results(self) -> dict[str, float]:
        """Returns loss and metrics of the training rows, and of those held out."""
        logs = self._replicas.results()
        if self._held_out is None:
            return logs
        self._replicas.begin()
        if isinstance(self._held_out, tuple):
            self._replicas.test(*self._held_out)
        else:
            for batch in self._held_out.as_numpy_iterator():
                self._replicas.test(self._replicas.on_devices(batch), _count(batch))
        return logs | {f"val_{name}": value for name, value in self._replicas.results().items()}


def _count(rows) -> int:
    return len(keras.tree.flatten(rows)[0])
