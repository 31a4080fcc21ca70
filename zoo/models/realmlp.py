"""RealMLP (2024): a multilayer perceptron for tables whose defaults were tuned on many tables together.

    e_i = [x_i, V_i cos(2 pi w_i x_i + b_i) + c_i]         each number with linear functions of its cosines
    h_0 = s * [e, levels]                                  a factor for each feature, learned at six times the rate
    h_l = phi_a(W_l h_{l-1} + b_l),  phi_a(z) = z + a (phi(z) - z),  a learned for each unit
    z = W h_L + b (+ the solved line V x + c)

D. Holzmueller, L. Grinsztajn, I. Steinwart, Better by Default: Strong Pre-Tuned MLPs and Boosted Trees on Tabular Data,
NeurIPS 2024. https://arxiv.org/abs/2407.04491

Matrices learn as in the neural tangent parametrisation (`zoo.engine.optimizers`), and begin as the training rows say
(`zoo.layers.data_driven`). The rate runs through four cycles, weight decay and dropout fall in the second half. As its
authors do since 2025: the best epoch by the log loss, no smoothing of labels, Mish for classes too, a stop where the
best epoch is long past.
"""

from collections.abc import Mapping, Sequence

import keras

from zoo.layers import data_driven
from zoo.layers.ensemble import ensemble as ensemble_of
from zoo.layers.feature_wise import ParametricActivation, PeriodicNumbers, Scale
from zoo.layers.hidden import checked_units
from zoo.layers.linear import solved_line
from zoo.layers.scheduled_dropout import ScheduledDropout
from zoo.layers.tabular import Levels, check_encodings
from zoo.registry import Recipe, Spec, Traits


def begin(model, x, y) -> None:
    """Sets the initial weights of a fresh model from its training rows."""
    data_driven.initialise(model.network, x)


def features(inputs, spec: Spec, *, embedding_size: int, frequencies: int, sigma: float, budget: int):
    """Returns one tensor `(batch, features)` of the encoded tensors of a table, each feature with a scale."""
    spec.refuse_sequences()
    parts = {name: inputs[name] for name in ("inputs", "numeric") if name in inputs}
    if "quantile" in inputs:
        parts["ranks"] = keras.layers.Rescaling(12**0.5, offset=-(3**0.5), name="centred_ranks")(inputs["quantile"])
    width = sum(tensor.shape[-1] for tensor in parts.values())
    if frequencies and (budget is None or 4 * width <= budget):
        for name, tensor in parts.items():
            parts[name] = PeriodicNumbers(frequencies, 4, sigma, name=f"embedded_{name}")(tensor)
    if "categorical" in inputs:
        levels = Levels(spec.categorical_sizes, embedding_size, deviation=1.0, name="levels")
        parts["levels"] = levels(inputs["categorical"])
    if "image" in inputs:
        pixels = keras.layers.Rescaling(1 / 255, name="pixels")(inputs["image"])
        parts["image"] = keras.layers.Flatten(name="flatten")(pixels)
    if not parts:
        spec.refuse_tensors()
    scaled = [Scale(name=f"scale_{name}")(tensor) for name, tensor in parts.items()]
    return keras.layers.Concatenate(name="features")(scaled) if len(scaled) > 1 else scaled[0]


OPTIMIZER = {
    "beta_2": 0.95,
    "epsilon": 1e-8,
    "weight_decay": 0.02,
    "decay_schedule": "flat_cos",
    "rate_factors": {"scale_*/*": 6.0, "embedded_*/*": 0.1, "activation_*/*": 0.1, "*/bias": 0.1},
    # The authors' code decays by the square of a factor: 36 times as much for the scales.
    "decay_factors": {"scale_*/*": 6.0, "embedded_*/*": 0.1, "activation_*/*": 0.1, "*/bias": 0.0},
    "fan_in_powers": {"embedded_*/*": 0.0, "levels/*": 0.0, "*/kernel": -0.5},
}
RECIPES = {
    "realmlp_classifier": Recipe(
        data="titanic",
        linear=True,
        decision="softmax",
        metrics=("accuracy",),
        optimizer="grouped_adamw",
        optimizer_options=OPTIMIZER,
        learning_rate=0.04,
        schedule="coslog4",
        batch_size=256,
        least_steps=8,
        epochs=128,
        patience=(40, 2.0),
        expect={"accuracy": 0.77},
    ),
    "realmlp_regressor": Recipe(
        data="california_housing",
        linear=True,
        by_option={"output_activation": {"sigmoid": {"linear": False}}},
        optimizer="grouped_adamw",
        optimizer_options=OPTIMIZER,
        learning_rate=0.2,
        schedule="coslog4",
        batch_size=256,
        least_steps=8,
        epochs=128,
        patience=(40, 2.0),
        expect={"r2": 0.78},
    ),
}
TRAITS = {name: Traits(start=begin) for name in RECIPES}


def realmlp(
    spec: Spec,
    *,
    hidden_units: Sequence[int] = (256, 256, 256),
    activation: str = "mish",
    dropout: float = 0.15,
    embedding_size: int = 8,
    frequencies: int = 16,
    sigma: float = 0.5,
    ranks: bool = True,
    feature_budget: int = 1024,
    encodings: str | Mapping = "expanded",
    linear: bool = True,
    output_activation: str | None = "softmax",
    ensemble: int = 1,
) -> keras.Model:
    """Builds a RealMLP for the classes, labels or numbers of a table.

    `zoo.train` has the learning rate follow its schedule. Keras's own `fit` does not know the steps to come: there the
    rate is constant, a tenth of the peak, and so is the weight decay. Set `model.optimizer.learning_rate` for another.

    Args:
        spec: The inputs and outputs to build for.
        hidden_units: Units of each hidden layer.
        activation: A name of `zoo.layers.activations`, or one of Keras's: phi, towards which each unit's own share of
            it moves.
        dropout: Share of hidden units dropped in the first half of the training; it falls to 0 in the second.
        embedding_size: Width of the vector learned for a level, for columns of more than 8 levels.
        frequencies: Cosines of a number; 0: numbers stay as they are.
        sigma: Deviation of the initial frequencies.
        ranks: Whether numbers are taken a second time, as their ranks among the training rows.
        feature_budget: The most features that all numbers become, four each; above it they stay as they are.
        encodings: `"expanded"`, `"standard"` (numbers are standardised, without ranks), or a dict by kind of column,
            as for `mlp_classifier`.
        linear: Whether a line stands beside the hidden layers: a logistic regression, or for numbers a ridge
            regression, unless they end at bounds. `zoo.train` solves it before the network trains; in Keras's own `fit`
            it stays at 0.
        output_activation: Of classes `"softmax"`, `"sigmoid"` (one class against the rest, each by itself) or None
            (logits). Of numbers None; `"clip"`: answers are cut at the lowest and the highest target of training, which
            further trainings widen; or `"sigmoid"`: the network's values stay between those of the first training.
        ensemble: Networks that train side by side from initial weights of their own; the answer is the mean of their
            probabilities or values.

    Returns:
        A network from encoded tensors to logits or standardised values `(batch, num_outputs)`; of members,
        `(batch, members, num_outputs)`.

    Raises:
        ValueError: if an option is out of its range.
    """
    units = checked_units(hidden_units, dropout)
    check_encodings(encodings, ("expanded", "standard"))
    inputs = spec.inputs()
    line = solved_line(spec, inputs)
    inputs = inputs if ranks else {name: tensor for name, tensor in inputs.items() if name != "quantile"}
    x = features(
        inputs, spec, embedding_size=embedding_size, frequencies=frequencies, sigma=sigma, budget=feature_budget
    )
    for i, unit in enumerate(units):
        x = keras.layers.Dense(unit, kernel_initializer="lecun_normal", name=f"hidden_{i}")(x)
        x = ParametricActivation(activation, name=f"activation_{i}")(x)
        if dropout:
            x = ScheduledDropout(dropout, name=f"dropout_{i}")(x)
    initial = "lecun_normal" if line is None else "zeros"
    outputs = keras.layers.Dense(spec.num_outputs, kernel_initializer=initial, name="outputs")(x)
    if line is not None:
        outputs = keras.layers.Add(name="sum")([outputs, line])
    return ensemble_of(keras.Model(inputs, outputs, name="realmlp"), ensemble)
