"""The lecture's table of activations, each with its derivative in closed form.

At the kink: relu'(0) = 0, elu'(0) = 1, binary_step(0) = 1 with the derivative 0, as the zoo's layers have them; and
prelu'(0) = a by the formula, where automatic differentiation of Keras's layer, relu(x) - a relu(-x), says 0.
All values and derivatives are finite at any finite x: no exponential of a positive number is taken.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from zoo.registry import suggest

if TYPE_CHECKING:  # the table itself needs no matplotlib
    from matplotlib.figure import Figure


@dataclasses.dataclass(frozen=True)
class Activation:
    """A row of the table.

    Args:
        formula: phi(x), as matplotlib sets mathematics.
        slope_formula: phi'(x), likewise.
        value: phi, of an array and of `a`, the slope of `prelu` below 0, which the others leave alone.
        derivative: phi', likewise.
    """

    formula: str
    slope_formula: str
    value: Callable[..., np.ndarray]
    derivative: Callable[..., np.ndarray]


def _logistic(x):
    small = np.exp(-np.abs(x))  # in (0, 1]
    return np.where(x >= 0, 1.0, small) / (1.0 + small)


def _logistic_slope(x):
    small = np.exp(-np.abs(x))
    return small / (1.0 + small) ** 2  # y (1 - y), which would round to 0 from x = 37 on


def _tanh_slope(x):
    small = np.exp(-2.0 * np.abs(x))
    return 4.0 * small / (1.0 + small) ** 2  # 1 - y^2, likewise


ACTIVATIONS = {
    "identity": Activation(r"$x$", r"$1$", lambda x, a=0.0: x, lambda x, a=0.0: np.ones_like(x)),
    "binary_step": Activation(
        r"$1$ if $x\geq 0$ else $0$",
        r"$0$",
        lambda x, a=0.0: np.where(x >= 0, 1.0, 0.0),
        lambda x, a=0.0: np.zeros_like(x),
    ),
    "logistic": Activation(
        r"$1/(1+e^{-x})$", r"$y\,(1-y)$", lambda x, a=0.0: _logistic(x), lambda x, a=0.0: _logistic_slope(x)
    ),
    "tanh": Activation(r"$\tanh x$", r"$1-y^2$", lambda x, a=0.0: np.tanh(x), lambda x, a=0.0: _tanh_slope(x)),
    "arctan": Activation(
        r"$\arctan x$", r"$1/(1+x^2)$", lambda x, a=0.0: np.arctan(x), lambda x, a=0.0: 1.0 / (1.0 + x * x)
    ),
    "relu": Activation(
        r"$\max(x, 0)$",
        r"$1$ if $x>0$ else $0$",
        lambda x, a=0.0: np.maximum(x, 0.0),
        lambda x, a=0.0: np.where(x > 0, 1.0, 0.0),
    ),
    "prelu": Activation(
        r"$x$ if $x>0$ else $a\,x$",
        r"$1$ if $x>0$ else $a$",
        lambda x, a=0.0: np.where(x > 0, x, a * x),
        lambda x, a=0.0: np.where(x > 0, 1.0, a),
    ),
    "elu": Activation(
        r"$x$ if $x>0$ else $e^x-1$",
        r"$1$ if $x>0$ else $y+1$",
        lambda x, a=0.0: np.where(x > 0, x, np.expm1(np.minimum(x, 0.0))),
        lambda x, a=0.0: np.exp(np.minimum(x, 0.0)),
    ),
    "softplus": Activation(
        r"$\ln(1+e^x)$",
        r"$1/(1+e^{-x})$",
        lambda x, a=0.0: np.logaddexp(0.0, x),
        lambda x, a=0.0: _logistic(x),
    ),
}


def activation_table(
    names: Sequence[str] = tuple(ACTIVATIONS), *, limit: float = 4.0, a: float = 0.25, ax=None
) -> Figure:
    """Draws activations with their derivatives, and writes the formulas of both.

    Args:
        names: Which of `zoo.plots.ACTIVATIONS`.
        limit: The inputs run from -limit to limit.
        a: The slope of `prelu` below 0.
        ax: As many Axes as names, or None for a new Figure.

    Returns:
        A Figure with a panel each.

    Raises:
        ValueError: if there is no such activation.
    """
    from zoo.plots.canvas import BLUE, RED, plain, several
    from zoo.plots.translations import translated

    for name in names:
        if name not in ACTIVATIONS:
            raise ValueError(
                f"Unknown activation {name!r}.{suggest(name, ACTIVATIONS)} The table has: {', '.join(ACTIVATIONS)}."
            )
    columns = min(3, len(names))
    rows = -(-len(names) // columns) if names else 1
    figure, panels = several(ax, len(names), (3.6 * columns, 2.7 * rows), nrows=rows, ncols=columns, sharex=True)
    for i, (name, panel) in enumerate(zip(names, panels)):
        row = ACTIVATIONS[name]
        for x in _pieces(name, limit):
            slope, formula = (
                text.replace(" if ", f" {translated('if')} ").replace(" else ", f" {translated('else')} ")
                for text in (row.slope_formula, row.formula)
            )
            panel.plot(x, row.derivative(x, a), "--", color=RED, linewidth=1.5, label=rf"$\varphi'(x)=$ {slope}")
            panel.plot(x, row.value(x, a), color=BLUE, linewidth=2.0, label=rf"$\varphi(x)=$ {formula}")
        if name == "binary_step":
            panel.plot([0.0], [1.0], "o", color=BLUE, markersize=5)
            panel.plot([0.0], [0.0], "o", color=BLUE, markersize=5, markerfacecolor="white")
        low, high = panel.get_ylim()
        panel.set_ylim(low, high + 0.45 * (high - low))  # room for the formulas
        handles, labels = panel.get_legend_handles_labels()
        first = dict(zip(labels[:2][::-1], handles[:2][::-1]))
        panel.legend(
            first.values(), first, loc="upper left", frameon=False, fontsize=9, borderaxespad=0.0, handlelength=1.5
        )
        panel.set_title(translated(name.replace("_", " ")), fontsize=11)
        if i >= len(names) - columns:
            panel.set_xlabel("x")
            panel.xaxis.set_tick_params(labelbottom=True)
        plain(panel)
    return figure


def _pieces(name: str, limit: float) -> list[np.ndarray]:
    """Returns inputs between whose arrays the line is not joined: the step and the derivatives with a jump."""
    if name not in ("binary_step", "relu", "prelu"):
        return [np.linspace(-limit, limit, 401)]
    below = -np.finfo(float).tiny if name == "binary_step" else 0.0  # 0 itself is on the side of the convention
    above = 0.0 if name == "binary_step" else np.finfo(float).tiny
    return [np.linspace(-limit, below, 201), np.linspace(above, limit, 201)]
