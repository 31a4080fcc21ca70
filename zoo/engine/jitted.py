"""Compiles eager calls of a network by XLA: loops over time steps call it thousands of times."""

from __future__ import annotations

import weakref
from collections.abc import Callable

import keras

from zoo.engine import keras_internals

_functions: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def jitted(network: keras.Model) -> Callable:
    """Returns a network, compiled by XLA where it would run eagerly.

    Within functions that are being compiled and under a gradient tape it is the network itself, as it is on PyTorch.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        return _kept(network, _by_tensorflow) if _runs_eagerly() else network
    return _kept(network, _by_jax) if backend == "jax" else network


def _kept(network, make):
    if network not in _functions:
        _functions[network] = make(weakref.ref(network))
    return _functions[network]


def _runs_eagerly() -> bool:
    """Returns whether no function is being traced and no tape records: XLA keeps no values for a loop's gradient."""
    import tensorflow as tf

    return tf.executing_eagerly() and not keras_internals.may_be_recorded()


def _by_tensorflow(owner):
    import tensorflow as tf

    compiled = tf.function(
        lambda x: owner()(x, training=False), jit_compile=True, autograph=False, reduce_retracing=True
    )
    return lambda x, training=None: compiled(
        {name: tf.convert_to_tensor(value, keras.backend.floatx()) for name, value in x.items()}
    )


def _by_jax(owner):
    import jax

    @jax.jit
    def compiled(trained, fixed, x):
        return owner().stateless_call(trained, fixed, x, training=False)[0]

    def call(x, training=None):
        network = owner()
        values = [[v.value for v in part] for part in (network.trainable_variables, network.non_trainable_variables)]
        if any(isinstance(value, (keras.KerasTensor, jax.core.Tracer)) for value in (*x.values(), *sum(values, []))):
            return network(x, training=False)
        return compiled(*values, {name: keras.ops.convert_to_tensor(value) for name, value in x.items()})

    return call
