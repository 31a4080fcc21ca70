"""Many training steps as one JAX function, compiled by XLA, and used again by models of one structure.

Each step is the model's own `train_step` on its state (weights, seeds, optimizer, metrics), so that optimizers, losses,
metrics, weights, regularizers and dropout are Keras's. The state goes in as an argument whose memory the call takes
over, and comes back to the model's variables at an epoch's end, for callbacks.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import keras
import numpy as np

from zoo.engine import keras_internals
from zoo.engine.interruption import uninterrupted
from zoo.engine.loop_compiled import STEPS_PER_CALL, TESTED_ROWS, loop_variables
from zoo.engine.ordering import order


def place(rows):
    """Returns a nest of arrays on the device, whose memory they take once: `jnp.asarray` copies them there again."""
    import jax

    return jax.device_put(jax.tree.map(lambda v: v if isinstance(v, jax.Array) else np.asarray(v), rows))


def create_variables(model: keras.Model, rows) -> None:
    """Creates the variables of the optimizer, the losses and the metrics, which a compiled function cannot."""
    keras_internals.create_variables(model, keras.tree.map_structure(lambda values: values[:1], rows))


class Steps:
    """The compiled functions of a model; as `zoo.engine.loop_tensorflow.Steps`.

    Args:
        model: Compiled.
        batch_size: Rows a step.
        xla: JAX has nothing else.
        shuffle: Whether `epoch` permutes the rows.
        augmentation: None: those that there are compute in TensorFlow.
    """

    def __init__(
        self,
        model: keras.Model,
        *,
        batch_size: int,
        xla: bool = True,
        shuffle: bool,
        augmentation: Callable | None = None,
    ):
        import jax

        self.busy = False
        self.model = model
        self.batch_size, self._shuffle = batch_size, shuffle
        self._shapes = _shapes(model)
        self._traces = 0
        self._state: tuple | None = None  # while the model's variables do not hold it
        names = ("_whole", "_steps", "_rest", "_end", "_test_batch")
        self._functions: dict = {name: jax.jit(_with_fixed(self, name), donate_argnums=0) for name in names}

    def fits(self, model: keras.Model) -> bool:
        """Returns whether a model has variables of the same types and shapes."""
        return self._shapes == _shapes(model)

    def use(self, model: keras.Model) -> None:
        """Trains this model from now on; its variables are those of the first one in number, shape and meaning."""
        self.model = model

    def release(self) -> None:
        """Gives the model its variables back, however its training ended."""
        self._give_back()

    @property
    def num_traces(self) -> int:
        """How many functions have been traced."""
        return self._traces

    def epoch(self, rows, held_out, seed: int, epoch: int) -> tuple[dict, dict, list, bool]:
        """Runs an epoch; arguments and results are those of `zoo.engine.loop_tensorflow.Steps.epoch`."""
        import jax

        count = len(jax.tree.leaves(rows)[0])
        numbers = order(count, shuffle=self._shuffle, seed=seed, epoch=epoch)
        if -(-count // self.batch_size) <= STEPS_PER_CALL:
            self._take()
            return self._finish(self._call("_whole", rows, held_out, numbers))
        self.begin()
        self.steps(rows, numbers, seed, 0)
        return self.end(held_out)

    def begin(self) -> None:
        """Sets the metrics to nothing."""
        self.model.reset_metrics()
        self._take()

    def steps(self, rows, order, seed: int, begin: int) -> None:
        """Runs the steps of some rows.

        Args:
            rows: Nest of arrays `(rows, ...)`.
            order: Numbers of rows, a batch beside the other.
            seed: Unused, as is `begin`: they are for augmentation.
        """
        size = min(self.batch_size, len(order))
        full = len(order) // size
        order = np.asarray(order, "int32")
        for first in range(0, full, STEPS_PER_CALL):
            self._call("_steps", rows, order, np.int32(first), np.int32(min(first + STEPS_PER_CALL, full)))
        if len(order) % size:
            self._call("_rest", rows, order[full * size :])

    def end(self, held_out=None) -> tuple[dict, dict, list, bool]:
        """Returns loss and metrics of the steps since `begin`, and of validation rows, and the weights, as `epoch`."""
        return self._finish(self._call("_end", held_out))

    def test(self, batch) -> None:
        """Adds a batch to the metrics, without training."""
        self._call("_test_batch", place(batch))

    def _take(self) -> None:
        if self._state is None:
            self._state = tuple([v.value for v in variables] for variables in _state(self.model))

    def _give_back(self) -> None:
        """Puts the state into the model's variables. What a failed call has taken with it is NaN, for all to see."""
        import jax.numpy as jnp

        if self._state is None:
            return
        for variables, values in zip(_state(self.model), self._state, strict=True):
            for variable, value in zip(variables, values, strict=True):
                if value.is_deleted():
                    floating = jnp.issubdtype(value.dtype, jnp.floating)
                    value = jnp.full(value.shape, jnp.nan if floating else 0, value.dtype)
                keras_internals.put(variable, value)
        self._state = None

    def _call(self, name: str, *arguments):
        """Calls a function with the state, which it replaces. Ctrl-C waits: else there would be none for a moment."""
        import jax

        self._take()
        fixed = [variable.value for variable in _fixed(self.model)]
        with uninterrupted():
            self._state, results = self._functions[name](self._state, fixed, *arguments)
            jax.block_until_ready(self._state)
        return results

    def _finish(self, outputs) -> tuple[dict, dict, list, bool]:
        import jax

        results, tested, weights, finite = outputs
        self._give_back()
        results, tested, finite = jax.device_get((results, tested, finite))  # at once: a GPU is waited for once
        values = [{name: float(value) for name, value in part.items()} for part in (results, tested)]
        return *values, weights, bool(finite)

    # What follows is traced.

    def _whole(self, state, rows, held_out, order):
        size = min(self.batch_size, len(order))
        full = len(order) // size
        state = self._with_metrics(state, self.model.reset_metrics)[0]
        state, _ = self._steps(state, rows, order, 0, full)
        if len(order) % size:
            state, _ = self._rest(state, rows, order[full * size :])
        return self._end(state, held_out)

    def _steps(self, state, rows, order, first, last):
        import jax

        size = min(self.batch_size, len(order))

        def step(i, state):
            index = jax.lax.dynamic_slice(order, (i * size,), (size,))
            return self._rest(state, rows, index)[0]

        return jax.lax.fori_loop(first, last, step, state), None

    def _rest(self, state, rows, index):
        import jax

        batch = jax.tree.map(lambda values: values.at[index].get(mode="promise_in_bounds"), rows)
        _, after = self.model.train_step(state, batch)
        return _typed_as(state, after), None

    def _end(self, state, held_out):
        import jax.numpy as jnp

        model = self.model
        state, results = self._with_metrics(state, model.get_metrics_result)
        tested = {}
        if held_out is not None:
            state, tested = self._test(state, held_out)
        held = {id(v): value for part, values in zip(_state(model), state) for v, value in zip(part, values)}
        weights = [jnp.copy(held[id(weight)]) for weight in model.weights]  # the next call takes over the state itself
        finite = [jnp.all(jnp.isfinite(w)) for w in weights if jnp.issubdtype(w.dtype, jnp.floating)]
        return state, (results, tested, weights, jnp.all(jnp.array(finite)))

    def _test(self, state, held_out):
        import jax

        state = self._with_metrics(state, self.model.reset_metrics)[0]
        count = len(jax.tree.leaves(held_out)[0])
        full = count // TESTED_ROWS

        def step(i, state):
            part = jax.tree.map(lambda v: jax.lax.dynamic_slice_in_dim(v, i * TESTED_ROWS, TESTED_ROWS), held_out)
            return self._test_batch(state, part)[0]

        if full:
            state = jax.lax.fori_loop(0, full, step, state)
        if count % TESTED_ROWS:
            state, _ = self._test_batch(state, jax.tree.map(lambda v: v[full * TESTED_ROWS :], held_out))
        return self._with_metrics(state, self.model.get_metrics_result)

    def _test_batch(self, state, batch):
        trainable, fixed, optimizer, metrics = state
        _, (trainable, fixed, metrics) = self.model.test_step((trainable, fixed, metrics), batch)
        return _typed_as(state, (trainable, fixed, optimizer, metrics)), None

    def _with_metrics(self, state, call: Callable) -> tuple:
        """Returns the state after a call that reads or writes metrics, and what it returned."""
        *others, values = state
        variables = self.model.metrics_variables
        with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))) as scope:
            results = call()
        return (*others, [scope.get_current_value(variable) for variable in variables]), results


def _with_fixed(loop: Steps, name: str) -> Callable:
    """Returns a method as a function of state and fixed values; the values stand in for variables outside the state."""

    def function(state, values, *arguments):
        loop._traces += 1
        with keras_internals.values_replaced(_fixed(loop.model), values):
            return getattr(loop, name)(state, *arguments)

    return function


def _typed_as(state, after):
    """Returns a state with the types of the one before, as a loop must have it."""
    import jax

    return jax.tree.map(lambda old, new: new.astype(old.dtype), tuple(map(list, state)), tuple(map(list, after)))


def _state(model) -> tuple[list, list, list, list]:
    """Returns the variables that `train_step` reads and writes, as it orders them."""
    return model.trainable_variables, model.non_trainable_variables, model.optimizer.variables, model.metrics_variables


def _fixed(model) -> list:
    """Returns the variables that training reads and that are no part of its state: those of a schedule."""
    known = {id(variable) for part in _state(model) for variable in part}
    return [variable for variable in loop_variables(model) if id(variable) not in known]


def _shapes(model) -> list:
    return [(variable.dtype, math.prod(variable.shape), variable.shape) for variable in loop_variables(model)]
