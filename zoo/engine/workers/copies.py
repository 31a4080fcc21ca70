"""Clones a compiled model under a strategy's scope, and moves values between the two."""

from __future__ import annotations

import keras
import numpy as np

from zoo.engine import keras_internals
from zoo.layers.nesting import layers_of


def copy_of(model: keras.Model) -> keras.Model:
    """Returns a model of the same layers, loss, metrics and optimizer, its variables created where this is called.

    Batch normalization takes the statistics of the batches of all replicas, as one device would (TensorFlow).
    """
    copy = type(model).from_config(model.get_config())
    compiled = keras_internals.compiled_with(model)
    optimizer = model.optimizer
    settings = {
        "optimizer": type(optimizer).from_config(optimizer.get_config()),
        "loss": compiled["loss"],
        "loss_weights": compiled["loss_weights"],
        "metrics": _fresh(compiled["metrics"]),
        "weighted_metrics": _fresh(compiled["weighted_metrics"]),
    }
    copy.compile(**settings, jit_compile=False)
    for layer in layers_of(copy):
        if isinstance(layer, keras.layers.BatchNormalization) and keras.backend.backend() == "tensorflow":
            layer.synchronized = True
    copy.optimizer.build(copy.trainable_variables)
    return copy


def _fresh(metrics):
    """Returns metrics of the same settings: a metric's variables belong to one model."""
    if isinstance(metrics, dict):
        return {name: _fresh(part) for name, part in metrics.items()}
    if isinstance(metrics, (list, tuple)):
        return [_fresh(part) for part in metrics]
    return type(metrics).from_config(metrics.get_config()) if isinstance(metrics, keras.metrics.Metric) else metrics


def variables_of(model) -> list:
    """Returns the variables that a training changes, but for those of metrics: weights, seeds, the optimizer's."""
    metrics = {id(v) for metric in model.metrics for v in metric.variables}
    return [v for v in (*model.variables, *model.optimizer.variables) if id(v) not in metrics]


def values_of(model) -> list[np.ndarray]:
    """Returns the values of these variables."""
    model.optimizer.build(model.trainable_variables)
    return [_own(keras.ops.convert_to_numpy(v.value)) for v in variables_of(model)]


def _own(values) -> np.ndarray:
    """Returns an array that nothing else writes to; memory that a backend lends is copied."""
    return values if isinstance(values, np.ndarray) and values.flags.owndata else np.array(values)


def assign(model, values) -> None:
    """Puts values into these variables."""
    model.optimizer.build(model.trainable_variables)
    for variable, value in zip(variables_of(model), values, strict=True):
        variable.assign(value)


def same(some, others) -> bool:
    """Returns whether two lists of arrays are equal, bit for bit."""
    return all(
        _bits(a).shape == _bits(b).shape and (_bits(a) == _bits(b)).all() for a, b in zip(some, others, strict=True)
    )


def _bits(values) -> np.ndarray:
    """Returns an array's bytes, flat, without a copy where the array is contiguous."""
    return np.ascontiguousarray(values).reshape(-1).view("uint8")
