"""What turns the encoded tensors of a table into features of a dense network.

    piecewise linear   u in [0, 1]  ->  clip(B u - j, 0, 1), j = 0..B-1, on the B bins of a column's quantiles
    levels             few levels: one indicator each; many levels: a learned vector each

Y. Gorishniy, I. Rubachev, A. Babenko, On Embeddings for Numerical Features in Tabular Deep Learning, NeurIPS 2022.
https://arxiv.org/abs/2203.05556 (piecewise linear encoding; the ranks come from the preprocessor)
"""

from collections.abc import Mapping

import keras
import numpy as np
from keras import ops


def ramps(ranks, num_bins: int):
    """Returns one ramp for each bin of each rank, in [-1/2, 1/2]: `(batch, columns)` -> `(batch, columns, bins)`."""
    lower = ops.convert_to_tensor(np.arange(num_bins), dtype=ranks.dtype)
    return ops.clip(ops.expand_dims(ranks, -1) * num_bins - lower, 0.0, 1.0) - 0.5


@keras.saving.register_keras_serializable(package="zoo")
class PiecewiseLinear(keras.layers.Layer):
    """Expands each rank into one ramp a bin.

    Args:
        num_bins: Bins of a column, each holding the same share of the training rows.

    Input shape: `(batch, columns)`, ranks in [0, 1]. Output shape: `(batch, columns * num_bins)`, in [-1/2, 1/2].
    """

    in_float32 = True  # under a policy of mixed precision: bfloat16 could not tell places within a bin apart

    def __init__(self, num_bins: int = 16, **kwargs):
        super().__init__(**kwargs)
        if num_bins < 1:
            raise ValueError(f"`num_bins` must be at least 1. Received: num_bins={num_bins}")
        self.num_bins = num_bins

    def call(self, ranks):
        return ops.reshape(ramps(ranks, self.num_bins), (-1, ranks.shape[-1] * self.num_bins))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[1] * self.num_bins)

    def numpy_source(self, x: str, keep) -> str:
        """Returns what the layer gives for x, as an expression of numpy."""
        place = f"{x}[:, :, None] * {self.num_bins} - np.arange({self.num_bins}, dtype='float32')"  # int64: float64
        return f"(np.clip({place}, 0, 1) - 0.5).reshape(len({x}), {self.output.shape[-1]})"

    def get_config(self):
        return {**super().get_config(), "num_bins": self.num_bins}


class VectorsOfLevels(keras.initializers.RandomNormal):
    """Normal vectors, but zero at the rows `unseen`: those of levels that training does not see."""

    def __init__(self, unseen, **kwargs):
        super().__init__(**kwargs)
        self.unseen = list(unseen)

    def __call__(self, shape, dtype=None):
        seen = np.ones((shape[0], 1), "float32")
        seen[self.unseen] = 0.0
        return super().__call__(shape, dtype) * ops.cast(seen, dtype)

    def get_config(self):
        return {**super().get_config(), "unseen": self.unseen}


@keras.saving.register_keras_serializable(package="zoo")
class Levels(keras.layers.Layer):
    """Turns categorical columns into indicators and learned vectors.

    Columns of at most `max_one_hot` levels beside index 0 give one indicator a level, and nothing for index 0 (what
    was not seen in training). Larger ones look up a vector in one table that all of them share, each with rows of
    its own; index 0 starts as the zero vector.

    Args:
        sizes: Levels of each column, index 0 included.
        embedding_size: Width of a learned vector.
        max_one_hot: The most levels that get indicators.
        deviation: Of the initial numbers of a vector.

    Input shape: `(batch, columns)`, integers. Output shape: `(batch, features)`.
    """

    def __init__(self, sizes, embedding_size: int = 8, max_one_hot: int = 8, deviation: float = 0.5, **kwargs):
        super().__init__(**kwargs)
        self.deviation = deviation
        self.sizes = tuple(int(size) for size in sizes)
        self.embedding_size = embedding_size
        self.max_one_hot = max_one_hot
        self.small = [i for i, size in enumerate(self.sizes) if size - 1 <= max_one_hot]
        self.large = [i for i, size in enumerate(self.sizes) if size - 1 > max_one_hot]

    def build(self, input_shape):
        if self.large:
            rows = sum(self.sizes[i] for i in self.large)
            initial = VectorsOfLevels(self._offsets(self.large), stddev=self.deviation)
            self.table = self.add_weight(shape=(rows, self.embedding_size), initializer=initial, name="table")

    def _offsets(self, columns):
        offsets, total = [], 0
        for i in columns:
            offsets.append(total)
            total += self.sizes[i]
        return offsets

    def indicators(self, indices):
        """Returns 1 for the level of each small column, `(batch, features)`."""
        # One comparison for all columns: with an operation for each, graphs of thousands of columns compile slowly.
        columns = np.repeat(self.small, [self.sizes[i] - 1 for i in self.small]).astype("int32")
        levels = np.concatenate([np.arange(1, self.sizes[i]) for i in self.small]).astype("int32")
        return ops.cast(ops.take(ops.cast(indices, "int32"), columns, axis=-1) == levels, self.compute_dtype)

    def rows(self, indices):
        """Returns the row of the table for the level of each large column, `(batch, large columns)`."""
        large = np.array(self.large, "int32")
        return ops.take(indices, large, axis=-1) + ops.cast(np.array(self._offsets(self.large)), indices.dtype)

    def call(self, indices):
        return self.features(indices, self.table if self.large else None, self.rows if self.large else None)

    def features(self, indices, table, rows_of):
        """Returns indicators and vectors side by side, the vectors being rows `rows_of(indices)` of a table."""
        features = [self.indicators(indices)] if self.small else []
        if self.large:
            vectors = ops.take(ops.cast(table, self.compute_dtype), rows_of(indices), axis=0)
            features.append(ops.reshape(vectors, (*indices.shape[:-2], -1, len(self.large) * self.embedding_size)))
        return ops.concatenate(features, axis=-1) if len(features) > 1 else features[0]

    def compute_output_shape(self, input_shape):
        width = sum(self.sizes[i] - 1 for i in self.small) + len(self.large) * self.embedding_size
        return (*input_shape[:-1], width)

    def numpy_source(self, x: str, keep) -> str:
        """Returns what the layer gives for x, as an expression of numpy."""
        parts = [f"{x}[:, [{i}]] == np.arange(1, {self.sizes[i]})" for i in self.small]
        rows = zip(self.large, self._offsets(self.large), strict=True)
        parts += [f"{keep('table', self.table)}[{x}[:, {i}] + {start}]" for i, start in rows]
        return f"np.concatenate([{', '.join(parts)}], axis=1, dtype='float32')"

    def get_config(self):
        config = {"sizes": self.sizes, "embedding_size": self.embedding_size, "max_one_hot": self.max_one_hot}
        return {**super().get_config(), **config, "deviation": self.deviation}


def table_features(inputs, spec, *, embedding_size: int, num_bins: int):
    """Returns one tensor `(batch, features)` of all the encoded tensors of a table (or of the tensor `inputs`).

    Args:
        inputs: The encoded tensors by name.
        spec: The spec of the network; its `max_bins` limits the bins of each rank.
        embedding_size: Size of the learned vector of each level.
        num_bins: Bins of each rank, unless `spec.max_bins` allows fewer.
    """
    spec.refuse_sequences()
    features = [inputs[name] for name in ("inputs", "numeric") if name in inputs]
    if "quantile" in inputs:
        num_bins = num_bins if spec.max_bins is None else min(num_bins, spec.max_bins)
        features.append(PiecewiseLinear(num_bins, name="piecewise_linear")(inputs["quantile"]))
    if "categorical" in inputs:
        levels = Levels(spec.categorical_sizes, embedding_size, name="levels")
        features.append(levels(inputs["categorical"]))
    if "image" in inputs:
        features.append(
            keras.layers.Flatten(name="flatten")(keras.layers.Rescaling(1 / 255, name="pixels")(inputs["image"]))
        )
    if not features:
        spec.refuse_tensors()
    return keras.layers.Concatenate(name="features")(features) if len(features) > 1 else features[0]


def check_encodings(encodings, known) -> None:
    """Raises ValueError unless an option `encodings` is a dict by kind of column or one of the names `known`."""
    if not isinstance(encodings, Mapping) and encodings not in known:
        names = ", ".join(repr(name) for name in known if name)
        raise ValueError(f"`encodings` must be {names}, or a dict by kind of column. Received: encodings={encodings!r}")


def plain_features(spec, inputs):
    """Returns one tensor `(batch, width)`: numbers, an indicator for each level, pixels from 0 to 1."""
    found = [inputs[name] for name in ("inputs", "numeric") if name in inputs]
    if "categorical" in inputs:
        levels = Levels(spec.categorical_sizes, max_one_hot=max(spec.categorical_sizes), name="levels")
        found.append(levels(inputs["categorical"]))
    if "image" in inputs:
        pixels = keras.layers.Rescaling(1 / 255, name="pixels")(inputs["image"])
        found.append(keras.layers.Flatten(name="flatten")(pixels))
    if not found:
        spec.refuse_tensors()
    return keras.layers.Concatenate(name="features")(found) if len(found) > 1 else found[0]
