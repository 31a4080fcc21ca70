"""Epochs in numpy, for networks whose last layer learns faster so than by steps of a graph.

Such a layer is the only one with weights to train, and has

    learn(w, x, order, batch_size, epoch) -> w, loss    an epoch, from its one weight: features `(rows, width)`, the
                                                        order of their numbers, rows a step, the epoch's number
    measure(w, x) -> loss                               the same without learning

and `learns_in_passes`, which says whether it does. It is a loop as `zoo.engine.loop_tensorflow` has it, without its
trace.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import keras
import numpy as np

from zoo.engine.ordering import order

BLOCK = 16_384  # rows of which features are computed at a time

__all__ = ["Loop", "create_variables", "features", "order", "place", "run", "suits"]


def suits(model: keras.Model, rows, validation=None) -> bool:
    """Returns whether a model trains so: a layer that can, rows in memory without targets or weights, and a CPU."""
    network = getattr(model, "network", model)
    layer = network.layers[-1]
    return (
        bool(getattr(layer, "learns_in_passes", False))
        and all(layer.output is tensor for tensor in network.outputs)
        and len(network.trainable_variables) == len(layer.trainable_variables) == 1
        and isinstance(rows, tuple)
        and len(rows) == 1
        and (validation is None or isinstance(validation, tuple))
        and not _accelerated()
    )


def _accelerated() -> bool:
    if keras.backend.backend() == "jax":
        import jax

        return jax.default_backend() != "cpu"
    if keras.backend.backend() == "torch":
        import torch

        return torch.accelerator.is_available()
    import tensorflow as tf

    return bool(tf.config.list_logical_devices("GPU"))


def place(rows):
    """Returns the rows: they stay where they are."""
    return rows


def create_variables(model: keras.Model, rows) -> None:
    """Creates those of the optimizer, which a checkpoint holds."""
    model.optimizer.build(model.trainable_variables)


def features(network: keras.Model, x) -> np.ndarray:
    """Returns what the last layer of a network is given for encoded tensors, `(rows, width)`."""
    x = x if isinstance(x, dict) else {network.inputs[0].name: x}
    given = network.layers[-1].input
    if len(network.inputs) == 1 and given is network.inputs[0]:
        return np.asarray(x[given.name], "float32")
    below = keras.Model(network.inputs, given)
    names = [tensor.name for tensor in network.inputs]
    parts = [
        below({name: np.asarray(x[name][first : first + BLOCK]) for name in names}, training=False)
        for first in range(0, len(x[names[0]]), BLOCK)
    ]
    return np.concatenate([keras.ops.convert_to_numpy(part) for part in parts])


def run(
    model: keras.Model,
    x,
    *,
    batch_size: int,
    shuffle: bool,
    seed: int,
    epochs: int,
    first_epoch: int = 0,
    after: Callable | None = None,
) -> list[float]:
    """Trains where no callback looks at the weights between epochs, which so need not leave numpy.

    Args:
        model: One that `suits`.
        x: Encoded tensors.
        batch_size: Rows a step.
        shuffle: Whether rows are shuffled, by (seed, epoch).
        seed: Of the order.
        epochs: The number of the last epoch.
        first_epoch: The number of the first, from 0.
        after: Called with an epoch's number and its loss.

    Returns:
        The loss of each epoch. After one that is not finite it stops, with the weights before.
    """  # fmt: skip
    network = getattr(model, "network", model)
    layer, x = network.layers[-1], features(network, x)
    (learnt,) = layer.trainable_variables
    w, losses = learnt.numpy(), []
    try:
        for epoch in range(first_epoch, epochs):
            numbers = order(len(x), shuffle=shuffle, seed=seed, epoch=epoch)
            found, loss = layer.learn(w, x, numbers, batch_size, epoch)
            losses.append(loss)
            if after is not None:
                after(epoch, loss)
            if not math.isfinite(loss):
                break
            w = found
    finally:
        learnt.assign(w)
    return losses


class Loop:
    """The epochs of a model; arguments and results are those of `zoo.engine.loop_tensorflow.Loop`."""

    def __init__(self, model, *, batch_size: int, xla: bool, shuffle: bool, augmentation: Callable | None = None):
        self.model, self.batch_size, self._shuffle = model, batch_size, shuffle
        self._network = getattr(model, "network", model)
        self._features: dict[int, np.ndarray] = {}
        self._weights = [(variable, variable.numpy()) for variable in model.weights]

    def release(self) -> None:
        """There is nothing to give back."""

    def epoch(self, rows, held_out, seed: int, epoch: int) -> tuple[dict, dict, list, bool]:
        """Runs an epoch."""
        layer, x = self._network.layers[-1], self._of(rows)
        numbers = order(len(x), shuffle=self._shuffle, seed=seed, epoch=epoch)
        (learnt,) = layer.trainable_variables
        w, loss = layer.learn(learnt.numpy(), x, numbers, self.batch_size, epoch)
        learnt.assign(w)
        tested = {} if held_out is None else {"loss": layer.measure(w, self._of(held_out))}
        weights = [w if id(key) == id(learnt) else value for key, value in self._weights]
        return {"loss": loss}, tested, weights, bool(np.isfinite(w).all())

    def _of(self, rows) -> np.ndarray:
        if id(rows) not in self._features:
            self._features[id(rows)] = features(self._network, rows[0])
        return self._features[id(rows)]
