"""The function of one network for many members at once, each with weights of its own.

    what has no weights     does the same to all rows, which stand beside each other (members * rows, ...)
    W_m x_m + b_m           is computed by `zoo.engine.members.products`
    a line that is solved   is a part of the rows: what it gives for them, `x["line"]`
    levels                  are looked up in all members' tables, one below the other (members * levels, features), so
                            that optimizers step the rows of a batch, as they do for one table
    anything else           is vectorized over members, through the layer's own call

What looks beyond a row, or draws numbers other than Dropout's, cannot be computed so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import keras
import numpy as np

from zoo.engine import dropout, keras_internals
from zoo.engine.members import products
from zoo.layers.linear import SolvedLine
from zoo.layers.nesting import layers_of
from zoo.layers.tabular import Levels


def obstacle(network: keras.Model) -> str:
    """Returns why a network cannot be computed so, or `""`."""
    if not keras_internals.has_graph(network):
        return "its network is no graph of layers"
    solved = {id(v) for layer in network.layers if isinstance(layer, SolvedLine) for v in layer.weights}
    others = [v for v in network.non_trainable_variables if id(v) not in solved]
    if any(not v.path.endswith("seed_generator_state") for v in others):
        return "a layer gathers statistics, such as batch normalization, and would count the rows that fill a batch"
    for layer in layers_of(network):
        name = f"the layer {layer.name!r} ({type(layer).__name__})"
        if type(layer).__module__.partition(".")[0] not in ("keras", "zoo"):
            return f"{name} might mix the rows of members"
        if getattr(layer, "activity_regularizer", None) or isinstance(layer, keras.layers.ActivityRegularization):
            return f"{name} penalises activities, and would count the rows that fill a batch"
        if isinstance(layer, keras.layers.Embedding):
            return f"{name} is stepped by the rows of a batch"
        if layer.compute_dtype != "float32":
            return f"{name} computes in {layer.compute_dtype}"
        if hasattr(layer, "seed_generator") and (why := _drawn(layer, network)):
            return f"{name} {why}"
    return ""


def _drawn(layer, network) -> str:
    """Returns why masks cannot be drawn for a layer that draws, or `""`."""
    if type(layer) is not keras.layers.Dropout:
        return "draws random numbers"
    if layer not in network.layers or layer.noise_shape is not None or keras_internals.number_of_calls(layer) != 1:
        return "is part of a layer, or serves twice"
    return "drops rows of no fixed width" if None in layer.output.shape[1:] else ""


def widest(networks: Sequence[keras.Model]) -> int:
    """Returns which of the networks has the most weights: those of the others have places in it."""
    return int(np.argmax([network.count_params() for network in networks]))


def places(network: keras.Model, wide: keras.Model) -> list[np.ndarray | None] | None:
    """Returns which rows of each trainable variable of another network are this one's, None for all of them.

    Inputs may be wider there: zeros fill them, by which the weights of rows in between stay zero.

    Args:
        network: One of few inputs.
        wide: The other.

    Returns:
        A list as long as the trainable variables, or None if their difference is another.
    """
    if [type(layer) for layer in network.layers] != [type(layer) for layer in wide.layers]:
        return None
    found: dict[int, np.ndarray | None] = {}
    for layer, other in zip(network.layers, wide.layers, strict=True):
        for v, w in zip(layer.trainable_variables, other.trainable_variables, strict=True):
            found[id(v)] = None
            if v.shape != w.shape:
                rows = _rows(layer, network, other, wide) if _is_dense(layer) and v is layer.kernel else None
                if rows is None or v.shape[1:] != w.shape[1:]:
                    return None
                found[id(v)] = rows
    return [found[id(v)] for v in network.trainable_variables]


def _rows(layer, network, other, wide_network) -> np.ndarray | None:
    """Returns which rows of a wider kernel stand for a layer's inputs, beside each other in the same order."""
    parts, others = _joined(layer.input, network), _joined(other.input, wide_network)
    rows, first = [], 0
    for part, wide in zip(parts, others, strict=True):
        missing = wide.shape[-1] - part.shape[-1]
        if missing < 0 or (missing and not any(part is tensor for tensor in network.inputs)):
            return None
        rows.append(first + np.arange(part.shape[-1]))
        first += wide.shape[-1]
    return np.concatenate(rows)


def _joined(tensor, network) -> list:
    """Returns the tensors of a network that stand beside each other in one."""
    joins = [layer for layer in network.layers if isinstance(layer, keras.layers.Concatenate)]
    return next((list(layer.input) for layer in joins if layer.output is tensor), [tensor])


def shapes(network: keras.Model, members: int) -> list[tuple[int, ...]]:
    """Returns the shapes in which the weights of all members stand, for each trainable variable."""
    tables = {id(layer.table) for layer in network.layers if isinstance(layer, Levels) and layer.large}

    def shape(v):
        return (members * v.shape[0], *v.shape[1:]) if id(v) in tables else (members, *v.shape)

    return [shape(v) for v in network.trainable_variables]


def dropouts(network: keras.Model) -> list[keras.layers.Dropout]:
    """Returns the layers that need masks."""
    return [layer for layer in network.layers if dropout.suits(layer)]


def masks(network: keras.Model, rows: int, keys, step) -> dict[str, object]:
    """Returns a mask for each layer of `dropouts`, `(members * rows, ...)`: 0, or 1 over the share that is kept.

    Args:
        network: The network.
        rows: Of a member.
        keys: Two numbers of each member, by which it draws, `(members, 2)`.
        step: The step's number.
    """
    import tensorflow as tf

    found = {}
    for i, layer in enumerate(dropouts(network)):
        width = math.prod(layer.output.shape[1:])
        seeds = tf.unstack(keys + tf.stack([step, i]))
        words = tf.concat([dropout.words(rows, width, layer.rate, seed) for seed in seeds], 0)
        found[layer.name] = tf.reshape(dropout.mask_of(words, width, layer.rate), (-1, *layer.output.shape[1:]))
    return found


def penalties(network: keras.Model, weights: Sequence, members: int):
    """Returns the sum of the regularizers of each member's weights `(members,)`, or 0.

    Args:
        network: The network.
        weights: Of all members, of the `shapes`.
        members: How many.
    """
    import tensorflow as tf

    pairs = zip(network.trainable_variables, weights, strict=True)
    return sum(
        tf.vectorized_map(v.regularizer, tf.reshape(stacked, (members, *v.shape)))
        for v, stacked in pairs
        if v.regularizer is not None
    )


def outputs(network: keras.Model, weights: Sequence, x: Mapping, members: int, masks: Mapping | None = None):
    """Returns the network's outputs `(members * rows, ...)`.

    Args:
        network: The network.
        weights: Of all members, of the `shapes`.
        x: Inputs by name, `(members * rows, ...)`; of a network with a `SolvedLine`, `line` too, what it gives.
        members: How many.
        masks: Of `masks`, in training.
    """
    import tensorflow as tf

    own = {id(v): stacked for v, stacked in zip(network.trainable_variables, weights, strict=True)}

    def for_members(layer) -> Callable:
        if masks is not None and layer.name in masks:
            return lambda values, **_: values * masks[layer.name]
        if isinstance(layer, SolvedLine):
            return lambda *_, **__: x["line"]
        if not getattr(layer, "trainable_variables", ()):
            return layer
        if isinstance(layer, Levels):
            return _levels(layer, own, members)
        return _dense(layer, own, members) if _is_dense(layer) else _vectorized(layer, own, members)

    # What the line alone takes may be left out.
    inputs = [tf.cast(x[name] if (name := tensor.name) in x else x["line"], tensor.dtype) for tensor in network.inputs]
    return keras.tree.flatten(keras_internals.run_graph(network, inputs, for_members))[0]


def _levels(layer, own, members: int) -> Callable:
    """Returns what a layer of levels does to the rows of all members."""
    import tensorflow as tf

    def rows_of(indices):
        of_members = tf.repeat(tf.range(members) * layer.table.shape[0], tf.shape(indices)[0] // members)
        return layer.rows(indices) + of_members[:, None]

    return lambda indices, **_: layer.features(indices, own[id(layer.table)], rows_of)


def _is_dense(layer) -> bool:
    return type(layer) is keras.layers.Dense and len(layer.trainable_variables) == 1 + layer.use_bias


def _dense(layer, own, members: int) -> Callable:
    """Returns what a dense layer does to the rows of all members."""
    import tensorflow as tf

    def call(values, **_):
        kernel = own[id(layer.kernel)]
        parts = tf.reshape(values, (members, -1, kernel.shape[1]))
        product = products.product(parts, kernel)
        if layer.use_bias:
            product += tf.expand_dims(own[id(layer.bias)], 1)
        product = tf.reshape(product, (-1, *values.shape[1:-1], kernel.shape[2]))
        return product if layer.activation is None else layer.activation(product)

    return call


def _vectorized(layer, own, members: int) -> Callable:
    """Returns what any layer with weights does to the rows of all members."""
    import tensorflow as tf

    def call(*args, **kwargs):
        flat = keras.tree.flatten((args, kwargs))
        places = [i for i, part in enumerate(flat) if tf.is_tensor(part)]

        def one(parts):
            weights, tensors = parts
            filled = list(flat)
            for i, tensor in zip(places, tensors, strict=True):
                filled[i] = tensor
            args_of_one, kwargs_of_one = keras.tree.pack_sequence_as((args, kwargs), filled)
            return layer.stateless_call(weights, [], *args_of_one, **kwargs_of_one)[0]

        stacked = [tf.reshape(flat[i], (members, -1, *flat[i].shape[1:])) for i in places]
        weights = [own[id(v)] for v in layer.trainable_variables]
        found = tf.vectorized_map(one, (weights, stacked), fallback_to_while_loop=False)
        return tf.nest.map_structure(lambda t: tf.reshape(t, (-1, *t.shape[2:])), found)

    return call
