"""Widrow and Hoff's Adaline (1960), the delta rule: linear regression, learnt one step at a time.

    y = w . x + b;   w <- w + eta (t - y) x,  b <- b + eta (t - y)

B. Widrow, M. E. Hoff, Adaptive Switching Circuits, IRE WESCON Convention Record 4, 1960.
https://isl.stanford.edu/~widrow/papers/c1960adaptiveswitching.pdf. The rule is gradient descent on (t - y)^2 with the
learning rate eta / 2, so its optimum is least squares. `batch_size=1` is online, `"full"` offline: a step on the mean
over all rows. Columns and target are standardised, or one rate would not suit all weights.
"""

from collections.abc import Mapping

import keras

from zoo.layers.linear import linear_outputs
from zoo.layers.tabular import check_encodings
from zoo.registry import Recipe, Spec

RECIPE = Recipe(
    data="mpg",
    encodings="standard",
    optimizer="sgd",
    learning_rate=1e-2,
    schedule="cosine",
    batch_size=32,
    epochs=100,
    patience=20,
    expect={"r2": 0.78},
)


def linear_regression(spec: Spec, *, l2: float = 0.0, encodings: str | Mapping = "standard") -> keras.Model:
    """Builds a linear regression, its weights and bias zero.

    Args:
        spec: The inputs and outputs to build for.
        l2: Factor of the sum of squared weights in the loss; the bias is free.
        encodings: `"standard"`: numbers standardised, a weight for each level of a category; `"raw"`: columns as they
            are; or a dict by kind of column, such as `{"text": "ngrams"}`. `zoo.Model.coefficients` gives raw units
            either way.

    Returns:
        A network from encoded tensors to standardised values `(batch, num_outputs)`.

    Raises:
        ValueError: if `l2` is negative, or `encodings` are unknown.
    """
    check_encodings(encodings, ("standard", "raw"))
    inputs = spec.inputs()
    return keras.Model(inputs, linear_outputs(spec, inputs, l2=l2), name="linear_regression")
