"""Decides whether many models train as one program: what `zoo.engine.plan` is for one model.

A reason against it is given in words, which follow "for": the models then train one after another.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras

from zoo.engine import costs, keras_internals
from zoo.engine.members import narrow_inputs, own_rows
from zoo.engine.optimizers import GroupedAdamW
from zoo.engine.refusals import obstacle_of_steps
from zoo.layers import ensemble
from zoo.layers.nesting import layers_of
from zoo.recipes import decision_of
from zoo.registry import Entry, Recipe, Traits
from zoo.tasks.task import Task

# Optimizers that move each weight by itself.
ELEMENTWISE = ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Nadam", "Lion", "Ftrl")
MOST_BYTES = 2**30  # the most that the rows of all members, which are copied, may take


def obstacle_of_recipe(recipe: Recipe, traits: Traits, engine: str, entry: Entry, task: Task) -> str:
    """Returns why trainings of an entry cannot be one program, as far as its recipe and traits tell, or `""`.

    Args:
        recipe: The entry's recipe, as the caller changed it.
        traits: Its traits.
        engine: As for `zoo.engine.plan.plan`.
        entry: The entry.
        task: What its models answer.
    """
    if engine in ("keras", "xla"):
        return f"`engine={engine!r}` is asked for"
    if entry.learning == "rule":
        return "it learns by a rule, which stands in its layers"
    if recipe.solver is not None:
        return f"the solver {recipe.solver!r} trains"
    if traits.procedure is not None:
        return "a procedure of its own trains it"
    if why := obstacle_of_steps(traits):
        return why
    if traits.augmentation is not None:
        return "images are augmented"
    if recipe.stop_at is not None:
        return f"the recipe stops at a value of {recipe.stop_at[0]}"
    if task.bounded(decision_of(recipe, traits)):
        return "predictions are bounded by each fold's own targets"
    return ""


def obstacle_of_models(
    models: Sequence[keras.Model], rows: Sequence[tuple], *, batch_size: int, epochs: int, engine: str
) -> str:
    """Returns why models cannot, or should not, train as one program, or `""`.

    Args:
        models: Compiled models, each with a `network`.
        rows: For each, `(x, y, weight)`.
        batch_size: Rows of a step.
        epochs: The most epochs.
        engine: As for `zoo.engine.plan.plan`.
    """
    if ensemble.is_separable(models[0].network):
        return "each is an ensemble already"
    if keras.backend.backend() != "tensorflow":
        return f"Keras runs on {keras.backend.backend()}"
    if why := keras_internals.lacking(keras_internals.LOOP, keras_internals.SIDE_BY_SIDE):
        return why
    first = models[0]
    networks = [model.network for model in models]
    wide = networks[narrow_inputs.widest(networks)]
    if any(narrow_inputs.places(network, wide) is None for network in networks):
        return "their networks have different shapes"
    if getattr(first.optimizer, "fan_in_powers", None) and len({n.count_params() for n in networks}) > 1:
        return "the optimizer's learning rates depend on the numbers of their features"
    if len({-(-len(part[1]) // batch_size) for part in rows}) > 1:
        return "an epoch has different numbers of steps"
    size = sum(array.nbytes for part in rows for array in keras.tree.flatten(part))
    if size > MOST_BYTES:
        return f"their rows take {size / 2**30:.1f} GiB together"
    optimizer = first.optimizer
    if type(optimizer) not in [GroupedAdamW, *(getattr(keras.optimizers, name) for name in ELEMENTWISE)]:
        return f"{type(optimizer).__name__} looks at a whole variable at once"
    settings = ("clipnorm", "global_clipnorm", "use_ema", "gradient_accumulation_steps", "loss_scale_factor")
    if used := [name for name in settings if getattr(optimizer, name, None)]:
        return f"the optimizer's {used[0]} looks at a whole variable at once"
    if keras_internals.excludes_from_decay(optimizer):
        return "the optimizer's weight decay depends on the names of variables"
    if why := own_rows.obstacle(first.network):
        return why
    if any(isinstance(layer, costs.CONVOLUTIONS) for layer in layers_of(first.network)):
        return "convolutions are faster for one network at a time"
    is_small = costs.is_small(costs.training_flops(first, batch_size))
    sizes = {"rows": len(rows[0][1]), "batch_size": batch_size, "epochs": epochs}
    if engine == "auto" and not is_small and costs.xla_pays_off(first, **sizes):
        return "networks of this size train faster by XLA, which takes one at a time"
    return ""
