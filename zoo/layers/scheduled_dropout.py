"""Dropout whose rate falls to 0 in the second half of a training.

    p(t) = p f(t),   f(t) = 1 for t <= 1/2, then (1 + cos(pi (2 t - 1))) / 2,   t: the share of the steps that is done

D. Holzmueller, L. Grinsztajn, I. Steinwart, Better by Default: Strong Pre-Tuned MLPs and Boosted Trees on Tabular Data,
NeurIPS 2024. https://arxiv.org/abs/2407.04491
"""

from __future__ import annotations

import math

import keras
from keras import ops


def flat_cosine(share):
    """Returns f for a share of the training, a tensor: 1 up to 1/2, then half a cosine down to 0 at 1 and beyond."""
    return 0.5 * (1.0 + ops.cos(math.pi * ops.minimum(ops.maximum(2.0 * share - 1.0, 0.0), 1.0)))


@keras.saving.register_keras_serializable(package="zoo")
class ScheduledDropout(keras.layers.Dropout):
    """Dropout by a rate that follows the share of the training that is done.

    The layer counts its steps, so that checkpoints hold how far a training is. Outside of a training that the zoo
    began, the rate is the initial one.

    Args:
        rate: Share of numbers that is dropped in the first half of a training.
        **kwargs: Further arguments of `keras.layers.Dropout`.

    Input and output shape: `(batch, features)`, or any other.
    """

    learns = False  # whether gradients change the weights

    def build(self, input_shape):
        counts = {"shape": (), "initializer": "zeros", "trainable": False, "dtype": "float32", "autocast": False}
        self.steps_done = self.add_weight(name="steps_done", aggregation="only_first_replica", **counts)
        self.total_steps = self.add_weight(name="total_steps", aggregation="only_first_replica", **counts)
        super().build(input_shape)

    def begin_training(self, rows: int, steps: int) -> None:
        """Notes that a training of so many steps begins."""
        self.steps_done.assign(0.0)
        self.total_steps.assign(float(steps))

    def rate_after(self, share):
        """Returns the rate after a share of the training."""
        return self.rate * flat_cosine(share)

    def next_rate(self):
        """Returns the rate of the step that is next, and counts it."""
        done = ops.convert_to_tensor(self.steps_done)
        rate = self.rate_after(done / ops.maximum(ops.convert_to_tensor(self.total_steps), 1.0))
        known = ops.convert_to_tensor(self.total_steps) > 0.0
        self.steps_done.assign(done + ops.cast(known, "float32"))
        return rate

    def call(self, inputs, training=False):
        if not training or self.rate == 0:
            return inputs
        rate = self.next_rate()
        drawn = keras.random.uniform(ops.shape(inputs), dtype="float32", seed=self.seed_generator)
        kept = ops.cast(drawn >= rate, inputs.dtype)
        return inputs * kept * ops.cast(1.0 / (1.0 - rate), inputs.dtype)
