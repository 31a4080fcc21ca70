"""Scores by Keras's metrics, for `zoo.evaluate(metrics=...)`."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping

import keras
import numpy as np

from zoo.tasks import keras_metrics

ROWS = 65_536  # at a time


def checked_metrics(model, metrics) -> list:
    """Returns metrics as Keras takes them for a model's targets and answers.

    Args:
        model: A `zoo.Model`.
        metrics: Keras's metrics, their names, or functions `(y_true, y_pred)`; several, or one.

    Raises:
        ValueError: if one is unknown, or there is nothing to compare.
    """
    single = isinstance(metrics, str) or not isinstance(metrics, Iterable)
    metrics = [metrics] if single else list(metrics)
    if not metrics:
        return []
    if not model.task.scored:
        raise ValueError(
            f"`metrics` compare answers with a target; {model.entry.name!r} does {model.task.name}. Leave them out."
        )
    if model.target.dtype == "float64":
        raise ValueError(
            f"`metrics` compute in float32, which cannot resolve this target: {model.target.spread}. The scores of "
            "zoo.evaluate, such as rmse and mae, are in float64: leave `metrics` out."
        )
    width = model.network.outputs[0].shape[-1]
    columns = max(width, 2) if model.task.class_indices and model.decision != "threshold" else width
    metrics = model.task.keras_metrics(list(map(_copied, metrics)), model.target)
    return keras_metrics.metric_objects(metrics, columns, of_indices=model.task.class_indices)


def _copied(metric):
    """Returns a metric object of Keras's as a fresh one, so that the caller's keeps what it has counted.

    What others wrote is used itself, from its beginning: their configurations may lack arguments.
    """
    is_keras_s = isinstance(metric, keras.metrics.Metric) and type(metric).__module__.startswith("keras.")
    if not is_keras_s or type(metric) is keras.metrics.MeanMetricWrapper:  # around a function, which may be a lambda
        return metric
    return type(metric).from_config(metric.get_config())


def keras_scores(model, metrics, outputs: np.ndarray, y: np.ndarray, weight, taken: Mapping) -> dict[str, float]:
    """Returns the results of metrics by their names. Of several numbers, each has the name of its class or target.

    Args:
        model: A `zoo.Model`.
        metrics: What `checked_metrics` returned.
        outputs: What the model decided, `(rows, columns)`.
        y: Encoded targets.
        weight: Sample weights `(rows,)`, or None.
        taken: Scores that keep their names. A metric of the same name is called `keras_<name>`; of several metrics of
            one name the second is called `<name>_2`, and so on.

    Raises:
        ValueError: if the model decides on several tensors.
    """
    if isinstance(outputs, Mapping):
        raise ValueError(
            f"`metrics` compare a target with one answer a row. Received: a model with the answers "
            f"{', '.join(outputs)}. Leave them out."
        )
    if y.ndim == 1 and y.dtype.kind == "f":
        y = y[:, None]  # (rows,) -> (rows, 1)
    scores: dict[str, float] = {}
    names_used: set[str] = set()
    columns = list(map(str, model.classes or model.target.names))
    for metric in metrics:
        for start in range(0, len(y), ROWS):
            part = slice(start, start + ROWS)
            weights = None if weight is None else weight[part]
            metric.update_state(y[part], outputs[part], sample_weight=weights)
        name = _free_name(f"keras_{metric.name}" if metric.name in taken else metric.name, {*taken, *names_used})
        names_used.add(name)
        result = keras.tree.map_structure(keras.ops.convert_to_numpy, metric.result())
        several = isinstance(result, dict)
        for key, value in (result if several else {"": result}).items():
            key = f"{name}_{key}" if several else name
            if np.ndim(value):
                names = columns if len(columns) == np.size(value) else range(np.size(value))
                scores |= {f"{key}_{column}": float(one) for column, one in zip(names, np.ravel(value), strict=True)}
            else:
                scores[key] = float(value)
    return scores


def _free_name(name: str, taken) -> str:
    """Returns the name, or where it is taken the first free one of `<name>_2`, `<name>_3`, ..."""
    numbered = (f"{name}_{number}" for number in itertools.count(2))
    return name if name not in taken else next(one for one in numbered if one not in taken)
