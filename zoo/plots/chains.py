"""A network of dense layers as a chain of steps: what `zoo.plots.chain_rule` computes with.

Layers before the first dense one (standardised numbers, indicators of levels, pixels) make the inputs of the chain. A
line beside the hidden layers is added to the sums of the outputs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import keras
import numpy as np
import pandas as pd

from zoo.layers.linear import SolvedLine
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
class Chain:
    """A network's steps, for one row.

    Args:
        steps: A step a layer.
        x: The inputs of the first step `(inputs,)`.
        y: What the outputs should be `(outputs,)`, or None.
        line: What a line beside the hidden layers adds to the sums of the outputs `(outputs,)`, or None.
        loss: What the network is trained by: `"half_squared"` or `"cross_entropy"`.
    """

    steps: list[Step]
    x: np.ndarray
    y: np.ndarray | None
    line: np.ndarray | None
    loss: str


def chain_of(model, x, y) -> Chain:
    """Returns the chain of a network for one row; arguments as for `zoo.plots.chain_rule`.

    Raises:
        ValueError: if the network has other layers, or x or y other sizes.
    """
    model = model if isinstance(model, keras.Model) else resolve_model(model)
    network = model.network if isinstance(model, Model) else model
    steps, line = _steps(network, of_zoo=isinstance(model, Model))
    loss = "cross_entropy" if steps[-1].activation == "softmax" else "half_squared"
    if isinstance(model, Model) and model.classes is not None and steps[-1].activation == "identity":
        # The model's own activation, behind the network. One logit of two classes is a softmax of it and 0.
        alone = model.decision == "sigmoid" or steps[-1].weights.shape[1] == 1
        steps[-1] = dataclasses.replace(steps[-1], activation="logistic" if alone else "softmax")
        loss = "cross_entropy" if model.decision == "softmax" else loss
    added = None
    if isinstance(x, Mapping | pd.Series | pd.DataFrame):
        x, added = _encoded(model, network, line, x)
        y = None if y is None else _target(model, y, steps[-1].weights.shape[1])
    elif line is not None:
        raise ValueError(
            "`x` must be a row of the data, a dict by column or a DataFrame of one row: beside its hidden layers, the "
            "network has a line on the columns. Or build it with `linear=False`."
        )
    x = np.asarray(x, "float64").ravel()
    inputs, outputs = len(steps[0].weights), steps[-1].weights.shape[1]
    if len(x) != inputs:
        raise ValueError(f"`x` must be one row of {inputs} encoded inputs. Received: {len(x)} numbers.")
    y = None if y is None else np.asarray(y, "float64").ravel()
    if y is not None and len(y) != outputs:
        raise ValueError(f"`y` must be {outputs} numbers, one an output. Received: {len(y)}.")
    return Chain(steps, x, y, added, loss)


def _first_dense(network) -> keras.layers.Layer:
    for layer in network.layers:
        if isinstance(layer, keras.layers.Dense):
            return layer
    raise ValueError(f"{network.name!r} has no dense layer. The chain rule is drawn of networks of dense layers.")


def _encoded(model, network, line, x) -> tuple[np.ndarray, np.ndarray | None]:
    """Returns what enters the first dense layer, and what the line adds, for a row of a model's data."""
    if not isinstance(model, Model):
        raise ValueError(
            f"`x` must be numbers `(inputs,)` for a network without columns. Received: {type(x).__name__}. A row of a "
            "table is for a zoo.Model, which encodes it."
        )
    row = x if isinstance(x, pd.DataFrame) else pd.DataFrame([dict(x)])
    if len(row) != 1:
        raise ValueError(f"`x` must be one row. Received: {len(row)} rows. Take one: frame.iloc[[0]].")
    encoded = model.preprocessor.encode(row[[column.name for column in model.schema.columns]])

    def at(tensor):
        return keras.ops.convert_to_numpy(keras.Model(network.inputs, tensor)(encoded, training=False))[0]

    return at(_first_dense(network).input), None if line is None else at(line.output).astype("float64")


def _target(model, y, outputs: int) -> np.ndarray:
    """Returns what the outputs should be, for a target as the data have it."""
    encoded = np.asarray(model.target.encode(pd.Series(np.ravel(y))))
    if model.classes is None:
        return model.target.standardised(encoded)
    return encoded.astype("float64") if outputs == 1 else np.eye(outputs)[encoded.astype("int64").ravel()]


def _steps(network, *, of_zoo: bool) -> tuple[list[Step], SolvedLine | None]:
    """Returns the layers of a network with weights, each with the activation that follows, and a line beside them.

    In a zoo.Model's network any layers may stand before the first dense one: they make features of encoded tensors.
    """
    first, line = _first_dense(network), None
    steps: list[Step] = []
    for layer in network.layers[network.layers.index(first) if of_zoo else 0 :]:
        if isinstance(layer, _SKIPPED):
            continue
        if isinstance(layer, SolvedLine):
            line = layer
            continue
        if isinstance(layer, keras.layers.Add) and line is not None:
            continue
        if not isinstance(layer, keras.layers.Dense):
            if not steps or steps[-1].activation != "identity":
                raise ValueError(_refusal(network, layer))
            steps[-1] = dataclasses.replace(steps[-1], **_activation(network, layer))
            continue
        weights = keras.ops.convert_to_numpy(layer.kernel).astype("float64")
        bias = np.zeros(weights.shape[1]) if layer.bias is None else keras.ops.convert_to_numpy(layer.bias)
        follows = not steps or (steps[-1].weights.shape[1] == len(weights) and steps[-1].activation != "softmax")
        if weights.ndim != 2 or not follows:
            raise ValueError(_refusal(network, layer))
        steps.append(Step(weights, bias.astype("float64"), _name(network, layer, layer.activation)))
    line = line or next((layer for layer in network.layers if isinstance(layer, SolvedLine)), None)
    return steps, line


def _activation(network, layer) -> dict:
    if isinstance(layer, keras.layers.PReLU):
        return {"activation": "prelu", "slope": keras.ops.convert_to_numpy(layer.alpha).astype("float64")}
    if isinstance(layer, keras.layers.ReLU) and not layer.max_value and not layer.negative_slope:
        return {"activation": "relu"}
    if isinstance(layer, keras.layers.Softmax):
        return {"activation": "softmax"}
    if isinstance(layer, keras.layers.Activation):
        return {"activation": _name(network, layer, layer.activation)}
    raise ValueError(_refusal(network, layer))


def _name(network, layer, function) -> str:
    name = getattr(function, "__name__", str(function))
    name = _NAMES.get(name, name)
    if (name not in ACTIVATIONS or name == "prelu") and name != "softmax":
        raise ValueError(
            f"The layer {layer.name!r} of {network.name!r} has the activation {name!r}. The chain rule is drawn for: "
            f"{', '.join(ACTIVATIONS)}, and for softmax at the end."
        )
    return name


def _refusal(network, layer) -> str:
    return (
        f"The chain rule is drawn of dense layers, one after another, with activations of the lecture's table. "
        f"{network.name!r} has the layer {layer.name!r} of the type {type(layer).__name__}. Take a network such as "
        "'backprop_1986', or keras.Sequential([keras.layers.Dense(...), ...])."
    )
