"""Rosenblatt's perceptron (1958): a threshold unit that moves its weights only when it is wrong.

    a = w . x + b,   the unit fires where a >= 0,   t = +1 where it should and -1 where it should not
    t a > 0   right: leave w and b alone
    t a <= 0  wrong: w <- w + eta t x,  b <- b + eta t

F. Rosenblatt, The Perceptron: A Probabilistic Model for Information Storage and Organization in the Brain,
Psychological Review 65(6), 1958. https://doi.org/10.1037/h0042519. Separable classes are learnt after at most
(R / gamma)^2 mistakes: A. B. J. Novikoff, On Convergence Proofs on Perceptrons, 1962. Others never are: M. Minsky,
S. Papert, Perceptrons, 1969. Of several classes each has a unit, which learns "this class or not".
"""

from collections.abc import Mapping

import keras
from keras import ops

from zoo.layers.linear import linear_outputs
from zoo.layers.separation import why_not_learnt
from zoo.layers.tabular import check_encodings
from zoo.registry import Recipe, Spec, Traits


def _margins(y_true, activation):
    """Returns t a `(batch, units)`: positive where a unit is right."""
    y = ops.reshape(ops.cast(y_true, "int32"), (-1,))
    if activation.shape[-1] == 1:
        y = ops.cast(ops.expand_dims(y, -1), activation.dtype)
    else:
        y = ops.one_hot(y, activation.shape[-1], dtype=activation.dtype)
    return (2.0 * y - 1.0) * activation  # {0, 1} -> {-1, +1}


@keras.saving.register_keras_serializable(package="zoo")
def perceptron_loss(y_true, activation):
    """Returns -t a where a unit is wrong and 0 where it is right, summed over units, per example.

    Args:
        y_true: Class indices `(batch,)`.
        activation: `(batch, 1)` for two classes, `(batch, classes)` for more.
    """
    margin = _margins(y_true, activation)
    # ops.relu(-margin) has gradient 0 at margin 0, and would never leave w = 0.
    return ops.sum(ops.where(margin <= 0.0, -margin, 0.0), axis=-1)


@keras.saving.register_keras_serializable(package="zoo")
def mistakes(y_true, activation):
    """Returns how many units are wrong, per example; a tie, a = 0, is wrong. Shapes as in `perceptron_loss`."""
    return ops.sum(ops.cast(_margins(y_true, activation) <= 0.0, activation.dtype), axis=-1)


RECIPE = Recipe(
    data="and_gate",
    encodings="raw",
    centred=True,
    decision="threshold",
    metrics=("accuracy",),
    optimizer="sgd",
    learning_rate=1.0,
    batch_size=1,
    epochs=1000,
    shuffle=False,
    validation=None,
    stop_at=("mistakes", 0),
)
TRAITS = Traits(loss=perceptron_loss, counts=(mistakes,), unreached=why_not_learnt)


def perceptron(spec: Spec, *, encodings: str | Mapping = "raw") -> keras.Model:
    """Builds a perceptron: a unit for two classes, one a class for more. Weights and biases are zero.

    Args:
        spec: The inputs and outputs to build for.
        encodings: `"raw"`: columns as they are, categories one-hot; `"standard"`: numbers standardised, which a table
            of unlike columns needs; or a dict by kind of column.

    Returns:
        A network from patterns `(batch, num_inputs)` to activations `(batch, num_outputs)`.

    Raises:
        ValueError: if `encodings` are unknown.
    """
    check_encodings(encodings, ("raw", "standard"))
    inputs = spec.inputs()
    return keras.Model(inputs, linear_outputs(spec, inputs), name="perceptron")
