"""In which precision networks compute.

float32          everything, unless something else is asked for
mixed_bfloat16   Keras's policy for GPUs and TPUs: layers compute in bfloat16 while a network of a classifier or a
                 regressor trains; its head, its loss and its weights are float32, and so is all that it answers
float64          copies of small networks, for second-order solvers and coefficients

Predictions, scores and exports of a network that trained in bfloat16 compute in float32 by the same weights: what
serves on any machine then answers as Python does.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import keras

from zoo.engine import keras_internals
from zoo.layers.nesting import layers_of
from zoo.registry import Entry, load_task

FULL, MIXED = "float32", "mixed_bfloat16"
HALF = ("bfloat16", "float16")
_switching = threading.RLock()


def check_floatx() -> None:
    """Raises ValueError if Keras's default dtype is not float32, in which tensors and weights of the zoo are."""
    if (floatx := keras.config.floatx()) != FULL:
        raise ValueError(
            f"Networks of the zoo have float32 weights. Received: Keras's floatx is {floatx!r}. Call "
            f"keras.config.set_floatx('float32'); to train in half precision, keras.config.set_dtype_policy({MIXED!r})."
        )


def check_precision() -> None:
    """Raises ValueError if Keras is set to a precision in which the zoo does not build and train networks."""
    check_floatx()
    policy = keras.config.dtype_policy().name
    if policy not in (FULL, MIXED):
        raise ValueError(
            f"Networks of the zoo train under the dtype policies {FULL!r} and {MIXED!r}. Received: {policy!r}. Call "
            f"keras.config.set_dtype_policy({MIXED!r}), which needs no scaling of the loss, or {FULL!r}."
        )


@contextlib.contextmanager
def policy_for(entry: Entry) -> Iterator[None]:
    """Sets the policy under which an entry's network is built: Keras's for classifiers and regressors by gradients.

    Rules, energies and equations are built in float32 whatever the policy: a change of a weight is lost in bfloat16 if
    it is less than a 256th of it.
    """
    check_precision()
    before = keras.config.dtype_policy()
    if entry.learning != "gradient" or not load_task(entry.task).supervised:
        keras.config.set_dtype_policy(FULL)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


@contextlib.contextmanager
def policy_of(network: keras.Model) -> Iterator[None]:
    """Sets the policy under which a network was built, for others like it."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(MIXED if computes_in_half(network) else FULL)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def keep_ends_in_float32(network: keras.Model) -> None:
    """Sets float32 for the last layers of a network, down to those with weights, and for layers that ask for it.

    A layer asks for it by the attribute `in_float32`.
    """
    layers = _mixed(network)
    for layer in layers:
        if getattr(layer, "in_float32", False):
            layer.dtype_policy = FULL
    waiting, seen = [keras_internals.producer_of(tensor) for tensor in network.outputs] if layers else [], set()
    while waiting:
        operation = waiting.pop()
        if id(operation) in seen or isinstance(operation, keras.layers.InputLayer):
            continue
        seen.add(id(operation))
        if isinstance(operation, keras.layers.Layer):
            for layer in (operation, *layers_of(operation)):
                layer.dtype_policy = FULL
        if not getattr(operation, "weights", ()):
            waiting += [keras_internals.producer_of(t) for t in keras.tree.flatten(operation.input)]


def computes_in_half(network: keras.Model) -> bool:
    """Returns whether layers of a network compute in half precision."""
    return bool(_mixed(network))


def _mixed(network: keras.layers.Layer) -> list:
    """Returns the layers of a network that compute in half precision; those of float64 keep it."""
    return [layer for layer in (network, *layers_of(network)) if layer.compute_dtype in HALF]


@contextlib.contextmanager
def in_float32(network: keras.Model) -> Iterator[None]:
    """Lets a network compute in float32, by the same weights, during the block: around a trace or an eager call."""
    with _switching:  # another thread may have switched the layers to float32, for as long as its own block
        policies = [(layer, layer.dtype_policy) for layer in _mixed(network)]
        if policies:
            try:
                for layer, _ in policies:
                    layer.dtype_policy = FULL
                yield
            finally:
                for layer, policy in policies:
                    layer.dtype_policy = policy
            return
    yield


def in_double(network: keras.Model) -> keras.Model:
    """Returns a copy of a network that computes in float64, with the same weights."""

    def widen(value):
        if isinstance(value, dict):
            return {key: widen(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(widen(item) for item in value)
        return "float64" if value in (FULL, MIXED) else value

    double = keras.saving.deserialize_keras_object(widen(keras.saving.serialize_keras_object(network)))
    double.set_weights([w.numpy().astype("float64") for w in network.weights])
    return double
