"""`zoo.fine_tune`: a trained model goes on with other data: adapted to them, then trained from its weights."""

from __future__ import annotations

import inspect
import math

from zoo import registry
from zoo.artifacts.adapting import adapted_to, image_size_of
from zoo.data import doubts
from zoo.data.sources import load as load_data
from zoo.data.target_columns import beside
from zoo.engine.workers.devices import place
from zoo.registry import Recipe
from zoo.run import Run
from zoo.training.resolving import AnyModel, resolve
from zoo.training.trainer import train

ADAPTING = ("classes", "columns", "image_size")
NOT_OF_MODELS = ("target", "freeze", "schema", "quality")  # parameters of `zoo.train` that are no options here
FEW_IMAGES = 500  # a fifth of fewer cannot tell epochs apart: all of them are trained on
LEAST_STEPS = 5_000


def fine_tune(model: AnyModel, data, *, target=None, freeze: str | int | None = "head_first", **options) -> Run:
    """Trains a trained model on other data. The given model stays as it is.

    Statistics of the preprocessor are kept, but for the ends at which `output_activation="clip"` cuts answers: they
    widen to the targets of the new rows. The run's card tells which model it began from. With few images an epoch is
    few steps, and augmentation shows others in each: unless given, `batch_size` and `epochs` are such that there are at
    least 5,000 steps, and of fewer than 500 images none are held out.

    Args:
        model: A `zoo.Model`, a `Run`, an artifact's folder, an exported version, a `.keras` file or a preset's name.
        data: Anything that `zoo.data.load` takes.
        target: The target's column, if its name is another than in training; of several, a list in the same order.
        freeze: `"head_first"`: the last layer with weights, then every layer at a tenth of the rate; `"body"`: the last
            layer alone; `"none"`: every layer; or the number of the lowest layers that stand still.
        **options: `classes`, `columns` and `image_size` as `zoo.adapt` takes them; `linear="refit"`, by which the line
            beside the hidden layers is solved again from these rows (of a committee all lines); what else `zoo.train`
            takes.

    Returns:
        A run, as of `zoo.train`.

    Raises:
        TypeError: if the model learns from its own acts, in an environment.
        ValueError: as `zoo.adapt` and `zoo.train`, or if an option is unknown.
    """
    parameters = inspect.signature(train).parameters.values()
    known = [parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]
    known = [*ADAPTING, "linear", *(name for name in known if name not in (*ADAPTING, *NOT_OF_MODELS))]
    for name in options:
        if name not in known:
            raise ValueError(
                f"Unknown option {name!r}.{registry.suggest(name, known)} `fine_tune` takes: {', '.join(known)}."
            )
    data, target = beside(data, target)
    place(options.get("devices", "auto"))  # workers are joined before a model is loaded
    how = {name: options.pop(name) for name in ADAPTING if name in options}
    ignore = options.pop("ignore", ())
    hidden = [ignore] if isinstance(ignore, str) else list(ignore)
    hidden += [options[name] for name in ("groups", "weight") if options.get(name) is not None]
    given = resolve(model)
    if given.model.traits.experience is not None:
        raise TypeError(
            f"{given.model.entry.name!r} learns from its own acts, in an environment that cannot change it. Call "
            "zoo.train(model, environment), which goes on from its weights."
        )
    schema = given.model.schema
    with doubts.collected() as doubtful:
        size = image_size_of(given.model, how.get("image_size"))
        loaded = load_data(data, target=schema.target if target is None else target, ignore=hidden, image_size=size)
        doubtful.discard((*schema.names, options.get("time")))  # the model has said what they are, or the caller
    adapted = adapted_to(given, loaded, target=target, seed=options.get("seed", 0), **how)
    if adapted.traits.augmentation is not None:
        options = {**_for_few_images(adapted.recipe, len(loaded.splits.get("train", loaded))), **options}
    return train(adapted, loaded, target=target, freeze=freeze, **options)


def _for_few_images(recipe: Recipe, rows: int) -> dict:
    """Returns settings of a training on this many images; none where the recipe's epochs are steps enough."""
    size = max(8, min(recipe.rows_a_step(rows), rows // 12))
    epochs = math.ceil(LEAST_STEPS / math.ceil(rows / size))
    if epochs <= recipe.epochs:
        return {}
    settings = {"batch_size": size, "epochs": epochs}
    return settings if rows >= FEW_IMAGES else {**settings, "validation": None}
