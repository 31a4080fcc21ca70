"""The neocognitron (1980): planes of cells that find a feature wherever it is, and cells that forget where it was.

    S   u_S = r phi[(1 + sum a u_C) / (1 + 2 r / (1 + r) b v_C) - 1],   v_C = sqrt(sum c u_C^2),   sum c = 1
    C   u_C = psi[(1 + sum d u_S) / (1 + v_S) - 1],   psi[x] = x / (alpha + x) for x > 0,   v_S = mean of sum d u_S
    da = q c u_C(n + v),   db = q / 2 v_C(n)     n: a plane's representative, whose synapses all cells of the plane get

From every S-column (a small square of cells of all planes) the strongest cell is a candidate; a plane's strongest
candidate represents it. Nobody tells the network what it sees: each pattern comes to drive a cell of its own in the
last C-layer, wherever it is shown. Labels are only counted beside these cells (`zoo.layers.label_counts`).

K. Fukushima, Neocognitron: A Self-organizing Neural Network Model for a Mechanism of Pattern Recognition Unaffected by
Shift in Position, Biological Cybernetics 36, 1980. https://doi.org/10.1007/BF00344251. It leaves the fixed synapses c
and d and the first a open: c and d fall with |v|; a starts small, positive, without randomness, each plane with a weak
preference for an orientation and for planes of a like number.
"""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from zoo.layers.cells import falling, shunting, windows
from zoo.layers.label_counts import LabelCounts, counting_loss
from zoo.layers.rules import add_rule
from zoo.layers.shifts import METHODS, SCORES
from zoo.registry import Recipe, Spec, Traits

FIRST = 0.01  # the first a, as a share of c
PREFERENCE = 0.2  # how much of it depends on the orientation, and on the distance between the planes' numbers
WIDTH = 1.5  # of the preferred line, in cells
LIKENESS = 0.15  # the distance between planes' numbers, as shares of all planes, over which that falls
C_FALLS = (0.7, 1.0, 0.9)  # of each S-layer: c(v) ~ 0.7^|v|, ...
D_FALLS = (0.7, 0.7, 1.0)  # of each C-layer: d(v) = d(0) 0.7^|v|, ...
D_CENTRE = (16.0, 1.0, 1.0)  # d(0)


@keras.saving.register_keras_serializable(package="zoo")
class SPlanes(keras.layers.Layer):
    """Planes of S-cells: the cells of a plane share their synapses a and b, and look at different places.

    While training, the rows of a batch are presented one after another: each meets what the rows before it have left.

    Args:
        planes: How many, K_l.
        places: `(rows, columns)` of cells in a plane.
        window: Side of the square that a cell sees.
        column: Side of an S-column.
        r: Efficacy of inhibition: a cell answers where its input resembles its synapses by more than r / (1 + r).
        q: Speed of reinforcement.
        base: c(v) falls with base^|v|.
        order: `(l, L)`: the l-th of L layers that learn one after another, or None to learn always.

    Input shape: `(batch, height, width, planes before)`. Output shape: `(batch, rows, columns, planes)`.
    """

    def __init__(self, planes, places, window=5, column=5, r=4.0, q=1.0, base=0.7, order=None, **kwargs):
        super().__init__(**kwargs)
        self.planes, self.places, self.window, self.column = int(planes), tuple(places), int(window), int(column)
        self.r, self.q, self.base = float(r), float(q), float(base)
        self.order = order if order is None else tuple(order)

    def build(self, input_shape):
        before, cells = input_shape[-1], self.window**2
        c = falling(self.window, self.base)
        self.c = c / (c.sum() * before)
        a = FIRST * first_synapses(self.c, before, self.planes)
        self.a = self.add_weight(
            shape=(cells, before, self.planes), initializer=lambda *_, **__: ops.convert_to_tensor(a), name="a"
        )
        self.b = self.add_weight(shape=(self.planes,), initializer="zeros", name="b")
        # Presentations are counted in steps; without `begin_training` every one counts.
        self.step = self.add_weight(shape=(3,), initializer="zeros", trainable=False, name="step")

    def begin_training(self, rows, steps):
        """Lets the layer learn during its share of the steps; of fewer steps than layers, during all."""
        layer, layers = self.order or (0, 1)
        if steps < layers:
            layer, layers = 0, 1
        self.step.assign([0.0, float(steps * layer // layers), float(steps * (layer + 1) // layers)])

    def respond(self, seen, a, b):
        """Returns u_S `(..., planes)` and v_C `(...)` for what cells see, `(..., cells of a window, planes before)`."""
        shape = ops.shape(seen)[:-2]
        flat = ops.reshape(seen, (-1, seen.shape[-2] * seen.shape[-1]))
        c = ops.convert_to_tensor(np.repeat(self.c, seen.shape[-1])[:, None], flat.dtype)
        v = ops.sqrt(ops.matmul(flat**2, c))
        e = ops.matmul(flat, ops.reshape(a, (flat.shape[-1], self.planes)))
        u = self.r * shunting(e, 2.0 * self.r / (1.0 + self.r) * b * v)
        return ops.reshape(u, (*shape, self.planes)), ops.reshape(v, shape)

    def representatives(self, u):
        """Returns a cell's number `(planes,)` within a plane for each plane, and whether it represents it.

        Args:
            u: Responses `(rows, columns, planes)`.
        """
        rows, columns = self.places
        down, across = rows - self.column + 1, columns - self.column + 1
        corner = np.add.outer(np.arange(down) * columns, np.arange(across)).ravel()
        square = np.add.outer(np.arange(self.column) * columns, np.arange(self.column)).ravel()
        members = corner[:, None] + square  # (S-columns, cells of one in a plane)
        flat = ops.reshape(ops.take(ops.reshape(u, (rows * columns, self.planes)), members, axis=0), (len(members), -1))
        best = ops.argmax(flat, axis=-1)
        value = ops.max(flat, axis=-1)
        first = ops.convert_to_tensor(np.arange(len(members)) * len(square), best.dtype)
        cell = ops.take(members.ravel(), first + best // self.planes)
        own = ops.expand_dims(best % self.planes, -1) == ops.arange(self.planes, dtype=best.dtype)
        candidates = ops.where(ops.logical_and(own, value[:, None] > 0.0), value[:, None], 0.0)
        return ops.take(cell, ops.argmax(candidates, axis=0)), ops.max(candidates, axis=0) > 0.0

    def call(self, u, training=None):
        seen = windows(u, self.window, self.places)
        if not training:
            return self.respond(seen, self.a, self.b)[0]
        seen, a, b = ops.stop_gradient(seen), ops.stop_gradient(self.a), ops.stop_gradient(self.b)
        now, begin, end = self.step[0], self.step[1], self.step[2]
        speed = self.q * ops.cast(ops.logical_or(end == 0.0, ops.logical_and(now >= begin, now < end)), a.dtype)

        def present(row, state):
            a, b, responses = state
            cells = ops.take(seen, row, axis=0)
            u, v = self.respond(cells, a, b)
            cell, represents = self.representatives(u)
            gain = speed * ops.cast(represents, a.dtype)
            shown = ops.take(ops.reshape(cells, (-1, *cells.shape[-2:])), cell, axis=0)  # (planes, window, before)
            a = a + gain * ops.transpose(ops.convert_to_tensor(self.c[:, None], shown.dtype) * shown, (1, 2, 0))
            b = b + gain / 2.0 * ops.take(ops.reshape(v, (-1,)), cell)
            return a, b, ops.slice_update(responses, (row, 0, 0, 0), u[None])

        rows = ops.shape(seen)[0]
        none = ops.zeros((rows, *self.places, self.planes), seen.dtype)
        new_a, new_b, u = ops.fori_loop(0, rows, present, (a, b, none))
        add_rule(self, [(self.a, new_a - a), (self.b, new_b - b)])
        self.step.assign(self.step + np.array([1.0, 0.0, 0.0], "float32"))
        return u

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.places, self.planes)

    def get_config(self):
        own = {
            name: getattr(self, name) for name in ("planes", "places", "window", "column", "r", "q", "base", "order")
        }
        return {**super().get_config(), **own}


def first_synapses(c: np.ndarray, before: int, planes: int) -> np.ndarray:
    """Returns the first a over FIRST, `(cells of a window, planes before, planes)`: c with the planes' preferences."""
    window = int(np.sqrt(len(c)))
    y, x = (np.ravel(v) - (window - 1) / 2 for v in np.mgrid[:window, :window])
    number = np.arange(planes) / planes
    across = np.outer(x, np.cos(np.pi * number)) + np.outer(y, np.sin(np.pi * number))
    line = np.exp(-(across**2) / (2.0 * WIDTH**2))
    apart = np.subtract.outer(np.arange(before) / before, number) if before > 1 else np.zeros((1, planes))
    like = np.exp(-((apart / LIKENESS) ** 2))
    oriented, alike = (1.0 - PREFERENCE + PREFERENCE * preferred for preferred in (line, like))  # weakly
    return (c[:, None, None] * oriented[:, None] * alike).astype("float32")


@keras.saving.register_keras_serializable(package="zoo")
class CPlanes(keras.layers.Layer):
    """Planes of C-cells: each responds wherever in its window an S-cell of its plane does, with fixed synapses.

    Args:
        places: `(rows, columns)` of cells in a plane.
        window: Side of the square that a cell sees.
        stride: Steps between the squares of neighbours.
        centre: d(0): the larger, the sooner one S-cell is enough.
        base: d(v) = centre * base^|v|.
        alpha: Degree of saturation.

    Input shape: `(batch, height, width, planes)`. Output shape: `(batch, rows, columns, planes)`.
    """

    def __init__(self, places, window=5, stride=1, centre=1.0, base=0.7, alpha=0.5, **kwargs):
        super().__init__(**kwargs)
        self.places, self.window, self.stride = tuple(places), int(window), int(stride)
        self.centre, self.base, self.alpha = float(centre), float(base), float(alpha)

    def call(self, u):
        seen = windows(u, self.window, self.places, self.stride)
        d = ops.convert_to_tensor(self.centre * falling(self.window, self.base), u.dtype)
        e = ops.sum(seen * d[:, None], axis=-2)
        x = shunting(e, ops.mean(e, axis=-1, keepdims=True))
        return x / (self.alpha + x)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.places, input_shape[-1])

    def get_config(self):
        own = {name: getattr(self, name) for name in ("places", "window", "stride", "centre", "base", "alpha")}
        return {**super().get_config(), **own}


def plane_sizes(image: tuple[int, int], window: int = 5) -> tuple[list[tuple], list[tuple]]:
    """Returns `(rows, columns)` of the planes of S1, S2, S3 and of C1, C2, C3: 16, 8, 2 and 10, 6, 1 for 16 pixels.

    The density of cells is halved in C1 and C2, which look a step beyond the edges; S3 looks at no place outside.

    Raises:
        ValueError: if nothing is left for S3.
    """
    sizes = []
    for pixels in image:
        c1 = pixels // 2 + 2
        s2 = c1 - 2
        c2 = s2 // 2 + 2
        sizes.append((pixels, c1, s2, c2, c2 - window + 1, 1))
    if min(size[4] for size in sizes) < 1:
        least = 4 * (window - 2)
        raise ValueError(
            f"Images must have at least {least} x {least} pixels for windows of {window}. Received: "
            f"{image[0]} x {image[1]}. Enlarge them, or build with a smaller `window`."
        )
    s1, c1, s2, c2, s3, c3 = zip(*sizes)
    return [s1, s2, s3], [c1, c2, c3]


RECIPE = Recipe(
    data="numerals",
    encodings="image",
    decision="softmax",
    metrics=("accuracy",),
    optimizer="sgd",
    learning_rate=1.0,
    batch_size=100,  # presented one after another
    epochs=3,
    shuffle=False,
    validation=None,
    by_option={"organization": {"together": {"epochs": 1}}},
)
TRAITS = Traits(loss=counting_loss, scores=SCORES, methods=METHODS)


def neocognitron(
    spec: Spec,
    *,
    planes: int = 24,
    window: int = 5,
    r: Sequence[float] = (4.0, 1.5, 1.5),
    q: Sequence[float] = (1.0, 16.0, 16.0),
    alpha: float = 0.5,
    organization: str = "layer_by_layer",
) -> keras.Model:
    """Builds a neocognitron of three S- and three C-layers; for 16 x 16 pixels, the simulation of 1980.

    Args:
        spec: The images and classes to build for.
        planes: Cell planes of each layer, K.
        window: Side of the squares that S- and C-cells see, an odd number.
        r: Efficacy of inhibition of each S-layer: the larger, the choosier.
        q: Speed of reinforcement of each S-layer.
        alpha: Saturation of the C-cells: half of the largest response at this input.
        organization: `"layer_by_layer"`: S-layers learn one after another, each during a third of the training, which
            depends less on the order of positions; `"together"`: all at every presentation, as in the paper, for which
            a third of the presentations is enough.

    Returns:
        A network from images uint8 `(batch, height, width, channels)` to the logarithms of the classes' probabilities
        `(batch, classes)`.

    Raises:
        ValueError: if an option is out of its range, or images are too small for three layers.
    """
    if planes < 2:
        raise ValueError(f"`planes` must be at least 2: cells compete. Received: planes={planes}")
    if window < 3 or window % 2 == 0:
        raise ValueError(f"`window` must be an odd number from 3: a cell and its neighbours. Received: window={window}")
    for name, values in {"r": r, "q": q}.items():
        if np.shape(values) != (3,) or not np.all(np.isfinite(values)) or np.min(values) <= 0:
            raise ValueError(f"`{name}` must be 3 positive numbers, one an S-layer. Received: {name}={values!r}")
    if not 0 < alpha < np.inf:
        raise ValueError(f"`alpha` must be positive and finite. Received: alpha={alpha!r}")
    if organization not in ("layer_by_layer", "together"):
        raise ValueError(
            f"`organization` must be 'layer_by_layer' or 'together'. Received: organization={organization!r}"
        )
    s_places, c_places = plane_sizes(spec.image_shape[:2], window)
    inputs = spec.inputs()
    u = ops.mean(keras.layers.Rescaling(1 / 255, name="pixels")(inputs["image"]), axis=-1, keepdims=True)
    for layer, places in enumerate(s_places):
        column = min(window, *places)
        order = (layer, 3) if organization == "layer_by_layer" else None
        u = SPlanes(planes, places, window, column, r[layer], q[layer], C_FALLS[layer], order, name=f"s{layer + 1}")(u)
        seen, stride = (window, 2) if layer < 2 else (max(places), 1)
        u = CPlanes(c_places[layer], seen, stride, D_CENTRE[layer], D_FALLS[layer], alpha, name=f"c{layer + 1}")(u)
    u = keras.layers.Flatten(name="cells")(u)
    return keras.Model(inputs, LabelCounts(max(2, spec.num_outputs), name="classes")(u), name="neocognitron")
