"""The mean loss of all rows as a function of one vector of weights: what full-batch solvers minimise.

    F(theta) = mean_i loss(y_i, f(x_i; theta)) + penalties(theta)

The network computes as it predicts: dropout is off. Values, gradients and Hessians are in double precision where the
backend has it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import keras
import numpy as np

from zoo import notices
from zoo.engine.precision import in_double

NUMBERS_AT_ONCE = 2**24  # of the second derivatives of some rows, before they are summed


@dataclasses.dataclass(frozen=True)
class Minimum:
    """Where a solver ended.

    Args:
        loss: The loss there.
        steps: How many steps it took.
        converged: Whether it is a minimum, as far as the solver can tell.
        message: Why it ended.
        losses: The loss after each step.
    """

    loss: float
    steps: int
    converged: bool
    message: str
    losses: list[float]


class Objective:
    """The loss of a network on all rows.

    Args:
        network: From encoded tensors to outputs.
        x: Encoded tensors, all rows.
        y: Targets in the network's units `(rows,)`.
        loss: `(y_true, network_output) -> (rows,)`.
        weight: Sample weights `(rows,)`.
    """

    def __init__(
        self,
        network: keras.Model,
        x: dict[str, np.ndarray],
        y: np.ndarray,
        loss: Callable,
        weight: np.ndarray | None = None,
    ):
        backend = keras.backend.backend()
        self._network, self._loss = network, loss
        # JAX has float64 only in a special mode, and Keras's matrix product on PyTorch is in float32.
        self._double = in_double(network) if backend == "tensorflow" else network
        self.epsilon = float(np.finfo("float64" if self._double is not network else "float32").eps)
        kind = "float64" if self._double is not network else "float32"
        self._y = np.asarray(y, kind) if np.asarray(y).dtype.kind == "f" else np.asarray(y)
        self._x = {name: a.astype(kind) if a.dtype.kind == "f" else a for name, a in x.items()}
        share = np.full(len(self._y), 1.0 / len(self._y)) if weight is None else weight / np.sum(weight)
        self._share = share.astype(kind)
        self._variables = self._double.trainable_variables
        self._shapes = [tuple(v.shape) for v in self._variables]
        self._ends = np.cumsum([int(np.prod(shape)) for shape in self._shapes])
        derivatives: dict = {"tensorflow": _TensorFlow, "jax": _Jax, "torch": _Torch}
        self._derivatives = derivatives[backend](self._double, loss)

    @property
    def start(self) -> np.ndarray:
        """The network's weights, `(weights,)`."""
        return np.concatenate([v.numpy().astype("float64").ravel() for v in self._network.trainable_variables])

    def value_and_gradient(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        """Returns the loss and its gradient `(weights,)`."""
        self._put(theta)
        value, gradient = self._derivatives.value_and_gradient(self._x, self._y, self._share)
        return float(value), _flat(gradient)

    def hessian(self, theta: np.ndarray) -> np.ndarray:
        """Returns the second derivatives `(weights, weights)`."""
        self._put(theta)
        size = len(theta)
        total = np.zeros((size, size))
        for x, y, share, first in self._parts(size):
            blocks = self._derivatives.hessian(x, y, share, first)
            rows = [
                np.concatenate([np.asarray(b, "float64").reshape(int(np.prod(above)), -1) for b in row], axis=1)
                for row, above in zip(blocks, self._shapes, strict=True)
            ]
            total += np.concatenate(rows, axis=0)
        return (total + total.T) / 2

    def outputs(self, theta: np.ndarray) -> np.ndarray:
        """Returns what the network gives with such weights, `(rows, outputs)`."""
        self._put(theta)
        return self._derivatives.outputs(self._x)

    def keep(self, theta: np.ndarray) -> None:
        """Puts weights into the network."""
        for variable, value in zip(self._network.trainable_variables, self._split(theta), strict=True):
            variable.assign(value.astype("float32"))

    def _parts(self, size: int) -> Iterator[tuple]:
        """Yields some rows at a time, and whether they are the first: penalties count once."""
        widest = max([tensor.shape[-1] for tensor in self._network.inputs] + [shape[-1] for shape in self._shapes])
        rows = max(1, NUMBERS_AT_ONCE // (size * int(widest)))
        for first in range(0, len(self._y), rows):
            part = slice(first, first + rows)
            yield {name: a[part] for name, a in self._x.items()}, self._y[part], self._share[part], first == 0

    def _split(self, theta):
        return [part.reshape(shape) for part, shape in zip(np.split(theta, self._ends[:-1]), self._shapes, strict=True)]

    def _put(self, theta):
        for variable, value in zip(self._variables, self._split(theta), strict=True):
            variable.assign(value)


def _flat(parts) -> np.ndarray:
    return np.concatenate([np.asarray(part, "float64").ravel() for part in parts])


class _TensorFlow:
    def __init__(self, network, loss):
        import tensorflow as tf

        self._network, self._loss = network, loss
        self._outputs = tf.function(lambda x: network(x, training=False), autograph=False)
        self._first = tf.function(self._first_derivatives, autograph=False)
        self._second = tf.function(self._second_derivatives, autograph=False, reduce_retracing=True)

    def outputs(self, x):
        return self._outputs(*self._placed(x)).numpy()

    def value_and_gradient(self, x, y, share):
        return self._first(*self._placed(x, y, share))

    @notices.unlogged()
    def hessian(self, x, y, share, first: bool):
        import tensorflow as tf

        return self._second(*self._placed(x, y, share), tf.constant(float(first), share.dtype))

    def _placed(self, *rows):
        import tensorflow as tf

        return tf.nest.map_structure(tf.constant, rows)

    def _weights(self):
        return [v.value for v in self._network.trainable_variables]

    def _first_derivatives(self, x, y, share, penalties=1.0):
        import tensorflow as tf

        weights = self._weights()
        with tf.GradientTape() as tape:
            value = tf.reduce_sum(self._loss(y, self._network(x, training=False)) * share)
            value += penalties * _penalties(self._network, share.dtype)
        gradients = tape.gradient(value, weights, unconnected_gradients="zero")
        return value, [tf.convert_to_tensor(g) for g in gradients]  # those of a lookup come as sparse slices

    def _second_derivatives(self, x, y, share, penalties):
        import tensorflow as tf

        weights = self._weights()
        with tf.GradientTape(persistent=True) as tape:
            gradients = self._first_derivatives(x, y, share, penalties)[1]
            flat = [tf.reshape(gradient, [-1]) for gradient in gradients]
        found = [tape.jacobian(gradient, weights, unconnected_gradients="zero") for gradient in flat]
        return [[tf.convert_to_tensor(block) for block in row] for row in found]


class _Jax:
    def __init__(self, network, loss):
        import jax

        self._network = network
        fixed = [v.value for v in network.non_trainable_variables]

        def value(trainable, x, y, share, penalties):
            outputs, _, added = network.stateless_call(trainable, fixed, x, training=False, return_losses=True)
            return (loss(y, outputs) * share).sum() + penalties * sum(added)

        self._outputs = jax.jit(lambda trainable, x: network.stateless_call(trainable, fixed, x, training=False)[0])
        self._first = jax.jit(jax.value_and_grad(value))
        self._second = jax.jit(jax.hessian(value))

    def _weights(self):
        return [v.value for v in self._network.trainable_variables]

    def outputs(self, x):
        return np.asarray(self._outputs(self._weights(), x))

    def value_and_gradient(self, x, y, share):
        return self._first(self._weights(), x, y, share, 1.0)

    def hessian(self, x, y, share, first: bool):
        return self._second(self._weights(), x, y, share, float(first))


class _Torch:
    def __init__(self, network, loss):
        self._network, self._loss = network, loss

    def _weights(self):
        return [v.value for v in self._network.trainable_variables]

    def outputs(self, x):
        return keras.ops.convert_to_numpy(self._network(x, training=False))

    def _value(self, x, y, share, penalties=1.0):
        outputs = self._network(x, training=False)
        value = (self._loss(y, outputs) * keras.ops.convert_to_tensor(share)).sum()
        return value + penalties * _penalties(self._network, value.dtype)

    def value_and_gradient(self, x, y, share):
        import torch

        value = self._value(x, y, share)
        gradients = torch.autograd.grad(value, self._weights(), allow_unused=True, materialize_grads=True)
        return value.item(), [keras.ops.convert_to_numpy(gradient) for gradient in gradients]

    def hessian(self, x, y, share, first: bool):
        import torch

        weights = self._weights()
        value = self._value(x, y, share, float(first))
        how = {"allow_unused": True, "materialize_grads": True}
        gradients = torch.autograd.grad(value, weights, create_graph=True, **how)
        found = []
        for gradient in gradients:
            rows = [
                torch.autograd.grad(one, weights, retain_graph=True, **how)
                if one.requires_grad
                else [torch.zeros_like(weight) for weight in weights]
                for one in gradient.reshape(-1)
            ]
            found.append([np.stack([keras.ops.convert_to_numpy(part) for part in parts]) for parts in zip(*rows)])
        return found


def _penalties(network, dtype):
    return keras.ops.cast(sum(network.losses), dtype) if network.losses else 0.0
