"""One hidden layer: y = v tanh(W x + b) + c."""

import keras

from zoo.registry import Recipe, Spec

RECIPE = Recipe(data="mpg", preprocessing="raw", optimizer="adam", learning_rate=1e-2, epochs=5)


def tomato(spec: Spec, *, units: int = 8) -> keras.Model:
    """Builds the network.

    Args:
        spec: The inputs and outputs to build for.
        units: Units of the hidden layer.

    Returns:
        A network from columns `(batch, num_inputs)` to values `(batch, 1)`.
    """
    inputs = spec.inputs()
    hidden = keras.layers.Dense(units, activation="tanh")(inputs["inputs"])
    return keras.Model(inputs, keras.layers.Dense(spec.num_outputs)(hidden))
