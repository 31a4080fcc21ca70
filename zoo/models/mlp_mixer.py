"""The MLP-Mixer (2021): multilayer perceptrons alone, that mix the patches of an image and the channels in turn.

    x = patches(image) W + b                        (patches, channels): a row for each square of pixels
    U = X + W_2 gelu(W_1 norm(X))                   token mixing: along the patches, the same for every channel
    Y = U + W_4 gelu(W_3 norm(U)^T)^T               channel mixing: along the channels, the same for every patch
    z = W mean over patches of norm(Y_L)            W = 0 at the start

I. Tolstikhin, N. Houlsby, A. Kolesnikov, L. Beyer and others, MLP-Mixer: An all-MLP Architecture for Vision, NeurIPS
2021. https://arxiv.org/abs/2105.01601. Branches are dropped by G. Huang, Y. Sun, Z. Liu, D. Sedra, K. Weinberger, Deep
Networks with Stochastic Depth, ECCV 2016. https://arxiv.org/abs/1603.09382
"""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from zoo.data.augmentation import in_turn, names_of
from zoo.registry import Recipe, Spec, Traits

EPSILON = 1e-6  # of the layer normalization, as the authors' code has it
GELU_IN_NUMPY = "0.5 * a * (1 + np.tanh(np.float32((2 / np.pi) ** 0.5) * (a + np.float32(0.044715) * a * a * a)))"


@keras.saving.register_keras_serializable(package="zoo")
def gelu_tanh(a):
    """Returns a Phi(a) by its approximation with tanh, which the authors' code takes."""
    return 0.5 * a * (1.0 + ops.tanh((2.0 / np.pi) ** 0.5 * (a + 0.044715 * a * a * a)))


@keras.saving.register_keras_serializable(package="zoo")
class Patches(keras.layers.Layer):
    """Cuts images into squares, whose pixels become channels. A last row or column that is not full is filled with 0.

    Args:
        size: Side of a square, in pixels.

    Input shape: `(batch, height, width, channels)`. Output shape: `(batch, rows, columns, size * size * channels)`.
    """

    def __init__(self, size, **kwargs):
        super().__init__(**kwargs)
        self.size = int(size)

    def call(self, x):
        _, height, width, channels = x.shape
        rows, columns = -(-height // self.size), -(-width // self.size)
        if (missing := (rows * self.size - height, columns * self.size - width)) != (0, 0):
            x = ops.pad(x, ((0, 0), (0, missing[0]), (0, missing[1]), (0, 0)))
        x = ops.reshape(x, (-1, rows, self.size, columns, self.size * channels))
        return ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4)), (-1, rows, columns, self.size**2 * channels))

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        return (batch, -(-height // self.size), -(-width // self.size), self.size**2 * channels)

    def get_config(self):
        return {**super().get_config(), "size": self.size}

    def numpy_source(self, x: str, keep) -> str:
        """Returns what the layer gives for x, as an expression of numpy."""
        _, height, width, channels = self.input.shape
        _, rows, columns, pixels = self.output.shape
        missing = f"((0, 0), (0, {rows * self.size - height}), (0, {columns * self.size - width}), (0, 0))"
        squares = f"np.pad({x}, {missing}).reshape(-1, {rows}, {self.size}, {columns}, {self.size * channels})"
        return f"{squares}.transpose(0, 1, 3, 2, 4).reshape(-1, {rows}, {columns}, {pixels})"


@keras.saving.register_keras_serializable(package="zoo")
class TokenMixing(keras.layers.Layer):
    """W_2 gelu(W_1 x + b_1) + b_2 along the patches, with the same weights for every channel.

    Args:
        units: Hidden units.

    Input and output shape: `(batch, rows, columns, channels)`.
    """

    # The axis of a weight that runs over the patches, and whether the weight takes what is there: `zoo.adapt`.
    of_places = {"kernel_1": (0, True), "kernel_2": (1, False), "bias_2": (0, False)}

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = int(units)

    def build(self, input_shape):
        self.grid = tuple(input_shape[1:3])
        tokens = self.grid[0] * self.grid[1]
        self.kernel_1 = self.add_weight(shape=(tokens, self.units), initializer="glorot_uniform", name="kernel_1")
        self.bias_1 = self.add_weight(shape=(self.units,), initializer="zeros", name="bias_1")
        self.kernel_2 = self.add_weight(shape=(self.units, tokens), initializer="glorot_uniform", name="kernel_2")
        self.bias_2 = self.add_weight(shape=(tokens,), initializer="zeros", name="bias_2")

    def call(self, x):
        rows, columns, channels = x.shape[1:]
        x = ops.transpose(ops.reshape(x, (-1, rows * columns, channels)), (0, 2, 1))  # (batch, channels, tokens)
        x = gelu_tanh(ops.matmul(x, self.kernel_1) + self.bias_1)
        x = ops.matmul(x, self.kernel_2) + self.bias_2
        return ops.reshape(ops.transpose(x, (0, 2, 1)), (-1, rows, columns, channels))

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return {**super().get_config(), "units": self.units}

    def numpy_source(self, x: str, keep) -> str:
        """Returns what the layer gives for x, as an expression of numpy."""
        rows, columns, channels = self.input.shape[1:]
        kernel_1, bias_1, kernel_2, bias_2 = (keep(weight.name, weight) for weight in self.weights)
        a = f"{x}.reshape(-1, {rows * columns}, {channels}).transpose(0, 2, 1) @ {kernel_1} + {bias_1}"
        y = f"(lambda a: {GELU_IN_NUMPY})({a}) @ {kernel_2} + {bias_2}"
        return f"({y}).transpose(0, 2, 1).reshape(-1, {rows}, {columns}, {channels})"


def normalized(x, name: str):
    """Returns each patch of `x` with mean 0 and deviation 1 over its channels, times a gain and plus a shift."""
    return keras.layers.LayerNormalization(epsilon=EPSILON, name=name)(x)


def branch_added(x, y, left_out: float, name: str):
    """Returns x + y, where y is left out for a share of the images in training, and the others' is larger for it."""
    if left_out:
        y = keras.layers.Dropout(left_out, noise_shape=(None, 1, 1, 1), name=f"{name}_left_out")(y)
    return keras.layers.Add(name=f"{name}_added")([x, y])


RECIPE = Recipe(
    data="mnist_10k",
    encodings="image",
    decision="softmax",
    metrics=("accuracy",),
    optimizer="adamw",
    optimizer_options={"weight_decay": 0.05},
    learning_rate=2e-3,
    schedule="cosine",
    batch_size=128,
    least_steps=50,
    epochs=40,
    validation=0.1,
    expect={"accuracy": 0.95},
)
TRAITS = Traits(augmentation=in_turn(("shift",)))


def mlp_mixer(
    spec: Spec,
    *,
    patch_size: int = 4,
    hidden_size: int = 64,
    blocks: int = 4,
    tokens_mlp: int = 32,
    channels_mlp: int = 128,
    dropout: float = 0.0,
    stochastic_depth: float = 0.0,
    augmentation: bool | str | Sequence[str] = ("shift",),
) -> keras.Model:
    """Builds an MLP-Mixer.

    Args:
        spec: The images and classes to build for.
        patch_size: Side of a patch in pixels; images are filled with 0 to whole patches.
        hidden_size: Channels of a patch.
        blocks: Pairs of token mixing and channel mixing.
        tokens_mlp: Hidden units along the patches.
        channels_mlp: Hidden units along the channels.
        dropout: Share of the hidden units along the channels dropped in training.
        stochastic_depth: Share of the images for which a branch of the last block is left out in training; it grows
            from 0 in the first block.
        augmentation: How `zoo.train` changes the images of each batch, one or several names of
            `zoo.data.augmentation`: `"shift"`, `"flip"` (where mirrored images mean the same), `"erase"`, `"distort"`
            (digits and drawings). True is the default, False none. The network is the same.

    Returns:
        A network from images uint8 `(batch, height, width, channels)` to logits `(batch, num_outputs)`.

    Raises:
        ValueError: if an option is out of its range.
    """
    sizes = {"patch_size": patch_size, "hidden_size": hidden_size, "blocks": blocks}
    for name, size in {**sizes, "tokens_mlp": tokens_mlp, "channels_mlp": channels_mlp}.items():
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise ValueError(f"`{name}` must be a positive integer. Received: {name}={size!r}")
    for name, share in {"dropout": dropout, "stochastic_depth": stochastic_depth}.items():
        if not 0.0 <= share < 1.0:
            raise ValueError(f"`{name}` must be a share in [0, 1). Received: {name}={share!r}")
    height, width = spec.image_shape[:2]
    if patch_size > max(height, width):
        raise ValueError(
            f"`patch_size` must not exceed the images, which have {height} x {width} pixels. Received: "
            f"patch_size={patch_size}. Take smaller patches, or enlarge the images by `image_size`."
        )
    names_of(augmentation)  # raises for a name that is none
    inputs = spec.inputs()
    x = keras.layers.Rescaling(1 / 255, name="pixels")(inputs["image"])
    x = Patches(patch_size, name="patches")(x)
    x = keras.layers.Dense(hidden_size, name="tokens")(x)
    for i in range(blocks):
        left_out = stochastic_depth * i / max(1, blocks - 1)
        y = normalized(x, f"token_norm_{i}")
        y = TokenMixing(tokens_mlp, name=f"token_mixing_{i}")(y)
        x = branch_added(x, y, left_out, f"tokens_{i}")
        y = normalized(x, f"channel_norm_{i}")
        y = keras.layers.Dense(channels_mlp, name=f"channel_mixing_{i}_1")(y)
        y = keras.layers.Activation(gelu_tanh, name=f"channel_mixing_{i}_gelu")(y)
        if dropout:
            y = keras.layers.Dropout(dropout, name=f"channel_mixing_{i}_dropout")(y)
        y = keras.layers.Dense(hidden_size, name=f"channel_mixing_{i}_2")(y)
        x = branch_added(x, y, left_out, f"channels_{i}")
    x = normalized(x, "norm")
    x = keras.layers.GlobalAveragePooling2D(data_format="channels_last", name="mean")(x)
    outputs = keras.layers.Dense(spec.num_outputs, kernel_initializer="zeros", name="outputs")(x)
    return keras.Model(inputs, outputs, name="mlp_mixer")
