"""Learned vectors of numbers, from their ranks among the training rows.

    e_i = x_i u_i + v_i + P_i ramps(rank_i),   x_i = sqrt(12) (rank_i - 1/2)

Each column i has vectors u_i and v_i and a matrix P_i of its own. P begins at 0: a vector is linear in x at first, and
bends at the edges of bins where training needs it. There is no activation.

Y. Gorishniy, I. Rubachev, A. Babenko, On Embeddings for Numerical Features in Tabular Deep Learning, NeurIPS 2022.
https://arxiv.org/abs/2203.05556 (piecewise linear embeddings, version B of its later implementation)
"""

import keras
from keras import ops

from zoo.layers.feature_wise import FeatureWise
from zoo.layers.tabular import ramps


@keras.saving.register_keras_serializable(package="zoo")
class RankEmbedding(FeatureWise):
    """Gives each rank a learned vector, piecewise linear in the rank.

    Args:
        embedding_size: Width of a column's vector.
        num_bins: Bins of a column, each holding the same share of the training rows.
        members: As for `FeatureWise`.

    Input shape: as for `FeatureWise`, ranks in [0, 1]. Output shape: the same with `columns * embedding_size`, the
    parts of a column's vector beside each other.
    """

    in_float32 = True  # under a policy of mixed precision: bfloat16 could not tell places within a bin apart

    def __init__(self, embedding_size: int, num_bins: int, members: int | None = None, **kwargs):
        super().__init__(members, **kwargs)
        for name, value in (("embedding_size", embedding_size), ("num_bins", num_bins)):
            if value < 1:
                raise ValueError(f"`{name}` must be at least 1. Received: {name}={value}")
        self.embedding_size, self.num_bins = embedding_size, num_bins

    def build(self, input_shape):
        columns, most = input_shape[-1], self.embedding_size**-0.5
        self.slopes, self.bias = (
            self.add_weight(
                shape=self.shape_of(columns, self.embedding_size),
                initializer=keras.initializers.RandomUniform(-most, most),
                name=name,
            )
            for name in ("slopes", "bias")
        )
        shape = self.shape_of(columns, self.num_bins, self.embedding_size)
        self.kernel = self.add_weight(shape=shape, initializer="zeros", name="kernel")

    def call(self, ranks):
        of_bins = ops.swapaxes(ramps(ranks, self.num_bins), -2, -3)  # (..., columns, batch, bins)
        bends = ops.swapaxes(ops.matmul(of_bins, self.kernel), -2, -3)  # (..., batch, columns, embedding_size)
        x = ops.expand_dims(12**0.5 * (ranks - 0.5), -1)  # of unit variance: ranks are uniform
        slopes, bias = (ops.expand_dims(weight, -3) for weight in (self.slopes, self.bias))
        return ops.reshape(x * slopes + bias + bends, (*self.shape_of(), -1, ranks.shape[-1] * self.embedding_size))

    def compute_output_shape(self, input_shape):
        return (*self.shape_of(*input_shape[-2:-1]), input_shape[-1] * self.embedding_size)

    def features_given(self, received):
        return [(name, "rank", k) for name in received for k in range(self.embedding_size)]

    def numpy_source(self, x: str, keep) -> str:
        """Returns what the layer gives for x, as an expression of numpy."""
        place = f"{x}[..., None] * {self.num_bins} - np.arange({self.num_bins}, dtype='float32')"
        of_bins = f"np.swapaxes(np.clip({place}, 0, 1) - 0.5, -2, -3)"
        bends = f"np.swapaxes({of_bins} @ {keep('kernel', self.kernel)}, -2, -3)"
        weights = {"slopes": self.slopes, "bias": self.bias}
        slopes, bias = (f"{keep(name, weight)}[..., None, :, :]" for name, weight in weights.items())
        line = f"np.float32({12**0.5!r}) * ({x}[..., None] - 0.5) * {slopes} + {bias}"
        return f"({line} + {bends}).reshape({(*self.shape_of(), -1, self.slopes.shape[-2] * self.embedding_size)})"

    def get_config(self):
        return {**super().get_config(), "embedding_size": self.embedding_size, "num_bins": self.num_bins}
