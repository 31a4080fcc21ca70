"""Many training steps as one TensorFlow function: traced or compiled by XLA, and used again by models of one structure.

Each step is the model's own `train_step`, so that optimizers, losses, metrics, weights and regularizers are Keras's;
dropout draws other numbers. Rows, their order and the numbers of the steps are arguments; variables are captures, for
which a model of the same structure puts in its own: tracing, which takes tenths of a second, is then left out.
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

from zoo.engine import dropout, keras_internals, traced_functions, updates
from zoo.engine.placing import place
from zoo.layers.nesting import layers_of
from zoo.layers.tabular import Levels

STEPS_PER_CALL = 256  # Ctrl-C is heard between calls
TESTED_ROWS = 8192
KEPT_LOOPS = 8
KEPT_WEIGHTS = 2**22  # a loop of more keeps its model only while it trains

# What a step costs, fitted to measurements (`python -m tests.benchmarks.xla`): seconds a step, FLOP a second, how many
# seconds longer dropout's draws take, each, than by XLA, and XLA's seconds of compiling, as many again for every
# variable.
TRACED_STEP, TRACED_RATE = 24e-6, 100e9
XLA_STEP, XLA_RATE = 15e-6, 160e9
TRACED_DRAW = 1.5e-9
XLA_COMPILE = 0.09
SMALL_STEP = 50e6  # FLOP; below them the threads of an executor cost more than they give

LOOKING_UP = (
    keras.layers.Embedding,
    keras.layers.Hashing,
    keras.layers.IntegerLookup,
    keras.layers.StringLookup,
    keras.layers.TextVectorization,
)

_kept: collections.OrderedDict[Hashable, Any] = collections.OrderedDict()
_lock = threading.Lock()


def pays_off(model: keras.Model, *, rows: int, batch_size: int, epochs: int) -> bool:
    """Returns whether what XLA saves on a training is more than what compiling costs.

    The estimate is a function of network and sizes alone, so that the same call always runs the same way. On a CPU, XLA
    draws random numbers more slowly than TensorFlow does, but for those of dropout, writes whole gradients of
    embeddings, and knows no lookups of words: such networks are left to TensorFlow. A layer that knows of itself says
    so by `suits_xla`, and a model that was compiled with `jit_compile=True` asks for XLA.
    """
    layers = layers_of(model)
    told = [layer.suits_xla for layer in layers if hasattr(layer, "suits_xla")]
    if told:
        return all(told)
    if model.jit_compile is True:
        return True
    dropouts = [layer for layer in layers if dropout.suits(layer)]
    seeds = [v for v in model.non_trainable_variables if "seed" in v.path.rsplit("/", 1)[-1]]
    looks_up = any(isinstance(layer, LOOKING_UP) for layer in layers)
    if not _gpus() and (len(seeds) > len(dropouts) or looks_up):
        return False
    variables = len(model.trainable_variables)
    flops, steps = _flops(model, rows) * epochs, -(-rows // batch_size) * epochs
    outputs = [layer.output for layer in dropouts if hasattr(layer, "output")]  # not of one within another layer
    draws = rows * epochs * sum(math.prod(filter(None, output.shape[1:])) for output in outputs)
    saved = steps * variables * (TRACED_STEP - XLA_STEP) / 2 + flops * (1 / TRACED_RATE - 1 / XLA_RATE)
    return saved + draws * TRACED_DRAW > XLA_COMPILE * (4 + variables)


def _gpus() -> list:
    import tensorflow as tf

    return tf.config.list_logical_devices("GPU")


def is_small(model: keras.Model, batch_size: int) -> bool:
    """Returns whether the threads of an executor cost a step more than they give."""
    return _flops(model, batch_size) <= SMALL_STEP


def _flops(model, rows: int) -> float:
    """Returns the operations of training on rows once: 2 forward and 4 backward a weight that multiplies."""
    tables = {id(layer.table) for layer in layers_of(model) if isinstance(layer, Levels) and layer.large}
    products = [v for v in model.trainable_variables if len(v.shape) > 1 and id(v) not in tables]
    return 6.0 * rows * sum(float(math.prod(v.shape)) for v in products)


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
        self._alone = not xla and not _gpus() and is_small(model, batch_size)  # without an executor's threads
        self._shapes = [(variable.dtype, variable.shape) for variable in _state(model)]
        self._traced: dict[tuple, traced_functions.Traced] = {}
        self._last: tuple | None = None
        self._note: tuple | None = None  # what the function being traced tells
        self._scratch: dict | None = None if xla or _gpus() else {}  # the variables of `updates.adam`
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
            return self._told("_whole", rows, held_out, [seed, epoch, steps])
        (order,) = self._call("_begin", rows, [seed, epoch])
        self.steps(rows, order, seed, epoch * steps)
        return self._told("_end", held_out)

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
        return self._told("_end", held_out)

    def test(self, batch) -> None:
        """Adds a batch to the metrics, without training."""
        self.model.test_step(place(batch))

    def _call(self, name: str, *arguments) -> list:
        """Calls a function by its name; a list of numbers becomes a tensor. Returns what it gives, flat."""
        traced, tensors = self._find(name, arguments)
        return traced(tensors)

    def _told(self, name: str, *arguments) -> tuple[dict, dict, list, bool | None]:
        """Calls a function that ends with `_end`, and returns what it tells, as `epoch`."""
        traced, tensors = self._find(name, arguments)
        names, tested, packed = traced.note
        found = traced(tensors)
        told = len(names) + len(tested) + 1
        values, weights = (found[0].numpy().tolist(), found[1:]) if packed else (found[:told], found[told:])
        values = [_plain(value) for value in values]
        results = dict(zip(names, values))
        return results, dict(zip(tested, values[len(names) :])), weights, math.isfinite(values[told - 1]) or None

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

        how = {"autograph": False, "reduce_retracing": True}
        self._full_batches = tf.function(self._steps_of_full_batches, jit_compile=True, **how) if self._xla else None
        with updates.in_few_operations(self.model, self._scratch, xla=self._xla):
            traced = traced_functions.traced(getattr(self, name), arguments, alone=self._alone)
        traced.note, self._note = self._note, None
        traced.know([variable.handle for variable in _state(self.model)])
        self._alone = traced.alone
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
    schedule = keras_internals.learning_rate_of(model.optimizer)
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
