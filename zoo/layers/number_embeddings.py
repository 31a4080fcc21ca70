"""Learned vectors of numbers, from their ranks among the training rows.

    e_i = x_i u_i + v_i + P_i ramps(rank_i),   x_i = sqrt(12) (rank_i - 1/2)

Each column i has vectors u_i and v_i and a matrix P_i of its own. P begins at 0: a vector is linear in x at first, and
bends at the edges of bins where training needs it. There is no activation.

Y. Gorishniy, I. Rubachev, A. Babenko, On Embeddings for Numerical Features in Tabular Deep Learning, NeurIPS 2022.
https://arxiv.org/abs/2203.05556 (piecewise linear embeddings, version B of its later implementation)
"""

import keras
from keras import ops

from zoo.layers.tabular import ramps


@keras.saving.register_keras_serializable(package="zoo")
class RankEmbedding(keras.layers.Layer):
    """Gives each rank a learned vector, piecewise linear in the rank.

    Args:
        embedding_size: Width of a column's vector.
        num_bins: Bins of a column, each holding the same share of the training rows.

    Input shape: `(batch, columns)`, ranks in [0, 1]. Output shape: `(batch, columns * embedding_size)`.
    """

    in_float32 = True  # under a policy of mixed precision: bfloat16 could not tell places within a bin apart

    def __init__(self, embedding_size: int, num_bins: int, **kwargs):
        super().__init__(**kwargs)
        for name, value in (("embedding_size", embedding_size), ("num_bins", num_bins)):
            if value < 1:
                raise ValueError(f"`{name}` must be at least 1. Received: {name}={value}")
        self.embedding_size, self.num_bins = embedding_size, num_bins

    def build(self, input_shape):
        columns, most = input_shape[-1], self.embedding_size**-0.5
        self.slopes, self.bias = (
            self.add_weight(
                shape=(columns, self.embedding_size),
                initializer=keras.initializers.RandomUniform(-most, most),
                name=name,
            )
            for name in ("slopes", "bias")
        )
        shape = (columns, self.num_bins, self.embedding_size)
        self.kernel = self.add_weight(shape=shape, initializer="zeros", name="kernel")

    def call(self, ranks):
        of_bins = ops.transpose(ramps(ranks, self.num_bins), (1, 0, 2))  # (columns, batch, bins)
        bends = ops.transpose(ops.matmul(of_bins, self.kernel), (1, 0, 2))  # (batch, columns, embedding_size)
        x = ops.expand_dims(12**0.5 * (ranks - 0.5), -1)  # of unit variance: ranks are uniform
        return ops.reshape(x * self.slopes + self.bias + bends, (-1, ranks.shape[-1] * self.embedding_size))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[1] * self.embedding_size)

    def get_config(self):
        return {**super().get_config(), "embedding_size": self.embedding_size, "num_bins": self.num_bins}
