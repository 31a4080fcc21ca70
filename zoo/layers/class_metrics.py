"""Keras's metrics of columns, for targets that are indices of classes."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="zoo")
class ColumnMetric(keras.metrics.Metric):
    """Shows a metric columns of 0 and 1 and of probabilities, in place of the index of the class and all columns.

    Args:
        metric: A Keras metric whose targets are columns, such as `keras.metrics.Recall()`.
        num_classes: How many classes there are; each has a column. None for the column of the second of two classes
            alone, the positive one.
        name: The name; None for the metric's.
        dtype: As for every Keras metric.
    """

    def __init__(self, metric, num_classes: int | None = None, name=None, dtype=None):
        super().__init__(name=name or metric.name, dtype=dtype)
        self.metric, self.num_classes = metric, num_classes
        self._direction = getattr(metric, "_direction", None)  # Keras: whether callbacks look for the highest value

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds rows.

        Args:
            y_true: Class indices `(batch,)` or `(batch, 1)`.
            y_pred: `(batch, classes)`, or `(batch, 1)` of the second of two classes.
            sample_weight: Weights `(batch,)`, or None.
        """
        y_true, y_pred = ops.reshape(ops.cast(y_true, "int32"), (-1,)), ops.convert_to_tensor(y_pred)
        if self.num_classes is None:
            y_true, y_pred = ops.cast(y_true[:, None], y_pred.dtype), y_pred[:, -1:]  # (batch, 1) each
        else:
            y_pred = ops.concatenate([1.0 - y_pred, y_pred], -1) if y_pred.shape[-1] == 1 else y_pred
            y_true = ops.one_hot(y_true, self.num_classes, dtype=y_pred.dtype)  # (batch, classes)
        return self.metric.update_state(y_true, y_pred, sample_weight=sample_weight)

    def result(self):
        return self.metric.result()

    def reset_state(self):
        self.metric.reset_state()

    def get_config(self):
        metric = keras.saving.serialize_keras_object(self.metric)
        return {**super().get_config(), "metric": metric, "num_classes": self.num_classes}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "metric": keras.saving.deserialize_keras_object(config["metric"])})
