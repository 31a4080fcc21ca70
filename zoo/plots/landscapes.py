"""Landscapes: the energy of a memory between its patterns, and the distances between neighbours on a map.

    E(s) = -1/2 sum_ij w_ij s_i s_j                           Hopfield 1982; of any model with `.energy(states)`
    U(unit) = the mean distance of a unit's weights from those of its neighbours on the grid

J. J. Hopfield, Neural Networks and Physical Systems with Emergent Collective Computational Abilities, PNAS 79(8), 1982.
https://doi.org/10.1073/pnas.79.8.2554. A. Ultsch, H. P. Siemon, Kohonen's Self Organizing Feature Maps for Exploratory
Data Analysis, International Neural Network Conference, 1990.
"""

from __future__ import annotations

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from zoo.layers.grids import TOPOLOGIES, Grid, mean_distances
from zoo.plots.canvas import GREY, numbers, one, plain
from zoo.plots.translations import translated
from zoo.registry import suggest


def energy_landscape(model, patterns, *, resolution: int = 81, reach: float = 1.6, ax=None) -> Figure:
    """Draws the energy over the plane through two patterns and the origin.

    Points of the plane are a x_1 + b x_2: the patterns are at (1, 0) and (0, 1), their opposites across the origin.
    States of a memory of -1 and +1 are kept in the cube between them: beyond +-1 a unit stays there.

    Args:
        model: A model with `.energy(states)`, such as `hopfield`, or its run; or couplings w `(units, units)`.
        patterns: Two patterns `(2, units)`; further rows are marked where they fall by least squares.
        resolution: Points along each axis.
        reach: a and b run from -reach to reach.
        ax: Axes, or None for a new Figure.

    Raises:
        ValueError: if there are fewer than two patterns, or they have another width than the couplings.
    """
    model = getattr(model, "model", model)  # a run's
    patterns = numbers("patterns", patterns)
    if patterns.ndim != 2 or len(patterns) < 2:
        raise ValueError(f"`patterns` must be at least two rows (patterns, units). Received: {patterns.shape}.")
    energy = _energy_of(model, patterns.shape[1])
    axis = np.linspace(-reach, reach, resolution)
    a, b = np.meshgrid(axis, axis)
    plane = a.reshape(-1, 1) * patterns[0] + b.reshape(-1, 1) * patterns[1]
    bipolar = not hasattr(model, "schema") or all(c.values == (-1.0, 1.0) for c in model.schema.columns)
    states = np.clip(plane, -1.0, 1.0) if bipolar else plane
    height = np.asarray(energy(states), "float64").reshape(a.shape)
    figure, ax = one(ax, (6.0, 4.8))
    image = ax.contourf(a, b, height, levels=24, cmap="viridis")
    figure.colorbar(image, ax=ax, label=translated("energy"))
    places = np.linalg.lstsq(patterns[:2].T, patterns.T, rcond=None)[0].T
    for i, (x, y) in enumerate(places):
        for sign in (1, -1) if i < 2 else (1,):
            ax.plot(sign * x, sign * y, "o", color="white", markeredgecolor="black", markersize=7)
            label = f"{'−' if sign < 0 else ''}$x_{{{i + 1}}}$"
            ax.annotate(label, (sign * x, sign * y), textcoords="offset points", xytext=(8, 6), color="white")
    ax.set_xlabel(translated("share of {pattern}", pattern="$x_1$"))
    ax.set_ylabel(translated("share of {pattern}", pattern="$x_2$"))
    ax.set_aspect("equal")
    return figure


def _energy_of(model, units: int):
    if hasattr(model, "energy"):
        return model.energy
    if hasattr(model, "entry"):
        raise TypeError(f"The model must have `.energy(states)`, as 'hopfield' has. Received: {model.entry.name!r}.")
    w = numbers("model", model)
    if w.shape != (units, units):
        raise ValueError(
            f"The couplings must have the shape ({units}, {units}), as wide as the patterns, or be a model that has "
            f"`.energy(states)`. Received: {w.shape}."
        )
    return lambda states: -0.5 * np.einsum("si,ij,sj->s", states, w, states, optimize=True)


def neighbour_distances(codebook, topology: str = "rectangular") -> np.ndarray:
    """Returns the U-matrix `(rows, columns)`: the mean distance of each unit from its neighbours on the grid.

    Args:
        codebook: `(rows, columns, inputs)`.
        topology: `"rectangular"` and `"torus"`: 8 neighbours; `"hexagonal"`: 6, odd rows shifted to the right by half a
            unit; `"chain"`: 2.

    Raises:
        ValueError: if the codebook has another shape, or the topology is unknown.
    """
    codebook = numbers("codebook", codebook)
    if codebook.ndim != 3:
        raise ValueError(f"`codebook` must have the shape (rows, columns, inputs). Received: {codebook.shape}.")
    if topology not in TOPOLOGIES:
        raise ValueError(
            f"`topology` must be one of {', '.join(TOPOLOGIES)}.{suggest(topology, TOPOLOGIES)} Received: {topology!r}"
        )
    rows, columns, _ = codebook.shape
    return mean_distances(codebook, Grid(rows, columns, topology))


def u_matrix(map_or_codebook, *, topology: str | None = None, ax=None) -> Figure:
    """Draws the U-matrix of a map: dark ridges part what lies together.

    Args:
        map_or_codebook: A model with `.codebook`, such as `kohonen_map`, or a codebook `(rows, columns, inputs)`.
        topology: As for `neighbour_distances`; None for the model's own.
        ax: Axes, or None for a new Figure.

    Raises:
        TypeError: if the model has no codebook.
    """
    model = getattr(map_or_codebook, "model", map_or_codebook)  # a run's
    codebook = getattr(model, "codebook", None)
    if codebook is None and hasattr(model, "entry"):
        raise TypeError(f"The model must have `.codebook`, as 'kohonen_map' has. Received: {model.entry.name!r}.")
    if topology is None:
        options = {} if codebook is None else {**model.entry.options, **model.options}
        topology = options.get("topology", "rectangular")
    distances = neighbour_distances(model if codebook is None else codebook, topology)
    rows, columns = distances.shape
    figure, ax = one(ax, (1.6 + min(0.4 * columns, 7.0), 0.8 + max(1.0, min(0.4 * rows, 6.0))))
    if topology == "hexagonal":
        tall = np.sqrt(3.0) / 2.0  # between rows, in units of the distance within one
        angles = np.pi / 6 + np.pi / 3 * np.arange(6)
        hexagon = np.stack([np.cos(angles), np.sin(angles)], axis=1) / np.sqrt(3.0)
        centers = [(column + 0.5 * (row % 2), row * tall) for row in range(rows) for column in range(columns)]
        cells = PolyCollection([hexagon + center for center in centers], cmap="Greys", edgecolors="none")
        cells.set_array(distances.ravel())
        image = ax.add_collection(cells)
        ax.set_xlim(-0.6, columns + 0.1)
        ax.set_ylim((rows - 1) * tall + 0.7, -0.7)
        ax.set_yticks(tall * np.arange(0, rows, max(1, rows // 5)), np.arange(0, rows, max(1, rows // 5)))
    else:
        image = ax.imshow(distances, cmap="Greys", interpolation="nearest")
    figure.colorbar(image, ax=ax, label=translated("mean distance from neighbours"))
    ax.set_xlabel(translated("column"), color=GREY)
    ax.set_ylabel(translated("row"), color=GREY)
    ax.set_aspect("equal")
    plain(ax)
    return figure
