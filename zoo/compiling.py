"""How a recipe, with what options change in it, compiles a model."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import keras

from zoo import entries, registry
from zoo.data import augmentation
from zoo.engine import objectives, players
from zoo.engine.schedules import scheduled
from zoo.layers.losses import NetworkLoss
from zoo.recipes import changed_by_options
from zoo.registry import Entry, Recipe, Traits

if TYPE_CHECKING:
    from zoo.model import Model

FITTED = ("preprocessing", "scaling", "feature_budget", "linear")  # builders' options passed to the preprocessor


def resolve_recipe(entry: Entry, options: Mapping[str, Any]) -> Recipe:
    """Returns the entry's recipe, with what options change in it; an option of a field's name stands above others."""
    recipe = entries.load_recipe(entry)
    known = {**entry.options, **options}
    by_value = changed_by_options(recipe.by_option, known)
    asked = {**{name: value for name, value in entry.options.items() if name not in by_value}, **options}
    changes = {name: asked[name] for name in FITTED if asked.get(name) is not None}
    if not recipe.linear:  # an entry without a line may have an option of that name, for something else
        changes.pop("linear", None)
    if "preprocessing" in changes:
        changes["arrays"] = None
    if "output_activation" in known:
        changes["decision"] = known["output_activation"]
    return dataclasses.replace(recipe, **{**by_value, **changes})


def resolve_traits(entry: Entry, options: Mapping[str, Any]) -> Traits:
    """Returns the entry's traits, with what options change in them."""
    traits = entries.load_traits(entry)
    changes: dict[str, Any] = {"decision": None} if "output_activation" in entry.options else {}
    if traits.by_option:
        changes |= changed_by_options(traits.by_option, {**entry.options, **options})
    if "augmentation" in options:
        own = changes.get("augmentation", traits.augmentation)
        changes["augmentation"] = augmentation.of_option(options["augmentation"], own)
    return dataclasses.replace(traits, **changes) if changes else traits


def check_options(entry: Entry, options: Mapping[str, Any]) -> None:
    """Raises ValueError if the entry's builder has no such option."""
    for name in options:
        if name not in entry.options:
            raise ValueError(
                f"Unknown option {name!r} of {entry.name!r}.{registry.suggest(name, entry.options)} "
                f"It has: {', '.join(entry.options) or 'none'}."
            )


def compile_model(
    model: Model, recipe: Recipe, *, optimizer=None, loss=None, learning_rate=None, total_steps=None, **kwargs
) -> None:
    """Compiles a model as its recipe says, or with the optimizer and loss given."""
    traits = model.traits
    if traits.players:
        optimizer = players.optimizer_of(model, traits.players, recipe, learning_rate, total_steps)
    elif optimizer is None or isinstance(optimizer, str):
        options = dict(recipe.optimizer_options) if optimizer in (None, recipe.optimizer) else {}
        rate = recipe.learning_rate if learning_rate is None else learning_rate
        rate = scheduled(rate, recipe.schedule, total_steps)
        name = optimizer or recipe.optimizer
        # Keras numbers optimizers, and TensorFlow keeps 30 KB for each name that a variable ever had.
        config = {"learning_rate": rate, "name": name.lower(), **options}
        optimizer = keras.optimizers.get({"class_name": name, "config": config})
    elif learning_rate is not None:
        optimizer.learning_rate = learning_rate
    if loss is None and not objectives.trains(traits):
        function = traits.loss or model.task.loss(model.decision)
        reduction = {"mean": "sum_over_batch_size", "sum": "sum"}[recipe.reduction]
        if function is None and model.task.supervised:
            raise TypeError(
                f"The task {model.task.name!r} of {model.entry.name!r} must have a loss. Received: none. Return one "
                "from `loss` of the task, or name one in TRAITS."
            )
        loss = NetworkLoss(function, reduction=reduction) if function else None
    backend = keras.backend.backend()
    kwargs.setdefault("jit_compile", backend == "jax" or (traits.jit is True and backend != "torch"))
    if backend == "torch":
        kwargs.pop("steps_per_execution", None)  # Keras takes 1 alone there
    metrics = model.task.metrics(recipe.metrics)
    if objectives.trains(traits):
        metrics = metrics or None  # of an empty list Keras has no result before a forward pass
    model.compile(optimizer=optimizer, loss=loss, metrics=metrics, **kwargs)
