"""Gradient descent, momentum and Newton's method, step by step on surfaces of two parameters.

    gradient descent  theta <- theta - eta g
    momentum          v <- alpha v - eta g,   theta <- theta + v
    Newton            theta <- theta - H^-1 g

The first two are Keras's SGD, fed the exact gradient. On a^2 + b^2 each step of the first multiplies theta by
1 - 2 eta, so it diverges for eta > 1; Newton's method is there in one step, as on every quadratic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras
import numpy as np
from matplotlib.figure import Figure

from zoo.plots.canvas import one, plain
from zoo.plots.surfaces import SURFACES, Surface, draw_paths
from zoo.plots.translations import translated
from zoo.registry import suggest

METHODS = ("gradient descent", "momentum", "Newton")


def descent_paths(
    surface: str | Surface = "bowl",
    *,
    methods: Sequence[str] = METHODS,
    start: Sequence[float] | None = None,
    steps: int | None = None,
    learning_rate: float | None = None,
    momentum: float = 0.9,
) -> dict[str, np.ndarray]:
    """Returns where each method goes.

    Args:
        surface: `"bowl"`, `"trough"`, `"rosenbrock"`, or a `zoo.plots.surfaces.Surface`.
        methods: Which of "gradient descent", "momentum" and "Newton".
        start: `(a, b)`; None for the surface's own.
        steps: The most steps; None for the surface's own. A path ends earlier where the gradient is 0, or where
            numbers are no longer finite.
        learning_rate: eta; None for the surface's own. Newton's method has none.
        momentum: alpha, in [0, 1).

    Returns:
        Paths `(steps + 1, 2)` by method, each from the start.

    Raises:
        ValueError: if the surface or a method is unknown, or Newton's method meets a singular Hessian.
    """
    surface = surface_of(surface)
    start = np.array(surface.start if start is None else start, "float64")
    if start.shape != (2,) or not np.all(np.isfinite(start)):
        raise ValueError(f"`start` must be two finite numbers, a and b. Received: start={start.tolist()}")
    if not 0.0 <= momentum < 1.0:
        raise ValueError(f"`momentum` must be in [0, 1). Received: momentum={momentum}")
    rate = surface.learning_rate if learning_rate is None else learning_rate
    steps = surface.steps if steps is None else steps
    paths = {}
    for method in methods:
        if method not in METHODS:
            raise ValueError(f"Unknown method {method!r}.{suggest(method, METHODS)} There are: {', '.join(METHODS)}.")
        if method == "Newton":
            step = _newton(surface)
        else:
            step = _keras(surface, start, rate, momentum if method == "momentum" else 0.0)
        paths[method] = _walk(surface, start, step, steps)
    return paths


def descent(surface: str | Surface = "bowl", *, limits=None, ax=None, **settings) -> Figure:
    """Draws where gradient descent, momentum and Newton's method go, over the surface's contour lines.

    Args:
        surface: `"bowl"`, `"trough"`, `"rosenbrock"`, or a `zoo.plots.surfaces.Surface`.
        limits: `((lowest, highest), (lowest, highest))` of a and b; None for the surface's own.
        ax: Axes, or None for a new Figure.
        **settings: As `descent_paths` takes them.
    """
    paths: Mapping[str, np.ndarray] = descent_paths(surface, **settings)
    surface = surface_of(surface)
    figure, ax = one(ax, (7.0, 5.0))
    draw_paths(
        ax, surface.value, limits or surface.limits, {translated(n): path for n, path in paths.items()}, surface.minimum
    )
    ax.set_title(surface.formula, fontsize=11)
    ax.set_xlabel("a")
    ax.set_ylabel("b")
    plain(ax)
    return figure


def surface_of(surface: str | Surface) -> Surface:
    """Returns a surface, or that of a name."""
    if isinstance(surface, Surface):
        return surface
    if surface not in SURFACES:
        raise ValueError(f"Unknown surface {surface!r}.{suggest(surface, SURFACES)} There are: {', '.join(SURFACES)}.")
    return SURFACES[surface]


def _walk(surface, theta, step, steps) -> np.ndarray:
    path = [theta]
    with np.errstate(over="ignore", invalid="ignore"):  # a diverging path is cut off where numbers end
        for _ in range(steps):
            theta = step(path[-1])
            arrived = not np.any(surface.gradient(*path[-1])) and np.array_equal(theta, path[-1])
            if arrived or not np.all(np.isfinite(theta)):
                break
            path.append(theta)
    return np.array(path)


def _newton(surface):
    def step(theta):
        try:
            return theta - np.linalg.solve(surface.hessian(*theta), surface.gradient(*theta))
        except np.linalg.LinAlgError:
            raise ValueError(
                f"Newton's method needs a Hessian with an inverse. At {theta.tolist()} it has none. Start elsewhere."
            ) from None

    return step


def _keras(surface, start, rate, momentum):
    # JAX has float64 only where it is switched on for the whole process.
    dtype = "float32" if keras.backend.backend() == "jax" else "float64"
    theta = keras.Variable(start, dtype=dtype)
    optimizer = keras.optimizers.SGD(learning_rate=rate, momentum=momentum)
    optimizer.build([theta])

    def step(here):
        optimizer.apply([keras.ops.convert_to_tensor(surface.gradient(*here), dtype=dtype)])
        return keras.ops.convert_to_numpy(theta.value).astype("float64")

    return step
