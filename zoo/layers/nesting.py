"""All layers of a model, at any depth: Keras's public `model.layers` has the outermost layers alone."""

from collections.abc import Iterator

import keras


def layers_of(model: keras.layers.Layer) -> list[keras.layers.Layer]:
    """Returns every layer inside a model or a layer once, without the model or layer itself.

    This relies on a documented rule of Keras: sublayers are attributes of a layer, or elements of lists and dicts that
    are attributes.
    """
    layers: dict[int, keras.layers.Layer] = {}
    waiting = [model]
    while waiting:
        for layer in _sublayers(waiting.pop()):
            if layer is not model and id(layer) not in layers:
                layers[id(layer)] = layer
                waiting.append(layer)
    return list(layers.values())


def _sublayers(layer) -> Iterator[keras.layers.Layer]:
    """Yields the direct sublayers of a layer or model, possibly repeated."""
    waiting = [*vars(layer).values(), getattr(layer, "layers", None)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, keras.layers.Layer):
            yield value
        elif isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, (list, tuple, set)):
            waiting.extend(value)
