"""TabM (2025): several members that share their layers, and answer together; small, and strong on tables.

    e_i = x_i u_i + v_i + P_i ramps(rank_i)    a learned vector of each number (`zoo.layers.number_embeddings`)
    h_m = r_m * [e, levels, ...]               the numbers r_m of member m scale the features; W, b below are shared
    h_m <- dropout(relu(W_l h_m + b_l))        l = 1 .. L
    z_m = A_m h_m + a_m (+ V x + c)            a head of each member; for every second one, the line
    loss = (1/k) sum_m loss(y, z_m),   p = (1/k) sum_m softmax(z_m) or y = (1/k) sum_m z_m

Y. Gorishniy, A. Kotelnikov, A. Babenko, TabM: Advancing Tabular Deep Learning with Parameter-Efficient Ensembling,
ICLR 2025. https://arxiv.org/abs/2410.24210. This is its form TabM-mini with piecewise linear embeddings, all members
seeing the same batches. It is smaller than the paper's: 16 members of 128 units where those have 32 of 512, without
clipped gradients, of which nothing was gained. The line V x + c beside the hidden layers is not in the paper: see
`zoo.models.mlp`. On some tables it is most of the answer, on others it harms. So every second member has it, and when a
training ends, its validation rows choose the members that stay, of which some may be the line alone.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import keras

from zoo.layers import best_members
from zoo.layers.feature_wise import NormalByFeature, Scale
from zoo.layers.hidden import checked_units
from zoo.layers.linear import line_of, line_outputs, solved_line
from zoo.layers.members import AddToMembers, BatchFirst, MemberDense, ZeroForEverySecond
from zoo.layers.number_embeddings import RankEmbedding
from zoo.layers.tabular import Levels, check_encodings
from zoo.registry import Recipe, Spec, Traits

SHARED = Recipe(
    linear=True,
    optimizer="grouped_adamw",
    optimizer_options={"weight_decay": 3e-4, "decay_factors": {"*/bias": 0.0}},
    learning_rate=3e-3,
    batch_size=256,
    least_steps=50,  # 32 rows a step up to 1,600 rows, 256 from 12,800 on: near the paper's batches
    epochs=100,
    least_validation=80,  # they choose the epoch, and the members
    patience=16,
)
RECIPES = {
    "tabm_classifier": dataclasses.replace(
        SHARED, data="titanic", decision="softmax", metrics=("accuracy",), expect={"accuracy": 0.77}
    ),
    "tabm_regressor": dataclasses.replace(
        SHARED,
        data="california_housing",
        by_option={"output_activation": {"sigmoid": {"linear": False}}},
        expect={"r2": 0.82},
    ),
}


def embedded(inputs: dict, spec: Spec, *, embedding_size: int, num_bins: int):
    """Returns the features of a table side by side `(batch, columns)`, and of each how many columns it has."""
    spec.refuse_sequences()
    parts = [inputs[name] for name in ("inputs", "numeric") if name in inputs]
    widths = [1] * sum(part.shape[-1] for part in parts)
    if "quantile" in inputs:
        bins = num_bins if spec.max_bins is None else min(num_bins, spec.max_bins)
        size = min(embedding_size, max(bins, 1))
        parts.append(RankEmbedding(size, bins, name="embedding")(inputs["quantile"]))
        widths += [size] * inputs["quantile"].shape[-1]
    if "categorical" in inputs:
        levels = Levels(spec.categorical_sizes, embedding_size, name="levels")
        parts.append(levels(inputs["categorical"]))
        widths += [levels.sizes[i] - 1 for i in levels.small] + [embedding_size] * len(levels.large)
    if "image" in inputs:
        pixels = keras.layers.Rescaling(1 / 255, name="pixels")(inputs["image"])
        parts.append(keras.layers.Flatten(name="flatten")(pixels))
        widths += [1] * parts[-1].shape[-1]
    if not parts:
        spec.refuse_tensors()
    features = keras.layers.Concatenate(name="features")(parts) if len(parts) > 1 else parts[0]
    return features, [width for width in widths if width]


def _uniform(width: int) -> dict:
    """Returns the initial weights of a dense layer behind so many columns, as PyTorch and the paper have them."""
    most = width**-0.5
    kernel, bias = (keras.initializers.RandomUniform(-most, most) for _ in range(2))
    return {"kernel_initializer": kernel, "bias_initializer": bias}


def keep_best_members(model, rows):
    """Returns the network of the `kept_members` whose mean answers validation rows best, its options, and a clause.

    Where a line stands beside the hidden layers, members may answer what it says alone.
    """
    kept, network = model.options.get("kept_members", model.entry.options["kept_members"]), model.network
    if kept is None or kept >= model.members or rows.y is None:
        return None
    line = None if line_of(network) is None else line_outputs(network, rows.x)
    chosen = best_members.greedy(rows.outputs(), kept, rows.loss, beside=line)
    others = [m for m in range(model.members) if m not in chosen]
    network = best_members.of_chosen(network, [*chosen, *others[: kept - len(chosen)]])
    if len(chosen) < kept:
        _leave_the_line_alone(network, range(len(chosen), kept))
    said = f"{kept} of {model.members} members kept, whose mean answers the validation rows best"
    if len(chosen) < kept:
        said += f", {kept - len(chosen)} of them the line alone"
    return network, {**model.options, "members": kept}, said


def _leave_the_line_alone(network: keras.Model, members: Sequence[int]) -> None:
    """Makes members of a network answer what the line beside the hidden layers answers."""
    for layer, value in ((network.get_layer("outputs"), 0.0), (network.get_layer("sum"), 1.0)):
        weights = layer.get_weights()
        for weight in weights:
            weight[list(members)] = value
        layer.set_weights(weights)


TRAITS = {name: Traits(finish=keep_best_members) for name in RECIPES}


def tabm(
    spec: Spec,
    *,
    members: int = 16,
    kept_members: int | None = 8,
    hidden_units: Sequence[int] = (128, 128),
    dropout: float = 0.1,
    embedding_size: int = 8,
    num_bins: int = 48,
    feature_budget: int = 1024,
    encodings: str | Mapping = "expanded",
    linear: bool = True,
    output_activation: str | None = "softmax",
) -> keras.Model:
    """Builds members that share their hidden layers.

    Args:
        spec: The inputs and outputs to build for.
        members: Networks that train together, two or more.
        kept_members: Those that stay when a training ends, chosen by validation rows; None, or more than there are, for
            all. They alone are saved, served and trained further.
        hidden_units: Units of each hidden layer.
        dropout: Share of hidden units dropped in training.
        embedding_size: Width of the vector learned for a number, and for a level of columns of more than 8 levels.
        num_bins: Bins of a number's rank, at whose edges its vector may bend, unless `feature_budget` allows fewer.
        feature_budget: The most bins of all numbers together; None for no limit. Each column gets an equal number;
            vectors are no wider than that number, and below two bins, numbers are only scaled.
        encodings: `"expanded"`, `"standard"` (numbers are standardised, without ranks), or a dict by kind of column,
            as for `mlp_classifier`.
        linear: Whether a line stands beside the hidden layers, for every second member: a logistic regression, or for
            numbers a ridge regression, unless they end at bounds. `zoo.train` solves it before the network trains; in
            Keras's own `fit` it stays at 0.
        output_activation: Of classes `"softmax"`, `"sigmoid"` (one class against the rest, each by itself) or None
            (logits). Of numbers None, or `"sigmoid"`: they stay between the lowest and the highest target of training.

    Returns:
        A network from encoded tensors to logits or standardised values `(batch, members, num_outputs)`.

    Raises:
        ValueError: if an option is out of its range.
    """
    units = checked_units(hidden_units, dropout, fewest=1)
    for name, count in (("members", members), ("kept_members", members if kept_members is None else kept_members)):
        if isinstance(count, bool) or not isinstance(count, int) or count < 2:
            raise ValueError(f"`{name}` must be an integer, 2 or more. Received: {name}={count}")
    check_encodings(encodings, ("expanded", "standard"))
    inputs = spec.inputs()
    line = solved_line(spec, inputs)
    features, widths = embedded(inputs, spec, embedding_size=embedding_size, num_bins=num_bins)
    x = Scale(members, NormalByFeature(widths, stddev=1.0), name="scale")(features)
    for i, unit in enumerate(units):
        x = keras.layers.Dense(unit, name=f"hidden_{i}", **_uniform(x.shape[-1]))(x)
        x = keras.layers.Activation("relu", name=f"activation_{i}")(x)
        if dropout:
            x = keras.layers.Dropout(dropout, name=f"dropout_{i}")(x)
    begin = _uniform(units[-1])["kernel_initializer"]
    begin = begin if line is None else ZeroForEverySecond(begin)  # zero beside the line
    outputs = MemberDense(members, spec.num_outputs, kernel_initializer=begin, name="outputs")(x)
    if line is not None:
        outputs = AddToMembers(members, name="sum")([outputs, line])
    return keras.Model(inputs, BatchFirst(name="members")(outputs), name="tabm")
