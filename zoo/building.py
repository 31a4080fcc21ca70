"""`zoo.build`: a name and data to a compiled model with fresh weights, or a preset with its own."""

from __future__ import annotations

import contextlib
import dataclasses
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np
import pandas as pd

from zoo import automatic, entries, registry
from zoo.compiling import checked_options, compile_model, options_now, resolve_recipe, resolve_traits
from zoo.data import columns as kinds
from zoo.data.infer import infer
from zoo.data.names import absent
from zoo.data.preprocessing import Preprocessor
from zoo.data.raw import Data
from zoo.data.sampling import Sample
from zoo.data.schema import Schema
from zoo.data.sources import load as load_data
from zoo.data.targets import of_frame
from zoo.engine import objectives
from zoo.engine.networks import check_network
from zoo.engine.precision import keep_ends_in_float32, policy_for
from zoo.model import Model
from zoo.model_config import name_in_keras
from zoo.recipes import decision_of, encodings_now
from zoo.registry import Entry, Recipe, Spec, Traits
from zoo.tasks.task import Task


def build(
    name: str,
    data=None,
    *,
    target=None,
    schema: Schema | None = None,
    weights=None,
    image_size: int | Sequence[int] | None = None,
    seed: int = 0,
    quality: Literal["fast", "good", "best"] | None = None,
    **options,
) -> Model:
    """Builds a model by name, compiled, with fresh weights; or a preset with its own.

    Args:
        name: An entry's name, or a preset's such as `"image_mlp.mnist_10k"`. Or `"auto"`: the entry that docs/auto.md
            names for these data.
        data: Anything that `zoo.data.load` takes; None for the entry's own data set. The preprocessor's statistics
            come from its training rows.
        target: The target's column, or several as `["a", "b"]`; or its values beside a table, one or several a row.
        schema: A schema, or the path of one, instead of the inferred one.
        weights: A `.weights.h5` file of Keras, a `.keras` file of the zoo, a preset's name, or a model of the same
            shapes; else the entry's option of that name.
        image_size: `(height, width)` that all images are resized to, here and by the model.
        seed: Seed of the initial weights.
        quality: Of `"auto"`: `"fast"`, `"good"` or `"best"`; left out, `"good"`.
        **options: The builder's, see `zoo.info(name).options`.

    Returns:
        A compiled model.

    Raises:
        ValueError: if the name, an option or the target are unknown, or weights have other shapes.
    """
    how: dict[str, Any] = {"target": target, "schema": schema, "image_size": image_size}
    choice = automatic.choice_for(name, data, quality=quality, **how)
    if choice is not None:
        name, data, target, options = choice.entry, choice.data, choice.target, choice.with_options(options)
    entry = registry.resolve(name)
    if "." in name:
        return _build_preset(name, data, options if image_size is None else {**options, "image_size": image_size})
    registry.warn_renamed(name, entry)
    if "weights" in entry.options and weights is not None and not isinstance(weights, (str, Path, keras.Model)):
        options, weights = {**options, "weights": weights}, None  # a threshold unit's, by the paper
    options = checked_options(entry, options)
    recipe = resolve_recipe(entry, options)
    given = data is not None
    if not given and entry.learning == "none":
        preprocessor = None
    else:
        loaded = load_data(recipe.data_or(data, entry.name), target=target, schema=schema, image_size=image_size)
        task = task_for(entry, loaded)
        if "train" in loaded.splits:
            loaded = loaded.take(loaded.splits["train"])
        preprocessor = fit_preprocessor(entry, recipe, resolve_traits(entry, options), task, loaded)
    model = assemble(entry, preprocessor, options, seed=seed)
    if weights is not None:
        load_weights(model, weights)
    return model


def fit_preprocessor(
    entry: Entry, recipe: Recipe, traits: Traits, task: Task, data: Data, sample: Sample | None = None
) -> Preprocessor:
    """Returns the preprocessor of the recipe.

    Args:
        entry: The entry to build.
        recipe: Its recipe.
        traits: Its traits.
        task: What the model is to answer, as `task_for` picked it.
        data: Training rows; all of them give the statistics.
        sample: Of a stream, the rows that give the statistics instead.
    """
    supervised = task.supervised
    if supervised and data.target is None and data.y is None:
        is_array = kinds.the_array(data.schema.columns) is not None
        named = f"`target=` with a column's name: {', '.join(map(str, data.schema.names))}"
        lacking = absent(data.schema.target, data.column_names)
        said = f" The schema's target {lacking[0]!r} is no column of the data." if lacking else ""
        raise ValueError(f"{entry.name!r} needs a target.{said} Pass {'(x, y)' if is_array else named}.")
    if data.streaming and sample is None:
        sample = data.sample()
    x, y = (data.x, data.y) if sample is None else (sample, sample.frame[data.target] if supervised else None)
    frame = data.x if sample is None else sample.frame
    if isinstance(frame, pd.DataFrame) and not data.schema_given and (sample is not None or traits.keep_constants):
        table = data.frame() if sample is None else frame
        how: dict[str, Any] = {"known": data.known(), "hints": data.hints, "keep_constants": traits.keep_constants}
        schema = infer(table, data.target, ignore=data.ignore, **how)
        schema = _as_units(schema) if traits.keep_constants else schema
    else:
        schema = data.schema
    if supervised and (schema.task != task.name or sample is None):
        schema = task.described(schema, y)
    elif not supervised:
        y = y if task.learns_from_targets or recipe.targets else None
        recorded = y is not None or task.learns_from_targets  # built from inputs alone, it may yet be fitted
        schema = task.described(schema, y) if recorded else schema.without_target()
    if traits.values is not None:
        inputs = [kinds.kind_of(column).with_values(column, traits.values) for column in schema.columns]
        schema = dataclasses.replace(schema, columns=tuple(inputs))
    has_arrays = any(kinds.the_vector([column]) is not None for column in schema.columns)
    encodings = recipe.chosen_encodings
    if recipe.arrays and has_arrays:
        encodings = encodings_now(recipe.arrays, recipe.scaling)
    fields = ("feature_budget", "centred", "linear")
    return Preprocessor(schema, encodings, **{name: getattr(recipe, name) for name in fields}).fit(x, y)


def task_for(entry: Entry, data: Data, *, known: Task | None = None, sample: Sample | None = None) -> Task:
    """Returns what a model is to answer for data. Whoever loads data calls it once, and passes the task on.

    The task of a trained model stays, and so does the one that a schema names: a few rows of labels may be one-hot.
    Otherwise it is the first of the entry's tasks that suits the targets.

    Args:
        entry: The entry.
        data: All rows, before any are set aside.
        known: The task of a trained model, or None.
        sample: Of a stream, the rows whose targets are looked at, if others than its own sample.

    Raises:
        ValueError: if the schema names a task that the entry does not do, or the targets suit none.
    """
    tasks = [registry.load_task(name) for name in entry.tasks]
    if known is None and data.schema_given:
        known = _task_of_schema(entry, data.schema)
    y = data.y
    if data.streaming and data.targets:
        y = of_frame((sample or data.sample()).frame, data.targets)
    if y is None:
        return known or tasks[0]
    of_several = np.ndim(y) == 2 and np.shape(y)[1] > 1
    if known is not None and known.several and of_several:
        return known
    tasks = [known] if known is not None else tasks
    reasons = []
    for task in tasks:
        reason = task.suits(y)
        if not reason:
            return task
        reasons.append(reason)
    raise ValueError(next((why for why, task in zip(reasons, tasks) if task.several == of_several), reasons[0]))


def _task_of_schema(entry: Entry, schema: Schema) -> Task | None:
    """Returns the task that a given schema names; None where the targets are to choose among those of the entry.

    A task that the entry does not do is set aside where the schema may have been inferred with it.

    Raises:
        ValueError: if it does not do a task that somebody wrote.
    """
    if schema.task is None:
        return None
    task = registry.load_task(schema.task)
    if schema.task in entry.tasks:
        return task
    if task.is_inferred and len(schema.targets) < 2 or not registry.load_task(entry.task).supervised:
        return None
    others = registry.list_models(task=schema.task)
    such = f", or take a model that does it, such as {others[0]!r}" if others else ""
    raise ValueError(
        f"The schema's task must be one of {entry.name!r}: {', '.join(entry.tasks)}. Received: task={schema.task!r}. "
        f"Set it to null, by which the targets choose the task{such}."
    )


def _as_units(schema: Schema) -> Schema:
    """Returns a schema whose columns are encoded in their order: booleans beside numbers would stand behind them."""
    return dataclasses.replace(schema, columns=kinds.as_units(schema.columns))


def assemble(
    entry: Entry,
    preprocessor: Preprocessor | None,
    options: Mapping[str, Any],
    *,
    seed: int = 0,
    compiled: bool = True,
) -> Model:
    """Returns the model of an entry for a fitted preprocessor.

    Args:
        entry: The entry.
        preprocessor: Fitted. None where there is nothing to train and there are no data: the builder's options decide
            on the inputs.
        options: The builder's.
        seed: Of the initial weights.
        compiled: Whether it is compiled by the recipe; a training compiles it when the number of rows is known.
    """
    recipe, traits = resolve_recipe(entry, options), resolve_traits(entry, options)
    network = build_network(entry, preprocessor, options, seed=seed)
    if preprocessor is None:
        shape = [1 if size is None else size for size in network.inputs[0].shape[1:]]
        patterns = np.full((2, *shape), 0.0 if traits.values is None else traits.values[0], "float32")
        of_entry = registry.load_task(entry.task)
        preprocessor = fit_preprocessor(entry, recipe, traits, of_entry, load_data(patterns))
    task = registry.load_task(preprocessor.schema.task or entry.task)
    decision = task.activation(decision_of(recipe, traits), given="output_activation" in options)
    if recipe.linear and task.bounded(decision):
        raise ValueError(
            "`linear` must be False for values that end at bounds. Received: linear=True, output_activation="
            f"{decision!r}. Leave one of them out."
        )
    model = Model(
        network,
        entry=entry,
        preprocessor=preprocessor,
        options=options,
        decision=decision,
        counts=traits.counts,
        name=name_in_keras(entry.name),
    )
    objectives.begin(model, seed)
    if compiled:
        compile_model(model, recipe)
    return model


def build_network(
    entry: Entry, preprocessor: Preprocessor | None, options: Mapping[str, Any], *, seed: int = 0
) -> keras.Model:
    """Returns the network that an entry's builder makes for a fitted preprocessor, with fresh weights.

    Raises:
        TypeError: if the builder does not return a network.
        ValueError: if its inputs are not those of the spec, or its output has another shape than the task's.
    """
    sizes = {} if preprocessor is None else preprocessor.layout.sizes
    task, target = registry.load_task(entry.task), None
    if preprocessor is not None:
        task, target = registry.load_task(preprocessor.schema.task or entry.task), preprocessor.target
    shapes = task.outputs(target)
    outputs = shapes[0][-1] if isinstance(shapes[0][-1], int) else 1
    with seeded(seed), policy_for(entry):
        spec = Spec(task.name, outputs, seed=seed, **sizes)
        if preprocessor is not None:
            pairs = None if task.supervised else preprocessor.num_targets  # what is supervised has outputs for them
            spec = dataclasses.replace(spec, num_rows=preprocessor.num_rows, num_targets=pairs)
        network = entries.load_builder(entry)(spec, **{**entry.defaults, **options_now(entry, options)})
    own = {} if preprocessor is None else preprocessor.layout.own_tensors
    check_network(network, entry, task, shapes, spec, {name: column.name for name, column in own.items()})
    keep_ends_in_float32(network)
    return network


def load_weights(model: Model, weights) -> None:
    """Loads weights of the same shapes: a `.weights.h5` or `.keras` file, a preset's name, or another model.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if shapes differ; the message names the first.
    """
    if isinstance(weights, (str, Path)):
        path = Path(weights)
        if not path.exists():
            path = registry.preset_folder(str(weights)) or path
        path = path / "model.keras" if path.is_dir() else path
        if not path.is_file():
            raise FileNotFoundError(
                f"`weights` must be a weights file, a .keras file or a preset. There is no {str(weights)!r}."
            )
        if path.suffix != ".keras":
            try:
                model.load_weights(path)
            except Exception as error:
                raise ValueError(
                    f"The weights in {str(weights)!r} do not fit this {model.entry.name!r}: {error}"
                ) from error
            return
        import zoo

        weights = zoo.load(path)  # which inspects the file before anything of it is built
    ours, theirs = ([*model.weights, *[None] * len(weights.weights)], [*weights.weights, *[None] * len(model.weights)])
    for mine, other in zip(ours, theirs, strict=False):
        shapes = [None if variable is None else tuple(variable.shape) for variable in (mine, other)]
        if shapes[0] != shapes[1]:
            path = (mine if mine is not None else other).path
            raise ValueError(
                f"The weights do not fit: {path!r} must have the shape {shapes[0]}. Received: {shapes[1]}. Build with "
                "the data and the options of the model that the weights come from."
            )
    model.set_weights(weights.get_weights())


def _build_preset(name, data, options):
    if data is not None or options:
        raise ValueError(
            f"The preset {name!r} has its own data and options. Build it alone, zoo.build({name!r}), or build the "
            "entry "
            f"{name.partition('.')[0]!r} fresh."
        )
    import zoo

    return zoo.load(name)


@contextlib.contextmanager
def seeded(seed: int):
    """Seeds Python's and numpy's random states, from which Keras draws its seeds, and restores them."""
    states = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed % 2**32)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
