"""What stands beside a builder: how its entry trains when the caller says nothing.

    RECIPE = Recipe(data="and_gate", optimizer="sgd", learning_rate=1.0)    plain values alone, which a card lists
    TRAITS = Traits(loss=perceptron_loss, counts=(mistakes,))               the functions; left out where there are none

Of a module with several entries, `RECIPES` and `TRAITS` are dicts by the entries' names. Both classes are imported from
`zoo.registry`.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping
from numbers import Integral
from typing import Any, NamedTuple

from zoo import former_names

MOST_ROWS = 4096  # a step of a share of the rows
FEWEST_ROWS = 32  # a step of few rows
TRAITS_NOW = {  # former fields of a recipe: the traits that took their place
    **{name: f"{name}=..." for name in ("loss", "counts", "augmentation", "unreached", "jit", "values")},
    **{name: f"{name}=..." for name in ("keep_constants", "scores", "check", "start")},
    "attributes": "properties={...}, methods={...}",
}
IN_STEPS = ("objective", "players", "experience", "after_step")  # traits that change what a training step does
FORMER_ENCODINGS = ("preprocessing", "scaling")
UNLISTED = (*IN_STEPS, "respond", "finish", "procedure")  # traits that a card leaves out where an entry has none


def encodings_now(preprocessing: str | None, scaling: str | None) -> str:
    """Returns the `encodings` of what `preprocessing` and `scaling` were before."""
    if preprocessing not in (None, "tabular"):
        return preprocessing
    return "expanded" if scaling in (None, "quantile") else scaling


def _refuse_former_fields(names) -> None:
    """Raises TypeError for a name that was a field of `Recipe` and is one of `Traits` now, or none."""
    for name in names:
        if name in TRAITS_NOW:
            raise TypeError(
                f"`{name}` is not a field of Recipe, which holds plain values alone. Write TRAITS = "
                f"Traits({TRAITS_NOW[name]}) beside RECIPE; Traits is imported from zoo.registry."
            )
        if name == "monitor":
            raise TypeError(
                "`monitor` is not a field of Recipe: the best epoch is the one of the lowest val_loss. Leave it out."
            )


def _names_former_fields(cls):
    """Makes the constructor of a dataclass say where a former field is now; its signature stays."""
    init = cls.__init__

    @functools.wraps(init)
    def checked(self, *args, **fields):
        _refuse_former_fields(fields)
        init(self, *args, **fields)

    cls.__init__ = checked
    return cls


@_names_former_fields
@dataclasses.dataclass(frozen=True)
class Recipe:
    """How an entry trains when the caller says nothing: strings, numbers, and tuples and dicts of them.

    Args:
        data: Name of the data set that `build` and `train` take without data; None: they need data.
        encodings: How columns are encoded. `"standard"`: numbers with zero mean and unit variance, categories by their
            levels, dates on circles, texts by their words. `"expanded"`: the same, but for a number a robustly scaled
            value and its rank among the training rows, in [0, 1]. `"raw"`: numbers as they are and a 0/1 a level.
            `"image"`: pixels. Or a dict by kind of column, `{"text": ("words", "ngrams"), "category":
            "target_means"}`: a kind's encodings by their names (`Kind.encodings`), or `"standard"` or `"expanded"`.
            Kinds that the dict leaves out are encoded by `"expanded"`, or by what it has under the key `"others"`:
            `{"category": "target_means", "others": "standard"}`.
        arrays: `encodings` of one array of numbers, if they differ; an option `encodings` stands above both.
        feature_budget: The most features that the ranks of numbers are expanded to, summed over columns. Each column
            gets an equal number of bins; below two bins, numbers are only scaled. None: no limit.
        centred: Whether raw numbers whose spread float32 does not resolve, such as time stamps, are read less their
            middle: for networks whose answers are not in the units of their inputs.
        linear: Whether numbers are encoded a second time, standardised and not squashed, for a path that is linear and
            solved before the network trains (see `zoo.layers.linear`).
        decision: What turns network outputs into the model's: `"softmax"`, `"sigmoid"`, `"threshold"` or None. A
            function of one's own is `Traits.decision`. The builder option `output_activation`, where an entry has it,
            stands above both.
        reduction: `"mean"` or `"sum"` of the loss over a batch; the older papers sum.
        metrics: Keras metric names, on the model's outputs.
        optimizer: Name of a Keras optimizer, or `"grouped_adamw"`, whose learning rate and weight decay have factors
            for groups of weights (see `zoo.engine.optimizers`).
        optimizer_options: Its further arguments.
        learning_rate: Step size; the peak where there is a schedule. In Keras's own `fit`, which does not say how many
            steps there will be, it is constant, by `"coslog4"` a tenth of the peak.
        schedule: `"constant"`; or over all epochs `"cosine"` (down to 0 after a short warm-up), `"coslog4"` (four
            cycles from 0 to 0, each twice as long as the last) or `"flat_cos"` (down to 0 in the second half); or pairs
            `(share, factor)`: up to that share of the training, the rate times the factor.
        batch_size: Rows a step, or `"full"`; below 1.0, a share of the rows, of at most `MOST_ROWS`.
        steps_per_epoch: Steps of an epoch, of an entry whose rows come from its own acts (`Traits.experience`).
        least_steps: The fewest steps of an epoch: of few rows, batches are smaller, but have 32 rows or more. A
            `batch_size` that the caller gives stands above it.
        epochs: The most epochs of a run.
        shuffle: Whether rows are shuffled in each epoch.
        validation: Share of the rows held out to choose the best epoch by, the one of the lowest loss; or None.
        least_validation: The fewest rows that are held out: of few rows, a larger share than `validation`, but at most
            a third. A share that the caller gives stands above it.
        patience: Epochs without improvement after which a run stops, or None; or `(a, b)`: a and b times the number of
            the best epoch, so that a run stops after the epoch a + (1 + b) best.
        stop_at: `(metric, value)`: a run stops after the first epoch that reaches it.
        solver: None for the optimizer; `"lbfgs"` or `"newton"`, on all rows at once.
        targets: Whether an otherwise unsupervised entry accepts `(x, y)` with numeric targets y `(rows, outputs)`.
        by_option: Fields that an option's value changes: `{"rule": {"online": {"batch_size": 1}}}`.
        expect: The least that a training by this recipe reaches on the test rows that its data set ships, by the name
            of a score of `zoo.evaluate` of which more is better: `{"accuracy": 0.8}`.
        preprocessing: Former name of `encodings`, of which `"tabular"` with `scaling` was `"standard"` or
            `"expanded"`. It works, with a warning.
        scaling: Former part of `encodings`: `"standard"` or `"quantile"`, which is now `"expanded"`.
    """

    data: str | None = None
    encodings: str | Mapping[str, str | tuple[str, ...]] = "expanded"
    arrays: str | None = None
    feature_budget: int | None = None
    centred: bool = False
    linear: bool = False
    decision: str | None = None
    reduction: str = "mean"
    metrics: tuple[str, ...] = ()
    optimizer: str = "adam"
    optimizer_options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    learning_rate: float = 1e-3
    schedule: str | tuple[tuple[float, float], ...] = "constant"
    batch_size: int | float | str = 256
    steps_per_epoch: int = 100
    least_steps: int = 1
    epochs: int = 100
    shuffle: bool = True
    validation: float | None = 0.2
    least_validation: int = 0
    patience: int | tuple[int, float] | None = None
    stop_at: tuple[str, float] | None = None
    solver: str | None = None
    targets: bool = False
    by_option: Mapping[str, Mapping[Any, Mapping[str, Any]]] = dataclasses.field(default_factory=dict)
    expect: Mapping[str, float] = dataclasses.field(default_factory=dict)
    preprocessing: str | None = None
    scaling: str | None = None

    @property
    def chosen_encodings(self) -> str | Mapping[str, str | tuple[str, ...]]:
        """`encodings`, or what the former fields `preprocessing` and `scaling` say where they are given."""
        if self.preprocessing is None and self.scaling is None:
            return self.encodings
        return encodings_now(self.preprocessing, self.scaling)

    def rows_a_step(self, rows: int) -> int:
        """Returns how many of so many rows a step takes."""
        if self.batch_size == "full":
            return rows
        if isinstance(self.batch_size, float):
            return max(1, min(math.ceil(self.batch_size * rows), MOST_ROWS))
        size = int(self.batch_size)
        if self.least_steps > 1:
            size = min(size, max(FEWEST_ROWS, math.ceil(rows / self.least_steps)))
        return min(size, rows)

    def data_or(self, data, name: str):
        """Returns the data that were given, or else the name of the recipe's own.

        Args:
            data: What the caller gave, or None.
            name: The entry's name, for messages.

        Raises:
            ValueError: if there are neither.
        """
        if data is None and self.data is None:
            raise ValueError(f"{name!r} has no data set of its own. Pass `data`, and `target` with a column's name.")
        return self.data if data is None else data

    def check(self) -> None:
        """Raises TypeError if a field holds anything but plain values, or `by_option` changes what is no field."""
        for field in dataclasses.fields(self):
            if not _is_plain(value := getattr(self, field.name)):
                traits = ", ".join(trait.name for trait in dataclasses.fields(Traits))
                raise TypeError(
                    f"A recipe must hold strings, numbers, and tuples and dicts of them. Received: {field.name}="
                    f"{value!r}. Functions stand beside it, TRAITS = Traits(...), which takes: {traits}."
                )
        known = [field.name for field in dataclasses.fields(self)]
        fields = {name for name in FORMER_ENCODINGS if getattr(self, name) is not None}
        for changes in (changes for by_value in self.by_option.values() for changes in by_value.values()):
            _refuse_former_fields(changes)
            _check_fields("Recipe", changes, known)
            fields |= changes.keys() & set(FORMER_ENCODINGS)
        if fields:
            former_names.warn(
                f"The fields {' and '.join(sorted(fields))} of Recipe are now one, `encodings`. Write encodings="
                f"{self.chosen_encodings!r} in their place."
            )


class Player(NamedTuple):
    """One of several optimizers that train a network, each by an objective of its own. A plain tuple is as good.

    Args:
        name: Under which its loss is shown: `generator` as `generator_loss`.
        layers: Name of the layers whose weights it moves, or several names; layers inside layers count. `*` stands for
            any letters, as in `"generator_*"`. Each trainable weight belongs to one player.
        objective: As `Traits.objective`.
        optimizer: Name of a Keras optimizer; a dict of its name and arguments, `{"name": "adam", "beta_1": 0.5}`; or a
            function from a learning rate, which may be a schedule, to an optimizer. A rate that is not given is the
            recipe's, with its schedule.
        every: Steps from one of the player's to the next: at 1 it moves in each step, at 5 in the fifth, tenth, ...
    """

    name: str
    layers: str | tuple[str, ...]
    objective: Callable
    optimizer: str | Mapping[str, Any] | Callable = "adam"
    every: int = 1


@dataclasses.dataclass(frozen=True)
class Traits:
    """The functions beside a recipe, and what they say of the network. Every field may be left out.

    docs/extending.md says how `objective`, `players`, `after_step`, `experience`, `respond` and `procedure` are
    written.

    Args:
        loss: A function `(y_true, network_output) -> (batch,)`, or None for the one that suits the decision. Without
            targets `y_true` is the output itself, and None leaves the loss to `add_loss` (see `zoo.layers.rules`).
        counts: Functions `(y_true, network_output) -> (batch,)`, each summed over an epoch and shown under its name.
        decision: A function, registered with Keras, of network outputs, that returns the model's; in place of
            `Recipe.decision`.
        augmentation: A function `(images, seed) -> images` on uint8 batches, in training only.
        check: A function `(model, x, y)` of encoded training rows (numpy), called before a training; raises ValueError
            or warns.
        start: A function `(model, x, y)` of them, called before a training too: initial weights that come from data.
        unreached: A function `(model, x, y) -> str` of them, called where a run ends at its limit of epochs without
            having reached `Recipe.stop_at`: says why, in `run.stopped`.
        scores: Functions `(model, x, y)` of encoded rows (numpy), for `zoo.evaluate` and a run's metrics: each returns
            a number, shown under the function's name, or several by name.
        properties: Functions of the model, by name: `{"codebook": f}` is read as `model.codebook`.
        methods: Functions of the model and further arguments, by name: `{"energy": f}` is called as
            `model.energy(states)`.
        jit: Whether XLA compiles what the network computes, which makes loops of many small operations a hundred times
            as fast: `"inference"`: predictions; True: trainings too, Keras's `fit` among them.
        values: The only values that inputs may have, such as `(-1.0, 1.0)`; None for any finite ones.
        keep_constants: Whether columns of one value stay inputs: of networks whose columns are units, which answer a
            value for each column, or of weights that are given by column. For others they say nothing.
        by_option: Fields of the traits that an option's value changes, as in `Recipe.by_option`.
        objective: A function `(network, x, y, target, seed) -> (batch,)` in place of the loss, where that needs more
            than one output: masked inputs, noise, a bound on the likelihood, a temporal difference. `x` holds the
            encoded tensors by name, `y` the encoded targets or None, `target` what the model knows of them (a
            `zoo.tasks.task.Target`), `seed` two integers `(2,)` that follow from the run's seed and the step. It calls
            the network without `training`, which is then True in training and False on validation rows.
        respond: A function `(network, x, target) -> outputs` in place of `network(x)` where the model answers: a
            sampler, a beam search. `predict`, the served graph and its proof take it; training does not.
        players: `Player`s, of networks that more than one optimizer trains. They move in their order, and each sees
            what those before it moved in the same step.
        experience: A function `(environment, network, state, seed) -> (batch, state)`, whose batches of training rows
            come from the model's own acts; the state, a replay memory for one, is part of checkpoints.
        after_step: A function `(network, step)`, called after each step of the optimizer, of which the first is 1: a
            target network that follows slowly, weights that are clipped.
        finish: A function `(model, rows)` of validation rows (`zoo.training.finishing.HeldOut`), called where a
            training ends that held out rows in memory. It returns what takes the place of the trained network, the
            options by which the builder makes such a network, and what was changed as a clause for the run and the
            card, `(network, options, clause)`; or None where all stays.
        procedure: `"module:function"` of a function `(call) -> Learnt` (`zoo.training.procedures`), which trains a
            fresh model of the entry in place of one fit. A model that is there already is trained as any other network.
    """

    loss: Callable | None = None
    counts: tuple[Callable, ...] = ()
    decision: Callable | None = None
    augmentation: Callable | None = None
    check: Callable | None = None
    start: Callable | None = None
    unreached: Callable | None = None
    scores: tuple[Callable, ...] = ()
    properties: Mapping[str, Callable] = dataclasses.field(default_factory=dict)
    methods: Mapping[str, Callable] = dataclasses.field(default_factory=dict)
    jit: bool | str = False
    values: tuple[float, ...] | None = None
    keep_constants: bool = False
    by_option: Mapping[str, Mapping[Any, Mapping[str, Any]]] = dataclasses.field(default_factory=dict)
    objective: Callable | None = None
    respond: Callable | None = None
    players: tuple[Player, ...] = ()
    experience: Callable | None = None
    after_step: Callable | None = None
    finish: Callable | None = None
    procedure: str | None = None

    def __post_init__(self):
        if both := [name for name in self.properties if name in self.methods]:
            raise ValueError(
                f"A name must be a property or a method of the model. Received: {both[0]!r} in `properties` and in "
                "`methods`. Leave it out of one."
            )
        object.__setattr__(self, "players", _checked_players(self.players))
        if self.players and self.objective is not None:
            raise ValueError(
                "`objective` must be left out where there are players, each of which has its own. Received: "
                f"players={[player.name for player in self.players]}. Give it to a player, or leave `players` out."
            )
        known = [field.name for field in dataclasses.fields(self)]
        for changes in (changes for by_value in self.by_option.values() for changes in by_value.values()):
            _check_fields("Traits", changes, known)


def _checked_players(players) -> tuple[Player, ...]:
    """Returns players as such.

    Raises:
        ValueError: if one is no player, or two have one name.
    """
    found = tuple(player if isinstance(player, Player) else Player(*player) for player in players)
    for player in found:
        if not (callable(player.objective) and isinstance(player.every, int) and player.every >= 1):
            raise ValueError(
                "A player must be Player(name, layers, objective, optimizer, every), where `objective` is a function "
                f"and `every` an integer, 1 or more. Received: {player!r}."
            )
    if len({player.name for player in found}) < len(found):
        raise ValueError(
            f"Players must have different names. Received: {[player.name for player in found]}. Rename one."
        )
    return found


def _is_plain(value) -> bool:
    if isinstance(value, Mapping):
        return all(map(_is_plain, value)) and all(map(_is_plain, value.values()))
    if isinstance(value, (tuple, list)):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (str, int, float))


def _check_fields(owner: str, changes: Mapping[str, Any], known: list[str]) -> None:
    """Raises TypeError if `by_option` of a recipe or of traits changes what is no field of theirs."""
    for name in changes:
        if name not in known:
            raise TypeError(
                f"`by_option` must change fields of {owner}: {', '.join(known)}. Received: {name!r}. Repair the name."
            )


def changed_by_options(by_option: Mapping[str, Mapping[Any, Mapping[str, Any]]], options: Mapping[str, Any]) -> dict:
    """Returns the fields that the values of an entry's options change, with their values."""
    changed: dict[str, Any] = {}
    for name, changes_by_value in by_option.items():
        value = options[name]
        if isinstance(value, (str, int)) and value in changes_by_value:
            changed |= changes_by_value[value]
    return changed


def listed(recipe: Recipe, traits: Traits) -> dict[str, Any]:
    """Returns what a card lists of how a model was trained, in values that JSON holds: of functions, the names."""
    fields = {field.name: getattr(recipe, field.name) for field in dataclasses.fields(recipe)}
    del fields["expect"]  # of the recipe's own data, which a run may have others than
    for name in FORMER_ENCODINGS:
        del fields[name]
    fields["encodings"] = recipe.chosen_encodings
    own = {field.name: getattr(traits, field.name) for field in dataclasses.fields(traits)}
    own = {name: value for name, value in own.items() if name not in UNLISTED or value}
    if traits.experience is None:
        del fields["steps_per_epoch"]
    own["decision"] = decision_of(recipe, traits)
    own["by_option"] = _merged(recipe.by_option, traits.by_option)
    own["attributes"] = {**own.pop("properties"), **own.pop("methods")}
    return as_plain({**fields, **own, "monitor": "val_loss"})


def decision_of(recipe: Recipe, traits: Traits) -> str | Callable | None:
    """Returns what turns network outputs into the model's: the traits' function, or what the recipe names."""
    return recipe.decision if traits.decision is None else traits.decision


def as_plain(value):
    """Returns a value as JSON holds it: tuples as lists, functions and objects as their names."""
    if isinstance(value, Mapping):
        return {str(key): as_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_plain(item) for item in value]
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, Integral):  # of numpy
        return int(value)
    return getattr(value, "__name__", None) or type(value).__name__


def _merged(one: Mapping, other: Mapping) -> dict:
    """Returns two nested dicts in one."""
    merged = dict(one)
    for key, value in other.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merged(merged[key], value) if both else value
    return merged
