"""What a training costs: estimates by which its plan chooses between traced steps, XLA, threads and devices.

An estimate is a function of the network and the sizes alone, so that the same call always runs the same way.
"""

from __future__ import annotations

import math

import keras

from zoo.engine import dropout
from zoo.layers.nesting import layers_of
from zoo.layers.tabular import Levels

# Fitted to measurements on two cores of a CPU (`python -m tests.benchmarks.xla`).
TRACED_STEP, TRACED_RATE = 24e-6, 100e9  # seconds a step, FLOP a second
XLA_STEP, XLA_RATE = 15e-6, 160e9
TRACED_DRAW = 1.5e-9  # seconds that a random number of dropout takes longer than by XLA
XLA_COMPILE = 0.09  # seconds to compile, and as many again for every variable
SMALL_STEP = 50e6  # FLOP of a step, up to which the threads of an executor cost more than they save

# Of a GPU: two pay off where the arithmetic that they share takes longer than the sum of the gradients.
GPU_RATE = 20e12  # FLOP a second in float32
EXCHANGE, EXCHANGE_RATE = 0.3e-3, 20e9  # seconds a step, bytes a second

LOOKUPS = (
    keras.layers.Embedding,
    keras.layers.Hashing,
    keras.layers.IntegerLookup,
    keras.layers.StringLookup,
    keras.layers.TextVectorization,
)
CONVOLUTIONS = (
    *(keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D),
    *(keras.layers.Conv1DTranspose, keras.layers.Conv2DTranspose, keras.layers.Conv3DTranspose),
    *(keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D),
    *(keras.layers.SeparableConv1D, keras.layers.SeparableConv2D),
)


def training_flops(model: keras.Model, rows: int) -> float:
    """Returns the operations of training on rows once: 2 forward and 4 backward for a weight that multiplies."""
    layers = layers_of(model)
    tables = {id(layer.table) for layer in layers if isinstance(layer, Levels) and layer.large}
    products = [v for v in model.trainable_variables if len(v.shape) > 1 and id(v) not in tables]
    places = {id(v): count for layer in layers if (count := _places(layer)) > 1 for v in layer.trainable_variables}
    return 6.0 * rows * sum(places.get(id(v), 1) * float(math.prod(v.shape)) for v in products)


def _places(layer: keras.layers.Layer) -> int:
    """Returns how often a layer multiplies by its weights for a row: for each member, token or place of an image."""
    output = getattr(layer, "output", None)  # a nested layer has none
    if getattr(layer, "members", None) is not None or not isinstance(output, keras.KerasTensor):
        return 1
    return math.prod(size for size in output.shape[:-1] if size is not None)


def is_small(flops: float) -> bool:
    """Returns whether a step of so many operations runs fastest in the thread that calls it."""
    return flops <= SMALL_STEP and not gpus()


def gpus() -> list:
    """Returns the GPUs that TensorFlow sees."""
    import tensorflow as tf

    return tf.config.list_logical_devices("GPU")


def xla_pays_off(model: keras.Model, *, rows: int, batch_size: int, epochs: int) -> bool:
    """Returns whether XLA saves more seconds of a training on TensorFlow than compiling takes.

    On a CPU, XLA draws random numbers more slowly than TensorFlow does, except those of dropout, writes whole gradients
    of embeddings, has no lookups of words, and computes convolutions in one thread: such networks are left to
    TensorFlow. A layer overrules the estimate by an attribute `suits_xla`, and a model by `jit_compile=True`.

    Args:
        model: A compiled model.
        rows: Training rows.
        batch_size: Rows of a step.
        epochs: The most epochs.
    """
    layers = layers_of(model)
    declared = [layer.suits_xla for layer in layers if hasattr(layer, "suits_xla")]
    if declared:
        return all(declared)
    if model.jit_compile is True:
        return True
    dropouts = [layer for layer in layers if dropout.suits(layer)]
    seeds = [v for v in model.non_trainable_variables if "seed" in v.path.rsplit("/", 1)[-1]]
    left_to_tensorflow = any(isinstance(layer, (*LOOKUPS, *CONVOLUTIONS)) for layer in layers)
    if not gpus() and (len(seeds) > len(dropouts) or left_to_tensorflow):
        return False
    variables = len(model.trainable_variables)
    flops, steps = training_flops(model, rows) * epochs, -(-rows // batch_size) * epochs
    outputs = [layer.output for layer in dropouts if hasattr(layer, "output")]  # a nested layer has none
    draws = rows * epochs * sum(math.prod(filter(None, output.shape[1:])) for output in outputs)
    saved = steps * variables * (TRACED_STEP - XLA_STEP) / 2 + flops * (1 / TRACED_RATE - 1 / XLA_RATE)
    return saved + draws * TRACED_DRAW > XLA_COMPILE * (4 + variables)


def several_gpus_pay_off(model: keras.Model, *, batch_size: int, count: int) -> bool:
    """Returns whether sharing each batch among GPUs saves more than adding up their gradients takes."""
    size = 4.0 * sum(math.prod(v.shape) for v in model.weights)  # bytes of the gradients
    saved = training_flops(model, batch_size) / GPU_RATE * (1 - 1 / count)
    return saved >= EXCHANGE + 2 * size / EXCHANGE_RATE
