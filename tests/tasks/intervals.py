"""A task of several named answers, as a package outside might have it: intervals by quantile regression.

A network gives the quantiles 0.05, 0.5 and 0.95 of the target, in its deviations; each learns by the pinball loss
max(tau (y - q), (tau - 1) (y - q)). What is decided are three tensors, and whether zero lies in the interval is text.
"""

import keras
import numpy as np
from keras import ops

from zoo.registry import Recipe, Spec
from zoo.scores import Scores
from zoo.tasks import target_values
from zoo.tasks.task import Target, Task

LEVELS = (0.05, 0.5, 0.95)
SIDES = ("within", "beyond")


@keras.saving.register_keras_serializable(package="tests")
def pinball(y_true, quantiles):
    """Returns the mean pinball loss, per example: `(batch,)` of the target and `(batch, 3)` of the quantiles."""
    above = ops.expand_dims(ops.cast(y_true, quantiles.dtype), -1) - quantiles
    levels = ops.convert_to_tensor(LEVELS, quantiles.dtype)
    return ops.mean(ops.maximum(levels * above, (levels - 1.0) * above), axis=-1)


class Scaled(Target):
    """Numbers. The state holds their `mean` and `deviation`."""

    def encode(self, y):
        return target_values.finite_numbers(target_values.one(y, self.name), self.name)

    def for_network(self, y):
        return (y - self.state["mean"]) / self.state["deviation"]


class Interval(Task):
    """The interval that holds nine of ten rows, and its middle."""

    name = "tests/interval"
    target_type = Scaled
    supervised = scored = learns_from_targets = answers_numbers = True
    verbs = frozenset({"cross_validate"})

    def fit_target(self, schema, y):
        values = np.arange(2.0) if y is None else Scaled(schema).encode(y)
        return Scaled(schema, {"mean": float(np.mean(values)), "deviation": float(np.std(values))})

    def outputs(self, target):
        return [(None, 3)]

    def loss(self, activation):
        return pinball

    def standard(self, outputs, target, activation):
        ordered = ops.sort(outputs, axis=-1)
        return {name: ordered[:, i] for i, name in enumerate(("low", "prediction", "high"))}

    def decided(self, standard, target):
        return {name: z * target.state["deviation"] + target.state["mean"] for name, z in standard.items()}

    def answers(self, decided, target, activation):
        zero = ops.logical_and(decided["low"] <= 0.0, decided["high"] >= 0.0)
        return {**decided, "side": ops.where(zero, 0, 1)}

    def decode(self, answers, target):
        return {**answers, "side": np.array(SIDES)[answers["side"]]}

    def served(self, answers, target):
        import tensorflow as tf

        return {**answers, "side": tf.gather(tf.constant(SIDES), answers["side"])}

    def scores(self, y, decided, target, activation, weight=None):
        inside = (decided["low"] <= y) & (y <= decided["high"])
        return Scores({"coverage": float(np.average(inside, weights=weight))}, rows=len(y))


INTERVAL = Interval()
RECIPE = Recipe(encodings="standard", learning_rate=1e-2, batch_size=64, epochs=2)


def quantiles(spec: Spec) -> keras.Model:
    """Builds a linear layer from encoded numbers to `(batch, num_outputs)`."""
    inputs = spec.inputs()
    initial = keras.initializers.GlorotUniform(seed=spec.seed)
    outputs = keras.layers.Dense(spec.num_outputs, kernel_initializer=initial)(inputs["numeric"])
    return keras.Model(inputs, outputs, name="quantiles")
