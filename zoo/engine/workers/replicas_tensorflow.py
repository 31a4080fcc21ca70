"""Epochs on several devices or machines under a TensorFlow strategy: each replica takes its rows of every batch.

    rows of replica r of R in a batch of n:   n r / R  to  n (r + 1) / R
    its loss counts by its share of the rows:  sum_r (n_r / n) mean_r = the mean over the batch

so that the weights are those of one process, whether or not n divides by R, unless dropout draws. Steps are the model's
own `train_step`; gradients are summed over the replicas before they are clipped, accumulated by metrics are sums over
all replicas.
"""

from __future__ import annotations

import contextlib
import functools
import operator
import threading
from collections.abc import Callable, Iterator

import keras
import numpy as np

from zoo.engine import keras_internals, updates
from zoo.engine.workers import copies
from zoo.layers.nesting import layers_of

STEPS_PER_CALL = 256
TESTED_ROWS = 8192


class Replicas:
    """A model's copies on the devices of a strategy.

    Args:
        model: Compiled; it stays as it is but for `give`.
        strategy: A tf.distribute strategy.
        batch_size: Rows of a step, over all replicas.
        shuffle: Whether `epoch` permutes the rows.
        augmentation: As for `loop_tensorflow`; each replica draws its own numbers.
    """

    def __init__(self, model, strategy, *, batch_size: int, shuffle: bool, augmentation: Callable | None = None):
        import tensorflow as tf

        self._strategy, self._batch_size, self._shuffle = strategy, batch_size, shuffle
        self._augmentation = augmentation
        with strategy.scope():
            self.copy = copies.copy_of(model)
        self._here = threading.local()  # MirroredStrategy traces a thread a replica
        self._drawn: dict[int, int] = {}
        how = {"autograph": False, "reduce_retracing": True}
        self._run, self._test = tf.function(self._steps, **how), tf.function(self._tested, **how)
        self._results = tf.function(self._metrics, **how)
        self._reset = tf.function(self.copy.reset_metrics, **how)  # variable by variable it takes tens of milliseconds

    @property
    def size(self) -> int:
        """The number of replicas."""
        return self._strategy.num_replicas_in_sync

    def create_variables(self, rows) -> None:
        """Creates the variables of losses and metrics, which a loop cannot.

        Args:
            rows: Nest of arrays; the first row is looked at.
        """
        import tensorflow as tf

        one = tf.nest.map_structure(lambda values: tf.constant(values[:1]), rows)
        with self._strategy.scope():
            keras_internals.create_variables(self.copy, keras.utils.unpack_x_y_sample_weight(one))
        self.begin()

    def take(self, values: list[np.ndarray]) -> None:
        """Puts values, as of `copies.values_of`, into all replicas."""
        with self._strategy.scope():
            copies.assign(self.copy, values)

    def values(self) -> list[np.ndarray]:
        """Returns the values that the replicas have."""
        return copies.values_of(self.copy)

    def on_devices(self, rows):
        """Returns a nest of arrays, held by each device of this process."""
        import tensorflow as tf

        if len(self._strategy.extended.worker_devices) == 1:
            return tf.nest.map_structure(tf.constant, rows)
        held = [tf.nest.map_structure(tf.constant, rows)] if _on_cpu(self._strategy) else []

        def value(context):
            return tf.nest.map_structure(tf.identity, held[0] if held else tf.nest.map_structure(tf.constant, rows))

        return self._strategy.experimental_distribute_values_from_function(value)

    def order(self, count: int, seed: int, epoch: int):
        """Returns the numbers of the rows in an epoch's order: that of `loop_tensorflow`."""
        import tensorflow as tf

        order = tf.range(count)
        return tf.random.experimental.stateless_shuffle(order, seed=[seed, epoch]) if self._shuffle else order

    def begin(self) -> None:
        """Sets the metrics to nothing."""
        with self._strategy.scope():
            self._reset()

    def train(self, rows, order, seed: int, begin: int) -> None:
        """Runs the steps of some rows.

        Args:
            rows: What `on_devices` returned.
            order: Numbers of rows, a batch beside the other.
            seed: Seed of the augmentation.
            begin: How many steps came before, since the training's begin.
        """
        import tensorflow as tf

        steps = -(-int(order.shape[0]) // self._batch_size)
        for first in range(0, steps, STEPS_PER_CALL):
            numbers = [first, min(first + STEPS_PER_CALL, steps), seed, begin]
            self._run(rows, order, tf.constant(numbers, tf.int32))

    def test(self, rows, count: int) -> None:
        """Adds rows to the metrics.

        Args:
            rows: What `on_devices` returned.
            count: How many they are.
        """
        import tensorflow as tf

        self._test(rows, tf.constant(count))

    def results(self) -> dict[str, float]:
        """Returns loss and metrics since `begin`, of all replicas."""
        return {name: float(value) for name, value in self._results().items()}

    def _metrics(self):
        return dict(self.copy.get_metrics_result())

    def _share(self, count):
        """Returns which of `count` rows are this replica's, and how much its mean counts, times the replicas."""
        import tensorflow as tf

        replica = tf.cast(tf.distribute.get_replica_context().replica_id_in_sync_group, tf.int32)
        first, last = count * replica // self.size, count * (replica + 1) // self.size
        return replica, first, last, tf.cast(last - first, tf.float32) / tf.cast(count, tf.float32) * self.size

    def _steps(self, rows, order, numbers):
        import tensorflow as tf

        first, last, seed, begin = tf.unstack(numbers)
        size, total = self._batch_size, tf.shape(order)[0]
        generators = _generators(self.copy)

        def step(rows, index, number):
            replica, begins, ends, share = self._share(tf.shape(index)[0])
            mine = index[begins:ends]
            batch = tf.nest.map_structure(lambda tensor: tf.gather(tensor, mine), rows)
            if self._augmentation is not None:
                seeds = tf.stack([seed + 7919 * replica, number])
                batch = ({**batch[0], "image": self._augmentation(batch[0]["image"], seeds)}, *batch[1:])
            self._here.share = share
            with self._drawing(generators, replica):
                self.copy.train_step(batch)

        def body(i):
            index = order[i * size : tf.minimum((i + 1) * size, total)]
            self._strategy.run(step, args=(rows, index, begin + i))
            for generator in generators:
                generator.state.assign(generator.state.value + [0, self._drawn.get(id(generator), 0)])
            return (i + 1,)

        one_operation = updates.adam(self.copy.optimizer)
        with self._strategy.scope(), self._summing(), one_operation:
            tf.while_loop(lambda i: i < last, body, (first,), parallel_iterations=1)

    def _tested(self, rows, count):
        import tensorflow as tf

        def step(rows, first, last):
            _, begins, ends, _ = self._share(last - first)
            part = operator.itemgetter(slice(first + begins, first + ends))
            self.copy.test_step(tf.nest.map_structure(part, rows))

        def body(first):
            last = tf.minimum(first + TESTED_ROWS, count)
            self._strategy.run(step, args=(rows, first, last))
            return (last,)

        with self._strategy.scope():
            tf.while_loop(lambda first: first < count, body, (tf.constant(0),), parallel_iterations=1)

    @contextlib.contextmanager
    def _summing(self) -> Iterator[None]:
        """Has the optimizer weigh the loss by the replica's share, and sum gradients before it clips them."""
        import tensorflow as tf

        optimizer = self.copy.optimizer
        inner = getattr(optimizer, "inner_optimizer", optimizer)  # of Keras's LossScaleOptimizer
        scale, apply = optimizer.scale_loss, optimizer.apply_gradients

        def scale_loss(loss):
            return scale(loss * tf.cast(self._here.share, loss.dtype))

        def apply_gradients(pairs):
            pairs = [(tf.convert_to_tensor(gradient), v) for gradient, v in pairs if gradient is not None]
            summed = tf.distribute.get_replica_context().all_reduce("SUM", [gradient for gradient, _ in pairs])
            return apply(zip(summed, (variable for _, variable in pairs), strict=True))

        optimizer.__dict__.update(scale_loss=scale_loss, apply_gradients=apply_gradients)
        try:
            with keras_internals.gradients_already_summed(inner):
                yield
        finally:
            del optimizer.__dict__["scale_loss"], optimizer.__dict__["apply_gradients"]

    @contextlib.contextmanager
    def _drawing(self, generators, replica) -> Iterator[None]:
        """Has dropout draw by (seed, step, replica)."""
        import tensorflow as tf

        def drawing(generator):
            count = 0

            def next_seed(ordered=True):
                nonlocal count
                offset = tf.cast(tf.stack([replica * 7919, count]), generator.state.dtype)
                count += 1
                self._drawn[id(generator)] = count
                return generator.state.value + offset

            return next_seed

        here = self._here
        here.drawing = {id(generator): drawing(generator) for generator in generators}
        for generator in generators:  # threads of the replicas share the generators: each looks up its own
            generator.__dict__["next"] = lambda ordered=True, own=generator: here.drawing[id(own)]()
        yield


def added(strategy, numbers: np.ndarray) -> np.ndarray:
    """Returns the sum of a flat int32 array over the workers: of those of their first replicas."""
    import tensorflow as tf

    return _adder(strategy)(tf.constant(numbers)).numpy()


@functools.lru_cache(1)
def _adder(strategy):
    import tensorflow as tf

    local = len(strategy.extended.worker_devices)

    def add(numbers):
        context = tf.distribute.get_replica_context()
        first = tf.equal(tf.cast(context.replica_id_in_sync_group, tf.int32) % local, 0)
        return context.all_reduce("SUM", tf.where(first, numbers, tf.zeros_like(numbers)))

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([None], tf.int32)])
    def run(numbers):
        return strategy.experimental_local_results(strategy.run(add, args=(numbers,)))[0]

    return run


def _generators(model) -> list:
    """Returns the generators of random seeds in a model's layers."""
    found = [getattr(layer, "seed_generator", None) for layer in layers_of(model)]
    return [generator for generator in found if isinstance(generator, keras.random.SeedGenerator)]


def _on_cpu(strategy) -> bool:
    return all("CPU" in device for device in strategy.extended.worker_devices)
