"""Epochs on several devices or machines on the JAX backend; `replicas_tensorflow` has those on TensorFlow.

Each device computes the gradients of its rows by a program of its own, so that replicas may have unequal numbers of
rows; one program over the mesh of all devices adds them up; each device then takes the same step.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import keras
import numpy as np
from jax.flatten_util import ravel_pytree
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from zoo.engine import keras_internals, ordering
from zoo.engine.workers import copies
from zoo.engine.workers.replicas_tensorflow import TESTED_ROWS


class Replicas:
    """A model's states on some devices; the model itself stays as it is, and lends its steps.

    Args:
        model: Compiled.
        devices: JAX devices, those of all processes.
        batch_size: Rows of a step, over all replicas.
        shuffle: Whether `order` permutes the rows.
        augmentation: As for `zoo.engine.workers.replicas_tensorflow.Replicas`.
    """

    def __init__(self, model, devices, *, batch_size: int, shuffle: bool, augmentation: Callable | None = None):
        self.copy, self.size = model, len(devices)
        self._batch_size, self._shuffle, self._augmentation = batch_size, shuffle, augmentation
        self._devices, self._here = tuple(devices), _here(devices)
        self._states: list[SimpleNamespace] = []
        self._gradients = jax.jit(self._gradients_of_rows)
        self._step, self._test = jax.jit(self._stepped), jax.jit(self._tested_rows)

    def create_variables(self, rows) -> None:
        """Creates the variables of losses and metrics."""
        one = jax.tree.map(lambda values: jnp.asarray(values[:1]), rows)
        x, y, weight = keras.utils.unpack_x_y_sample_weight(one)
        keras_internals.create_variables(self.copy, (x, y, weight))
        self.copy.reset_metrics()

    def take(self, values: list[np.ndarray]) -> None:
        """Puts values, as of `copies.values_of`, onto the devices; dropout draws other numbers on each."""
        copies.assign(self.copy, values)
        model = self.copy
        self._states = []
        for replica, device in self._here:
            frozen = [
                v.value + jnp.asarray([7919 * replica, 0], v.dtype) if _is_seed(v) else v.value
                for v in model.non_trainable_variables
            ]
            state = (
                [v.value for v in model.trainable_variables],
                frozen,
                [v.value for v in model.optimizer.variables],
                [jnp.zeros_like(v.value) for v in model.metrics_variables],
            )
            self._states.append(SimpleNamespace(**dict(zip(_PARTS, jax.device_put(state, device), strict=True))))

    def values(self) -> list[np.ndarray]:
        """Returns the values that this process's first replica has."""
        state, replica = self._states[0], self._here[0][0]
        model = self.copy
        places = {id(v): value for v, value in zip(model.trainable_variables, state.trainable, strict=True)}
        places |= {
            id(v): value - jnp.asarray([7919 * replica, 0], v.dtype) if _is_seed(v) else value
            for v, value in zip(model.non_trainable_variables, state.frozen, strict=True)
        }
        places |= {id(v): value for v, value in zip(model.optimizer.variables, state.optimizer, strict=True)}
        return [np.asarray(places[id(v)]) for v in copies.variables_of(model)]

    def on_devices(self, rows):
        """Returns a nest of arrays on each of this process's devices."""
        return [jax.device_put(rows, device) for _, device in self._here]

    def order(self, count: int, seed: int, epoch: int) -> np.ndarray:
        """Returns the numbers of the rows in an epoch's order: that of one process."""
        return ordering.order(count, shuffle=self._shuffle, seed=seed, epoch=epoch)

    def begin(self) -> None:
        """Sets the metrics to nothing."""
        for state in self._states:
            state.metrics = [jnp.zeros_like(value) for value in state.metrics]

    def train(self, rows, order, seed: int, begin: int) -> None:
        """Runs the steps of some rows, as on TensorFlow."""
        order = np.asarray(order, np.int32)
        for number, first in enumerate(range(0, len(order), self._batch_size)):
            index = order[first : first + self._batch_size]
            flat = []
            for held, state, (replica, device) in zip(rows, self._states, self._here, strict=True):
                mine = index[len(index) * replica // self.size : len(index) * (replica + 1) // self.size]
                share = np.float32(len(mine) / len(index))
                seeds = np.array([seed + 7919 * replica, begin + number], np.int32)
                if not len(mine):  # Keras's loss of no rows is no number here
                    flat.append(jax.device_put(jnp.zeros_like(ravel_pytree(state.trainable)[0]), device))
                    continue
                mine, share, seeds = jax.device_put((mine, share, seeds), device)
                gradient, state.frozen, state.metrics = self._gradients(vars(state), held, mine, share, seeds)
                flat.append(gradient)
            for state, gradient in zip(self._states, summed(self._devices, flat), strict=True):
                state.trainable, state.optimizer = self._step(vars(state), gradient)

    def test(self, rows, count: int) -> None:
        """Adds `count` rows to the metrics."""
        for first in range(0, count, TESTED_ROWS):
            size = min(TESTED_ROWS, count - first)
            for held, state, (replica, _) in zip(rows, self._states, self._here, strict=True):
                part = slice(first + size * replica // self.size, first + size * (replica + 1) // self.size)
                if part.start == part.stop:
                    continue
                mine = jax.tree.map(lambda values, part=part: values[part], held)
                state.metrics = self._test(vars(state), mine)

    def results(self) -> dict[str, float]:
        """Returns loss and metrics since `begin`, of all replicas."""
        flat = [ravel_pytree(state.metrics)[0] for state in self._states]
        if flat[0].size:
            _, unflat = ravel_pytree(self._states[0].metrics)
            values = unflat(summed(self._devices, flat)[0])
            for variable, value in zip(self.copy.metrics_variables, values, strict=True):
                variable.assign(value)
        found = {name: float(value) for name, value in self.copy.get_metrics_result().items()}
        self.copy.reset_metrics()
        return found

    def _gradients_of_rows(self, state: dict, rows, mine, share, seeds):
        """Returns the replica's part of the gradient `(weights,)`, and what else the rows changed."""
        batch = jax.tree.map(lambda values: jnp.take(values, mine, axis=0), rows)
        if self._augmentation is not None:
            batch = ({**batch[0], "image": self._augmentation(batch[0]["image"], seeds)}, *batch[1:])
        with _instead(self.copy.optimizer, "stateless_apply", lambda variables, gradients, _: (gradients, variables)):
            _, (gradients, frozen, _, metrics) = self.copy.train_step(tuple(state[name] for name in _PARTS), batch)
        return ravel_pytree(gradients)[0] * share, frozen, metrics

    def _stepped(self, state: dict, gradient):
        _, unflat = ravel_pytree(state["trainable"])
        return self.copy.optimizer.stateless_apply(state["optimizer"], unflat(gradient), state["trainable"])

    def _tested_rows(self, state: dict, batch):
        _, (_, _, metrics) = self.copy.test_step((state["trainable"], state["frozen"], state["metrics"]), batch)
        return metrics


def summed(devices, parts: list) -> list:
    """Returns, on each device of this process, the sum over all of a flat array that each has."""
    sharding, total = _sum(tuple(devices))
    together = jax.make_array_from_single_device_arrays(
        (len(devices), *parts[0].shape), sharding, [part[None] for part in parts]
    )
    shards = {shard.device: shard.data for shard in total(together).addressable_shards}
    return [shards[device] for _, device in _here(devices)]


def added(numbers: np.ndarray) -> np.ndarray:
    """Returns the sum of a flat int32 array over the workers: of those of their first devices."""
    here = _here(jax.devices())
    parts = [jax.device_put(numbers if k == 0 else np.zeros_like(numbers), d) for k, (_, d) in enumerate(here)]
    return np.asarray(summed(jax.devices(), parts)[0])


@functools.lru_cache(4)
def _sum(devices: tuple):
    mesh = Mesh(np.array(devices), ("replica",))
    total = jax.jit(functools.partial(jnp.sum, axis=0), out_shardings=NamedSharding(mesh, PartitionSpec()))
    return NamedSharding(mesh, PartitionSpec("replica")), total


def _here(devices) -> list[tuple]:
    """Returns the devices of this process, with their places among all."""
    return [(i, device) for i, device in enumerate(devices) if device.process_index == jax.process_index()]


_PARTS = ("trainable", "frozen", "optimizer", "metrics")


@contextlib.contextmanager
def _instead(owner, name: str, function):
    """Puts a function in a method's place while a step is traced."""
    owner.__dict__[name] = function
    try:
        yield
    finally:
        del owner.__dict__[name]


def _is_seed(variable) -> bool:
    return variable.path.rsplit("/", 1)[-1].endswith("seed_generator_state")
