"""Keras callbacks of the engine: the best weights, when to stop, the progress line.

Those with state give it as plain values and arrays (`state`, `restore`), so that a checkpoint can hold it: a resumed
run then equals an uninterrupted one.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import keras
import numpy as np

from zoo.engine.interruption import uninterrupted
from zoo.progress import Progress


class EpochNumber(keras.callbacks.Callback):
    """Writes the number of the epoch that begins into a variable, by which a pipeline orders its rows."""

    def __init__(self, variable):
        super().__init__()
        self.variable = variable

    def on_epoch_begin(self, epoch, logs=None):
        self.variable.assign(epoch)


class History(keras.callbacks.History):
    """Keras's history, set as `model.history` once, at the begin: setting an attribute of a model takes 20 us."""

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self.model.history = self

    def on_epoch_end(self, epoch, logs=None):
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)


class EpochWeights:
    """The weights at the end of an epoch, for the callbacks that keep or compare them.

    They are what the loop gave, else they are read off the model.
    """

    def __init__(self):
        self._weights, self._finite = None, None

    def give(self, weights: list | None, finite=None) -> None:
        """Takes all weights as tensors, and whether they are finite; None after the epoch's end."""
        self._weights, self._finite = weights, finite

    def weights(self, model) -> list:
        """Returns the values of `model.weights`."""
        return self._weights or [w.numpy() for w in model.weights]

    def finite(self, model) -> bool:
        """Returns whether all weights are finite."""
        if self._finite is not None:
            return bool(self._finite)
        return all(np.all(np.isfinite(w)) for w in self.weights(model))


def has_waited(wait: int, patience: float | Sequence[float] | None, best_epoch: int | None) -> bool:
    """Returns whether a run has waited for a better epoch as long as it is to.

    Args:
        wait: Epochs since the best one.
        patience: How many it waits, `(a, b)` for a + b times the number of the best epoch, or None for all.
        best_epoch: The best one, from 0; None for the weights before the first.
    """
    if patience is None:
        return False
    least, growth = (patience, 0.0) if isinstance(patience, (int, float)) else patience
    return wait >= least + growth * (0 if best_epoch is None else best_epoch + 1)


class BestWeights(keras.callbacks.Callback):
    """Keeps the weights of the epoch of the lowest validation loss; stops after `patience` epochs without a better one.

    `patience` is as for `has_waited`. `best_so_far` is the validation loss of the current weights: they stay unless an
    epoch is better.
    """

    def __init__(self, patience=None, best_so_far: float | None = None, weights: EpochWeights | None = None):
        super().__init__()
        self._epoch_weights = weights or EpochWeights()
        self.patience = patience
        self.best, self.best_epoch, self.wait = float("inf"), None, 0
        self.weights: list | None = None
        self.first = best_so_far
        self.stopped: str | None = None

    def on_train_begin(self, logs=None):
        if self.first is not None and self.weights is None:
            self.best, self.weights = self.first, [w.numpy() for w in self.model.weights]

    def on_epoch_end(self, epoch, logs=None):
        value = (logs or {}).get("val_loss")
        if value is None or self.model.stop_training:  # a diverged epoch is no candidate
            return
        self.wait += 1
        if value < self.best:
            self.best, self.best_epoch, self.wait = float(value), epoch, 0
            self.weights = self._finished()
        if self.weights is not None and has_waited(self.wait, self.patience, self.best_epoch):
            best = "before them" if self.best_epoch is None else f"epoch {self.best_epoch + 1}"
            self.stopped = f"no better val_loss in {self.wait} epochs (best: {best})"
            self.model.stop_training = True

    def _finished(self) -> list:
        """Returns the weights that the model would have if its training ended now: an optimizer's averages, if any."""
        optimizer = getattr(self.model.optimizer, "inner_optimizer", self.model.optimizer)  # of a LossScaleOptimizer
        if not optimizer.use_ema:
            return self._epoch_weights.weights(self.model)
        trained = self.model.trainable_weights
        before = [weight.numpy() for weight in trained]
        with uninterrupted():
            optimizer.finalize_variable_values(trained)
            finished = [weight.numpy() for weight in self.model.weights]
            for weight, value in zip(trained, before, strict=True):
                weight.assign(value)
        return finished

    def apply(self) -> None:
        """Puts the best weights into the model."""
        if self.weights is not None:
            self.model.set_weights(self.weights)

    def state(self) -> tuple[dict, list]:
        plain = {"best": self.best, "best_epoch": self.best_epoch, "wait": self.wait, "stopped": self.stopped}
        return plain, [np.asarray(w) for w in self.weights or []]

    def restore(self, plain: dict, weights: list) -> None:
        self.best, self.best_epoch, self.wait = plain["best"], plain["best_epoch"], plain["wait"]
        self.stopped = plain["stopped"]
        self.weights = weights or None


class Diverged(keras.callbacks.Callback):
    """Stops when the loss is no longer finite, and holds the weights of the last epoch that ended finite."""

    def __init__(self, weights: EpochWeights | None = None):
        super().__init__()
        self._epoch_weights = weights or EpochWeights()
        self.weights: list | None = None
        self.stopped: str | None = None

    def on_train_begin(self, logs=None):
        self.weights = [w.numpy() for w in self.model.weights]

    def on_epoch_end(self, epoch, logs=None):
        if np.isfinite((logs or {}).get("loss", 0.0)) and self._epoch_weights.finite(self.model):
            self.weights = self._epoch_weights.weights(self.model)
            return
        self.say(epoch + 1)
        self.model.stop_training = True

    def say(self, epoch: int) -> None:
        """Notes that the loss of an epoch, the first being 1, is not finite."""
        self.stopped = (
            f"the loss was no longer finite in epoch {epoch}, and the weights are those before that epoch; lower "
            "`learning_rate`, standardise the columns, or clip gradients by an optimizer with clipnorm=1.0"
        )

    def apply(self) -> None:
        """Puts the last finite weights into the model, if those that it has are not."""
        if self.weights is not None and (self.stopped or not self._epoch_weights.finite(self.model)):
            self.model.set_weights(self.weights)


class StopAt(keras.callbacks.Callback):
    """Stops after the first epoch whose metric is at most `value`."""

    def __init__(self, metric: str, value: float):
        super().__init__()
        self.metric, self.value = metric, value
        self.stopped: str | None = None

    def on_epoch_end(self, epoch, logs=None):
        if (logs or {}).get(self.metric, float("inf")) <= self.value:
            self.stopped = f"{self.metric} reached {self.value:g} in epoch {epoch + 1}"
            self.model.stop_training = True


class ProgressLine(keras.callbacks.Callback):
    """Advances a line of progress by the epochs, with loss and metrics."""

    def __init__(self, progress: Progress):
        super().__init__()
        self.progress = progress
        self._has_begun = False

    def on_epoch_begin(self, epoch, logs=None):
        if not self._has_begun:  # what stands before the first epoch is no part of the time that an epoch takes
            self._has_begun = True
            self.progress.start(epoch)

    def on_epoch_end(self, epoch, logs=None):
        values = "  ".join(f"{name} {value:.4g}" for name, value in (logs or {}).items() if name != "learning_rate")
        self.progress.advance(text=values)


class EpochLines(keras.callbacks.Callback):
    """A line an epoch, with its seconds."""

    def __init__(self, epochs: int):
        super().__init__()
        self.epochs, self._begin = epochs, 0.0

    def on_epoch_begin(self, epoch, logs=None):
        self._begin = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        values = "  ".join(f"{name} {value:.4g}" for name, value in (logs or {}).items())
        print(f"epoch {epoch + 1}/{self.epochs}  {values}  {time.monotonic() - self._begin:.3g} s", flush=True)
