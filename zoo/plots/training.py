"""How a training went, and which classes a model takes for which."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from zoo.plots.canvas import BLUE, GREY, RED, legend_beside, one, plain, several
from zoo.plots.translations import named, translated
from zoo.scores import Scores
from zoo.training.scoring import evaluate

MOST_NUMBERS = 20  # classes up to which cells carry their counts


def learning_curves(run_or_history, *, ax=None) -> Figure:
    """Draws loss and metrics by epoch, those of the validation rows beside those of training.

    Args:
        run_or_history: A `Run`, Keras's History, or a dict of lists, one value an epoch.
        ax: As many Axes as quantities: the loss and each metric; None for a new Figure.

    Returns:
        A Figure with a panel a quantity.

    Raises:
        TypeError: if there is no history in what was given.
        ValueError: if the history is empty.
    """
    history = getattr(run_or_history, "history", run_or_history)
    if not isinstance(history, Mapping):
        raise TypeError(
            "Learning curves are drawn of a Run, of Keras's History or of a dict of lists. Received: "
            f"{type(run_or_history).__name__}."
        )
    names = dict.fromkeys(name.removeprefix("val_") for name in history)
    names = sorted(names, key=lambda name: name != "loss")  # the loss first, the others as they come
    if not names:
        raise ValueError("The history is empty: no epoch has been trained. Train for at least one.")
    figure, panels = several(ax, len(names), (4.5 * len(names), 3.5))
    for panel, name in zip(panels, names):
        for key, label, color in ((name, "training", BLUE), (f"val_{name}", "validation", RED)):
            if key in history:
                values = np.asarray(history[key], "float64")
                marker = "o" if len(values) == 1 else None  # a line of one point is not seen
                line = "-" if key == name else "--"
                panel.plot(
                    np.arange(1, len(values) + 1), values, line, color=color, marker=marker, label=translated(label)
                )
        panel.set_xlabel(translated("epoch"))
        panel.set_ylabel(translated(name.replace("_", " ")))
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        plain(panel)
    both = [panel for panel, name in zip(panels, names) if f"val_{name}" in history]
    if both:
        legend_beside(panels[-1], both[0].get_legend_handles_labels()[0])
    return figure


def confusion_matrix(scores_or_model, data=None, *, ax=None) -> Figure:
    """Draws how often rows of each class are given each class.

    A cell's number is a count of rows, its shade their share of the true class, so that rare classes are seen too.

    Args:
        scores_or_model: What `zoo.evaluate` returned, a DataFrame of counts (true by predicted), or with `data` a
            `zoo.Model`, a `Run`, a folder or a preset.
        data: What the model is scored on, as `zoo.evaluate` takes it.
        ax: Axes, or None for a new Figure.

    Raises:
        TypeError: if a model comes without data.
        ValueError: if there are no classes to confuse.
    """
    counts = scores_or_model
    if isinstance(counts, Scores):
        counts = counts.confusion
    elif not isinstance(counts, pd.DataFrame):
        if data is None:
            raise TypeError(
                "`confusion_matrix` takes scores, or a model with the data to score it on. Received: "
                f"{type(scores_or_model).__name__} without data. Pass `data`."
            )
        counts = evaluate(scores_or_model, data, verbose=0).confusion
    if counts is None:
        raise ValueError(
            "A confusion matrix needs classes. Received: scores without any, such as those of numbers or labels."
        )
    rows = counts.to_numpy("float64")
    totals = rows.sum(axis=1, keepdims=True)
    shares = np.divide(rows, totals, out=np.zeros_like(rows), where=totals > 0)  # a class without rows stays white
    side = float(np.clip(2.5 + 0.5 * len(counts), 4.0, 10.0))
    figure, ax = one(ax, (side + 1.0, side))
    image = ax.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    if len(counts) <= MOST_NUMBERS:
        for (i, j), share in np.ndenumerate(shares):
            color = "white" if share > 0.55 else "black" if rows[i, j] else GREY
            ax.text(j, i, f"{rows[i, j]:.0f}", ha="center", va="center", color=color, fontsize=9)
    widest = 0.09 * max(len(str(label)) for label in counts.columns)  # of a label, in inches
    turned = 90 if widest > 0.7 * side / len(counts) else 0
    ax.set_xticks(range(len(counts.columns)), [named(label) for label in counts.columns], rotation=turned)
    ax.set_yticks(range(len(counts)), [named(label) for label in counts.index])
    ax.set_xlabel(translated("predicted class"))
    ax.set_ylabel(translated("true class"))
    figure.colorbar(image, ax=ax, label=translated("share of the true class"), shrink=0.8)
    return figure
