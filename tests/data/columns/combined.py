"""A network of the tests that combines all encoded tensors of a table: images and arrays beside columns."""

import keras

from zoo.registry import Recipe, Spec

RECIPE = Recipe(data="titanic", decision="softmax", learning_rate=1e-2, batch_size=16, epochs=1)


def combined(spec: Spec, *, units: int = 8) -> keras.Model:
    """Builds a network of one hidden layer over the columns and the mean pixel of each image.

    Args:
        spec: The inputs and outputs to build for.
        units: Hidden units.

    Returns:
        A network from encoded tensors to `(batch, num_outputs)`.
    """
    inputs, parts = spec.inputs(), []
    for name, tensor in inputs.items():
        if len(tensor.shape) == 4:
            tensor = keras.layers.Rescaling(1 / 255)(tensor)
            tensor = keras.layers.Flatten()(keras.layers.AveragePooling2D(5, name=f"mean_{name}")(tensor))
        elif len(tensor.shape) == 3:
            tensor = keras.layers.GlobalAveragePooling1D()(tensor)
        elif name == "categorical":
            tensor = keras.layers.Rescaling(1.0)(tensor)
        parts.append(tensor)
    features = keras.layers.Concatenate()(parts) if len(parts) > 1 else parts[0]
    hidden = keras.layers.Dense(units, activation="relu")(features)
    return keras.Model(inputs, keras.layers.Dense(spec.num_outputs)(hidden), name="combined")
