"""The multilayer perceptron (1986): layers of units between inputs and outputs, trained by back-propagation.

    h_0 = features(x);   h_l = phi(W_l h_{l-1} + b_l);   z = W h_L + b (+ V x + c)

D. E. Rumelhart, G. E. Hinton, R. J. Williams, Learning Representations by Back-propagating Errors, Nature 323, 1986.
https://doi.org/10.1038/323533a0. The features of a table are younger: see `zoo.layers.tabular`. So is the line
V x + c beside the hidden layers, which is solved before the training (ridge or logistic regression, the penalty by
cross-validation) and stands still: W and b begin at zero, and learn what a line does not explain. Where a line is the
answer, it is the answer of the network.
"""

from collections.abc import Mapping, Sequence

import keras

from zoo.layers.activations import activation as activation_layer
from zoo.layers.ensemble import ensemble as ensemble_of
from zoo.layers.hidden import checked_units
from zoo.layers.linear import solved_line
from zoo.layers.tabular import check_encodings, table_features
from zoo.registry import Recipe, Spec

NORMALIZATIONS = {"batch": keras.layers.BatchNormalization, "layer": keras.layers.LayerNormalization}


def dense_stack(x, *, hidden_units, activation, dropout, normalization, l2):
    """Returns `x` `(batch, features)` after the hidden layers: dense, normalization, activation, dropout."""
    units = checked_units(hidden_units, dropout)
    if l2 < 0.0:
        raise ValueError(f"`l2` must not be negative. Received: l2={l2}")
    if normalization not in (None, *NORMALIZATIONS):
        raise ValueError(f"`normalization` must be None, 'batch' or 'layer'. Received: normalization={normalization!r}")
    for i, unit in enumerate(units):
        penalty = keras.regularizers.L2(l2) if l2 else None
        x = keras.layers.Dense(unit, kernel_initializer="he_normal", kernel_regularizer=penalty, name=f"hidden_{i}")(x)
        if normalization:
            x = NORMALIZATIONS[normalization](name=f"normalization_{i}")(x)
        x = activation_layer(activation, name=f"activation_{i}")(x)
        if dropout:
            x = keras.layers.Dropout(dropout, name=f"dropout_{i}")(x)
    return x


RECIPES = {
    "mlp_classifier": Recipe(
        data="titanic",
        linear=True,
        decision="softmax",
        metrics=("accuracy",),
        optimizer="adamw",
        optimizer_options={"weight_decay": 0.02},
        learning_rate=1e-3,
        schedule="cosine",
        batch_size=256,
        least_steps=8,
        epochs=100,
        patience=16,
        expect={"accuracy": 0.77},
    ),
    "mlp_regressor": Recipe(
        data="california_housing",
        linear=True,
        by_option={"output_activation": {"sigmoid": {"linear": False}}},
        optimizer="adamw",
        optimizer_options={"weight_decay": 0.02},
        learning_rate=1e-3,
        schedule="cosine",
        batch_size=256,
        least_steps=8,
        epochs=100,
        patience=16,
        expect={"r2": 0.78},
    ),
}


def mlp(
    spec: Spec,
    *,
    hidden_units: Sequence[int] = (256, 256),
    activation: str = "relu",
    dropout: float = 0.25,
    normalization: str | None = None,
    l2: float = 0.0,
    embedding_size: int = 8,
    num_bins: int = 16,
    feature_budget: int = 1024,
    encodings: str | Mapping = "expanded",
    linear: bool = True,
    output_activation: str | None = "softmax",
    ensemble: int = 1,
) -> keras.Model:
    """Builds a multilayer perceptron for the classes, labels or numbers of a table.

    Args:
        spec: The inputs and outputs to build for.
        hidden_units: Units of each hidden layer.
        activation: A name of `zoo.layers.activations`, or one of Keras's.
        dropout: Share of hidden units dropped in training.
        normalization: None, `"batch"` or `"layer"`, before the activation.
        l2: Factor of the sum of squared hidden weights in the loss.
        embedding_size: Width of the vector learned for a level, for columns of more than 8 levels.
        num_bins: Bins of the piecewise linear encoding of a number's rank, unless `feature_budget` allows fewer.
        feature_budget: The most features that the ranks of all numbers are expanded to; None for no limit. Each column
            gets an equal number of bins; below two bins, numbers are only scaled.
        encodings: `"expanded"`: of a number its scaled value and the ramps of its rank; `"standard"`: its standardised
            value alone, of which a network with `activation="linear"` draws a straight line. Or a dict by kind of
            column: `{"text": "ngrams", "category": "target_means"}`.
        linear: Whether a line stands beside the hidden layers: a logistic regression, or for numbers a ridge
            regression, unless they end at bounds. `zoo.train` solves it before the network trains; in Keras's own `fit`
            it stays at 0.
        output_activation: Of classes `"softmax"`, `"sigmoid"` (one class against the rest, each by itself) or None
            (logits). Of numbers None; `"clip"`: answers are cut at the lowest and the highest target of training, which
            further trainings widen; or `"sigmoid"`: the network's values stay between those of the first training.
        ensemble: Networks that train side by side from initial weights of their own; the answer is the mean of their
            probabilities or values. Optimizers that look at whole variables (Lamb, clipnorm) see all of them as one.

    Returns:
        A network from encoded tensors to logits or standardised values `(batch, num_outputs)`; of members,
        `(batch, members, num_outputs)`.

    Raises:
        ValueError: if an option is out of its range.
    """
    check_encodings(encodings, ("expanded", "standard"))
    inputs = spec.inputs()
    line = solved_line(spec, inputs)
    x = table_features(inputs, spec, embedding_size=embedding_size, num_bins=num_bins)
    x = dense_stack(
        x, hidden_units=hidden_units, activation=activation, dropout=dropout, normalization=normalization, l2=l2
    )
    begin = "glorot_uniform" if line is None else "zeros"
    outputs = keras.layers.Dense(spec.num_outputs, kernel_initializer=begin, name="outputs")(x)
    if line is not None:
        outputs = keras.layers.Add(name="sum")([outputs, line])
    return ensemble_of(keras.Model(inputs, outputs, name="mlp"), ensemble)
