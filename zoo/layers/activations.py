"""Activation functions by name: the lecture's table and Keras's own.

    identity     x                      logistic   1 / (1 + exp(-x))       relu       max(x, 0)
    binary_step  1 if x >= 0 else 0     tanh       tanh(x)                 prelu      x if x > 0 else a x, a learned
    arctan       atan(x)                softplus   log(1 + exp(x))         elu        x if x > 0 else exp(x) - 1

At the kink: relu'(0) = 0, binary_step(0) = 1. The derivative of binary_step is 0, so nothing below it learns.
"""

import keras
from keras import ops

from zoo.registry import suggest


@keras.saving.register_keras_serializable(package="zoo")
def binary_step(x):
    """Returns 1 where x >= 0 and 0 elsewhere."""
    return ops.cast(x >= 0, x.dtype)


@keras.saving.register_keras_serializable(package="zoo")
def arctan(x):
    """Returns atan(x), in (-pi/2, pi/2)."""
    return ops.arctan(x)


NAMES = ("identity", "binary_step", "logistic", "tanh", "arctan", "relu", "prelu", "elu", "softplus")
_FUNCTIONS = {"identity": "linear", "logistic": "sigmoid", "binary_step": binary_step, "arctan": arctan}
_KERAS = ("celu", "exponential", "gelu", "glu", "hard_sigmoid", "hard_shrink", "hard_swish", "hard_tanh", "leaky_relu")
_KERAS += ("linear", "log_sigmoid", "log_softmax", "mish", "relu6", "selu", "sigmoid", "silu", "softmax", "soft_shrink")
_KERAS += ("softsign", "sparse_plus", "squareplus", "swish", "tanh_shrink", "threshold")


def activation(function, *, name: str | None = None) -> keras.layers.Layer:
    """Returns a new layer that applies an activation function.

    Args:
        function: A name of the table above, one of Keras's, or a function of a tensor.
        name: The layer's name.

    Returns:
        A layer from `(batch, ...)` to the same shape.

    Raises:
        ValueError: if there is no such activation.
    """
    if function == "prelu":
        return keras.layers.PReLU(name=name)
    try:
        known = None if callable(function) else _FUNCTIONS.get(function, function)
        return keras.layers.Activation(known or function, name=name)
    except ValueError:
        names = (*NAMES, *_KERAS)
        raise ValueError(
            f"Unknown activation {function!r}.{suggest(function, names)} The zoo has {', '.join(NAMES)} and Keras's "
            "own: "
            f"{', '.join(_KERAS)}."
        ) from None
