"""kernels/cable.js beside the zoo's cable, scipy's integrator, and the speed that the paper worked out."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import zoo
from tests.playground.node import call
from tests.playground.test_kernels_axon import REST, derivatives

pytestmark = pytest.mark.node
FILES = ("axon",)
PAPER_SPEED = 18.8  # m/s at 18.5 C


def simulated(count, duration, temperature=18.5, diameter=476.0, both=False, every=1):
    trace = call("cable", "simulate", count, duration, temperature, diameter, both, every, files=FILES)
    return {**trace, "u": np.array(trace["u"]).reshape(-1, count)}


def by_scipy(count, duration, temperature, both=False, coupling=None):
    """Returns the voltages `(steps, count)` every 0.01 ms of the same compartments."""
    phi = 3.0 ** ((temperature - 6.3) / 10.0)
    g = 1e3 * 238e-4 / (2.0 * 35.4 * 0.1**2) if coupling is None else coupling  # a / (2 R dx^2), dx = 1 mm

    def cable(t, y, current):
        u, m, h, n = y.reshape(4, count)
        stimulus = np.zeros(count)
        stimulus[0] = current
        stimulus[-1] += current if both else 0.0
        ends = np.r_[u[0], u, u[-1]]
        slopes = np.array(derivatives(t, (u, m, h, n), stimulus, phi))
        slopes[0] += g * (ends[:-2] - 2.0 * u + ends[2:])
        return slopes.ravel()

    state, found = np.repeat(REST, count), []
    for current, length in ((1000.0, 0.2), (0.0, duration - 0.2)):
        times = 0.01 * np.arange(1, round(length / 0.01) + 1)
        done = solve_ivp(
            cable, (0, times[-1] + 1e-9), state, args=(current,), method="RK45", rtol=1e-8, atol=1e-9, t_eval=times
        )
        found.append(done.y[:count].T)
        state = done.y[:, -1]
    return np.concatenate(found)


def test_voltages_are_those_of_the_zoo_s_cable():
    model = zoo.build("hodgkin_huxley", compartments=30, temperature=18.5)
    current = np.where(np.arange(300) < 20, 1000.0, 0.0)[None, :, None]
    expected = model.predict(current, verbose=0)[0]
    np.testing.assert_allclose(simulated(30, 3.0)["u"] / 115.0, expected / 115.0, atol=1e-5)


@pytest.mark.parametrize("temperature, both", [(18.5, False), (6.3, True)])
def test_voltages_are_those_of_scipy_s_integrator(temperature, both):
    """Of the same compartments: to 0.01 mV of 110, but to 0.1 mV while the stimulus begins, which is sharp."""
    found, expected = simulated(24, 3.0, temperature, both=both)["u"], by_scipy(24, 3.0, temperature, both)
    np.testing.assert_allclose(found[:25], expected[:25], atol=0.1)
    np.testing.assert_allclose(found[25:], expected[25:], atol=0.01)


def test_a_spike_runs_at_18_8_metres_a_second_within_1_5_per_cent():
    """Hodgkin and Huxley by hand: 18.8 m/s and 90.5 mV. Compartments of 1 mm cost about one per cent of the speed."""
    trace = simulated(60, 4.0)
    speed = call("cable", "speed", {**trace, "u": trace["u"].ravel()}, files=FILES)
    assert speed == pytest.approx(PAPER_SPEED, rel=0.015)
    assert trace["u"][:, 40].max() == pytest.approx(90.5, abs=0.5)


def test_the_speed_goes_as_the_root_of_the_diameter():
    """Exactly: the compartments of a thinner axon are shorter, and the equations the same."""
    speeds = []
    for diameter in (476.0, 119.0):
        trace = simulated(40, 4.0, diameter=diameter)
        speeds.append(call("cable", "speed", {**trace, "u": trace["u"].ravel()}, files=FILES))
    assert speeds[0] / speeds[1] == pytest.approx(2.0, rel=1e-9)
    assert trace["length"] == pytest.approx(0.5)


def test_neighbours_are_coupled_by_a_over_2_R_dx_squared():
    """In S/cm2: 0.0238 cm / (2 x 35.4 ohm cm x 0.1^2 cm2)."""
    assert call("cable", "coupling", 476.0, 1.0, files=FILES) == pytest.approx(1e3 * 0.0238 / (70.8 * 0.01))


def test_two_spikes_that_meet_annihilate_each_other():
    trace = simulated(40, 6.0, both=True)
    assert np.allclose(trace["u"], trace["u"][:, ::-1], atol=1e-6)
    arrivals = call("cable", "arrivals", {**trace, "u": trace["u"].ravel()}, files=FILES)
    assert np.argmax(arrivals) in (19, 20)  # the middle last, and nothing behind it
    assert trace["u"][-100:].max() < 5.0
    crossings = np.sum((trace["u"][:-1] < 50.0) & (trace["u"][1:] >= 50.0), axis=0)
    assert set(crossings.tolist()) == {1}


def test_conduction_fails_in_the_heat():
    """At 30 C a spike arrives and at 36 C none does; scipy says the same."""
    for temperature, arrives in ((30.0, True), (36.0, False)):
        trace = simulated(40, 3.0, temperature)
        speed = call("cable", "speed", {**trace, "u": trace["u"].ravel()}, files=FILES)
        assert (speed is not None) == arrives
        assert (by_scipy(40, 3.0, temperature)[:, 28].max() > 50.0) == arrives


def test_rows_of_several_steps_are_every_so_manieth_row():
    np.testing.assert_array_equal(simulated(10, 1.0, every=10)["u"], simulated(10, 1.0)["u"][9::10])
