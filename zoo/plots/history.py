"""The zoo's networks in time and in size: their years, and their parameters beside the neurons of a human brain.

An adult man's brain has 86.1 billion neurons, give or take 8.1 billion. F. A. C. Azevedo and others, Equal Numbers of
Neuronal and Nonneuronal Cells Make the Human Brain an Isometrically Scaled-up Primate Brain, Journal of Comparative
Neurology 513(5), 2009. https://doi.org/10.1002/cne.21974. A parameter compares with a synapse rather than with a
neuron, and a neuron has thousands of those.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras
from matplotlib.figure import Figure

from zoo import registry
from zoo.building import build
from zoo.plots.canvas import BLUE, GREY, LIGHT, ORANGE, one, plain
from zoo.plots.translations import named, translated
from zoo.registry import suggest
from zoo.training.resolving import resolve_model

BRAIN = 86.1e9  # neurons, the paper's abstract
DEVIATION = 8.1e9
SIZES = ("perceptron", "backprop_1986", "mark_1_perceptron", "hopfield", "lenet", "image_mlp", "mlp_classifier")
CHARACTER = 0.075  # width of a letter of 9 points, in inches
YEAR = 0.13  # inches
LEVEL = 0.32  # inches between labels above each other


def timeline(names: Sequence[str] | None = None, *, words: Mapping[str, str] | None = None, ax=None) -> Figure:
    """Draws entries of the zoo by the year of their paper.

    Args:
        names: Of the entries; None for all that the zoo itself has.
        words: What stands at an entry in place of its name, such as the authors: `{"perceptron": "Rosenblatt"}`.
        ax: Axes, or None for a new Figure.

    Raises:
        ValueError: if there is no such entry, none is named, or `words` are of an entry that is not drawn.
    """
    known = [name for name in registry.list_models() if "/" not in name]
    names = known if names is None else list(names)
    for name in names:
        if name not in registry.list_models():
            raise ValueError(f"Unknown entry {name!r}.{suggest(name, known)} See zoo.list_models().")
    if not names:
        raise ValueError("`names` must be at least one entry. Received none.")
    years = {name: registry.info(name).year for name in names}
    names = sorted(names, key=lambda name: years[name])
    first, last = years[names[0]], years[names[-1]]
    begins = {name: YEAR * (years[name] - first) for name in names}
    words = words or {}
    if unknown := sorted(set(words) - set(names)):
        raise ValueError(f"`words` must be of entries that are drawn. Received: {', '.join(unknown)}. Add to `names`.")
    labels = {name: f"{years[name]} {words.get(name) or named(name.replace('_', ' '))}" for name in names}
    levels = _levels([begins[name] for name in names], [CHARACTER * len(labels[name]) + 0.15 for name in names])
    width = max(begins[name] + CHARACTER * len(labels[name]) for name in names)
    height = LEVEL * (max(levels) + 1)
    figure, ax = one(ax, (width + 0.8, height + 0.9))
    ax.plot([0.0, YEAR * (last - first)], [0.0, 0.0], color="black", linewidth=1.5)
    for name, level in zip(names, levels):
        x, y = begins[name], LEVEL * (level + 1)
        ax.plot([x, x], [0.0, y], color=LIGHT, linewidth=1.0, zorder=1)
        ax.plot(x, 0.0, "o", color=BLUE, markersize=5, zorder=3)
        paper = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
        ax.text(x, y, labels[name], ha="left", va="center", fontsize=9, bbox=paper, zorder=2)
    decades = range(-(-first // 10) * 10, last + 1, 10)
    ax.set_xticks([YEAR * (year - first) for year in decades], [str(year) for year in decades])
    ax.set_xlim(-0.3, width + 0.3)
    ax.set_ylim(-0.15, height + LEVEL)
    ax.set_xlabel(translated("year"))
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    plain(ax)
    return figure


def _levels(begins: list[float], widths: list[float]) -> list[int]:
    """Returns the level of each label: from the last on, the lowest at which it meets none to its right.

    A label's stem rises from the axis at its left end and would cross labels below that begin further left. So a label
    stands above all labels that end to its right and begin before it only where it must.
    """
    levels = [0] * len(begins)
    for i in reversed(range(len(begins))):
        later = range(i + 1, len(begins))
        taken = {levels[j] for j in later if begins[j] < begins[i] + widths[i]}
        # Stems of later labels cross this one unless it stands above them.
        levels[i] = max(taken, default=-1) + 1
    return levels


def parameter_counts(models: Sequence | Mapping | None = None, *, ax=None) -> Figure:
    """Draws how many parameters networks have, beside the neurons of a human brain, on a logarithmic axis.

    Args:
        models: Names of entries, which are built as they come, or models, runs, folders and presets; or a dict of them
            by what they are to be called. None for a few from 1958 to today.
        ax: Axes, or None for a new Figure.

    Raises:
        ValueError: if there is none.
    """
    models = SIZES if models is None else models
    counted = dict(models) if isinstance(models, Mapping) else {_called(model): model for model in models}
    if not counted:
        raise ValueError("`models` must be at least one. Received none.")
    counts = {name: _network(model).count_params() for name, model in counted.items()}
    counts = dict(sorted(counts.items(), key=lambda pair: pair[1]))
    figure, ax = one(ax, (8.0, 1.2 + 0.4 * (len(counts) + 1)))
    labels = [named(name.replace("_", " ")) for name in counts]
    bars = ax.barh(labels, list(counts.values()), color=BLUE)
    ax.bar_label(bars, [f"{count:,}".replace(",", " ") for count in counts.values()], padding=4, fontsize=9)
    brain = ax.barh([translated("neurons of a human brain\n(Azevedo and others, 2009)")], [BRAIN], color=ORANGE)
    ax.errorbar(BRAIN, len(counts), xerr=DEVIATION, color=GREY, capsize=3)
    ax.bar_label(brain, [f"{BRAIN:,.0f}".replace(",", " ")], padding=10, fontsize=9)
    ax.set_xscale("log")
    ax.set_xlim(1, BRAIN * 1000)
    ax.set_xlabel(translated("parameters"))
    ax.invert_yaxis()
    plain(ax)
    return figure


def _called(model) -> str:
    if isinstance(model, str):
        return model
    model = getattr(model, "model", model)
    return model.entry.name if hasattr(model, "entry") else model.name


def _network(model) -> keras.Model:
    if isinstance(model, str) and model in registry.list_models():
        model = build(model)
    model = model if isinstance(model, keras.Model) else resolve_model(model)
    return getattr(model, "network", model)
