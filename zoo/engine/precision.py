"""Networks in double precision, for what float32 is too coarse: second-order solvers, coefficients."""

from __future__ import annotations

import keras


def in_double(network: keras.Model) -> keras.Model:
    """Returns a copy of a network that computes in float64, with the same weights."""

    def widen(value):
        if isinstance(value, dict):
            return {key: widen(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(widen(item) for item in value)
        return "float64" if value == "float32" else value

    double = keras.saving.deserialize_keras_object(widen(keras.saving.serialize_keras_object(network)))
    double.set_weights([w.numpy().astype("float64") for w in network.weights])
    return double
