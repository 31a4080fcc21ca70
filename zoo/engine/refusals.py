"""What an entry cannot be asked of a training, by its rule of learning or by its traits: refused by name, at the door.

An entry that learns by a rule has neither another loss, nor a solver, nor weights. Of an entry whose traits change what
a step does, nothing can be asked that would set those traits aside, or that has no such steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras

from zoo.recipes import IN_STEPS
from zoo.registry import Entry, Recipe, Traits, load_task


def check_rule(entry: Entry, recipe: Recipe, *, solver=None, loss=None, weight=None) -> None:
    """Raises ValueError for a setting that a rule cannot follow, and would leave aside in silence.

    Args:
        entry: The entry that is trained.
        recipe: Its recipe, with the options that stand above it.
        solver: The caller's solver, or None.
        loss: The caller's loss, or None.
        weight: The column of sample weights, or the weights.
    """
    if solver is not None and (entry.learning == "rule" or not load_task(entry.task).supervised):
        raise ValueError(
            f"`solver` is for networks that minimise a loss over rows; {entry.name!r} learns by a rule of its own. "
            f"Received: solver={solver!r}. Leave it out."
        )
    if entry.learning != "rule":
        return
    if loss is not None:
        raise ValueError(
            f"`loss` is for networks that learn by its gradient; {entry.name!r} learns by a rule of its own. Leave it "
            "out."
        )
    if weight is not None and not weighs(entry, recipe):
        raise ValueError(
            f"The rule of {entry.name!r} sees every row alike: it has no sample weights. Leave `weight` and "
            "`sample_weight` out, or repeat the rows that count for more."
        )


def check_traits(entry: Entry, traits: Traits) -> None:
    """Raises TypeError for traits that no training heeds on this backend."""
    if keras.backend.backend() == "torch" and (obstacle := obstacle_of_steps(traits)):
        raise TypeError(
            f"{entry.name!r} trains on the backends tensorflow and jax: {obstacle}. Received: torch. Set "
            "KERAS_BACKEND before the first import of Keras."
        )


def obstacle_of_steps(traits: Traits) -> str:
    """Returns which trait changes what a training step does, in words, or `""`: only a loop over one model has it."""
    found = [name for name in IN_STEPS if getattr(traits, name)]
    return f"the trait {found[0]!r} changes its steps" if found else ""


def check_steps(entry: Entry, traits: Traits, given: Mapping[str, object], *, setters: Sequence[str] = ()) -> None:
    """Raises ValueError for a setting that steps as the traits have them cannot follow, and would leave aside.

    Args:
        entry: The entry that is trained.
        traits: Its traits.
        given: What the caller gave for arguments of a training, by their names, and None where nothing was given.
        setters: The names of callbacks that set the learning rate.
    """
    refused: dict[str, str] = {}
    if traits.objective is not None or traits.players:
        refused |= dict.fromkeys(("loss", "solver"), "it learns by an objective")
    if traits.players:
        refused |= dict.fromkeys(("optimizer", "freeze"), "each of its players has an optimizer and layers")
    if traits.experience is not None:
        unknown = ("solver", "validation", "target", "groups", "time", "weight", "class_weight", "schema", "folds")
        refused |= dict.fromkeys((*unknown, "intervals", "threshold"), "its rows come from its own acts")
    elif traits.after_step is not None:
        refused["solver"] = "it has something to do after each step of an optimizer"
    if taken := [name for name in refused if given.get(name) is not None]:
        repair = "Pass `freeze=None`" if taken[0] == "freeze" else "Leave it out"
        raise ValueError(
            f"`{taken[0]}` cannot be asked of {entry.name!r}: {refused[taken[0]]}, as its traits say. Received: "
            f"{taken[0]}={given[taken[0]]!r}. {repair}."
        )
    if traits.players and setters:
        raise ValueError(
            f"{setters[0]} sets one learning rate; {entry.name!r} is trained by players, each with one of its own. "
            "Leave the callback out."
        )


def weighs(entry: Entry, recipe: Recipe) -> bool:
    """Returns whether what a rule learns from targets heeds sample weights; without targets nothing does."""
    return load_task(entry.task).supervised or recipe.targets
