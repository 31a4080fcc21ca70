"""Recordings of the squid's axon, made by integrating the equations of Hodgkin and Huxley (1952) in numpy.

squid_axon          current (6, 800, 1) in uA/cm2 -> voltage (6, 800, 1) in mV from rest, 8 ms at 0.01 ms and 6.3 C
squid_axon_states   the same currents -> u, m, h, n (6, 800, 4)

A row is a step of current that begins at 1 ms. The one below rest and the weak one tell of the leak and of the gates at
rest; the short strong ones fire axons whose conductances are far off, too, which their recovery by `fit` needs.
"""

from __future__ import annotations

import functools

import numpy as np

STEPS = ((-10.0, 4.0), (5.0, 4.0), (20.0, 4.0), (80.0, 4.0), (50.0, 1.0), (150.0, 1.0))  # uA/cm2, for how many ms
DT, BEGIN, DURATION = 0.01, 1.0, 8.0  # ms


def _derivatives(state, current):
    """Returns the time derivatives of u, m, h, n `(4, rows)`; the paper's equations (7), (12), (13), (20) to (24)."""
    u, m, h, n = state

    def linoid(x):
        return np.where(abs(x) < 1e-7, 1.0 - x / 2.0, x / np.expm1(np.where(abs(x) < 1e-7, 1.0, x)))

    ionic = 120.0 * m**3 * h * (u - 115.0) + 36.0 * n**4 * (u + 12.0) + 0.3 * (u - 10.613)
    return np.stack(
        [
            current - ionic,
            linoid((25.0 - u) / 10.0) * (1.0 - m) - 4.0 * np.exp(-u / 18.0) * m,
            0.07 * np.exp(-u / 20.0) * (1.0 - h) - h / (np.exp((30.0 - u) / 10.0) + 1.0),
            0.1 * linoid((10.0 - u) / 10.0) * (1.0 - n) - 0.125 * np.exp(-u / 80.0) * n,
        ]
    )


@functools.cache
def _recorded() -> tuple[np.ndarray, np.ndarray]:
    """Returns currents `(rows, time, 1)` and states `(rows, time, 4)`, by the classical Runge-Kutta method."""
    time = DT * np.arange(round(DURATION / DT)) - BEGIN + DT / 2.0
    current = np.stack([np.where((time > 0.0) & (time < length), amplitude, 0.0) for amplitude, length in STEPS])
    rest = np.array([0.0, 0.0529324852572496, 0.596120753508460, 0.317676914060697])  # alpha / (alpha + beta) at u = 0
    state, states = np.repeat(rest[:, None], len(current), axis=1), []
    for i in current.T:
        k1 = _derivatives(state, i)
        k2 = _derivatives(state + DT / 2.0 * k1, i)
        k3 = _derivatives(state + DT / 2.0 * k2, i)
        k4 = _derivatives(state + DT * k3, i)
        state = state + DT / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        states.append(state)
    return current[..., None].astype("float32"), np.transpose(states, (2, 0, 1)).astype("float32")


def squid_axon() -> tuple[np.ndarray, np.ndarray]:
    """Returns currents and the voltages that they cause."""
    current, states = _recorded()
    return current.copy(), states[..., :1].copy()


def squid_axon_states() -> tuple[np.ndarray, np.ndarray]:
    """Returns currents and the voltages and gates that they cause."""
    current, states = _recorded()
    return current.copy(), states.copy()
