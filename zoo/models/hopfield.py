"""Hopfield's network (1982): patterns are the minima of an energy, and recalling one is to fall into it.

    s_i <- sign(sum_j w_ij s_j),  s_i stays where the sum is 0;   w_ii = 0, w_ij = w_ji
    E = -1/2 sum_ij w_ij s_i s_j  never rises while units are updated one after another

    hebb        w = (1/N) sum_p x_p x_p';  about 0.138 N random patterns: D. J. Amit, H. Gutfreund, H. Sompolinsky 1985,
                https://doi.org/10.1103/PhysRevLett.55.1530
    storkey     w_ij += (1/N) (x_i x_j - x_i h_ji - h_ij x_j),  h_ij = sum_{k != i, j} w_ik x_k;  N / sqrt(2 ln N):
                A. J. Storkey 1997, https://doi.org/10.1007/BFb0020196
    projection  w + diag(d) = P, the orthogonal projection on the patterns, so that P x = x;  up to N - 1 independent
                patterns: L. Personnaz, I. Guyon, G. Dreyfus 1985, https://doi.org/10.1051/jphyslet:01985004608035900

J. J. Hopfield, Neural Networks and Physical Systems with Emergent Collective Computational Abilities, Proceedings of
the National Academy of Sciences 79(8), 1982. https://doi.org/10.1073/pnas.79.8.2554. There a unit is 0 or 1 and has a
threshold; here -1 or +1 and none.
"""

import math
import warnings

import keras
import numpy as np
from keras import ops

from zoo.layers.rules import add_rule, check_whole
from zoo.registry import Recipe, Spec, Traits, suggest

RULES = ("hebb", "projection", "storkey")
UPDATES = ("asynchronous", "synchronous")
ORDERS = 16  # random orders of the units, taken in turn by the sweeps
BLOCK = 32  # units whose fields are kept up to date together
EXACT = 1e7  # float32 holds all integers up to this
POWERS = 2.0 ** np.arange(-40, 24, dtype="float32")
SAMPLED = 2000  # patterns that are tried before they are stored
INDEPENDENT = 1e-6  # share of a pattern's square that must lie outside the stored ones


def capacity(rule: str, units: int) -> float:
    """Returns how many random patterns a rule holds in so many units."""
    if rule == "projection":
        return units - 1.0
    return 0.138 * units if rule == "hebb" else units / math.sqrt(2.0 * math.log(units))


@keras.saving.register_keras_serializable(package="zoo")
class HopfieldUnits(keras.layers.Layer):
    """Units -1 and +1, each coupled to all others: stores patterns in training, else recalls.

    Args:
        rule: One of `RULES`.
        update: One of `UPDATES`.
        sweeps: The most updates of every unit.
        seed: Of the orders in which asynchronous units are updated.

    Input shape: `(batch, units)`. Output shape: the same.
    """

    def __init__(self, rule="hebb", update="asynchronous", sweeps=100, seed=0, **kwargs):
        super().__init__(**kwargs)
        self.rule, self.update, self.sweeps, self.seed = rule, update, sweeps, seed

    def build(self, input_shape):
        n = input_shape[-1]
        self.w = self.add_weight(shape=(n, n), initializer="zeros", name="w")
        self.stored = self.add_weight(shape=(), initializer="zeros", trainable=False, name="stored")
        if self.rule == "projection":
            self.diagonal = self.add_weight(shape=(n,), initializer="zeros", trainable=False, name="diagonal")
        generator = np.random.default_rng(self.seed)
        self.orders = np.stack([generator.permutation(n) for _ in range(ORDERS)]).astype("int32")

    def call(self, x, training=None):
        if training:
            self._store(x)
            return x
        n = self.w.shape[0]
        # Fields are sums of integers that float32 holds exactly: they are the same in any order of summation, on every
        # backend and in the export, and may be kept up to date flip by flip. Hebb's weights are multiples of 1/N.
        largest = n * ops.max(ops.sum(ops.abs(self.w), axis=-1))
        powers = ops.convert_to_tensor(POWERS, self.compute_dtype)
        scale = n * ops.max(ops.where(powers * largest <= EXACT, powers, powers[0]))
        w = ops.round(self.w * scale)
        return self._settle(x, w) if self.update == "asynchronous" else self._alternate(x, w)

    # Storing.

    def _store(self, x):
        n = self.w.shape[0]
        before = ops.stop_gradient(ops.convert_to_tensor(self.w))
        new, count = {"hebb": self._hebb, "projection": self._project, "storkey": self._storkey}[self.rule](x, before)
        new = 0.5 * (new + ops.transpose(new))  # rounding, which XLA may do in another order for w_ij than for w_ji
        change = new * (1.0 - ops.eye(n)) - before
        self.stored.assign_add(count)
        add_rule(self, [(self.w, change)], ops.mean(-0.5 * ops.sum(x * ops.matmul(x, before + change), axis=-1)))

    def _hebb(self, x, w):
        return w + ops.matmul(ops.transpose(x), x) / w.shape[0], _rows(x)

    def _storkey(self, x, w):
        def step(p, w):
            pattern = ops.take(x, p, axis=0)
            field = ops.sum(w * pattern, axis=-1)  # h_ij = field_i - w_ij x_j
            outer = pattern[:, None] * (pattern - field) - field[:, None] * pattern + 2.0 * w
            return w + outer * (1.0 - ops.eye(w.shape[0])) / w.shape[0]

        return ops.fori_loop(0, ops.shape(x)[0], step, w), _rows(x)

    def _project(self, x, w):
        """Adds to P what each pattern has outside it, one after another (Gram-Schmidt, twice against rounding)."""

        def step(p, state):
            projection, count = state
            pattern = ops.take(x, p, axis=0)
            rest = pattern - ops.sum(projection * pattern, axis=-1)
            rest = rest - ops.sum(projection * rest, axis=-1)
            square = ops.sum(rest * rest)
            new = ops.cast(square > INDEPENDENT * ops.sum(pattern * pattern), w.dtype)
            rest = rest * ops.sqrt(new / ops.maximum(square, 1e-20))
            return projection + rest[:, None] * rest, count + new

        start = (w + ops.diag(ops.convert_to_tensor(self.diagonal)), ops.zeros((), w.dtype))
        projection, count = ops.fori_loop(0, ops.shape(x)[0], step, start)
        self.diagonal.assign(ops.diagonal(projection))
        return projection, count

    # Recalling.

    def _settle(self, x, w):
        """Updates one unit after another until none moves; w = w'.

        States stand in columns, filled up to whole blocks by 0. A block in which no unit wants to move costs nothing.
        """
        n = self.w.shape[0]
        size = min(BLOCK, n)
        blocks = -(-n // size)
        fill = blocks * size - n
        rest = np.tile(np.arange(n, n + fill), (ORDERS, 1))
        orders = ops.convert_to_tensor(np.concatenate([self.orders, rest], 1).reshape(ORDERS, blocks, size), "int32")
        w = ops.pad(w, ((0, fill), (0, fill)))
        places = ops.reshape(ops.arange(size), (-1, 1))

        def sweep(number, states, fields):
            order = ops.take(orders, number % ORDERS, axis=0)

            def update(block, state):
                states, fields = state
                units = ops.take(order, block, axis=0)
                s, field = ops.take(states, units, axis=0), ops.take(fields, units, axis=0)

                def moved():
                    rows = ops.take(w, units, axis=0)
                    after = _settle_block(s, field, ops.take(rows, units, axis=1), places)
                    change = ops.matmul(ops.transpose(rows), after - s)
                    return ops.scatter_update(states, units[:, None], after), fields + change

                return ops.cond(ops.any(s * field < 0.0), moved, lambda: (states, fields))

            return ops.fori_loop(0, blocks, update, (states, fields))

        def step(number, states, fields, _):
            after, fields = sweep(number, states, fields)
            return number + 1, after, fields, ops.any(after != states)

        states = ops.pad(ops.transpose(x), ((0, fill), (0, 0)))
        start = (0, states, ops.matmul(w, states), ops.convert_to_tensor(True))
        found = ops.while_loop(lambda number, *rest: (number < self.sweeps) & rest[-1], step, start)
        return ops.transpose(found[1][:n])

    def _alternate(self, x, w):
        """Updates all units at once, two times a step: rows then stand still, or alternate between two states."""

        def once(s):
            field = ops.matmul(s, w)
            return ops.where(field > 0.0, 1.0, ops.where(field < 0.0, -1.0, s))

        def step(number, s, _):
            after = once(once(s))
            return number + 1, after, ops.any(after != s)

        start = (0, x, ops.convert_to_tensor(True))
        _, s, _ = ops.while_loop(lambda number, _, moving: (number < self.sweeps // 2) & moving, step, start)
        return once(s) if self.sweeps % 2 else s

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        own = {"rule": self.rule, "update": self.update, "sweeps": self.sweeps, "seed": self.seed}
        return {**super().get_config(), **own}


def _rows(x):
    return ops.cast(ops.shape(x)[0], x.dtype)


def _settle_block(s, field, w, places):
    """Updates the units of a block in turn, in every column at its own pace: those that stay cost nothing.

    Args:
        s: States `(units, columns)`.
        field: Their fields, of the same shape.
        w: Weights between them `(units, units)`.
        places: `(units, 1)`, 0, 1, 2...

    Returns:
        States after each unit had its turn.
    """

    def moving(s, field, turn):
        return (field * s < 0.0) & (places >= turn)

    def step(s, field, turn, moves):
        first = ops.argmax(ops.cast(moves, "int32"), axis=0)
        flips = moves & (places == first)
        change = ops.where(flips, -2.0 * s, 0.0)
        s, field = s + change, field + ops.take(w, first, axis=1) * ops.sum(change, axis=0)
        turn = ops.where(ops.any(moves, axis=0), ops.cast(first, "int32") + 1, places.shape[0])
        return s, field, turn, moving(s, field, turn)

    turn = ops.zeros_like(s[0], dtype="int32")
    start = (s, field, turn, moving(s, field, turn))
    return ops.while_loop(lambda s, field, turn, moves: ops.any(moves), step, start)[0]


def _layer(model):
    return model.network.get_layer("units")


def couplings(model) -> np.ndarray:
    """Returns w `(units, units)`."""
    return ops.convert_to_numpy(_layer(model).w)


def stored(model) -> int:
    """Returns how many patterns have been stored; of `rule="projection"`, how many independent ones."""
    return int(ops.convert_to_numpy(_layer(model).stored))


def _states(model, states) -> np.ndarray:
    s, units = np.asarray(states, "float64"), _layer(model).w.shape[0]
    if s.ndim not in (1, 2) or s.shape[-1] != units:
        raise ValueError(f"States must have the shape (rows, {units}), or ({units},). Received: {s.shape}.")
    return s


def energy(model, states) -> np.ndarray:
    """Returns E = -1/2 s'Ws `(rows,)` of states `(rows, units)`, or one number of one state."""
    s = _states(model, states)
    return -0.5 * np.sum((s @ couplings(model).astype("float64")) * s, axis=-1)


def overlap(model, states, patterns) -> np.ndarray:
    """Returns m = (1/N) s . x `(rows, patterns)`: 1 where a state is the pattern, -1 where it is its reverse."""
    s, x = np.atleast_2d(_states(model, states)), np.atleast_2d(_states(model, patterns))
    return s @ x.T / s.shape[-1]


def _recalled(model, x) -> np.ndarray:
    return ops.convert_to_numpy(model.predict_on_batch(x))


def stable(model, x, y) -> float:
    """Returns the share of rows that recall leaves as they are."""
    return float(np.mean(np.all(_recalled(model, x) == x["inputs"], axis=-1)))


def mean_overlap(model, x, y) -> float:
    """Returns the mean overlap of rows with what is recalled from them."""
    return float(np.mean(_recalled(model, x) * x["inputs"]))


def check_patterns(model, x, y) -> None:
    """Refuses patterns that are not -1 and +1 or cannot be held, and warns of more than the rule recalls reliably."""
    check_whole(model, "To weaken what is stored, build a fresh network.")
    x, layer = np.asarray(x["inputs"]), _layer(model)
    if not np.isin(x, (-1.0, 1.0)).all():
        shown = ", ".join(f"{value:g}" for value in np.unique(x[~np.isin(x, (-1.0, 1.0))])[:3])
        raise ValueError(f"Patterns must be -1 and +1. Received: {shown}. Turn 0 and 1 into them: 2 * x - 1.")
    rule, n = layer.rule, x.shape[-1]
    new, before, most = np.unique(x, axis=0), stored(model), capacity(rule, n)
    total = before + len(new)
    facts = f"{len(new)} beside {before} stored" if before else str(len(new))
    if rule == "projection":
        rest = new - new @ (couplings(model) + np.diag(ops.convert_to_numpy(layer.diagonal))).astype("float64")
        total = before + int(np.linalg.matrix_rank(rest, tol=1e-3 * math.sqrt(n)))
        if total > most:
            raise ValueError(
                f"{n} units hold at most {n - 1} linearly independent patterns by rule='projection': with {n}, every "
                f"state is stable and none is recalled. Received: {facts}, {total} of them independent. Store fewer, "
                "or take patterns of more units."
            )
        if total > n / 2:
            warnings.warn(
                f"Beyond N/2 = {n // 2} patterns rule='projection' keeps them all, but recalls them from few flipped "
                f"units only. Received: {facts}.",
                stacklevel=4,
            )
    elif total > most and (lost := _lost(layer, new)):
        share = "0.138 N" if rule == "hebb" else "N / sqrt(2 ln N)"
        others = {"hebb": f"rule='storkey' (about {capacity('storkey', n):.0f}) or ", "storkey": ""}[rule]
        warnings.warn(
            f"rule={rule!r} holds about {most:.4g} random patterns in {n} units ({share}); beyond, recall gets "
            f"unreliable. Received: {facts}{lost}. Store fewer, take patterns of more units, or {others}"
            f"rule='projection' (up to {n - 1}).",
            stacklevel=4,
        )


def _lost(layer, new: np.ndarray) -> str:
    """Returns how many new patterns recall will not leave alone, in words; "" where it will, as it may in few units."""
    if layer.rule != "hebb":
        return ", which may not all be stable"
    n, x = new.shape[-1], new[:SAMPLED].astype("float64")
    w = ops.convert_to_numpy(layer.w) + new.T @ new / n
    fields = x @ (w - np.diag(np.diag(w)))
    lost = int(np.sum(np.any(x * fields < -1e-6, axis=-1)))
    return f", of which {lost} will not be stable" if lost else ""


RECIPE = Recipe(
    data="random_patterns",
    encodings="raw",
    optimizer="sgd",
    learning_rate=1.0,  # a rule gives the whole change
    batch_size="full",
    epochs=1,
    validation=None,
    shuffle=False,
)
TRAITS = Traits(
    keep_constants=True,
    values=(-1.0, 1.0),
    scores=(stable, mean_overlap),
    properties={"couplings": couplings, "stored": stored},
    methods={"energy": energy, "overlap": overlap},
    check=check_patterns,
    jit="inference",
)


def hopfield(spec: Spec, *, rule: str = "hebb", update: str = "asynchronous", sweeps: int = 100) -> keras.Model:
    """Builds a Hopfield network, which has stored nothing. `fit` stores patterns beside those it holds.

    Args:
        spec: The inputs to build for.
        rule: How patterns are stored: `"hebb"` (about 0.138 N of them), `"storkey"` (N / sqrt(2 ln N)) or
            `"projection"` (N - 1, correlated ones too).
        update: `"asynchronous"`: one unit after another, in a random order for each sweep that the seed decides on; or
            `"synchronous"`: all at once, which may end in two states that alternate.
        sweeps: The most updates of every unit; recall ends before when none moves.

    Returns:
        A network from probes `(batch, units)` to the states that they settle in `(batch, units)`, -1 and +1.

    Raises:
        ValueError: if an option is not one of these, or the inputs are no patterns.
    """
    for name, value, known in (("rule", rule, RULES), ("update", update, UPDATES)):
        if value not in known:
            raise ValueError(
                f"`{name}` must be one of {', '.join(map(repr, known))}.{suggest(value, known)} Received: "
                f"{name}={value!r}"
            )
    if not isinstance(sweeps, int) or isinstance(sweeps, bool) or sweeps < 1:
        raise ValueError(f"`sweeps` must be an integer, 1 or more. Received: sweeps={sweeps!r}")
    if spec.num_inputs is None or spec.sequences:
        raise ValueError(
            "Patterns must be an array (rows, units) of -1 and +1. Received: images or sequences. Turn images into "
            "them: np.where(x > 127, 1.0, -1.0).reshape(len(x), -1)."
        )
    if spec.num_inputs < 2:
        raise ValueError("Patterns must have at least 2 units, which hold each other. Received: 1.")
    inputs = spec.inputs()
    units = HopfieldUnits(rule, update, sweeps, spec.seed, name="units")
    return keras.Model(inputs, units(inputs["inputs"]), name="hopfield")
