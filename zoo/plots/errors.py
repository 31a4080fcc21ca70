"""How far the values that a model predicts are from the true ones, row by row."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zoo.plots.canvas import BLUE, GREY, plain, several
from zoo.plots.outcomes import outcomes_of, predictions_of, thinned
from zoo.plots.translations import named, translated

MOST_TARGETS = 6  # with a panel each


def predicted_against_true(scores_or_model, data=None, *, ax=None) -> Figure:
    """Draws predicted over true values, at most 2,000 rows; on the diagonal both agree.

    Args:
        scores_or_model: What `zoo.evaluate` returned, or with `data` a `zoo.Model`, a `Run`, a folder or a preset.
        data: What the model is scored on, as `zoo.evaluate` takes it.
        ax: Axes, one for each of up to six targets; None for a new Figure.

    Raises:
        TypeError: if a model comes without data.
        ValueError: if the model predicts no values.
    """
    figure, panels = _panels("predicted_against_true", scores_or_model, data, ax)
    for panel, name, true, predicted in panels:
        ends = [min(true.min(), predicted.min()), max(true.max(), predicted.max())]
        panel.plot(ends, ends, ":", color=GREY)
        panel.scatter(true, predicted, s=8, color=BLUE, alpha=0.6, linewidths=0)
        panel.set_xlabel(translated("true {name}", name=name).rstrip())
        panel.set_ylabel(translated("predicted {name}", name=name).rstrip())
        plain(panel)
    return figure


def residuals(scores_or_model, data=None, *, ax=None) -> Figure:
    """Draws the residuals, true minus predicted, over the predicted values, at most 2,000 rows.

    Args:
        scores_or_model, data, ax: As for `predicted_against_true`.

    Raises:
        TypeError, ValueError: as for `predicted_against_true`.
    """
    figure, panels = _panels("residuals", scores_or_model, data, ax)
    for panel, name, true, predicted in panels:
        panel.axhline(0.0, linestyle=":", color=GREY)
        panel.scatter(predicted, true - predicted, s=8, color=BLUE, alpha=0.6, linewidths=0)
        panel.set_xlabel(translated("predicted {name}", name=name).rstrip())
        panel.set_ylabel(translated("true - predicted"))
        plain(panel)
    return figure


def _panels(picture: str, scores_or_model, data, ax) -> tuple[Figure, list[tuple[Axes, str, np.ndarray, np.ndarray]]]:
    """Returns the Figure, and for each target its Axes, its name, true and predicted values, in float64."""
    predictions = predictions_of(picture, scores_or_model, data)
    outcomes = outcomes_of(predictions, MOST_TARGETS)
    figure, panels = several(ax, len(outcomes), (4.5 * len(outcomes), 4.0))
    targets = []
    for panel, (name, (true, predicted)) in zip(panels, outcomes.items(), strict=True):
        shown = thinned(len(true))
        targets.append((panel, named(name), true[shown].astype("float64"), predicted[shown].astype("float64")))
    return figure, targets
