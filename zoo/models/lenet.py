"""LeNet-5 (1998): features that are looked for everywhere with the same weights, layer upon layer of them.

    C   x = f(sum w x' + b)                a map's units see 5 x 5 units each, with one set of weights for all places
    S   x = f(c sum x' + b)                2 x 2 units of one map: one coefficient and one bias for a whole map
    RBF y_i = sum_j (x_j - w_ij)^2         the penalty of a class; w_ij = -1 or +1 is the class's code, which is given
    f(a) = A tanh(S a)

    E = mean of  y_D + log(e^-j + sum_i e^-y_i)        D: the right class, i: all classes (equation 9)

    C1 6@28x28   S2 6@14x14   C3 16@10x10   S4 16@5x5   C5 120   F6 84   penalties: 60,000 weights

Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-Based Learning Applied to Document Recognition, Proceedings of the
IEEE 86(11), 1998. https://doi.org/10.1109/5.726791

Three things differ from the paper. The codes, which the paper draws as 7 x 12 bitmaps of the ASCII set, are drawn at
random here with equal probabilities of -1 and +1, the same for everyone: that works for classes that are no characters.
The rates of the single weights, which the paper divides by estimates of second derivatives (stochastic diagonal
Levenberg-Marquardt), are the same for all weights: plain stochastic gradient descent, a pattern a step, by the paper's
global rate, which falls over 20 passes. And j, which is to be positive, is 0.1.

`modern=True` is what the network became: more layers of more maps, whose units see 3 x 3; maxima in place of sums,
batch normalization, rectified units, the mean over all places in place of C5 and F6, cross-entropy, AdamW, and images
that are shifted and mirrored.
"""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from zoo.data.augmentation import in_turn, names_of
from zoo.registry import Recipe, Spec, Traits, load_task

A, S = 1.7159, 2 / 3  # f(1) = 1 and f(-1) = -1
J = 0.1
BACKGROUND, FOREGROUND = -0.1, 1.175  # of pixels 0 and 255
SIDE = 32  # of the images of the paper
CODE = 84  # units of F6: 7 x 12 pixels
GLOBAL_RATES = (  # of 20 passes: 2 of 0.0005, 3 of 0.0002, 3 of 0.0001, 4 of 0.00005, 8 of 0.00001
    *((2 / 20, 1.0), (5 / 20, 0.4), (8 / 20, 0.2), (12 / 20, 0.1)),
    (1.0, 0.02),
)
MODERN_MAPS = ((24, True), (32, False), (48, True), (64, False), (64, False))  # and whether rows and columns are halved
MAPS_OF_C3 = (  # Table I: the maps of S2 that each map of C3 sees
    *((0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5)),
    *((0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5)),
    *((0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5)),
    (0, 1, 2, 3, 4, 5),
)


@keras.saving.register_keras_serializable(package="zoo")
def squash(a):
    """Returns A tanh(S a)."""
    return A * ops.tanh(S * a)


@keras.saving.register_keras_serializable(package="zoo")
class UniformByInputs(keras.initializers.Initializer):
    """Draws weights from U(-2.4 / F, 2.4 / F), F being the inputs of a unit.

    Args:
        inputs: F; one number for all units, or one for each unit of the last axis.
        seed: Seed of the draw.
    """

    def __init__(self, inputs, seed=None):
        self.inputs, self.seed = inputs, seed
        self._uniform = keras.initializers.RandomUniform(-2.4, 2.4, seed=seed)

    def __call__(self, shape, dtype=None):
        return self._uniform(shape, dtype) / ops.convert_to_tensor(np.array(self.inputs, "float32"))

    def get_config(self):
        return {"inputs": self.inputs, "seed": self.seed}


@keras.saving.register_keras_serializable(package="zoo")
class SubSampling(keras.layers.Layer):
    """Halves the rows and columns of maps: f(coefficient * sum of 2 x 2 units + bias), both of them a map's own.

    Input shape: `(batch, rows, columns, maps)`. Output shape: `(batch, rows // 2, columns // 2, maps)`.
    """

    def build(self, input_shape):
        maps = input_shape[-1]
        self.coefficient = self.add_weight(shape=(maps,), initializer=UniformByInputs(4), name="coefficient")
        self.bias = self.add_weight(shape=(maps,), initializer=UniformByInputs(4), name="bias")

    def call(self, x):
        total = 4.0 * ops.average_pool(x, 2, strides=2, data_format="channels_last")
        return squash(self.coefficient * total + self.bias)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[1] // 2, input_shape[2] // 2, input_shape[3])

    def numpy_source(self, x: str, keep) -> str:
        """Returns what the layer gives for x, as an expression of numpy."""
        rows, columns = self.output.shape[1:3]
        parts = f"{x}[:, :{2 * rows}, :{2 * columns}].reshape(len({x}), {rows}, 2, {columns}, 2, -1)"
        coefficient, bias = keep("coefficient", self.coefficient), keep("bias", self.bias)
        return f"np.float32({A}) * np.tanh(np.float32({S}) * ({coefficient} * {parts}.sum((2, 4)) + {bias}))"


@keras.saving.register_keras_serializable(package="zoo")
class ConnectedMaps(keras.layers.Layer):
    """A convolution whose maps each see some of the maps below, as a table says; f is applied to the sums.

    Args:
        table: For each map, the numbers of the maps below that it sees.
        window: Side of the square that a unit sees.

    Input shape: `(batch, rows, columns, maps below)`. Output shape: `(batch, rows - window + 1, columns - window + 1,
    maps)`.
    """

    def __init__(self, table, window=5, **kwargs):
        super().__init__(**kwargs)
        self.table, self.window = tuple(map(tuple, table)), int(window)

    def build(self, input_shape):
        pairs = [(below, above) for above, seen in enumerate(self.table) for below in seen]  # a connection of maps
        places = np.zeros((len(pairs), input_shape[-1], len(self.table)), "float32")
        for i, (below, above) in enumerate(pairs):
            places[i, below, above] = 1.0
        self._places = places
        inputs = [len(self.table[above]) * self.window**2 for _, above in pairs]
        self.kernel = self.add_weight(
            shape=(self.window, self.window, len(pairs)), initializer=UniformByInputs(inputs), name="kernel"
        )
        inputs = [len(seen) * self.window**2 for seen in self.table]
        self.bias = self.add_weight(shape=(len(self.table),), initializer=UniformByInputs(inputs), name="bias")

    def kernels(self):
        """Returns the kernels of all pairs of maps `(window, window, maps below, maps)`, 0 where none is seen."""
        return ops.tensordot(self.kernel, ops.convert_to_tensor(self._places, self.compute_dtype), axes=1)

    def call(self, x):
        return squash(ops.conv(x, self.kernels(), padding="valid", data_format="channels_last") + self.bias)

    def compute_output_shape(self, input_shape):
        rows, columns = (size - self.window + 1 for size in input_shape[1:3])
        return (input_shape[0], rows, columns, len(self.table))

    def get_config(self):
        return {**super().get_config(), "table": self.table, "window": self.window}

    def numpy_source(self, x: str, keep) -> str:
        """Returns what the layer gives for x, as an expression of numpy."""
        rows, columns = self.output.shape[1:3]
        seen = f"{x}[:, i:i + {rows}, j:j + {columns}] @ {keep('kernels', self.kernels())}[i, j]"
        sums = f"sum({seen} for i in range({self.window}) for j in range({self.window}))"
        return f"np.float32({A}) * np.tanh(np.float32({S}) * ({sums} + {keep('bias', self.bias)}))"


@keras.saving.register_keras_serializable(package="zoo")
class ClassCodes(keras.layers.Layer):
    """Euclidean radial basis units on fixed codes: -sum_j (x_j - w_ij)^2, the penalty of each class with its sign.

    Args:
        classes: How many. The code of a class does not depend on how many others there are.

    Input shape: `(batch, units)`. Output shape: `(batch, classes)`.
    """

    in_float32 = True

    def __init__(self, classes, **kwargs):
        super().__init__(**kwargs)
        self.classes = int(classes)

    def call(self, x):
        w = codes(self.classes, x.shape[-1])
        # sum (x - w)^2 = sum x^2 - 2 sum x w + sum w^2, where w^2 = 1
        squares = ops.sum(ops.square(x), axis=-1, keepdims=True) + float(x.shape[-1])
        return ops.matmul(x, ops.convert_to_tensor(2.0 * w.T, x.dtype)) - squares

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.classes)

    def get_config(self):
        return {**super().get_config(), "classes": self.classes}

    def numpy_source(self, x: str, keep) -> str:
        """Returns what the layer gives for x, as an expression of numpy."""
        units = self.input.shape[-1]
        w = keep("codes", codes(self.classes, units))
        return f"2 * ({x} @ {w}.T) - np.square({x}).sum(1, keepdims=True) - np.float32({units})"


def codes(classes: int, units: int = CODE) -> np.ndarray:
    """Returns the codes of classes, -1 and +1, float32 `(classes, units)`: in every version of numpy the same."""
    return np.where(np.random.RandomState(1998).random_sample((classes, units)) < 0.5, -1.0, 1.0).astype("float32")


@keras.saving.register_keras_serializable(package="zoo")
def map_criterion(y_true, outputs):
    """Returns y_D + log(e^-j + sum_i e^-y_i), per example: the maximum a posteriori criterion, equation 9.

    Its second part pushes up the penalties of the wrong classes, but for those that are far above j already.

    Args:
        y_true: Class indices `(batch,)`.
        outputs: -y, `(batch, classes)`.
    """
    right = ops.one_hot(ops.reshape(ops.cast(y_true, "int32"), (-1,)), outputs.shape[-1], dtype=outputs.dtype)
    rubbish = ops.zeros_like(outputs[:, :1]) - J
    competing = ops.logsumexp(ops.concatenate([outputs, rubbish], axis=-1), axis=-1)
    return competing - ops.sum(right * outputs, axis=-1)


def published(spec: Spec, image) -> keras.KerasTensor:
    """Returns the outputs of the network of 1998, `(batch, classes)`."""

    def squashing(layer, units, inputs, name, **settings):
        draw = {"kernel_initializer": UniformByInputs(inputs), "bias_initializer": UniformByInputs(inputs)}
        return layer(units, activation=squash, name=name, **settings, **draw)

    height, width, channels = spec.image_shape
    margins = [(max(0, SIDE - side) // 2, (max(0, SIDE - side) + 1) // 2) for side in (height, width)]
    x = keras.layers.Rescaling((FOREGROUND - BACKGROUND) / 255, name="pixels")(image)
    if margins != [(0, 0), (0, 0)]:
        x = keras.layers.ZeroPadding2D(margins, name="margins", data_format="channels_last")(x)
    x = keras.layers.Rescaling(1.0, offset=BACKGROUND, name="grey_values")(x)
    convolution = {"data_format": "channels_last"}
    x = squashing(keras.layers.Conv2D, 6, 25 * channels, "c1", kernel_size=5, **convolution)(x)
    x = SubSampling(name="s2")(x)
    x = ConnectedMaps(MAPS_OF_C3, name="c3")(x)
    x = SubSampling(name="s4")(x)
    x = keras.layers.Flatten(name="units_of_s4", data_format="channels_last")(x)
    x = squashing(keras.layers.Dense, 120, x.shape[-1], "c5")(x)
    x = squashing(keras.layers.Dense, CODE, 120, "f6")(x)
    return ClassCodes(max(2, spec.num_outputs), name="penalties")(x)


def modern_network(spec: Spec, image, dropout: float) -> keras.KerasTensor:
    """Returns the outputs of the network of today, `(batch, num_outputs)`."""
    x = keras.layers.Rescaling(1 / 255, name="pixels")(image)
    for i, (maps, halves) in enumerate(MODERN_MAPS, 1):
        x = keras.layers.Conv2D(
            maps,
            kernel_size=3,
            padding="same",
            use_bias=False,
            kernel_initializer="he_normal",
            data_format="channels_last",
            name=f"convolution_{i}",
        )(x)
        if halves:  # before what follows, which then has a quarter of the units
            x = keras.layers.MaxPooling2D(2, padding="same", data_format="channels_last", name=f"maximum_{i}")(x)
        x = keras.layers.BatchNormalization(momentum=0.9, name=f"normalization_{i}")(x)
        x = keras.layers.Activation("relu", name=f"relu_{i}")(x)
    x = keras.layers.GlobalAveragePooling2D(data_format="channels_last", name="mean")(x)
    if dropout:
        x = keras.layers.Dropout(dropout, name="dropout")(x)
    return keras.layers.Dense(spec.num_outputs, name="outputs")(x)


MODERN = {
    "optimizer": "adamw",
    "optimizer_options": {"weight_decay": 0.02},
    "learning_rate": 4e-3,
    "schedule": "cosine",
    "batch_size": 128,
    "least_steps": 50,
    "epochs": 40,
    "validation": 0.1,
}
RECIPE = Recipe(
    data="mnist_10k",
    encodings="image",
    decision="softmax",
    metrics=("accuracy",),
    optimizer="sgd",
    learning_rate=5e-4,
    schedule=GLOBAL_RATES,
    batch_size=1,
    epochs=20,
    by_option={"modern": {True: MODERN}},
    expect={"accuracy": 0.96},
)
TRAITS = Traits(
    loss=map_criterion,
    by_option={"modern": {True: {"loss": None, "augmentation": in_turn(("shift",))}}},
)


def lenet(
    spec: Spec,
    *,
    modern: bool = False,
    dropout: float = 0.1,
    augmentation: bool | str | Sequence[str] = ("shift",),
) -> keras.Model:
    """Builds LeNet-5, or what a convolutional network of at most 100,000 weights is today.

    Args:
        spec: The images and classes to build for. The published network takes them in the middle of 32 x 32 pixels of
            background, which is 0; of larger images C5 has as many more weights as S4 has units.
        modern: Whether to build the network of today instead of the published one.
        dropout: Share of the means over all places that the network of today drops in training.
        augmentation: How `zoo.train` changes the images of each batch, one or several names of
            `zoo.data.augmentation`: `"shift"`, `"flip"` (where mirrored images mean the same), `"erase"`, `"distort"`
            (digits and drawings); False for none. The published network has none unless it is given. The network is
            the same.

    Returns:
        A network from images uint8 `(batch, height, width, channels)` to the classes' penalties with their sign,
        `(batch, classes)`; with `modern` to logits `(batch, num_outputs)`.

    Raises:
        ValueError: if an option is out of its range, or the published network is to answer labels.
    """
    if not isinstance(modern, bool):
        raise ValueError(f"`modern` must be True or False. Received: modern={modern!r}")
    if not 0.0 <= dropout < 1.0:
        raise ValueError(f"`dropout` must be a share in [0, 1). Received: dropout={dropout!r}")
    names_of(augmentation)  # raises for a name that is none
    if load_task(spec.task).several and not modern:
        raise ValueError(
            f"LeNet-5 as published answers one class of several. Received: {spec.num_outputs} labels. Pass "
            "`modern=True`, which answers labels."
        )
    inputs = spec.inputs()
    network = modern_network(spec, inputs["image"], dropout) if modern else published(spec, inputs["image"])
    return keras.Model(inputs, network, name="lenet")
