"""How a model is compiled and trained: its recipe and traits, with what the caller gave in their place."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zoo.compiling import compile_model, resolve_recipe, resolve_traits
from zoo.engine.refusals import check_rule, check_traits
from zoo.model import Model
from zoo.recipes import as_plain, listed
from zoo.registry import Entry, Recipe, Traits
from zoo.training.checking import check_choice, check_names, without_schedule
from zoo.training.solving import SOLVERS


class RecipeShare(float):
    """The default share of validation rows: it gives way to the recipe's own, a caller's 0.2 does not."""


DEFAULT_SHARE = RecipeShare(0.2)


@dataclasses.dataclass(frozen=True)
class Settings:
    """What a training follows.

    Args:
        recipe: The entry's recipe, with the fields that the caller or the options changed.
        traits: The entry's traits, with what options changed.
        options: The builder's options.
        optimizer: The caller's Keras optimizer or its name, or None.
        loss: The caller's loss, or None.
        learning_rate: The caller's learning rate, or None.
        class_weight: The caller's weights of classes, or None.
    """

    recipe: Recipe
    traits: Traits
    options: Mapping[str, Any]
    optimizer: Any = None
    loss: Any = None
    learning_rate: float | None = None
    class_weight: Any = None

    @property
    def has_own_optimizer(self) -> bool:
        """Whether the caller gave an optimizer rather than the name of one."""
        return self.optimizer is not None and not isinstance(self.optimizer, str)

    def compile(self, model: Model, *, rate: float = 1.0, copies: bool = False, **settings) -> None:
        """Compiles a model.

        Args:
            model: The model.
            rate: A factor of the learning rate.
            copies: Whether the caller's optimizer is copied: each of several compilations begins with a fresh one.
            **settings: As for `zoo.compiling.compile_model`: steps of the training, Keras's own.
        """
        compile_model(
            model,
            self.recipe,
            optimizer=copy_of(self.optimizer) if copies else self.optimizer,
            loss=self.loss,
            learning_rate=self._rate(rate),
            **settings,
        )

    def _rate(self, factor: float) -> float | None:
        """Returns the learning rate times a factor, or None for that of the recipe or of the optimizer."""
        if factor == 1.0:
            return self.learning_rate
        if self.learning_rate is not None:
            return self.learning_rate * factor
        return factor * (float(self.optimizer.learning_rate) if self.has_own_optimizer else self.recipe.learning_rate)

    def listed(self) -> dict[str, Any]:
        """Returns all of them in values that JSON holds, for a run's record."""
        fields = listed(self.recipe, self.traits)
        if self.optimizer is not None:
            fields["optimizer"] = as_plain(self.optimizer)
            fields["optimizer_options"] = {}
        if self.loss is not None:
            fields["loss"] = as_plain(self.loss)
        if self.class_weight is not None:
            fields["class_weight"] = as_plain(self.class_weight)
        return {**fields, "options": as_plain(self.options)}

    def check_streaming(self) -> None:
        """Raises ValueError for what needs all rows in memory."""
        if self.recipe.solver is not None:
            raise ValueError(
                f"`solver={self.recipe.solver!r}` needs all rows in memory. Pass `batch_size=1024` to train on a "
                "stream."
            )
        if self.recipe.batch_size == "full":
            raise ValueError("A full batch needs all rows in memory. Pass `batch_size=1024` to train on a stream.")
        if self.class_weight is not None:
            raise ValueError("`class_weight` is not known before a stream has been read. Give a column by `weight`.")


def resolve_settings(
    entry: Entry,
    options: Mapping[str, Any],
    *,
    optimizer=None,
    loss=None,
    learning_rate: float | None = None,
    epochs: int | None = None,
    batch_size: int | str | None = None,
    solver: str | None = None,
    class_weight=None,
    weight=None,
    callbacks: Sequence = (),
    verbose: int = 0,
) -> Settings:
    """Returns what a training of an entry follows; the arguments are those of `zoo.train`.

    Raises:
        TypeError: if the entry's traits cannot be trained yet.
        ValueError: if an argument is wrong, or the entry cannot follow it.
    """
    check_choice("solver", solver, (None, *SOLVERS))
    check_names(optimizer=optimizer, loss=loss)
    recipe = changed_recipe(resolve_recipe(entry, options), learning_rate, epochs, batch_size)
    traits = resolve_traits(entry, options)
    check_traits(entry, traits)
    check_rule(entry, recipe, solver=solver, loss=loss, weight=weight)
    if solver is not None or optimizer is not None or batch_size is not None:
        recipe = dataclasses.replace(recipe, solver=solver)  # an optimizer or a batch size takes the solver's place
    recipe = without_schedule(recipe, optimizer, callbacks, verbose)
    return Settings(recipe, traits, options, optimizer, loss, learning_rate, class_weight)


def changed_recipe(recipe: Recipe, learning_rate, epochs, batch_size) -> Recipe:
    """Returns a recipe with what the caller gave for its fields.

    Raises:
        ValueError: if one of them is wrong.
    """
    if batch_size is not None and batch_size != "full" and (not isinstance(batch_size, int) or batch_size < 1):
        raise ValueError(f"`batch_size` must be a positive integer or 'full'. Received: batch_size={batch_size!r}")
    if epochs is not None and (not isinstance(epochs, int) or epochs < 0):
        raise ValueError(f"`epochs` must be an integer, 0 or more. Received: epochs={epochs!r}")
    if learning_rate is not None and not isinstance(learning_rate, (int, float, np.integer, np.floating)):
        raise ValueError(
            f"`learning_rate` must be a number. Received: learning_rate={learning_rate!r}. Pass a schedule with an "
            "optimizer, `optimizer=keras.optimizers.Adam(schedule)`."
        )
    if learning_rate is not None and not (math.isfinite(learning_rate) and learning_rate > 0):
        raise ValueError(f"`learning_rate` must be positive and finite. Received: learning_rate={learning_rate!r}")
    least_steps = None if batch_size is None else 1
    changes = {
        "learning_rate": learning_rate,
        "epochs": epochs,
        "batch_size": batch_size,
        "least_steps": least_steps,
    }
    return dataclasses.replace(recipe, **{name: value for name, value in changes.items() if value is not None})


def copy_of(optimizer):
    """Returns a fresh optimizer of the same settings; None and names as they are."""
    if optimizer is None or isinstance(optimizer, str):
        return optimizer
    return optimizer.from_config(optimizer.get_config())
