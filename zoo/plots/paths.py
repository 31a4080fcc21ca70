"""The chain rule path by path: a weight's slope is a sum over all paths to the outputs, of the products along each.

    z4{z3[z2(w)]}:   dz4/dw = sum_k sum_j  dz4/dz3_k  dz3_k/dz2_j  dz2_j/dw
    dz_(l+1)k / dz_lj = w_jk f'(z_lj);   dz2_j/dw = y_i where w leads from unit i to unit j, else 0

Layers are numbered as in the lecture: the inputs are layer 1, the first sums z2. A weight leads to a single unit j, so
the products of all paths through the others are 0.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from zoo.plots.backpropagation import ADDED, ChainRule, chain_rule
from zoo.plots.canvas import COLORS, GREY, LIGHT, one
from zoo.plots.graph import places_of
from zoo.plots.translations import translated

MOST_PATHS = 64
MOST_DRAWN = 12


def chain_paths(model, x, y=None, *, weight: Sequence[str] | None = None, loss: str | None = None) -> pd.DataFrame:
    """Computes the products of all paths from a weight to the outputs.

    Args:
        model, x, y, loss: As `zoo.plots.chain_rule` takes them.
        weight: From which unit to which, such as `("x1", "h1_1")`, by the names of `chain_rule`; `"1"` for a bias. None
            for the first.

    Returns:
        A row a path: `path`, the units on it; the factors from the weight on, `dz2/dw`, `dz3/dz2`, ...; `product`. With
        a target the last factor is dE/dz of the output, and the products add up to dE/dw; without one, they add up to
        the slope of the output's sum, which must then be a single output.

    Raises:
        ValueError: if there is no such weight, or more than 64 paths.
    """
    numbers = chain_rule(model, x, y, loss=loss)
    units, edges = numbers.units, numbers.edges
    source, target = _weight(numbers, weight)
    layers = [list(group.index) for _, group in units.groupby("layer")]
    layer_of, y_of, slope_of, delta_of = (units[name].to_dict() for name in ("layer", "y", "slope", "delta"))
    first = int(layer_of[target])
    if y is None and len(layers[-1]) > 1:
        raise ValueError(f"`y` must be given where there are several outputs. Received: {len(layers[-1])} outputs.")
    if (count := math.prod(len(layer) for layer in layers[first:])) > MOST_PATHS:
        raise ValueError(f"There may be at most {MOST_PATHS} paths. Received: {count}. Take a smaller network.")
    weights = {(edge["from"], edge["to"]): edge["weight"] for edge in edges.to_dict("records")}
    value = 1.0 if source == "1" else float(y_of[source])
    rows = []
    for path in itertools.product(*layers[first:]):
        factors = {f"dz{first + 1}/dw": value if path[0] == target else 0.0}
        for layer, (here, after) in enumerate(itertools.pairwise(path), first + 1):
            factors[f"dz{layer + 1}/dz{layer}"] = weights[here, after] * slope_of[here]
        if y is not None:
            factors[f"dE/dz{len(layers)}"] = delta_of[path[-1]]
        product = float(np.prod(list(factors.values()))) + 0.0  # no -0
        rows.append({"path": " → ".join(path), **factors, "product": product})
    return pd.DataFrame(rows)


def path_graph(model, x, y=None, *, weight: Sequence[str] | None = None, loss: str | None = None, ax=None) -> Figure:
    """Draws the paths from a weight to the outputs, each in a colour, with its factors and their product below.

    Args:
        model, x, y, weight, loss: As `chain_paths` takes them.
        ax: Axes, or None for a new Figure.

    Raises:
        ValueError: as `chain_paths`; or if there are more than 12 paths.
    """
    table = chain_paths(model, x, y, weight=weight, loss=loss)
    if len(table) > MOST_DRAWN:
        raise ValueError(f"At most {MOST_DRAWN} paths are drawn. Received: {len(table)}. Take a smaller network.")
    numbers = chain_rule(model, x, y, loss=loss)
    source, target = _weight(numbers, weight)
    places = places_of(numbers)
    tallest, widest = max(y for _, y in places.values()) + 0.8, max(x for x, _ in places.values())
    bottom = -tallest - 0.3 - 0.32 * (len(table) + 2)
    figure, ax = one(ax, (max(widest, 6.0) + 2.0, tallest + 0.2 - bottom))
    for edge in numbers.edges.to_dict("records"):
        if edge["from"] not in ADDED:
            ax.plot(*zip(places[edge["from"]], places[edge["to"]]), color=LIGHT, linewidth=0.8, zorder=1)
    begin = places.get(source, (places[target][0], places[target][1] - 0.7))  # a bias comes from below
    ax.plot(*zip(begin, places[target]), color="black", linewidth=3.0, zorder=2)
    live = table[table[table.columns[1]] != 0.0] if (table[table.columns[1]] != 0.0).any() else table.iloc[:0]
    for i, row in enumerate(live.to_dict("records")):
        line = np.array([places[unit] for unit in row["path"].split(" → ")])
        shift = 0.07 * (i - (len(live) - 1) / 2)  # so that paths side by side are all seen
        ax.plot(line[:, 0], line[:, 1] + shift, color=COLORS[i % len(COLORS)], linewidth=2.2, zorder=2)
    for unit, value in numbers.units["y"].items():
        x_of, y_of = places[str(unit)]
        ax.scatter(x_of, y_of, s=1900, facecolor="white", edgecolor="black", linewidth=1.2, zorder=3)
        ax.text(x_of, y_of + 0.1, str(unit), ha="center", va="center", fontsize=10, style="italic", zorder=4)
        ax.text(x_of, y_of - 0.14, f"{value:.3g}", ha="center", va="center", fontsize=9, zorder=4)
    order = {row: place for place, row in enumerate(live.index)}
    middle, top = 0.5 * widest, -tallest - 0.1
    ax.text(middle, top, " · ".join(table.columns[1:-1]), ha="center", fontsize=9, color=GREY)
    for i, row in enumerate(table.to_dict("records"), 1):
        at = order.get(i - 1, -1)
        factors = " · ".join(_factor(row[name]) for name in table.columns[1:-1])
        text = f"{row['path']}:   {factors} = {row['product']:.3g}"
        color = LIGHT if at < 0 else COLORS[at % len(COLORS)]
        ax.text(middle, top - 0.32 * i, text, ha="center", fontsize=10, color=GREY if at < 0 else color)
    total = f"{table['product'].sum():.3g}"
    label = translated("sum of the products: {total}", total=total) + (
        "" if y is None else r"  $= \partial E/\partial w$"
    )
    ax.text(middle, top - 0.32 * (len(table) + 1), label, ha="center", fontsize=11)
    half = 0.5 * max(widest, 6.0) + 0.9
    ax.set_xlim(middle - half, middle + half)
    ax.set_ylim(bottom, tallest + 0.2)
    ax.set_aspect("equal")
    ax.set_axis_off()
    return figure


def _weight(numbers: ChainRule, weight) -> tuple[str, str]:
    """Returns from which unit to which a weight leads."""
    edges = numbers.edges
    if weight is None:
        return str(edges["from"].iloc[0]), str(edges["to"].iloc[0])
    known = list(zip(edges["from"], edges["to"]))
    if tuple(weight) not in known:
        raise ValueError(
            f"`weight` must be from one unit to another of the next layer, such as {known[0]}. Received: "
            f"weight={tuple(weight)}. The weights are the rows of zoo.plots.chain_rule(model, x).edges."
        )
    return tuple(weight)


def _factor(value: float) -> str:
    return f"{value:.3g}" if value >= 0 else f"({value:.3g})"
