"""Hodgkin and Huxley's axon (1952): four differential equations that fire.

    C du/dt = I - g_na m^3 h (u - e_na) - g_k n^4 (u - e_k) - g_l (u - e_l) [+ a / (2 R) d^2u/dx^2]
    dx/dt = phi (alpha_x(u) (1 - x) - beta_x(u) x)  for x = m, h, n,   phi = 3^((T - 6.3) / 10)

A. L. Hodgkin, A. F. Huxley, A Quantitative Description of Membrane Current and its Application to Conduction and
Excitation in Nerve, Journal of Physiology 117(4), 1952. https://doi.org/10.1113/jphysiol.1952.sp004764

u is the depolarisation from rest in mV (the paper's -V), t in ms, I in uA/cm2, positive inwards. The current of step k
flows from k dt to (k + 1) dt, and the output of step k is the state at its end. The network computes in float64, in
which programs of different compilers agree over thousands of spikes; in float32 their phases drift apart.

Training is by Gauss and Newton: the voltage's derivatives by each conductance and potential, J, come from as many
neighbours simulated beside the neuron, and the gradient that reaches the optimizer is that of a squared error times
(2 J'J)^-1. SGD of rate 1 is then Gauss and Newton's step; each changes no weight by more than 30 per cent. Where a
recording has no noise to speak of, it begins at what balances the currents (`zoo.layers.current_balance`).
"""

import contextlib
import math

import keras
import numpy as np
from keras import ops

from zoo.layers.current_balance import balance
from zoo.registry import Recipe, Spec, Traits

G_NA, G_K, G_L = 120.0, 36.0, 0.3  # mS/cm2 (paper, table 3)
E_NA, E_K, E_L = 115.0, -12.0, 10.613  # mV from rest; e_l such that the ionic current vanishes there
CAPACITANCE = 1.0  # uF/cm2
TEMPERATURE = 6.3  # C, of the recordings that the rates were fitted to
DIAMETER = 476.0  # um, axon 17 of the paper: a = 238 um
AXIAL_RESISTIVITY = 35.4  # ohm cm, R2 of the same axon
CONDUCTANCES, POTENTIALS = ("g_na", "g_k", "g_l"), ("e_na", "e_k", "e_l")
NAMES = (*CONDUCTANCES, *POTENTIALS)
DEFAULTS = dict(zip((*NAMES, "capacitance"), (G_NA, G_K, G_L, E_NA, E_K, E_L, CAPACITANCE)))
METHODS = ("rk4", "exponential_euler")
OUTPUTS = ("voltage", "state")

DIFFERENCE = 1e-6  # relative change of a neighbour's weight
POTENTIAL_UNIT = 25.0  # mV, to which changes of potentials are relative
LARGEST_CHANGE = 0.3  # of a weight in a step
DAMPING = 1e-4  # of Levenberg and Marquardt, relative to the diagonal
NEAR = 1e-3  # share of the currents that is unexplained below which a recording has no noise to speak of


def linoid(x, exp_x=None):
    """Returns x / (e^x - 1), which is 1 at 0; value and derivatives are right there, too.

    Args:
        x: A tensor.
        exp_x: e^x, where it is known.
    """
    exp_x = ops.exp(x) if exp_x is None else exp_x
    is_near = ops.abs(x) < 0.25
    # Both branches are computed and differentiated: where x is near 0, the quotient is of harmless numbers.
    quotient = ops.where(is_near, 1.0, x) / (ops.where(is_near, 2.0, exp_x) - 1.0)
    y = x * x  # 1 - x/2 + x^2/12 - x^4/720 + ..., Bernoulli's numbers, up to x^10: exact to 1e-16
    series = 1.0 - y / 40.0 * (1.0 - y / 39.6)
    series = 1.0 - x / 2.0 + y / 12.0 * (1.0 - y / 60.0 * (1.0 - y / 42.0 * series))
    return ops.where(is_near, series, quotient)


def rates(u):
    """Returns alpha and beta of m, h and n in 1/ms at 6.3 C (paper, equations 12, 13, 20, 21, 23, 24)."""
    root = ops.exp(-u / 80.0)
    fourth = ops.square(ops.square(root))  # e^(-u/20)
    eighth = ops.square(fourth)  # e^(-u/10): exponentials take most of the time, and these need two
    return (
        (linoid(2.5 - u / 10.0, math.exp(2.5) * eighth), 4.0 * ops.exp(-u / 18.0)),
        (0.07 * fourth, 1.0 / (math.exp(3.0) * eighth + 1.0)),
        (0.1 * linoid(1.0 - u / 10.0, math.e * eighth), 0.125 * root),
    )


def _numpy_rates(u: float):
    def quotient(x):
        return x / math.expm1(x) if x else 1.0

    return (
        (quotient(2.5 - u / 10.0), 4.0 * math.exp(-u / 18.0)),
        (0.07 * math.exp(-u / 20.0), 1.0 / (math.exp(3.0 - u / 10.0) + 1.0)),
        (0.1 * quotient(1.0 - u / 10.0), 0.125 * math.exp(-u / 80.0)),
    )


REST = (0.0, *(alpha / (alpha + beta) for alpha, beta in _numpy_rates(0.0)))


@keras.saving.register_keras_serializable(package="zoo")
class HodgkinHuxleyCell(keras.layers.Layer):
    """The membrane over one step of time, for `keras.layers.RNN`; state [u, m, h, n], each `(batch, compartments)`.

    Args:
        dt: Step in ms.
        temperature: In C.
        method: `"rk4"` or `"exponential_euler"`.
        outputs: `"voltage"` or `"state"`.
        compartments: How many along the axon; the current flows into the first.
        coupling: Conductance between neighbouring compartments in mS/cm2 of membrane.
        membrane: Initial conductances, potentials and capacitance by name.

    Input shape: `(batch, 1)`. Output shape: `(batch, compartments)`, or `(batch, 4 * compartments)`.
    """

    def __init__(
        self,
        dt: float = 0.01,
        temperature: float = TEMPERATURE,
        method: str = "rk4",
        outputs: str = "voltage",
        compartments: int = 1,
        coupling: float = 0.0,
        membrane=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.dt, self.temperature, self.method, self.outputs = dt, temperature, method, outputs
        self.compartments, self.coupling = compartments, coupling
        self.membrane = {**DEFAULTS, **(membrane or {})}
        self.state_size = [compartments] * 4
        self.output_size = compartments * (4 if outputs == "state" else 1)

    def build(self, input_shape=None):
        for name, value in self.membrane.items():
            weight = self.add_weight(
                shape=(),
                initializer=keras.initializers.Constant(value),
                dtype="float32",
                autocast=False,
                trainable=name in NAMES,
                constraint=keras.constraints.NonNeg() if name in CONDUCTANCES else None,
                name=name,
            )
            setattr(self, name, weight)

    def get_initial_state(self, batch_size=None):
        """Returns the axon at rest."""
        return [ops.full((batch_size, self.compartments), value, dtype=self.compute_dtype) for value in REST]

    def parameters(self):
        """Returns g_na, g_k, g_l, e_na, e_k, e_l and the capacitance."""
        return [ops.cast(getattr(self, name), self.compute_dtype) for name in (*NAMES, "capacitance")]

    def adjustable(self) -> list[str]:
        """Returns the names of the weights that are trained."""
        return [name for name in NAMES if getattr(self, name).trainable]

    def neighbours(self):
        """Returns the parameters `(1 + adjustable, 1)`: as they are, then with one of them changed in each row.

        And the units of the changes `(adjustable,)`.
        """
        adjustable, changed, units = self.adjustable(), [], []
        for name, value in zip((*NAMES, "capacitance"), self.parameters()):
            unit = ops.abs(value) + 1e-6 if name in CONDUCTANCES else POTENTIAL_UNIT * ops.ones_like(value)
            if name in adjustable:
                units.append(unit)
            which = np.array([0.0] + [float(name == other) for other in adjustable])[:, None]
            changed.append(value + DIFFERENCE * unit * ops.convert_to_tensor(which, self.compute_dtype))
        return changed, ops.stack(units)

    def call(self, current, states):
        """Steps. States of one more axis, `(batch, neighbours, compartments)`, have parameters of their own each."""
        if len(states[0].shape) == 3:
            current, parameters = ops.expand_dims(current, 1), self.neighbours()[0]
        else:
            parameters = self.parameters()
        if self.compartments > 1:
            first = np.eye(1, self.compartments)  # (1, compartments)
            current = current * ops.convert_to_tensor(first, self.compute_dtype)
        step = {"rk4": self._rk4, "exponential_euler": self._exponential_euler}[self.method]
        states = step(tuple(states), current, parameters)
        return ops.concatenate(states, axis=-1) if self.outputs == "state" else states[0], list(states)

    @property
    def _speed(self) -> float:
        return 3.0 ** ((self.temperature - TEMPERATURE) / 10.0)

    def _currents(self, state, current, parameters):
        """Returns total conductance and, with it, the current that flows at u = 0, in mS/cm2 and uA/cm2."""
        u, m, h, n = state
        g_na, g_k, g_l, e_na, e_k, e_l, _ = parameters
        g_na, g_k = g_na * m * m * m * h, g_k * ops.square(ops.square(n))
        total, flow = g_na + g_k + g_l, current + g_na * e_na + g_k * e_k + g_l * e_l
        if self.compartments > 1:  # no current leaves the ends
            beside = ops.concatenate([u[..., :1], u[..., :-1]], -1) + ops.concatenate([u[..., 1:], u[..., -1:]], -1)
            total, flow = total + 2.0 * self.coupling, flow + self.coupling * beside
        return total, flow

    def _derivatives(self, state, current, parameters):
        total, flow = self._currents(state, current, parameters)
        gates = [
            self._speed * (alpha - (alpha + beta) * gate) for gate, (alpha, beta) in zip(state[1:], rates(state[0]))
        ]
        return (flow - total * state[0]) / parameters[-1], *gates

    def _rk4(self, state, current, parameters):
        """A loop of four stages: written out, XLA multiplies them into each other, and compiles for a minute."""
        times = ops.convert_to_tensor(self.dt * np.array([0.0, 0.5, 0.5, 1.0]), self.compute_dtype)
        shares = ops.convert_to_tensor(self.dt / 6.0 * np.array([1.0, 2.0, 2.0, 1.0]), self.compute_dtype)

        def stage(i, slopes, sums):
            ahead = tuple(x + times[i] * k for x, k in zip(state, slopes))
            slopes = self._derivatives(ahead, current, parameters)
            return slopes, tuple(total + shares[i] * k for total, k in zip(sums, slopes))

        none = tuple(ops.zeros_like(x) for x in state)
        return _stages(stage, none, state)

    def _exponential_euler(self, state, current, parameters):
        """Solves each equation exactly over a step, the others standing still: nothing leaves its bounds, at any dt."""
        total, flow = self._currents(state, current, parameters)

        def relaxed(x, limit, rate):
            return limit + (x - limit) * ops.exp(-self.dt * rate)

        gates = [
            relaxed(gate, alpha / (alpha + beta), self._speed * (alpha + beta))
            for gate, (alpha, beta) in zip(state[1:], rates(state[0]))
        ]
        return relaxed(state[0], flow / total, total / parameters[-1]), *gates

    def get_config(self):
        names = ("dt", "temperature", "method", "outputs", "compartments", "coupling", "membrane")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def _stages(stage, slopes, sums):
    """Returns the sums after four stages; the loop of each backend through which gradients flow."""
    if keras.backend.backend() == "jax":
        return ops.fori_loop(0, 4, lambda i, carried: stage(i, *carried), (slopes, sums))[1]
    done = ops.while_loop(
        lambda i, *_: i < 4, lambda i, *carried: (i + 1, *stage(i, *carried)), (0, slopes, sums), maximum_iterations=4
    )
    return done[2]


def _in_double():
    """Returns a context in which JAX, too, has float64."""
    if keras.backend.backend() != "jax":
        return contextlib.nullcontext()
    import jax

    return jax.enable_x64(True)


def _product(a, b):
    """Returns a b, of matrices in float64, which Keras's own product makes float32 on PyTorch."""
    return a @ b if keras.backend.backend() == "torch" else ops.matmul(a, b)


def _limited(weights, units):
    """Returns the weights; the gradient, a change relative to the units, is cut to the largest change allowed."""

    @ops.custom_gradient
    def identity(weights, units):
        def gradient(*arguments, upstream=None):
            change = arguments[0] if upstream is None else upstream
            largest = ops.max(ops.abs(change))
            return units * change * ops.minimum(1.0, LARGEST_CHANGE / (largest + 1e-30)), ops.zeros_like(units)

        return weights + 0.0, gradient

    return identity(weights, units)


@keras.saving.register_keras_serializable(package="zoo")
class Axon(keras.layers.RNN):
    """A `HodgkinHuxleyCell` over time, in float64; in training, with the derivatives by its weights.

    Input shape: `(batch, time, 1)`. Output shape: `(batch, time, cell.output_size)`, float32.
    """

    def __init__(self, cell, **kwargs):
        kwargs |= {"return_sequences": True, "dtype": "float64", "autocast": False}
        super().__init__(cell, **kwargs)

    def build(self, input_shape):
        if not self.cell.built:
            self.cell.build((input_shape[0], input_shape[2]))

    def call(self, sequences, training=None):
        with _in_double():
            current = ops.cast(sequences, "float64")
            return self._with_derivatives(current) if training else ops.cast(super().call(current), "float32")

    def _with_derivatives(self, current):
        cell = self.cell
        adjustable = cell.adjustable()
        states = cell.get_initial_state(batch_size=ops.shape(current)[0])
        if not adjustable:
            return ops.cast(super().call(current), "float32")
        states = [ops.repeat(ops.expand_dims(state, 1), 1 + len(adjustable), axis=1) for state in states]
        outputs = ops.stop_gradient(super().call(current, initial_state=states))  # (batch, time, neighbours, outputs)
        value, changed = outputs[:, :, 0], outputs[:, :, 1:]
        slopes = ops.transpose((changed - outputs[:, :, :1]) / DIFFERENCE, (0, 1, 3, 2))
        units = ops.stop_gradient(cell.neighbours()[1])
        flat = ops.reshape(slopes, (-1, len(adjustable)))
        curvature = 2.0 * _product(ops.transpose(flat), flat) / ops.cast(ops.shape(flat)[0], "float64")
        scale = ops.sqrt(ops.diagonal(curvature)) + 1e-9
        curvature = curvature / scale[:, None] / scale[None] + DAMPING * ops.eye(len(adjustable), dtype="float64")
        inverse = ops.inv(curvature) / scale[:, None] / scale[None]
        slopes = ops.cast(_product(slopes, inverse), "float32")
        weights = ops.stack([ops.cast(getattr(cell, name), "float32") for name in adjustable])
        change = _limited(weights, ops.cast(units, "float32")) - ops.stop_gradient(weights)
        return ops.cast(value, "float32") + ops.matmul(slopes, change)

    def compute_output_spec(self, sequences, training=None):
        return keras.KerasTensor((*sequences.shape[:2], self.cell.output_size), "float32")

    def get_config(self):
        config = super().get_config()
        return {name: config[name] for name in ("name", "trainable", "cell")}


def largest_stable_step(membrane, *, temperature: float, compartments: int, coupling: float) -> float:
    """Returns the step in ms up to which Runge and Kutta's method is stable.

    It is so where dt times the fastest rate stays below 2.785. The membrane's rate at the peak of a spike is
    (g_na / 3 + g_k / 10 + g_l) / C, found by simulation; the cable adds 4 g sin^2 of the shortest wave; the fastest
    gate is m where the membrane is most hyperpolarised, at 25 mV below rest: stronger currents need smaller steps.
    """
    spike = membrane["g_na"] / 3.0 + membrane["g_k"] / 10.0 + membrane["g_l"]
    waves = 4.0 * coupling * math.sin(math.pi * (compartments - 1) / (2 * compartments)) ** 2
    lowest = min(-25.0, membrane["e_k"] - 13.0)
    gate = 3.0 ** ((temperature - TEMPERATURE) / 10.0) * sum(_numpy_rates(lowest)[0])
    return 2.785 / max((spike + waves) / membrane["capacitance"], gate)


@keras.saving.register_keras_serializable(package="zoo")
def trace_error(y_true, y_pred):
    """Returns the mean of (y - u)^2 over time and outputs, per recording: mV^2."""
    return ops.mean(ops.square(ops.cast(y_true, y_pred.dtype) - y_pred), axis=(1, 2))


def membrane(model) -> dict[str, float]:
    """Returns conductances in mS/cm2, reversal potentials in mV and the capacitance in uF/cm2, by name."""
    cell = model.network.get_layer("axon").cell
    return {name: float(ops.convert_to_numpy(getattr(cell, name))) for name in (*NAMES, "capacitance")}


def _near(model, x, y) -> None:
    """Begins a training with the conductances and potentials that balance the currents, where that is far better."""
    cell = model.network.get_layer("axon").cell
    if cell.compartments > 1 or len(cell.adjustable()) < len(NAMES):
        return

    def speeded(u):
        with _in_double():
            return [[cell._speed * ops.convert_to_numpy(rate) for rate in pair] for pair in rates(u)]

    now = membrane(model)
    known = {"dt": cell.dt, "capacitance": now["capacitance"]}
    found = balance(np.asarray(x["inputs"])[..., 0], np.asarray(y)[..., 0], REST[1:], speeded, **known)
    if found is None:
        return
    g, e, unexplained = found
    left = unexplained([now[name] for name in CONDUCTANCES], [now[name] for name in POTENTIALS])
    if unexplained(g, e) < min(NEAR, left / 4.0):  # noise, or weights that are right already, leave it alone
        for name, value in zip(NAMES, (*g, *e)):
            getattr(cell, name).assign(value)


def _named(name: str):
    """Returns a function that reads one of these from a model."""
    return lambda model: membrane(model)[name]


def _check_recordings(model, x, y) -> None:
    outputs = model.network.outputs[0].shape[-1]
    if y is None:
        raise ValueError(
            "An axon is fitted to recordings. Received: currents alone. Pass the voltages that they caused, "
            "`fit(current, voltage)`; to simulate, call `predict`."
        )
    wanted, shape = (*np.shape(x["inputs"])[:2], outputs), np.shape(y)
    if shape != wanted:
        raise ValueError(
            f"Recordings must have a row for each of the currents, as many steps, and {outputs} output(s): {wanted}. "
            f"Received: {shape}. Record all of them, or build with other `outputs` or `compartments`."
        )


def _is_number(value) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool) and math.isfinite(value)


RECIPE = Recipe(
    data="squid_axon",
    encodings="raw",
    optimizer="sgd",
    learning_rate=1.0,
    batch_size="full",
    epochs=20,
    shuffle=False,
    validation=None,
    by_option={"outputs": {"state": {"data": "squid_axon_states"}}},
)
TRAITS = Traits(
    loss=trace_error,
    jit=True,
    properties={"membrane": membrane, **{name: _named(name) for name in (*NAMES, "capacitance")}},
    check=_check_recordings,
    start=_near,
)


def hodgkin_huxley(
    spec: Spec,
    *,
    dt: float = 0.01,
    temperature: float = 6.3,
    method: str = "rk4",
    outputs: str = "voltage",
    compartments: int = 1,
    g_na: float = 120.0,
    g_k: float = 36.0,
    g_l: float = 0.3,
    e_na: float = 115.0,
    e_k: float = -12.0,
    e_l: float = 10.613,
    capacitance: float = 1.0,
    diameter: float = 476.0,
    axial_resistivity: float = 35.4,
    compartment_length: float = 1000.0,
) -> keras.Model:
    """Builds the squid's giant axon, at rest; its conductances and potentials are trainable weights.

    Args:
        spec: The inputs to build for: sequences of one current.
        dt: Step in ms, that of the currents and of the recordings too. Runge and Kutta's is stable while u stays above
            -25 mV; currents that drive it far below need smaller steps.
        temperature: In C; rates are 3 times as fast for each 10 C more.
        method: `"rk4"`: Runge and Kutta's, accurate; `"exponential_euler"`: stable at any step, accurate at small ones.
        outputs: `"voltage"`, or `"state"`: u, then m, h and n.
        compartments: 1: a patch of membrane, or an axon held at one voltage. More: a cable; the current flows into the
            first compartment, and outputs are those of every one.
        g_na: Largest sodium conductance in mS/cm2.
        g_k: Largest potassium conductance in mS/cm2.
        g_l: Leak conductance in mS/cm2.
        e_na: Sodium's reversal potential in mV from rest.
        e_k: Potassium's reversal potential in mV from rest.
        e_l: The leak's reversal potential in mV from rest.
        capacitance: In uF/cm2.
        diameter: Of the cable, in um.
        axial_resistivity: Of the axoplasm, in ohm cm.
        compartment_length: In um.

    Returns:
        A network from currents in uA/cm2 `(batch, time, 1)` to voltages in mV `(batch, time, compartments)`, or to
        states `(batch, time, 4 * compartments)`.

    Raises:
        ValueError: if an option is out of range, the step is not stable, or the data are no sequences of one current.
    """
    for name, value, allowed in (("method", method, METHODS), ("outputs", outputs, OUTPUTS)):
        if value not in allowed:
            raise ValueError(f"`{name}` must be one of {', '.join(map(repr, allowed))}. Received: {name}={value!r}")
    if isinstance(compartments, bool) or not isinstance(compartments, (int, np.integer)) or compartments < 1:
        raise ValueError(f"`compartments` must be an integer, 1 or more. Received: compartments={compartments!r}")
    values = {"g_na": g_na, "g_k": g_k, "g_l": g_l, "e_na": e_na, "e_k": e_k, "e_l": e_l, "capacitance": capacitance}
    positive = {
        "dt": (dt, "ms"),
        "capacitance": (capacitance, "uF/cm2"),
        "diameter": (diameter, "um"),
        "axial_resistivity": (axial_resistivity, "ohm cm"),
        "compartment_length": (compartment_length, "um"),
    }
    for name, (value, unit) in positive.items():
        if not _is_number(value) or value <= 0.0:
            raise ValueError(f"`{name}` must be positive, in {unit}. Received: {name}={value!r}")
    for name in CONDUCTANCES:
        if not _is_number(values[name]) or values[name] < 0.0:
            raise ValueError(f"`{name}` must be 0 or more, in mS/cm2. Received: {name}={values[name]!r}")
    if not any(values[name] for name in CONDUCTANCES):
        raise ValueError("A membrane must conduct: one of `g_na`, `g_k`, `g_l` must be positive. Received: 0 for all.")
    for name, unit in (*((name, "mV from rest") for name in POTENTIALS), ("temperature", "C")):
        value = values.get(name, temperature)
        if not _is_number(value):
            raise ValueError(f"`{name}` must be a finite number, in {unit}. Received: {name}={value!r}")
    if spec.num_inputs != 1 or not spec.sequences:
        raise ValueError(
            "An axon takes sequences of one current, (rows, time, 1). Received: "
            f"{'sequences' if spec.sequences else 'rows'} of {spec.num_inputs}. For a table with a row a recording: "
            "x[..., None]."
        )
    coupling = 0.0
    if compartments > 1:  # a / (2 R dx^2) with a and dx in cm, S -> mS
        coupling = 1e3 * (diameter / 2.0 * 1e-4) / (2.0 * axial_resistivity * (compartment_length * 1e-4) ** 2)
    if method == "rk4":
        most = largest_stable_step(values, temperature=temperature, compartments=compartments, coupling=coupling)
        if dt > most:
            shown = math.floor(most * 1e5) / 1e5 if most > 1e-3 else most
            longer = ", longer compartments" if compartments > 1 else ""
            raise ValueError(
                f"`dt` must be at most {shown:g} ms for method='rk4' and this membrane: larger steps are unstable. "
                f"Received: dt={dt!r}. Pass dt={shown:g}{longer}, or method='exponential_euler', which is stable at "
                "any step and accurate at small ones."
            )
    inputs = spec.inputs()
    cell = HodgkinHuxleyCell(
        float(dt),
        float(temperature),
        method,
        outputs,
        int(compartments),
        coupling,
        values,
        dtype="float64",
        name="cell",
    )
    return keras.Model(inputs, Axon(cell, name="axon")(inputs["inputs"]), name="hodgkin_huxley")
