"""The driver of epochs: callbacks around whatever loop trains.

A loop knows rows and steps; the driver knows callbacks, when to stop, and what the end of a training is. Keras's `fit`
has a driver of its own (`loop_keras`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import keras

from zoo.engine import keras_internals
from zoo.engine.callbacks import EpochWeights
from zoo.engine.plan import Training


class Epoch(NamedTuple):
    """What an epoch of a loop gives.

    Args:
        logs: Loss and metrics by name; those of validation rows begin with `val_`.
        weights: The values of `model.weights` after the epoch, as tensors; None where the model holds them.
        finite: True where all weights are finite, None where that is not known.
    """

    logs: dict[str, float]
    weights: list | None = None
    finite: bool | None = None


class Loop(Protocol):
    """Trains a compiled model, an epoch at a time; after each the model has its weights, for the callbacks."""

    def begin(self) -> None:
        """Creates what the first epoch needs: variables, rows on the device, compiled functions."""

    def epoch(self, epoch: int) -> Epoch:
        """Trains on all rows once, then tests on those of validation."""

    def end(self) -> None:
        """Ends a training whose epochs are done."""

    def close(self) -> None:
        """Gives back what the loop holds, however its training ended."""


def run(
    model: keras.Model,
    loop: Loop,
    training: Training,
    callbacks: Sequence[keras.callbacks.Callback],
    weights: EpochWeights,
) -> None:
    """Trains a compiled model; the callbacks hold what comes of it.

    Args:
        model: A compiled model.
        loop: What trains it.
        training: Its first and last epoch.
        callbacks: Keras callbacks, called in their order.
        weights: Holds the weights of an epoch while its callbacks run.
    """
    listeners = keras.callbacks.CallbackList(list(callbacks), model=model, add_history=False)
    listeners.set_params({"epochs": training.epochs, "steps": None, "verbose": 0})
    model.stop_training = False
    keras_internals.forget_initial_epoch(model)
    with contextlib.closing(loop):
        loop.begin()
        listeners.on_train_begin()
        logs: dict[str, float] = {}
        first_epoch = keras_internals.initial_epoch_of(model) or training.first_epoch
        for number in range(first_epoch, training.epochs):
            listeners.on_epoch_begin(number)
            logs, values, finite = loop.epoch(number)
            weights.give(values, finite)
            listeners.on_epoch_end(number, logs)
            weights.give(None)  # a callback may have changed them
            if model.stop_training:
                break
        loop.end()
        if training.epochs > first_epoch:
            model.optimizer.finalize_variable_values(model.trainable_weights)  # averages in the weights' place
        listeners.on_train_end(logs)
