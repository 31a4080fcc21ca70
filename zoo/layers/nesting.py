"""All layers of a model, those inside other layers too: Keras's public `model.layers` names only the uppermost."""

from collections.abc import Iterator

import keras


def layers_of(model: keras.layers.Layer) -> list[keras.layers.Layer]:
    """Returns every layer inside a model or a layer once, without the model itself.

    Relied on is what Keras promises of a layer's parts: it tracks layers that are attributes, or stand in lists and
    dicts that are. So do `keras.Sequential`, `keras.layers.RNN`, `Bidirectional` and `TimeDistributed`.
    """
    found: dict[int, keras.layers.Layer] = {}
    waiting = [model]
    while waiting:
        for layer in _directly_in(waiting.pop()):
            if layer is not model and id(layer) not in found:
                found[id(layer)] = layer
                waiting.append(layer)
    return list(found.values())


def _directly_in(layer) -> Iterator[keras.layers.Layer]:
    """Yields the layers that a layer or a model holds, some of them several times."""
    waiting = [*vars(layer).values(), getattr(layer, "layers", None)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, keras.layers.Layer):
            yield value
        elif isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, (list, tuple, set)):
            waiting.extend(value)
