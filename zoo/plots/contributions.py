"""How hidden units add up to a curve: the part of each in the answer of a regression with one input.

y(x) = b + sum_j w_j h_j(x)      h_j the units of the last hidden layer; in the target's units
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from zoo.data.columns import kind_of
from zoo.data.raw import Data
from zoo.layers.linear import line_of
from zoo.model import Model
from zoo.plots.canvas import BLUE, COLORS, GREY, RED, legend_beside, plain, several
from zoo.plots.line import units_of
from zoo.plots.translations import named, translated
from zoo.training.resolving import load_for, resolve_model

MOST_NAMED = 8  # units with a colour and a name of their own
POINTS = 300


def hidden_unit_parts(model, data) -> pd.DataFrame:
    """Computes the part of each hidden unit in the answers of a regression.

    Args:
        model: A `zoo.Model`, a `Run`, a folder or a preset: a regression whose last layer sums up hidden units, such as
            `mlp_regressor`.
        data: Rows of its data, anything that `zoo.data.load` takes.

    Returns:
        A row a row of the data, in the target's units: a column `h1`, `h2`, ... a unit of the last hidden layer,
        `line` where a line stands beside them, `bias`, and `sum`, which is the prediction.

    Raises:
        ValueError: if the model answers anything but one number, or its last layer is not dense.
    """
    model = resolve_model(model)
    return _parts(model, load_for(model, data))


def _parts(model: Model, data: Data) -> pd.DataFrame:
    last = [layer for layer in model.network.layers if isinstance(layer, keras.layers.Dense)][-1:]
    if not model.task.answers_numbers or model.network.outputs[0].shape[1:] != (1,) or not last or last[0].units != 1:
        raise ValueError(
            "`model` must be a regression of one target with a dense last layer, such as 'mlp_regressor'. Received: "
            f"{model.entry.name!r}, whose outputs have the shape {model.network.outputs[0].shape}."
        )
    scale, center = units_of(model, 0)
    network, line = model.network, line_of(model.network)
    encoded = model.preprocessor.encode(data.x)
    wanted = {"hidden": last[0].input} | ({} if line is None else {"line": line.output})
    found = keras.Model(network.inputs, wanted)({tensor.name: encoded[tensor.name] for tensor in network.inputs})
    found = {name: keras.ops.convert_to_numpy(values).astype("float64") for name, values in found.items()}
    weights, *bias = (np.asarray(weight, "float64") for weight in last[0].get_weights())
    parts = found["hidden"] * weights[:, 0] * scale
    table = pd.DataFrame(parts, columns=[f"h{i + 1}" for i in range(parts.shape[1])])
    if line is not None:
        table["line"] = found["line"][:, 0] * scale
    table["bias"] = (float(bias[0][0]) if bias else 0.0) * scale + center
    table["sum"] = table.sum(axis=1)
    return table


def hidden_units(model, data, *, ax=None) -> Figure:
    """Draws the part of each hidden unit over the input, and beside it their sum, the prediction, through the rows.

    Args:
        model: As for `hidden_unit_parts`, of one numeric column; with `encodings="standard"` each unit is a bent line.
        data: The rows that are drawn as points, anything that `zoo.data.load` takes.
        ax: Two Axes, or None for a new Figure.

    Raises:
        ValueError: as `hidden_unit_parts`; or if the model has another number of columns.
    """
    model = resolve_model(model)
    columns = model.schema.columns
    numeric = [column.name for column in columns if column.shape is None and kind_of(column).has_numbers]
    if len(columns) != 1 or not numeric:
        raise ValueError(
            f"Hidden units are drawn over one numeric column. {model.entry.name!r} has: "
            f"{', '.join(column.name for column in columns[:6])}. Train it on two columns: frame[[column, target]]."
        )
    (name,), loaded = numeric, load_for(model, data)
    x = np.asarray(loaded.x[name], "float64")
    grid = np.linspace(np.nanmin(x), np.nanmax(x), POINTS)
    parts = hidden_unit_parts(model, pd.DataFrame({name: grid}))
    figure, (left, right) = several(ax, 2, (10.0, 4.0))
    units = [column for column in parts.columns if column.startswith("h")]
    units.sort(key=lambda unit: -np.ptp(parts[unit]))
    for i, unit in enumerate(units):
        color = COLORS[i % len(COLORS)] if i < MOST_NAMED else GREY
        style: dict[str, Any] = {"linewidth": 1.4} if i < MOST_NAMED else {"linewidth": 0.6, "alpha": 0.6}
        left.plot(grid, parts[unit], color=color, linestyle="-" if i < len(COLORS) else "--", label=unit, **style)
    if "line" in parts:
        left.plot(grid, parts["line"], ":", color="black", label=translated("line"))
    left.set_title(translated("the part of each hidden unit"), fontsize=10)
    handles = left.get_legend_handles_labels()[0]
    legend_beside(left, [*handles[: min(len(units), MOST_NAMED)], *handles[len(units) :]], fontsize=8)
    if loaded.y is not None:
        right.plot(x, np.asarray(loaded.y, "float64"), ".", color=GREY, alpha=0.5, markersize=4)
    right.plot(grid, parts["bias"], ":", color=BLUE, label=translated("bias"))
    right.plot(grid, parts["sum"], color=RED, linewidth=2.0, label=translated("sum = prediction"))
    right.set_title(translated("their sum"), fontsize=10)
    legend_beside(right, fontsize=8)
    for panel in (left, right):
        panel.set_xlabel(named(name))
        plain(panel)
    left.set_ylabel(named(model.target.names[0]) if model.target.names else translated("target"))
    return figure
