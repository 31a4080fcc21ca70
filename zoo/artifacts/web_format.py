"""web: `model.json` and `predict.js`, with which a browser or Node answers rows, without any other file or server.

    const { predictor } = require("./predict.js");                          // in a page: <script src="predict.js">
    predictor(require("./model.json"))([{ x: 1.5, y: -0.5 }])               // [{ label: "1", probability: 0.97, ... }]

`predict.js` is the same for all models. `model.json` holds the constants of the preprocessor, the layers and how their
outputs become answers. Covered is what consists of sums and activations of numbers: columns of numbers, an array of
numbers, or images; dense layers with normalizations, the ranks and the line of `mlp_*`, perceptrons and regressions.
All else is an error that names it and the formats that have it.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np

from zoo.data.columns.encodings import FARTHEST
from zoo.data.number_statistics import MOMENTS
from zoo.engine.keras_internals import producer_of
from zoo.layers.linear import LinearTerms
from zoo.layers.tabular import PiecewiseLinear

PROGRAM = Path(__file__).with_name("web_predict.js")
SAME = (keras.layers.Dropout, keras.layers.GaussianNoise, keras.layers.Flatten)  # in `predict.js` all tensors are flat
ACTIVATIONS = ("linear", "binary_step", "sigmoid", "tanh", "arctan", "relu", "elu", "softplus", "leaky_relu", "relu6")
ACTIVATIONS += ("selu", "silu", "softsign", "exponential", "hard_sigmoid", "squash")


def write(model, folder: Path) -> dict[str, tuple[dict, dict]]:
    """Writes `model.json` and `predict.js` to a folder.

    Returns:
        Inputs and outputs of `serving_default`, as `{name: [dtype, shape]}`.

    Raises:
        RuntimeError: if Node, which proves the export, is not on the PATH.
        ValueError: if a column, a layer or an answer is not covered; the message names it.
    """
    if shutil.which("node") is None:
        raise RuntimeError(
            "The proof of a web export runs it in Node, which must be on the PATH. Install it, on Debian by apt-get "
            "install nodejs, elsewhere from https://nodejs.org, and export again. Nothing was written."
        )
    from zoo.data.served import answer_facts

    outputs = answer_facts(model)
    content = {
        "entry": model.entry.name,
        "inputs": _inputs(model),
        "layers": _layers(model),
        "answers": _answers(model),
        "dtypes": {name: dtype for name, (dtype, _) in outputs.items()},
    }
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    (folder / "model.json").write_text(text, encoding="utf-8")
    shutil.copyfile(PROGRAM, folder / "predict.js")
    served = model.schema.served_names
    specs = model.preprocessor.signature()
    inputs = {served[name]: [spec.dtype.name, list(spec.shape)] for name, spec in specs.items()}
    return {"serving_default": (dict(sorted(inputs.items())), outputs)}


def _refused(what: str) -> ValueError:
    return ValueError(
        f"The web format covers dense networks of numbers or images. Received: {what}. Export as numpy, onnx or "
        "tf_saved_model."
    )


def _listed(values) -> list:
    """Returns numbers flat, each as short as its float32 can be read back from: 0.2, not 0.20000000298023224."""
    return [float(str(value)) for value in np.ravel(keras.ops.convert_to_numpy(values)).astype("float32")]


def _inputs(model) -> dict:
    """Returns what rows are made of and the constants by which they are encoded.

    Raises:
        ValueError: if a column is neither a number nor, alone, an array or an image.
    """
    preprocessor, columns = model.preprocessor, list(model.schema.columns)
    table, read = preprocessor.takes_columns, []
    scaled: dict[str, Any] = {}
    for group in preprocessor.groups:
        for column, state in zip(group.columns, group.states, strict=True):
            numbers_of_column = group.kind.web_numbers(column, state)
            if numbers_of_column is None:
                raise _refused(f"the column {column.name!r} of the kind {group.kind.name!r}")
            read += numbers_of_column
            for name, values in state.get("scaled", {}).items():
                scaled.setdefault(name, []).extend(values)
    shaped = [column.name for column in columns if column.shape]
    if table and shaped:
        raise _refused(f"columns of arrays in a table, {', '.join(map(repr, shaped))}")
    names = [str(column.name) for column in columns]
    found: dict = {"columns": names} if table else {"shape": list(columns.pop().shape)}
    if own := preprocessor.layout.own_tensors:
        return {**found, "tensors": {"own": next(iter(own))}}
    numbers: dict[str, Any] = {name: _listed(scaled[name]) for name in ("median", "center", "scale")}
    numbers |= {name: [number[name] for number in read] for name in ("offset", "absent")}
    if preprocessor.encodings.raw:
        return {**found, **numbers, "tensors": {"raw": "inputs"}}
    tensors = {"scaled": "numeric"}
    numbers["flags"] = np.flatnonzero(scaled["missing"]).tolist()
    numbers["squashed"] = bool(preprocessor.encodings.ranks)
    if preprocessor.linear:
        numbers |= {name: _listed(scaled[name]) for name in MOMENTS} | {"farthest": FARTHEST}
        tensors["standardised"] = "linear"
    ranked = [i for i, knots in enumerate(scaled["knots"]) if len(knots) > 2]
    if ranked:
        tensors["ranks"] = "quantile"
        numbers["ranked"] = [
            {"at": i, "knots": _listed(scaled["knots"][i]), "ranks": _listed(scaled["ranks"][i])} for i in ranked
        ]
    return {**found, **numbers, "tensors": tensors}


def _layers(model) -> list[dict]:
    """Returns the layers of the network in the order in which they are computed; the last one gives its output.

    Raises:
        ValueError: if a layer is not covered.
    """
    if model.traits.respond is not None:
        raise _refused(f"answers that `respond` of {model.entry.name!r} computes")
    if model.members > 1:
        raise _refused(f"an ensemble of {model.members} networks")
    network, names, found = model.network, {}, []
    for operation in network.operations:
        (output,) = keras.tree.flatten(operation.output)
        if isinstance(operation, keras.layers.InputLayer):
            names[id(output)] = output.name
            continue
        taken = [
            names.get(id(tensor)) or names[id(producer_of(tensor))] for tensor in keras.tree.flatten(operation.input)
        ]
        if isinstance(operation, SAME):
            names[id(output)] = taken[0]
            continue
        layer = _layer(operation)
        if layer is None:
            raise _refused(f"the layer {operation.name!r} ({type(operation).__name__})")
        name = re.sub(r"\W", "_", operation.name)
        found.append({"name": name, "from": taken, **layer})
        names[id(output)] = name
    return found


def _layer(layer) -> dict | None:
    """Returns a layer as `predict.js` computes it; None of any other layer."""
    kind = type(layer)
    if kind is keras.layers.Dense or isinstance(layer, LinearTerms):
        if kind is not keras.layers.Dense and layer.categorical_sizes:
            return None
        activation = _activation(getattr(layer, "activation", keras.activations.linear))
        bias = _listed(layer.bias) if layer.bias is not None else []
        dense = {"op": "dense", "units": layer.kernel.shape[1], "kernel": _listed(layer.kernel), "bias": bias}
        return {**dense, "activation": activation} if activation else None
    if kind is keras.layers.Activation:
        activation = _activation(layer.activation)
        return {"op": "activation", "activation": activation} if activation else None
    if kind is keras.layers.PReLU:
        return {"op": "prelu", "alpha": _listed(layer.alpha)}
    if kind is keras.layers.Concatenate or kind is keras.layers.Add:
        return {"op": kind.__name__.lower()}
    if kind is PiecewiseLinear:
        return {"op": "ramps", "bins": layer.num_bins}
    if kind is keras.layers.Rescaling and np.ndim(layer.scale) == np.ndim(layer.offset) == 0:
        return {"op": "affine", "scale": [float(layer.scale)], "shift": [float(layer.offset)]}
    if kind is keras.layers.BatchNormalization:
        width = layer.moving_variance.shape[0]
        gamma = np.array(layer.gamma if layer.scale else np.ones(width), "float64")
        beta = np.array(layer.beta if layer.center else np.zeros(width), "float64")
        scale = gamma / np.sqrt(np.array(layer.moving_variance, "float64") + layer.epsilon)
        shift = beta - np.array(layer.moving_mean, "float64") * scale
        return {"op": "affine", "scale": scale.tolist(), "shift": shift.tolist()}
    if kind is keras.layers.LayerNormalization:
        gamma = _listed(layer.gamma) if layer.scale else [1.0]
        beta = _listed(layer.beta) if layer.center else [0.0]
        return {"op": "layer_normalization", "epsilon": layer.epsilon, "scale": gamma, "shift": beta}
    return None


def _activation(function) -> str | None:
    name = getattr(function, "__name__", "")
    return name if name in ACTIVATIONS else None


def _answers(model) -> dict:
    """Returns how the network's outputs become answers.

    Raises:
        ValueError: if answers of the task are not covered.
    """
    if model.target.intervals is not None:
        raise _refused("intervals or sets beside the answers")
    if callable(model.decision):
        raise _refused(f"the function {model.decision!r} as `output_activation`")
    answers = model.task.web_answers(model.target, model.decision)
    if answers is None:
        raise _refused(f"answers of the task {model.task.name!r}")
    return answers
