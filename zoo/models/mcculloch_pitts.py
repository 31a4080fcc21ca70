"""McCulloch and Pitts's cell (1943): a threshold on a sum, and nets of such cells for all of logic.

    y = H(sum_i w_i x_i - w_0),  H(0) = 1;   y = 0 while an inhibitory input is active

W. S. McCulloch, W. Pitts, A Logical Calculus of the Ideas Immanent in Nervous Activity, Bulletin of Mathematical
Biophysics 5, 1943. https://doi.org/10.1007/BF02478259. The cell of 1943 has excitatory inputs of weight 1 and
inhibitory ones that silence it whatever the others do. Nothing is trained: weights are given, or found for a truth
table by linear programming, which also proves where no single unit can. Two layers compute every table.
"""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops
from scipy.optimize import linprog

from zoo.data.generated import GATES, patterns
from zoo.registry import Recipe, Spec, Traits, suggest

MAX_INPUTS = 12  # of a truth table: 4,096 rows

# Gates of any number of inputs, as functions of how many of the n are 1; without data, 2 inputs, "majority" 3.
COUNTING = {
    "and": lambda ones, n: ones == n,
    "or": lambda ones, n: ones >= 1,
    "nand": lambda ones, n: ones < n,
    "nor": lambda ones, n: ones == 0,
    "xor": lambda ones, n: ones % 2 == 1,
    "xnor": lambda ones, n: ones % 2 == 0,
    "majority": lambda ones, n: 2 * ones > n,
}


@keras.saving.register_keras_serializable(package="zoo")
class ThresholdUnits(keras.layers.Layer):
    """Threshold units, side by side, with weights that are set and not trained.

    Args:
        units: How many.
        inhibitory: Indices of the inputs that silence all units while they are active.

    Input shape: `(batch, inputs)`. Output shape: `(batch, units)`, 0 or 1.
    """

    def __init__(self, units: int, inhibitory=(), **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.inhibitory = [int(i) for i in inhibitory]

    def build(self, input_shape):
        shape = (input_shape[-1], self.units)
        self.w = self.add_weight(shape=shape, initializer="zeros", trainable=False, name="w")
        self.w_0 = self.add_weight(shape=shape[1:], initializer="zeros", trainable=False, name="w_0")

    def call(self, x):
        fires = ops.matmul(x, self.w) >= self.w_0
        if self.inhibitory:
            silences = ops.take(x, np.array(self.inhibitory), axis=-1) > 0.0
            fires = ops.logical_and(fires, ops.logical_not(ops.any(silences, axis=-1, keepdims=True)))
        return ops.cast(fires, x.dtype)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.units)

    def numpy_source(self, x: str, keep) -> str:
        """Returns what the layer gives for x, as an expression of numpy."""
        fires = f"({x} @ {keep('w', self.w)} >= {keep('w_0', self.w_0)})"
        if self.inhibitory:
            fires += f" & ~({x}[:, {self.inhibitory}] > 0).any(axis=1, keepdims=True)"
        return f"({fires}).astype('float32')"

    def get_config(self):
        return {**super().get_config(), "units": self.units, "inhibitory": self.inhibitory}


def read_table(truth_table, num_inputs: int | None = None) -> np.ndarray:
    """Returns a truth table's outputs `(2^n, units)`.

    Args:
        truth_table: A gate's name; or 2^n outputs, the first input being the most significant bit, or 2^n rows of them.
        num_inputs: Inputs of a gate that takes any number; None for the usual number.

    Raises:
        ValueError: if there is no such gate, the table is no truth table, or it is too large.
    """
    if isinstance(truth_table, str):
        names = [*COUNTING, *(name for name in GATES if name not in COUNTING)]
        if truth_table not in names:
            raise ValueError(
                f"Unknown gate {truth_table!r}.{suggest(truth_table, names)} There are: {', '.join(names)}."
            )
        if truth_table not in COUNTING:
            return np.array(GATES[truth_table]).reshape(-1, 1)
        n = num_inputs or (3 if truth_table == "majority" else 2)
        if n > MAX_INPUTS:
            raise ValueError(
                f"A gate's weights are found for at most {MAX_INPUTS} inputs. Received: {n}. Pass `weights` and "
                "`threshold`: 'and' is n ones and n, 'or' n ones and 1."
            )
        return COUNTING[truth_table](patterns(n).sum(axis=1), n).astype(int).reshape(-1, 1)
    table = np.asarray(truth_table)
    rows = len(table) if table.ndim in (1, 2) and table.size else 0
    if rows < 2 or rows & (rows - 1) or not np.isin(table, (0, 1)).all():
        raise ValueError(
            "`truth_table` must be a gate's name or 2^n outputs, each 0 or 1, the first input being the most "
            f"significant bit. Received: truth_table={truth_table!r}"
        )
    if rows > 2**MAX_INPUTS:
        raise ValueError(
            f"`truth_table` must have at most {2**MAX_INPUTS} rows. Received: {rows}. Pass `weights` instead."
        )
    return table.astype(int).reshape(rows, -1)


def threshold_unit(outputs: np.ndarray) -> tuple[np.ndarray, float] | None:
    """Returns the weights `(n,)` and the threshold of one unit for a truth table `(2^n,)`, or None where there is none.

    The linear program: the smallest sum of |w_i| with w . x - w_0 >= 0 in the rows of 1 and <= -1 in those of 0. Its
    corner is integral for the usual gates; otherwise the threshold moves to the middle between the rows.
    """
    x = patterns(len(outputs).bit_length() - 1).astype("float64")
    true = outputs == 1
    sums = np.c_[x, -x, -np.ones(len(x))]  # w = p - q with p, q >= 0 makes |w| = p + q linear; the last unknown is w_0
    inputs = x.shape[1]
    found = linprog(
        c=[1.0] * (2 * inputs) + [0.0],
        A_ub=np.where(true[:, None], -sums, sums),
        b_ub=np.where(true, 0.0, -1.0),
        bounds=[(0, None)] * (2 * inputs) + [(None, None)],
    )
    if not found.success:
        return None
    w, w_0 = found.x[:inputs] - found.x[inputs:-1], found.x[-1]
    for factor in range(1, 13):
        whole, whole_0 = np.round(factor * w), np.round(factor * w_0)
        if np.array_equal(x @ whole >= whole_0, true):
            return whole, float(whole_0)
    return w, float(w_0) - 0.5


def two_layers(table: np.ndarray) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Returns weights and thresholds of two layers for a truth table `(2^n, units)`.

    A hidden unit fires for one row alone. An output is "or" of its rows of 1 or, where they are fewer, "nor" of those
    of 0.
    """
    x = patterns(len(table).bit_length() - 1)
    by_zeros = table.sum(axis=0) > len(table) / 2
    wanted = np.where(by_zeros, 1 - table, table)
    rows = np.flatnonzero(wanted.any(axis=1))
    rows = rows if len(rows) else np.array([0])  # constant outputs listen to nothing, but a layer needs a unit
    hidden = (2.0 * x[rows] - 1.0).T, x[rows].sum(axis=1)
    return hidden, (wanted[rows] * np.where(by_zeros, -1.0, 1.0), np.where(by_zeros, 0.0, 1.0))


def _one_layer(table, truth_table):
    found = [threshold_unit(outputs) for outputs in table.T]
    if None in found:
        raise ValueError(
            f"No single threshold unit computes truth_table={truth_table!r}: no line separates its rows of 1 from "
            "those of 0. Pass layers=2 for a net that does."
        )
    return np.stack([w for w, _ in found], axis=1), np.array([w_0 for _, w_0 in found])


def _given_unit(spec, weights, threshold, inhibitory):
    if threshold is None:
        raise ValueError("`threshold` must go with `weights` and `inhibitory`: the sum from which the unit fires.")
    if weights is None:
        if spec.num_inputs is None:
            raise ValueError(
                "`weights` must be given, one an input, where there are no data to tell the number of inputs."
            )
        weights = [float(i not in inhibitory) for i in range(spec.num_inputs)]
    w = np.asarray(weights, "float64")
    if w.ndim != 1 or not w.size or not np.isfinite([*w, threshold]).all():
        raise ValueError(
            f"`weights` must be a finite number an input, and `threshold` one more. Received: weights={weights!r}, "
            f"threshold={threshold!r}"
        )
    if any(i not in range(len(w)) for i in inhibitory):
        raise ValueError(f"`inhibitory` must be indices of the {len(w)} inputs. Received: inhibitory={inhibitory!r}")
    if any(w[i] for i in inhibitory):
        raise ValueError(
            f"`weights` must be 0 for the inhibitory inputs: these silence the unit, whatever the sum. Received: "
            f"weights={weights!r}, inhibitory={inhibitory!r}"
        )
    return w[:, None], np.array([threshold])


RECIPE = Recipe(data="and_gate", encodings="raw", validation=None)
TRAITS = Traits(keep_constants=True)


def mcculloch_pitts(
    spec: Spec,
    *,
    truth_table: str | Sequence | None = None,
    layers: int = 1,
    weights: Sequence[float] | None = None,
    threshold: float | None = None,
    inhibitory: Sequence[int] = (),
) -> keras.Model:
    """Builds threshold units for a truth table or of given weights; without options, "and".

    Args:
        spec: The inputs to build for. Without data the options tell their number.
        truth_table: A gate's name ("and", "or", "not", "nand", "nor", "xor", "xnor", "majority", "implies", ...), or
            2^n outputs 0 and 1, the first input being the most significant bit; or 2^n rows of several outputs.
        layers: 1: a unit an output; 2: a net for any truth table.
        weights: w, one an input, of a single unit.
        threshold: w_0, the sum from which that unit fires.
        inhibitory: Indices of the inputs that silence that unit while they are active. Without `weights`, the others
            have the weight 1.

    Returns:
        A network from patterns `(batch, num_inputs)` to 0 or 1 `(batch, outputs)`.

    Raises:
        ValueError: if no single unit computes the table, or options contradict each other or the data.
    """
    if layers not in (1, 2):
        raise ValueError(f"`layers` must be 1 or 2. Received: layers={layers!r}")
    own = {"weights": weights, "threshold": threshold, "inhibitory": inhibitory if len(inhibitory) else None}
    if given := [name for name, value in own.items() if value is not None]:
        if truth_table is not None or layers == 2:
            raise ValueError(
                f"Give either `truth_table` (and `layers`), for which weights are found, or `weights`, `threshold` and "
                f"`inhibitory` of a single unit. Received both: {', '.join(given)} beside truth_table={truth_table!r}, "
                f"layers={layers}"
            )
        stack = [_given_unit(spec, weights, threshold, inhibitory)]
    else:
        gate = "and" if truth_table is None else truth_table
        table = read_table(gate, spec.num_inputs)
        stack = two_layers(table) if layers == 2 else [_one_layer(table, gate)]
    num_inputs = len(stack[0][0])
    if spec.num_inputs not in (None, num_inputs):
        raise ValueError(
            f"The options are for {num_inputs} inputs, the data have {spec.num_inputs}. Give options for as many, or "
            "leave the data out."
        )
    x = keras.Input((num_inputs,), name="inputs")
    inputs = {"inputs": x}
    for i, (w, w_0) in enumerate(stack):
        layer = ThresholdUnits(len(w_0), inhibitory, name=f"units_{i}")
        x = layer(x)
        layer.set_weights([w, w_0])
    return keras.Model(inputs, x, name="mcculloch_pitts")
