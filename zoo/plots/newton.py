"""Newton's method as a picture: the quadratic model of a function at a point, whose minimum is the next point.

q(theta + d) = f + g' d + 1/2 d' H d      g, H at theta;   lowest at d = -H^-1 g where H is positive definite
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from zoo.plots.canvas import BLUE, GREY, LIGHT, RED, legend_beside, plain, several
from zoo.plots.methods import surface_of
from zoo.plots.surfaces import Surface
from zoo.plots.translations import translated

FLAT = 20.0  # how many times the fall that the model expects the marked values may span on an even axis


def quadratic_model(
    surface: str | Surface = "rosenbrock", point: Sequence[float] | None = None, *, limits=None, ax=None
) -> Figure:
    """Draws a function with its quadratic model at a point: contour lines of both, and both along Newton's step.

    Args:
        surface: `"bowl"`, `"trough"`, `"rosenbrock"`, or a `zoo.plots.surfaces.Surface`.
        point: `(a, b)`; None for where the surface's descents begin.
        limits: `((lowest, highest), (lowest, highest))` of a and b; None for the surface's own.
        ax: Two Axes, or None for a new Figure.

    Raises:
        ValueError: if the surface is unknown, the point is no pair of finite numbers, or its Hessian has no inverse.
    """
    surface = surface_of(surface)
    here = np.array(surface.start if point is None else point, "float64")
    if here.shape != (2,) or not np.all(np.isfinite(here)):
        raise ValueError(f"`point` must be two finite numbers, a and b. Received: point={here.tolist()}")
    value, gradient, hessian = (
        np.asarray(part(*here), "float64") for part in (surface.value, surface.gradient, surface.hessian)
    )
    try:
        step = -np.linalg.solve(hessian, gradient)
    except np.linalg.LinAlgError:
        raise ValueError(
            f"`point` must be where the Hessian has an inverse, so that the model has one stationary point. Received: "
            f"point={here.tolist()}, where it has none. Choose another."
        ) from None

    def model(a, b):
        d = np.stack([a - here[0], b - here[1]])
        return value + np.tensordot(gradient, d, 1) + 0.5 * np.einsum("i...,ij,j...->...", d, hessian, d)

    there = here + step
    (left, right), (bottom, top) = limits or surface.limits
    a, b = np.meshgrid(np.linspace(left, right, 201), np.linspace(bottom, top, 201))
    figure, (plane, slice_) = several(ax, 2, (11.0, 4.4))
    for height, color, style in ((surface.value(a, b), LIGHT, "-"), (model(a, b), BLUE, "--")):
        rises = np.linspace(0.0, float(np.cbrt(np.ptp(height))), 14)[1:-1] ** 3  # more lines near the lowest
        plane.contour(a, b, height, levels=height.min() + rises, colors=color, linewidths=0.9, linestyles=style)
    plane.annotate(
        "", tuple(there), tuple(here), arrowprops={"arrowstyle": "-|>", "color": RED, "linewidth": 1.8}, zorder=3
    )
    plane.plot(*here, "s", color="black", markersize=6, zorder=4)
    plane.plot(*there, "o", color=RED, markersize=6, zorder=4)
    plane.plot(*surface.minimum, "*", color="black", markersize=10, zorder=4)
    plane.set_xlim(left, right)
    plane.set_ylim(bottom, top)
    plane.set_xlabel("a")
    plane.set_ylabel("b")
    plane.set_title(surface.formula, fontsize=11)
    shares = np.linspace(-0.3, 1.1, 281)
    along = here[:, None] + shares * step[:, None]
    curves = {"the function": surface.value(*along), "quadratic model": model(*along)}
    reached = float(surface.value(*there)), float(model(*there))
    slice_.plot(shares, curves["the function"], color=GREY, linewidth=2.0, label=translated("the function"))
    slice_.plot(shares, curves["quadratic model"], "--", color=BLUE, linewidth=1.6, label=translated("quadratic model"))
    slice_.plot(0.0, value, "s", color="black", markersize=6)
    slice_.plot(1.0, reached[0], "o", color=RED, markersize=6)
    slice_.plot(1.0, reached[1], "o", markeredgecolor=BLUE, markerfacecolor="white", markersize=6)
    if np.ptp([value, *reached]) > FLAT * abs(value - reached[1]):  # start and model would be one on an even axis
        positive = min(curve.min() for curve in curves.values()) > 0.0
        slice_.set_yscale("log" if positive else "symlog")
    slice_.set_xlabel(translated("share of Newton's step"))
    slice_.set_ylabel("f")
    marks = [
        Line2D([], [], color="black", marker="s", linestyle="", label=translated("point")),
        Line2D([], [], color=RED, marker="o", linestyle="", label=translated("where Newton's method goes")),
        Line2D(
            [], [], markeredgecolor=BLUE, markerfacecolor="white", marker="o", linestyle="",
            label=translated("what the model expects there"),
        ),
        Line2D([], [], color="black", marker="*", markersize=10, linestyle="", label=translated("minimum")),
    ]  # fmt: skip
    legend_beside(slice_, [*slice_.get_legend_handles_labels()[0], *marks])
    for panel in (plane, slice_):
        plain(panel)
    return figure
