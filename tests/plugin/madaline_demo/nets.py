"""The Madaline (1962): many Adalines and a fixed majority vote, here with units smooth enough for gradient descent.

    z_c = (s / K) sum_k tanh(w_ck . x + b_ck);   the vote itself has nothing to learn but its scale s

W. C. Ridgway, An Adaptive Logic System with Generalizing Properties, Stanford Electronics Laboratories Report 1556-1,
1962.
"""

import keras
import numpy as np
from keras import ops

from zoo.registry import Recipe, Spec, Traits


@keras.saving.register_keras_serializable(package="madaline_demo")
class Vote(keras.layers.Layer):
    """The mean of each output's units, times a learned scale. `(batch, outputs * units)` -> `(batch, outputs)`."""

    def __init__(self, outputs, **kwargs):
        super().__init__(**kwargs)
        self.outputs = outputs

    def build(self, input_shape):
        self.scale = self.add_weight(shape=(), initializer=keras.initializers.Constant(4.0), name="scale")

    def call(self, x):
        return self.scale * ops.mean(ops.reshape(x, (-1, self.outputs, x.shape[-1] // self.outputs)), axis=-1)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.outputs)

    def get_config(self):
        return {**super().get_config(), "outputs": self.outputs}


def votes(model, rows) -> np.ndarray:
    """Returns what each Adaline says of rows, from -1 to 1, `(rows, outputs * units)`."""
    adalines = keras.Model(model.network.inputs, model.network.get_layer("adalines").output)
    return adalines.predict(model.preprocessor.encode(rows), verbose=0)


RECIPE = Recipe(
    data="two_moons",
    encodings="raw",
    decision="softmax",
    metrics=("accuracy",),
    optimizer="adam",
    learning_rate=3e-2,
    batch_size=64,
    epochs=30,
)
TRAITS = Traits(methods={"votes": votes})


def madaline(spec: Spec, *, units: int = 7) -> keras.Model:
    """Builds a Madaline.

    Args:
        spec: The inputs and outputs to build for.
        units: Adalines that vote on an output; an odd number knows no tie.

    Returns:
        A network from columns `(batch, num_inputs)` to logits `(batch, num_outputs)`.

    Raises:
        ValueError: if `units` is even or not positive.
    """
    if units < 1 or units % 2 == 0:
        raise ValueError(f"`units` must be odd and positive. Received: units={units}")
    inputs = spec.inputs()
    x = keras.layers.BatchNormalization(name="standardise")(inputs["inputs"])
    initial = keras.initializers.GlorotNormal(seed=spec.seed)
    adalines = keras.layers.Dense(units * spec.num_outputs, "tanh", kernel_initializer=initial, name="adalines")(x)
    return keras.Model(inputs, Vote(spec.num_outputs, name="vote")(adalines), name="madaline")
