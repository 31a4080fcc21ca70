"""Figures and Axes for all pictures, made without pyplot, and the colours of Okabe and Ito for the colour-blind.

M. Okabe, K. Ito, Color Universal Design, 2008. https://jfly.uni-koeln.de/color/
"""

from __future__ import annotations

import io

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, PINK, SKY, RED = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"
COLORS = (BLUE, RED, GREEN, PINK, ORANGE, SKY)
GREY, LIGHT = "#666666", "#CCCCCC"
MARKERS = "osD^vP"
SIGNED = LinearSegmentedColormap.from_list("signed", [BLUE, "white", RED])  # negative, zero, positive


class Picture(Figure):
    """A matplotlib Figure that shows itself in a notebook, whether or not pyplot has been set up there."""

    def _repr_png_(self) -> bytes:
        png = io.BytesIO()
        self.savefig(png, format="png")
        return png.getvalue()


def one(ax, size: tuple[float, float] = (6.0, 4.0)) -> tuple[Figure, Axes]:
    """Returns the Figure and the Axes to draw into.

    Args:
        ax: Axes, or None for a Figure of their own.
        size: Width and height of such a Figure, in inches.
    """
    figure, axes = several(ax, 1, size)
    return figure, axes[0]


def several(ax, count: int, size: tuple[float, float], **layout) -> tuple[Figure, list[Axes]]:
    """Returns the Figure and as many Axes as a picture has panels.

    Args:
        ax: A sequence or array of that many Axes, Axes alone for one panel, or None for a Figure of their own.
        count: How many panels.
        size: Width and height of such a Figure, in inches.
        **layout: As `Figure.subplots` takes it, such as `nrows`; else side by side.

    Raises:
        TypeError: if `ax` are no Axes.
        ValueError: if they are not as many as the panels.
    """
    if ax is None:
        figure = Picture(figsize=size, layout="constrained")
        axes = figure.subplots(squeeze=False, **(layout or {"ncols": count})).ravel().tolist()
        for unused in axes[count:]:
            unused.remove()
        return figure, axes[:count]
    axes = list(np.ravel(np.asarray(ax, dtype=object)))
    if not axes or not all(isinstance(each, Axes) for each in axes):
        raise TypeError(f"`ax` must be matplotlib Axes, {count} of them, or None. Received: {type(ax).__name__}.")
    if len(axes) != count:
        raise ValueError(
            f"The picture has {count} panel{'s' * (count != 1)}, and `ax` must be as many Axes. Received: {len(axes)}. "
            "Leave `ax` out for a new Figure."
        )
    return axes[0].get_figure(root=True), axes


def numbers(name: str, values) -> np.ndarray:
    """Returns an argument of a picture in float64.

    Raises:
        TypeError: if it is a model, or anything else that is no numbers.
    """
    try:
        return np.asarray(values, "float64")
    except (TypeError, ValueError):
        raise TypeError(f"`{name}` must be numbers. Received: {type(values).__name__}.") from None


def legend_beside(ax: Axes, handles=None, **settings) -> None:
    """Writes the legend to the right of the Axes, where it covers nothing that is drawn.

    Args:
        ax: Axes.
        handles: What the legend is of; None for all that has a label.
        **settings: As `Axes.legend` takes them.
    """
    handles = ax.get_legend_handles_labels()[0] if handles is None else handles
    ax.legend(handles=handles, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, **settings)


def plain(ax: Axes) -> None:
    """Takes away the frame's upper and right line."""
    ax.spines[["top", "right"]].set_visible(False)
