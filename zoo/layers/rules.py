"""Learning rules that are no gradient of a loss, as Keras can run them.

    dw = eta f(x, w)    is the step of SGD with the rate eta on    -sum(w * stop_gradient(f))

A layer that learns by a rule calls `add_rule` while it trains; any loop that trains Keras models then applies it, on
every backend. A layer with a schedule has a method `begin_training(rows, steps)`, which is called before a training.
"""

from collections.abc import Iterable

import keras
from keras import ops


def add_rule(layer, changes: Iterable[tuple], value=0.0) -> None:
    """Adds a loss to a layer whose gradients are the negative changes of its weights.

    Args:
        layer: The Keras layer that is being called with `training=True`.
        changes: Pairs of a trainable weight and its change f, of the same shape; SGD multiplies it by the rate.
        value: A scalar to show as the loss, such as an energy or an error; nothing is learnt from it.
    """
    surrogate = -sum(ops.sum(weight * ops.stop_gradient(change)) for weight, change in changes)
    layer.add_loss(ops.stop_gradient(value + 0.0 * surrogate) + surrogate - ops.stop_gradient(surrogate))


def check_whole(model, advice: str) -> None:
    """Raises ValueError unless the optimizer applies changes as they are: SGD of rate 1 without momentum.

    Args:
        model: A compiled model whose layer gives the whole change, its own rate in it.
        advice: What to do for another rate, as a sentence.
    """
    optimizer = model.optimizer
    rate = float(ops.convert_to_numpy(optimizer.learning_rate))
    # On PyTorch Keras returns an instance of a subclass with the same name.
    plain = isinstance(optimizer, keras.optimizers.SGD) and type(optimizer).__name__ == "SGD"
    if plain and rate == 1.0 and not optimizer.momentum:
        return
    momentum = f" and momentum {optimizer.momentum:g}" if getattr(optimizer, "momentum", 0.0) else ""
    raise ValueError(
        f"The rule of {model.entry.name!r} gives whole changes: its optimizer must be SGD with the learning rate 1. "
        f"Received: {type(optimizer).__name__} with {rate:g}{momentum}. Leave `optimizer` and `learning_rate` out. "
        f"{advice}"
    )
