"""Many training steps as one TensorFlow function: traced or compiled by XLA, and used again by models of one structure.

Each step is the model's own `train_step`, so that optimizers, losses, metrics, weights, regularizers and dropout are
Keras's. Rows, their order and the numbers of the steps are arguments; variables are those of the model the function
was traced for. A model of the same structure uses the function too: its state is put into those variables before an
epoch and taken out after it, which costs microseconds where tracing costs tenths of a second.
"""

from __future__ import annotations

import collections
import contextlib
import operator
import threading
from collections.abc import Callable, Hashable, Iterator

import keras

KEPT_LOOPS = 8
KEPT_WEIGHTS = 2**22  # a loop of more keeps its model only while it trains

# What a step costs, fitted to measurements (`python -m tests.benchmarks.train`): seconds a step, FLOP a second, and for
# XLA the seconds of compiling, of which there are as many again for every variable.
TRACED_STEP, TRACED_RATE = 30e-6, 60e9
XLA_STEP, XLA_RATE = 8e-6, 150e9
XLA_COMPILE = 0.06
SMALL_STEP = 50e6  # FLOP; below them the threads of an executor cost more than they give

_kept: collections.OrderedDict[Hashable, Loop] = collections.OrderedDict()
_lock = threading.Lock()


def pays_off(model: keras.Model, *, rows: int, batch_size: int, epochs: int) -> bool:
    """Returns whether what XLA saves on a training is more than what compiling costs.

    The estimate is a function of sizes alone, so that the same call always runs the same way.
    """
    variables = len(model.trainable_variables)
    flops, steps = _flops(model, rows) * epochs, -(-rows // batch_size) * epochs
    saved = steps * variables * (TRACED_STEP - XLA_STEP) / 2 + flops * (1 / TRACED_RATE - 1 / XLA_RATE)
    return saved > XLA_COMPILE * (4 + variables)


def _flops(model, rows: int) -> float:
    """Returns the operations of training on rows once: 2 forward and 4 backward a weight that multiplies."""
    return 6.0 * rows * sum(float(v.shape.num_elements()) for v in model.trainable_variables if len(v.shape) > 1)


class Loop:
    """The compiled functions of a model.

    Args:
        model: Compiled by Keras.
        batch_size: Rows a step.
        xla: Whether XLA compiles the full batches; the last one, of fewer rows, is traced.
        augmentation: A function `(images, seed) -> images` on batches of `x["image"]`, or None.
    """

    def __init__(self, model: keras.Model, *, batch_size: int, xla: bool, augmentation: Callable | None):
        import tensorflow as tf

        self.model, self.xla = model, xla
        self.state = _state(model)
        self.busy = False
        self._batch_size, self._augmentation = batch_size, augmentation
        how = {"autograph": False, "reduce_retracing": True}
        self._traced = tf.function(self._run, **how)
        self._compiled = tf.function(self._run_full, jit_compile=True, **how) if xla else None
        self._tested = tf.function(model.test_step, **how)
        self._executor = _single_thread if _flops(model, batch_size) < SMALL_STEP else contextlib.nullcontext

    @property
    def num_traces(self) -> int:
        """How often the training functions have been traced."""
        functions = [self._traced, *([self._compiled] if self._compiled is not None else [])]
        return sum(function.experimental_get_tracing_count() for function in functions)

    def train(self, rows, order, first: int, last: int, place: tuple[int, int]) -> None:
        """Runs the steps `first` to `last`.

        Args:
            rows: Nest of tensors `(rows, ...)`.
            order: Row numbers `(rows,)`, a batch beside the other.
            first: The first step of the order, from 0.
            last: One beyond the last step.
            place: The seed of the augmentation, and the number of the epoch's first step since the training's begin.
        """
        import tensorflow as tf

        full = int(order.shape[0]) // self._batch_size
        parts = [(self._traced, first, last)]
        if self._compiled is not None:
            parts = [(self._compiled, first, min(last, full)), (self._traced, max(first, full), last)]
        with self._executor():
            for function, start, end in parts:
                if start < end:
                    function(rows, order, *(tf.constant(i, tf.int32) for i in (start, end, *place)))

    def test(self, rows) -> None:
        """Updates loss and metrics by one batch."""
        with self._executor():
            self._tested(rows)

    def _run(self, rows, order, first, last, seed, begin):
        import tensorflow as tf

        count = tf.shape(order)[0]
        size = self._batch_size
        self._loop(rows, first, last, seed, begin, lambda i: order[i * size : tf.minimum((i + 1) * size, count)])

    def _run_full(self, rows, order, first, last, seed, begin):  # XLA wants the size of a batch to be a constant
        import tensorflow as tf

        size = self._batch_size
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

        tf.while_loop(lambda i: i < last, step, (first,), parallel_iterations=1)


@contextlib.contextmanager
def loop_of(model: keras.Model, key: Hashable | None, **how) -> Iterator[Loop]:
    """Yields a loop for a compiled model: its own, or one of another model of the same structure.

    Args:
        model: Compiled, its variables created.
        key: Equal for models whose training steps do the same to variables of the same shapes; None where that is not
            known: then the loop is the model's own, and not kept.
        **how: As for `Loop`.
    """
    if key is None:
        yield Loop(model, **how)
        return
    key = (key, *how.values())
    with _lock:
        loop = _kept.get(key)
        if loop is not None and not loop.busy and _shapes(loop.state) == _shapes(_state(model)):
            _kept.move_to_end(key)
        else:
            loop = Loop(model, **how)
            if sum(v.shape.num_elements() for v in loop.state) <= KEPT_WEIGHTS:
                _kept[key] = loop
        loop.busy = True
        while len(_kept) > KEPT_LOOPS:
            _kept.popitem(last=False)
    try:
        yield loop
    finally:
        loop.busy = False


@contextlib.contextmanager
def lent(model: keras.Model, loop: Loop) -> Iterator[None]:
    """Lends a model's state to a loop that was traced for another model, and gives back what becomes of it."""
    if loop.model is model:
        yield
        return
    mine = _state(model)
    _assign(loop.state, mine)
    try:
        yield
    finally:
        _assign(mine, loop.state)


def clear() -> None:
    """Forgets all kept loops, and the models that they were traced for."""
    with _lock:
        _kept.clear()


def _state(model) -> list:
    """Returns the tf.Variables that training steps read and write."""
    schedule = getattr(model.optimizer, "_learning_rate", None)
    found = (
        *model.variables,
        *model.optimizer.variables,
        *model.metrics_variables,
        *getattr(schedule, "variables", ()),
    )
    return [v.value for v in {id(v): v for v in found}.values()]


def _shapes(state) -> list:
    return [(variable.dtype, variable.shape) for variable in state]


def _assign(targets, sources) -> None:
    for target, source in zip(targets, sources, strict=True):
        target.assign(source)


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


def test_in_parts(loop: Loop, rows, size: int = 8192) -> None:
    """Updates loss and metrics by all rows, in parts that memory holds."""
    import tensorflow as tf

    count = int(tf.nest.flatten(rows)[0].shape[0])
    for start in range(0, count, size):
        loop.test(tf.nest.map_structure(operator.itemgetter(slice(start, start + size)), rows))
