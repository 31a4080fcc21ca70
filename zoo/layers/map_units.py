"""Units of a map that learn by Kohonen's rules, as steps of a graph and as passes in numpy.

The rules are those of `zoo.models.kohonen_map`. What two of them have in common, winners told of their rows and the
codebook moved by what was told, is written once, for `keras.ops` and numpy.
"""

import math

import keras
import numpy as np
from keras import ops
from scipy import sparse

from zoo.layers.grids import Grid, kernels, smoothed
from zoo.layers.rules import add_rule

AT_ONCE = 2**20  # distances that stand in memory, in numpy; they stay in the cache
AT_ONCE_TRACED = 2**24
TINY = 1e-36  # of a sum of h, below which a unit has heard nothing


@keras.saving.register_keras_serializable(package="zoo")
class MapUnits(keras.layers.Layer):
    """Units of a map, with a weight vector each.

    Args:
        rows: Of the grid.
        columns: Of the grid.
        topology: One of `zoo.layers.grids.TOPOLOGIES`.
        rule: `"online"`, `"batch"` or `"minibatch"`.
        neighbourhood: `"gaussian"` or `"bubble"`.
        radius: `(first, last)`, in steps of the grid.
        rate: `(first, last)`.
        decay: How both go from the first value to the last.
        initial: What the weights are before the first training.
        seed: Seed of random weights.

    Input shape: `(batch, width)`. Output shape: `(batch, 2)`: the number of the winner, and its distance.
    """

    def __init__(self, rows, columns, topology, rule, neighbourhood, radius, rate, decay, initial, seed, **kwargs):
        super().__init__(**kwargs)
        self.grid = Grid(rows, columns, topology)
        self.rule, self.neighbourhood, self.decay, self.initial, self.seed = rule, neighbourhood, decay, initial, seed
        self.radius, self.rate = tuple(radius), tuple(rate)
        self._tables = tuple(self.grid.tables(neighbourhood))
        self._steps = 0
        self.learns_in_numpy = rule != "online"
        self.suits_xla = rule == "online"

    def build(self, input_shape):
        shape = (self.grid.units, input_shape[-1])
        self.codebook = self.add_weight(shape=shape, initializer=self._drawn, name="codebook")

        def state(name, shape=(), dtype="int32"):
            return self.add_weight(shape=shape, initializer="zeros", trainable=False, dtype=dtype, name=name)

        self.step, self.steps = state("step"), state("steps")
        if self.rule == "batch":  # what the rows of an epoch have told so far
            self.rows, self.seen, self.parts = state("rows"), state("seen"), state("parts")
            self.sums = state("sums", (shape[0], shape[1] + 1), "float32")

    def _drawn(self, shape, dtype=None):
        return ops.convert_to_tensor(np.random.default_rng(self.seed).normal(0.0, 0.1, shape).astype("float32"))

    @property
    def is_fresh(self) -> bool:
        """Whether nothing has changed the random weights."""
        return np.array_equal(self.codebook.numpy(), ops.convert_to_numpy(self._drawn(self.codebook.shape)))

    def begin_training(self, rows: int, steps: int) -> None:
        """Begins the schedules anew."""
        self.step.assign(0)
        self.steps.assign(steps)
        self._steps = steps
        if self.rule == "batch":
            self.rows.assign(rows)
            for variable in (self.seen, self.parts, self.sums):
                variable.assign(np.zeros(variable.shape, variable.dtype))

    def call(self, x, training=None):
        w = ops.stop_gradient(ops.convert_to_tensor(self.codebook))
        winner = self._winners(x, w)
        distance = ops.norm(x - ops.take(w, winner, axis=0), axis=-1)
        if training:
            add_rule(self, [(self.codebook, self._learnt(x, w, winner) - w)])
            self.step.assign(self.step + 1)
        return ops.stack([ops.cast(winner, x.dtype), distance], axis=-1)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], 2)

    def _winners(self, x, w):
        """Returns the numbers of the winners `(batch,)`; where the distances are many, block by block."""
        rows, units = x.shape[0], self.grid.units
        center = ops.mean(w, axis=0)  # |x|^2 - 2 x w' + |w|^2 loses the digits that all share
        w = w - center
        half, turned = ops.sum(w * w, axis=-1) / 2.0, ops.transpose(w)

        def nearest(x):
            score = half - ops.matmul(x - center, turned)
            if keras.backend.backend() != "jax":
                return ops.cast(ops.argmin(score, axis=-1), "int32")
            best = ops.min(score, axis=-1, keepdims=True)  # XLA's argmin takes four times as long on a CPU
            return ops.min(ops.where(score <= best, ops.arange(units, dtype="int32"), units - 1), axis=-1)

        if (rows or 4096) * units <= AT_ONCE_TRACED:
            return nearest(x)
        size = max(1, AT_ONCE_TRACED // units)
        count = ops.shape(x)[0]
        filled = ops.concatenate([x, ops.zeros((size, x.shape[-1]), x.dtype)])[: -(-count // size) * size]
        blocks = ops.map(nearest, ops.reshape(filled, (-1, size, x.shape[-1])))
        return ops.reshape(blocks, (-1,))[:count]

    def _learnt(self, x, w, winner):
        """Returns the codebook after a step on some rows."""
        if self.rule == "online":
            return self._online(x, w)
        told = ops.concatenate([x, ops.ones_like(x[:, :1])], axis=-1)
        sums = ops.segment_sum(told, winner, num_segments=self.grid.units)
        if self.rule == "minibatch":
            return self._moved(ops, w, sums, self._progress(self.step, self.steps - 1))
        sums, parts, seen = self.sums + sums, self.parts + 1, self.seen + ops.shape(x)[0]
        done = seen >= self.rows
        moved = self._moved(ops, w, sums, self._progress(self.step + 1 - parts, self.steps - parts))
        for variable, value in ((self.sums, sums), (self.parts, parts), (self.seen, seen)):
            variable.assign(ops.where(done, ops.zeros_like(value), value))
        return ops.where(done, moved, w)

    def _progress(self, step, steps):
        share = ops.cast(step, "float32") / ops.cast(ops.maximum(steps, 1), "float32")
        return ops.where(self.steps > 0, ops.clip(share, 0.0, 1.0), 1.0)  # not told of a training: at its end

    def _scheduled(self, xp, pair, progress):
        first, last = pair
        if self.decay == "linear" or first == last:
            return first + (last - first) * progress
        if self.decay == "inverse":
            return first / (1.0 + progress * (first / last - 1.0))
        return first * xp.exp(progress * math.log(last / first))

    def _moved(self, xp, w, sums, progress):
        """Returns the codebook after the rows of which `sums` `(units, width + 1)` are sum and number, by winner."""
        radius = self._scheduled(xp, self.radius, progress)
        tables = self._tables if xp is np else [ops.convert_to_tensor(table) for table in self._tables]
        factors = kernels(xp, tables, self.neighbourhood, radius)
        heard = smoothed(xp, factors, sums)
        h, target = heard[:, -1:], heard[:, :-1] / xp.maximum(heard[:, -1:], TINY)
        share = 1.0
        if self.rule == "minibatch":
            rate = xp.minimum(self._scheduled(xp, self.rate, progress), 1.0 - 1e-7)
            share = -xp.expm1(h * xp.log1p(-rate))
        return xp.where(h > TINY, w + share * (target - w), w)

    def _online(self, x, w):
        rows = ops.shape(x)[0]
        columns = self.grid.columns

        def step(i, w):
            row = ops.take(x, i, axis=0)
            c = ops.cast(ops.argmin(ops.sum(ops.square(w - row), axis=-1)), "int32")
            share = ops.cast(i, "float32") / ops.cast(rows, "float32")
            t = ops.cast(self.step, "float32") + share
            t = ops.where(self.steps > 0, t / ops.cast(ops.maximum(self.steps, 1), "float32"), 1.0)
            at = [c] if len(self._tables) == 1 else [c // columns, c % columns]
            near = [ops.take(ops.convert_to_tensor(table), n, axis=0) for table, n in zip(self._tables, at)]
            near = kernels(ops, near, self.neighbourhood, self._scheduled(ops, self.radius, t))
            h = near[0] if len(near) == 1 else ops.reshape(near[0][:, None] * near[1], (-1,))
            return w + (self._scheduled(ops, self.rate, t) * h)[:, None] * (row - w)

        return ops.fori_loop(0, rows, step, w)

    # The same rules in numpy, an epoch at a time: see `zoo.engine.loop_numpy`. Rows and weights are centered and have a
    # column of ones, which counts.

    def learn(self, w, x, order, batch_size: int, epoch: int) -> tuple[np.ndarray, float]:
        """Returns the weights after an epoch, and the mean distance of rows from their winners, as they were met."""
        rows, distance = len(x), 0.0
        center = x.mean(axis=0)
        w = w - center
        told = np.ones((rows, x.shape[1] + 1), "float32")
        np.subtract(x if self.rule == "batch" else x[order], center, out=told[:, :-1])
        parts = -(-rows // batch_size)
        step = epoch * parts
        if self.rule == "batch":
            sums, distance = self._told(told, w)
            w = self._moved(np, w, sums, _share(step, self._steps - parts))
        else:
            for i, first in enumerate(range(0, rows, batch_size)):
                sums, met = self._told(told[first : first + batch_size], w)
                w = self._moved(np, w, sums, _share(step + i, self._steps - 1))
                distance += met
        return (w + center).astype("float32"), distance / rows

    def measure(self, w, x) -> float:
        """Returns the mean distance of rows from their winners."""
        center = x.mean(axis=0)
        told = np.concatenate([x - center, np.ones((len(x), 1), "float32")], axis=1)
        return self._told(told, w - center)[1] / len(x)

    def _told(self, x, w):
        """Returns sum and number of the rows of each winner `(units, width + 1)`, and the sum of their distances."""
        units, rows = len(w), len(x)
        against = np.concatenate([-w, np.einsum("ij,ij->i", w, w)[:, None] / 2.0], axis=1).T  # |w|^2 / 2 - x w'
        sums, distance = 0.0, 0.0
        for first in range(0, rows, size := max(1, AT_ONCE // units)):
            part = x[first : first + size]
            winner = np.argmin(part @ against, axis=1)
            if len(part) * units <= 2**16:
                chosen = np.zeros((units, len(part)), "float32")
                chosen[winner, np.arange(len(part))] = 1.0
            else:
                ends = np.arange(len(part) + 1)
                chosen = sparse.csc_matrix((np.ones(len(part), "float32"), winner, ends), (units, len(part)))
            sums = sums + chosen @ part
            apart = part[:, :-1] - w[winner]
            distance += float(np.sqrt(np.einsum("ij,ij->i", apart, apart)).sum(dtype="float64"))
        return sums, distance

    def get_config(self):
        config = {"rows": self.grid.rows, "columns": self.grid.columns, "topology": self.grid.topology}
        names = ("rule", "neighbourhood", "radius", "rate", "decay", "initial", "seed")
        return {**super().get_config(), **config, **{name: getattr(self, name) for name in names}}


def _share(step: int, steps: int) -> float:
    return min(step / max(steps, 1), 1.0)
