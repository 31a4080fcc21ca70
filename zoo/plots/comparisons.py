"""How far models that were compared are from the best."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from zoo.plots.canvas import BLUE, GREY, ORANGE, one, plain
from zoo.plots.translations import translated
from zoo.training.comparison import Comparison


def model_differences(comparison: Comparison, *, ax=None) -> Figure:
    """Draws the difference of each model's score to the best's, with the interval; the best is at 0.

    A model that answers the same for all rows is drawn where it is the best: it would leave the others no room.

    Args:
        comparison: What `zoo.compare` returned.
        ax: Axes, or None for a new Figure.

    Raises:
        TypeError: if it is no comparison.
        ValueError: if no model has answered all folds.
    """
    if not isinstance(comparison, Comparison):
        raise TypeError(f"`comparison` must be what zoo.compare returned. Received: {type(comparison).__name__}.")
    table = comparison.table[comparison.table["error"] == ""]
    if table.empty:
        raise ValueError(f"There is nothing to draw. {comparison.advice}")
    table = table[[i == 0 or label not in comparison.baselines for i, label in enumerate(table.index)]]
    figure, axes = one(ax, (6.5, 1.2 + 0.4 * len(table)))
    axes.axvline(0.0, linestyle=":", color=GREY)
    places = np.arange(len(table))
    for place, (_, row) in zip(places, table.iterrows(), strict=True):
        is_within = row["low"] <= 0 <= row["high"]
        color = BLUE if is_within else ORANGE
        axes.plot([row["low"], row["high"]], [place, place], color=color, linewidth=2, solid_capstyle="butt")
        axes.plot(row["difference"], place, "o", color=color)
    axes.set_yticks(places, [str(label) for label in table.index])
    axes.invert_yaxis()
    axes.set_xlabel(translated("{score}: difference to {best}", score=comparison.score, best=table.index[0]))
    plain(axes)
    return figure
