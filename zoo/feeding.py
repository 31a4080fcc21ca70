"""What Keras's own methods take of a model's data: encoded tensors as they are, raw rows through the preprocessor."""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np
import pandas as pd
from keras import ops

from zoo.data import columns as kinds
from zoo.data import frames


def is_encoded(model, x) -> bool:
    """Returns whether `x` are encoded tensors rather than raw data."""
    names = {tensor.name for tensor in model.network.inputs}
    if isinstance(x, Mapping):
        return set(x) >= names and all(np.ndim(x[name]) > 1 for name in names)
    if isinstance(x, np.ndarray) and x.dtype.names is None and kinds.the_vector(model.schema.columns) is not None:
        return model.preprocessor.encodings.raw and not model.preprocessor.layout.has_offsets
    return not isinstance(x, (pd.DataFrame, pd.Series)) and type(x).__module__ != "builtins"


def by_name(model, inputs) -> dict:
    """Returns the encoded tensors that a network takes, by name.

    Args:
        model: A `zoo.Model`.
        inputs: A dict of them, or of a network with one input the tensor itself.

    Raises:
        ValueError: if one is missing.
    """
    names = [tensor.name for tensor in model.network.inputs]
    if not isinstance(inputs, Mapping):
        if len(names) > 1:
            raise ValueError(
                f"A model of {model.entry.name!r} takes a dict of the encoded tensors {', '.join(names)}. Received: "
                f"{type(inputs).__name__}. Encode raw data with `model.preprocessor.encode(data)`, or call "
                "`predict`."
            )
        return {names[0]: inputs}
    if missing := [name for name in names if name not in inputs]:
        raise ValueError(
            f"The encoded tensors {', '.join(missing)} are missing. Received: {', '.join(map(str, inputs))}. "
            "Encode raw columns with `model.preprocessor.encode(data)`, or call `predict`."
        )
    return {name: inputs[name] for name in names}


def encoded(model, x, y, target=True, training=False):
    """Returns encoded tensors and targets of what a method of Keras was given.

    Args:
        model: A `zoo.Model`.
        x: Raw or encoded data, or a dataset of batches.
        y: Targets, or None.
        target: Whether a table holds the target where `y` is None.
        training: Whether the rows are trained on, so that encodings that see the target leave out a row's own.
    """
    if type(x).__name__.endswith("Dataset") and hasattr(x, "element_spec"):
        return encoded_dataset(model, x, training), y
    if x is None or isinstance(x, keras.utils.PyDataset):
        return x, y
    y = frames.in_order_of(x.index, y) if isinstance(x, pd.DataFrame) else y
    if model.preprocessor.takes_columns and not isinstance(x, (pd.DataFrame, Mapping)):
        frame = frames.as_frame(x, model.schema.names)
        x, y = (x, y) if frame is None else (frame, frames.as_values(y))
    names = model.schema.targets if target and y is None and isinstance(x, (pd.DataFrame, Mapping)) else []
    if names and not is_encoded(model, x):
        if absent := [name for name in names if name not in x]:
            raise ValueError(
                f"`y` must be given where the data have no column {absent[0]!r}, the target. Received: "
                f"{', '.join(map(str, x))}. Pass `y`, or data with that column."
            )
        y = x[names[0]] if len(names) == 1 else {name: x[name] for name in names}
    if not is_encoded(model, x):
        known = model.preprocessor
        tensors = known.encode_training(x, y) if training and y is not None else known.encode(x)
        return tensors, encoded_target(model, y)
    if isinstance(x, np.ndarray) and (alone := kinds.the_array(model.schema.columns)) is not None:
        x = model.preprocessor.tensors(x)[alone.name]
    in_pairs = model.target.dtype == "float64" and not model.target.is_in_pairs(y)
    return x, encoded_target(model, y) if _is_named(y) or in_pairs else y


def check_batch(model, x) -> None:
    """Raises ValueError if a batch of raw rows is trained on whose encodings see the target."""
    if x is not None and model.preprocessor.sees_target and not is_encoded(model, x):
        raise ValueError(
            "This model encodes columns by means of the target, which for a row to train on must leave out its own "
            "target, so that all rows are needed at once. Received: one batch of raw rows. Call `fit` with all rows, "
            "or encode them once, x = model.preprocessor.encode_training(rows, y), and pass batches of x."
        )


def encoded_target(model, y):
    if y is None or model.schema.task is None:
        return y
    if ops.is_tensor(y):
        y = ops.convert_to_numpy(y)
    return model.target.training(model.target.encode(y))


def encoded_validation(model, data):
    if isinstance(data, (tuple, list)):
        x, y = encoded(model, data[0], data[1] if len(data) > 1 else None)
        return (x, y, *(in_order_of(data[0], weight) for weight in data[2:]))
    return encoded(model, data, None)[0]


def encoded_dataset(model, dataset, training=False):
    """Encodes a tf.data.Dataset of batches of raw columns, with or without targets.

    Raises:
        ValueError: if a column is missing, or the rows are to train on and encoded by means of their target.
    """
    import tensorflow as tf

    spec = dataset.element_spec
    first = spec[0] if isinstance(spec, tuple) else spec
    names = {tensor.name for tensor in model.network.inputs}
    if not isinstance(first, Mapping) or set(first) >= names:
        return dataset
    if training and model.preprocessor.sees_target:
        raise ValueError(
            "This model encodes columns by means of the target, which for a row to train on must leave out its own "
            "target, so that all rows are needed at once. Received: a tf.data.Dataset, which gives them batch by "
            "batch. Pass a DataFrame, or train a model whose `encodings` have no 'target_means'."
        )
    module, signature = model.preprocessor.module(), model.preprocessor.signature()
    if missing := [name for name in signature if name not in first]:
        raise ValueError(
            f"The columns {', '.join(missing)} are missing. Received: {', '.join(first)}. Add them to the dataset."
        )

    states = dict(zip(signature, model.preprocessor.states, strict=True))

    def served(name, value):
        spec, column = signature[name], model.schema.column(name)
        if value.dtype == spec.dtype:
            return value
        if spec.dtype.is_floating and value.dtype != tf.string:
            return tf.cast(value, spec.dtype)

        def read(values):  # as a table's: the number 2.0 is the level "2"
            return kinds.kind_of(column).served(values, column, states[name])

        return tf.ensure_shape(tf.numpy_function(read, [value], spec.dtype), spec.shape)

    def labels(y):
        dtype, shape = model.target.training_spec
        columns = y if isinstance(y, Mapping) else {None: y}

        def read(*values):
            named = {name: _text(column) for name, column in zip(columns, values, strict=True)}
            return encoded_target(model, named if isinstance(y, Mapping) else named[None])

        return tf.ensure_shape(tf.numpy_function(read, list(columns.values()), dtype), [None, *shape])

    def encode(columns, *rest):
        x = module({name: served(name, columns[name]) for name in signature})
        names = model.schema.targets
        if not rest and names and all(name in columns for name in names):
            return x, labels(columns[names[0]] if len(names) == 1 else {name: columns[name] for name in names})
        return (x, labels(rest[0]), *rest[1:]) if rest else x

    return dataset.map(tf.autograph.experimental.do_not_convert(encode), num_parallel_calls=tf.data.AUTOTUNE)


def in_order_of(x, weight):
    """Returns sample weights in the order of the rows of `x`, if both have an index of pandas."""
    return frames.in_order_of(x.index, weight, "sample_weight") if isinstance(x, pd.DataFrame) else weight


def _is_named(y) -> bool:
    """Returns whether a target has strings or names of columns, so that it cannot be class indices in order."""
    return isinstance(y, (pd.Series, pd.DataFrame, Mapping)) or (isinstance(y, np.ndarray) and y.dtype.kind in "OUS")


def _text(values):
    return np.array([v.decode() for v in values.ravel()], dtype=object) if values.dtype == object else values
