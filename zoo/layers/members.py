"""Layers of several networks of one shape, side by side: each holds the weights of all of them, members first.

    shared  (batch, features)            what is the same for every member: the inputs, and encodings without weights
    own     (members, batch, features)   what each member makes of it, or what it has for itself, such as a fold's rows

A layer does to each member's slice, with that member's slice of its weights, what Keras's layer of the same name does
to one network's. `form_of` returns it for a layer of one network. `zoo.layers.ensemble` makes networks of members that
see the same rows, `zoo.engine.members.own_rows` those of members with rows of their own.

A layer without members, such as a `keras.layers.Dense` on `(members, batch, features)`, has its weights for all
members together: the gradient of such a weight is the sum over the members.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from zoo.layers.feature_wise import FeatureWise
from zoo.layers.scheduled_dropout import ScheduledDropout
from zoo.layers.tabular import Levels


class MemberLayer(keras.layers.Layer):
    """A layer whose weights are its members', members first.

    Args:
        members: How many networks stand side by side.
    """

    def __init__(self, members: int, **kwargs):
        super().__init__(**kwargs)
        if members < 1:
            raise ValueError(f"`members` must be at least 1. Received: members={members}")
        self.members = members

    def get_config(self):
        return {**super().get_config(), "members": self.members}


@keras.saving.register_keras_serializable(package="zoo")
class ZeroForEverySecond(keras.initializers.Initializer):
    """Draws initial weights `(members, ...)` by another initializer, and sets those of every second member to zero.

    Args:
        initializer: The other initializer.
    """

    def __init__(self, initializer):
        self.initializer = keras.initializers.get(initializer)

    def __call__(self, shape, dtype=None):
        drawn = self.initializer(shape, dtype=dtype)
        return drawn * ops.reshape(1 - ops.cast(every_second(shape[0]), drawn.dtype), (-1, *[1] * (len(shape) - 1)))

    def get_config(self):
        return {"initializer": keras.initializers.serialize(self.initializer)}


def every_second(members: int) -> np.ndarray:
    """Returns 1 for every second one of so many members, and 0 for the others."""
    return np.arange(members) % 2


@keras.saving.register_keras_serializable(package="zoo")
class MemberDense(MemberLayer):
    """A dense layer of each member: W_m x + b_m, or W_m x_m + b_m.

    Args:
        members: How many networks stand side by side.
        units: Outputs of each.
        use_bias: Whether there is a bias.
        kernel_regularizer: Penalty on a member's kernel. It must add up over weights, as L1 and L2 do: the layer's
            penalty is the mean over the members.
        kernel_initializer: Of the kernels of all members, `(members, features, units)`. Biases begin at zero.

    Input shape: `(batch, features)` or `(members, batch, features)`, or a list of such, whose features stand beside
    each other. Output shape: `(members, batch, units)`.
    """

    def __init__(
        self,
        members: int,
        units: int,
        use_bias: bool = True,
        kernel_regularizer=None,
        kernel_initializer="zeros",
        **kwargs,
    ):
        super().__init__(members, **kwargs)
        self.units = units
        self.use_bias = use_bias
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        shapes = input_shape if isinstance(input_shape[0], (list, tuple)) else [input_shape]
        self._widths = [int(shape[-1]) for shape in shapes]
        penalty = self.kernel_regularizer and (lambda kernel: self.kernel_regularizer(kernel) / self.members)
        self.kernel = self.add_weight(
            shape=(self.members, sum(self._widths), self.units),
            initializer=self.kernel_initializer,
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
        config["kernel_initializer"] = keras.initializers.serialize(self.kernel_initializer)
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable(package="zoo")
class MemberBatchNormalization(MemberLayer):
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
            for moving, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
                moving.assign(moving * self.momentum + value * (1.0 - self.momentum))
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
class MemberLayerNormalization(MemberLayer):
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
class MemberPReLU(MemberLayer):
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
    """`Levels` with a table of vectors for each member. The indicators are the same for all that see the same rows.

    Args:
        members: How many networks stand side by side.
        sizes: As for `Levels`; at least one column has more than `max_one_hot` levels.
        **kwargs: As for `Levels`.

    Input shape: integers, `(batch, columns)` or `(members, batch, columns)`. Output: of a shared input the indicators
    `(batch, features)`, where there are any, and the vectors `(members, batch, features)`; of own inputs both beside
    each other, `(members, batch, features)`.
    """

    def __init__(self, members: int, sizes, **kwargs):
        super().__init__(sizes, **kwargs)
        self.members = members

    def build(self, input_shape):
        rows = sum(self.sizes[i] for i in self.large)
        # Tables of members with own rows stand below each other: the gradient of a lookup is then that of the rows
        # looked up, as for one table.
        shape = (self.members, rows) if len(input_shape) == 2 else (self.members * rows,)
        self.table = self.add_weight(shape=(*shape, self.embedding_size), initializer="zeros", name="table")

    def call(self, indices):
        if len(indices.shape) == 3:
            return self.features(indices, self.table, self._own_rows)
        vectors = ops.take(self.table, self.rows(indices), axis=1)  # (members, batch, columns, embedding_size)
        vectors = ops.reshape(vectors, (self.members, -1, len(self.large) * self.embedding_size))
        return [self.indicators(indices), vectors] if self.small else vectors

    def _own_rows(self, indices):
        """Returns the row of the tables for the level of each large column, `(members, batch, large columns)`."""
        firsts = np.arange(self.members) * (self.table.shape[0] // self.members)
        return self.rows(indices) + ops.cast(firsts[:, None, None], indices.dtype)

    def compute_output_shape(self, input_shape):
        if len(input_shape) == 3:
            return super().compute_output_shape(input_shape)
        vectors = (self.members, input_shape[0], len(self.large) * self.embedding_size)
        if not self.small:
            return vectors
        return [(input_shape[0], sum(self.sizes[i] - 1 for i in self.small)), vectors]

    def get_config(self):
        return {**super().get_config(), "members": self.members}


@keras.saving.register_keras_serializable(package="zoo")
class AddToMembers(keras.layers.Layer):
    """Adds a tensor that all members share to the output of each member, or to that of every second one.

    Args:
        members: How many networks stand side by side, of which every second one receives it; None: each of any number.

    Input shape: a list of `(members, batch, features)` and `(batch, features)`. Output shape: that of the first.
    """

    learns = False

    def __init__(self, members: int | None = None, **kwargs):
        super().__init__(**kwargs)
        self.members = members

    def build(self, input_shape):
        if self.members is not None:  # a weight, since some members may be taken out of the network

            def drawn(shape, dtype=None):
                return ops.cast(every_second(shape[0]), dtype)

            self.receives = self.add_weight(shape=(self.members,), initializer=drawn, trainable=False, name="receives")

    def call(self, parts):
        of_members, shared = parts
        shared = ops.expand_dims(shared, 0)
        return of_members + (shared if self.members is None else ops.reshape(self.receives, (-1, 1, 1)) * shared)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[0])

    def get_config(self):
        return {**super().get_config(), "members": self.members}


def receivers(network: keras.Model) -> np.ndarray | None:
    """Returns for each member whether it receives what stands beside the members `(members,)`; None: all do."""
    added = next((layer for layer in network.layers if isinstance(layer, AddToMembers) and layer.weights), None)
    return None if added is None else ops.convert_to_numpy(added.receives) > 0


@keras.saving.register_keras_serializable(package="zoo")
class JoinForMembers(MemberLayer):
    """Puts features beside each other for each member; what is the same for all is repeated.

    Args:
        members: How many networks stand side by side.

    Input shape: a list of `(batch, features)` and `(members, batch, features)`. Output shape: `(members, batch,
    features)`, with the features of all.
    """

    def call(self, parts):
        repeated = [ops.repeat(ops.expand_dims(p, 0), self.members, axis=0) if len(p.shape) == 2 else p for p in parts]
        return ops.concatenate(repeated, axis=-1)

    def compute_output_shape(self, input_shape):
        return (self.members, input_shape[0][-2], sum(shape[-1] for shape in input_shape))


@keras.saving.register_keras_serializable(package="zoo")
class BatchFirst(keras.layers.Layer):
    """Puts the batch before the members: `(members, batch, features)` -> `(batch, members, features)`."""

    def call(self, x):
        return ops.transpose(x, (1, 0, 2))

    def compute_output_shape(self, input_shape):
        return (input_shape[1], input_shape[0], input_shape[2])


@keras.saving.register_keras_serializable(package="zoo")
class StackOutputs(keras.layers.Layer):
    """Puts the outputs of networks beside each other: of each `(batch, outputs)` -> `(batch, members, outputs)`."""

    def call(self, outputs):
        return ops.stack(outputs, axis=1)

    def compute_output_shape(self, input_shape):
        return (input_shape[0][0], len(input_shape), *input_shape[0][1:])


PER_FEATURE = (  # layers that learn nothing and do the same to every row of features, or to every number
    keras.layers.Activation,
    keras.layers.Dropout,
    keras.layers.GaussianNoise,
    keras.layers.LeakyReLU,
    keras.layers.ReLU,
    keras.layers.Rescaling,
    ScheduledDropout,
)


def form_of(layer: keras.layers.Layer, members: int) -> MemberLayer | MemberLevels | FeatureWise | None:
    """Returns the layer that does for each member what a layer with weights does for one network, all weights zero.

    Args:
        layer: A built layer of one network.
        members: How many networks stand side by side.

    Returns:
        A layer of the same name, on `(members, batch, features)`; `MemberDense`, `MemberLevels` and `FeatureWise` take
        shared inputs too. The activation of a dense layer is left out. None for a layer that has no such form:
        `ensemble=` refuses it, since the form that members with own rows have instead
        (`zoo.engine.members.own_rows.EachMember`) is neither saved nor exported.
    """
    common = {"name": layer.name, "dtype": getattr(layer, "dtype_policy", None)}
    if type(layer) is keras.layers.Dense and len(layer.weights) == 1 + layer.use_bias:
        return MemberDense(members, layer.units, layer.use_bias, kernel_regularizer=layer.kernel_regularizer, **common)
    if isinstance(layer, Levels) and layer.large:
        names = ("embedding_size", "max_one_hot", "deviation")
        settings = {name: getattr(layer, name) for name in names}
        return MemberLevels(members, layer.sizes, **settings, **common)
    if isinstance(layer, keras.layers.BatchNormalization) and len(layer.weights) == 4:
        return MemberBatchNormalization(members, layer.momentum, layer.epsilon, **common)
    if isinstance(layer, keras.layers.LayerNormalization) and len(layer.weights) == 2:
        return MemberLayerNormalization(members, layer.epsilon, **common)
    if isinstance(layer, keras.layers.PReLU):
        return MemberPReLU(members, **common)
    if isinstance(layer, FeatureWise) and layer.members is None:
        return type(layer).from_config({**layer.get_config(), "members": members})
    return None


def is_shared(layer: keras.layers.Layer) -> bool:
    """Returns whether members have the weights of a layer together: those that no member learns."""
    return not getattr(layer, "learns", True)


def own_variables(network: keras.Model) -> set[int]:
    """Returns the ids of the variables that hold a part for each member: those of layers that know their members."""
    own = [layer for layer in network.layers if getattr(layer, "members", None) is not None]
    return {id(v) for layer in own for v in layer.variables}
