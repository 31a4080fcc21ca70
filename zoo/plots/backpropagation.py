"""Back-propagation in numbers: every value, slope and product of the chain rule of a small network.

    forwards     z_j = sum_i w_ij y_i + b_j,   y_j = f(z_j);   y of the inputs is x
    error        E = 1/2 sum_j (y_j - d_j)^2 over the outputs
    backwards    delta_j = f'(z_j) (y_j - d_j) at an output,   f'(z_j) sum_k w_jk delta_k elsewhere
    slopes       dE/dw_ij = delta_j y_i,   dE/db_j = delta_j

D. E. Rumelhart, G. E. Hinton, R. J. Williams, Learning Representations by Back-propagating Errors, Nature 323, 1986.
https://doi.org/10.1038/323533a0. Computed by these formulas from the layers' weights, not by a framework.
"""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import pandas as pd

from zoo.model import Model
from zoo.plots.activations import ACTIVATIONS
from zoo.training.resolving import resolve_model

_NAMES = {"linear": "identity", "sigmoid": "logistic"}  # Keras's names of what the table calls otherwise
_SKIPPED = (keras.layers.InputLayer, keras.layers.Dropout, keras.layers.Flatten)


@dataclasses.dataclass(frozen=True)
class Step:
    """A layer of the chain: weights `(inputs, units)`, biases `(units,)`, an activation's name and its parameter."""

    weights: np.ndarray
    biases: np.ndarray
    activation: str
    slope: float | np.ndarray = 0.0


@dataclasses.dataclass(frozen=True)
class ChainRule:
    """What `chain_rule` computes.

    Args:
        units: A row a unit, inputs included: its layer (0 for inputs), name, sum z, value y, slope f'(z) and delta.
        edges: A row a weight: from which unit to which, the weight, and dE/dw; biases come from "1".
        error: E; None without a target.
        activations: The activation of each layer, from 1 on.
    """

    units: pd.DataFrame
    edges: pd.DataFrame
    error: float | None
    activations: tuple[str, ...]


def chain_rule(model, x, y=None) -> ChainRule:
    """Computes the values and slopes of a network of dense layers for one row.

    Args:
        model: A `zoo.Model`, a `Run`, a folder or a preset, or a keras.Model: dense layers, one after another, with
            activations of the lecture's table. A classifier with one logistic output counts that output as a layer's.
        x: The encoded inputs of one row `(inputs,)`.
        y: What the outputs should be `(outputs,)`, or a number; None for values alone.

    Returns:
        Units, edges and the error. Without a target, deltas and slopes of weights are NaN.

    Raises:
        ValueError: if the network has other layers, or x or y other sizes.
    """
    steps = _steps(model)
    x = np.asarray(x, "float64").ravel()
    if len(x) != len(steps[0].weights):
        raise ValueError(f"`x` must be one row of {len(steps[0].weights)} encoded inputs. Received: {len(x)} numbers.")
    sums, values, slopes = [np.full(len(x), np.nan)], [x], [np.full(len(x), np.nan)]
    for step in steps:
        z = values[-1] @ step.weights + step.biases
        rule = ACTIVATIONS[step.activation]
        sums.append(z)
        values.append(rule.value(z, step.slope))
        slopes.append(rule.derivative(z, step.slope) * np.ones_like(z))
    error, deltas = None, [np.full(len(value), np.nan) for value in values]
    if y is not None:
        d = np.asarray(y, "float64").ravel()
        if len(d) != len(values[-1]):
            raise ValueError(f"`y` must be {len(values[-1])} numbers, one an output. Received: {len(d)}.")
        error = float(0.5 * np.sum((values[-1] - d) ** 2))
        deltas[-1] = slopes[-1] * (values[-1] - d)
        for layer in range(len(steps) - 1, 0, -1):
            deltas[layer] = slopes[layer] * (steps[layer].weights @ deltas[layer + 1])
    names = _names([len(value) for value in values])
    columns = ("layer", "unit", "z", "y", "slope", "delta")
    units = [
        row
        for layer, parts in enumerate(zip(names, sums, values, slopes, deltas))
        for row in zip([layer] * len(parts[0]), *parts)
    ]
    edges = []
    for layer, step in enumerate(steps, 1):
        for j, unit in enumerate(names[layer]):
            delta = deltas[layer][j]
            for i, source in enumerate(names[layer - 1]):
                edges.append((layer, source, unit, step.weights[i, j], delta * values[layer - 1][i] + 0.0))  # no -0
            edges.append((layer, "1", unit, step.biases[j], delta))
    return ChainRule(
        pd.DataFrame(units, columns=columns).set_index("unit"),
        pd.DataFrame(edges, columns=("layer", "from", "to", "weight", "dE/dw")),
        error,
        tuple(step.activation for step in steps),
    )


def _names(sizes: list[int]) -> list[list[str]]:
    """Returns names of units: x for inputs, h for hidden ones (h1_ for the first of several layers), y for outputs."""
    hidden = len(sizes) - 2
    found = []
    for layer, size in enumerate(sizes):
        letter = "x" if layer == 0 else "y" if layer == len(sizes) - 1 else "h" if hidden == 1 else f"h{layer}_"
        found.append([f"{letter}{i + 1}" for i in range(size)])
    return found


def _steps(model) -> list[Step]:
    """Returns the layers of a network with weights, each with the activation that follows."""
    model = model if isinstance(model, keras.Model) else resolve_model(model)
    network = model.network if isinstance(model, Model) else model
    steps: list[Step] = []
    for layer in network.layers:
        if isinstance(layer, _SKIPPED):
            continue
        if not isinstance(layer, keras.layers.Dense):
            if not steps or steps[-1].activation != "identity":
                raise ValueError(_refusal(network, layer))
            steps[-1] = dataclasses.replace(steps[-1], **_activation(network, layer))
            continue
        weights = keras.ops.convert_to_numpy(layer.kernel).astype("float64")
        bias = np.zeros(weights.shape[1]) if layer.bias is None else keras.ops.convert_to_numpy(layer.bias)
        if weights.ndim != 2 or (steps and steps[-1].weights.shape[1] != len(weights)):
            raise ValueError(_refusal(network, layer))
        steps.append(Step(weights, bias.astype("float64"), _name(network, layer, layer.activation)))
    if not steps:
        raise ValueError(f"{network.name!r} has no dense layer. The chain rule is drawn of networks of dense layers.")
    logits = isinstance(model, Model) and model.classes is not None and steps[-1].activation == "identity"
    if logits and (model.decision == "sigmoid" or steps[-1].weights.shape[1] == 1):
        steps[-1] = dataclasses.replace(steps[-1], activation="logistic")  # the model's own, behind the network
    return steps


def _activation(network, layer) -> dict:
    if isinstance(layer, keras.layers.PReLU):
        return {"activation": "prelu", "slope": keras.ops.convert_to_numpy(layer.alpha).astype("float64")}
    if isinstance(layer, keras.layers.ReLU) and not layer.max_value and not layer.negative_slope:
        return {"activation": "relu"}
    if isinstance(layer, keras.layers.Activation):
        return {"activation": _name(network, layer, layer.activation)}
    raise ValueError(_refusal(network, layer))


def _name(network, layer, function) -> str:
    name = getattr(function, "__name__", str(function))
    name = _NAMES.get(name, name)
    if name not in ACTIVATIONS or name == "prelu":
        raise ValueError(
            f"The layer {layer.name!r} of {network.name!r} has the activation {name!r}. The chain rule is drawn for: "
            f"{', '.join(ACTIVATIONS)}."
        )
    return name


def _refusal(network, layer) -> str:
    return (
        f"The chain rule is drawn of dense layers, one after another, with activations of the lecture's table. "
        f"{network.name!r} has the layer {layer.name!r} of the type {type(layer).__name__}. Take a network such as "
        "'backprop_1986', or keras.Sequential([keras.layers.Dense(...), ...])."
    )
