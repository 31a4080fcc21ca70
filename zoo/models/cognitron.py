"""The cognitron (1975): of the cells in a vicinity, only the one that fires strongest has its synapses reinforced.

    u = phi[(1 + e) / (1 + h) - 1],   e = sum a u,   h = b v,   v = sum c u,   sum c = 1;   lateral inhibition follows
    u(n) > 0, none in the vicinity is stronger    da = q1 c u(n + v),   db = sum da u(n + v) / (2 v(n))
    all in the vicinity are silent                da = q0 c u(n + v),   db = q0 v(n);   q1 > q0

Synapses begin at 0, and each cell has its own: what a layer of 1980 knows everywhere, this one knows where it has seen
it. A cell reinforced often answers its pattern by almost 1, since h then is e / 2. Labels are only counted beside the
cells of the last layer (`zoo.layers.label_counts`).

K. Fukushima, Cognitron: A Self-organizing Multilayered Neural Network, Biological Cybernetics 20, 1975.
https://doi.org/10.1007/BF00342633. Secondary sources write db = q1 sum a u / (2 v) with the a that is added: with the
a that has grown, h would outgrow e, and cells would fall silent after 4 / q1 presentations.
"""

import keras
import numpy as np
from keras import ops

from zoo.layers.cells import shunting, windows
from zoo.layers.label_counts import LabelCounts, counting_loss
from zoo.layers.rules import add_rule
from zoo.layers.shifts import METHODS, SCORES
from zoo.registry import Recipe, Spec, Traits

REACH = 2  # steps that a displaced branch ends away at most, down and across


@keras.saving.register_keras_serializable(package="zoo")
class CognitronCells(keras.layers.Layer):
    """A layer of cells, each with synapses of its own from a window of the layer before, and from displaced cells.

    While training, the rows of a batch are presented one after another: each meets what the rows before it have left.

    Args:
        window: Side of the connectable area.
        vicinity: Cells at most so many steps away, across and down together, compete.
        lateral: Side of the area of lateral inhibition; 0 for none.
        q0: Speed of reinforcement where a vicinity is silent.
        q1: Speed of reinforcement of the strongest.
        branches: Inputs of each place, beside the cell there, from a random cell near it.
        seed: Of those places.

    Input shape: `(batch, rows, columns, 1)`. Output shape: the same.
    """

    def __init__(self, window=5, vicinity=2, lateral=5, q0=2.0, q1=16.0, branches=1, seed=0, **kwargs):
        super().__init__(**kwargs)
        self.window, self.vicinity, self.lateral = int(window), int(vicinity), int(lateral)
        self.q0, self.q1, self.branches, self.seed = float(q0), float(q1), int(branches), int(seed)

    def build(self, input_shape):
        self.places = tuple(input_shape[1:3])
        count = self.places[0] * self.places[1]
        cells = (*self.places, self.window**2, 1 + self.branches)
        self.a = self.add_weight(shape=cells, initializer="zeros", name="a")
        self.b = self.add_weight(shape=self.places, initializer="zeros", name="b")
        rows, columns = np.divmod(np.arange(count), self.places[1])
        draw = np.random.RandomState(self.seed).randint  # whose numbers stay the same in all versions of numpy
        self.ends = []
        for _ in range(self.branches):
            down, across = draw(-REACH, REACH + 1, (2, count))
            row, column = np.clip(rows + down, 0, self.places[0] - 1), np.clip(columns + across, 0, self.places[1] - 1)
            self.ends.append(row * self.places[1] + column)
        steps = np.arange(self.vicinity * 2 + 1) - self.vicinity
        self.near = (np.abs(steps)[:, None] + np.abs(steps) <= self.vicinity).ravel()

    def axons(self, u):
        """Returns what arrives at every place by each branch, the direct one first, `(batch, rows, columns, 1 + K)`."""
        flat = ops.reshape(u, (-1, self.places[0] * self.places[1]))
        displaced = [ops.reshape(ops.take(flat, ends, axis=1), ops.shape(u)) for ends in self.ends]
        return ops.concatenate([u, *displaced], axis=-1)

    def respond(self, seen, a, b):
        """Returns u after lateral inhibition, and v, `(batch, rows, columns)`, for what cells see."""
        v = ops.mean(seen, axis=(-2, -1))  # c is the same for all synapses
        u = shunting(ops.sum(a * seen, axis=(-2, -1)), b * v)
        if self.lateral:
            around = ops.sum(windows(u[..., None], self.lateral, self.places), axis=(-2, -1)) - u
            u = shunting(u, around / (self.lateral**2 - 1))
        return u, v

    def call(self, u, training=None):
        seen = windows(self.axons(u), self.window, self.places)
        if not training:
            return self.respond(seen, self.a, self.b)[0][..., None]
        seen, a, b = ops.stop_gradient(seen), ops.stop_gradient(self.a), ops.stop_gradient(self.b)
        c = 1.0 / (seen.shape[-2] * seen.shape[-1])

        def present(row, state):
            a, b, responses = state
            cells = ops.take(seen, ops.reshape(row, (1,)), axis=0)  # (1, rows, columns, window, branches)
            u, v = self.respond(cells, a, b)
            rivals = windows(u[..., None], 2 * self.vicinity + 1, self.places)[..., 0]
            strongest = u >= ops.max(ops.where(self.near, rivals, 0.0), axis=-1)
            q = ops.where(strongest, ops.where(u > 0.0, self.q1, self.q0), 0.0)[0]
            added = q[..., None, None] * c * cells[0]
            inhibition = ops.sum(added * cells[0], axis=(-2, -1)) / (2.0 * ops.maximum(v[0], 1e-12))
            b = b + ops.where(u[0] > 0.0, inhibition, q * v[0])
            return a + added, b, ops.slice_update(responses, (row, 0, 0), u)

        none = ops.zeros((ops.shape(seen)[0], *self.places), seen.dtype)
        new_a, new_b, responses = ops.fori_loop(0, ops.shape(seen)[0], present, (a, b, none))
        add_rule(self, [(self.a, new_a - a), (self.b, new_b - b)])
        return responses[..., None]

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        names = ("window", "vicinity", "lateral", "q0", "q1", "branches", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


RECIPE = Recipe(
    data="numerals_12",
    encodings="image",
    decision="softmax",
    metrics=("accuracy",),
    optimizer="sgd",
    learning_rate=1.0,
    batch_size=100,  # presented one after another
    epochs=1,
    shuffle=False,
    validation=None,
)
TRAITS = Traits(loss=counting_loss, scores=SCORES, methods=METHODS)


def cognitron(
    spec: Spec,
    *,
    layers: int = 3,
    window: int = 5,
    vicinity: int = 2,
    lateral: int = 5,
    q0: float = 2.0,
    q1: float = 16.0,
    branches: int = 1,
) -> keras.Model:
    """Builds a cognitron whose layers have a cell a pixel; for 12 x 12 pixels, the simulation of 1975.

    Args:
        spec: The images and classes to build for.
        layers: Layers of cells after the input layer U0.
        window: Side of the square from which a cell has synapses, an odd number.
        vicinity: A cell competes with those at most so many steps away, across and down together.
        lateral: Side of the square of lateral inhibition, an odd number, or 0 for none.
        q0: Speed of reinforcement of cells in a silent vicinity.
        q1: Speed of reinforcement of the strongest in a vicinity, above q0.
        branches: Axon branches that end at each place, beside the direct one: of cells near it, drawn once for all.

    Returns:
        A network from images uint8 `(batch, height, width, channels)` to the logarithms of the classes' probabilities
        `(batch, classes)`.

    Raises:
        ValueError: if an option is out of its range.
    """
    for name, value, least in (("layers", layers, 1), ("vicinity", vicinity, 1), ("branches", branches, 0)):
        if value < least:
            raise ValueError(f"`{name}` must be at least {least}. Received: {name}={value}")
    if window < 3 or window % 2 == 0:
        raise ValueError(f"`window` must be an odd number from 3: a cell and its neighbours. Received: window={window}")
    if lateral != 0 and (lateral < 3 or lateral % 2 == 0):
        raise ValueError(f"`lateral` must be an odd number from 3, or 0 for none. Received: lateral={lateral}")
    if not 0 < q0 < q1 < np.inf:
        raise ValueError(f"`q0` and `q1` must be 0 < q0 < q1, both finite. Received: q0={q0!r}, q1={q1!r}")
    inputs = spec.inputs()
    u = ops.mean(keras.layers.Rescaling(1 / 255, name="pixels")(inputs["image"]), axis=-1, keepdims=True)
    for layer in range(1, layers + 1):
        u = CognitronCells(window, vicinity, lateral, q0, q1, branches, layer, name=f"u{layer}")(u)
    u = keras.layers.Flatten(name="cells")(u)
    return keras.Model(inputs, LabelCounts(max(2, spec.num_outputs), name="classes")(u), name="cognitron")
