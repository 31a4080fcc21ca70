"""Hopfield's network (1982): patterns are the minima of an energy, and recalling one is to fall into it.

    s_i <- sign(sum_j w_ij s_j),  s_i stays where the sum is 0;   w_ii = 0, w_ij = w_ji
    E = -1/2 sum_ij w_ij s_i s_j  never rises while units are updated one after another

    hebb        w = (1/N) sum_p x_p x_p'                                  about 0.138 N random patterns
    projection  w x = x for every pattern: L. Personnaz, I. Guyon, G. Dreyfus 1985; any N - 1 independent patterns
    storkey     w_ij += (1/N) (x_i x_j - x_i h_ji - h_ij x_j),  h_ij = sum_{k != i, j} w_ik x_k;  N / sqrt(2 ln N)

J. J. Hopfield, Neural Networks and Physical Systems with Emergent Collective Computational Abilities, Proceedings of
the National Academy of Sciences 79(8), 1982. https://doi.org/10.1073/pnas.79.8.2554
"""

import keras
from keras import ops

from zoo.layers.rules import add_rule
from zoo.registry import Recipe, Spec


@keras.saving.register_keras_serializable(package="zoo")
class HopfieldUnits(keras.layers.Layer):
    def __init__(self, rule="hebb", **kwargs):
        super().__init__(**kwargs)
        self.rule = rule

    def build(self, input_shape):
        n = input_shape[-1]
        self.w = self.add_weight(shape=(n, n), initializer="zeros", name="w")

    def call(self, x, training=None):
        n = self.w.shape[0]
        if training:
            change = ops.matmul(ops.transpose(x), x) / n * (1.0 - ops.eye(n))
            add_rule(self, [(self.w, change)], -0.5 * ops.mean(ops.sum(x * ops.matmul(x, self.w), axis=-1)))
            return x

        def sweep(s):
            h = ops.matmul(s, self.w)
            return ops.where(h > 0, 1.0, ops.where(h < 0, -1.0, s))

        return ops.fori_loop(0, 10, lambda _, s: sweep(s), x)

    def get_config(self):
        return {**super().get_config(), "rule": self.rule}


def energy(model, states):
    w = model.network.layers[-1].w
    s = ops.convert_to_tensor(states, "float32")
    return ops.convert_to_numpy(-0.5 * ops.sum(s * ops.matmul(s, w), axis=-1))


RECIPE = Recipe(
    data="random_patterns",
    preprocessing="raw",
    values=(-1.0, 1.0),
    optimizer="sgd",
    learning_rate=1.0,
    batch_size="full",
    epochs=1,
    validation=None,
    shuffle=False,
    attributes={"energy": energy},
)


def hopfield(spec: Spec, *, rule: str = "hebb") -> keras.Model:
    """Builds a Hopfield network.

    Args:
        spec: The inputs.
        rule: a rule.
    """
    inputs = spec.inputs()
    return keras.Model(inputs, HopfieldUnits(rule, name="units")(inputs["inputs"]), name="hopfield")
