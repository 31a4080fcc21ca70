"""Layers of several networks of one shape, side by side: each holds the weights of all of them, members first.

    shared  (batch, features)            what is the same for every member: the inputs, and encodings without weights
    own     (members, batch, features)   what each member makes of it

A layer does to each member's slice, with that member's slice of its weights, what Keras's layer of the same name does
to one network's. `zoo.layers.ensemble` makes such networks from networks.
"""

from __future__ import annotations

import keras
from keras import ops

from zoo.layers.tabular import Levels


class _Members(keras.layers.Layer):
    """A layer that knows how many members it serves."""

    def __init__(self, members: int, **kwargs):
        super().__init__(**kwargs)
        if members < 1:
            raise ValueError(f"`members` must be at least 1. Received: members={members}")
        self.members = members

    def get_config(self):
        return {**super().get_config(), "members": self.members}


@keras.saving.register_keras_serializable(package="zoo")
class MemberDense(_Members):
    """A dense layer of each member: W_m x + b_m, or W_m x_m + b_m.

    Args:
        members: How many networks stand side by side.
        units: Outputs of each.
        use_bias: Whether there is a bias.
        kernel_regularizer: Penalty on a member's kernel. It must add up over weights, as L1 and L2 do: the layer's
            penalty is the mean over the members.

    Input shape: `(batch, features)` or `(members, batch, features)`, or a list of such, whose features stand beside
    each other. Output shape: `(members, batch, units)`.
    """

    def __init__(self, members: int, units: int, use_bias: bool = True, kernel_regularizer=None, **kwargs):
        super().__init__(members, **kwargs)
        self.units = units
        self.use_bias = use_bias
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def build(self, input_shape):
        shapes = input_shape if isinstance(input_shape[0], (list, tuple)) else [input_shape]
        self._widths = [int(shape[-1]) for shape in shapes]
        penalty = self.kernel_regularizer and (lambda kernel: self.kernel_regularizer(kernel) / self.members)
        self.kernel = self.add_weight(
            shape=(self.members, sum(self._widths), self.units),
            initializer="zeros",
            regularizer=penalty,
            name="kernel",
        )
        if self.use_bias:
            self.bias = self.add_weight(shape=(self.members, self.units), initializer="zeros", name="bias")

    def call(self, inputs):
        parts = inputs if isinstance(inputs, (list, tuple)) else [inputs]
        outputs, first = None, 0
        for part, width in zip(parts, self._widths, strict=True):
            kernel = self.kernel if len(parts) == 1 else self.kernel[:, first : first + width]
            # (batch, features) is taken for every member
            product = ops.matmul(part, kernel) if len(part.shape) == 2 else self.product(part, kernel)
            outputs = product if outputs is None else outputs + product
            first += width
        return outputs + ops.expand_dims(self.bias, 1) if self.use_bias else outputs

    def product(self, inputs, kernel):
        """Returns `(members, batch, units)` of `(members, batch, features)` and `(members, features, units)`."""
        return ops.matmul(inputs, kernel)

    def compute_output_shape(self, input_shape):
        shape = input_shape[0] if isinstance(input_shape[0], (list, tuple)) else input_shape
        return (self.members, shape[-2], self.units)

    def get_config(self):
        penalty = self.kernel_regularizer and keras.regularizers.serialize(self.kernel_regularizer)
        config = {"units": self.units, "use_bias": self.use_bias, "kernel_regularizer": penalty}
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable(package="zoo")
class MemberBatchNormalization(_Members):
    """Batch normalization of each member by its own statistics. Arguments as for Keras's.

    Input and output shape: `(members, batch, features)`.
    """

    def __init__(self, members: int, momentum: float = 0.99, epsilon: float = 1e-3, **kwargs):
        super().__init__(members, **kwargs)
        self.momentum, self.epsilon = momentum, epsilon

    def build(self, input_shape):
        shape = (self.members, input_shape[-1])
        own = {"shape": shape, "autocast": False}  # half precision is too coarse for a variance
        self.gamma = self.add_weight(initializer="ones", name="gamma", **own)
        self.beta = self.add_weight(initializer="zeros", name="beta", **own)
        self.moving_mean = self.add_weight(initializer="zeros", trainable=False, name="moving_mean", **own)
        self.moving_variance = self.add_weight(initializer="ones", trainable=False, name="moving_variance", **own)

    def call(self, x, training=None):
        if training and self.trainable:
            mean, variance = ops.moments(ops.cast(x, self.variable_dtype), axes=1)
            for kept, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
                kept.assign(kept * self.momentum + value * (1.0 - self.momentum))
        else:
            mean, variance = self.moving_mean, self.moving_variance
        scale = self.gamma * ops.rsqrt(variance + self.epsilon)  # (members, features)
        shift = self.beta - mean * scale
        scale, shift = (ops.expand_dims(ops.cast(part, self.compute_dtype), 1) for part in (scale, shift))
        return x * scale + shift

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return {**super().get_config(), "momentum": self.momentum, "epsilon": self.epsilon}


@keras.saving.register_keras_serializable(package="zoo")
class MemberLayerNormalization(_Members):
    """Layer normalization of each member with its own gain and shift.

    Args:
        members: How many networks stand side by side.
        epsilon: Added to the variance.

    Input and output shape: `(members, batch, features)`.
    """

    def __init__(self, members: int, epsilon: float = 1e-3, **kwargs):
        super().__init__(members, **kwargs)
        self.epsilon = epsilon

    def build(self, input_shape):
        shape = (self.members, input_shape[-1])
        self.gamma = self.add_weight(shape=shape, initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=shape, initializer="zeros", name="beta")

    def call(self, x):
        precise = ops.cast(x, "float32") if self.compute_dtype in ("float16", "bfloat16") else x
        mean, variance = ops.moments(precise, axes=-1, keepdims=True)
        z = ops.cast((precise - mean) * ops.rsqrt(variance + self.epsilon), self.compute_dtype)
        return z * ops.expand_dims(self.gamma, 1) + ops.expand_dims(self.beta, 1)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}


@keras.saving.register_keras_serializable(package="zoo")
class MemberPReLU(_Members):
    """x where x > 0, else a x, with an `a` for each unit of each member.

    Input and output shape: `(members, batch, features)`.
    """

    def build(self, input_shape):
        self.alpha = self.add_weight(shape=(self.members, input_shape[-1]), initializer="zeros", name="alpha")

    def call(self, x):
        return ops.relu(x) - ops.expand_dims(self.alpha, 1) * ops.relu(-x)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)


@keras.saving.register_keras_serializable(package="zoo")
class MemberLevels(Levels):
    """`Levels` with a table of vectors for each member. The indicators are the same for all.

    Args:
        members: How many networks stand side by side.
        sizes: As for `Levels`; at least one column has more than `max_one_hot` levels.
        **kwargs: As for `Levels`.

    Input shape: `(batch, columns)`, integers. Output: the indicators `(batch, features)`, where there are any, and the
    vectors `(members, batch, features)`.
    """

    def __init__(self, members: int, sizes, **kwargs):
        super().__init__(sizes, **kwargs)
        self.members = members

    def build(self, input_shape):
        rows = sum(self.sizes[i] for i in self.large)
        shape = (self.members, rows, self.embedding_size)
        self.table = self.add_weight(shape=shape, initializer="zeros", name="table")

    def call(self, indices):
        found = [self.indicators(indices)] if self.small else []
        vectors = ops.take(self.table, self.rows(indices), axis=1)  # (members, batch, columns, embedding_size)
        found.append(ops.reshape(vectors, (self.members, -1, len(self.large) * self.embedding_size)))
        return found if len(found) > 1 else found[0]

    def compute_output_shape(self, input_shape):
        vectors = (self.members, input_shape[0], len(self.large) * self.embedding_size)
        if not self.small:
            return vectors
        return [(input_shape[0], sum(self.sizes[i] - 1 for i in self.small)), vectors]

    def get_config(self):
        return {**super().get_config(), "members": self.members}


@keras.saving.register_keras_serializable(package="zoo")
class AddToMembers(keras.layers.Layer):
    """Adds what is the same for all members to what each gives.

    Input shape: a list of `(members, batch, features)` and `(batch, features)`. Output shape: that of the first.
    """

    def call(self, parts):
        of_members, shared = parts
        return of_members + ops.expand_dims(shared, 0)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[0])


@keras.saving.register_keras_serializable(package="zoo")
class BatchFirst(keras.layers.Layer):
    """Puts the batch before the members: `(members, batch, features)` -> `(batch, members, features)`."""

    def call(self, x):
        return ops.transpose(x, (1, 0, 2))

    def compute_output_shape(self, input_shape):
        return (input_shape[1], input_shape[0], input_shape[2])
