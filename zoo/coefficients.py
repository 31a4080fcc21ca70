"""The coefficients of a linear network, found by probing: f(0) is the intercept, f(e_i) - f(0) a weight."""

from __future__ import annotations

import keras
import numpy as np
import pandas as pd

from zoo.data import columns as kinds
from zoo.engine.precision import in_double
from zoo.layers.linear import line_beside
from zoo.layers.members import receivers


def linear_terms(network: keras.Model, features: list[dict]) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Returns what an affine network adds for each feature, in the features' raw units.

    Args:
        network: From encoded tensors to outputs.
        features: Of each encoded column: its tensor and index, the raw column, what of it, and, for numbers, the centre
            and scale that were taken from it; for categories, the levels from index 0.

    Returns:
        Names of the features, weights `(features, outputs)`, the intercept `(outputs,)`.

    Raises:
        TypeError: if the network is not affine.
    """
    network = in_double(network) if keras.backend.backend() == "tensorflow" else network
    zero = {
        tensor.name: np.zeros((1, *tensor.shape[1:]), "int32" if tensor.name == "categorical" else "float64")
        for tensor in network.inputs
    }

    def outputs(changes):
        x = {name: np.repeat(values, len(changes), axis=0) for name, values in zero.items()}
        for row, (tensor, index, value) in enumerate(changes):
            if tensor is not None:
                x[tensor][row, index] = value
        return keras.ops.convert_to_numpy(network(x, training=False)).astype("float64")

    intercept = outputs([(None, 0, 0)])[0]
    changes: list[tuple] = []
    names, scales = [], []
    for feature in features:
        if feature["tensor"] not in zero:
            continue
        if feature["tensor"] == "categorical":
            levels = feature["levels"]
            names += [f"{feature['column']}={level}" for level in levels]
            changes += [("categorical", feature["index"], i) for i in range(len(levels))]
            scales += [(0.0, 1.0)] * len(levels)
        else:
            what = feature.get("what") or "value"
            names.append(str(feature["column"]) if what == "value" else f"{feature['column']} ({what})")
            changes.append((feature["tensor"], feature["index"], 1.0))
            scales.append((float(feature.get("center") or 0.0), float(feature.get("scale") or 1.0)))
    once = outputs(changes) - intercept
    numbers = [i for i, (tensor, _, _) in enumerate(changes) if tensor != "categorical"]
    twice = (
        outputs([(changes[i][0], changes[i][1], -2.0) for i in numbers]) - intercept if numbers else np.zeros((0, 1))
    )
    if not np.allclose(twice, -2.0 * once[numbers], rtol=1e-4, atol=1e-5):
        raise TypeError("Coefficients are those of a linear model. This network is not linear in its inputs.")
    centers, widths = np.array(scales).T
    weights = once / widths[:, None]
    return names, weights, intercept - centers @ weights


def coefficients(model) -> pd.DataFrame:
    """Returns the coefficients of a linear model: see `zoo.Model.coefficients`."""
    if not model.task.supervised:
        raise TypeError(
            f"Coefficients are those of a classifier or a regression. Received: {model.entry.name!r}, which does "
            f"{model.task.name}. Take `model.network.get_weights()`."
        )
    if kinds.pictures(model.schema.columns):
        raise TypeError(
            "Coefficients are those of columns. Received: a model of images. Take `model.network.get_weights()`."
        )
    line = line_beside(model.network)
    beside = receivers(model.network)
    if beside is not None and not beside.any():
        raise TypeError(
            f"Coefficients are those of a line beside the hidden layers. None of the {model.members} members that "
            "were kept has it. Train with `kept_members=None`, which keeps all."
        )
    if model.members > 1 and line is None:
        raise TypeError(
            f"Coefficients are those of one linear model. Received: an ensemble of {model.members} members. Build "
            "it with ensemble=1."
        )
    names, weights, intercept = linear_terms(line or model.network, model.preprocessor.layout.features)
    weights, intercept, columns = model.task.terms(weights, intercept, model.target)
    values = np.concatenate([weights, intercept[None]])
    return pd.DataFrame(values, index=[*names, "intercept"], columns=columns)
