"""When two models train by the same compiled function."""

from __future__ import annotations

import json
from collections.abc import Hashable

from zoo import notices
from zoo.engine import keras_internals
from zoo.engine.refusals import obstacle_of_steps
from zoo.engine.schedules import StepSchedule
from zoo.layers.nesting import layers_of
from zoo.model import Model
from zoo.recipes import decision_of
from zoo.registry import Recipe


@notices.importing()
def structure(model: Model, recipe: Recipe, loss=None, *, statistics: bool = True) -> Hashable | None:
    """Returns what a compiled training depends on beside the values of variables; None where that is not known.

    Two models of one structure have the same network, task, decision, optimizer but for its rate, loss, metrics and,
    for a regression, target statistics.

    Args:
        model: Compiled.
        recipe: By which it was.
        loss: The caller's own.
        statistics: Whether it uses those of a regression's target.
    """
    if obstacle_of_steps(model.traits):  # functions that may hold anything
        return None
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)  # of Keras's LossScaleOptimizer
    settings = {**optimizer.get_config(), "name": None}
    rate = keras_internals.learning_rate_of(optimizer)
    if isinstance(rate, StepSchedule):  # its peak and steps are variables
        settings["learning_rate"] = [type(rate).__name__, {**rate.get_config(), "peak": None, "steps": None}]
    elif hasattr(rate, "assign"):
        settings["learning_rate"] = type(rate).__name__
    if "total_steps" in settings:  # a variable, as the numbers of schedules are
        settings["total_steps"] = settings["total_steps"] is not None
    try:
        plain = json.dumps(
            [
                model.network.get_config(),
                [layer.trainable for layer in (model.network, *layers_of(model.network))],
                None if callable(model.decision) else model.decision,
                model.entry.name,
                model.task.name,
                settings,
                model.target.constants if statistics else None,
            ],
            default=float,
        )
    except (TypeError, ValueError, NotImplementedError):  # a layer without a config, or one that JSON does not have
        return None
    traits = model.traits
    own = traits.loss if loss is None else loss
    types = (type(model.optimizer), type(optimizer))
    key = (plain, types, own, decision_of(recipe, traits), traits.counts, tuple(recipe.metrics))
    try:
        hash(key)
    except TypeError:
        return None
    return key
