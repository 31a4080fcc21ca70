"""A network drawn as a graph, with the numbers of its chain rule at every unit and every arrow."""

from __future__ import annotations

import itertools

import numpy as np
from matplotlib.figure import Figure

from zoo.plots.backpropagation import ADDED, ChainRule, chain_rule
from zoo.plots.canvas import BLUE, GREY, RED, one
from zoo.plots.label_places import CHARACTER, places_beside_units, shares_of_labels
from zoo.plots.translations import translated

MOST_EDGES = 60  # more arrows would hide each other
NUMBERED_EDGES = 16  # up to which each arrow has its numbers written at it
DISTANCE = 3.4  # between layers, in inches, and so much more for each arrow above six between two layers:
FURTHER = 0.14
_PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}  # behind text, over arrows


def network_graph(model, x, y=None, *, loss: str | None = None, ax=None) -> Figure:
    """Draws a small network of dense layers for one row: values forwards, slopes backwards.

    A circle is a unit with its value and, beneath, its delta; an arrow is a weight w with dE/dw beside it, red for a
    positive weight and blue for a negative one, the thicker the larger. Biases stand under their units. The formulas,
    with the numbers of the first output filled in, stand below.

    Args:
        model, x, y, loss: As `chain_rule` takes them; without y, values alone are drawn.
        ax: Axes, or None for a new Figure.

    Raises:
        ValueError: if the network has other layers or more than 60 weights beside its biases.
    """
    numbers = chain_rule(model, x, y, loss=loss)
    edges = numbers.edges[~numbers.edges["from"].isin(ADDED)]
    if len(edges) > MOST_EDGES:
        raise ValueError(
            f"A graph shows at most {MOST_EDGES} weights. Received: {len(edges)}. Draw a smaller network, or look at "
            "the numbers of zoo.plots.chain_rule(model, x, y)."
        )
    places = places_of(numbers)
    tallest = max(y for _, y in places.values()) + 0.8
    widest = max(x for x, _ in places.values())
    half = max(0.5 * widest + 0.9, 3.6)  # formulas need some width
    lines = _formulas(numbers)
    bottom = -tallest - 0.3 - 0.27 * len(lines)
    figure, ax = one(ax, (2.0 * half + 0.2, tallest + 0.4 - bottom))  # a unit of the graph is an inch
    middle = 0.5 * widest
    biases = _bias_labels(numbers, places, (middle - half, middle + half), with_slopes=y is not None)
    _draw_edges(ax, numbers, edges, places, biases, with_slopes=y is not None)
    _draw_units(ax, numbers, places, biases, with_deltas=y is not None)
    for layer, activation in enumerate(numbers.activations, 1):
        name = translated(activation.replace("_", " "))
        ax.text(
            widest * layer / len(numbers.activations), tallest, name, ha="center", va="bottom", fontsize=10, color=GREY
        )
    ax.text(
        0.5 * widest, -tallest - 0.35, "\n".join(lines), ha="center", va="top", fontsize=10, linespacing=1.5
    )  # fmt: skip
    ax.set_xlim(0.5 * widest - half, 0.5 * widest + half)
    ax.set_ylim(bottom, tallest + 0.4)
    ax.set_aspect("equal")
    ax.set_axis_off()
    return figure


def places_of(numbers: ChainRule) -> dict[str, tuple[float, float]]:
    """Returns where each unit is drawn, in inches: a column a layer, its middle at height 0."""
    layers = [list(units.index) for _, units in numbers.units.groupby("layer")]
    arrows = max(len(here) * len(after) for here, after in itertools.pairwise(layers))
    distance = DISTANCE + FURTHER * max(0, min(arrows, NUMBERED_EDGES) - 6)
    return {
        unit: (distance * layer, 1.6 * ((len(units) - 1) / 2 - i))
        for layer, units in enumerate(layers)
        for i, unit in enumerate(units)
    }


def _arrows(edges, places) -> tuple[np.ndarray, np.ndarray]:
    """Returns where arrows begin and end `(arrows, 2)`, beside the circles of their units."""
    begins, ends = (np.array([places[unit] for unit in edges[end]]) for end in ("from", "to"))
    ways = (ends - begins) / np.linalg.norm(ends - begins, axis=1, keepdims=True)
    return begins + 0.45 * ways, ends - 0.45 * ways


def _names(places) -> list:
    """Returns the middle lines of the units' names, above them."""
    return [[(x - 0.15, y + 0.52), (x + 0.15, y + 0.52)] for x, y in places.values()]


def _bias_labels(numbers: ChainRule, places, within, *, with_slopes) -> dict[str, tuple[str, np.ndarray]]:
    """Returns the text of each bias, by unit, and the place of its middle."""
    biases = numbers.edges[numbers.edges["from"] == "1"]
    texts = [f"b {weight:.3g}" for weight in biases["weight"]]
    if with_slopes:
        texts = [f"{text} | {slope:+.2g}" for text, slope in zip(texts, biases["dE/dw"])]
    arrows = np.stack(_arrows(numbers.edges[~numbers.edges["from"].isin(ADDED)], places), axis=1)
    units = [places[unit] for unit in biases["to"]]
    middles = places_beside_units(units, [len(text) for text in texts], arrows, _names(places), within)
    return dict(zip(biases["to"], zip(texts, middles)))


def _draw_edges(ax, numbers, edges, places, biases, *, with_slopes) -> None:
    largest = float(edges["weight"].abs().max()) or 1.0
    begins, ends = _arrows(edges, places)
    ways = (ends - begins) / np.linalg.norm(ends - begins, axis=1, keepdims=True)
    colors = [RED if weight > 0 else BLUE for weight in edges["weight"]]
    for begin, end, weight, color in zip(begins, ends, edges["weight"], colors):
        width = 0.5 + 2.5 * abs(weight) / largest
        arrow = {"arrowstyle": "-|>", "color": color, "linewidth": width, "alpha": 0.8, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", end, begin, arrowprops=arrow, zorder=1)
    if len(edges) > NUMBERED_EDGES:
        return
    labels = [f"{weight:.3g}" for weight in edges["weight"]]
    if with_slopes:
        labels = [f"{label} | {slope:+.2g}" for label, slope in zip(labels, edges["dE/dw"])]
    obstacles = _names(places)
    for text, (x, y) in biases.values():
        half = 0.5 * CHARACTER * len(text)
        obstacles.append([(x - half, y), (x + half, y)])
    shares = shares_of_labels(begins, ends, [len(label) for label in labels], obstacles)
    for begin, end, way, share, label, color in zip(begins, ends, ways, shares, labels, colors):
        ax.text(
            *(begin + share * (end - begin)), label, fontsize=8, ha="center", va="center",
            rotation=np.degrees(np.arctan2(way[1], way[0])), rotation_mode="anchor", transform_rotates_text=True,
            color=color, bbox=_PAPER, zorder=2,
        )  # fmt: skip


def _draw_units(ax, numbers: ChainRule, places, biases, *, with_deltas) -> None:
    for unit, row in numbers.units.iterrows():
        x, y = places[unit]
        ax.scatter(x, y, s=1900, facecolor="white", edgecolor="black", linewidth=1.2, zorder=3)
        ax.text(x, y + 0.1, f"{row['y']:.3g}", ha="center", va="center", fontsize=10, zorder=4)
        if with_deltas and row["layer"] > 0:
            ax.text(x, y - 0.15, f"δ {row['delta']:+.2g}", ha="center", va="center", fontsize=7.5, zorder=4)
        ax.text(x, y + 0.52, unit, ha="center", va="center", fontsize=10, style="italic", bbox=_PAPER, zorder=4)
    for text, (x, y) in biases.values():
        ax.text(x, y, text, ha="center", va="center", fontsize=8, color=GREY, bbox=_PAPER, zorder=4)


def _number(value: float) -> str:
    """Returns a number as a factor of a product, in brackets where it is negative."""
    return f"{value:.3g}" if value >= 0 else f"({value:.3g})"


def _unit(name: str) -> str:
    """Returns a unit's name as matplotlib sets mathematics: h1_2 is the second unit of the first hidden layer."""
    return rf"{name[0]}_{{{name[1:].replace('_', ', ')}}}"


def _formulas(numbers: ChainRule) -> list[str]:
    """Returns the lines below the graph: the chain rule of the first output and of a unit before it, in numbers."""
    units, edges, d = numbers.units, numbers.edges, numbers.wanted
    output = units.index[units["layer"] == units["layer"].max()][0]
    row, into = units.loc[output], edges[edges["to"] == output]
    name, value = _unit(output), f"{row['y']:.3g}"
    lines = []
    if len(into) <= 4:
        terms = [
            _number(edge["weight"]) if edge["from"] in ADDED else
            rf"{_number(edge['weight'])} \cdot {_number(units.loc[edge['from'], 'y'])}"
            for edge in into.to_dict("records")
        ]  # fmt: skip
        if numbers.activations[-1] == "softmax":
            lines.append(rf"${_z(output)} = {' + '.join(terms)} = {row['z']:.3g}$")
            lines.append(_softmax(units[units["layer"] == row["layer"]], name, value))
        else:
            lines.append(rf"$z = {' + '.join(terms)} = {row['z']:.3g}$,  ${name} = f(z) = {value}$")
    if d is None:
        return lines
    lines.append(rf"$E = {_error(numbers, value)} = {numbers.error:.3g}$")
    difference = rf"{value} - {d[0]:g}"
    if numbers.loss == "cross_entropy":
        lines.append(rf"$\delta_{{{name}}} = {name} - d = {difference} = {row['delta']:.3g}$")
    else:
        lines.append(
            rf"$\delta_{{{name}}} = f'(z)\,({name} - d) = {row['slope']:.3g} \cdot ({difference}) = {row['delta']:.3g}$"
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


def _z(unit: str) -> str:
    """Returns the sum z of an output: y2 has z_{2}."""
    return f"z_{{{unit[1:]}}}"


def _softmax(outputs, name: str, value: str) -> str:
    """Returns the softmax of the first output, in numbers where the outputs are few."""
    powers = [f"e^{{{z:.3g}}}" for z in outputs["z"]]
    filled = rf"{powers[0]} / ({' + '.join(powers)}) = " if len(powers) <= 4 else ""
    return rf"${name} = e^{{{_z(outputs.index[0])}}} / \Sigma_k e^{{z_k}} = {filled}{value}$"


def _error(numbers: ChainRule, value: str) -> str:
    """Returns what the error is, with the value of a single output filled in."""
    d = numbers.wanted
    if numbers.loss == "cross_entropy":
        if len(d) > 1:
            return r"-\Sigma_j d_j \ln y_j"
        return rf"-\ln {value}" if d[0] == 1 else rf"-\ln (1 - {value})" if d[0] == 0 else r"-\Sigma d \ln y"
    return rf"\frac{{1}}{{2}}\,({value} - {d[0]:g})^2" if len(d) == 1 else r"\frac{1}{2}\,\Sigma_j (y_j - d_j)^2"
