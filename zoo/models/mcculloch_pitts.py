"""McCulloch and Pitts's unit (1943): a threshold on a weighted sum, and nets of such units for any logic.

    y = H(sum_i w_i x_i - w_0),  H(0) = 1

W. S. McCulloch, W. Pitts, A Logical Calculus of the Ideas Immanent in Nervous Activity, Bulletin of Mathematical
Biophysics 5, 1943. https://doi.org/10.1007/BF02478259. The cell of 1943 has unit excitatory weights and absolute
inhibition: one active inhibitory input keeps it silent. Nothing is trained: weights are given, or found for a truth
table by linear programming, which also says where no single unit can.
"""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops
from scipy.optimize import linprog

from zoo.data.generated import GATES, patterns
from zoo.registry import Recipe, Spec, suggest

MAX_INPUTS = 12


@keras.saving.register_keras_serializable(package="zoo")
class ThresholdUnits(keras.layers.Layer):
    """Threshold units with fixed weights.

    Args:
        weights: `(num_inputs, units)`.
        threshold: `(units,)`: the sum from which a unit fires.
        inhibitory: Indices of inputs any of which, when active, keeps all units silent.

    Input shape: `(batch, num_inputs)`. Output shape: `(batch, units)`, 0 or 1.
    """

    def __init__(self, weights, threshold, inhibitory=(), **kwargs):
        super().__init__(**kwargs)
        self.fixed_weights = np.asarray(weights, "float32").tolist()
        self.threshold = np.asarray(threshold, "float32").tolist()
        self.inhibitory = [int(i) for i in inhibitory]

    def call(self, x):
        sums = ops.matmul(x, ops.convert_to_tensor(self.fixed_weights, x.dtype))
        fires = ops.cast(sums >= ops.convert_to_tensor(self.threshold, x.dtype), x.dtype)
        if self.inhibitory:
            active = ops.max(ops.stack([x[:, i] for i in self.inhibitory], axis=1), axis=1, keepdims=True)
            fires = fires * ops.cast(active <= 0.0, x.dtype)
        return fires

    def compute_output_shape(self, input_shape):
        return (input_shape[0], len(self.threshold))

    def get_config(self):
        own = {"weights": self.fixed_weights, "threshold": self.threshold, "inhibitory": self.inhibitory}
        return {**super().get_config(), **own}


def truth_outputs(table: str | Sequence[int]) -> np.ndarray:
    """Returns the outputs `(2^n,)` of a truth table, given by its outputs or by a gate's name.

    Raises:
        ValueError: if there is no such gate, or the outputs are not 2^n zeros and ones.
    """
    if isinstance(table, str):
        if table not in GATES:
            raise ValueError(f"Unknown gate {table!r}.{suggest(table, GATES)} The gates are: {', '.join(GATES)}.")
        return np.array(GATES[table])
    outputs = np.asarray(table)
    size = outputs.size
    if outputs.ndim != 1 or size < 2 or size & (size - 1) or not np.isin(outputs, (0, 1)).all():
        raise ValueError(
            f"`truth_table` must be 2^n outputs of 0 and 1, the first input being the most significant bit, or a gate's name. "
            f"Received: truth_table={table!r}"
        )
    if size > 2**MAX_INPUTS:
        raise ValueError(f"`truth_table` must have at most {MAX_INPUTS} inputs. Received: {size.bit_length() - 1}.")
    return outputs.astype(int)


def solve(outputs: np.ndarray) -> tuple[np.ndarray, float] | None:
    """Returns the weights `(n,)` and the threshold of a single unit for a truth table, or None if there is none.

    The linear program asks for the smallest sum of |w| and |w_0| with w . x - w_0 >= 1 where the output is 1 and <= -1
    where it is 0; scaled to halves of odd numbers, all sums keep their distance from the threshold.
    """
    x = patterns(len(outputs).bit_length() - 1).astype("float64")
    sign = 2.0 * outputs - 1.0
    constraint = -sign[:, None] * np.hstack([x, -np.ones((len(x), 1))])
    size = constraint.shape[1]
    # w = p - q with p, q >= 0 makes the sum of |w| linear
    found = linprog(np.ones(2 * size), np.hstack([constraint, -constraint]), -np.ones(len(x)), bounds=(0, None))
    if not found.success:
        return None
    w = found.x[:size] - found.x[size:]
    return w[:-1], float(w[-1])


def two_layers(outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Returns weights and thresholds of both layers of a net for any truth table.

    The first layer has a unit for each true row, which fires for that pattern alone; the second is their disjunction.
    """
    x = patterns(len(outputs).bit_length() - 1)
    true = x[outputs == 1]
    if len(true) == 0:
        return np.zeros((x.shape[1], 1)), np.ones(1), np.ones((1, 1)), np.ones(1)
    signs = 2.0 * true - 1.0
    return signs.T, true.sum(axis=1), np.ones((len(true), 1)), np.ones(1)


RECIPE = Recipe(data="and_gate", preprocessing="raw", validation=None, epochs=0)


def mcculloch_pitts(
    spec: Spec,
    *,
    weights: Sequence[float] | None = None,
    threshold: float | None = None,
    truth_table: str | Sequence[int] | None = None,
    inhibitory: Sequence[int] = (),
    layers: int = 1,
) -> keras.Model:
    """Builds a threshold unit, or a net of two layers of them. Without options, the unit that computes "and".

    Args:
        spec: The inputs to build for; without data, the options say how many there are.
        weights: One a input, inhibitory ones included.
        threshold: The weighted sum from which the unit fires.
        truth_table: 2^n outputs, the first input being the most significant bit; or a gate's name.
        inhibitory: Indices of inputs with absolute inhibition; the others have the weight 1 unless `weights` says else.
        layers: 1: a single unit; 2: a net, which exists for every truth table.

    Returns:
        A network from patterns `(batch, num_inputs)` to 0 or 1 `(batch, 1)`.

    Raises:
        ValueError: if the options contradict each other or the data, or no single unit computes the table.
    """
    if layers not in (1, 2):
        raise ValueError(f"`layers` must be 1 or 2. Received: layers={layers}")
    given = weights is not None or threshold is not None or len(inhibitory) > 0
    if truth_table is not None and given:
        raise ValueError("`truth_table` finds weights and threshold. Give either it, or `weights`, `threshold`, `inhibitory`.")
    if layers == 2 and given:
        raise ValueError("`layers=2` takes a `truth_table`. Received: weights, threshold or inhibitory inputs.")
    if given:
        stack = [_given_unit(spec, weights, threshold, inhibitory)]
    else:
        outputs = truth_outputs("and" if truth_table is None else truth_table)
        stack = _solved(outputs, layers, truth_table)
    num_inputs = len(stack[0].fixed_weights)
    if spec.num_inputs not in (None, num_inputs):
        raise ValueError(f"The options are for {num_inputs} inputs. Received: data with {spec.num_inputs}.")
    inputs = {"inputs": keras.Input((num_inputs,), name="inputs")}
    x = inputs["inputs"]
    for layer in stack:
        x = layer(x)
    return keras.Model(inputs, x, name="mcculloch_pitts")


def _given_unit(spec, weights, threshold, inhibitory):
    if weights is None:
        count = spec.num_inputs
        if count is None:
            raise ValueError("Give `weights`, one a input, or data: they say how many inputs there are.")
        weights = [0.0 if i in set(inhibitory) else 1.0 for i in range(count)]
    if threshold is None:
        raise ValueError("Give `threshold` with `weights`: the sum from which the unit fires.")
    values = np.asarray(weights, "float64")
    if values.ndim != 1 or not len(values) or not np.all(np.isfinite(values)) or not np.isfinite(threshold):
        raise ValueError(f"`weights` and `threshold` must be finite numbers. Received: weights={weights}, threshold={threshold}")
    if any(not 0 <= i < len(values) for i in inhibitory):
        raise ValueError(f"`inhibitory` must be indices of the {len(values)} inputs. Received: inhibitory={inhibitory}")
    values[list(inhibitory)] = 0.0  # an inhibitory input has no weight: it is absolute
    return ThresholdUnits(values[:, None], [float(threshold)], inhibitory, name="unit")


def _solved(outputs, layers, table):
    if layers == 2:
        first, first_threshold, second, second_threshold = two_layers(outputs)
        return [
            ThresholdUnits(first, first_threshold, name="patterns"),
            ThresholdUnits(second, second_threshold, name="disjunction"),
        ]
    found = solve(outputs)
    if found is None:
        raise ValueError(
            f"No single threshold unit computes truth_table={table!r}: it is not linearly separable. Pass layers=2 for a net."
        )
    return [ThresholdUnits(found[0][:, None], [found[1]], name="unit")]
