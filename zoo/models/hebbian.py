"""Hebb's postulate (1949) and what came of it: what fires together is wired together.

    y = W x
    hebb           dw = eta y x                                            grows without bound
    covariance     dw = eta (y - <y>)(x - <x>)                             and weakens what is active alone
    oja            dw = eta y (x - y w)                                    to the first principal component, |w| = 1
    sanger         dw_i = eta y_i (x - sum_{k <= i} y_k w_k)               to all of them, in their order
    stdp           dw = w_max A+ e^(-(t_post - t_pre)/tau) before a spike, -w_max A- e^(-(t_pre - t_post)/tau) after it
    outer_product  W = sum y x'                                            recalls y for x

D. O. Hebb, The Organization of Behavior, Wiley, 1949. https://doi.org/10.4324/9781410612403: "When an axon of cell A is
near enough to excite a cell B and repeatedly or persistently takes part in firing it, some growth process or metabolic
change takes place in one or both cells such that A's efficiency, as one of the cells firing B, is increased." That is
the strengthening alone. Weakening is later work: T. J. Sejnowski, Storing Covariance with Nonlinearly Interacting
Neurons, Journal of Mathematical Biology 4, 1977, https://doi.org/10.1007/BF00275079; and so is the removal of weak
synapses: G. Chechik, I. Meilijson, E. Ruppin, Synaptic Pruning in Development: A Computational Account, Neural
Computation 10, 1998, https://doi.org/10.1162/089976698300017124.

E. Oja, A Simplified Neuron Model as a Principal Component Analyzer, Journal of Mathematical Biology 15, 1982,
https://doi.org/10.1007/BF00275687. T. D. Sanger, Optimal Unsupervised Learning in a Single-Layer Linear Feedforward
Neural Network, Neural Networks 2, 1989, https://doi.org/10.1016/0893-6080(89)90044-0. S. Song, K. D. Miller,
L. F. Abbott, Competitive Hebbian Learning through Spike-Timing-Dependent Synaptic Plasticity, Nature Neuroscience 3,
2000, https://doi.org/10.1038/78829. T. Kohonen, Correlation Matrix Memories, IEEE Transactions on Computers C-21, 1972,
https://doi.org/10.1109/TC.1972.5008975.

Of several rows a step takes the mean change (the outer product the sum). Near |w| = 1 a step of Oja's multiplies the
error along w by 1 - 2 eta lambda_1, lambda_1 being the largest eigenvalue of <x x'>: it is stable below 1 / lambda_1,
and so is Sanger's, whose other factors 1 - eta (lambda_1 - lambda_k), 1 - eta lambda_k, 1 - 2 eta lambda_k are milder.
"""

import math
from collections.abc import Mapping
from numbers import Real

import keras
import numpy as np
from keras import ops

from zoo.engine.loop_numpy import features
from zoo.feeding import is_encoded
from zoo.layers.rules import add_rule
from zoo.layers.tabular import check_encodings, plain_features
from zoo.registry import Recipe, Spec, Traits, suggest

RULES = ("hebb", "covariance", "oja", "sanger", "stdp", "outer_product")
A_PLUS = 0.005  # Song, Miller, Abbott 2000: the largest strengthening, as a share of w_max
A_MINUS = 1.05 * A_PLUS  # the largest weakening; the larger area keeps weights in bounds
TAU = 20.0  # ms, both windows
TAU_MEMBRANE = 20.0  # ms
USUAL = 0.5  # eta lambda_1 where the rate that nobody chose would not be stable


@keras.saving.register_keras_serializable(package="zoo")
class HebbianUnits(keras.layers.Layer):
    """Linear units that learn by one of the rules but the spiking one.

    Args:
        units: How many.
        rule: One of `RULES`.
        prune_below: Size of a weight below which it is removed, or 0.
        seed: Seed of the first weights.

    Input shape: `(batch, inputs)`. Output shape: `(batch, units)`.
    """

    def __init__(self, units: int, rule: str, prune_below: float = 0.0, seed: int = 0, **kwargs):
        super().__init__(**kwargs)
        self.units, self.rule, self.prune_below, self.seed = units, rule, prune_below, seed

    def build(self, input_shape):
        shape = (self.units, input_shape[-1])
        self.w = self.add_weight(shape=shape, initializer=self._first, name="w")
        self.seen = self.add_weight(shape=(), initializer="zeros", trainable=False, name="seen")
        if self.prune_below:
            self.alive = self.add_weight(shape=shape, initializer="ones", trainable=False, name="alive")
        if self.rule == "covariance":
            self.mean = self.add_weight(shape=shape[1:], initializer="zeros", trainable=False, name="mean")

    def _first(self, shape, dtype=None):
        if self.rule == "outer_product":
            return ops.zeros(shape, dtype)
        drawn = np.random.default_rng(self.seed).normal(size=shape)
        if self.rule == "sanger":
            drawn = np.linalg.qr(drawn.T)[0].T
        return ops.convert_to_tensor((drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype("float32"))

    def synapses(self):
        """Returns the weights, those that are removed being 0."""
        return ops.convert_to_tensor(self.w) * self._left() if self.prune_below else ops.convert_to_tensor(self.w)

    def _left(self):
        """Returns 1 for each synapse that is left; none is removed before it has learnt."""
        strong = ops.cast(ops.abs(self.w) >= self.prune_below, "float32")
        return self.alive * ops.where(self.seen > 0, strong, ops.ones_like(strong))

    def call(self, x, training=None):
        w = self.synapses()
        y = ops.matmul(x, ops.transpose(w))
        if not training:
            return y
        if self.rule == "outer_product":  # dW = sum y x' is the gradient of its loss
            self._count(x)
            return y
        w, y = ops.stop_gradient(w), ops.stop_gradient(y)
        rows = ops.cast(ops.shape(x)[0], "float32")
        if self.rule == "covariance":
            share = rows / (self.seen + rows)
            mean = self.mean + share * (ops.mean(x, axis=0) - self.mean)  # of all rows so far
            self.mean.assign(mean)
            x = x - mean
            y = ops.matmul(x, ops.transpose(w))  # y - <y>, for y is linear
        change = ops.matmul(ops.transpose(y), x) / rows
        if self.rule in ("oja", "sanger"):
            together = ops.matmul(ops.transpose(y), y) / rows
            kept = ops.tril(together) if self.rule == "sanger" else together * ops.eye(self.units)
            change = change - ops.matmul(kept, w)
        if self.prune_below:
            change = change * self._left()
        add_rule(self, [(self.w, change)], ops.mean(ops.square(y)))
        self._count(x)
        return y

    def _count(self, x):
        if self.prune_below:
            self.alive.assign(self._left())
        self.seen.assign(self.seen + ops.cast(ops.shape(x)[0], "float32"))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        config = {"units": self.units, "rule": self.rule, "prune_below": self.prune_below, "seed": self.seed}
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable(package="zoo")
class SpikingUnits(keras.layers.Layer):
    """Leaky integrate-and-fire units whose synapses learn by the order of spikes.

        v <- v e^(-dt / tau_m) + w . (spikes of the step before),  a spike and v <- 0 where v >= threshold

    Two traces stand for all pairs of spikes: p of each input, to which its spikes add A+, and m of each unit, from
    which its spikes take A-; both decay by e^(-dt / tau). A spike of the unit adds w_max p, one of the input w_max m.
    Pairs of the same step change nothing; of several rows a step of time takes the mean change.

    Args:
        units: How many.
        dt: Step of time, ms.
        tau: Of the traces, ms.
        w_max: Largest weight; the least is 0.
        threshold: Of v.
        prune_below: Size of a weight below which it is removed, or 0.
        seed: Seed of the first weights, uniform from 0 to w_max.

    Input shape: `(batch, time, inputs)`, 0 or 1. Output shape: `(batch, time, units)`, 0 or 1.
    """

    def __init__(self, units, dt=1.0, tau=TAU, w_max=1.0, threshold=5.0, prune_below=0.0, seed=0, **kwargs):
        super().__init__(**kwargs)
        self.units, self.dt, self.tau, self.w_max, self.threshold = units, dt, tau, w_max, threshold
        self.prune_below, self.seed = prune_below, seed
        self.suits_xla = True  # a step of time is a dozen small operations

    def build(self, input_shape):
        shape = (self.units, input_shape[-1])
        self.w = self.add_weight(shape=shape, initializer=self._first, name="w")
        self.seen = self.add_weight(shape=(), initializer="zeros", trainable=False, name="seen")

    def _first(self, shape, dtype=None):
        drawn = np.random.default_rng(self.seed).uniform(0.0, self.w_max, shape)
        return ops.convert_to_tensor(drawn.astype("float32"))

    def synapses(self):
        """Returns the weights, those that are removed being 0: spikes multiply nothing that could grow again."""
        w = ops.convert_to_tensor(self.w)
        gone = ops.logical_and(w < self.prune_below, self.seen > 0)
        return ops.where(gone, ops.zeros_like(w), w)

    def call(self, x, training=None):
        w = ops.stop_gradient(self.synapses())
        learns = bool(training)
        leak, fade = math.exp(-self.dt / TAU_MEMBRANE), math.exp(-self.dt / self.tau)
        rows = ops.shape(x)[0]
        left = ops.where(ops.logical_and(self.seen > 0, w <= 0.0), 0.0, 1.0) if self.prune_below else 1.0

        trains = ops.transpose(x, (1, 0, 2))  # (time, batch, inputs)
        steps = ops.shape(trains)[0]

        def step(t, w, before, v, p, m, fired):
            now = ops.take(trains, t, axis=0)
            v = leak * v + ops.matmul(before, ops.transpose(w))
            fires = ops.cast(v >= self.threshold, x.dtype)
            v = v * (1.0 - fires)
            if learns:
                p, m = fade * p, fade * m
                change = ops.matmul(ops.transpose(fires), p) + ops.matmul(ops.transpose(m), now)
                change = left * self.w_max * change / ops.cast(rows, x.dtype)
                w = ops.clip(w + change, 0.0, self.w_max)
                p, m = p + A_PLUS * now, m - A_MINUS * fires
            return t + 1, w, now, v, p, m, ops.slice_update(fired, (t, 0, 0), fires[None])

        quiet, silent = ops.zeros_like(trains[0]), ops.zeros((rows, self.units), x.dtype)
        state = (0, w, quiet, silent, quiet, silent, ops.zeros((steps, rows, self.units), x.dtype))
        _, learnt, *_, fired = ops.while_loop(lambda t, *_: t < steps, step, state)
        if learns:
            rate = ops.mean(fired) / self.dt * 1000.0  # spikes a second
            add_rule(self, [(self.w, learnt - ops.convert_to_tensor(self.w))], rate)
            self.seen.assign(self.seen + ops.cast(rows, "float32"))
        return ops.transpose(fired, (1, 0, 2))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        names = ("units", "dt", "tau", "w_max", "threshold", "prune_below", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


@keras.saving.register_keras_serializable(package="zoo")
def correlation(y_true, y):
    """Returns -y_true . y, whose negative gradient in W is y_true x'."""
    return -ops.sum(ops.cast(y_true, y.dtype) * y, axis=-1)


def components(model) -> np.ndarray:
    """Returns the weights `(units, inputs)`; those that are removed are 0."""
    return ops.convert_to_numpy(model.network.layers[-1].synapses())


def variances(model, x) -> np.ndarray:
    """Returns the mean square of each unit's answers to raw or encoded rows `(units,)`: an eigenvalue of <x x'>."""
    if not is_encoded(model, x):
        x = model.preprocessor.encode(x)
    return np.mean((features(model.network, x).astype("float64") @ components(model).T) ** 2, axis=0)


def unexplained(model, x, y=None) -> float:
    """Returns which share of the squares of the rows the principal components leave: |x - W'W x|^2 / |x|^2."""
    rows, w = features(model.network, x).astype("float64"), components(model).astype("float64")
    return float(np.sum((rows - rows @ w.T @ w) ** 2) / max(np.sum(rows**2), 1e-30))


def recall_error(model, x, y=None) -> float:
    """Returns the root of the mean squared error of what is recalled; NaN without what should be."""
    if y is None:
        return float("nan")
    recalled = features(model.network, x).astype("float64") @ components(model).T
    return float(np.sqrt(np.mean((recalled - y) ** 2)))


def check(model, x, y) -> None:
    """Raises ValueError for a rate at which a rule does not converge, and for pairs that are none.

    A rate that is the recipe's is lowered instead.
    """
    layer = model.network.layers[-1]
    rule = getattr(layer, "rule", "stdp")
    if rule == "outer_product":
        if y is None:
            raise ValueError(
                "The outer product learns pairs: (x, y) with y (rows, outputs). Received: x alone. Pass (x, x) for a "
                "memory that completes its patterns."
            )
        shape = np.shape(y)
        if len(shape) != 2 or shape[1] != layer.units:
            raise ValueError(
                f"`y` must have the shape (rows, {layer.units}), a number for each unit. Received: {shape}. Build with "
                f"units={shape[1] if len(shape) == 2 else 1}, or pass y.reshape(rows, -1)."
            )
    if rule not in ("oja", "sanger") or type(model.optimizer) is not keras.optimizers.SGD:
        return
    rows = features(model.network, x).astype("float64")
    gram = rows.T @ rows if rows.shape[1] <= len(rows) else rows @ rows.T
    largest = float(np.linalg.eigvalsh(gram / len(rows))[-1])
    rate = float(ops.convert_to_numpy(model.optimizer.learning_rate))
    if rate * largest >= 1.0 and math.isclose(rate, model.recipe.learning_rate, rel_tol=1e-6):
        model.optimizer.learning_rate = USUAL / largest  # nobody chose the rate, which was for standardised rows
    elif rate * largest >= 1.0:
        stable = float(f"{0.99 / largest:.2g}")
        stable = stable if stable * largest < 1.0 else 0.99 / largest
        raise ValueError(
            f"`learning_rate` must be below 1 / lambda_1 = {1.0 / largest:.4g}, lambda_1 = {largest:.4g} being the "
            f"largest eigenvalue of <x x'>: from there on {rule.capitalize()}'s rule overshoots |w| = 1 and does not "
            f"converge. Received: learning_rate={rate:g}. Pass `learning_rate={stable:g}`, or standardise the "
            "columns."
        )


def _is_finite(value) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


COMPONENTS = {"encodings": "standard", "arrays": "raw", "batch_size": "full"}
SETTINGS: dict[str, dict] = {
    "oja": {**COMPONENTS, "learning_rate": 0.1, "epochs": 300},
    "sanger": {**COMPONENTS, "learning_rate": 0.2, "epochs": 2000},
    "covariance": {"batch_size": "full"},
    "stdp": {"data": "correlated_spikes", "batch_size": 1, "learning_rate": 1.0, "epochs": 20},
    "outer_product": {
        "data": "pattern_pairs",
        "targets": True,
        "reduction": "sum",
        "batch_size": "full",
        "learning_rate": 1.0,
        "epochs": 1,
    },
}
FUNCTIONS: dict[str, dict] = {
    "oja": {"scores": (unexplained,)},
    "sanger": {"scores": (unexplained,)},
    "stdp": {"values": (0.0, 1.0)},
    "outer_product": {"loss": correlation, "scores": (recall_error,)},
}

RECIPE = Recipe(
    data="iris",
    encodings="raw",
    optimizer="sgd",
    learning_rate=1e-3,
    batch_size=1,
    epochs=1,
    validation=None,
    by_option={"rule": SETTINGS},
)
TRAITS = Traits(
    keep_constants=True,
    check=check,
    properties={"components": components},
    methods={"variances": variances},
    by_option={"rule": FUNCTIONS},
)


def hebbian(
    spec: Spec,
    *,
    units: int | None = None,
    rule: str = "hebb",
    prune_below: float = 0.0,
    dt: float = 1.0,
    tau: float = 20.0,  # TAU as a number: options are read without importing this file
    w_max: float = 1.0,
    threshold: float = 5.0,
    encodings: str | Mapping | None = None,
) -> keras.Model:
    """Builds units with Hebbian synapses; `model.components` holds the weights `(units, inputs)`.

    Args:
        spec: The inputs to build for.
        units: How many; left out, 1; with `"sanger"` as many as there are inputs; with `"outer_product"` the width of y
            of `(x, y)`, or of x alone.
        rule: `"hebb"`, `"covariance"`, `"oja"`, `"sanger"`, `"stdp"` (spike trains 0 and 1, `(rows, time, inputs)`) or
            `"outer_product"`, which learns pairs, `fit(x, y)` with y `(rows, units)`, and recalls y for x.
        prune_below: Size of a weight below which its synapse is removed for good, once it has learnt; 0 keeps all.
        dt: Step of time of spike trains, ms.
        tau: Time constant of both windows of `"stdp"`, ms.
        w_max: Largest weight of `"stdp"`; the least is 0.
        threshold: Sum of decaying inputs from which a unit of `"stdp"` fires.
        encodings: `"raw"`: columns as they are, categories one-hot; `"standard"`: numbers standardised; or a dict by
            kind of column. Left out, `"standard"` for `"oja"` and `"sanger"` on a table, of whose correlations they
            find the principal components, and else `"raw"`: of an array those of <x x'>.

    Returns:
        A network from rows `(batch, inputs)` to activities `(batch, units)`, or of spike trains to spike trains.

    Raises:
        ValueError: if an option is unknown or out of range, or the data do not suit the rule.
    """
    if rule not in RULES:
        raise ValueError(
            f"`rule` must be one of {', '.join(map(repr, RULES))}.{suggest(rule, RULES)} Received: rule={rule!r}"
        )
    check_encodings(encodings, (None, "raw", "standard"))
    if units is not None and (not isinstance(units, (int, np.integer)) or isinstance(units, bool) or units < 1):
        raise ValueError(f"`units` must be a whole number from 1. Received: units={units!r}")
    if not (_is_finite(prune_below) and prune_below >= 0.0):
        raise ValueError(f"`prune_below` must be finite, 0 or more. Received: prune_below={prune_below!r}")
    for name, value in (("dt", dt), ("tau", tau), ("w_max", w_max), ("threshold", threshold)):
        if not (_is_finite(value) and value > 0.0):
            raise ValueError(f"`{name}` must be positive and finite. Received: {name}={value!r}")
    inputs = spec.inputs()
    if (rule == "stdp") != spec.sequences:
        told = "sequences" if spec.sequences else "rows of numbers"
        raise ValueError(
            "The rule 'stdp' learns from spike trains (rows, time, inputs) of 0 and 1, and the others from rows (rows, "
            f"inputs). Received: {told} for rule={rule!r}. Pass "
            + ("rule='stdp', or x.reshape(-1, inputs)." if spec.sequences else "trains, such as 'correlated_spikes'.")
        )
    if rule == "stdp":
        layer = SpikingUnits(units or 1, dt, tau, w_max, threshold, prune_below, spec.seed, name="units")
        return keras.Model(inputs, layer(inputs["inputs"]), name="hebbian")
    given = plain_features(spec, inputs)
    width = given.shape[-1]
    if rule == "sanger" and (units or 1) > width:
        raise ValueError(f"There are as many principal components as inputs, {width}. Received: units={units}")
    usual = {"sanger": width, "outer_product": spec.num_targets or width}.get(rule, 1)
    layer = HebbianUnits(units or usual, rule, prune_below, spec.seed, name="units")
    return keras.Model(inputs, layer(given), name="hebbian")
