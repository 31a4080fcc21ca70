"""Recordings of an axon, against scipy's integrator."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from tests.models.test_hodgkin_huxley import REST, derivatives
from zoo.data.sources import load


def test_recordings_are_currents_and_the_voltages_that_they_cause():
    x, y = load("squid_axon").arrays()
    states = load("squid_axon_states").arrays()[1]
    assert x.shape == y.shape == (6, 800, 1) and states.shape == (6, 800, 4)
    np.testing.assert_array_equal(states[..., :1], y)
    state, begin = REST, 0
    for end in (100, 500, 800):  # a row of 4 ms: it changes at 1 and at 5 ms
        times = 0.01 * np.arange(1, end - begin + 1)
        assert np.ptp(x[2, begin:end]) == 0
        found = solve_ivp(
            derivatives, (0, times[-1] + 1e-9), state, args=(float(x[2, begin, 0]),), rtol=1e-10, t_eval=times
        ).y.T
        np.testing.assert_allclose(states[2, begin:end], found, atol=1e-3)
        state, begin = found[-1], end


def test_currents_inwards_fire_and_the_one_outwards_does_not():
    """5 uA/cm2 for 4 ms fires, too: scipy's voltage rises above 80 mV."""
    x, y = load("squid_axon").arrays()
    assert (y.max(axis=(1, 2)) > 80.0).tolist() == [False, True, True, True, True, True]
    weak = solve_ivp(derivatives, (0, 4), REST, args=(5.0,), rtol=1e-9)
    after = solve_ivp(derivatives, (0, 3), weak.y[:, -1], args=(0.0,), rtol=1e-9)
    assert max(weak.y[0].max(), after.y[0].max()) > 80.0
    assert x[:, 300, 0].tolist() == pytest.approx([-10, 5, 20, 80, 0, 0])


def test_a_caller_who_changes_them_does_not_change_the_next_one_s():
    load("squid_axon").x[:] = 7.0
    assert load("squid_axon").x.max() == 150.0
