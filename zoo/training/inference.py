"""A model's outputs on rows, by one compiled function that is kept as long as the model.

Keras's `predict` takes 50 to 200 ms a call, however few the rows. Here a few raw rows pass through one function, from
the values that `zoo.data.reading` reads to probabilities; more rows are encoded first, and then pass batch by batch.
"""

from __future__ import annotations

import contextlib
import operator
import weakref

import keras
import numpy as np

from zoo.engine.precision import check_floatx

_functions: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()
_functions_of_raw: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def _function(model):
    preprocessor, function = _functions.get(model, (None, None))
    if preprocessor is not model.preprocessor:  # a training may have given it another, with wider ends of the target
        function = _made(model)
        _functions[model] = (model.preprocessor, function)
    return function


def _made(model):
    network, owner = model.network, weakref.ref(model)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        signature = {tensor.name: tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in network.inputs}
        compiled = tf.function(
            lambda x: _standard(owner(), x),
            input_signature=[signature],
            autograph=False,
            jit_compile=bool(model.traits.jit) or None,
        ).get_concrete_function()
        return lambda x: _in_numpy(compiled({name: tf.constant(v) for name, v in x.items()}))
    if model.traits.jit and keras.backend.backend() == "jax":
        return _jitted(owner)
    return lambda x: _once(owner())(x)


def _jitted(owner):
    import jax

    def answers(trained, fixed, x):
        network = owner().network
        variables = [*network.trainable_variables, *network.non_trainable_variables]
        with keras.StatelessScope(state_mapping=list(zip(variables, [*trained, *fixed], strict=True))):
            return _standard(owner(), x)

    function = jax.jit(answers)

    def outputs(x):
        network = owner().network
        state = [[v.value for v in part] for part in (network.trainable_variables, network.non_trainable_variables)]
        return keras.tree.map_structure(np.asarray, function(*state, x))

    return outputs


def _once(model):
    def outputs(x):
        x = {name: keras.ops.convert_to_tensor(values) for name, values in x.items()}
        with _without_gradients():
            return _in_numpy(_standard(model, x))

    return outputs


def _standard(model, x):
    """Returns the answers to encoded tensors without the target's units, in float32."""
    return model.task.standard(model.merged(model.network_outputs(x)), model.target, model.decision)


def _in_units_of_target(model, answers):
    return model.task.decided(answers, model.target)


def _in_numpy(outputs):
    return keras.tree.map_structure(keras.ops.convert_to_numpy, outputs)


def _without_gradients():
    """Returns a context in which PyTorch records no gradients, for which it would keep every layer's outputs."""
    if keras.backend.backend() != "torch":
        return contextlib.nullcontext()
    import torch

    return torch.no_grad()


def outputs(model, x: dict[str, np.ndarray], batch_size: int = 16_384, *, once: bool = False) -> np.ndarray:
    """Returns what the model's `predict` returns for encoded tensors.

    Args:
        model: A `zoo.Model`.
        x: Encoded tensors, each `(rows, ...)`.
        batch_size: Rows at a time.
        once: Leaves compiling out, which takes longer than some calls (but not of what XLA alone makes fast).

    Returns:
        `(rows, classes)` or `(rows, units)`; of a regression in float64, whatever the backend has. Of a task that
        decides on several tensors, a dict of them.
    """
    check_floatx()
    names = [tensor.name for tensor in model.network.inputs]
    rows = len(x[names[0]])
    if not rows:  # XLA compiles no loop over nothing: the answer to a row of zeros, without that row
        one_row = outputs(model, {n: np.zeros((1, *x[n].shape[1:]), x[n].dtype) for n in names}, once=once)
        return keras.tree.map_structure(operator.itemgetter(slice(0)), one_row)
    function = _function(model) if not once or rows > batch_size or model.traits.jit else _once(model)
    parts = [
        function({name: x[name][start : start + batch_size] for name in names})
        for start in range(0, max(rows, 1), batch_size)
    ]
    return _in_units_of_target(model, joined(parts))


def of_outputs(model, network_outputs: np.ndarray):
    """Returns what `outputs` returns for rows, for what the network gives for them.

    Args:
        model: A `zoo.Model`.
        network_outputs: `(rows, outputs)`; of several members, merged.
    """
    given = keras.ops.convert_to_tensor(network_outputs)
    return _in_units_of_target(model, _in_numpy(model.task.standard(given, model.target, model.decision)))


def joined(parts: list):
    """Returns what `outputs` returned for parts of the rows, as it would for all."""
    return keras.tree.map_structure(lambda *arrays: np.concatenate(arrays), *parts) if len(parts) > 1 else parts[0]


def of_few(model, x):
    """Returns what `outputs` returns, for a few raw rows.

    Args:
        model: A `zoo.Model`.
        x: A DataFrame, or a dict of lists.

    Returns:
        As `outputs`. None if the rows must be encoded first, as many rows are: arrays, values that `Reader.few` does
        not read, models that XLA compiles, and Keras backends other than TensorFlow.
    """
    check_floatx()
    preprocessor = model.preprocessor
    if keras.backend.backend() != "tensorflow" or not preprocessor.takes_columns:
        return None
    blocks = preprocessor.reader.few(x)
    if blocks is None:
        return None
    module, function = _functions_of_raw.get(model, (None, None))
    if module is None or module is not preprocessor.block_encoder():
        module, function = preprocessor.block_encoder(), _function_of_raw(model)
        _functions_of_raw[model] = (module, function)
    if function is None:
        return None
    return _in_units_of_target(model, _in_numpy(function(blocks)))


def _function_of_raw(model):
    """Returns the function from the blocks of a table to what `_standard` gives; None for a model that XLA compiles."""
    if model.traits.jit:
        return None
    import tensorflow as tf

    owner, encoder = weakref.ref(model), model.preprocessor.block_encoder()
    graph, signature = encoder.graph, encoder.signature()
    names = [tensor.name for tensor in model.network.inputs]

    def answer(*tensors):
        with tf.device("CPU"):
            encoded = graph.of_blocks(dict(zip(signature, tensors)))
        return _standard(owner(), {name: encoded[name] for name in names})

    function = tf.function(answer, input_signature=list(signature.values()), autograph=False).get_concrete_function()
    dtypes = {key: tf.string if spec.dtype == tf.string else None for key, spec in signature.items()}
    return lambda blocks: function(*(tf.constant(blocks[key], dtype) for key, dtype in dtypes.items()))
