"""Many training steps as one TensorFlow function: traced or compiled by XLA, and used again by models of one structure.

Each step is the model's own `train_step`, so that optimizers, losses, metrics, weights and regularizers are Keras's;
dropout draws other numbers. Rows, their order and the numbers of the steps are arguments; variables are captures, for
which a model of the same structure puts in its own: tracing, which takes tenths of a second, is then left out.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

import keras

from zoo.engine import costs, traced_functions, updates
from zoo.engine.loop_compiled import STEPS_PER_CALL, TESTED_ROWS, loop_variables
from zoo.engine.placing import place

__all__ = ["Steps", "create_variables", "order", "place"]


class Steps:
    """The compiled functions of a model.

    Args:
        model: Compiled by Keras.
        batch_size: Rows a step.
        xla: Whether XLA compiles the full batches; the last one, of fewer rows, is traced.
        shuffle: Whether `epoch` permutes the rows.
        augmentation: A function `(images, seed) -> images` on batches of `x["image"]`, or None.
    """

    def __init__(
        self, model: keras.Model, *, batch_size: int, xla: bool, shuffle: bool, augmentation: Callable | None = None
    ):
        self.busy = False
        self.model = model
        self._xla, self.batch_size, self._shuffle, self._augmentation = xla, batch_size, shuffle, augmentation
        is_small = costs.is_small(costs.training_flops(model, batch_size))
        self._single_threaded = not xla and is_small  # without the threads of an executor
        self._shapes = _shapes(model)
        self._traced: dict[tuple, traced_functions.Traced] = {}
        self._last: tuple | None = None
        self._note: tuple | None = None  # the names of what the function being traced returns
        self._scratch: dict | None = None if xla or costs.gpus() else {}  # the variables of `updates.adam`
        self._full_batches: Callable | None = None

    def fits(self, model: keras.Model) -> bool:
        """Returns whether a model has variables of the same types and shapes."""
        return self._shapes == _shapes(model)

    def use(self, model: keras.Model) -> None:
        """Trains this model from now on; its variables are those of the first one in number, shape and meaning."""
        self.model = model
        state = _handles(model)
        for traced in self._traced.values():
            traced.bind(state)

    def release(self) -> None:
        """Ends the use of a model, however its training ended; its variables have been its own all the time."""
        self._last = None

    @property
    def num_traces(self) -> int:
        """How many functions have been traced."""
        return len(self._traced)

    def epoch(self, rows, held_out, seed: int, epoch: int) -> tuple[dict, dict, list, bool]:
        """Runs an epoch.

        Args:
            rows: Nest of tensors `(rows, ...)`.
            held_out: The same of validation rows, or None.
            seed: Seed of the order and of the augmentation.
            epoch: Its number, from 0.

        Returns:
            Loss and metrics of the training rows, and of the validation rows; the weights, as tensors; True if they are
            finite, None if they may not be.
        """
        import tensorflow as tf

        count = int(tf.nest.flatten(rows)[0].shape[0])
        steps = -(-count // self.batch_size)
        if steps <= STEPS_PER_CALL:
            return self._results_of("_whole", rows, held_out, [seed, epoch, steps])
        (order,) = self._call("_begin", rows, [seed, epoch])
        self.steps(rows, order, seed, epoch * steps)
        return self._results_of("_end", held_out)

    def begin(self) -> None:
        """Sets the metrics to nothing."""
        self.model.reset_metrics()

    def steps(self, rows, order, seed: int, begin: int) -> None:
        """Runs the steps of some rows.

        Args:
            rows: Nest of tensors `(rows, ...)`.
            order: Numbers of rows, a batch beside the other.
            seed: Seed of the augmentation.
            begin: How many steps came before, since the training's begin.
        """
        steps = -(-int(order.shape[0]) // self.batch_size)
        for first in range(0, steps, STEPS_PER_CALL):
            self._call("_steps", rows, order, [first, min(first + STEPS_PER_CALL, steps), seed, begin])

    def end(self, held_out=None) -> tuple[dict, dict, list, bool]:
        """Returns loss and metrics of the steps since `begin`, and of validation rows, and the weights, as `epoch`."""
        return self._results_of("_end", held_out)

    def test(self, batch) -> None:
        """Adds a batch to the metrics, without training."""
        self.model.test_step(place(batch))

    def _call(self, name: str, *arguments) -> list:
        """Calls a function by its name; a list of numbers becomes a tensor. Returns what it gives, flat."""
        traced, tensors = self._find(name, arguments)
        return traced(tensors)

    def _results_of(self, name: str, *arguments) -> tuple[dict, dict, list, bool | None]:
        """Calls a function that ends with `_end`, and returns its results, as `epoch`."""
        traced, tensors = self._find(name, arguments)
        names, tested, packed = traced.note
        outputs = traced(tensors)
        count = len(names) + len(tested) + 1
        values, weights = (outputs[0].numpy().tolist(), outputs[1:]) if packed else (outputs[:count], outputs[count:])
        values = [_plain(value) for value in values]
        results = dict(zip(names, values))
        return results, dict(zip(tested, values[len(names) :])), weights, math.isfinite(values[count - 1]) or None

    def _find(self, name: str, arguments) -> tuple[traced_functions.Traced, list]:
        """Returns the function that is traced for some arguments, and their tensors."""
        import tensorflow as tf

        *nests, numbers = [tf.constant(part, tf.int32) if isinstance(part, list) else part for part in arguments]
        if self._last is not None and name == self._last[0] and all(map(operator.is_, nests, self._last[1])):
            return self._last[2], [*self._last[3], numbers]  # an epoch like the one before
        arguments = [*nests, numbers]
        tensors = [tensor for tensor in tf.nest.flatten(arguments) if tensor is not None]
        shapes = (name, *((tensor.dtype, *tensor.shape) for tensor in tensors))
        if shapes not in self._traced:
            self._traced[shapes] = self._trace(name, arguments)
        traced = self._traced[shapes]
        if name == "_whole":
            self._last = (name, nests, traced, tensors[:-1])
        return traced, tensors

    def _trace(self, name: str, arguments) -> traced_functions.Traced:
        """Traces anew, inner functions too: those of a trace before know variables of another model."""
        import tensorflow as tf

        self._full_batches = None
        if self._xla:
            self._full_batches = tf.function(
                self._steps_of_full_batches, jit_compile=True, autograph=False, reduce_retracing=True
            )
        with updates.in_few_operations(self.model, self._scratch, xla=self._xla):
            traced = traced_functions.traced(getattr(self, name), arguments, single_threaded=self._single_threaded)
        traced.note, self._note = self._note, None
        traced.set_state(_handles(self.model))
        self._single_threaded = traced.single_threaded
        return traced

    def _begin(self, rows, numbers):
        """From (seed, epoch) to the order of the rows."""
        import tensorflow as tf

        self.model.reset_metrics()
        return _order(tf.nest.flatten(rows)[0].shape[0], self._shuffle, numbers)

    def _whole(self, rows, held_out, numbers):
        import tensorflow as tf

        seed, epoch, steps = tf.unstack(numbers)
        order = self._begin(rows, numbers[:2])
        self._steps(rows, order, tf.stack([0, steps, seed, epoch * steps]))
        return self._end(held_out)

    def _end(self, held_out):
        import tensorflow as tf

        results = dict(self.model.get_metrics_result())
        tested = {} if held_out is None else self._test(held_out)
        weights = [variable.value.read_value() for variable in self.model.weights]  # not copied until they change
        squares = [tf.nn.l2_loss(tf.cast(w, tf.float32)) for w in weights if w.dtype.is_floating]
        values = [*map(tf.convert_to_tensor, (*results.values(), *tested.values())), tf.add_n(squares or [0.0])]
        packed = all(value.dtype == tf.float32 and value.shape.rank == 0 for value in values)
        self._note = list(results), list(tested), packed
        return [tf.stack(values)] + weights if packed else values + weights

    def _test(self, held_out) -> dict:
        import tensorflow as tf

        self.model.reset_metrics()
        count = tf.nest.flatten(held_out)[0].shape[0]
        if count <= TESTED_ROWS:
            self.model.test_step(held_out)
            return dict(self.model.get_metrics_result())

        def step(first):
            part = slice(first, tf.minimum(first + TESTED_ROWS, count))
            self.model.test_step(tf.nest.map_structure(operator.itemgetter(part), held_out))
            return (first + TESTED_ROWS,)

        tf.while_loop(lambda first: first < count, step, (0,), parallel_iterations=1)
        return dict(self.model.get_metrics_result())

    def _steps(self, rows, order, numbers):
        """Runs the steps from `numbers[0]` to `numbers[1]`; the other numbers are the seed and the steps before."""
        import tensorflow as tf

        first, last, seed, begin = tf.unstack(numbers)
        count = order.shape[0]
        size = min(self.batch_size, count)
        even = count % size == 0
        if self._full_batches is not None:
            full = tf.minimum(last, count // size)
            self._full_batches(rows, order, tf.stack([first, full, seed, begin]))
            if even:
                return
            first = tf.maximum(first, full)

        def index_of(i):  # batches of one size, known here, take fewer operations
            return tf.slice(order, [i * size], [size]) if even else order[i * size : tf.minimum((i + 1) * size, count)]

        self._loop(rows, order, first, last, seed, begin, index_of)

    def _steps_of_full_batches(self, rows, order, numbers):  # XLA wants the size of a batch to be a constant
        import tensorflow as tf

        first, last, seed, begin = tf.unstack(numbers)
        size = min(self.batch_size, order.shape[0])
        self._loop(rows, order, first, last, seed, begin, lambda i: tf.slice(order, [i * size], [size]))

    def _loop(self, rows, order, first, last, seed, begin, index_of):
        import tensorflow as tf

        def step(i):
            index = index_of(i)
            batch = tf.nest.map_structure(lambda tensor: tf.gather(tensor, index), rows)
            if self._augmentation is not None:
                seeds = tf.stack([seed, begin + i])  # as `zoo.data.pipelines.batches` has it
                batch = ({**batch[0], "image": self._augmentation(batch[0]["image"], seeds)}, *batch[1:])
            self.model.train_step(batch)
            return (i + 1,)

        self.model.__dict__["get_metrics_result"] = dict  # of each step: nobody reads it
        try:
            if order.shape[0] <= self.batch_size:  # the only step
                step(0)
            else:
                tf.while_loop(lambda i: i < last, step, (first,), parallel_iterations=1)
        finally:
            del self.model.__dict__["get_metrics_result"]


def _plain(value):
    return value if isinstance(value, float) or not value.dtype.is_floating or value.shape.rank else float(value)


def order(rows: int, *, shuffle: bool, seed: int, epoch: int):
    """Returns the numbers of the rows in the order of an epoch `(rows,)`."""
    return _order(rows, shuffle, [seed, epoch])


def _order(rows: int, shuffle: bool, numbers):
    import tensorflow as tf

    numbers_of_rows = tf.range(rows)
    return tf.random.experimental.stateless_shuffle(numbers_of_rows, seed=numbers) if shuffle else numbers_of_rows


def create_variables(model: keras.Model, rows) -> None:
    """Creates the variables of the optimizer, the losses and the metrics, which a traced function cannot."""
    import tensorflow as tf

    model.optimizer.build(model.trainable_variables)
    model.test_step(tf.nest.map_structure(lambda values: tf.constant(values[:1]), rows))
    model.reset_metrics()


def _handles(model: keras.Model) -> list:
    """Returns the handles of the variables that training steps read and write."""
    return [variable.value.handle for variable in loop_variables(model)]


def _shapes(model: keras.Model) -> list:
    return [(variable.dtype, variable.shape) for variable in loop_variables(model)]
