"""The Mark I perceptron (1958): a retina, association units wired to it by chance, response units that learn.

    s_p = 1 where photocell p sees light                                  20 x 20 of them
    a_j = 1 where sum_p c_pj s_p >= theta,  c_pj = +1, -1 or 0             fixed: a few random photocells a unit
    r_k = 1 where sum_j w_kj a_j + b_k >= 0                                learnt: w and b move where r_k is wrong

F. Rosenblatt, The Perceptron: A Probabilistic Model for Information Storage and Organization in the Brain,
Psychological Review 65(6), 1958. https://doi.org/10.1037/h0042519. The machine had 400 photocells, 512 association
units and 8 response units: J. C. Hay, F. C. Martin, C. W. Wightman, The Mark I Perceptron, Design and Performance, IRE
National Convention Record 8, 1960; H. D. Block, The Perceptron: A Model for Brain Functioning, Reviews of Modern
Physics 34, 1962. What response units can learn is what a plane separates among the N association units: any N + 1
patterns in general position, and a random half of the dichotomies of 2 (N + 1), T. M. Cover 1965.
"""

import dataclasses
from numbers import Real

import keras
import numpy as np
from keras import ops

from zoo.layers.linear import LinearTerms
from zoo.models import perceptron
from zoo.registry import Spec

RETINA = (20, 20, 1)


@keras.saving.register_keras_serializable(package="zoo")
class AssociationUnits(keras.layers.Layer):
    """Threshold units wired once, by chance, to a few photocells each.

    Args:
        units: How many.
        threshold: Sum from which a unit is active.
        light: Pixel value from which a photocell sees light.

    Input shape: images `(batch, height, width, 1)`. Output shape: `(batch, units)`, 0 or 1.
    """

    def __init__(self, units: int, threshold: float, light: int, **kwargs):
        super().__init__(**kwargs)
        self.units, self.threshold, self.light = units, threshold, light

    def build(self, input_shape):
        cells = input_shape[1] * input_shape[2]
        self.wiring = self.add_weight(shape=(cells, self.units), initializer="zeros", trainable=False, name="wiring")

    def call(self, images):
        lights = ops.cast(ops.reshape(images, (-1, self.wiring.shape[0])), self.compute_dtype)
        cells = ops.cast(lights >= self.light, self.compute_dtype)
        return ops.cast(ops.matmul(cells, self.wiring) >= self.threshold, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.units)

    def get_config(self):
        own = {"units": self.units, "threshold": self.threshold, "light": self.light}
        return {**super().get_config(), **own}


def wired(cells: int, units: int, excitatory: int, inhibitory: int, seed: int) -> np.ndarray:
    """Returns the wiring `(cells, units)`: for each unit so many +1 and -1, at photocells of their own."""
    order = np.random.default_rng(seed).permuted(np.tile(np.arange(cells), (units, 1)), axis=1)
    wiring = np.zeros((cells, units))
    unit = np.arange(units)[:, None]
    wiring[order[:, :excitatory], unit] = 1.0
    wiring[order[:, excitatory : excitatory + inhibitory], unit] = -1.0
    return wiring


def association(model, images) -> np.ndarray:
    """Returns which association units images uint8 `(rows, 20, 20)` activate, `(rows, units)` of 0 and 1."""
    layer = model.network.get_layer("association_units")
    return ops.convert_to_numpy(layer(model.preprocessor.encode(images)["image"]))


RECIPE = dataclasses.replace(perceptron.RECIPE, data="retina_letters", encodings="image")
TRAITS = dataclasses.replace(perceptron.TRAITS, methods={"association": association})


def mark_1_perceptron(
    spec: Spec,
    *,
    association_units: int = 512,
    excitatory: int = 5,
    inhibitory: int = 5,
    threshold: float = 1.0,
    light: int = 128,
) -> keras.Model:
    """Builds a Mark I perceptron, wired by the seed, with a response unit a class (one for two); the machine had 8.

    Args:
        spec: The images and classes to build for.
        association_units: How many random features the response units have to learn with; the machine had 512.
        excitatory: Photocells that excite an association unit, by +1 each.
        inhibitory: Photocells that inhibit it, by -1 each; none of them excites it too.
        threshold: Sum from which an association unit is active.
        light: Pixel value from which a photocell sees light, 1 to 255.

    Returns:
        A network from images uint8 `(batch, 20, 20, 1)` to the sums of the response units `(batch, num_outputs)`.

    Raises:
        ValueError: if images have another size, or an option is out of its range.
    """
    if spec.image_shape != RETINA:
        received = " x ".join(map(str, spec.image_shape)) if spec.image_shape else "none"
        raise ValueError(
            f"The retina is 20 x 20 photocells: images must be 20 x 20 x 1. Received: {received}. Make them grey and "
            "of that size: keras.ops.image.resize(keras.ops.image.rgb_to_grayscale(x), (20, 20)), as uint8."
        )
    counts = {"association_units": (association_units, 1), "excitatory": (excitatory, 0), "inhibitory": (inhibitory, 0)}
    for name, (value, least) in counts.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise ValueError(f"`{name}` must be an integer, {least} or more. Received: {name}={value!r}")
    cells = RETINA[0] * RETINA[1]
    if not 1 <= excitatory + inhibitory <= cells:
        raise ValueError(
            f"An association unit must have 1 to {cells} photocells. Received: excitatory={excitatory}, "
            f"inhibitory={inhibitory}"
        )
    if not isinstance(threshold, Real) or not -inhibitory < threshold <= excitatory:
        raise ValueError(
            f"`threshold` must be above {-inhibitory} and at most {excitatory}: else the units are active always or "
            f"never. Received: threshold={threshold!r}"
        )
    if not isinstance(light, int) or not 1 <= light <= 255:
        raise ValueError(f"`light` must be a pixel value, 1 to 255. Received: light={light!r}")
    inputs = spec.inputs()
    layer = AssociationUnits(association_units, threshold, light, name="association_units")
    active = layer(inputs["image"])
    layer.set_weights([wired(cells, association_units, excitatory, inhibitory, spec.seed)])
    outputs = LinearTerms(spec.num_outputs, name="response_units")({"association": active})
    return keras.Model(inputs, outputs, name="mark_1_perceptron")
