"""Training on several devices or machines: the replicas run the epochs, callbacks see the caller's model.

Before an epoch's end the weights and the optimizer's state are given to the caller's model, so that every callback of
epochs works as ever. With several workers, callbacks run on the chief alone; it tells the others whether to go on, and
what the callbacks changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np

from zoo.engine import keras_internals
from zoo.engine.interruption import uninterrupted
from zoo.engine.workers import copies
from zoo.engine.workers.devices import Placement
from zoo.engine.workers.messages import Interruption, Messages, worker_losses


def fit(
    model: keras.Model,
    rows: tuple | Callable,
    *,
    placement: Placement,
    messages: Messages | None,
    batch_size: int,
    shuffle: bool,
    seed: int,
    epochs: int,
    first_epoch: int,
    validation,
    augmentation: Callable | None = None,
    callbacks: Sequence[keras.callbacks.Callback],
) -> None:
    """Trains a compiled model as `fused.fit` does; the arguments are its own, the placement, and the workers' messages.

    Raises:
        ConnectionError: if a worker was lost.
        KeyboardInterrupt: with several workers at the end of an epoch, on the chief.
    """
    if messages and placement.chief:
        messages.same(["train", first_epoch])  # the others wait for it in `zoo.engine.workers.following`
        messages.awaited = False
    in_memory = not callable(rows)
    some = rows if in_memory else next(rows(first_epoch))[0]
    with worker_losses():
        replicas = placement.replicas(model, batch_size=batch_size, shuffle=shuffle, augmentation=augmentation)
        replicas.create_variables(some)
    told = keras.callbacks.CallbackList(list(callbacks), model=model, add_history=False)
    told.set_params({"epochs": epochs, "steps": None, "verbose": 0})
    model.stop_training = False
    keras_internals.forget_initial_epoch(model)
    held_out = validation
    if isinstance(validation, tuple):
        held_out = (replicas.on_devices(validation), _count(validation))
    data = replicas.on_devices(rows) if in_memory else rows
    if messages:
        messages.awaited = True
    known: list[np.ndarray] | None = None  # what the replicas have
    logs: dict[str, float] = {}
    with Interruption(messages is not None) as interruption:
        if placement.chief:
            told.on_train_begin()
        epoch = keras_internals.initial_epoch_of(model) or first_epoch
        while True:
            go = epoch < epochs and not model.stop_training and not interruption.heard
            if placement.chief and go:
                told.on_epoch_begin(epoch)
            values = copies.values_of(model) if placement.chief else []
            changed = placement.chief and (known is None or not copies.same(values, known))
            if messages:
                (go, epoch, changed), values = messages.same([go, epoch, changed], values if changed else [])
                messages.awaited = not go
            if not go:
                break
            if changed:
                with worker_losses():
                    replicas.take(values)
            with worker_losses():
                if in_memory:
                    logs = _epoch(replicas, data, _count(rows), held_out, seed, epoch, batch_size)
                else:
                    logs = _epoch_of_blocks(replicas, rows, held_out, seed, epoch)
            if messages:
                messages.awaited = True
            if placement.chief:
                known = replicas.values()
                with uninterrupted():  # a model of two epochs would be none
                    copies.assign(model, known)
                told.on_epoch_end(epoch, logs)
            epoch += 1
        if placement.chief and not interruption.heard:
            if epochs > first_epoch:
                model.optimizer.finalize_variable_values(model.trainable_weights)  # averages in the weights' place
            told.on_train_end(logs)
    if placement.chief:
        interruption.pass_on()


def _count(rows) -> int:
    import tensorflow as tf

    return len(tf.nest.flatten(rows)[0])


def _epoch(replicas, data, count: int, held_out, seed: int, epoch: int, batch_size: int) -> dict[str, float]:
    replicas.begin()
    replicas.train(data, replicas.order(count, seed, epoch), seed, epoch * -(-count // batch_size))
    return _results(replicas, held_out)


def _epoch_of_blocks(replicas, blocks: Callable, held_out, seed: int, epoch: int) -> dict[str, float]:
    """Trains on the blocks of an epoch, the next of which is fetched meanwhile."""
    import tensorflow as tf

    parts = blocks(epoch)
    replicas.begin()
    with ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(next, parts, None)
        while (fetched := coming.result()) is not None:
            rows, order = fetched
            coming = ahead.submit(next, parts, None)
            replicas.train(replicas.on_devices(rows), tf.constant(order, tf.int32), seed, 0)
    return _results(replicas, held_out)


def _results(replicas, held_out) -> dict[str, float]:
    """Returns loss and metrics of the training rows, and of those held out."""
    logs = replicas.results()
    if held_out is None:
        return logs
    replicas.begin()
    if isinstance(held_out, tuple):
        replicas.test(*held_out)
    else:
        for batch in held_out.as_numpy_iterator():
            replicas.test(replicas.on_devices(batch), _count(batch))
    return logs | {f"val_{name}": value for name, value in replicas.results().items()}
