"""Layers that have weights of their own for each feature, and answer a feature by itself.

    Scale                  s_j x_j                                      a soft selection of features, or what sets
                                                                        members of shared layers apart (TabM)
    ParametricActivation   x_j + a_j (phi(x_j) - x_j)                   a_j = 0: the identity, 1: phi
    PeriodicNumbers        x_j, V_j cos(2 pi w_j x_j + b_j) + c_j       a number becomes several features

D. Holzmueller, L. Grinsztajn, I. Steinwart, Better by Default: Strong Pre-Tuned MLPs and Boosted Trees on Tabular Data,
NeurIPS 2024. https://arxiv.org/abs/2407.04491
Y. Gorishniy, I. Rubachev, A. Babenko, On Embeddings for Numerical Features in Tabular Deep Learning, NeurIPS 2022.
https://arxiv.org/abs/2203.05556 (periodic embeddings)
"""

from __future__ import annotations

import math

import keras
import numpy as np
from keras import ops

from zoo.layers.activations import activation as activation_layer
from zoo.layers.numpy_activations import applied


class FeatureWise(keras.layers.Layer):
    """A layer with weights for each feature: of one network, or of several side by side, whose weights stand first.

    Args:
        members: How many networks stand side by side; None for one.

    Input shape: `(batch, features)`, of members also `(members, batch, features)`. Output shape: `(batch, features)`;
    of members `(members, batch, features)`.
    """

    def __init__(self, members: int | None = None, **kwargs):
        super().__init__(**kwargs)
        if members is not None and members < 1:
            raise ValueError(f"`members` must be None or at least 1. Received: members={members}")
        self.members = members

    def shape_of(self, *shape: int) -> tuple[int, ...]:
        """Returns the shape of a weight that has this one in one network."""
        return shape if self.members is None else (self.members, *shape)

    def for_rows(self, weight):
        """Returns a weight with an axis for the rows before its last one."""
        return ops.expand_dims(weight, -2)

    def compute_output_shape(self, input_shape):
        return (*self.shape_of(*input_shape[-2:-1]), input_shape[-1])

    def features_given(self, received: list) -> list:
        """Returns the names of the features that it gives, of those that it takes."""
        return received

    def get_config(self):
        return {**super().get_config(), "members": self.members}


@keras.saving.register_keras_serializable(package="zoo")
class NormalByFeature(keras.initializers.RandomNormal):
    """Numbers of the normal distribution, one for each member and feature, repeated over the feature's columns.

    Args:
        widths: How many columns beside each other each feature has.
    """

    def __init__(self, widths, **kwargs):
        super().__init__(**kwargs)
        self.widths = list(widths)

    def __call__(self, shape, dtype=None):
        if sum(self.widths) != shape[-1]:
            raise ValueError(
                f"`widths` must add up to the input's {shape[-1]} columns. Received: {sum(self.widths)} columns. Give "
                "each feature's width."
            )
        drawn = super().__call__((shape[0], len(self.widths)), dtype)
        return ops.take(drawn, np.repeat(np.arange(len(self.widths)), self.widths), axis=1)

    def get_config(self):
        return {**super().get_config(), "widths": self.widths}


@keras.saving.register_keras_serializable(package="zoo")
class Scale(FeatureWise):
    """Multiplies each feature by a weight.

    Args:
        members: As for `FeatureWise`.
        initializer: Of the weights; ones at first if left out.

    Input and output shape: as for `FeatureWise`.
    """

    def __init__(self, members: int | None = None, initializer="ones", **kwargs):
        super().__init__(members, **kwargs)
        self.initializer = keras.initializers.get(initializer)

    def build(self, input_shape):
        shape = self.shape_of(input_shape[-1])
        self.scale = self.add_weight(shape=shape, initializer=self.initializer, name="scale")

    def call(self, x):
        return x * self.for_rows(self.scale)

    def numpy_source(self, x: str, keep) -> str:
        """Returns what the layer gives for x, as an expression of numpy."""
        return f"{x} * {keep('scale', self.scale)}[..., None, :]"

    def get_config(self):
        return {**super().get_config(), "initializer": keras.initializers.serialize(self.initializer)}


@keras.saving.register_keras_serializable(package="zoo")
class ParametricActivation(FeatureWise):
    """An activation function between which and the identity each unit has a weight, 1 at first.

    Args:
        activation: A name of `zoo.layers.activations`, or one of Keras's.
        members: As for `FeatureWise`.

    Input and output shape: as for `FeatureWise`.
    """

    def __init__(self, activation: str = "mish", members: int | None = None, **kwargs):
        super().__init__(members, **kwargs)
        self.activation = activation
        self.function = mish if activation == "mish" else activation_layer(activation).activation

    def build(self, input_shape):
        self.share = self.add_weight(shape=self.shape_of(input_shape[-1]), initializer="ones", name="share")

    def call(self, x):
        return x + self.for_rows(self.share) * (self.function(x) - x)

    def numpy_source(self, x: str, keep) -> str | None:
        """Returns what the layer gives for x, as an expression of numpy; None where its function has none."""
        given = applied(self.function, x)
        return given and f"{x} + {keep('share', self.share)}[..., None, :] * ({given} - {x})"

    def get_config(self):
        return {**super().get_config(), "activation": self.activation}


def mish(x):
    """Returns x tanh(softplus(x)), by one exponential."""
    e = ops.exp(ops.minimum(x, 20.0))
    n = e * (e + 2.0)
    return x * (n / (n + 2.0))


@keras.saving.register_keras_serializable(package="zoo")
class PeriodicNumbers(FeatureWise):
    """Expands each number into itself and linear functions of its cosines.

    Args:
        frequencies: Cosines of a number.
        width: Features that a number becomes, itself included.
        sigma: Deviation of the initial frequencies.
        members: As for `FeatureWise`.

    Input shape: as for `FeatureWise`. Output shape: the same with `features * width`, the features of a number beside
    each other.
    """

    in_float32 = True  # under a policy of mixed precision: bfloat16 could not tell near numbers apart

    def __init__(self, frequencies: int = 16, width: int = 4, sigma: float = 0.1, members: int | None = None, **kwargs):
        super().__init__(members, **kwargs)
        if frequencies < 1 or width < 2 or sigma <= 0.0:
            raise ValueError(
                "`frequencies` must be at least 1, `width` at least 2, `sigma` positive. Received: "
                f"frequencies={frequencies}, width={width}, sigma={sigma}"
            )
        self.frequencies, self.width, self.sigma = frequencies, width, sigma

    def build(self, input_shape):
        count, uniform = input_shape[-1], keras.initializers.RandomUniform
        shapes = {
            "frequencies": ((self.frequencies,), keras.initializers.RandomNormal(stddev=self.sigma)),
            "phases": ((self.frequencies,), uniform(-math.pi, math.pi)),
            "kernel": ((self.frequencies, self.width - 1), uniform(-0.25, 0.25)),
            "bias": ((self.width - 1,), uniform(-0.25, 0.25)),
        }
        self.w, self.b, self.v, self.c = (
            self.add_weight(shape=self.shape_of(count, *shape), initializer=initial, name=name)
            for name, (shape, initial) in shapes.items()
        )

    def call(self, x):
        count, is_own = x.shape[-1], len(x.shape) == 3
        numbers = ops.expand_dims(ops.swapaxes(x, -1, -2), -1)  # (..., features, batch, 1)
        waves = ops.cos(2.0 * math.pi * numbers * self.for_rows(self.w) + self.for_rows(self.b))
        given = ops.matmul(waves, self.v) + self.for_rows(self.c)  # (..., features, batch, width - 1)
        if self.members is not None and not is_own:
            numbers = ops.repeat(ops.expand_dims(numbers, 0), self.members, axis=0)
        features = ops.swapaxes(ops.concatenate([numbers, given], axis=-1), -2, -3)
        return ops.reshape(features, (*self.shape_of(), -1, count * self.width))

    def compute_output_shape(self, input_shape):
        return (*self.shape_of(*input_shape[-2:-1]), input_shape[-1] * self.width)

    def features_given(self, received):
        return [(name, f"feature {k}") for name in received for k in range(self.width)]

    def numpy_source(self, x: str, keep) -> str:
        """Returns what the layer gives for x, as an expression of numpy."""
        numbers = f"np.swapaxes({x}, -1, -2)[..., None]"
        weights = {"frequencies": self.w, "phases": self.b, "bias": self.c}
        of_number = [f"{keep(name, weight)}[..., None, :]" for name, weight in weights.items()]
        waves = f"np.cos(np.float32({2.0 * math.pi!r}) * {numbers} * {of_number[0]} + {of_number[1]})"
        given = f"{waves} @ {keep('kernel', self.v)} + {of_number[2]}"
        if self.members is not None:
            numbers = f"np.broadcast_to({numbers}, ({self.members}, {self.w.shape[-2]}, {x}.shape[-2], 1))"
        joined = f"np.swapaxes(np.concatenate([{numbers}, {given}], axis=-1), -2, -3)"
        return f"{joined}.reshape({(*self.shape_of(), -1, self.w.shape[-2] * self.width)})"

    def get_config(self):
        config = {"frequencies": self.frequencies, "width": self.width, "sigma": self.sigma}
        return {**super().get_config(), **config}
