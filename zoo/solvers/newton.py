"""Newton's method, damped; on the likelihood of a logistic regression it is iteratively reweighted least squares.

    (H + mu I) d = -g,   theta <- theta + a d

H and g are second and first derivatives at theta. mu is 0 where H is positive definite and the least of 1e-10, 1e-9,
... of its largest diagonal element that makes it so elsewhere; a is 1, halved until the loss falls as Armijo demands:
F(theta + a d) <= F(theta) + 1e-4 a g.d. It has converged when a step changes no weight by more than a millionth of the
largest, or promises less than the precision of the loss.

L. Armijo, Minimization of Functions Having Lipschitz Continuous First Partial Derivatives, Pacific Journal of
Mathematics 16(1), 1966. https://doi.org/10.2140/pjm.1966.16.1. J. Nocedal, S. J. Wright, Numerical Optimization,
2nd edition, 2006, chapter 3. For IRLS: P. McCullagh, J. A. Nelder, Generalized Linear Models, 1989.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.linalg

from zoo.solvers.objective import Minimum, Objective

MOST_WEIGHTS = 2_000  # the Hessian of so many holds 32 MB, and its factors cost 3 GFLOP a step
CLOSE = 1e-6  # a step of at most this share of the largest weight is the last
FLAT = 2**10  # times the precision of numbers: a gradient without a larger component is zero
HALVINGS = 40
ARMIJO = 1e-4


def newton(
    objective: Objective, max_steps: int, stop: Callable[[np.ndarray, float], bool]
) -> tuple[np.ndarray, Minimum]:
    """Returns weights at a minimum, and how it was found.

    Args:
        objective: What to minimise.
        max_steps: The most steps.
        stop: Called with the weights and the loss after each step; True ends the search there.

    Raises:
        ValueError: if there are more than `MOST_WEIGHTS` weights.
    """
    theta = objective.start
    if len(theta) > MOST_WEIGHTS:
        raise ValueError(
            f"`solver='newton'` holds second derivatives of every pair of weights and takes at most {MOST_WEIGHTS:,} "
            f"weights. The model has {len(theta):,}. Pass `solver='lbfgs'`, or leave `solver` out."
        )
    value, gradient = objective.value_and_gradient(theta)
    losses: list[float] = []
    for steps in range(max_steps + 1):
        if np.max(np.abs(gradient), initial=0.0) <= FLAT * objective.epsilon:
            return theta, Minimum(value, steps, True, "the gradient is zero", losses or [value])
        if steps == max_steps:
            break
        hessian = objective.hessian(theta)
        if not (np.isfinite(value) and np.all(np.isfinite(gradient)) and np.all(np.isfinite(hessian))):
            return theta, Minimum(value, steps, False, "the loss is not finite", losses or [value])
        direction = -_solved(hessian, gradient)
        promised = -float(gradient @ direction)
        least = 8 * objective.epsilon * max(1.0, abs(value))  # of what can be seen of the loss
        share = 1.0
        for _ in range(HALVINGS):
            after, slope = objective.value_and_gradient(theta + share * direction)
            if np.isfinite(after) and after <= value - ARMIJO * share * promised + least:
                break
            share /= 2
        else:
            return theta, Minimum(value, steps, False, "no step lowers the loss", losses or [value])
        theta, value, gradient = theta + share * direction, after, slope
        losses.append(value)
        if stop(theta, value):
            return theta, Minimum(value, steps + 1, False, "stopped", losses)
        if promised <= least or np.max(np.abs(share * direction)) <= CLOSE * max(1.0, np.max(np.abs(theta))):
            return theta, Minimum(value, steps + 1, True, "the last step was small", losses)
    return theta, Minimum(value, max_steps, False, f"{max_steps} steps", losses or [value])


def _solved(hessian: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Returns (H + mu I)^-1 g with the least mu, of a few, for which the matrix is positive definite."""
    largest = max(float(np.max(np.abs(np.diag(hessian)))), np.finfo(float).tiny)
    for damping in (0.0, *(10.0**power for power in range(-10, 4))):
        try:
            factor = scipy.linalg.cho_factor(hessian + damping * largest * np.eye(len(gradient)))
        except scipy.linalg.LinAlgError:
            continue
        return scipy.linalg.cho_solve(factor, gradient)
    return gradient / largest
