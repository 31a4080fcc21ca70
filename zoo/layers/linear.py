"""Linear outputs on the encoded tensors of a table: z = W x + sum_j V_j[c_j] + b.

    x    the tensors `inputs` and `numeric`, side by side; an image's pixels in [0, 1]
    c_j  the level of categorical column j, with a learned weight each: a one-hot product without the zeros

All weights start at zero. Ranks (`quantile`) repeat what `numeric` says and are left out.

A network on tables may have such a line beside its hidden layers, on the tensor `linear`: its weights are solved before
the training, ridge or logistic regression, and then stand still, and the hidden layers learn what is left.
"""

import itertools
from collections.abc import Mapping

import keras
import numpy as np
from keras import ops

from zoo.layers.pool import WeightedPool
from zoo.registry import Spec


@keras.saving.register_keras_serializable(package="zoo")
class LinearTerms(keras.layers.Layer):
    """Adds up a weight for each number, a weight for each column's level, and a bias.

    Args:
        num_outputs: Linear outputs, each with weights of its own.
        categorical_sizes: Levels of each column of `categorical`, index 0 included.
        l2: Factor of the sum of squared weights in the loss; the bias is free.

    Input shape: a dict of tensors `(batch, width)`, `categorical` being integers. Output shape: `(batch, num_outputs)`.
    """

    learns = True  # whether gradients change the weights

    def __init__(self, num_outputs: int, categorical_sizes=(), l2: float = 0.0, **kwargs):
        super().__init__(**kwargs)
        if num_outputs < 1:
            raise ValueError(f"`num_outputs` must be at least 1. Received: num_outputs={num_outputs}")
        if l2 < 0.0:
            raise ValueError(f"`l2` must not be negative. Received: l2={l2}")
        self.num_outputs = num_outputs
        self.categorical_sizes = tuple(int(size) for size in categorical_sizes)
        self.l2 = l2
        starts = itertools.accumulate(self.categorical_sizes[:-1], initial=0)
        self._offsets = np.fromiter(starts, "int32")  # first row of each column in the one table of all columns

    def build(self, input_shape):
        penalty = keras.regularizers.L2(self.l2) if self.l2 else None
        self._numbers = sorted(name for name in input_shape if name != "categorical")
        width = sum(input_shape[name][-1] for name in self._numbers)
        shared = {"initializer": "zeros", "regularizer": penalty, "trainable": self.learns}
        if self._numbers:
            self.kernel = self.add_weight(shape=(width, self.num_outputs), name="kernel", **shared)
        if "categorical" in input_shape:
            rows = sum(self.categorical_sizes)
            self.levels = self.add_weight(shape=(rows, self.num_outputs), name="levels", **shared)
        self.bias = self.add_weight(shape=(self.num_outputs,), initializer="zeros", trainable=self.learns, name="bias")

    def call(self, inputs):
        outputs = self.bias
        if self._numbers:
            numbers = [ops.cast(inputs[name], self.compute_dtype) for name in self._numbers]
            outputs = outputs + ops.matmul(ops.concatenate(numbers, axis=-1), self.kernel)
        if "categorical" in inputs:
            rows = ops.cast(inputs["categorical"], "int32") + ops.convert_to_tensor(self._offsets)
            outputs = outputs + ops.sum(ops.take(self.levels, rows, axis=0), axis=1)  # (batch, columns, outputs)
        return outputs

    def compute_output_shape(self, input_shape):
        return (next(iter(input_shape.values()))[0], self.num_outputs)

    def numpy_source(self, x: str | list[str], keep) -> str:
        """Returns what the layer gives for tensors in the order of their names, as an expression of numpy."""
        names = sorted([*self._numbers, *(["categorical"] if self.categorical_sizes else [])])
        given, terms = dict(zip(names, [x] if isinstance(x, str) else x, strict=True)), []
        if self._numbers:
            numbers = [given[name] for name in self._numbers]
            joined = numbers[0] if len(numbers) == 1 else f"np.concatenate([{', '.join(numbers)}], axis=1)"
            terms.append(f"{joined} @ {keep('kernel', self.kernel)}")
        if "categorical" in given:
            levels = f"{keep('levels', self.levels)}[{given['categorical']} + {self._offsets.tolist()}]"
            terms.append(f"{levels}.sum(axis=1)")
        return f"{' + '.join(terms)} + {keep('bias', self.bias)}"

    def get_config(self):
        config = {"num_outputs": self.num_outputs, "categorical_sizes": self.categorical_sizes, "l2": self.l2}
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable(package="zoo")
class SolvedLine(LinearTerms):
    """Linear terms whose weights are solved before a training (`zoo.training.line`), and stand still in it.

    Arguments, input and output shape: as for `LinearTerms`.
    """

    learns = False
    in_float32 = True  # under a policy of mixed precision: it is as precise as what was solved


def solved_line(spec: Spec, inputs: dict) -> keras.KerasTensor | None:
    """Returns a line on the tensors `linear` and `categorical`, zero until it is solved; None where none may be.

    What is added to it must begin at zero: `zoo.train` solves the line of a network whose answers are still zero.

    Args:
        spec: What is built for.
        inputs: The tensors of `spec.inputs()`.
    """
    terms = {name: tensor for name, tensor in inputs.items() if name in ("linear", "categorical")}
    if not spec.linear or not terms:
        return None
    return SolvedLine(spec.num_outputs, spec.categorical_sizes, name="line")(terms)


def line_of(network: keras.Model) -> SolvedLine | None:
    """Returns the line beside the hidden layers of a network, or None: the lines of a pool are its networks' own."""
    if lines_of_pool(network):
        return None
    return next((layer for layer in network.layers if isinstance(layer, SolvedLine)), None)


def lines_of_pool(network: keras.Model) -> list[SolvedLine]:
    """Returns the lines of the networks of a pool; none where the network ends with no pool."""
    if not any(isinstance(layer, WeightedPool) for layer in network.layers):
        return []
    return [layer for layer in network.layers if isinstance(layer, SolvedLine)]


def stands_alone(network: keras.Model, line: SolvedLine) -> bool:
    """Returns whether a line is all of one network of a pool, which takes what it gives as it is."""
    pools = [layer for layer in network.layers if isinstance(layer, WeightedPool)]
    taken = {id(tensor) for pool in pools for tensor in keras.tree.flatten(pool.input)}
    return id(line.output) in taken


def line_outputs(network: keras.Model, x: Mapping[str, np.ndarray]) -> np.ndarray:
    """Returns what the line beside the hidden layers gives for encoded rows, `(rows, outputs)`."""
    layer = line_of(network)
    names = [tensor.name for tensor in keras.tree.flatten(layer.input)]
    return ops.convert_to_numpy(layer({name: x[name] for name in names}))


def line_beside(network: keras.Model) -> keras.Model | None:
    """Returns the line beside the hidden layers of a network as a network of its own, of the same weights, or None."""
    layer = line_of(network)
    if layer is None:
        return None
    taken = keras.tree.flatten(layer.input)
    return keras.Model({tensor.name: tensor for tensor in taken}, layer.output, name="line")


def linear_outputs(spec: Spec, inputs: dict, *, l2: float = 0.0) -> keras.KerasTensor:
    """Returns linear outputs of the encoded tensors, zero at the start.

    Args:
        spec: What is built for.
        inputs: The tensors of `spec.inputs()`.
        l2: Factor of the sum of squared weights in the loss; the bias is free.

    Returns:
        A tensor `(batch, num_outputs)`.

    Raises:
        ValueError: if `l2` is negative.
    """
    spec.refuse_sequences()
    terms = {name: tensor for name, tensor in inputs.items() if name in ("inputs", "numeric", "categorical")}
    if "image" in inputs:
        pixels = keras.layers.Rescaling(1 / 255, name="pixels")(inputs["image"])
        terms["pixels"] = keras.layers.Flatten(name="flatten")(pixels)
    if not terms:
        spec.refuse_tensors()
    return LinearTerms(spec.num_outputs, spec.categorical_sizes, l2, name="outputs")(terms)
