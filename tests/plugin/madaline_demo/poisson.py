"""Poisson regression: a linear layer whose exponential is the rate of a count.

    log(rate / mean) = w . x + b

J. A. Nelder and R. W. M. Wedderburn, Generalized Linear Models, Journal of the Royal Statistical Society A 135(3),
1972. https://doi.org/10.2307/2344614
"""

import keras

from zoo.layers.linear import linear_outputs
from zoo.registry import Recipe, Spec

RECIPE = Recipe(encodings="standard", solver="lbfgs", learning_rate=1e-2, batch_size=32, epochs=200, validation=None)


def poisson(spec: Spec, *, l2: float = 0.0) -> keras.Model:
    """Builds a Poisson regression.

    Args:
        spec: The inputs and outputs to build for.
        l2: Factor of the sum of squared weights in the loss; the bias is free.

    Returns:
        A network from encoded columns to the logarithms of rates, as shares of the mean, `(batch, num_outputs)`.
    """
    inputs = spec.inputs()
    return keras.Model(inputs, linear_outputs(spec, inputs, l2=l2), name="poisson")
