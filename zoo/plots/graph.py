"""A network drawn as a graph, with the numbers of its chain rule at every unit and every arrow."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from zoo.plots.backpropagation import ChainRule, chain_rule
from zoo.plots.canvas import BLUE, GREY, RED, one
from zoo.plots.translations import translated

MOST_EDGES = 60  # more arrows would hide each other
NUMBERED_EDGES = 16  # up to which each arrow has its numbers written at it
_PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}  # behind text, over arrows


def network_graph(model, x, y=None, *, ax=None) -> Figure:
    """Draws a small network of dense layers for one row: values forwards, slopes backwards.

    A circle is a unit with its value and, beneath, its delta; an arrow is a weight w with dE/dw beside it, red for a
    positive weight and blue for a negative one, the thicker the larger. Biases stand under their units. The formulas,
    with the numbers of the first output filled in, stand below.

    Args:
        model: As `chain_rule` takes it.
        x: The encoded inputs of one row `(inputs,)`.
        y: What the outputs should be; None draws values alone.
        ax: Axes, or None for a new Figure.

    Raises:
        ValueError: if the network has other layers or more than 60 weights beside its biases.
    """
    numbers = chain_rule(model, x, y)
    edges = numbers.edges[numbers.edges["from"] != "1"]
    if len(edges) > MOST_EDGES:
        raise ValueError(
            f"A graph shows at most {MOST_EDGES} weights. Received: {len(edges)}. Draw a smaller network, or look at "
            "the numbers of zoo.plots.chain_rule(model, x, y)."
        )
    layers = [list(units.index) for _, units in numbers.units.groupby("layer")]
    tallest = max(map(len, layers))
    figure, ax = one(ax, (3.0 * len(layers), 1.9 * tallest + 1.8))
    places = {
        unit: (3.0 * layer, 1.6 * ((len(units) - 1) / 2 - i))
        for layer, units in enumerate(layers)
        for i, unit in enumerate(units)
    }
    _draw_edges(ax, edges, places, layers, with_slopes=y is not None)
    _draw_units(ax, numbers, places, with_deltas=y is not None)
    for layer, activation in enumerate(numbers.activations, 1):
        ax.text(
            3.0 * layer,
            0.8 * tallest,
            translated(activation.replace("_", " ")),
            ha="center",
            va="bottom",
            fontsize=10,
            color=GREY,
        )
    lines = _formulas(numbers, np.ravel(y) if y is not None else None)
    ax.text(
        1.5 * (len(layers) - 1), -0.8 * tallest - 0.35, "\n".join(lines), ha="center", va="top", fontsize=10,
        linespacing=1.6,
    )  # fmt: skip
    ax.set_xlim(-0.9, 3.0 * (len(layers) - 1) + 0.9)
    ax.set_ylim(-0.8 * tallest - 0.5 - 0.45 * len(lines), 0.8 * tallest + 0.4)
    ax.set_aspect("equal")
    ax.set_axis_off()
    return figure


def _draw_edges(ax, edges, places, layers, *, with_slopes) -> None:
    largest = float(edges["weight"].abs().max()) or 1.0
    numbered = len(edges) <= NUMBERED_EDGES
    for edge in edges.to_dict("records"):
        begin, end = np.array(places[edge["from"]]), np.array(places[edge["to"]])
        way = (end - begin) / np.linalg.norm(end - begin)
        color, width = (RED if edge["weight"] > 0 else BLUE), 0.5 + 2.5 * abs(edge["weight"]) / largest
        arrow = {"arrowstyle": "-|>", "color": color, "linewidth": width, "alpha": 0.8, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", end - 0.45 * way, begin + 0.45 * way, arrowprops=arrow, zorder=1)
        if not numbered:
            continue
        # Each arrow into a unit is written at a place of its own along it, so that crossing ones keep apart.
        sources = layers[edge["layer"] - 1]
        share = 0.36 + 0.14 * (sources.index(edge["from"]) % 3)
        label = f"{edge['weight']:.3g}"
        if with_slopes:
            label += f" | {edge['dE/dw']:+.2g}"
        angle = np.degrees(np.arctan2(way[1], way[0]))
        ax.text(
            *(begin + share * (end - begin)), label, fontsize=8, ha="center", va="center", rotation=angle,
            rotation_mode="anchor", transform_rotates_text=True, color=color,
            bbox=_PAPER, zorder=2,
        )  # fmt: skip


def _draw_units(ax, numbers: ChainRule, places, *, with_deltas) -> None:
    biases = numbers.edges[numbers.edges["from"] == "1"].set_index("to")
    for unit, row in numbers.units.iterrows():
        x, y = places[unit]
        ax.scatter(x, y, s=1900, facecolor="white", edgecolor="black", linewidth=1.2, zorder=3)
        ax.text(x, y + 0.1, f"{row['y']:.3g}", ha="center", va="center", fontsize=10, zorder=4)
        if with_deltas and row["layer"] > 0:
            ax.text(x, y - 0.15, f"δ {row['delta']:+.2g}", ha="center", va="center", fontsize=7.5, zorder=4)
        ax.text(x, y + 0.52, unit, ha="center", va="center", fontsize=10, style="italic", bbox=_PAPER, zorder=4)
        if unit in biases.index:
            label = f"b {biases.loc[str(unit), 'weight']:.3g}"
            if with_deltas:
                label += f" | {biases.loc[str(unit), 'dE/dw']:+.2g}"
            ax.text(x, y - 0.56, label, ha="center", va="center", fontsize=8, color=GREY, bbox=_PAPER, zorder=4)


def _number(value: float) -> str:
    """Returns a number as a factor of a product, in brackets where it is negative."""
    return f"{value:.3g}" if value >= 0 else f"({value:.3g})"


def _unit(name: str) -> str:
    """Returns a unit's name as matplotlib sets mathematics: h1_2 is the second unit of the first hidden layer."""
    return rf"{name[0]}_{{{name[1:].replace('_', ', ')}}}"


def _formulas(numbers: ChainRule, y) -> list[str]:
    """Returns the lines below the graph: the chain rule of the first output and of a unit before it, in numbers."""
    units, edges = numbers.units, numbers.edges
    output = units.index[units["layer"] == units["layer"].max()][0]
    row, into = units.loc[output], edges[edges["to"] == output]
    name, value = _unit(output), f"{row['y']:.3g}"
    lines = []
    if len(into) <= 5:
        terms = [
            _number(edge["weight"]) if edge["from"] == "1" else
            rf"{_number(edge['weight'])} \cdot {_number(units.loc[edge['from'], 'y'])}"
            for edge in into.to_dict("records")
        ]  # fmt: skip
        lines.append(rf"$z = {' + '.join(terms)} = {row['z']:.3g}$,  ${name} = f(z) = {value}$")
    if y is None:
        return lines
    several = r"\frac{1}{2}\,\Sigma_j (y_j - d_j)^2"
    one_term = rf"\frac{{1}}{{2}}\,({value} - {y[0]:g})^2"
    lines.append(rf"$E = {one_term if len(y) == 1 else several} = {numbers.error:.3g}$")
    lines.append(
        rf"$\delta_{{{name}}} = f'(z)\,({name} - d) = {row['slope']:.3g} \cdot ({value} - {y[0]:g}) = "
        rf"{row['delta']:.3g}$"
    )
    first = into.iloc[0]
    lines.append(
        rf"$\partial E / \partial w = \delta_{{{name}}}\,{_unit(first['from'])} = {_number(row['delta'])} \cdot "
        rf"{_number(units.loc[first['from'], 'y'])} = {first['dE/dw']:.3g}$"
    )
    if units["layer"].max() > 1:
        hidden = units.index[units["layer"] == units["layer"].max() - 1][0]
        leaving = edges[edges["from"] == hidden]
        products = " + ".join(
            rf"{_number(edge['weight'])} \cdot {_number(units.loc[edge['to'], 'delta'])}"
            for edge in leaving.head(3).to_dict("records")
        )
        more = r" + \ldots" if len(leaving) > 3 else ""
        lines.append(
            rf"$\delta_{{{_unit(hidden)}}} = f'(z)\,\Sigma_k w_k \delta_k = {units.loc[hidden, 'slope']:.3g} \cdot "
            rf"({products}{more}) = {units.loc[hidden, 'delta']:.3g}$"
        )
    return lines
