"""Linear regression by the delta rule (1960): Widrow and Hoff's Adaline, a linear unit that descends its squared error.

    y = w . x + b;   w <- w + eta (t - y) x,  b <- b + eta (t - y)

B. Widrow, M. E. Hoff, Adaptive Switching Circuits, IRE WESCON Convention Record 4, 1960. Offline, online and
mini-batch are `batch_size="full"`, 1 and n; the optimum of all three is least squares. The rule is SGD on half the
squared error; the factor 1/2 is in the learning rate. Columns and target are standardised, and `coefficients` gives raw
units.
"""

import keras

from zoo.layers.linear import linear_outputs
from zoo.registry import Recipe, Spec

RECIPE = Recipe(
    data="mpg",
    preprocessing="tabular",
    scaling="standard",
    optimizer="sgd",
    learning_rate=0.01,
    schedule="cosine",
    batch_size=32,
    epochs=100,
    patience=20,
)


def linear_regression(spec: Spec, *, l2: float = 0.0, preprocessing: str = "tabular") -> keras.Model:
    """Builds a linear unit. Weights start at 0.

    Args:
        spec: The inputs and outputs to build for.
        l2: Factor of the sum of squared weights in the loss; the bias is free.
        preprocessing: `"tabular"`: numbers standardised, a weight for each level of a category; or `"raw"`: columns as
            they are.

    Returns:
        A network from encoded tensors to standardised values `(batch, 1)`.

    Raises:
        ValueError: if `l2` is negative, or `preprocessing` is neither.
    """
    if preprocessing not in ("tabular", "raw"):
        raise ValueError(f"`preprocessing` must be 'tabular' or 'raw'. Received: preprocessing={preprocessing!r}")
    inputs = spec.inputs()
    return keras.Model(inputs, linear_outputs(spec, inputs, l2=l2), name="linear_regression")
