"""Full-batch L-BFGS (scipy).

D. C. Liu, J. Nocedal, On the Limited Memory BFGS Method for Large Scale Optimization, Mathematical Programming 45,
1989. https://doi.org/10.1007/BF01589116
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize

from zoo.solvers.objective import Minimum, Objective

TOLERANCE = 1e-8  # largest component of the gradient at which it has converged


def lbfgs(
    objective: Objective, max_steps: int, stop: Callable[[np.ndarray, float], bool]
) -> tuple[np.ndarray, Minimum]:
    """Returns weights at a minimum, and how it was found.

    Args:
        objective: What to minimise.
        max_steps: The most iterations.
        stop: Called with the weights and the loss after each step; True ends the search there.
    """
    losses: list[float] = []

    def record(intermediate_result):
        losses.append(float(intermediate_result.fun))
        if stop(intermediate_result.x, losses[-1]):
            raise StopIteration

    found = minimize(
        objective.value_and_gradient,
        objective.start,
        jac=True,
        method="L-BFGS-B",
        callback=record,
        options={"maxiter": max_steps, "maxfun": 4 * max_steps, "gtol": TOLERANCE, "ftol": 1e-15, "maxcor": 20},
    )
    message = found.message if isinstance(found.message, str) else found.message.decode()
    converged = bool(found.success) and float(np.max(np.abs(found.jac))) < 1e-4
    return found.x, Minimum(float(found.fun), int(found.nit), converged, message, losses or [float(found.fun)])
