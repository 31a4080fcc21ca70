"""Rosenblatt's perceptron (1958): a threshold unit that moves its weights only when it is wrong.

    a = w . x + b,  t = +1 or -1
    t a > 0   right: leave w and b alone
    t a <= 0  wrong: w <- w + eta t x,  b <- b + eta t          (a tie is wrong)

F. Rosenblatt, The Perceptron: A Probabilistic Model for Information Storage and Organization in the Brain, Psychological
Review 65(6), 1958. https://doi.org/10.1037/h0042519. It converges if the classes are separable, after at most
(R / gamma)^2 mistakes: A. B. J. Novikoff, On Convergence Proofs for Perceptrons, Symposium on the Mathematical Theory of
Automata 12, 1962. Where they are not, it never does: M. Minsky, S. Papert, Perceptrons, 1969.
"""

import keras
from keras import ops

from zoo.layers.linear import linear_outputs
from zoo.registry import Recipe, Spec


def _margins(y_true, activation):
    """Returns t a of each unit `(batch, units)`: one unit for two classes, one a class for more."""
    y = ops.reshape(ops.cast(y_true, "int32"), (-1,))
    if activation.shape[-1] == 1:
        own = ops.cast(y, activation.dtype)[:, None]
    else:
        own = ops.one_hot(y, activation.shape[-1], dtype=activation.dtype)
    return (2.0 * own - 1.0) * activation  # {0, 1} -> {-1, +1}


@keras.saving.register_keras_serializable(package="zoo")
def perceptron_loss(y_true, activation):
    """Returns -t a summed over the units that are wrong, per example. Its gradient step is Rosenblatt's rule.

    Args:
        y_true: Class indices `(batch,)`.
        activation: `(batch, units)`.
    """
    margins = _margins(y_true, activation)
    # ops.relu(-margins) has gradient 0 at margin 0, and would never leave w = 0.
    return ops.sum(ops.where(margins <= 0.0, -margins, 0.0), axis=-1)


@keras.saving.register_keras_serializable(package="zoo")
def mistakes(y_true, activation):
    """Returns the number of units that are wrong, per example. Arguments as for `perceptron_loss`."""
    return ops.sum(ops.cast(_margins(y_true, activation) <= 0.0, "float32"), axis=-1)


RECIPE = Recipe(
    data="and_gate",
    preprocessing="raw",
    decision="threshold",
    loss=perceptron_loss,
    metrics=(),
    counts=(mistakes,),
    optimizer="sgd",
    learning_rate=1.0,
    batch_size=1,
    shuffle=False,
    epochs=1000,
    validation=None,
    stop_at=("mistakes", 0),
)


def perceptron(spec: Spec) -> keras.Model:
    """Builds a perceptron: one unit for two classes, one a class for more. Weights start at 0.

    Args:
        spec: The inputs and outputs to build for.

    Returns:
        A network from patterns `(batch, num_inputs)` to activations `(batch, num_outputs)`.
    """
    inputs = spec.inputs()
    return keras.Model(inputs, linear_outputs(spec, inputs), name="perceptron")
