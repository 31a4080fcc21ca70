"""Seeds of the layers that draw random numbers in training, such as dropout and noise."""

from __future__ import annotations

import keras
import numpy as np

from zoo.layers.nesting import layers_of


def seed_layers(network: keras.layers.Layer, seed: int) -> None:
    """Sets what layers without a seed of their own draw from, as a function of `seed` and of their place.

    Keras draws their seeds when they are made, and anew whenever a model is loaded: without this, two trainings that go
    on from the same stored weights would differ.

    Args:
        network: Its layers, and those inside them, are seeded.
        seed: A whole number, not negative.
    """
    drawing = [layer for layer in layers_of(network) if _is_unseeded(layer)]
    for place, layer in enumerate(drawing):
        (first,) = np.random.SeedSequence([seed, place]).generate_state(1)
        layer.seed_generator.state.assign([int(first) % 2**31, 0])


def _is_unseeded(layer) -> bool:
    return hasattr(layer, "seed_generator") and getattr(layer, "seed", 0) is None
