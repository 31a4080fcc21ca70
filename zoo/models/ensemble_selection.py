"""Ensemble selection (2004): networks of several kinds, trained on folds, that answer together by chosen weights.

    p = sum_c w_c (1/B) sum_b p_cb       configuration c, trained on all folds but b;  w_c >= 0, sum_c w_c = 1
    w_c = how often c was picked:        S_{j+1} = S_j + {argmin_c loss(mean of S_j and c)}, on out-of-fold answers

R. Caruana, A. Niculescu-Mizil, G. Crew, A. Ksikes, Ensemble Selection from Libraries of Models, ICML 2004.
https://doi.org/10.1145/1015330.1015432

Their library held two thousand models, chosen by a hold-out set. Here it holds a few configurations that err in
different ways, and the hold-out rows are those of the folds (as in R. Caruana, A. Munson, A. Niculescu-Mizil, Getting
the Most Out of Ensemble Selection, ICDM 2006): each row is answered by networks that were not trained on it.
`zoo.training.committee` trains and weighs them. What comes of it is one network, of layers as any other's.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from numbers import Integral
from typing import Any

import keras

from zoo import entries, registry
from zoo.engine import keras_internals
from zoo.layers.known_levels import KnownLevels
from zoo.layers.linear import solved_line
from zoo.layers.pool import WeightedPool
from zoo.models import mlp, realmlp, tabm
from zoo.registry import Entry, Recipe, Spec, Traits

MOST_BAGS = 50
MANY_BAGS = 5
BUILDERS = (mlp, realmlp, tabm)  # whose layers a saved committee has: with them here, it loads in any process


@dataclasses.dataclass(frozen=True)
class Configuration:
    """One kind of network of a committee.

    Args:
        entries: Names of entries; the first that does the committee's task builds the network, and its recipe trains
            it.
        options: Of that entry's builder: what the committee consists of.
        few_bags: Options by which the networks are trained in their place where there are fewer than `MANY_BAGS`, and
            each must be as good as can be; what such a training keeps is a network of `options`.
        is_line: Whether it is the line beside the hidden layers of such a network, and nothing else.
    """

    entries: tuple[str, ...]
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    few_bags: Mapping[str, Any] | None = None
    is_line: bool = False

    def training_options(self, bags: int) -> Mapping[str, Any]:
        """Returns the options of the entry's builder in training, for the number of bags."""
        return self.options if self.few_bags is None or bags >= MANY_BAGS else self.few_bags

    def entry(self, task: str) -> Entry:
        """Returns the entry that trains the networks, for the name of a task.

        Raises:
            ValueError: if none of the entries does the task.
        """
        found = (registry.info(name) for name in self.entries)
        entry = next((entry for entry in found if task in entry.tasks), None)
        if entry is None:
            raise ValueError(
                f"A configuration of a committee must do its task. Received: {task!r}, which none of "
                f"{', '.join(self.entries)} does. Leave the configuration out of `members`."
            )
        return entry


CONFIGURATIONS = {
    "tabm": Configuration(("tabm_classifier", "tabm_regressor"), {"members": 8, "kept_members": None}, few_bags={}),
    "realmlp": Configuration(("realmlp_classifier", "realmlp_regressor")),
    "mlp": Configuration(("mlp_classifier", "mlp_regressor")),
    "linear": Configuration(("mlp_classifier", "mlp_regressor"), is_line=True),
}
SHARED = Recipe(
    linear=True,
    optimizer="adamw",
    learning_rate=3e-4,  # of further trainings, in which all networks move together
    batch_size=256,
    least_steps=8,
    epochs=100,
    patience=16,
)
RECIPES = {
    "committee_classifier": dataclasses.replace(
        SHARED, data="titanic", decision="softmax", metrics=("accuracy",), expect={"accuracy": 0.77}
    ),
    "committee_regressor": dataclasses.replace(
        SHARED,
        data="california_housing",
        by_option={"output_activation": {"sigmoid": {"linear": False}}},
        expect={"r2": 0.82},
    ),
}
TRAITS = {name: Traits(procedure="zoo.training.committee:train_committee") for name in RECIPES}


def checked_members(members: Sequence[str]) -> tuple[str, ...]:
    """Returns the names of configurations.

    Raises:
        ValueError: if they are no names, there is none, one is unknown, or one stands there twice.
    """
    if not isinstance(members, Iterable):
        raise ValueError(
            f"`members` must be names of configurations: {', '.join(CONFIGURATIONS)}. Received: members={members!r}. "
            "`bags` says how many networks each has."
        )
    names = (members,) if isinstance(members, str) else tuple(members)
    if unknown := [name for name in names if not isinstance(name, str) or name not in CONFIGURATIONS]:
        raise ValueError(
            f"`members` must be names of configurations: {', '.join(CONFIGURATIONS)}. Received: {unknown[0]!r}."
            f"{registry.suggest(str(unknown[0]), CONFIGURATIONS)}"
        )
    if not names or len(set(names)) < len(names):
        raise ValueError(
            f"`members` must be one configuration or several, each once. Received: members={names}. `bags` says how "
            "many networks each has."
        )
    return names


def check_bags(bags) -> None:
    """Raises ValueError if `bags` is neither None nor an integer from 1 to `MOST_BAGS`."""
    is_integer = isinstance(bags, Integral) and not isinstance(bags, bool)
    if bags is not None and not (is_integer and 1 <= int(bags) <= MOST_BAGS):
        raise ValueError(
            f"`bags` must be an integer from 1 to {MOST_BAGS}, or None. Received: bags={bags!r}. It says how "
            "many networks each configuration has."
        )


def network_of(name: str, spec: Spec) -> keras.Model | None:
    """Returns the network of a configuration, with fresh weights; None of a line where none may be.

    Args:
        name: The configuration's.
        spec: What is built for.
    """
    configuration = CONFIGURATIONS[name]
    if configuration.is_line:
        inputs = spec.inputs()
        line = solved_line(spec, inputs)
        return None if line is None else keras.Model(inputs, line, name=name)
    entry = configuration.entry(spec.task)
    return entries.load_builder(entry)(spec, **{**entry.defaults, **configuration.options})


def prefix_of(name: str, bag: int) -> str:
    """Returns how the names of a network's layers begin in the committee."""
    return f"{name}_{bag}_"


def _outputs_of(network: keras.Model, inputs: Mapping[str, keras.KerasTensor], prefix: str) -> keras.KerasTensor:
    """Returns what a network gives for tensors of another graph, by layers like its own, whose weights are fresh."""
    made: dict[int, keras.layers.Layer] = {}

    def like(layer):
        if not isinstance(layer, keras.layers.Layer):
            return layer
        if id(layer) not in made:
            made[id(layer)] = type(layer).from_config({**layer.get_config(), "name": f"{prefix}{layer.name}"})
        return made[id(layer)]

    taken = [inputs[tensor.name] for tensor in network.inputs]
    return keras.tree.flatten(keras_internals.run_graph(network, taken, like))[0]


def _networks(spec: Spec, names: Sequence[str], bags: int) -> Iterator[tuple[str, int, keras.Model]]:
    for name in names:
        for bag in range(bags):
            network = network_of(name, spec)
            if network is not None:
                yield name, bag, network


def checked_weights(weights, names: Sequence[str]) -> tuple[float, ...]:
    """Returns the weight of each configuration.

    Raises:
        ValueError: if there is not one for each.
    """
    found = (1.0,) * len(names) if weights is None else tuple(weights)
    if len(found) != len(names):
        raise ValueError(
            f"`weights` must have a number for each of the configurations {', '.join(names)}. Received: "
            f"weights={weights!r}."
        )
    return found


def committee(
    spec: Spec,
    *,
    members: Sequence[str] = ("tabm", "realmlp", "mlp", "linear"),
    bags: int | None = None,
    weights: Sequence[float] | None = None,
    output_activation: str | None = "softmax",
) -> keras.Model:
    """Builds networks of several configurations side by side, which answer together.

    `zoo.train` of the entry's name trains each on its folds and weighs them. A model that `zoo.build` made, or that was
    trained before, is trained as one network.

    Args:
        spec: The inputs and outputs to build for.
        members: Names of configurations (`CONFIGURATIONS`). After a training, those whose weight is not zero.
        bags: Networks of each configuration, from 1 to 50: a training has as many folds, each held out from one of
            them. None: by the number of rows; built without a training, 1.
        weights: A weight for each configuration, which its networks share; None: equal ones. A training chooses them.
        output_activation: Of classes `"softmax"`, `"sigmoid"` (one class against the rest, each by itself) or None
            (logits). Of numbers None; `"clip"`: answers are cut at the lowest and the highest target of training, which
            further trainings widen; or `"sigmoid"`: they stay between those of the first training.

    Returns:
        A network from encoded tensors to logits or standardised values `(batch, num_outputs)`.

    Raises:
        ValueError: if an option is out of its range, or no configuration can be built for the inputs.
    """
    names = checked_members(members)
    check_bags(bags)
    weight_of = dict(zip(names, checked_weights(weights, names), strict=True))
    inputs = spec.inputs()

    @functools.cache
    def seen_by(bag: int) -> dict[str, keras.KerasTensor]:
        if "categorical" not in inputs:
            return inputs
        known = KnownLevels(spec.categorical_sizes, name=f"known_levels_{bag}")
        return {**inputs, "categorical": known(inputs["categorical"])}

    outputs, shares = [], []
    for name, bag, network in _networks(spec, names, bags or 1):
        outputs.append(_outputs_of(network, seen_by(bag), prefix_of(name, bag)))
        shares.append(weight_of[name])
    if not outputs:
        raise ValueError(
            f"`members` must have a configuration that takes the columns. Received: members={names}. A line alone is "
            "for tables whose answers do not end at bounds; add 'mlp'."
        )
    task = registry.load_task(spec.task)
    mean = task.mean_of(task.activation(output_activation, given=False))
    return keras.Model(inputs, WeightedPool(shares, mean, name="outputs")(outputs), name="committee")
