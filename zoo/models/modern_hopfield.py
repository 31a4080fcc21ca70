"""The modern Hopfield network (2020): continuous states, exponentially many patterns, and attention as its update.

    xi <- X softmax(beta X' xi)                                              one update mostly retrieves
    E = -1/beta ln(sum_p exp(beta x_p . xi)) + 1/2 xi . xi + 1/beta ln K + 1/2 M^2,   M = max_p |x_p|
    E never rises, and 0 <= E <= 2 M^2 while |xi| <= M

K patterns x_p are the columns of X. A pattern far from the others is a fixed point close to itself; similar ones, and
all of them at a low beta, share a metastable state near their mean. Patterns of -1 and +1 are a case of it.

H. Ramsauer, B. Schäfl, J. Lehner, P. Seidl, M. Widrich, T. Adler, L. Gruber, M. Holzleitner, M. Pavlović, G. K. Sandve,
V. Greiff, D. Kreil, M. Kopp, G. Klambauer, J. Brandstetter, S. Hochreiter, Hopfield Networks is All You Need, 2020.
https://arxiv.org/abs/2008.02217
"""

import math
from numbers import Real

import keras
import numpy as np
from keras import ops

from zoo.layers.rules import add_rule, check_whole
from zoo.registry import Recipe, Spec, Traits

ROOM = 1024  # patterns that there is at least room for
STANDS = 1e-6  # share of the largest number of all patterns below which a state does not move
FAR = -1e30  # exp(FAR) = 0


@keras.saving.register_keras_serializable(package="zoo")
class PatternStore(keras.layers.Layer):
    """Stores patterns in training, each once, else moves states towards them until they stand still.

    Args:
        capacity: The most patterns.
        beta: Inverse temperature: how sharply the nearest pattern is told from the others.
        steps: The most updates of a state.

    Input shape: `(batch, units)`. Output shape: the same.
    """

    def __init__(self, capacity: int, beta=1.0, steps=100, **kwargs):
        super().__init__(**kwargs)
        self.capacity, self.beta, self.steps = capacity, beta, steps

    def build(self, input_shape):
        self.patterns = self.add_weight(shape=(self.capacity, input_shape[-1]), initializer="zeros", name="patterns")
        self.stored = self.add_weight(shape=(), initializer="zeros", trainable=False, name="stored")

    def call(self, x, training=None):
        if training:
            self._store(x)
            return x
        patterns = ops.convert_to_tensor(self.patterns)
        least = STANDS * ops.max(ops.abs(patterns))

        def step(number, states, moving):
            after = ops.where(moving[:, None], self._updated(states, patterns, self.stored), states)
            return number + 1, after, ops.any(ops.abs(after - states) > least, axis=-1)

        start = (0, x, ops.ones_like(x[:, 0], dtype="bool"))
        _, states, _ = ops.while_loop(lambda n, _, moving: (n < self.steps) & ops.any(moving), step, start)
        return ops.where(self.stored > 0.0, states, x)  # without a pattern there is nothing to move to

    def _updated(self, states, patterns, stored):
        """Returns X softmax(beta X' xi) of states in rows."""
        scores = self.beta * ops.matmul(states, ops.transpose(patterns))
        known = ops.arange(self.capacity, dtype=scores.dtype) < stored
        return ops.matmul(ops.softmax(ops.where(known, scores, FAR)), patterns)

    def _store(self, x):
        """Puts the rows that are new behind the patterns that there are."""
        before = ops.stop_gradient(ops.convert_to_tensor(self.patterns))
        stored, rows = ops.convert_to_tensor(self.stored), ops.shape(x)[0]
        new = self._is_new(x, before, stored)
        place = ops.arange(rows)
        count = ops.sum(ops.cast(new, "int32"))
        first = ops.take(x, ops.argsort(ops.where(new, place, place + rows)), axis=0)  # the new ones, in their order
        first = ops.where((place < count)[:, None], first, 0.0)
        change = ops.pad(ops.zeros_like(before), ((0, rows), (0, 0)))  # what finds no room is cut off below
        change = ops.slice_update(change, [ops.cast(stored, "int32"), 0], first)[: self.capacity]
        now = ops.minimum(stored + ops.cast(count, stored.dtype), float(self.capacity))
        self.stored.assign(now)
        gap = self._updated(x, before + change, now) - x
        add_rule(self, [(self.patterns, change)], ops.mean(ops.square(gap)))

    def _is_new(self, x, patterns, stored):
        """Returns whether each row is neither stored nor in a row before: compared with the nearest of them."""
        rows = ops.shape(x)[0]
        known = ops.arange(self.capacity, dtype=x.dtype) < stored
        return ~(self._is_among(x, patterns, known[None]) | self._is_among(x, x, _before(rows)))

    def _is_among(self, x, others, candidates):
        near = ops.matmul(x, ops.transpose(others)) - 0.5 * ops.sum(ops.square(others), axis=-1)
        near = ops.where(candidates, near, FAR)
        nearest = ops.argmax(near, axis=-1)
        same = ops.all(ops.take(others, nearest, axis=0) == x, axis=-1)
        return same & (ops.max(near, axis=-1) > FAR)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "capacity": self.capacity, "beta": self.beta, "steps": self.steps}


def _before(rows):
    """Returns `(rows, rows)`: whether the second row comes before the first."""
    place = ops.arange(rows)
    return place[None] < place[:, None]


def _layer(model):
    return model.network.get_layer("store")


def patterns(model) -> np.ndarray:
    """Returns the stored patterns `(patterns, units)`."""
    return ops.convert_to_numpy(_layer(model).patterns)[: int(ops.convert_to_numpy(_layer(model).stored))]


def _states(model, states) -> tuple[np.ndarray, np.ndarray]:
    """Returns states and stored patterns in float64."""
    s, x = np.asarray(states, "float64"), patterns(model).astype("float64")
    if s.ndim not in (1, 2) or s.shape[-1] != x.shape[-1]:
        raise ValueError(f"States must have the shape (rows, {x.shape[-1]}), or ({x.shape[-1]},). Received: {s.shape}.")
    if not len(x):
        raise ValueError("No patterns are stored, and there is nothing to compare states with. Call `fit` with some.")
    return s, x


def energy(model, states) -> np.ndarray:
    """Returns E `(rows,)` of states `(rows, units)`, or one number of one state."""
    s, x = _states(model, states)
    beta = _layer(model).beta
    scores = beta * s @ x.T
    top = scores.max(axis=-1)
    lse = (top + np.log(np.exp(scores - top[..., None]).sum(axis=-1))) / beta
    largest = np.max(np.sum(x**2, axis=-1))
    return -lse + 0.5 * np.sum(s**2, axis=-1) + math.log(len(x)) / beta + 0.5 * largest


def attention(model, states) -> np.ndarray:
    """Returns softmax(beta X' xi) `(rows, patterns)` of states `(rows, units)`: what each pattern adds to an update."""
    s, x = _states(model, np.atleast_2d(states))
    scores = _layer(model).beta * s @ x.T
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def retrieval_error(model, x, y) -> float:
    """Returns the root of the mean square of rows minus what is recalled from them."""
    return float(np.sqrt(np.mean((ops.convert_to_numpy(model.predict_on_batch(x)) - x["inputs"]) ** 2)))


def check_room(model, x, y) -> None:
    """Refuses patterns that are not finite, or more than there is room for."""
    check_whole(model, "To recall more softly, build with a lower `beta`.")
    x, layer = np.asarray(x["inputs"]), _layer(model)
    if not np.isfinite(x).all():
        raise ValueError(f"Patterns must be finite. Received: {x[~np.isfinite(x)][0]}. Leave these rows out.")
    known = patterns(model)
    total = len(np.unique(np.concatenate([known, x]), axis=0))
    if total > layer.capacity:
        raise ValueError(
            f"This network has room for {layer.capacity} patterns. Received: {total - len(known)} new ones beside "
            f"{len(known)} stored. Build it with room for all: zoo.build('modern_hopfield', x, capacity={total})."
        )


RECIPE = Recipe(
    data="random_patterns",
    encodings="raw",
    optimizer="sgd",
    learning_rate=1.0,  # the change is the pattern itself
    batch_size="full",
    epochs=1,
    validation=None,
    shuffle=False,
)
TRAITS = Traits(
    keep_constants=True,
    scores=(retrieval_error,),
    properties={"patterns": patterns},
    methods={"energy": energy, "attention": attention},
    check=check_room,
    jit="inference",
)


def modern_hopfield(spec: Spec, *, beta: float = 1.0, capacity: int | None = None, steps: int = 100) -> keras.Model:
    """Builds a modern Hopfield network, which has stored nothing. `fit` stores rows beside those it holds, each once.

    Args:
        spec: The inputs to build for.
        beta: Inverse temperature, above 0: the larger, the fewer patterns share a fixed point. 1 / sqrt(units) is that
            of attention.
        capacity: The most patterns. None for the rows of the data that it is built for, and at least 1,024.
        steps: The most updates; recall ends before when no state moves. 1 is attention.

    Returns:
        A network from states `(batch, units)` to the fixed points that they lead to `(batch, units)`.

    Raises:
        ValueError: if an option is out of its range, or the inputs are images or sequences.
    """
    if not isinstance(beta, Real) or not (math.isfinite(beta) and beta > 0):
        raise ValueError(f"`beta` must be positive and finite. Received: beta={beta!r}")
    if capacity is None:
        capacity = max(ROOM, spec.num_rows or 0)
    for name, value in (("capacity", capacity), ("steps", steps)):
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ValueError(f"`{name}` must be an integer, 1 or more. Received: {name}={value!r}")
    if spec.num_inputs is None or spec.sequences:
        raise ValueError(
            "Patterns must be an array (rows, units). Received: images or sequences. Flatten images: "
            "x.reshape(len(x), -1) / 255."
        )
    inputs = spec.inputs()
    store = PatternStore(capacity, float(beta), steps, name="store")
    return keras.Model(inputs, store(inputs["inputs"]), name="modern_hopfield")
