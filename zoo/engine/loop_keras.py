"""Training by Keras's own `fit`: on PyTorch, and for callbacks that ask for every batch.

The order of rows is a function of (seed, epoch), as it is for the zoo's loops.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import keras

from zoo.engine import interruption, ordering
from zoo.engine.callbacks import EpochNumber
from zoo.engine.plan import Training

VALIDATION_BATCH = 8192


def fit(
    model: keras.Model, training: Training, callbacks: Sequence[keras.callbacks.Callback], *, verbose: int = 0
) -> None:
    """Trains a compiled model; the callbacks hold what comes of it.

    Args:
        model: A compiled model.
        training: What it trains on.
        callbacks: Keras callbacks.
        verbose: As for Keras's `fit`.
    """
    batches, epoch = _batches(training)
    with ordering.preserve_torch_rng(), _interruptible_between_batches() as listeners:
        model.fit(
            batches,
            epochs=training.epochs,
            initial_epoch=training.first_epoch,
            validation_data=training.validation,
            validation_batch_size=VALIDATION_BATCH if isinstance(training.validation, tuple) else None,
            callbacks=[EpochNumber(epoch), *_torch_seeding(training.seed), *callbacks, *listeners],
            shuffle=False,
            verbose=verbose,
        )


def _batches(training: Training) -> tuple:
    """Returns the batches of an epoch, and what holds its number. TensorFlow is imported only where it is needed."""
    in_memory = isinstance(training.rows, tuple) and training.augmentation is None
    if keras.backend.backend() != "tensorflow" and in_memory:
        number = ordering.Number(training.first_epoch)
        batches = ordering.Batches(
            training.rows, batch_size=training.batch_size, shuffle=training.shuffle, seed=training.seed, epoch=number
        )
        return batches, number
    import tensorflow as tf

    epoch = tf.Variable(training.first_epoch, dtype=tf.int64, trainable=False)
    return training.batches(epoch), epoch


def _torch_seeding(seed: int) -> list[keras.callbacks.Callback]:
    """Returns callbacks that make dropout on PyTorch a function of (seed, epoch); none on other backends."""
    if keras.backend.backend() != "torch":
        return []
    return [keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: ordering.seed_torch(seed, epoch))]


@contextlib.contextmanager
def _interruptible_between_batches() -> Iterator[list[keras.callbacks.Callback]]:
    """Yields callbacks by which JAX's `fit` is interrupted between batches only: within one, it has no weights."""
    if keras.backend.backend() != "jax":
        yield []
        return
    with interruption.uninterrupted() as interrupt_if_asked:
        yield [keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: interrupt_if_asked())]
