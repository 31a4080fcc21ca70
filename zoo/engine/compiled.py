"""Many training steps as one TensorFlow function: traced or compiled by XLA, and used again by models of one structure.

Each step is the model's own `train_step`, so that optimizers, losses, metrics, weights, regularizers and dropout are
Keras's. Rows, their order and the numbers of the steps are arguments; variables are captures, for which a model of the
same structure puts in its own: tracing, which takes tenths of a second, is then left out.
"""

from __future__ import annotations

import collections
import contextlib
import math
import operator
import threading
from collections.abc import Callable, Hashable, Iterator
from typing import Any

import keras

from zoo.engine import updates

STEPS_PER_CALL = 256  # Ctrl-C is heard between calls
TESTED_ROWS = 8192
KEPT_LOOPS = 8
KEPT_WEIGHTS = 2**22  # a loop of more keeps its model only while it trains

# What a step costs, fitted to measurements (`python -m tests.benchmarks.train`): seconds a step, FLOP a second, and for
# XLA the seconds of compiling, of which there are as many again for every variable.
TRACED_STEP, TRACED_RATE = 30e-6, 120e9
XLA_STEP, XLA_RATE = 8e-6, 300e9
XLA_COMPILE = 0.12
SMALL_STEP = 50e6  # FLOP; below them the threads of an executor cost more than they give

_kept: collections.OrderedDict[Hashable, Any] = collections.OrderedDict()
_lock = threading.Lock()


def pays_off(model: keras.Model, *, rows: int, batch_size: int, epochs: int) -> bool:
    """Returns whether what XLA saves on a training is more than what compiling costs.

    The estimate is a function of the network alone, so that the same call always runs the same way. On a CPU, XLA draws
    random numbers and looks up levels more slowly than TensorFlow does: such networks are left to it. A model that was
    compiled with `jit_compile=True` asks for XLA.
    """
    import tensorflow as tf

    if model.jit_compile is True:
        return True
    draws = any("seed" in variable.path.rsplit("/", 1)[-1] for variable in model.non_trainable_variables)
    network = getattr(model, "network", model)
    looks_up = any(keras.backend.is_int_dtype(tensor.dtype) for tensor in network.inputs)
    if not tf.config.list_logical_devices("GPU") and (draws or looks_up):
        return False
    variables = len(model.trainable_variables)
    flops, steps = _flops(model, rows) * epochs, -(-rows // batch_size) * epochs
    saved = steps * variables * (TRACED_STEP - XLA_STEP) / 2 + flops * (1 / TRACED_RATE - 1 / XLA_RATE)
    return saved > XLA_COMPILE * (4 + variables)


def is_small(model: keras.Model, batch_size: int) -> bool:
    """Returns whether the threads of an executor cost a step more than they give."""
    return _flops(model, batch_size) <= SMALL_STEP


def _flops(model, rows: int) -> float:
    """Returns the operations of training on rows once: 2 forward and 4 backward a weight that multiplies."""
    return 6.0 * rows * sum(float(math.prod(v.shape)) for v in model.trainable_variables if len(v.shape) > 1)


class Loop:
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
        self._executor = contextlib.nullcontext if xla or not is_small(model, batch_size) else _single_thread
        self._shapes = [(variable.dtype, variable.shape) for variable in _state(model)]
        self._traced: dict[tuple, _Traced] = {}
        self._full_batches: Callable | None = None

    def fits(self, model: keras.Model) -> bool:
        """Returns whether a model has variables of the same types and shapes."""
        return self._shapes == [(variable.dtype, variable.shape) for variable in _state(model)]

    def use(self, model: keras.Model) -> None:
        """Trains this model from now on; its variables are those of the first one in number, shape and meaning."""
        self.model = model
        state = [variable.handle for variable in _state(model)]
        for traced in self._traced.values():
            traced.bind(state)

    def release(self) -> None:
        """Ends the use of a model, however its training ended; its variables have been its own all the time."""

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
            Loss and metrics of the training rows, and of the validation rows; the weights, as tensors, and whether they
            are finite.
        """
        import tensorflow as tf

        count = int(tf.nest.flatten(rows)[0].shape[0])
        steps = -(-count // self.batch_size)
        if steps <= STEPS_PER_CALL:
            return self._call("_whole", rows, held_out, [seed, epoch, steps])
        order = self._call("_begin", rows, [seed, epoch])
        self.steps(rows, order, seed, epoch * steps)
        return self._call("_end", held_out)

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
        return self._call("_end", held_out)

    def test(self, batch) -> None:
        """Adds a batch to the metrics, without training."""
        self.model.test_step(place(batch))

    def _call(self, name: str, *arguments):
        """Calls a function by its name; a list of numbers becomes a tensor."""
        import tensorflow as tf

        arguments = [tf.constant(part, tf.int32) if isinstance(part, list) else part for part in arguments]
        shapes = (name, *((tensor.dtype, *tensor.shape) for tensor in tf.nest.flatten(arguments) if tensor is not None))
        if shapes not in self._traced:
            self._traced[shapes] = self._trace(name, arguments)
        with self._executor():
            found = self._traced[shapes].function(*arguments)
        if name not in ("_whole", "_end"):
            return found
        results, tested, weights, finite = found
        return *tf.nest.map_structure(_plain, (results, tested)), weights, finite

    def _trace(self, name: str, arguments) -> _Traced:
        """Traces anew, inner functions too: those of a trace before know variables of another model."""
        import tensorflow as tf

        how = {"autograph": False, "reduce_retracing": True}
        self._full_batches = tf.function(self._steps_of_full_batches, jit_compile=True, **how) if self._xla else None
        with self._executor():  # what is traced depends on it
            function = tf.function(getattr(self, name), **how).get_concrete_function(*arguments)
        if self._executor is _single_thread and _calls_within_calls(function):
            self._executor = contextlib.nullcontext
            self._traced.clear()
            return self._trace(name, arguments)
        return _Traced(function, [variable.handle for variable in _state(self.model)])

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

        results = {name: tf.identity(value) for name, value in self.model.get_metrics_result().items()}
        tested = {} if held_out is None else self._test(held_out)
        weights = [variable.value.read_value() for variable in self.model.weights]  # not copied until they change
        finite = [tf.reduce_all(tf.math.is_finite(w)) for w in weights if w.dtype.is_floating]
        return results, tested, weights, tf.reduce_all(finite)

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

        with updates.in_one_operation(self.model.optimizer):
            self._loop(rows, first, last, seed, begin, index_of)

    def _steps_of_full_batches(self, rows, order, numbers):  # XLA wants the size of a batch to be a constant
        import tensorflow as tf

        first, last, seed, begin = tf.unstack(numbers)
        size = min(self.batch_size, order.shape[0])
        self._loop(rows, first, last, seed, begin, lambda i: tf.slice(order, [i * size], [size]))

    def _loop(self, rows, first, last, seed, begin, index_of):
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
            tf.while_loop(lambda i: i < last, step, (first,), parallel_iterations=1)
        finally:
            del self.model.__dict__["get_metrics_result"]


class _Traced:
    """A traced function, whose variables can be exchanged for those of another model."""

    def __init__(self, function, state: list):
        """Takes a concrete function, and the handles of the variables that it was traced with."""
        self.function = function
        places = {id(handle): place for place, handle in enumerate(state)}
        self._captures = function.captured_inputs
        self._places = [places.get(id(capture)) for capture in self._captures]

    def bind(self, state: list) -> None:
        """Puts other handles, in the order of those before, into the places of the variables."""
        pairs = zip(self._captures, self._places, strict=True)
        self.function.set_external_captures([own if place is None else state[place] for own, place in pairs])


def _calls_within_calls(concrete) -> bool:
    """Returns whether a function that a function calls, as a loop does its body, calls a third, as a branch does.

    Each waits for the one it called: an executor of one thread would wait for ever.
    """
    library = concrete.graph.as_graph_def().library
    return any(
        attribute.HasField("func") or attribute.list.func
        for function in library.function
        for node in function.node_def
        for attribute in node.attr.values()
    )


def _plain(tensor):
    return float(tensor) if tensor.dtype.is_floating and tensor.shape.rank == 0 else tensor


def place(rows):
    """Returns a nest of arrays as tensors on the device."""
    import tensorflow as tf

    return tf.nest.map_structure(tf.constant, rows)


def order(rows: int, *, shuffle: bool, seed: int, epoch: int):
    """Returns the numbers of the rows in the order of an epoch `(rows,)`."""
    return _order(rows, shuffle, [seed, epoch])


def _order(rows: int, shuffle: bool, numbers):
    import tensorflow as tf

    found = tf.range(rows)
    return tf.random.experimental.stateless_shuffle(found, seed=numbers) if shuffle else found


def create_variables(model: keras.Model, rows) -> None:
    """Creates the variables of the optimizer, the losses and the metrics, which a traced function cannot."""
    import tensorflow as tf

    model.optimizer.build(model.trainable_variables)
    model.test_step(tf.nest.map_structure(lambda values: tf.constant(values[:1]), rows))
    model.reset_metrics()


@contextlib.contextmanager
def loop_of(model: keras.Model, key: Hashable | None, kind: type, **how) -> Iterator:
    """Yields a loop for a compiled model: its own, or one of another model of the same structure.

    Args:
        model: Compiled, its variables created.
        kind: `Loop`, or another backend's.
        key: Equal for models whose training steps do the same to variables of the same shapes; None where that is not
            known: then the loop is the model's own, and not kept.
        **how: As for `Loop`.
    """
    if key is None:
        loop = kind(model, **how)
        try:
            yield loop
        finally:
            loop.release()
        return
    key = (key, kind, *how.values())
    with _lock:
        loop = _kept.get(key)
        if loop is not None and not loop.busy and loop.fits(model):
            _kept.move_to_end(key)
            loop.use(model)
        else:
            loop = kind(model, **how)
            if sum(math.prod(v.shape) for v in loop_variables(model)) <= KEPT_WEIGHTS:
                _kept[key] = loop
        loop.busy = True
        while len(_kept) > KEPT_LOOPS:
            _kept.popitem(last=False)
    try:
        yield loop
    finally:
        loop.release()
        loop.busy = False


def clear() -> None:
    """Forgets all kept loops, and the models that they were traced for."""
    with _lock:
        _kept.clear()


def loop_variables(model) -> list:
    """Returns the Keras variables that training steps read and write."""
    schedule = getattr(model.optimizer, "_learning_rate", None)
    found = (
        *model.variables,
        *model.optimizer.variables,
        *model.metrics_variables,
        *getattr(schedule, "variables", ()),
    )
    return list({id(v): v for v in found}.values())


def _state(model) -> list:
    """Returns them as tf.Variables."""
    return [variable.value for variable in loop_variables(model)]


@contextlib.contextmanager
def _single_thread() -> Iterator[None]:
    """Runs operations one after another in the calling thread: for small ones, handing them over costs more."""
    try:
        from tensorflow.python.eager.context import function_executor_type
    except ImportError:  # no public name leads there
        yield
        return
    with function_executor_type("SINGLE_THREADED_EXECUTOR"):
        yield
