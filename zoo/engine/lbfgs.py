"""Full-batch L-BFGS (scipy) on a network's trainable weights, in double precision where the backend has it.

    minimise  mean_i loss(y_i, f(x_i; theta)) + penalties(theta)

D. C. Liu, J. Nocedal, On the Limited Memory BFGS Method for Large Scale Optimization, Mathematical Programming 45,
1989. https://doi.org/10.1007/BF01589116
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import keras
import numpy as np
from scipy.optimize import minimize

from zoo.engine.precision import in_double


@dataclasses.dataclass(frozen=True)
class Minimum:
    """Where L-BFGS ended: the loss, steps, whether the gradient vanished, scipy's message, the loss after each step."""

    loss: float
    steps: int
    converged: bool
    message: str
    losses: list[float]


def minimize_loss(
    network: keras.Model,
    x: dict[str, np.ndarray],
    y: np.ndarray,
    loss: Callable,
    *,
    weight: np.ndarray | None = None,
    max_steps: int = 1000,
    tolerance: float = 1e-8,
    stop: Callable[[np.ndarray], bool] | None = None,
) -> Minimum:
    """Sets a network's trainable weights to a minimum of the mean loss.

    Args:
        network: From encoded tensors to outputs.
        x: Encoded tensors, all rows.
        y: Targets in the network's units `(rows,)`.
        loss: `(y_true, network_output) -> (rows,)`.
        weight: Sample weights `(rows,)`.
        max_steps: The most iterations.
        tolerance: Largest component of the gradient at which it has converged.
        stop: Called with the network's outputs `(rows, outputs)` after each step; True ends the search there.

    Returns:
        Where it ended. The network holds the weights found.
    """
    compute = {"tensorflow": _tensorflow_gradient, "jax": _jax_gradient, "torch": _torch_gradient}
    double = in_double(network) if keras.backend.backend() != "jax" else network
    kind = "float64" if double is not network else "float32"
    y = np.asarray(y, kind) if np.asarray(y).dtype.kind == "f" else np.asarray(y)
    x = {name: a.astype(kind) if a.dtype.kind == "f" else a for name, a in x.items()}
    share = np.full(len(y), 1.0 / len(y)) if weight is None else weight / np.sum(weight)
    value_and_gradients = compute[keras.backend.backend()](double, x, y, loss, share.astype(kind))
    variables = double.trainable_variables
    shapes = [tuple(v.shape) for v in variables]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])

    def split(theta):
        return [part.reshape(shape) for part, shape in zip(np.split(theta, ends[:-1]), shapes)]

    def objective(theta):
        for variable, value in zip(variables, split(theta)):
            variable.assign(value)
        value, gradients = value_and_gradients()
        return float(value), np.concatenate([np.asarray(g, "float64").ravel() for g in gradients])

    start = np.concatenate([v.numpy().astype("float64").ravel() for v in variables])
    losses: list[float] = []

    def record(intermediate_result):
        losses.append(float(intermediate_result.fun))
        if stop is not None:
            objective(intermediate_result.x)
            if stop(keras.ops.convert_to_numpy(double(x, training=False))):
                raise StopIteration

    found = minimize(
        objective,
        start,
        jac=True,
        method="L-BFGS-B",
        callback=record,
        options={"maxiter": max_steps, "maxfun": 4 * max_steps, "gtol": tolerance, "ftol": 1e-15, "maxcor": 20},
    )
    for variable, value in zip(network.trainable_variables, split(found.x)):
        variable.assign(value.astype("float32"))
    message = found.message if isinstance(found.message, str) else found.message.decode()
    gradient = float(np.max(np.abs(found.jac)))
    converged = bool(found.success) and gradient < max(1e-4, 10 * tolerance)
    return Minimum(float(found.fun), int(found.nit), converged, message, losses or [float(found.fun)])


def _tensorflow_gradient(network, x, y, loss, share):
    import tensorflow as tf

    x, y, share = tf.nest.map_structure(tf.constant, (x, y, share))

    @tf.function
    def value_and_gradients():
        with tf.GradientTape() as tape:
            value = tf.reduce_sum(loss(y, network(x, training=True)) * share) + _penalties(network, share.dtype)
        weights = [v.value for v in network.trainable_variables]
        gradients = tape.gradient(value, weights, unconnected_gradients="zero")
        return value, [tf.convert_to_tensor(g) for g in gradients]  # those of a lookup come as sparse slices

    return value_and_gradients


def _jax_gradient(network, x, y, loss, share):
    import jax

    fixed = [v.value for v in network.non_trainable_variables]

    @jax.jit
    def compute(trainable):
        def value(trainable):
            outputs, _, penalties = network.stateless_call(trainable, fixed, x, training=True, return_losses=True)
            return (loss(y, outputs) * share).sum() + sum(penalties)

        return jax.value_and_grad(value)(trainable)

    return lambda: compute([v.value for v in network.trainable_variables])


def _torch_gradient(network, x, y, loss, share):
    share = keras.ops.convert_to_tensor(share)

    def value_and_gradients():
        network.zero_grad()
        value = (loss(y, network(x, training=True)) * share).sum() + _penalties(network, "float64")
        value.backward()
        return value.item(), [keras.ops.convert_to_numpy(v.value.grad) for v in network.trainable_variables]

    return value_and_gradients


def _penalties(network, dtype):
    return keras.ops.cast(sum(network.losses), dtype) if network.losses else 0.0
