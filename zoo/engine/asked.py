"""What can be asked of a training: of entries that learn by a rule neither another loss, nor a solver, nor weights."""

from __future__ import annotations

from zoo.recipes import NOT_SERVED
from zoo.registry import SUPERVISED, Entry, Recipe, Traits


def check_asked(entry: Entry, recipe: Recipe, *, solver=None, loss=None, weight=None) -> None:
    """Raises ValueError for a setting that a rule cannot follow, and would leave aside in silence.

    Args:
        entry: The entry that is trained.
        recipe: Its recipe, with the options that stand above it.
        solver: The solver asked for.
        loss: The loss asked for.
        weight: The column of sample weights, or the weights.
    """
    if solver is not None and (entry.learning == "rule" or entry.task not in SUPERVISED):
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


def check_served(entry: Entry, traits: Traits) -> None:
    """Raises TypeError for traits that no training heeds yet, and would leave aside in silence."""
    if wanted := [name for name in NOT_SERVED if getattr(traits, name)]:
        raise TypeError(
            f"The traits of a model that is trained must be those that this version of the zoo serves. Received: "
            f"{wanted[0]!r} of {entry.name!r}. Leave it out of TRAITS, or train with a version that serves it."
        )


def weighs(entry: Entry, recipe: Recipe) -> bool:
    """Returns whether what a rule learns from targets heeds sample weights; without targets nothing does."""
    return entry.task in SUPERVISED or recipe.targets
