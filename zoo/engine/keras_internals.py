"""Every name of Keras, TensorFlow and JAX that is not public, and what the zoo relies on it for.

A minor version of Keras may rename any of them, so no other file of the zoo touches one. `missing` looks for them once
in a process. Where one is gone, what needs it is left out: Keras's own `fit` trains instead of the fused loop, models
train one after another instead of side by side, and several devices are refused.

Importing this file imports none of the three libraries: `zoo doctor` reads `TESTED` without them.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

TESTED = ("3.15",)  # minor versions of Keras by which the tests have passed
REPAIR = f"keras=={TESTED[-1]}.*, or a newer keras-zoo"

LOOP, SIDE_BY_SIDE, SEVERAL_DEVICES = "the zoo's training loop", "models side by side", "several devices"

# For each use and backend, the names by the object that has them, as `_examples` makes it, or by the module.
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
            "optimizer": ("_learning_rate",),
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


# What is there.


@functools.cache
def missing(use: str = LOOP) -> tuple[str, ...]:
    """Returns the names of NEEDED that the installed libraries do not have, for a use on this backend."""
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
    """Returns `""`, or which names are missing for these uses and what to install, without a full stop."""
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
    """Returns `""`, or a sentence that says that the zoo was not tested with this version of Keras."""
    if ".".join(version.split(".")[:2]) in TESTED:
        return ""
    return f"Keras {version} was not tested with this zoo, which was tested with Keras {', '.join(TESTED)}."


def warn_of_fit() -> None:
    """Warns, once in a process, that Keras's `fit` trains because names are missing, and what that costs."""
    _warn_once(
        f"{lacking(LOOP)}. Until then Keras's `fit` trains. It gives the weights that engine='keras' gives, and takes "
        "several times longer for small networks."
    )


def warn_of_version() -> None:
    """Warns, once in a process, that the zoo's training loop was not tested with the installed Keras."""
    import keras

    if said := untested(keras.__version__):
        _warn_once(f"{said} If training fails or looks wrong, install {REPAIR}.")


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
    """Returns one small object of each kind; all are named, since Keras numbers those that are not."""
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
    """Returns what an optimizer has its learning rate from: a variable, a schedule or a function; None if it has none.

    Public `optimizer.learning_rate` is the rate of this step, by which a schedule cannot be told from a number.
    """
    return getattr(optimizer, "_learning_rate", None)


def computation_of_rate(optimizer) -> Callable:
    """Returns the method that computes the rate of a step, from which Keras's updates and decay take it."""
    return optimizer._get_current_learning_rate


@contextlib.contextmanager
def own_updates(
    optimizer, *, rate: Callable | None = None, update: Callable | None = None, decay: Callable | None = None
) -> Iterator[None]:
    """Has an optimizer's `apply` call other functions than its own methods.

    Relied on: `apply` clips and scales gradients, then calls `_apply_weight_decay(variables)` and
    `_backend_update_step(gradients, variables, learning_rate)`, and computes rates by `_get_current_learning_rate()`.

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
    """Has TensorFlow's optimizers take gradients as they are: otherwise they sum them over the replicas."""
    with replaced(optimizer, "_all_reduce_sum_gradients", lambda pairs: pairs):
        yield


def moments_of(optimizer, variable) -> tuple:
    """Returns the variables in which Adam keeps the first and the second moment of a variable's gradient.

    Args:
        optimizer: Adam or AdamW, built.
        variable: One that it updates, Keras's or TensorFlow's.
    """
    place = optimizer._get_variable_index(variable)
    return optimizer._momentums[place], optimizer._velocities[place]


def decays(optimizer, variable) -> bool:
    """Returns whether an optimizer lets a variable decay, which `exclude_from_weight_decay` may have forbidden."""
    return optimizer._use_weight_decay(variable)


def excludes_from_decay(optimizer) -> bool:
    """Returns whether `exclude_from_weight_decay` has named any variable of an optimizer, itself or by a pattern."""
    names = ("_exclude_from_weight_decay", "_exclude_from_weight_decay_pattern")
    return any(getattr(optimizer, name, None) for name in names)  # it has neither before that method is called


# Metrics and tensors.


def values_of_rows(metric, y_true, y_pred):
    """Returns the values of which a `keras.metrics.MeanMetricWrapper` is the mean, one for each row."""
    return metric._fn(y_true, y_pred, **metric._fn_kwargs)


def mask_of(tensor):
    """Returns the mask that a layer such as `Masking` attached to its output, or None."""
    return getattr(tensor, "_keras_mask", None)


# Models, layers and callbacks.


def initial_epoch_of(model) -> int | None:
    """Returns the epoch from which `keras.callbacks.BackupAndRestore` has a training go on, or None."""
    return model._initial_epoch


def forget_initial_epoch(model) -> None:
    """Forgets the epoch that a training before left, as Keras's `fit` does after each."""
    model._initial_epoch = None


def create_variables(model, batch) -> None:
    """Creates the variables of a model's optimizer, losses and metrics, which computes nothing and draws nothing.

    Args:
        model: Compiled.
        batch: `(x, y)` or `(x, y, sample_weight)`, nests of arrays, of which shapes and types are looked at.
    """
    model._symbolic_build(data_batch=batch)


def creating_variables_in(context: Callable) -> Callable:
    """Returns a class decorator: Keras creates variables of losses and metrics inside `context(model)`.

    Keras's `fit` and `create_variables` call a model, its metrics and its loss on symbols before the first step. A
    model whose call depends on whether a step runs must give them what a step would.

    Args:
        context: A function of a model that returns a context manager.
    """

    def decorated(model_class: type) -> type:
        plain = getattr(model_class, "_symbolic_build", None)
        if plain is not None:  # else Keras creates the variables in the first step

            @functools.wraps(plain)
            def inside(model, *args, **kwargs):
                with context(model):
                    return plain(model, *args, **kwargs)

            setattr(model_class, plain.__name__, inside)
        return model_class

    return decorated


def compiled_with(model) -> Mapping[str, Any]:
    """Returns the arguments of a model's `compile` by name, as they were given.

    Public `model.get_compile_config()` holds them serialized, which a caller's own function need not be.
    """
    return model._compile_config.config


def number_of_calls(layer) -> int:
    """Returns how many times a layer has been called on symbolic tensors, in whichever models."""
    return len(layer._inbound_nodes)


def has_graph(network) -> bool:
    """Returns whether a model is a graph of layers, as functional models are, which `run_graph` can run."""
    return hasattr(network, "_run_through_graph")


def run_graph(network, inputs: Sequence, function_of: Callable):
    """Returns the outputs of a functional model, each layer of which is replaced by `function_of(layer)`.

    Args:
        network: A functional model.
        inputs: Its inputs, in the order of `network.inputs`.
        function_of: From a layer to what is called in its place, with the layer's arguments.
    """
    return network._run_through_graph(inputs, function_of)


def profiles_batches(callback) -> bool:
    """Returns whether `keras.callbacks.TensorBoard` profiles batches; True where that can no longer be known."""
    return bool(getattr(callback, "_should_trace", True))


@contextlib.contextmanager
def replaced(thing, name: str, function: Callable) -> Iterator[None]:
    """Puts a function in a method's place, for one object: past Keras's own `__setattr__`, which would track it."""
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
    """Gives a variable a value of its own shape and type, which public `assign` would convert and compare first."""
    variable._direct_assign(value)


@contextlib.contextmanager
def values_replaced(variables: Sequence, values: Sequence) -> Iterator[None]:
    """Has variables hold other values, such as a traced function's arguments, and their own again afterwards.

    Public `keras.StatelessScope` does not serve: a training step opens one of its own, which hides it.
    """
    before = [variable._value for variable in variables]
    for variable, value in zip(variables, values, strict=True):
        variable._value = value
    try:
        yield
    finally:
        for variable, value in zip(variables, before, strict=True):
            variable._value = value


# TensorFlow's own.


@contextlib.contextmanager
def functions_run_by(executor: str) -> Iterator[None]:
    """Has TensorFlow's functions traced and called for an executor, such as `"SINGLE_THREADED_EXECUTOR"`."""
    from tensorflow.python.eager.context import function_executor_type

    with function_executor_type(executor):
        yield


def litert_files() -> tuple:
    """Returns the module of the classes that a LiteRT file is made of, and the one that reads and writes such files.

    Raises:
        ImportError: if TensorFlow has no such modules.
    """
    schema = _module("tensorflow.lite.python.schema_py_generated")
    utilities = _module("tensorflow.lite.tools.flatbuffer_utils")
    if schema is None or utilities is None:
        import tensorflow as tf

        raise ImportError(
            f"TensorFlow {tf.__version__} has no tensorflow.lite.python.schema_py_generated or no "
            "tensorflow.lite.tools.flatbuffer_utils, by which the weights of a LiteRT file become smaller. Export "
            "format='litert', or install tensorflow==2.21.*."
        )
    return schema, utilities


def may_be_recorded() -> bool:
    """Returns whether a gradient tape may look; True where that can no longer be known."""
    try:
        from tensorflow.python.eager.record import could_possibly_record
    except ImportError:
        return True
    return could_possibly_record()
