"""Prints the seconds in which Brian2's numpy target simulates the axons of `history_dynamics`: METHOD.

Run as a script by the Python of an environment that has Brian2. 1,000 steps are timed, and multiplied by 10: each takes
the same. Preparations are left out. Quotients are written out: Brian2's `exprel` prints its arguments into the message
of an error that does not come, which takes far longer than all else.
"""

import sys
import time

import numpy as np


def seconds(method: str, neurons: int = 1_000, steps: int = 1_000, dt: float = 0.01) -> float:
    """Returns the seconds of 10 times as many steps, every voltage recorded."""
    import brian2
    from brian2 import ms

    brian2.prefs.codegen.target = "numpy"
    brian2.defaultclock.dt = dt * ms
    equations = """
    du/dt = (I - 120*m**3*h*(u - 115) - 36*n**4*(u + 12) - 0.3*(u - 10.613))/ms : 1
    dm/dt = ((25 - u)/10/(exp((25 - u)/10) - 1)*(1 - m) - 4*exp(-u/18)*m)/ms : 1
    dh/dt = (0.07*exp(-u/20)*(1 - h) - h/(exp((30 - u)/10) + 1))/ms : 1
    dn/dt = ((10 - u)/100/(exp((10 - u)/10) - 1)*(1 - n) - 0.125*exp(-u/80)*n)/ms : 1
    I : 1
    """
    group = brian2.NeuronGroup(neurons, equations, method=method, dt=dt * ms)
    monitor = brian2.StateMonitor(group, "u", record=True)
    network = brian2.Network(group, monitor)
    network.run(10 * dt * ms)
    group.u, group.m, group.h, group.n = 0.0, 0.0529324852572496, 0.596120753508460, 0.317676914060697
    group.I = np.linspace(6.5, 20.0, neurons)
    begin = time.perf_counter()
    network.run(steps * dt * ms)
    taken = 10.0 * (time.perf_counter() - begin)
    if not (monitor.u.shape[1] == steps + 10 and np.all(np.isfinite(monitor.u[:]))):
        raise RuntimeError("Brian2 recorded other steps, or numbers that are not finite.")
    return taken


if __name__ == "__main__":
    print(seconds(sys.argv[1]))
