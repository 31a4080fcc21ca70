"""Trains a compiled Keras model for some epochs: best weights, checkpoints, interruption, progress.

On TensorFlow and JAX the fused loop trains (`zoo.engine.driver`), traced or compiled by XLA; PyTorch, and callbacks
that ask for batches, take Keras's `fit`. Either way the order of rows is a function of (seed, epoch), and the
checkpoint holds the rest of the state.
"""

from __future__ import annotations

import contextlib
import dataclasses
import warnings
from collections.abc import Callable, Hashable, Iterator, Sequence

import keras
import numpy as np

from zoo.engine import driver, interruption, keras_internals, loop_numpy, loop_tensorflow, memory, ordering
from zoo.engine.callbacks import BestWeights, Diverged, Epoch, EpochLines, Left, ProgressLine, StopAt
from zoo.engine.checkpoints import Checkpoint
from zoo.engine.experience import Experience
from zoo.engine.workers import loop_replicas
from zoo.engine.workers.devices import Placement
from zoo.engine.workers.messages import Messages

ENGINES = ("auto", "fused", "xla", "keras")


@dataclasses.dataclass(frozen=True)
class Fitted:
    """What a training left: history by epoch, why it stopped, whether it was interrupted, the best epoch (from 0)."""

    history: dict[str, list[float]]
    stopped: str
    interrupted: bool
    best_epoch: int | None
    best: float | None = None  # validation loss of the weights left, if any


def fit(
    model: keras.Model,
    batches: Callable,
    *,
    epochs: int,
    rows: tuple | Callable | None = None,
    num_rows: int = 0,
    batch_size: int = 1,
    shuffle: bool = False,
    seed: int = 0,
    engine: str = "auto",
    key: Hashable | None = None,
    augmentation: Callable | None = None,
    validation=None,
    patience: int | None = None,
    stop_at: tuple[str, float] | None = None,
    checkpoint: str | None = None,
    identity: dict | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: int = 1,
    best_so_far: float | None = None,
    placement: Placement | None = None,
    messages: Messages | None = None,
) -> Fitted:
    """Trains a compiled model and leaves it with its best weights.

    Args:
        model: Compiled; its train step takes the batches.
        batches: `epoch_variable -> dataset`; iterating the dataset gives the epoch that the variable holds.
        epochs: The most epochs.
        rows: The same rows for the fused loop: arrays, `(x, y)` or `(x, y, weight)`, or blocks of them.
        num_rows: How many they are.
        batch_size: Rows a step of the fused loop.
        shuffle: Whether the fused loop permutes the rows.
        seed: Seed of its permutations.
        engine: `"fused"`: the fused loop, traced. `"xla"`: compiled by XLA. `"keras"`: `fit`. `"auto"`: by size.
        key: What `compiled.loop_of` takes: equal for models whose compiled training is the same.
        augmentation: What the fused loop does to its batches of images, as the pipeline does to its own.
        validation: What Keras's `validation_data` takes, or None: then the last weights are kept.
        patience: Epochs without a better one after which it stops.
        stop_at: `(metric, value)`: stop after the first epoch whose metric is at most the value.
        checkpoint: A folder to write to after each epoch, and to go on from.
        identity: Plain values that say which run the checkpoint belongs to.
        callbacks: Further Keras callbacks.
        verbose: 0 is silent, 1 shows one line, 2 a line an epoch (Keras's).
        best_so_far: Validation loss of the current weights; they stay unless an epoch is better.
        placement: Where it runs; None for one device.
        messages: To the other workers (see `zoo.engine.workers.following`).

    Returns:
        What the training left.
    """
    left = Left()
    best, diverged = BestWeights(patience, best_so_far, left), Diverged(left)
    history = keras.callbacks.History()
    own: list[keras.callbacks.Callback] = []
    saver = None
    first = 0
    past: dict[str, list[float]] = {}
    if checkpoint is not None:
        saver = Checkpoint(checkpoint, best, diverged, identity or {}, rows if isinstance(rows, Experience) else None)
        if saver.resume(model):
            first, past = saver.epoch, {name: list(values) for name, values in saver.history.items()}
            if verbose:
                print(f"resumed from epoch {first} of the checkpoint in {checkpoint}")
    own.append(diverged)
    if validation is not None:
        own.append(best)
    stop = StopAt(*stop_at) if stop_at else None
    own += [stop] if stop else []
    line = ProgressLine(epochs, first) if verbose == 1 else None
    own += [line] if line else []
    own += [*callbacks, *([saver] if saver else [])]  # the checkpoint last: it holds the state that the others left
    interrupt = None
    sizes = {"rows": num_rows, "batch_size": batch_size, "epochs": epochs}  # of all, that what resumes draws alike
    several = placement is not None and placement.kind != "one"
    jax = keras.backend.backend() == "jax"
    xla = not several and (jax or augmentation is None and loop_tensorflow.pays_off(model, **sizes))
    unsuited = "" if several else driver.suits(callbacks, augmented=augmentation is not None)
    in_numpy = engine == "auto" and not driver.suits(callbacks, augmented=augmentation is not None, loops=loop_numpy)
    by_itself = in_numpy and not several and loop_numpy.suits(model, rows, validation)
    trainer = "several" if several else "passes" if by_itself else None
    trainer = trainer or _trainer(engine, rows, unsuited, xla, callbacks, verbose)
    if trainer != "keras":
        keras_internals.warn_of_version()
    elif isinstance(rows, Experience):
        raise ValueError(
            "Rows that a model makes by its own acts are trained on by the zoo's own loop alone, which cannot run "
            f"here: {unsuited or 'engine=' + repr(engine)}. Pass `engine='auto'`, and callbacks of epochs."
        )
    reached = stop is not None and past.get(stop.metric, [float("inf")])[-1] <= stop.value
    if not (saver and (saver.finished or best.stopped or reached)):
        how = {
            "batch_size": batch_size,
            "shuffle": shuffle,
            "seed": seed,
            "epochs": epochs,
            "first_epoch": first,
            "validation": validation,
            "augmentation": augmentation,
            "callbacks": [history, *own, *([EpochLines(epochs)] if verbose > 1 else [])],
        }
        repair = f"Pass a `batch_size` below {batch_size:,}, fewer units, or data by zoo.data.load(..., stream=True)."
        try:
            with memory.explained(repair):
                if several:
                    loop_replicas.fit(model, rows, placement=placement, messages=messages, **how)
                elif trainer == "passes" and not (callbacks or saver or stop or validation is not None or verbose > 1):
                    del how["validation"], how["augmentation"], how["callbacks"]
                    after = line and (lambda epoch, loss: line.on_epoch_end(epoch, {"loss": loss}))
                    losses = loop_numpy.run(model, rows[0], after=after, **how)
                    history.history = {"loss": losses} if losses else {}
                    if losses and not np.isfinite(losses[-1]):
                        diverged.say(first + len(losses))
                elif trainer == "passes":
                    driver.fit(model, rows, loops=loop_numpy, left=left, **how)
                elif trainer != "keras":
                    driver.fit(model, rows, xla=trainer == "xla", key=key, left=left, **how)
                else:
                    feed, epoch = _feed(batches, rows, augmentation, first, batch_size, shuffle, seed)
                    with ordering.preserve_torch_rng(), _heard_between_batches() as ears:
                        model.fit(
                            feed,
                            epochs=epochs,
                            initial_epoch=first,
                            validation_data=validation,
                            validation_batch_size=8192 if isinstance(validation, tuple) else None,
                            callbacks=[Epoch(epoch), *_torch_seeding(seed), history, *own, *ears],
                            shuffle=False,
                            verbose=2 if verbose > 1 else 0,
                        )
        except KeyboardInterrupt as error:
            interrupt = error
        finally:
            if line:
                line.close()
            _keep(model, diverged, best)
    else:
        _keep(model, diverged, best)
    merged = {name: past.get(name, []) + list(map(float, values)) for name, values in history.history.items()} or past
    done = max((len(values) for values in merged.values()), default=0)
    if diverged.stopped:
        warnings.warn(f"Training stopped: {diverged.stopped}.", stacklevel=4)
    reasons = [why for why in (diverged.stopped, best.stopped, stop and stop.stopped) if why]
    reason = reasons[0] if reasons else f"the limit of {epochs} epochs"
    if interrupt is not None:
        reason = interruption.reason(interrupt)
    elif stop and not stop.stopped and done >= epochs:
        last = merged.get(stop.metric, [float("nan")])[-1]
        reason = f"the limit of {epochs} epochs, with {stop.metric} at {last:g}"
    known = best.best if best.weights is not None else None
    return Fitted(merged, reason, interrupt is not None, best.best_epoch, known)


def _keep(model, diverged: Diverged, best: BestWeights) -> None:
    """Leaves the best weights in a model, else the last finite ones, however its training ended."""
    with interruption.uninterrupted():
        for keeper in (diverged, best):
            keeper.set_model(model)  # a finished checkpoint trains no more, and no one else tells them
            keeper.apply()


def _torch_seeding(seed: int) -> list:
    """Returns callbacks that make dropout on PyTorch a function of (seed, epoch); none on other backends."""
    if keras.backend.backend() != "torch":
        return []
    return [keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: ordering.seed_torch(seed, epoch))]


@contextlib.contextmanager
def _heard_between_batches() -> Iterator[list]:
    """Yields callbacks by which Keras's `fit` hears Ctrl-C between batches on JAX: within one, it has no weights."""
    if keras.backend.backend() != "jax":
        yield []
        return
    with interruption.uninterrupted() as hear:
        yield [keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: hear())]


def _feed(batches, rows, augmentation, first: int, batch_size: int, shuffle: bool, seed: int) -> tuple:
    """Returns what Keras's `fit` takes, and what holds the number of its epoch; TensorFlow is not imported in vain."""
    if keras.backend.backend() != "tensorflow" and isinstance(rows, tuple) and augmentation is None:
        epoch = ordering.Number(first)
        return ordering.Batches(rows, batch_size=batch_size, shuffle=shuffle, seed=seed, epoch=epoch), epoch
    import tensorflow as tf

    epoch = tf.Variable(first, dtype=tf.int64, trainable=False)
    return batches(epoch), epoch


def _trainer(engine, rows, unsuited: str, pays_off: bool, callbacks, verbose) -> str:
    """Returns what trains, `"fused"`, `"xla"` or `"keras"`, and says so where it is not what one expects."""
    why = "asked for" if engine == "keras" else "no rows are given to it" if rows is None else unsuited
    names_are_missing = bool(why) and why == keras_internals.lacking(keras_internals.LOOP)
    if names_are_missing and engine != "auto":
        raise ValueError(
            f"`engine={engine!r}` is the zoo's own loop, which cannot run here: {why}. Or pass `engine='auto'`, by "
            "which Keras's fit trains."
        )
    if names_are_missing:
        keras_internals.warn_of_fit()
    if why and engine in ("fused", "xla"):
        raise ValueError(
            f"`engine={engine!r}` needs TensorFlow or JAX as the backend, and callbacks that ask for no batches. "
            f"Received: {why}. Pass `engine='auto'`."
        )
    if why:
        if verbose > 1 or (verbose and callbacks and engine == "auto"):
            print(f"Keras's fit trains: {why}", flush=True)
        return "keras"
    jax = keras.backend.backend() == "jax"
    chosen = "xla" if jax else engine if engine != "auto" else "xla" if pays_off else "fused"
    if verbose > 1:
        why = "which pays off" if pays_off else "for XLA would not pay off"
        why = "as JAX does" if jax else why if engine == "auto" else "as asked for"
        print(f"an epoch is one call, {'compiled by XLA' if chosen == 'xla' else 'traced'}, {why}", flush=True)
    return chosen
