"""Losses on network outputs, before the decision: logits, activations, standardised values.

A loss on logits keeps its gradient where a loss on probabilities has rounded to 0 or 1. `NetworkLoss` marks such a
function, so that `zoo.Model` feeds it the network's output, and feeds any other Keras loss the model's.
"""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="zoo")
def cross_entropy(y_true, logits):
    """Returns -log p(y_true), per example.

    Args:
        y_true: Class indices `(batch,)`.
        logits: `(batch, classes)`, or `(batch, 1)` for two classes: the logit of the second, the first having 0.
    """
    if logits.shape[-1] == 1:
        z, y = ops.squeeze(logits, -1), ops.reshape(ops.cast(y_true, logits.dtype), (-1,))  # (batch, 1) -> (batch,)
        return ops.softplus(z) - y * z
    y = ops.one_hot(ops.reshape(ops.cast(y_true, "int32"), (-1,)), logits.shape[-1], dtype=logits.dtype)
    return ops.logsumexp(logits, axis=-1) - ops.sum(y * logits, axis=-1)


@keras.saving.register_keras_serializable(package="zoo")
def one_vs_rest(y_true, logits):
    """Returns the sum over classes of the binary cross-entropy of "this class or not", per example.

    Equals `cross_entropy` for two classes with one logit. Shapes as there.
    """
    if logits.shape[-1] == 1:
        return cross_entropy(y_true, logits)
    y = ops.one_hot(ops.reshape(ops.cast(y_true, "int32"), (-1,)), logits.shape[-1], dtype=logits.dtype)
    return ops.sum(ops.softplus(logits) - y * logits, axis=-1)


@keras.saving.register_keras_serializable(package="zoo")
def binary_cross_entropy(y_true, logits):
    """Returns the mean over labels of -log p(label), per example.

    Args:
        y_true: 0 and 1, `(batch, labels)`.
        logits: `(batch, labels)`.
    """
    return ops.mean(ops.softplus(logits) - ops.cast(y_true, logits.dtype) * logits, axis=-1)


@keras.saving.register_keras_serializable(package="zoo")
def squared_error(y_true, value):
    """Returns (y - value)^2, per example; both standardised by the target's mean and deviation in the training rows.

    Args:
        y_true: `(batch,)`, or `(batch, targets)`, of which the errors' mean is taken.
        value: `(batch, 1)`, or `(batch, targets)`.
    """
    if value.shape[-1] > 1:
        return ops.mean(ops.square(ops.cast(y_true, value.dtype) - value), axis=-1)
    return ops.square(ops.reshape(ops.cast(y_true, value.dtype), (-1,)) - ops.squeeze(value, -1))


LOSSES: dict = {"softmax": cross_entropy, "sigmoid": one_vs_rest, None: cross_entropy}


@keras.saving.register_keras_serializable(package="zoo")
class NetworkLoss(keras.losses.Loss):
    """A loss on network outputs: the mean over the batch of a function `(y_true, network_output) -> (batch,)`."""

    def __init__(self, function, name=None, reduction="sum_over_batch_size", dtype=None):
        name = name or function.__name__.strip("<>")  # TensorFlow takes no scope of the name <lambda>
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.function = function

    def call(self, y_true, y_pred):
        losses = self.function(y_true, y_pred)
        if len(losses.shape) == 0:  # a mean over the batch, which weights of rows would multiply as a whole
            raise ValueError(
                f"The loss {self.name!r} must return a value for each row, (batch,). Received: one value. Take the "
                "mean over the last axis alone: zoo.train takes that over the rows."
            )
        return losses

    def get_config(self):
        return {**super().get_config(), "function": keras.saving.serialize_keras_object(self.function)}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "function": keras.saving.deserialize_keras_object(config["function"])})


@keras.saving.register_keras_serializable(package="zoo")
class Count(keras.metrics.Metric):
    """The sum over an epoch of a function `(y_true, network_output) -> (batch,)`, such as mistakes."""

    def __init__(self, function, name=None, dtype=None):
        super().__init__(name=name or function.__name__, dtype=dtype)
        self.function = function
        self.total = self.add_variable((), initializer="zeros", name="total")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.total.assign_add(ops.sum(ops.cast(self.function(y_true, y_pred), self.dtype)))

    def result(self):
        return ops.add(self.total, 0.0)  # the value, where the variable itself would change with the next epoch

    def get_config(self):
        return {**super().get_config(), "function": keras.saving.serialize_keras_object(self.function)}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "function": keras.saving.deserialize_keras_object(config["function"])})
