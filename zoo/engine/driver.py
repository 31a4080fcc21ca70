"""Epochs as compiled calls: Keras's `fit` spends most of its time around the steps of networks of this size.

Rows stand in memory as tensors, or come in blocks that do; callbacks are called at the ends of epochs.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor

import keras

from zoo.engine import keras_internals, loop_jax, loop_numpy, loop_tensorflow, memory
from zoo.engine.callbacks import Left

LOOPS = {"tensorflow": loop_tensorflow, "jax": loop_jax}
BATCH_HOOKS = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")


def suits(callbacks: Sequence[keras.callbacks.Callback], *, augmented: bool = False, loops=None) -> str:
    """Returns `""` if this loop can train with these callbacks on this backend, else why not; `loops` as in `fit`."""
    if loops is None and keras.backend.backend() not in LOOPS:
        return f"Keras runs on {keras.backend.backend()}"
    if keras.distribution.distribution() is not None:
        return "keras.distribution is set"
    if augmented and keras.backend.backend() != "tensorflow":
        return "augmentation computes in TensorFlow"
    asking = [type(callback).__name__ for callback in callbacks if asks_for_batches(callback)]
    if asking:
        return f"{', '.join(asking)} must be told of every batch"
    return keras_internals.lacking(keras_internals.LOOP)


def asks_for_batches(callback) -> bool:
    """Returns whether a Keras callback must be told of every batch."""
    if isinstance(callback, keras.callbacks.TensorBoard):
        return callback.update_freq != "epoch" or keras_internals.profiles_batches(callback)
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
    left: Left | None = None,
    loops=None,
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
        left: Is given the weights that each epoch leaves.
        loops: The module of the loop, instead of the backend's.
        callbacks: Keras callbacks.
    """
    loops = loops or LOOPS[keras.backend.backend()]
    shuffle = shuffle and not callable(rows)

    def order(count, epoch):
        return loops.order(count, shuffle=shuffle, seed=seed, epoch=epoch)

    feed = memory.Rows(rows, place=loops.place, order=order, batch_size=batch_size)
    held_out = _held_out(validation, loops)
    loops.create_variables(model, feed.some(first_epoch))
    history = keras.callbacks.CallbackList(list(callbacks), model=model, add_history=False)
    history.set_params({"epochs": epochs, "steps": None, "verbose": 0})
    model.stop_training = False
    keras_internals.forget_initial_epoch(model)
    how = {"batch_size": batch_size, "xla": xla, "shuffle": shuffle, "augmentation": augmentation}
    with loop_tensorflow.loop_of(model, key, loops.Loop, **how) as loop:
        logs: dict[str, float] = {}
        history.on_train_begin()
        begin = memory.Snapshot(loop_tensorflow.loop_variables(model))
        first_epoch = keras_internals.initial_epoch_of(model) or first_epoch
        for epoch in range(first_epoch, epochs):
            history.on_epoch_begin(epoch)
            try:
                found = _epoch(loop, feed, held_out, seed, epoch)
            except Exception as error:  # steps may have been taken: only what is known from the begin can be repeated
                if begin is None or not feed.shrink(error):
                    raise
                found = _again(loop, feed, held_out, seed, epoch, begin)
            begin = None  # what fits in one epoch fits in the others
            logs, tested, weights, finite = found
            logs |= {f"val_{name}": value for name, value in tested.items()}
            if left is not None:
                left.give(weights, finite)
            history.on_epoch_end(epoch, logs)
            if left is not None:
                left.give(None)  # a callback may have changed them
            if model.stop_training:
                break
        if epochs > first_epoch:
            model.optimizer.finalize_variable_values(model.trainable_weights)  # averages in the weights' place
        history.on_train_end(logs)


def _held_out(validation, loops):
    """Returns validation rows on the device, or in batches where they do not fit."""
    if not isinstance(validation, tuple):
        return validation
    try:
        return loops.place(validation)
    except Exception as error:
        if memory.shortage(error) is None:
            raise
        return memory.Slices(validation, loop_tensorflow.TESTED_ROWS)


def _again(loop, feed, held_out, seed: int, epoch: int, begin) -> tuple:
    """Runs an epoch again from its begin, in smaller and smaller blocks."""
    while True:
        loop.release()
        begin.restore()
        try:
            return _epoch(loop, feed, held_out, seed, epoch)
        except Exception as error:
            if not feed.shrink(error):
                raise


def _epoch(loop, feed, held_out, seed: int, epoch: int) -> tuple:
    """Trains an epoch and tests; as `Loop.epoch`."""
    at_once = held_out is None or isinstance(held_out, tuple)
    if feed.placed is not None and at_once:
        return loop.epoch(feed.placed, held_out, seed, epoch)
    loop.begin()
    steps = 0 if feed.count is None else epoch * -(-feed.count // loop.batch_size)
    with contextlib.closing(_fetched(loop, feed, epoch)) as blocks:
        for block in blocks:
            for rows, order in feed.placed_blocks(*block):
                loop.steps(rows, order, seed, steps)
                steps += -(-len(order) // loop.batch_size)
                del rows, order
    if at_once:
        return loop.end(held_out)
    results, _, weights, finite = loop.end()
    loop.begin()
    for batch in held_out:
        loop.test(batch)
    return results, loop.end()[0], weights, finite


def _fetched(loop, feed, epoch: int) -> Generator[tuple, None, None]:
    """Yields the blocks of an epoch, on the host: the next one is fetched while the loop trains on one.

    Those that the model's own acts make come one after the other, when it has the weights that the last one left.
    """
    parts = feed.blocks(epoch)
    if feed.made_by_model:
        loop.release()
        for part in parts:
            yield part
            loop.release()
        return
    with ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(next, parts, None)
        while (fetched := coming.result()) is not None:
            coming = ahead.submit(next, parts, None)
            yield fetched
            del fetched


def fits_in_passes(model, x, validation, options: dict) -> bool:
    """Returns whether Keras's `fit` with such options can be had by `fit_in_passes`."""
    plain = set(options) <= {"epochs", "verbose", "callbacks", "shuffle", "initial_epoch"}
    listed = isinstance(options.get("callbacks") or [], (list, tuple))
    if not (plain and listed and (validation is None or keras.tree.is_nested(validation))):
        return False
    held_out = None if validation is None else _only_inputs(validation)
    return not suits(options.get("callbacks") or (), loops=loop_numpy) and loop_numpy.suits(model, (x,), held_out)


def _only_inputs(validation):
    return validation[:1] if isinstance(validation, tuple) and validation[1:] in ((), (None,)) else (validation,)


def fit_in_passes(
    model,
    x,
    batch_size: int,
    validation=None,
    *,
    epochs=1,
    verbose="auto",
    callbacks=None,
    shuffle=True,
    initial_epoch=0,
) -> keras.callbacks.History:
    """Is Keras's `fit` for what `zoo.engine.loop_numpy` trains: same arguments, callbacks and history."""
    if not (callbacks or verbose) and validation is None:
        history = keras.callbacks.History()
        how: dict = {"batch_size": batch_size, "shuffle": bool(shuffle), "seed": 0}
        losses = loop_numpy.run(model, x, epochs=epochs, first_epoch=initial_epoch, **how)
        history.epoch = list(range(initial_epoch, initial_epoch + len(losses)))
        history.history = {"loss": losses}
        history.set_model(model)
        model.history = history
        return history
    given = keras.callbacks.CallbackList(
        callbacks, add_history=True, add_progbar=bool(verbose), model=model, verbose=verbose, epochs=epochs, steps=1
    )
    fit(
        model,
        (x,),
        batch_size=batch_size,
        shuffle=bool(shuffle),
        seed=0,
        epochs=epochs,
        first_epoch=initial_epoch,
        validation=None if validation is None else _only_inputs(validation),
        loops=loop_numpy,
        callbacks=given.callbacks,
    )
    return model.history
