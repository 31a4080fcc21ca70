"""Back-propagation as published (1986): the net that finds mirror symmetry, and "exclusive or".

    x_j = sum_i y_i w_ji + b_j,  y_j = 1 / (1 + e^-x_j)         E = 1/2 sum_cases sum_j (y_j - d_j)^2
    dw(t) = -eps dE/dw + alpha dw(t - 1)                        after each sweep through all cases

    symmetry  6-2-1, 64 cases, eps 0.1, alpha 0.9: the paper took 1,425 sweeps, and its weights are antisymmetric
              about the middle, in the ratio 1 : 2 : 4, with opposite signs in the two hidden units
    xor       2-2-1, 4 cases, eps 0.5, alpha 0.9: a few hundred sweeps

D. E. Rumelhart, G. E. Hinton, R. J. Williams, Learning Representations by Back-propagating Errors, Nature 323, 1986.
https://doi.org/10.1038/323533a0. The descent may stay on a plateau: of the seeds 0 to 19, 16 learn symmetry within
5,000 sweeps (788 to 3,700, median 1,555), 13 of them in the ratio 1 : 2 : 4 and 3 in 2 : 3 : 4, which tells the eight
halves apart as well; the other 4 answer "not symmetric" to all. All 20 learn "exclusive or" (265 to 2,814 sweeps,
median 546).
"""

import keras
import numpy as np
from keras import ops

from zoo.registry import Recipe, Spec, Traits

INITIAL = 0.3  # initial weights and biases are uniform in -0.3 to 0.3 (figure 1)
DRAWS = {"symmetry": 1986, "xor": 323}  # which numbers a seed means
LEARNT = 0.1  # an output is learnt within so much of 0 or 1
PROBLEMS = {
    "symmetry": {"data": "symmetry", "learning_rate": 0.1},
    "xor": {"data": "xor_gate", "learning_rate": 0.5},
}


def _outputs_and_targets(y_true, x):
    """Returns y and d `(batch, units)` of class indices and of what the output units sum up."""
    d = ops.reshape(ops.cast(y_true, "int32"), (-1,))
    if x.shape[-1] == 1:
        d = ops.cast(ops.expand_dims(d, -1), x.dtype)  # (batch,) -> (batch, 1)
    else:
        d = ops.one_hot(d, x.shape[-1], dtype=x.dtype)
    return ops.sigmoid(x), d


@keras.saving.register_keras_serializable(package="zoo")
def half_squared_error(y_true, x):
    """Returns 1/2 sum_j (y_j - d_j)^2, per example.

    Args:
        y_true: Class indices `(batch,)`.
        x: What the output units sum up, `(batch, 1)` for two classes, `(batch, classes)` for more.
    """
    y, d = _outputs_and_targets(y_true, x)
    return 0.5 * ops.sum(ops.square(y - d), axis=-1)


@keras.saving.register_keras_serializable(package="zoo")
def misses(y_true, x):
    """Returns how many outputs are more than 0.1 away from what they should be, per example. Shapes as above."""
    y, d = _outputs_and_targets(y_true, x)
    return ops.sum(ops.cast(ops.abs(y - d) > LEARNT, x.dtype), axis=-1)


RECIPE = Recipe(
    data="symmetry",
    encodings="raw",
    centred=True,
    decision="sigmoid",
    reduction="sum",
    metrics=("accuracy",),
    optimizer="sgd",
    optimizer_options={"momentum": 0.9},
    learning_rate=0.1,
    batch_size="full",
    epochs=5000,
    shuffle=False,
    validation=None,
    stop_at=("misses", 0),
    by_option={"problem": PROBLEMS},
)
TRAITS = Traits(loss=half_squared_error, counts=(misses,))


def backprop_1986(spec: Spec, *, problem: str = "symmetry", hidden_units: int = 2) -> keras.Model:
    """Builds the layered net of 1986, its weights and biases uniform in -0.3 to 0.3 by the seed.

    Args:
        spec: The inputs and outputs to build for.
        problem: `"symmetry"` or `"xor"`: the data that it trains on where none are given, and the step size eps, 0.1
            or 0.5.
        hidden_units: Logistic units between inputs and outputs.

    Returns:
        A network from `(batch, num_inputs)` to what the output units sum up, `(batch, num_outputs)`; their logistic
        function is the model's answer.

    Raises:
        ValueError: if the problem is unknown, or there is no hidden unit.
    """
    if problem not in PROBLEMS:
        raise ValueError(f"`problem` must be one of {', '.join(map(repr, PROBLEMS))}. Received: problem={problem!r}")
    if not isinstance(hidden_units, int) or isinstance(hidden_units, bool) or hidden_units < 1:
        raise ValueError(
            f"`hidden_units` must be a positive integer: without such units no net learns {problem}. Received: "
            f"hidden_units={hidden_units!r}"
        )
    if spec.num_inputs is None or spec.sequences:
        raise ValueError(
            "The nets of 1986 take an array (rows, inputs) of numbers. Received: images, sequences or columns of other "
            "kinds. Flatten images, x.reshape(len(x), -1) / 255., or take 'mlp_classifier' or 'image_mlp'."
        )
    inputs = spec.inputs()
    hidden = keras.layers.Dense(hidden_units, activation="sigmoid", name="hidden")(inputs["inputs"])
    network = keras.Model(inputs, keras.layers.Dense(spec.num_outputs, name="outputs")(hidden), name="backprop_1986")
    # By numpy, so that a seed means the same weights on every backend of Keras.
    generator = np.random.default_rng([DRAWS[problem], spec.seed])
    network.set_weights([generator.uniform(-INITIAL, INITIAL, weight.shape) for weight in network.weights])
    return network
