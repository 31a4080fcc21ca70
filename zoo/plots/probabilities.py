"""How good probabilities are: over all thresholds, and whether they are as frequent as they say."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure

from zoo.plots.canvas import BLUE, COLORS, GREEN, GREY, LIGHT, RED, legend_beside, one, plain, several
from zoo.plots.outcomes import outcomes_of, predictions_of, thinned
from zoo.plots.translations import named, translated
from zoo.scores import Predictions
from zoo.tasks.measures import average_precision, roc_auc
from zoo.tasks.thresholds import cumulated

MOST_CURVES = 6  # of classes or labels in one picture


def roc_curve(scores_or_model, data=None, *, ax=None) -> Figure:
    """Draws the ROC curve: the true positive rate over the false positive rate, for all thresholds.

    Two classes have one curve, of the second; of more, and of labels, the first six have one each.

    Args:
        scores_or_model: What `zoo.evaluate` returned, or with `data` a `zoo.Model`, a `Run`, a folder or a preset.
        data: What the model is scored on, as `zoo.evaluate` takes it.
        ax: Axes, or None for a new Figure.

    Raises:
        TypeError: if a model comes without data.
        ValueError: if there are no probabilities, or no rows of both kinds.
    """
    predictions = predictions_of("roc_curve", scores_or_model, data)
    figure, ax = one(ax, (5.0, 4.5))
    ax.plot([0, 1], [0, 1], ":", color=GREY)
    for color, (name, positive, p) in zip(COLORS, _with_both_outcomes("roc_curve", predictions)):
        _, true, false = cumulated(positive, p, predictions.weight)
        shown = thinned(len(true) + 1)
        area = roc_auc(p, positive, predictions.weight)
        x, y = (np.append(0.0, counts / counts[-1])[shown] for counts in (false, true))
        ax.plot(x, y, color=color, label=f"{name}: {translated('area {area:.3f}', area=area)}")
    ax.set_xlabel(translated("false positive rate"))
    ax.set_ylabel(translated("true positive rate"))
    legend_beside(ax)
    plain(ax)
    return figure


def precision_recall_curve(scores_or_model, data=None, *, ax=None) -> Figure:
    """Draws precision over recall, for all thresholds; a dotted line is the share of positive rows, chance's precision.

    Args:
        scores_or_model, data, ax: As for `roc_curve`.

    Raises:
        TypeError, ValueError: as for `roc_curve`.
    """
    predictions = predictions_of("precision_recall_curve", scores_or_model, data)
    figure, ax = one(ax, (5.0, 4.5))
    for color, (name, positive, p) in zip(COLORS, _with_both_outcomes("precision_recall_curve", predictions)):
        _, true, false = cumulated(positive, p, predictions.weight)
        shown = thinned(len(true) + 1)
        recall, precision = np.append(0.0, true / true[-1])[shown], np.append(1.0, true / (true + false))[shown]
        mean = average_precision(p, positive, predictions.weight)
        ax.step(
            recall, precision, where="pre", color=color, label=f"{name}: {translated('average {mean:.3f}', mean=mean)}"
        )
        ax.axhline(true[-1] / (true[-1] + false[-1]), linestyle=":", color=color)
    ax.set_xlabel(translated("recall"))
    ax.set_ylabel(translated("precision"))
    ax.set_ylim(-0.02, 1.05)
    legend_beside(ax)
    plain(ax)
    return figure


def reliability_diagram(scores_or_model, data=None, *, bins: int = 10, ax=None) -> Figure:
    """Draws the share of positive rows over the mean probability, bin by bin; on the diagonal both agree.

    Of a single curve, bars show the share of rows in each bin.

    Args:
        scores_or_model, data, ax: As for `roc_curve`.
        bins: How many bins of equal width; those without rows have no point.

    Raises:
        TypeError: if a model comes without data.
        ValueError: if there are no probabilities, or fewer than two bins.
    """
    if bins < 2:
        raise ValueError(f"`bins` must be at least 2. Received: bins={bins}")
    predictions = predictions_of("reliability_diagram", scores_or_model, data)
    outcomes = outcomes_of(predictions, MOST_CURVES)
    figure, ax = one(ax, (5.0, 4.5))
    ax.plot([0, 1], [0, 1], ":", color=GREY)
    for color, (name, (positive, p)) in zip(COLORS, outcomes.items()):
        weight = np.ones(len(p)) if predictions.weight is None else predictions.weight
        place = np.searchsorted(np.linspace(0.0, 1.0, bins + 1)[1:-1], p)
        rows, mean, frequency = (np.bincount(place, of * weight, bins) for of in (1.0, p.astype("float64"), positive))
        held = rows > 0
        if len(outcomes) == 1:
            edges = np.arange(bins) / bins
            ax.bar(
                edges, rows / rows.sum(), width=1 / bins, align="edge", color=LIGHT, label=translated("share of rows")
            )
        ax.plot(
            mean[held] / rows[held],
            frequency[held] / rows[held],
            "o-",
            color=color,
            markersize=4,
            label=named(name),
        )
    ax.set_xlabel(translated("probability"))
    ax.set_ylabel(translated("share of positive rows"))
    legend_beside(ax)
    plain(ax)
    return figure


def threshold_curves(scores_or_model, data=None, *, ax=None) -> Figure:
    """Draws precision, recall and F1 over the threshold from which on a row is decided to be positive.

    Args:
        scores_or_model, data: As for `roc_curve`, of two classes or of labels.
        ax: Axes, one for each of up to six labels; None for a new Figure.

    Raises:
        TypeError: if a model comes without data.
        ValueError: if there are neither two classes nor labels, or no rows of both kinds.
    """
    predictions = predictions_of("threshold_curves", scores_or_model, data)
    outcomes = list(_with_both_outcomes("threshold_curves", predictions))
    figure, panels = several(ax, len(outcomes), (4.5 * len(outcomes), 3.5))
    for panel, (name, positive, p) in zip(panels, outcomes, strict=True):
        levels, true, false = cumulated(positive, p, predictions.weight)
        shown = thinned(len(levels))[::-1]  # from low to high
        curves = {"precision": true / (true + false), "recall": true / true[-1]}
        curves["F1"] = 2 * true / (true + false + true[-1])
        for (label, values), color in zip(curves.items(), (BLUE, RED, GREEN), strict=True):
            panel.step(levels[shown], values[shown], where="pre", color=color, label=translated(label))
        panel.axvline(0.5, linestyle=":", color=GREY)
        panel.set_title(name, fontsize=10)
        panel.set_xlabel(translated("threshold"))
        panel.set_xlim(-0.02, 1.02)
        panel.set_ylim(-0.02, 1.05)
        plain(panel)
    legend_beside(panels[-1])
    return figure


def _with_both_outcomes(picture: str, predictions: Predictions) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yields name, whether each row is positive, and its probability, of what has positive and negative rows.

    Raises:
        ValueError: if nothing has.
    """
    drawn = False
    for name, (positive, p) in outcomes_of(predictions, MOST_CURVES).items():
        if np.bincount(positive.astype("int64"), predictions.weight, minlength=2).all():
            drawn = True
            yield named(name), positive, p
    if not drawn:
        raise ValueError(
            f"`{picture}` needs positive and negative rows. Received: rows of one kind alone. Score the model on rows "
            "of both."
        )
