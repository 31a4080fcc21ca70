"""Every use of names of Keras, TensorFlow and JAX that are not public.

A minor version of Keras may rename any of them, so no other file of the zoo uses one. `missing` looks for them once in
a process. If one is missing, the feature that needs it is switched off: Keras's own `fit` trains instead of the fused
loop, models train one after another instead of side by side, and several devices are refused.

Importing this file imports none of the three libraries: `zoo doctor` reads `TESTED` without them.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

TESTED = ("3.15",)  # minor versions of Keras with which the tests have passed
REPAIR = f"keras=={TESTED[-1]}.*, or a newer keras-zoo"

LOOP, SIDE_BY_SIDE, SEVERAL_DEVICES = "the zoo's training loop", "models side by side", "several devices"

# use -> backend -> owner -> names. An owner is an object that `_examples` returns, or a module.
NEEDED: dict[str, dict[str, dict[str, tuple[str, ...]]]] = {
    LOOP: {
        "tensorflow": {
            "optimizer": (
                "_learning_rate",
                "_get_current_learning_rate",
                "_backend_update_step",
                "_apply_weight_decay",
                "_use_weight_decay",
                "_get_variable_index",
                "_momentums",
                "_velocities",
            ),
            "metric": ("_fn", "_fn_kwargs"),
            "masked": ("_keras_mask",),
            "model": ("_initial_epoch",),
            "tensorflow.python.eager.context": ("function_executor_type",),
        },
        "jax": {
            "optimizer": ("_learning_rate", "_get_variable_index"),
            "model": ("_initial_epoch", "_symbolic_build"),
            "variable": ("_value", "_direct_assign"),
        },
    },
    SIDE_BY_SIDE: {
        "tensorflow": {
            "optimizer": ("_exclude_from_weight_decay", "_exclude_from_weight_decay_pattern"),
            "model": ("_run_through_graph",),
            "layer": ("_inbound_nodes",),
        },
    },
    SEVERAL_DEVICES: {
        "tensorflow": {
            "optimizer": ("_all_reduce_sum_gradients",),
            "model": ("_compile_config", "_symbolic_build"),
        },
        "jax": {"model": ("_symbolic_build",)},
    },
}

_warned: set[str] = set()


# Which names the installed libraries have.


@functools.cache
def missing(use: str = LOOP) -> tuple[str, ...]:
    """Returns the names in `NEEDED` that the installed libraries lack, for a use on the current backend."""
    import keras

    names = NEEDED[use].get(keras.backend.backend(), {})
    examples = _examples() if names else {}
    return tuple(
        name if holder in examples else f"{holder}.{name}"
        for holder, some in names.items()
        for name in some
        if not hasattr(examples[holder] if holder in examples else _module(holder), name)
    )


def lacking(*uses: str) -> str:
    """Returns a message that lists the missing names and the repair, without a full stop; `""` if none is missing."""
    names = dict.fromkeys(name for use in uses for name in missing(use))
    if not names:
        return ""
    import keras

    listed = ", ".join(f"`{name}`" for name in names)
    return (
        f"Keras {keras.__version__} on {keras.backend.backend()} has no {listed}, needed for {' and '.join(uses)}; "
        f"install {REPAIR}"
    )


def untested(version: str) -> str:
    """Returns a sentence that the zoo was not tested with this version of Keras; `""` if it was."""
    if ".".join(version.split(".")[:2]) in TESTED:
        return ""
    return f"Keras {version} was not tested with this zoo, which was tested with Keras {', '.join(TESTED)}."


def warn_of_fit() -> None:
    """Warns once in a process that names are missing, so that Keras's slower `fit` trains."""
    _warn_once(
        f"{lacking(LOOP)}. Until then Keras's `fit` trains. It gives the weights that `engine='keras'` gives, and "
        "takes several times longer for small networks."
    )


def warn_of_version() -> None:
    """Warns once in a process if the zoo's training loop was not tested with the installed version of Keras."""
    import keras

    if sentence := untested(keras.__version__):
        _warn_once(f"{sentence} If training fails or looks wrong, install {REPAIR}.")


def _warn_once(text: str) -> None:
    if text not in _warned:
        _warned.add(text)
        warnings.warn(text, stacklevel=5)


def _module(name: str):
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def _examples() -> dict[str, Any]:
    """Returns a small object of each class. Each has a name of its own: Keras numbers objects without one."""
    import keras

    optimizer = keras.optimizers.Adam(name="example")
    optimizer.exclude_from_weight_decay(var_names=["example"])
    inputs = keras.Input((1,), name="example_inputs")
    layer = keras.layers.Dense(1, kernel_initializer="zeros", name="example_layer")
    model = keras.Model(inputs, layer(inputs), name="example_model")
    model.compile(optimizer, "mse")
    optimizer.build(model.trainable_variables)
    return {
        "optimizer": optimizer,
        "metric": keras.metrics.MeanMetricWrapper(keras.losses.mean_squared_error, name="example_metric"),
        "masked": keras.layers.Masking(name="example_mask")(keras.ops.ones((1, 1, 1))),
        "layer": layer,
        "model": model,
        "variable": layer.bias,
    }


# Optimizers.


def learning_rate_of(optimizer):
    """Returns the source of an optimizer's learning rate: a variable, a schedule or a function; None if it has none.

    The public `optimizer.learning_rate` is the rate of the current step, which does not show whether it is scheduled.
    """
    return getattr(optimizer, "_learning_rate", None)


def computation_of_rate(optimizer) -> Callable:
    """Returns the method that computes the learning rate of a step; Keras's updates and weight decay call it."""
    return optimizer._get_current_learning_rate


@contextlib.contextmanager
def own_updates(
    optimizer, *, rate: Callable | None = None, update: Callable | None = None, decay: Callable | None = None
) -> Iterator[None]:
    """Replaces methods that an optimizer's `apply` calls, during the block.

    This relies on `apply` clipping and scaling gradients first, then calling `_apply_weight_decay(variables)` and
    `_backend_update_step(gradients, variables, learning_rate)`; rates come from `_get_current_learning_rate()`.

    Args:
        optimizer: A Keras optimizer.
        rate: `() -> learning rate`.
        update: `(gradients, variables, learning_rate) -> None`.
        decay: `(variables) -> None`.
    """
    own = {"_get_current_learning_rate": rate, "_backend_update_step": update, "_apply_weight_decay": decay}
    with contextlib.ExitStack() as stack:
        for name, function in own.items():
            if function is not None:
                stack.enter_context(replaced(optimizer, name, function))
        yield


@contextlib.contextmanager
def gradients_already_summed(optimizer) -> Iterator[None]:
    """Keeps an optimizer on TensorFlow from summing gradients over the replicas, during the block."""
    with replaced(optimizer, "_all_reduce_sum_gradients", lambda pairs: pairs):
        yield


def moments_of(optimizer, variable) -> tuple:
    """Returns the variables in which Adam keeps the first and the second moment of a variable's gradient.

    Args:
        optimizer: Adam or AdamW, built.
        variable: A variable of Keras or TensorFlow that it updates.
    """
    place = place_of(optimizer, variable)
    return optimizer._momentums[place], optimizer._velocities[place]


def place_of(optimizer, variable) -> int:
    """Returns the place of a variable, of Keras or of its backend, among those that an optimizer was built for."""
    return optimizer._get_variable_index(variable)


def decays(optimizer, variable) -> bool:
    """Returns whether an optimizer applies weight decay to a variable; `exclude_from_weight_decay` may forbid it."""
    return optimizer._use_weight_decay(variable)


def excludes_from_decay(optimizer) -> bool:
    """Returns whether `exclude_from_weight_decay` has excluded any variable of an optimizer."""
    names = ("_exclude_from_weight_decay", "_exclude_from_weight_decay_pattern")
    return any(getattr(optimizer, name, None) for name in names)  # both are absent until that method is called


# Metrics and tensors.


def values_of_rows(metric, y_true, y_pred):
    """Returns the value of each row, of which a `keras.metrics.MeanMetricWrapper` is the mean."""
    return metric._fn(y_true, y_pred, **metric._fn_kwargs)


def mask_of(tensor):
    """Returns the mask that a layer such as `Masking` attached to its output, or None."""
    return getattr(tensor, "_keras_mask", None)


# Models, layers and callbacks.


def initial_epoch_of(model) -> int | None:
    """Returns the epoch at which `keras.callbacks.BackupAndRestore` resumes a training, or None."""
    return model._initial_epoch


def forget_initial_epoch(model) -> None:
    """Clears the epoch to resume at, as Keras's `fit` does at its end."""
    model._initial_epoch = None


def create_variables(model, batch) -> None:
    """Creates the variables of a model's optimizer, losses and metrics, without a computation or a random draw.

    Args:
        model: A compiled model.
        batch: `(x, y)` or `(x, y, sample_weight)`, nested arrays; only their shapes and dtypes matter.
    """
    model._symbolic_build(data_batch=batch)


def creating_variables_in(context: Callable) -> Callable:
    """Returns a class decorator that has Keras create the variables of losses and metrics inside `context(model)`.

    `fit` and `create_variables` call the model, its metrics and its loss on symbolic tensors before the first step. A
    model whose outputs differ inside a training step must return those of a step then, too.

    Args:
        context: A function from a model to a context manager.
    """

    def decorated(model_class: type) -> type:
        plain = getattr(model_class, "_symbolic_build", None)
        if plain is not None:  # otherwise Keras creates the variables in the first step

            @functools.wraps(plain)
            def inside(model, *args, **kwargs):
                with context(model):
                    return plain(model, *args, **kwargs)

            setattr(model_class, plain.__name__, inside)
        return model_class

    return decorated


def compiled_with(model) -> Mapping[str, Any]:
    """Returns the arguments of a model's `compile` by name, as they were given.

    The public `model.get_compile_config()` serializes them, which fails for functions that are not registered.
    """
    return model._compile_config.config


def number_of_calls(layer) -> int:
    """Returns how many times a layer has been called on symbolic tensors, over all models."""
    return len(layer._inbound_nodes)


def producer_of(tensor):
    """Returns the layer or operation that gave a symbolic tensor."""
    return tensor._keras_history.operation


def has_graph(network) -> bool:
    """Returns whether a model is a graph of layers, such as a functional model, that `run_graph` can run."""
    return hasattr(network, "_run_through_graph")


def run_graph(network, inputs: Sequence, function_of: Callable):
    """Returns the outputs of a functional model with each layer replaced by `function_of(layer)`.

    Args:
        network: A functional model.
        inputs: Its inputs, in the order of `network.inputs`.
        function_of: A function from a layer to the function that is called instead, with the layer's arguments.
    """
    return network._run_through_graph(inputs, function_of)


def profiles_batches(callback) -> bool:
    """Returns whether `keras.callbacks.TensorBoard` profiles batches; True if Keras no longer has the name for it."""
    return bool(getattr(callback, "_should_trace", True))


@contextlib.contextmanager
def replaced(thing, name: str, function: Callable) -> Iterator[None]:
    """Replaces a method of one object during the block, without Keras's `__setattr__`, which would track it."""
    before = thing.__dict__.get(name)
    thing.__dict__[name] = function
    try:
        yield
    finally:
        if before is None:
            del thing.__dict__[name]
        else:
            thing.__dict__[name] = before


# Variables, on the JAX backend.


def put(variable, value) -> None:
    """Assigns a value of the variable's shape and dtype, without the conversion and check of the public `assign`."""
    variable._direct_assign(value)


@contextlib.contextmanager
def values_replaced(variables: Sequence, values: Sequence) -> Iterator[None]:
    """Replaces the values of variables during the block, for example by the arguments of a traced function.

    The public `keras.StatelessScope` cannot be used: a training step opens one of its own, which hides it.
    """
    before = [variable._value for variable in variables]
    for variable, value in zip(variables, values, strict=True):
        variable._value = value
    try:
        yield
    finally:
        for variable, value in zip(variables, before, strict=True):
            variable._value = value


# TensorFlow.


@contextlib.contextmanager
def functions_run_by(executor: str) -> Iterator[None]:
    """Traces and calls TensorFlow's functions for an executor during the block: `"SINGLE_THREADED_EXECUTOR"`."""
    from tensorflow.python.eager.context import function_executor_type

    with function_executor_type(executor):
        yield


def litert_files() -> tuple:
    """Returns TensorFlow's module of the classes in a LiteRT file, and its module that reads and writes such files.

    Raises:
        ImportError: if TensorFlow has no such modules.
    """
    schema = _module("tensorflow.lite.python.schema_py_generated")
    utilities = _module("tensorflow.lite.tools.flatbuffer_utils")
    if schema is None or utilities is None:
        import tensorflow as tf

        raise ImportError(
            f"TensorFlow {tf.__version__} has no tensorflow.lite.python.schema_py_generated or no "
            "tensorflow.lite.tools.flatbuffer_utils, which make the weights of a LiteRT file smaller. Export "
            "with `format='litert'`, or install tensorflow==2.21.*."
        )
    return schema, utilities


def may_be_recorded() -> bool:
    """Returns whether a gradient tape may be recording; True if TensorFlow no longer has the name for it."""
    try:
        from tensorflow.python.eager.record import could_possibly_record
    except ImportError:
        return True
    return could_possibly_record()
