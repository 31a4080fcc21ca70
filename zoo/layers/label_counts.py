"""Classes read off cells that organized themselves without labels.

    n_kc <- n_kc + u_k        for every row of class c shown while cells are organized: responses by label
    p(c) = sum_k u_k n_kc / n_k / sum_k u_k,   n_k = sum_c n_kc;   no response: all classes alike

Only the counts n learn from labels, and nothing learns from the counts.
"""

import keras
from keras import ops

from zoo.layers.losses import cross_entropy

SMALL = 1e-4  # the share of an answer that is spread over all classes


@keras.saving.register_keras_serializable(package="zoo")
class LabelCounts(keras.layers.Layer):
    """Gives the logarithm of p(c) for the responses of cells; counts labels through `counting_loss` and SGD(1).

    Args:
        classes: How many.

    Input shape: `(batch, cells)`, not negative. Output shape: `(batch, classes)`.
    """

    def __init__(self, classes: int, **kwargs):
        super().__init__(**kwargs)
        self.classes = classes

    def build(self, input_shape):
        self.n = self.add_weight(shape=(input_shape[-1], self.classes), initializer="zeros", name="n")

    def call(self, u, training=None):
        u, n = ops.stop_gradient(u), ops.stop_gradient(self.n)
        share = (n + 1e-12) / ops.sum(n + 1e-12, axis=-1, keepdims=True)
        response = ops.sum(u, axis=-1, keepdims=True)
        p = ops.matmul(u, share) / ops.maximum(response, 1e-12)
        p = ops.where(response > 0.0, (1.0 - SMALL) * p, 0.0) + SMALL / self.classes
        logits = ops.log(p / ops.sum(p, axis=-1, keepdims=True))
        if not training:
            return logits
        counted = ops.matmul(u, self.n)  # whose slope along n is u, which `counting_loss` gives to the label's column
        return logits + counted - ops.stop_gradient(counted)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.classes)

    def get_config(self):
        return {**super().get_config(), "classes": self.classes}


@keras.saving.register_keras_serializable(package="zoo")
def counting_loss(y_true, logits):
    """Returns -log p(y_true) per example; its gradient is that of -logits[y_true], so that SGD(1) counts labels.

    Without labels, of which Keras is told by the outputs themselves, it is 0: cells organize themselves all the same.
    """
    if len(y_true.shape) == 2 and y_true.shape[-1] == logits.shape[-1]:
        return 0.0 * ops.sum(logits, axis=-1)
    y = ops.one_hot(ops.reshape(ops.cast(y_true, "int32"), (-1,)), logits.shape[-1], dtype=logits.dtype)
    label = ops.sum(y * logits, axis=-1)
    return ops.stop_gradient(cross_entropy(y_true, logits) + label) - label
