"""Surfaces over two parameters, and the contour lines over which descents are drawn.

    bowl        f(a, b) = a^2 + b^2                          lowest at (0, 0)
    trough      f(a, b) = 1/2 (a^2 + 10 b^2)                 lowest at (0, 0), ten times as steep across as along
    rosenbrock  f(a, b) = (1 - a)^2 + 100 (b - a^2)^2        lowest at (1, 1), at the bottom of a bent valley

H. H. Rosenbrock, An Automatic Method for Finding the Greatest or Least Value of a Function, The Computer Journal 3(3),
1960. https://doi.org/10.1093/comjnl/3.3.175
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np

from zoo.plots.canvas import COLORS, GREY, LIGHT
from zoo.plots.translations import translated

WORD = (26.0, 8.0)  # half the width and half the height of the word at a start, in points
SIDES = [
    (-26.0, 13.0),
    (0.0, 15.0),
    (26.0, 13.0),
    (-26.0, -13.0),
    (0.0, -15.0),
    (26.0, -13.0),
    (32.0, 0.0),
    (-32.0, 0.0),
]


@dataclasses.dataclass(frozen=True)
class Surface:
    """A function of two parameters, with first and second derivatives.

    Args:
        formula: f(a, b), as matplotlib sets mathematics.
        value: f of arrays a and b.
        gradient: `(2,)` at `(a, b)`.
        hessian: `(2, 2)` at `(a, b)`.
        minimum: `(a, b)` where f is lowest.
        start: Where a descent begins that is told nothing else.
        limits: `((lowest, highest), (lowest, highest))` of a picture.
        learning_rate: At which gradient descent is stable on it.
        steps: That show how it goes.
    """

    formula: str
    value: Callable[[np.ndarray, np.ndarray], np.ndarray]
    gradient: Callable[[float, float], np.ndarray]
    hessian: Callable[[float, float], np.ndarray]
    minimum: tuple[float, float]
    start: tuple[float, float]
    limits: tuple[tuple[float, float], tuple[float, float]]
    learning_rate: float
    steps: int


SURFACES = {
    "bowl": Surface(
        formula=r"$f(a, b) = a^2 + b^2$",
        value=lambda a, b: a**2 + b**2,
        gradient=lambda a, b: np.array([2.0 * a, 2.0 * b]),
        hessian=lambda a, b: np.diag([2.0, 2.0]),
        minimum=(0.0, 0.0),
        start=(-1.5, 1.0),
        limits=((-2.0, 2.0), (-1.6, 1.6)),
        learning_rate=0.1,
        steps=30,
    ),
    "trough": Surface(
        formula=r"$f(a, b) = \frac{1}{2}\,(a^2 + 10\,b^2)$",
        value=lambda a, b: 0.5 * (a**2 + 10.0 * b**2),
        gradient=lambda a, b: np.array([1.0 * a, 10.0 * b]),
        hessian=lambda a, b: np.diag([1.0, 10.0]),
        minimum=(0.0, 0.0),
        start=(-2.0, 0.7),
        limits=((-2.4, 2.4), (-2.0, 2.0)),
        learning_rate=0.1,
        steps=30,
    ),
    "rosenbrock": Surface(
        formula=r"$f(a, b) = (1 - a)^2 + 100\,(b - a^2)^2$",
        value=lambda a, b: (1.0 - a) ** 2 + 100.0 * (b - a**2) ** 2,
        gradient=lambda a, b: np.array([-2.0 * (1.0 - a) - 400.0 * a * (b - a**2), 200.0 * (b - a**2)]),
        hessian=lambda a, b: np.array([[2.0 - 400.0 * (b - 3.0 * a**2), -400.0 * a], [-400.0 * a, 200.0]]),
        minimum=(1.0, 1.0),
        start=(-1.2, 1.0),
        limits=((-1.8, 1.8), (-3.6, 2.6)),
        learning_rate=1e-3,
        steps=300,
    ),
}


def draw_paths(ax, value, limits, paths: Mapping[str, np.ndarray], minimum, legend: bool = True) -> None:
    """Draws contour lines, and paths from a start over them.

    Args:
        ax: Axes.
        value: f of arrays a and b.
        limits: Of the Axes, `((lowest, highest), (lowest, highest))`.
        paths: By name, `(steps + 1, 2)`.
        minimum: `(a, b)` where f is lowest.
        legend: Whether a legend stands above.
    """
    (left, right), (bottom, top) = limits
    a, b = np.meshgrid(np.linspace(left, right, 201), np.linspace(bottom, top, 201))
    height = value(a, b)
    lowest = min(float(value(*map(np.asarray, minimum))), float(height.min()))
    # Equal steps of the cube root: lines enough in the valley, not too many on the walls.
    rises = (np.linspace(0.0, float(np.cbrt(height.max() - lowest)), 16)[1:-1]) ** 3
    ax.contour(a, b, height, levels=lowest + rises, colors=LIGHT, linewidths=0.8, zorder=1)
    for i, (name, path) in enumerate(paths.items()):
        color, many = COLORS[i % len(COLORS)], len(path) > 60
        label = translated("{name}: {count} steps", name=name, count=len(path) - 1)
        style = {"marker": "o", "markersize": 1.5 if many else 3.0, "linewidth": 0.8 if many else 1.3}
        ax.plot(*path.T, color=color, label=label, zorder=3, **style)
    start = next(iter(paths.values()))[0]
    ax.plot(*start, "s", color="black", markersize=6, zorder=4)
    ax.plot(*minimum, "*", color="black", markersize=10, zorder=4)
    ax.set_xlim(left, right)
    ax.set_ylim(bottom, top)
    offset = _free_side(ax, start, paths.values())
    ax.annotate(
        translated("start"), start, textcoords="offset points", xytext=offset, ha="center", va="center", fontsize=9,
        color=GREY,
    )  # fmt: skip
    if legend:
        place = {"loc": "lower center", "bbox_to_anchor": (0.5, 1.08), "frameon": False, "fontsize": 9}
        drawn = ax.legend(ncols=min(3, len(paths)), **place)
        if drawn.get_window_extent().width > ax.bbox.width:
            ax.legend(ncols=1, **place)


def _free_side(ax, start, paths) -> tuple[float, float]:
    """Returns where a word beside the start covers least of the paths, in points from it."""
    shares = np.linspace(0.0, 1.0, 30)[:, None, None]
    lines = np.concatenate([(path[:-1] + shares * np.diff(path, axis=0)).reshape(-1, 2) for path in paths])
    scale = 72.0 / ax.get_figure(root=True).dpi
    away = (ax.transData.transform(lines) - ax.transData.transform(start)) * scale

    def covered(side):
        inside = np.all(np.abs(away - side) < WORD, axis=1)
        middle = ax.transAxes.inverted().transform(ax.transData.transform(start) + np.array(side) / scale)
        reach = np.array(WORD) / scale / [ax.bbox.width, ax.bbox.height]
        outside = np.any((middle < reach) | (middle > 1.0 - reach))
        return 1000 * bool(outside) + int(inside.sum())

    return min(SIDES, key=covered)
