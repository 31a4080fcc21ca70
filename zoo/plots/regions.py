"""What a model of two inputs answers everywhere in the plane, with the rows it is shown."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.colors import ListedColormap, to_rgb
from matplotlib.figure import Figure

from zoo.data.columns import kind_of, the_array, the_vector
from zoo.model import Model
from zoo.plots.canvas import COLORS, GREY, MARKERS, legend_beside, one
from zoo.plots.translations import named, translated
from zoo.training import inference
from zoo.training.prediction import answers
from zoo.training.resolving import load_for, resolve_model

MARGIN = 0.08  # around the rows, as a share of their range
PALE = 0.7  # of white in a region's colour, under points of the full one


def decision_regions(model, data=None, *, limits=None, resolution: int = 200, ax=None) -> Figure:
    """Draws the class that a model gives each point of the plane, or its value, and the rows as points.

    Regions have the pale colour of their class, points the full colour and the marker of their true class. Where two
    classes have probabilities, a line is drawn at one half. A unit of logic has the classes 0 and 1.

    Args:
        model: A `zoo.Model`, a `Run`, a folder or a preset: two numeric inputs; classes, one number or one unit.
        data: Rows as `zoo.data.load` takes them; without a target they are grey. None: no points.
        limits: `((lowest, highest), (lowest, highest))` of the first and the second input; None: around the rows.
        resolution: Points along each axis.
        ax: Axes, or None for a new Figure.

    Raises:
        ValueError: if the model has other inputs, or there are neither rows nor limits.
    """
    model = resolve_model(model)
    names = _two_inputs(model)
    loaded = None if data is None else load_for(model, data)
    points = None if loaded is None else _points(loaded, names)
    if limits is None:
        if points is None or not len(points):
            raise ValueError("Without rows the plane has no limits. Pass `data`, or `limits=((-1, 1), (-1, 1))`.")
        limits = [_around(column) for column in points.T]
    (left, right), (bottom, top) = limits
    across, up = np.linspace(left, right, resolution), np.linspace(bottom, top, resolution)
    plane = np.stack([values.ravel() for values in np.meshgrid(across, up)], axis=1).astype("float32")
    x = plane if names is None else pd.DataFrame({name: plane[:, i] for i, name in enumerate(names)})
    outputs = inference.outputs(model, model.preprocessor.encode(x))
    figure, ax = one(ax, (6.0, 4.5))
    truth = None if loaded is None or loaded.y is None else np.asarray(loaded.y)
    if model.classes is None and model.task.supervised:
        _values(figure, ax, model, across, up, outputs, points, truth)
    else:
        _classes(ax, model, across, up, outputs, points, truth)
    ax.set_xlim(left, right)
    ax.set_ylim(bottom, top)
    ax.set_xlabel(translated("input 1") if names is None else named(names[0]))
    ax.set_ylabel(translated("input 2") if names is None else named(names[1]))
    return figure


def _classes(ax, model, across, up, outputs, points, truth) -> None:
    shape = (len(up), len(across))
    if model.classes is not None:
        classes = list(model.classes)
        labels = answers(model, outputs, pd.RangeIndex(len(outputs)))
        found = pd.Index(classes).get_indexer(labels["label"]).reshape(shape)
        if len(classes) == 2 and model.decision in ("softmax", "sigmoid"):
            p = labels[f"p_{classes[1]}"].to_numpy().reshape(shape)
            if p.min() < 0.5 < p.max():
                ax.contour(across, up, p, levels=[0.5], colors="black", linewidths=1.0)
    else:
        classes, found = [0, 1], (outputs[:, 0] >= 0.5).astype(int).reshape(shape)
    pale = [PALE + (1.0 - PALE) * np.array(to_rgb(_color(i))) for i in range(len(classes))]
    colors = ListedColormap(pale)
    ax.pcolormesh(
        across, up, found, cmap=colors, vmin=-0.5, vmax=len(classes) - 0.5, shading="nearest", rasterized=True
    )
    known = np.full(len(points), -1) if points is not None else None
    if truth is not None:
        known = pd.Index(classes).get_indexer(truth)
    if points is None:
        handles = [ax.scatter([], [], c=[pale[i]], marker="s", s=60, label=named(c)) for i, c in enumerate(classes)]
        legend_beside(ax, handles, title=_title(model))
        return
    if np.any(known < 0):
        ax.scatter(*points[known < 0].T, color=GREY, s=18, linewidths=0.5, edgecolors="white")
    for i, label in enumerate(classes):
        marker = MARKERS[i % len(MARKERS)]
        chosen = points[known == i]
        ax.scatter(
            *chosen.T,
            color=_color(i),
            marker=marker,
            s=24,
            linewidths=0.5,
            edgecolors="white",
            label=named(label),
        )
    legend_beside(ax, title=_title(model))


def _values(figure, ax, model, across, up, outputs, points, truth) -> None:
    values = outputs[:, 0].reshape(len(up), len(across))
    lowest, highest = float(values.min()), float(values.max())
    if truth is not None:
        lowest, highest = min(lowest, float(np.nanmin(truth))), max(highest, float(np.nanmax(truth)))
    image = ax.pcolormesh(
        across, up, values, cmap="viridis", vmin=lowest, vmax=highest, shading="nearest", rasterized=True
    )
    if points is not None:
        colors = {"color": GREY} if truth is None else {"c": truth, "cmap": "viridis", "vmin": lowest, "vmax": highest}
        ax.scatter(*points.T, s=24, linewidths=0.8, edgecolors="white", **colors)
    figure.colorbar(image, ax=ax, label=_title(model) or translated("value"))


def _two_inputs(model: Model) -> list | None:
    """Returns the names of the two columns, or None for an array of two."""
    columns = model.schema.columns
    if (alone := the_vector(columns)) is not None and alone.shape == (2,):
        names = None
    elif len(columns) == 2 and all(map(_is_served_as_a_number, columns)):
        names = [column.name for column in columns]
    else:
        received = ", ".join(f"{column.name} ({column.kind})" for column in columns[:6])
        more = f" and {len(columns) - 6} more" if len(columns) > 6 else ""
        if (alone := the_array(columns)) is not None:
            received = f"an {alone.kind} of shape {alone.shape}"
        raise ValueError(
            "Decision regions are drawn of models with two numeric inputs. "
            f"{model.entry.name!r} has: {received}{more}. "
            "Train one on two of the columns: zoo.train(name, frame[[first, second, target]], target=target)."
        )
    outputs = model.network.outputs[0].shape[-1]
    if model.classes is None and outputs != 1:
        raise ValueError(
            "Decision regions are drawn of classes, of one number or of one unit. "
            f"{model.entry.name!r} has {outputs} units. Build it with one, or train it on one target."
        )
    return names


def _is_served_as_a_number(column) -> bool:
    """Returns whether any number is a value of a column: dates have numbers, but are strings when they are served."""
    kind = kind_of(column)
    return kind.has_numbers and kind.dtype != "string" and column.shape is None


def _points(loaded, names) -> np.ndarray:
    """Returns the rows as `(rows, 2)`."""
    return np.asarray(loaded.x if names is None else loaded.x[names], "float64")


def _around(column: np.ndarray) -> tuple[float, float]:
    lowest, highest = float(np.nanmin(column)), float(np.nanmax(column))
    margin = MARGIN * (highest - lowest) or 1.0
    return lowest - margin, highest + margin


def _color(i: int) -> str:
    return COLORS[i % len(COLORS)]


def _title(model: Model) -> str | None:
    return None if model.schema.target is None else named(model.schema.target)
