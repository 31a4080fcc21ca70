"""kernels/axon.js beside the zoo's `hodgkin_huxley` and scipy's integrator; facts from the paper."""

import functools

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.special import exprel

import zoo
from tests.playground.node import call

pytestmark = pytest.mark.node
DT = 0.01
WIDTH = 0.5  # ms, of a pulse
REST = [0.0, 0.0529324852572496, 0.596120753508460, 0.317676914060697]  # alpha / (alpha + beta) at u = 0, by hand


def derivatives(t, state, current, phi=1.0):
    """The paper's equations for numbers or arrays; exprel(x) is (e^x - 1) / x, and 1 at 0."""
    u, m, h, n = state
    return [
        current - 120 * m**3 * h * (u - 115) - 36 * n**4 * (u + 12) - 0.3 * (u - 10.613),
        phi * (1 / exprel((25 - u) / 10) * (1 - m) - 4 * np.exp(-u / 18) * m),
        phi * (0.07 * np.exp(-u / 20) * (1 - h) - h / (np.exp((30 - u) / 10) + 1)),
        phi * (0.1 / exprel((10 - u) / 10) * (1 - n) - 0.125 * np.exp(-u / 80) * n),
    ]


@functools.cache
def built(temperature):
    return zoo.build("hodgkin_huxley", temperature=temperature, outputs="state", dt=DT)


def of_pulses(pulses, duration):
    """Returns the current of each step `(steps,)` in uA/cm2."""
    time = DT * np.arange(round(duration / DT)) + DT / 2.0
    return sum(a * ((time > start) & (time < start + length)) for a, start, length in pulses)


def simulated(pulses, duration, temperature=6.3, **options):
    """Returns the kernel's trace with arrays for lists."""
    trace = call("axon", "simulate", pulses, duration, temperature, *options.values())
    return {name: np.array(values) for name, values in trace.items()}


def after_scipy(pieces, phi=1.0):
    """Returns [u, m, h, n] at the end of `(current, ms)` one after another."""
    state = REST
    for current, length in pieces:
        done = solve_ivp(
            derivatives, (0.0, length), state, args=(current, phi), method="DOP853", rtol=1e-10, atol=1e-12
        )
        state = done.y[:, -1]
    return state


def scipy_fires(first, delay, second, phi=1.0):
    """Returns whether the membrane's own current is inward above 50 mV, after a second pulse."""
    state = after_scipy([(first, WIDTH), (0.0, delay - WIDTH)] if first else [(0.0, 1.0)], phi)
    for current, length in ((second, WIDTH), (0.0, 12.0)):
        done = solve_ivp(
            derivatives, (0, length), state, args=(current, phi), rtol=1e-8, atol=1e-10, max_step=0.02, method="DOP853"
        )
        own = np.array([derivatives(0.0, y, 0.0, phi)[0] for y in done.y.T])
        if np.any((done.y[0] >= 50.0) & (own > 0.0)):
            return True
        state = done.y[:, -1]
    return False


@pytest.mark.parametrize(
    "pulses, temperature",
    [([[10, 0, 50]], 6.3), ([[60, 1, 0.5], [60, 9, 0.5]], 6.3), ([[20, 1, 30]], 18.5), ([[-5, 0, 20]], 10.0)],
)
def test_the_state_is_that_of_the_zoo_s_axon(pulses, temperature):
    """To 1e-5 of the gates' range, 1, and of the voltage's, 115 mV: the zoo's constants are rounded to float32."""
    trace = simulated(pulses, 50.0, temperature)
    expected = built(temperature).predict(of_pulses(pulses, 50.0)[None, :, None], verbose=0)[0]
    found = np.stack([trace[name] for name in ("u", "m", "h", "n")], axis=1)
    np.testing.assert_allclose(found / [115.0, 1.0, 1.0, 1.0], expected / [115.0, 1.0, 1.0, 1.0], atol=1e-5)


def test_the_gates_at_rest_are_the_paper_s():
    np.testing.assert_allclose(call("axon", "rest"), [0.0, 0.0529325, 0.5961208, 0.3176769], atol=5e-8)


@pytest.mark.parametrize("u", [-40.0, 0.0, 9.999, 10.0, 25.0, 25.001, 22.6, 110.0])
def test_rates_are_the_paper_s_and_have_no_hole_at_10_and_25_mv(u):
    found = call("axon", "rates", u, [0.0] * 6)
    m = 0.1 * (25 - u) / np.expm1((25 - u) / 10) if u != 25 else 1.0
    n = 0.01 * (10 - u) / np.expm1((10 - u) / 10) if u != 10 else 0.1
    h = 0.07 * np.exp(-u / 20), 1 / (np.exp((30 - u) / 10) + 1)
    np.testing.assert_allclose(found, [m, 4 * np.exp(-u / 18), *h, n, 0.125 * np.exp(-u / 80)], rtol=1e-12)


def test_at_10_uA_it_fires_7_times_in_100_ms_every_14_636_ms():
    trace = simulated([[10, 0, 100]], 100.0)
    times = call("axon", "spikes", trace["time"], trace["u"])
    assert len(times) == 7
    assert times[-1] - times[-2] == pytest.approx(14.636, abs=5e-4)


def test_rows_of_several_steps_are_every_so_manieth_row():
    fine, coarse = simulated([[10, 0, 20]], 20.0), simulated([[10, 0, 20]], 20.0, every=10)
    for name in fine:
        np.testing.assert_array_equal(coarse[name], fine[name][9::10])


def test_a_simulation_goes_on_from_a_state():
    whole = simulated([[15, 2, 9]], 12.0)
    state = [whole[name][499] for name in ("u", "m", "h", "n")]
    rest = call("axon", "simulate", [[15, 2, 9]], 7.0, 6.3, 1, state, 5.0)
    np.testing.assert_allclose(rest["u"], whole["u"][500:], atol=1e-9)
    np.testing.assert_allclose(rest["time"], whole["time"][500:], atol=1e-9)


def test_peak_and_width_of_a_triangle_are_its_height_and_half_of_its_base():
    time = np.arange(0.0, 10.1, 0.1)
    shape = call("axon", "shape", time, 80.0 * np.maximum(0.0, 1.0 - abs(time - 5.0) / 3.0))
    assert (shape["peak"], shape["width"]) == (pytest.approx(80.0), pytest.approx(3.0))


def test_spikes_are_shorter_and_lower_in_the_warmth():
    """Widths of scipy's solution at half height, at 6.3 and 18.5 C."""
    for temperature in (6.3, 18.5):
        trace = simulated([[60, 1, WIDTH]], 10.0, temperature)
        found = call("axon", "shape", trace["time"], trace["u"])
        phi, times = 3.0 ** ((temperature - 6.3) / 10.0), np.arange(0.0, 8.0, 0.001)
        state = after_scipy([(60, WIDTH)], phi)
        u = solve_ivp(
            derivatives, (0, 8), state, args=(0.0, phi), method="DOP853", rtol=1e-9, atol=1e-11, t_eval=times
        ).y[0]
        before = simulated([[60, 0, WIDTH]], WIDTH, temperature)["u"]
        width = 0.001 * np.sum(u > u.max() / 2) + DT * np.sum(before > u.max() / 2)
        assert found["peak"] == pytest.approx(u.max(), abs=0.01)
        assert found["width"] == pytest.approx(width, abs=0.012)


@pytest.mark.parametrize(
    "first, delay, temperature", [(0.0, 0.0, 6.3), (30.0, 7.0, 6.3), (30.0, 20.0, 6.3), (30.0, 4.0, 18.5)]
)
def test_thresholds_are_where_scipy_s_axon_begins_to_fire(first, delay, temperature):
    phi = 3.0 ** ((temperature - 6.3) / 10.0)
    rest = call("axon", "rest")
    if first:
        found = call("axon", "secondThreshold", first, WIDTH, delay, temperature)
    else:
        found = call("axon", "threshold", rest, WIDTH, temperature)
    assert not scipy_fires(first, delay, found - 0.02, phi)
    assert scipy_fires(first, delay, found + 0.02, phi)


def test_after_a_spike_no_pulse_then_a_strong_one_then_a_weaker_one_than_at_rest_fires_it():
    """Absolute and relative refractoriness, and the exalted phase that the paper describes after them."""
    at_rest = call("axon", "threshold", call("axon", "rest"), WIDTH)
    absolute, relative, exalted = (call("axon", "secondThreshold", 30.0, WIDTH, delay) for delay in (4.0, 8.0, 20.0))
    assert absolute is None
    assert relative > 3.0 * at_rest
    assert exalted < at_rest
    assert call("axon", "secondThreshold", 30.0, WIDTH, 1.0) is None  # the first spike is on its way


def test_warm_axons_fire_no_more():
    """A steady current of 20 uA/cm2 fires it all the time at 20 C and not at 30 C; scipy's peaks are beside."""
    counts, phi = [], 3.0 ** ((30.0 - 6.3) / 10.0)
    for temperature in (20.0, 30.0):
        trace = simulated([[20, 0, 60]], 60.0, temperature)
        counts.append(len(call("axon", "spikes", trace["time"], trace["u"])))
    warm = solve_ivp(derivatives, (0, 60), REST, args=(20.0, phi), method="DOP853", rtol=1e-8, atol=1e-10).y[0]
    assert counts[0] > 10
    assert counts[1] == int(np.sum((warm[:-1] < 50) & (warm[1:] >= 50)))
