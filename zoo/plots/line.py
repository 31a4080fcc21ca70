"""What the line beside the hidden layers of a network explains, column by column, and what the hidden layers add."""

from __future__ import annotations

import keras
import numpy as np
from matplotlib.figure import Figure

from zoo.data.columns import the_array
from zoo.data.sources import load as load_data
from zoo.layers.linear import line_beside, line_of
from zoo.layers.members import receivers
from zoo.model import Model
from zoo.plots.canvas import BLUE, GREY, LIGHT, RED, several
from zoo.plots.translations import named, translated
from zoo.training.resolving import resolve_model

MOST_POINTS = 2_000


def line_and_rest(model, data, *, output: int | str = 0, most: int = 12, ax=None) -> Figure:
    """Draws how much each column moves the line's answer, and what the hidden layers add to it.

    Left: the standard deviation, over the rows, of each column's part of the line, and of what the hidden layers add.
    Right: for each row, what the line says and what the hidden layers add. Both are in the target's units for a
    regression, else in logits. Where some of several members have the line, it counts by their share.

    Args:
        model: A `zoo.Model`, a `Run`, a folder or a preset, whose network has a line: `mlp_classifier` or
            `mlp_regressor` with `linear=True`.
        data: Rows of a table, anything that `zoo.data.load` takes.
        output: Of several classes, the class whose logit is drawn, or its number.
        most: The most columns that are drawn, those that move the line most.
        ax: Two Axes, or None for a new Figure.

    Returns:
        A Figure.

    Raises:
        ValueError: if the network has no line, or there is no such class.
    """
    model = resolve_model(model)
    if most < 1:
        raise ValueError(f"`most` must be at least 1. Received: most={most}")
    if line_of(model.network) is None:
        raise ValueError(
            f"`model` must have a line beside its hidden layers. This {model.entry.name!r} has none. Train "
            "mlp_classifier or mlp_regressor with `linear=True`."
        )
    place, name = _output(model, output)
    parts, line, rest = _parts(model, data, place)
    chosen = sorted(parts, key=lambda column: -np.std(parts[column]))[:most]
    widths = [float(np.std(rest)), *(float(np.std(parts[column])) for column in reversed(chosen))]
    figure, (left, right) = several(ax, 2, (9.0, 1.0 + max(2.5, 0.3 * len(widths))))
    columns = [named(column) for column in reversed(chosen)]
    left.barh([translated("hidden layers"), *columns], widths, color=[RED, *[BLUE] * len(chosen)])
    left.set_xlabel(translated("standard deviation of its part, {name}", name=name))
    left.set_title(translated("what moves the answer"), fontsize=10)
    shown = np.linspace(0, len(line) - 1, min(len(line), MOST_POINTS)).astype("int64")
    right.axhline(0.0, color=LIGHT, linewidth=1.0)
    right.scatter(line[shown], rest[shown], s=8, color=GREY, alpha=0.6, linewidths=0)
    right.set_xlabel(translated("the line's answer, {name}", name=name))
    right.set_ylabel(translated("what the hidden layers add"))
    right.set_title(translated("row by row"), fontsize=10)
    return figure


def _output(model: Model, output: int | str) -> tuple[int, str]:
    """Returns the place of an output among the network's, and what it is called."""
    if model.classes is None:
        return _number(model, output)
    if len(model.classes) == 2:
        return 0, translated("logit of {name}", name=named(model.classes[1]))
    known = list(model.classes)
    if output in known:
        place = known.index(output)
    elif isinstance(output, int) and 0 <= output < len(known):
        place = output
    else:
        raise ValueError(
            f"`output` must be one of the classes {', '.join(map(repr, known[:10]))}, or its number. Received: "
            f"output={output!r}"
        )
    return place, translated("logit of {name}", name=named(known[place]))


def _number(model: Model, output: int | str) -> tuple[int, str]:
    """Returns the place of a target or label, and what its output is called."""
    names = model.target.names
    if len(names) < 2:
        return 0, named(names[0]) if names else translated("target")
    if output not in names and not (isinstance(output, int) and 0 <= output < len(names)):
        raise ValueError(
            f"`output` must be one of {', '.join(map(repr, names[:10]))}, or its number. Received: output={output!r}"
        )
    place = names.index(output) if output in names else int(output)
    name = named(names[place])
    return place, name if model.task.answers_numbers else translated("logit of {name}", name=name)


def _parts(model: Model, data, place: int) -> tuple[dict, np.ndarray, np.ndarray]:
    """Returns each column's part of the line `(rows,)`, the line's answer, and what the hidden layers add to it."""
    loaded = load_data(data, target=model.schema.target) if the_array(model.schema.columns) is None else load_data(data)
    x = model.preprocessor.encode(loaded.x)
    layer, network = line_of(model.network), line_beside(model.network)
    weights = {weight.name: weight.numpy()[..., place].astype("float64") for weight in layer.weights}
    parts: dict = {}
    for feature in model.preprocessor.layout.features:
        if feature["tensor"] == "linear":
            part = x["linear"][:, feature["index"]] * weights["kernel"][feature["index"]]
        elif feature["tensor"] == "categorical":
            part = weights["levels"][x["categorical"][:, feature["index"]] + layer._offsets[feature["index"]]]
        else:
            continue
        parts[feature["column"]] = parts.get(feature["column"], 0.0) + part
    line = keras.ops.convert_to_numpy(network({tensor.name: x[tensor.name] for tensor in network.inputs}))
    of_all = {tensor.name: x[tensor.name] for tensor in model.network.inputs}
    both = keras.ops.convert_to_numpy(model.merged(model.network_outputs(of_all)))
    beside = receivers(model.network)
    part_of_members = 1.0 if beside is None else float(beside.mean())  # that have the line
    parts = {column: part * part_of_members for column, part in parts.items()}
    line = part_of_members * line[:, place].astype("float64")
    rest = both[:, place].astype("float64") - line
    scale, center = units_of(model, place)
    return {column: part * scale for column, part in parts.items()}, line * scale + center, rest * scale


def units_of(model: Model, place: int) -> tuple[float, float]:
    """Returns by what an output is to be multiplied, and what is to be added, for it to be in the target's units."""
    outputs = model.network.outputs[0].shape[-1]
    scale, center, _ = model.task.terms(np.ones((1, outputs)), np.zeros(outputs), model.target)
    return float(scale[0, place]), float(center[place])
