"""Epochs as compiled calls: Keras's `fit` spends most of its time around the steps of networks of this size.

Rows stand in memory as tensors, or come in blocks that do; callbacks are called at the ends of epochs.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import keras

from zoo.engine import compiled

STEPS_PER_CALL = 256  # Ctrl-C is heard between calls
BATCH_HOOKS = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")


def suits(callbacks: Sequence[keras.callbacks.Callback]) -> str:
    """Returns `""` if this loop can train with such callbacks on this backend, else why it cannot."""
    if keras.backend.backend() != "tensorflow":
        return f"Keras runs on {keras.backend.backend()}"
    asking = [type(callback).__name__ for callback in callbacks if _asks_for_batches(callback)]
    return f"{', '.join(asking)} must be told of every batch" if asking else ""


def _asks_for_batches(callback) -> bool:
    if isinstance(callback, keras.callbacks.TensorBoard):
        return callback.update_freq != "epoch" or bool(callback._should_trace)
    if isinstance(callback, keras.callbacks.ModelCheckpoint):
        return callback.save_freq != "epoch"
    if isinstance(callback, keras.callbacks.BackupAndRestore):
        return callback.save_freq != "epoch"
    base = keras.callbacks.Callback
    return any(getattr(getattr(callback, name), "__func__", None) is not getattr(base, name) for name in BATCH_HOOKS)


def fit(
    model: keras.Model,
    rows: tuple | Callable,
    *,
    batch_size: int,
    shuffle: bool,
    seed: int,
    epochs: int,
    first_epoch: int,
    validation,
    augmentation: Callable | None = None,
    xla: bool = False,
    key: Hashable | None = None,
    callbacks: Sequence[keras.callbacks.Callback],
) -> None:
    """Trains a compiled model; the callbacks hold what comes of it.

    Args:
        model: Compiled.
        rows: `(x, y)` or `(x, y, weight)`, arrays; or a function `epoch -> iterator` of `(arrays, order)`, in which
            `order` names rows of the arrays, a batch beside the other.
        batch_size: Rows a step; the last one of an epoch holds what is left.
        shuffle: Whether to permute the rows, by (seed, epoch). Blocks have their order.
        seed: Seed of the permutations.
        epochs: The number of the last epoch.
        first_epoch: The number of the first, from 0.
        validation: `(x, y)` or `(x, y, weight)`, a dataset of such batches, or None.
        augmentation: A function `(images, seed) -> images` on the batches of `x["image"]`, seed `(2,)`, or None.
        xla: Whether XLA compiles the steps.
        key: As for `compiled.loop_of`.
        callbacks: Keras callbacks.
    """
    import tensorflow as tf

    if callable(rows):
        parts = rows
    else:
        rows = tf.nest.map_structure(tf.constant, rows)
        parts = _in_memory(rows, shuffle, seed)
    held_out = tf.nest.map_structure(tf.constant, validation) if isinstance(validation, tuple) else validation
    history = keras.callbacks.CallbackList(list(callbacks), model=model, add_history=False)
    history.set_params({"epochs": epochs, "steps": None, "verbose": 0})
    model.stop_training = False
    with ThreadPoolExecutor(1) as ahead:
        _create_variables(model, parts(first_epoch))
        with compiled.loop_of(model, key, batch_size=batch_size, xla=xla, augmentation=augmentation) as loop:
            logs: dict[str, float] = {}
            model._initial_epoch = None
            history.on_train_begin()
            first_epoch = model._initial_epoch or first_epoch  # Keras's BackupAndRestore goes on from there
            for epoch in range(first_epoch, epochs):
                history.on_epoch_begin(epoch)
                with compiled.lent(model, loop):
                    logs = _one_epoch(loop, parts(epoch), batch_size, (seed, epoch), ahead)
                    if held_out is not None:
                        logs |= {f"val_{name}": value for name, value in _tested(loop, held_out).items()}
                history.on_epoch_end(epoch, logs)
                if model.stop_training:
                    break
            history.on_train_end(logs)


def _in_memory(rows: tuple, shuffle: bool, seed: int) -> Callable:
    import tensorflow as tf

    count = int(tf.nest.flatten(rows)[0].shape[0])

    def parts(epoch):
        order = tf.range(count)
        if shuffle:
            order = tf.random.experimental.stateless_shuffle(order, seed=tf.constant([seed, epoch]))
        yield rows, order

    return parts


def _one_epoch(loop, parts: Iterator, batch_size: int, place: tuple[int, int], ahead) -> dict[str, float]:
    """Trains on all parts of an epoch, the next of which is fetched meanwhile; returns loss and metrics."""
    import tensorflow as tf

    seed, epoch = place
    loop.model.reset_metrics()
    begin = 0
    fetched = next(parts, None)
    while fetched is not None:
        rows, order = fetched
        coming = ahead.submit(next, parts, None) if not tf.is_tensor(order) else None
        rows, order = tf.nest.map_structure(tf.constant, rows), tf.constant(order)
        steps = -(-int(order.shape[0]) // batch_size)
        for first in range(0, steps, STEPS_PER_CALL):
            loop.train(rows, order, first, min(first + STEPS_PER_CALL, steps), (seed, epoch * steps + begin))
        begin += steps
        fetched = coming.result() if coming is not None else next(parts, None)
    return _results(loop.model)


def _tested(loop, held_out) -> dict[str, float]:
    loop.model.reset_metrics()
    for batch in [held_out] if isinstance(held_out, tuple) else held_out:
        compiled.test_in_parts(loop, batch)
    return _results(loop.model)


def _create_variables(model, parts) -> None:
    """Creates the variables of the optimizer, the losses and the metrics, which a loop cannot."""
    import tensorflow as tf

    rows, _ = next(parts)
    model.optimizer.build(model.trainable_variables)
    model.test_step(tf.nest.map_structure(lambda values: tf.constant(values[:1]), rows))
    model.reset_metrics()


def _results(model) -> dict[str, float]:
    return {name: float(value) for name, value in model.get_metrics_result().items()}
