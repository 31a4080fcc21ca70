"""Logistic regression (1958): class probabilities from one linear layer, at the maximum of the likelihood.

    two classes  p(1 | x) = 1 / (1 + exp(-(w . x + b)))        several  p(k | x) = softmax_k(W x + b)
    minimise     -(1/n) sum_i log p(y_i | x_i) + l2 |W|^2

D. R. Cox, The Regression Analysis of Binary Sequences, Journal of the Royal Statistical Society B 20(2), 1958.
https://doi.org/10.1111/j.2517-6161.1958.tb00292.x. With l2 = 1 / (2 n C) the optimum is that of scikit-learn's C; with
l2 = 0 that of its C = infinity. Separable classes have no maximum, and neither has a value, such as a rare level or a
word, that occurs with some classes alone: training says so.
"""

from collections.abc import Mapping

import keras

from zoo.layers.linear import linear_outputs
from zoo.layers.tabular import check_encodings
from zoo.registry import Recipe, Spec

RECIPE = Recipe(
    data="penguins",
    encodings="standard",
    decision="softmax",
    metrics=("accuracy",),
    solver="lbfgs",
    optimizer="adam",
    learning_rate=1e-2,
    batch_size="full",
    epochs=1000,
    validation=None,
    expect={"accuracy": 0.95},
)


def logistic_regression(spec: Spec, *, l2: float = 0.0, encodings: str | Mapping = "standard") -> keras.Model:
    """Builds a logistic regression.

    Args:
        spec: The inputs and outputs to build for.
        l2: Factor of the sum of squared weights in the loss; the bias is free.
        encodings: `"standard"`: numbers standardised, a weight for each level of a category; `"raw"`: columns as they
            are; or a dict by kind of column, such as `{"text": "ngrams"}`. `zoo.Model.coefficients` gives raw units
            either way.

    Returns:
        A network from encoded tensors to logits `(batch, num_outputs)`.

    Raises:
        ValueError: if `l2` is negative, or `encodings` are unknown.
    """
    if l2 < 0.0:
        raise ValueError(f"`l2` must not be negative. Received: l2={l2}")
    check_encodings(encodings, ("standard", "raw"))
    inputs = spec.inputs()
    return keras.Model(inputs, linear_outputs(spec, inputs, l2=l2), name="logistic_regression")
