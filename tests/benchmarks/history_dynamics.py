"""Axons against scipy and Brian2: 1,000 neurons, 100 ms at 0.01 ms, each with a current of its own.

scipy integrates a neuron after the other, which is timed on a few of them and multiplied: `solve_ivp` (RK45) and
`odeint` (LSODA) with tolerances that leave an error like the zoo's or a larger one, which is printed. Brian2's numpy
target steps all neurons at once, by its exponential Euler and by RK4. It is left out where it is missing; Brian2 2.9
does not run with numpy 2.4, and an environment of its own is named by BRIAN2_PYTHON:

    python -m venv brian && brian/bin/pip install brian2 "numpy<2.3" && export BRIAN2_PYTHON=brian/bin/python
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

import zoo
from tests.benchmarks.train import note, report, rounds

NEURONS, STEPS, DT = 1_000, 10_000, 0.01
FEW = 5  # neurons that scipy integrates


def derivatives(state, current):
    """Returns the derivatives of one neuron, in numbers of Python, which are the quickest in a loop over neurons."""
    from math import exp

    u, m, h, n = state
    a_m, a_n = (25.0 - u) / 10.0, (10.0 - u) / 10.0
    a_m, a_n = (a_m / (exp(a_m) - 1.0) if a_m else 1.0), 0.1 * (a_n / (exp(a_n) - 1.0) if a_n else 1.0)
    ionic = 120.0 * m**3 * h * (u - 115.0) + 36.0 * n**4 * (u + 12.0) + 0.3 * (u - 10.613)
    return (
        current - ionic,
        a_m * (1.0 - m) - 4.0 * exp(-u / 18.0) * m,
        0.07 * exp(-u / 20.0) * (1.0 - h) - h / (exp(3.0 - u / 10.0) + 1.0),
        a_n * (1.0 - n) - 0.125 * exp(-u / 80.0) * n,
    )


REST = (0.0, 0.0529324852572496, 0.596120753508460, 0.317676914060697)


def brian(python: str, method: str) -> float:
    """Returns the seconds that Brian2 takes, in a process of its own."""
    program = Path(__file__).parent / "history_brian.py"
    done = subprocess.run([python, str(program), method], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def case_axons(count: int) -> None:
    from scipy.integrate import odeint, solve_ivp

    currents = np.linspace(6.5, 20.0, NEURONS)
    x = np.repeat(currents.astype("float32")[:, None, None], STEPS, axis=1)
    times = DT * np.arange(1, STEPS + 1)
    some = np.linspace(0, NEURONS - 1, FEW).astype(int)
    models = {
        "zoo": zoo.build("hodgkin_huxley"),
        "the zoo's exponential Euler": zoo.build("hodgkin_huxley", method="exponential_euler"),
    }

    def exact(i):
        return solve_ivp(
            lambda t, s: derivatives(s, i), (0, times[-1] + 1e-9), REST, "DOP853", times, rtol=1e-11, atol=1e-12
        ).y[0]

    def by_solve_ivp(i):
        return solve_ivp(
            lambda t, s: derivatives(s, i), (0, times[-1] + 1e-9), REST, "RK45", times, rtol=1e-6, atol=1e-8
        ).y[0]

    def by_odeint(i):
        return odeint(lambda s, t: derivatives(s, i), REST, np.r_[0.0, times], rtol=1e-7, atol=1e-7)[1:, 0]

    known = [exact(currents[i]) for i in some]
    answers = {name: [u[:, 0] for u in model.predict(x[some], verbose=0)] for name, model in models.items()}
    answers |= {f.__name__[3:]: [f(currents[i]) for i in some] for f in (by_solve_ivp, by_odeint)}
    for name, voltages in answers.items():
        errors = [np.sqrt(np.mean((a - b) ** 2)) for a, b in zip(voltages, known)]
        note(f"100 ms of axons, error of {name}", f"{max(errors):.2g} mV (root mean square, the worst of {FEW})")

    def looped(function):
        def run():
            begin = time.perf_counter()
            for i in some:
                function(currents[i])
            return (time.perf_counter() - begin) / FEW * NEURONS

        return run

    rivals = {name: lambda model=model: _seconds(model, x) for name, model in models.items()}
    rivals |= {"scipy solve_ivp, a loop": looped(by_solve_ivp), "scipy odeint, a loop": looped(by_odeint)}
    python = os.environ.get("BRIAN2_PYTHON", sys.executable)
    try:
        brian(python, "exponential_euler")
        rivals["Brian2 numpy, exponential Euler"] = lambda: brian(python, "exponential_euler")
        rivals["Brian2 numpy, RK4"] = lambda: brian(python, "rk4")
    except subprocess.CalledProcessError as error:
        note("Brian2", f"left out: {error.stderr.strip().splitlines()[-1]}")
    goals = {name: "at least 5" for name in rivals if name.startswith("scipy")}
    goals |= {name: "at least 1" for name in rivals if name.startswith("Brian2")}
    report(f"{NEURONS:,} axons, 100 ms at 0.01 ms", rounds(rivals, count), goals)


def _seconds(model, x) -> float:
    begin = time.perf_counter()
    model.predict(x, batch_size=len(x), verbose=0)
    return time.perf_counter() - begin
