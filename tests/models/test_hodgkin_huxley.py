"""Hodgkin and Huxley 1952: an axon that fires, rests, recovers and conducts as theirs did; scipy is the witness."""

import functools
import math

import keras
import numpy as np
import pytest
from scipy.integrate import solve_ivp

import zoo
from tests.conftest import BACKEND
from zoo.models.hodgkin_huxley import Axon, HodgkinHuxleyCell, hodgkin_huxley, linoid, rates
from zoo.registry import Spec

PAPER = {"g_na": 120.0, "g_k": 36.0, "g_l": 0.3, "e_na": 115.0, "e_k": -12.0, "e_l": 10.613}
SEQUENCES = Spec("dynamics", num_inputs=1, sequences=True)
STEPS, DT = 10_000, 0.01


def derivatives(t, state, current, phi=1.0, membrane=PAPER):
    """The paper's equations, written down once more."""
    u, m, h, n = state
    p = membrane
    a_m = 0.1 * (25 - u) / np.expm1((25 - u) / 10) if u != 25 else 1.0
    a_n = 0.01 * (10 - u) / np.expm1((10 - u) / 10) if u != 10 else 0.1
    a_h, b_h = 0.07 * np.exp(-u / 20), 1 / (np.exp((30 - u) / 10) + 1)
    ionic = p["g_na"] * m**3 * h * (u - p["e_na"]) + p["g_k"] * n**4 * (u - p["e_k"]) + p["g_l"] * (u - p["e_l"])
    return [
        current - ionic,
        phi * (a_m * (1 - m) - 4 * np.exp(-u / 18) * m),
        phi * (a_h * (1 - h) - b_h * h),
        phi * (a_n * (1 - n) - 0.125 * np.exp(-u / 80) * n),
    ]


REST = [0.0, 0.0529324852572496, 0.596120753508460, 0.317676914060697]


def witness(pieces, phi=1.0, membrane=PAPER, dt=DT):
    """Returns u, m, h, n `(steps, 4)` at the ends of steps, for `(current, ms)` one after another."""
    state, found = REST, []
    for current, length in pieces:
        times = dt * np.arange(1, round(length / dt) + 1)
        done = solve_ivp(
            derivatives,
            (0, times[-1] + 1e-9),
            state,
            args=(current, phi, membrane),
            method="DOP853",
            rtol=1e-9,
            atol=1e-11,
            t_eval=times,
        )
        found.append(done.y.T)
        state = done.y[:, -1]
    return np.concatenate(found)


def currents(*rows, dt=DT):
    """Returns `(rows, time, 1)` for rows of `(current, ms)`."""
    return np.stack([np.concatenate([np.full(round(ms / dt), i) for i, ms in row]) for row in rows])[..., None].astype(
        "float32"
    )


def spikes(u, dt=DT):
    """Returns when a voltage rises through 50 mV, between steps by interpolation, in ms."""
    before = np.flatnonzero((u[:-1] < 50) & (u[1:] >= 50))
    return dt * (before + 1 + (50 - u[before]) / (u[before + 1] - u[before]))


SCENES = {
    "steady": [(10, 100)],
    "below": [(0, 1), (6.5, 1), (0, 98)],
    "above": [(0, 1), (7.0, 1), (0, 98)],
    "strong": [(0, 1), (20.0, 1), (0, 98)],
    "too soon": [(0, 1), (60, 1), (0, 4), (60, 1), (0, 93)],
    "soon": [(0, 1), (60, 1), (0, 7), (60, 1), (0, 90)],
    "anode": [(-5, 30), (0, 70)],
    "silent": [(6.2, 100)],
    "repeats": [(6.3, 100)],
}


@functools.cache
def built(**options):
    return zoo.build("hodgkin_huxley", **options)


@pytest.fixture(scope="module")
def traces():
    """The voltages of all scenes, 100 ms at 0.01 ms."""
    voltages = built().predict(currents(*SCENES.values()), verbose=0)
    assert voltages.shape == (len(SCENES), STEPS, 1)
    return dict(zip(SCENES, voltages[..., 0].astype("float64")))


def gradient_of(function, x: float) -> float:
    """Returns the derivative of a function of one float64 at x, by the backend."""
    if BACKEND == "jax":
        import jax

        with jax.enable_x64(True):
            return float(jax.grad(function)(jax.numpy.array(x, "float64")))
    import tensorflow as tf

    x = tf.constant(x, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return float(tape.gradient(y, x))


def test_the_gates_at_rest_are_the_paper_s():
    state = HodgkinHuxleyCell().get_initial_state(batch_size=1)
    values = [float(keras.ops.convert_to_numpy(x)[0, 0]) for x in state]
    np.testing.assert_allclose(values, [0.0, 0.0529325, 0.5961208, 0.3176769], atol=5e-8)


def test_at_10_uA_it_fires_7_times_in_100_ms_every_14_636_ms(traces):
    times = spikes(traces["steady"])
    assert len(times) == 7
    assert np.diff(times)[-1] == pytest.approx(14.636, abs=5e-4)


@pytest.mark.parametrize("scene", SCENES)
def test_voltages_are_those_of_scipy_s_integrator(traces, scene):
    """0.001 mV where it fires once; 0.02 mV after seven spikes, of which each adds to the phase."""
    error = np.max(abs(traces[scene] - witness(SCENES[scene])[:, 0]))
    assert error < (0.02 if len(spikes(traces[scene])) > 2 else 2e-3), error


def test_a_spike_is_all_or_none(traces):
    """1 ms of 6.5 uA/cm2 leaves 6 mV, of 7.0 a spike of 100; three times as much makes it hardly higher."""
    peaks = [traces[name].max() for name in ("below", "above", "strong")]
    assert peaks[0] < 7.0 and peaks[1] > 95.0
    assert peaks[2] - peaks[1] < 7.0


def test_after_a_spike_it_is_refractory(traces):
    """The same strong stimulus, 5 ms after the first: none; 8 ms after: a second spike."""
    assert len(spikes(traces["too soon"])) == 1
    assert len(spikes(traces["soon"])) == 2


def test_the_end_of_an_anodal_current_excites_it(traces):
    (time,) = spikes(traces["anode"])
    assert 30.0 < time < 40.0


def test_it_fires_repetitively_from_6_3_uA_on_and_not_at_6_2(traces):
    """The onset is between 6.24 and 6.26 at 6.3 C (scipy, 1,000 ms)."""
    assert spikes(traces["silent"])[-1] < 50.0
    assert spikes(traces["repeats"])[-1] > 90.0


def test_a_spike_overshoots_and_undershoots_within_the_reversal_potentials(traces):
    assert 100.0 < traces["strong"].max() < PAPER["e_na"]
    assert PAPER["e_k"] < traces["strong"].min() < -10.0


def test_spikes_are_shorter_in_the_warmth():
    scene = [(0, 1), (20.0, 1), (0, 6)]
    warm = built(temperature=18.5).predict(currents(scene), verbose=0)[0, :, 0]
    expected = [witness(scene, phi=3.0 ** ((t - 6.3) / 10.0))[:, 0] for t in (6.3, 18.5)]
    np.testing.assert_allclose(warm, expected[1], atol=5e-3)
    widths = [DT * np.sum(u > u.max() / 2) for u in expected]
    assert DT * np.sum(warm > warm.max() / 2) == pytest.approx(widths[1], abs=0.011)
    assert widths[0] / widths[1] > 3.0


def test_the_state_is_that_of_scipy_too():
    scene = [(0, 1), (20.0, 1), (0, 6)]
    states = built(outputs="state").predict(currents(scene), verbose=0)[0]
    np.testing.assert_allclose(states, witness(scene), atol=2e-3)
    np.testing.assert_allclose(states[:, 1:], witness(scene)[:, 1:], atol=2e-5)


def test_other_conductances_are_those_asked_for():
    other = {**PAPER, "g_na": 100.0, "g_k": 30.0, "g_l": 0.4, "e_na": 110.0, "e_k": -10.0, "e_l": 9.0}
    scene = [(0, 1), (20.0, 1), (0, 6)]
    model = zoo.build("hodgkin_huxley", **other)
    np.testing.assert_allclose(
        model.predict(currents(scene), verbose=0)[0, :, 0], witness(scene, membrane=other)[:, 0], atol=2e-3
    )
    assert model.membrane == pytest.approx({**other, "capacitance": 1.0})


def test_a_spike_runs_along_the_cable_at_18_8_metres_a_second():
    """Hodgkin and Huxley by hand, at 18.5 C; compartments of 1 mm cost one per cent, see the numbers of 0.5 mm."""
    model = built(compartments=60, temperature=18.5)
    voltages = model.predict(currents([(1000.0, 0.2), (0, 3.8)]), verbose=0)[0]
    assert voltages.shape == (400, 60)
    times = [spikes(u)[0] for u in voltages.T[[24, 42]]]
    metres_a_second = (42 - 24) * 1.0 / (times[1] - times[0])
    assert metres_a_second == pytest.approx(18.8, rel=0.015)
    assert np.all(np.diff([spikes(u)[0] for u in voltages.T[2:50]]) > 0)
    assert 85.0 < voltages[:, 30].max() < 95.0  # 90.5 mV in the paper


@pytest.mark.slow
def test_half_the_axial_resistance_is_sqrt_2_times_as_fast():
    """The speed goes as sqrt(a / R2): the paper's K = 2 R2 theta^2 C / a is a constant."""
    stimulus = currents([(1000.0, 0.2), (0, 3.8)])

    def speed(**options):
        voltages = zoo.build("hodgkin_huxley", compartments=40, temperature=18.5, **options).predict(
            stimulus, verbose=0
        )[0]
        times = [spikes(u)[0] for u in voltages.T[[16, 28]]]
        return 1.0 / (times[1] - times[0])

    longer = 1000.0 * math.sqrt(2.0)  # the same coupling: the same program in compartments, sqrt(2) times as far
    known = speed()
    assert speed(axial_resistivity=35.4 / 2.0, compartment_length=longer) == pytest.approx(known, rel=1e-6)
    assert speed(diameter=2.0 * 476.0, compartment_length=longer) == pytest.approx(known, rel=1e-6)


def in_plain_rnn(dt, method, amplitude, ms):
    """Returns the voltages of the cell in `keras.layers.RNN`, in float32."""
    x = keras.Input((None, 1))
    model = keras.Model(x, keras.layers.RNN(HodgkinHuxleyCell(dt=dt, method=method), return_sequences=True)(x))
    model.compile(jit_compile=True)
    return model.predict(np.full((1, round(ms / dt), 1), amplitude, "float32"), verbose=0)[0, :, 0]


def test_the_cell_works_in_keras_s_own_rnn():
    np.testing.assert_allclose(in_plain_rnn(0.02, "rk4", 10.0, 10.0), witness([(10, 10)], dt=0.02)[:, 0], atol=0.05)


def test_at_0_1_ms_runge_and_kutta_blow_up_and_exponential_euler_does_not():
    with np.errstate(all="ignore"):
        assert not np.all(np.isfinite(in_plain_rnn(0.1, "rk4", 10.0, 100.0)))
    stable = built(dt=0.1, method="exponential_euler").predict(currents([(10, 100)], dt=0.1), verbose=0)[0, :, 0]
    assert len(spikes(stable, 0.1)) == 7
    assert -12.0 < stable.min() and stable.max() < 115.0


def test_exponential_euler_stays_within_bounds_at_any_step():
    for dt in (1.0, 10.0):
        state = built(dt=dt, method="exponential_euler", outputs="state").predict(
            currents([(0, 20 * dt), (10, 80 * dt)], dt=dt), verbose=0
        )[0]
        assert np.all((state[:, 1:] >= 0) & (state[:, 1:] <= 1))
        assert -12.0 <= state[:, 0].min() and state[:, 0].max() <= 150.0


def test_exponential_euler_comes_nearer_with_the_step():
    """A method of first order: half the step, half the error."""
    scene, errors = [(0, 1), (20.0, 1), (0, 4)], []
    for dt in (0.01, 0.005):
        u = built(dt=dt, method="exponential_euler").predict(currents(scene, dt=dt), verbose=0)[0, :, 0]
        errors.append(np.max(abs(u - witness(scene, dt=dt)[:, 0])))
    assert errors[0] / errors[1] == pytest.approx(2.0, rel=0.1)


def test_the_rates_have_no_hole_at_10_and_25_mv():
    """alpha_m = 1 and alpha_n = 0.1 there; slopes 0.05 and 0.005 (Bernoulli: x / (e^x - 1) = 1 - x/2 + ...)."""
    assert float(rates(keras.ops.convert_to_tensor(25.0))[0][0]) == pytest.approx(1.0, rel=1e-6)
    assert float(rates(keras.ops.convert_to_tensor(10.0))[2][0]) == pytest.approx(0.1, rel=1e-6)
    assert gradient_of(lambda u: rates(u)[0][0], 25.0) == pytest.approx(0.05, rel=1e-12)
    assert gradient_of(lambda u: rates(u)[2][0], 10.0) == pytest.approx(0.005, rel=1e-12)


@pytest.mark.parametrize(
    "x", [-30.0, -1.0, -0.26, -0.24, -1e-3, -1e-9, 0.0, 1e-12, 1e-5, 0.1, 0.2499, 0.2501, 2.0, 40.0]
)
def test_x_over_exp_x_minus_1_and_its_derivative_are_exact(x):
    """The derivative is (e^x - 1 - x e^x) / (e^x - 1)^2; near 0 by Bernoulli's numbers."""
    if abs(x) < 0.2:
        value, slope = 1 - x / 2 + x**2 / 12 - x**4 / 720 + x**6 / 30240, -1 / 2 + x / 6 - x**3 / 180 + x**5 / 5040
    else:
        e = math.expm1(x)
        value, slope = x / e, (e - x * math.exp(x)) / e**2
    if BACKEND == "jax":
        import jax

        with jax.enable_x64(True):
            found = float(linoid(jax.numpy.array(x, "float64")))
    else:
        found = float(linoid(keras.ops.convert_to_tensor(x, "float64")))
    assert found == pytest.approx(value, rel=1e-13)
    assert gradient_of(linoid, x) == pytest.approx(slope, rel=2e-12)


def test_rates_and_their_slopes_are_finite_far_away():
    for u in (-500.0, 500.0):
        for pair in range(3):
            for which in range(2):
                assert math.isfinite(gradient_of(lambda u, i=pair, j=which: rates(u)[i][j], u))


@pytest.mark.slow
def test_fit_recovers_the_conductances_of_a_recorded_axon():
    """From 30 per cent too little sodium, 17 too much potassium and 20 too much leak."""
    x, y = zoo.data.load("squid_axon").arrays()
    model = zoo.build("hodgkin_huxley", g_na=84.0, g_k=42.0, g_l=0.36)
    losses = model.fit(x, y, epochs=14, verbose=0).history["loss"]
    assert losses[-1] < 1e-6  # mV^2
    assert model.membrane == pytest.approx({**PAPER, "capacitance": 1.0}, rel=1e-4)


@pytest.mark.slow
def test_fit_recovers_conductances_from_one_trace_of_several_spikes_however_far_they_are():
    x = currents([(20.0, 30)])
    y = built().predict(x, verbose=0)
    model = zoo.build("hodgkin_huxley", (x, y), g_na=60.0, g_k=60.0, g_l=0.1)
    model.fit(x, y, epochs=12, verbose=0)
    assert model.membrane == pytest.approx({**PAPER, "capacitance": 1.0}, rel=1e-3)


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_a_recording_with_noise_leaves_the_first_weights_alone_and_one_without_gives_them(noise):
    x, y = zoo.data.load("squid_axon").arrays()
    y = y + np.random.default_rng(0).normal(0.0, 1.0, y.shape) * noise
    model = zoo.build("hodgkin_huxley", g_na=100.0, g_k=40.0)
    model.begin_training({"inputs": x}, y, rows=len(x), steps=1)
    begun = {**PAPER, "g_na": 100.0, "g_k": 40.0} if noise else PAPER
    assert model.membrane == pytest.approx({**begun, "capacitance": 1.0}, rel=1e-6 if noise else 1e-2)


def test_a_step_of_training_is_gauss_and_newton_s():
    """w - (J'J)^-1 J'r, where J comes from scipy's voltages; the damping is 1e-4."""
    scene = [(0, 1), (60.0, 1), (0, 3)]
    wrong = {**PAPER, "g_na": 118.0, "g_k": 36.5}
    u, y = (witness(scene, membrane=membrane)[:, 0] for membrane in (wrong, PAPER))
    model = zoo.build("hodgkin_huxley", **wrong)
    cell = model.network.get_layer("axon").cell
    for name in ("g_l", "e_na", "e_k", "e_l"):
        getattr(cell, name).trainable = False
    model.compile(keras.optimizers.SGD(1.0), loss=model.loss, jit_compile=True)
    slopes = []
    for name in ("g_na", "g_k"):
        step = 1e-4 * wrong[name]
        higher, lower = (witness(scene, membrane={**wrong, name: wrong[name] + s})[:, 0] for s in (step, -step))
        slopes.append((higher - lower) / 2e-4)  # by a relative change
    slopes = np.stack(slopes, axis=1)
    square = slopes.T @ slopes
    change = np.linalg.solve(square + 1e-4 * np.diag(np.diag(square)), slopes.T @ (u - y))
    model.fit(currents(scene), y[None, :, None].astype("float32"), epochs=1, verbose=0)
    assert model.membrane["g_na"] == pytest.approx(118.0 * (1 - change[0]), rel=1e-4)
    assert model.membrane["g_k"] == pytest.approx(36.5 * (1 - change[1]), rel=1e-4)
    assert model.membrane["e_na"] == 115.0


@pytest.mark.slow
def test_no_step_changes_a_weight_by_more_than_30_per_cent_and_conductances_stay_positive():
    x, y = zoo.data.load("squid_axon").arrays()
    model = zoo.build("hodgkin_huxley", g_na=20.0)
    model.fit(x[:, :300], -y[:, :300], epochs=1, verbose=0)
    before = {**PAPER, "g_na": 20.0}
    changes = [abs(model.membrane[n] - before[n]) / (before[n] if n[0] == "g" else 25.0) for n in PAPER]
    assert max(changes) == pytest.approx(0.3, rel=1e-4)
    model.network.get_layer("axon").cell.g_l.assign(1e-9)
    model.compile("sgd", loss=model.loss, jit_compile=True)
    model.optimizer.learning_rate = 100.0
    model.fit(x[:, :300], -y[:, :300], epochs=1, verbose=0)
    assert all(model.membrane[name] >= 0.0 for name in ("g_na", "g_k", "g_l"))


@pytest.mark.usefixtures("quick_proof")
@pytest.mark.slow
@pytest.mark.tensorflow
def test_an_export_and_a_reloaded_model_agree_over_100_ms_of_spikes(tmp_path):
    import tensorflow as tf

    model = built()
    x = currents([(10, 100)], [(50, 100)])
    answers = model.predict(x, verbose=0)
    scale = np.ptp(answers)
    report = zoo.export(model, tmp_path / "axon")
    serve = tf.saved_model.load(str(report.path)).signatures["serving_default"]
    (name,) = serve.structured_input_signature[1]
    served = serve(**{name: tf.constant(x)})["prediction"].numpy()
    assert np.max(abs(served - answers)) < 1e-5 * scale
    again = zoo.load(report.path)
    assert np.max(abs(again.predict(x, verbose=0) - answers)) < 1e-5 * scale
    plain = tf.function(lambda x: model.network({"inputs": x}, training=False), autograph=False)(x).numpy()  # no XLA
    assert np.max(abs(plain - answers)) < 1e-5 * scale


@pytest.mark.slow
@pytest.mark.tensorflow
def test_the_recipe_recovers_the_axon_by_every_engine():
    for engine in ("auto", "keras"):
        run = zoo.train("hodgkin_huxley", g_na=100.0, g_k=42.0, epochs=16, engine=engine, verbose=0)
        assert run.model.membrane == pytest.approx({**PAPER, "capacitance": 1.0}, rel=1e-4)
        assert run.metrics["train"]["rmse"] < 1e-3


@pytest.mark.slow
@pytest.mark.tensorflow
def test_gradients_by_autodiff_are_those_of_differences():
    import tensorflow as tf

    model, x = built(), currents([(20.0, 1)])
    (weight,) = [v for v in model.trainable_variables if v.name == "g_na"]

    @tf.function(jit_compile=True)
    def slope():
        with tf.GradientTape() as tape:
            value = tf.reduce_sum(model(x))
        return tape.gradient(value, weight.value)

    def value(g):
        weight.assign(g)
        return float(np.sum(model.predict(x, verbose=0), dtype="float64"))

    expected = (value(121.0) - value(119.0)) / 2.0
    weight.assign(120.0)
    assert float(slope()) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    "options, most",
    [({}, 0.06343), ({"g_na": 240.0}, 0.0331), ({"temperature": 26.3}, 0.0193), ({"compartments": 60}, 0.0156)],
)
def test_a_step_that_is_unstable_is_refused_with_the_largest_stable_one(options, most):
    """2.785 is where Runge and Kutta's method leaves the negative axis (their stability polynomial is 1)."""
    assert abs(1 - 2.785 + 2.785**2 / 2 - 2.785**3 / 6 + 2.785**4 / 24) == pytest.approx(1.0, abs=1e-3)
    with pytest.raises(ValueError, match=r"`dt` must be at most ([\d.]+) ms .* Received: dt=0.1. Pass dt=") as raised:
        hodgkin_huxley(SEQUENCES, dt=0.1, **options)
    shown = float(str(raised.value).split("at most ")[1].split()[0])
    assert shown == pytest.approx(most, rel=0.01)
    hodgkin_huxley(SEQUENCES, dt=shown, **options)


def test_the_largest_stable_step_is_stable():
    rows = [[(i, 30)] for i in (-10, 0, 10, 50, 100, 150)] + [[(0, 1), (300, 1), (0, 28)]]
    with pytest.raises(ValueError) as raised:
        hodgkin_huxley(SEQUENCES, dt=1.0)
    dt = float(str(raised.value).split("at most ")[1].split()[0])
    u = built(dt=dt).predict(currents(*rows, dt=dt), verbose=0)
    assert np.all(abs(u) < 400.0)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"dt": 0.0}, "`dt` must be positive, in ms. Received: dt=0.0"),
        ({"dt": float("nan")}, "`dt` must be positive"),
        ({"method": "euler"}, "`method` must be one of 'rk4', 'exponential_euler'. Received: method='euler'"),
        ({"outputs": "current"}, "`outputs` must be one of 'voltage', 'state'"),
        ({"compartments": 0}, "`compartments` must be an integer, 1 or more"),
        ({"temperature": float("inf")}, "`temperature` must be a finite number, in C"),
        ({"g_na": -1.0}, "`g_na` must be 0 or more, in mS/cm2. Received: g_na=-1.0"),
        ({"e_k": "low"}, "`e_k` must be a finite number, in mV from rest"),
        ({"capacitance": 0}, "`capacitance` must be positive, in uF/cm2"),
        ({"axial_resistivity": -35.4}, "`axial_resistivity` must be positive, in ohm cm"),
        ({"g_na": 0.0, "g_k": 0.0, "g_l": 0.0}, "A membrane must conduct"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(ValueError) as raised:
        hodgkin_huxley(SEQUENCES, **options)
    assert message in str(raised.value)


def test_only_sequences_of_one_current_are_taken():
    with pytest.raises(ValueError, match="sequences of one current"):
        zoo.build("hodgkin_huxley", np.zeros((4, 10)))
    with pytest.raises(ValueError, match="sequences of one current.* of 2"):
        zoo.build("hodgkin_huxley", np.zeros((4, 10, 2)))


def test_a_single_recording_without_an_axis_of_rows_is_not_taken_for_as_many_of_one_step():
    with pytest.raises(
        ValueError, match=r"shape \(rows, time, 1\). Received: \(500, 1\). For one sequence, pass x.reshape\(1, -1, 1\)"
    ):
        built().predict(np.zeros((500, 1), "float32"), verbose=0)


def test_the_membrane_is_read_by_name():
    model = built(g_na=110.0, e_k=-11.0)
    assert (model.g_na, model.e_k, model.g_l) == (110.0, -11.0, pytest.approx(0.3))
    assert model.membrane == {name: getattr(model, name) for name in model.membrane}


def test_nan_currents_and_recordings_are_refused():
    x = np.zeros((2, 10, 1), "float32")
    x[1, 3] = np.nan
    with pytest.raises(ValueError, match="must be finite. Received: nan in row 1 at step 3"):
        built().predict(x, verbose=0)
    with pytest.raises(ValueError, match="must be finite numbers"):
        zoo.train("hodgkin_huxley", (np.zeros_like(x), x), verbose=0)


def test_what_cannot_be_fitted_is_said():
    x, y = np.zeros((2, 10, 1), "float32"), np.zeros((2, 10, 4), "float32")
    with pytest.raises(ValueError, match=r"1 output\(s\): \(2, 10, 1\). Received: \(2, 10, 4\)"):
        built().fit(x, y, verbose=0)
    with pytest.raises(ValueError, match="fitted to recordings. Received: currents alone"):
        built().fit(x, verbose=0)


def test_the_layers_come_back_from_their_configuration():
    axon = built(compartments=3, temperature=18.5).network.get_layer("axon")
    again = Axon.from_config(axon.get_config())
    assert again.cell.get_config() == axon.cell.get_config()
