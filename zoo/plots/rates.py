"""Small, good and too large learning rates of gradient descent, measured by the largest that converges.

    theta <- theta - eta g;   on a quadratic of the Hessian H it converges where eta < 2 / lambda_max(H)

Along an eigenvector of the eigenvalue lambda a step multiplies the error by 1 - eta lambda.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from zoo.plots.canvas import COLORS, legend_beside, plain, several
from zoo.plots.methods import descent_paths, surface_of
from zoo.plots.surfaces import Surface, draw_paths
from zoo.plots.translations import translated

MULTIPLES = (0.05, 0.5, 0.95, 1.05)


def learning_rate_paths(
    surface: str | Surface = "trough",
    *,
    multiples: Sequence[float] = MULTIPLES,
    start: Sequence[float] | None = None,
    steps: int = 20,
) -> dict[float, np.ndarray]:
    """Returns where gradient descent goes with several learning rates.

    Args:
        surface: `"trough"`, `"bowl"`, `"rosenbrock"`, or a `zoo.plots.surfaces.Surface`.
        multiples: The learning rates, as multiples of 2 / lambda_max of the Hessian at the minimum.
        start: `(a, b)`; None for the surface's own.
        steps: The most steps; a path that diverges ends where numbers are no longer finite.

    Returns:
        Paths `(steps + 1, 2)` by learning rate.

    Raises:
        ValueError: if a multiple is not above 0, or the surface is unknown.
    """
    if not all(multiple > 0.0 for multiple in multiples):
        raise ValueError(f"`multiples` must be above 0. Received: multiples={tuple(multiples)}")
    largest = largest_rate(surface)
    settings: dict[str, Any] = {"methods": ["gradient descent"], "start": start, "steps": steps}
    return {
        multiple * largest: descent_paths(surface, learning_rate=multiple * largest, **settings)["gradient descent"]
        for multiple in multiples
    }


def largest_rate(surface: str | Surface) -> float:
    """Returns 2 / lambda_max of the Hessian at a surface's minimum."""
    surface = surface_of(surface)
    return 2.0 / float(np.linalg.eigvalsh(surface.hessian(*surface.minimum))[-1])


def learning_rates(surface: str | Surface = "trough", *, limits=None, ax=None, **settings) -> Figure:
    """Draws gradient descent with several learning rates: the paths, and the value of the function by step.

    Args:
        surface: As for `learning_rate_paths`.
        limits: `((lowest, highest), (lowest, highest))` of a and b; None for the surface's own.
        ax: Two Axes, or None for a new Figure.
        **settings: As `learning_rate_paths` takes them.
    """
    paths = learning_rate_paths(surface, **settings)
    surface = surface_of(surface)
    largest = largest_rate(surface)
    names = {
        rate: translated("{rate:.3g} = {multiple:.3g} · 2/λmax", rate=rate, multiple=rate / largest) for rate in paths
    }
    figure, (left, right) = several(ax, 2, (11.0, 4.4))
    named = {names[rate]: path for rate, path in paths.items()}
    draw_paths(left, surface.value, limits or surface.limits, named, surface.minimum, legend=False)
    left.set_title(surface.formula, fontsize=11)
    left.set_xlabel("a")
    left.set_ylabel("b")
    lowest = float(surface.value(*map(np.asarray, surface.minimum)))
    for i, (name, path) in enumerate(named.items()):
        heights = np.maximum(surface.value(*path.T) - lowest, np.finfo(float).tiny)
        right.plot(heights, "o-", color=COLORS[i % len(COLORS)], markersize=3, label=name)
    right.set_yscale("log")
    right.xaxis.set_major_locator(MaxNLocator(integer=True))
    right.set_xlabel(translated("step"))
    right.set_ylabel(translated("height above the minimum"))
    legend_beside(right, title=translated("learning rate"))
    for panel in (left, right):
        plain(panel)
    return figure
