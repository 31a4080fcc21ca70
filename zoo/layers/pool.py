"""A pool: the answers of several networks as one, each with a weight of its own.

    values          y = sum_n w_n y_n
    probabilities   p = sum_n w_n softmax(z_n)   (or sigmoid of each output), as the logits that give p

Weights are not negative and add up to 1. R. Caruana, A. Niculescu-Mizil, G. Crew, A. Ksikes, Ensemble Selection from
Libraries of Models, ICML 2004. https://doi.org/10.1145/1015330.1015432
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

MEANS = ("values", "softmax", "sigmoid")


def pooled(outputs, shares, *, mean: str):
    """Returns the weighted mean of what several networks answer, as network outputs.

    Args:
        outputs: `(batch, networks, outputs)`.
        shares: A weight for each network `(networks,)`; they add up to 1.
        mean: Of what the mean is taken, as for `zoo.layers.ensemble.merged`: `"values"`; `"softmax"` of the logits (of
            the logit and 0, where there is one); or `"sigmoid"` of each logit by itself.

    Returns:
        `(batch, outputs)`: values, or logits whose softmax or sigmoid is the weighted mean.
    """
    if mean == "values":
        return ops.sum(outputs * ops.reshape(shares, (-1, 1)), axis=1)
    logarithms = ops.log(shares)
    if mean == "softmax" and outputs.shape[-1] > 1:
        return ops.logsumexp(ops.log_softmax(outputs, axis=-1) + ops.reshape(logarithms, (-1, 1)), axis=1)
    pairs = ops.stack([ops.zeros_like(outputs), outputs], axis=-1)  # (batch, networks, outputs, 2)
    weighted = ops.log_softmax(pairs, axis=-1) + ops.reshape(logarithms, (-1, 1, 1))
    against, for_it = ops.unstack(ops.logsumexp(weighted, axis=1), num=2, axis=-1)
    return for_it - against


@keras.saving.register_keras_serializable(package="zoo")
class WeightedPool(keras.layers.Layer):
    """Answers for several networks by the weighted mean of what they answer.

    A network of several members shares its weight evenly among them.

    Args:
        shares: The weight of each network. They are divided by their sum, and stand still in training.
        mean: As for `pooled`.

    Input shape: a list of tensors `(batch, outputs)` or `(batch, members, outputs)`, one of each network. Output shape:
    `(batch, outputs)`.
    """

    learns = False  # whether gradients change the weights
    in_float32 = True  # under a policy of mixed precision: it is the end of the network

    def __init__(self, shares: Sequence[float], mean: str = "values", **kwargs):
        super().__init__(**kwargs)
        given = np.asarray(shares, "float64")
        if given.ndim != 1 or not given.size or not np.all(np.isfinite(given) & (given >= 0.0)) or not given.sum() > 0:
            raise ValueError(
                "`shares` must be numbers that are not negative, at least one of them positive, one for each network. "
                f"Received: shares={shares!r}"
            )
        if mean not in MEANS:
            raise ValueError(f"`mean` must be one of {', '.join(map(repr, MEANS))}. Received: mean={mean!r}")
        self.given = tuple(given.tolist())
        self.mean = mean

    def build(self, input_shape):
        if len(input_shape) != len(self.given):
            raise ValueError(
                f"`shares` must have a weight for each network. Received: {len(self.given)} weights for "
                f"{len(input_shape)} networks."
            )
        self._members = [shape[1] if len(shape) == 3 else 1 for shape in input_shape]

        def initial(shape, dtype=None):
            return ops.cast(np.array(self.given) / np.sum(self.given), dtype)

        self.shares = self.add_weight(shape=(len(self.given),), initializer=initial, trainable=False, name="shares")

    def _beside(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns for each member of all networks which network it is of, and its part of that network's weight."""
        counts = np.array(self._members)
        return np.repeat(np.arange(len(counts)), counts), np.repeat(1.0 / counts, counts).astype("float32")

    def call(self, outputs):
        parts = [part if len(part.shape) == 3 else ops.expand_dims(part, 1) for part in outputs]
        networks, part_of_weight = self._beside()
        shares = ops.take(ops.cast(self.shares, self.compute_dtype), networks) * ops.cast(
            part_of_weight, self.compute_dtype
        )
        together = ops.concatenate(parts, axis=1) if len(parts) > 1 else parts[0]
        return pooled(together, shares, mean=self.mean)

    def compute_output_shape(self, input_shape):
        return (input_shape[0][0], input_shape[0][-1])

    def numpy_source(self, x: str | list[str], keep) -> str:
        """Returns what the layer gives for the outputs of the networks, as an expression of numpy."""
        taken = [x] if isinstance(x, str) else x
        networks, part_of_weight = self._beside()
        shares = ops.convert_to_numpy(self.shares)[networks] * part_of_weight
        parts = [
            name if count > 1 or len(tensor.shape) == 3 else f"{name}[:, None]"
            for name, count, tensor in zip(taken, self._members, keras.tree.flatten(self.input), strict=True)
        ]
        together = f"np.concatenate([{', '.join(parts)}], axis=1)"
        if self.mean == "values":
            return f"({together} * {keep('shares', shares)}[:, None]).sum(axis=1)"
        with np.errstate(divide="ignore"):
            logarithms = keep("logarithms", np.log(shares))
        if self.mean == "softmax" and self.output.shape[-1] > 1:
            probabilities = "z - np.logaddexp.reduce(z, axis=-1, keepdims=True)"
            weighted = f"np.logaddexp.reduce({probabilities} + {logarithms}[:, None], axis=1)"
            return f"(lambda z: {weighted})({together})"
        for_it, against = (
            f"np.logaddexp.reduce({logarithms}[:, None] - np.logaddexp(0, {sign}z), axis=1)" for sign in ("-", "")
        )
        return f"(lambda z: {for_it} - {against})({together})"

    def get_config(self):
        return {**super().get_config(), "shares": self.given, "mean": self.mean}
