"""Epochs in numpy, for networks whose last layer learns faster so than by steps of a graph.

Such a layer is the only one with weights to train, and has an attribute `learns_in_numpy`, which says whether it does,
and two methods:

    learn(w, x, order, batch_size, epoch) -> w, loss    trains its one weight for an epoch, on features `(rows, width)`
    measure(w, x) -> loss                               the same loss without learning
"""

from __future__ import annotations

import keras
import numpy as np

from zoo.engine.driver import Epoch
from zoo.engine.ordering import order
from zoo.engine.plan import Training

BLOCK = 16_384  # rows of which features are computed at a time


class NumpyLoop:
    """The loop of such a network (`zoo.engine.driver.Loop`).

    Args:
        model: A compiled model that `suits`.
        training: What it trains on: rows in memory, without targets.
    """

    def __init__(self, model: keras.Model, training: Training):
        self._model, self._training = model, training
        self._layer = _network(model).layers[-1]
        (self._variable,) = self._layer.trainable_variables

    def begin(self) -> None:
        self._model.optimizer.build(self._model.trainable_variables)  # a checkpoint holds its variables
        network, validation = _network(self._model), self._training.validation
        self._features = features(network, self._training.rows[0])
        self._held_out = None if validation is None else features(network, validation[0])
        self._values = [(v is self._variable, v.numpy()) for v in self._model.weights]

    def epoch(self, epoch: int) -> Epoch:
        training, x = self._training, self._features
        numbers = order(len(x), shuffle=training.shuffle, seed=training.seed, epoch=epoch)
        w, loss = self._layer.learn(self._variable.numpy(), x, numbers, training.batch_size, epoch)
        self._variable.assign(w)
        logs = {"loss": loss}
        if self._held_out is not None:
            logs["val_loss"] = self._layer.measure(w, self._held_out)
        weights = [w if is_trained else value for is_trained, value in self._values]
        return Epoch(logs, weights, bool(np.isfinite(w).all()))

    def end(self) -> None:
        """Does nothing: the model has its weights."""

    def close(self) -> None:
        """Does nothing: there is nothing to give back."""


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


def _network(model: keras.Model) -> keras.Model:
    return getattr(model, "network", model)
