"""Which columns the metrics that Keras has take, where targets are indices of classes.

    of indices    "sparse_categorical_accuracy", "accuracy", "mean_io_u"   the index, and all columns: as they are
    of all        "categorical_accuracy", "f1_score", "top_k_..."          a column of 0 and 1 for each class
    of one        "recall", "auc", "binary_accuracy", "mse", ...           of two classes the second's column alone

Of more than two classes the last are shown a column for each class as well. Functions and metrics of one's own are
shown what Keras shows them: indices of classes, and a column of probabilities for each class.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence

from zoo.registry import suggest

INDICES = {"accuracy", "acc", "iou", "meaniou", "mean", "sum", "metric", "meanmetricwrapper", "columnmetric"}
ONE_HOT = {
    "categoricalaccuracy",
    "categoricalcrossentropy",
    "categoricalfocalcrossentropy",
    "categoricalhinge",
    "topkcategoricalaccuracy",
    "f1score",
    "fbetascore",
    "onehotiou",
    "onehotmeaniou",
    "kldivergence",
    "cosinesimilarity",
}


def resolved(metric):
    """Returns a metric of Keras for its name, an object or a function as it is.

    Raises:
        ValueError: if there is no metric of that name.
    """
    import keras

    if not isinstance(metric, str):
        return metric() if inspect.isclass(metric) else metric
    if metric.lower() in ("accuracy", "acc"):  # which one Keras chooses by the shapes
        return metric
    try:
        named = keras.metrics.get(metric)
    except ValueError:
        names = [name for name, value in vars(keras.metrics).items() if inspect.isclass(value)]
        raise ValueError(
            "`metrics` must be Keras's metrics or their names, or functions of targets and answers. Received: "
            f"{metric!r}.{suggest(metric, names)}"
        ) from None
    named.name = metric  # as Keras calls what it is given by name
    return named


def of_classes(metric, num_classes: int):
    """Returns a metric that takes indices of classes and a column for each class.

    Args:
        metric: A Keras metric, its name, or a function.
        num_classes: How many classes there are.
    """
    import keras

    from zoo.layers.class_metrics import ColumnMetric

    given, metric = metric, resolved(metric)
    name = _name_in_keras(metric)
    if name is None or name in INDICES or "sparse" in name:
        return given if isinstance(given, str) else metric
    if not isinstance(metric, keras.metrics.Metric):
        metric = keras.metrics.MeanMetricWrapper(metric, name=getattr(metric, "name", None) or metric.__name__)
    return ColumnMetric(metric, None if num_classes == 2 and name not in ONE_HOT else num_classes)


def _name_in_keras(metric) -> str | None:
    """Returns what Keras calls a metric, or that which a metric's class is made of; None of what is not Keras's."""
    if isinstance(metric, str):
        return metric.lower()
    for kind in (metric, *type(metric).__mro__):
        if str(getattr(kind, "__module__", "")).startswith("keras.") and hasattr(kind, "__name__"):
            return kind.__name__.replace("_", "").lower()
    return None


def metric_objects(metrics: Sequence, width: int, of_indices: bool) -> list:
    """Returns metrics as objects of Keras, with nothing added to them yet.

    Args:
        metrics: What `Task.keras_metrics` returned.
        width: How many columns the answers have.
        of_indices: Whether targets are indices of classes.
    """
    import keras

    objects = []
    for metric in map(resolved, metrics):
        if isinstance(metric, str):  # "accuracy"
            sparse = of_indices and width > 1
            kind = keras.metrics.SparseCategoricalAccuracy if sparse else keras.metrics.BinaryAccuracy
            metric = kind(name=metric)
        if not isinstance(metric, keras.metrics.Metric):
            if not callable(metric):
                raise ValueError(
                    "`metrics` must be Keras's metrics or their names, or functions of targets and answers. Received: "
                    f"{metric!r}."
                )
            name = getattr(metric, "name", None) or getattr(metric, "__name__", type(metric).__name__)
            metric = keras.metrics.MeanMetricWrapper(metric, name=name)
        metric.reset_state()
        objects.append(metric)
    return objects
