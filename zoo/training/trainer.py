"""`zoo.train`: raw rows to a trained model, as the entry's recipe says or as the caller does."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import time as clock
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from pathlib import Path
from typing import Any, Literal

import numpy as np

from zoo import registry
from zoo.building import assemble, fit_preprocessor, seeded
from zoo.compiling import check_options, compile_model, resolve_recipe, resolve_traits
from zoo.data import pipelines
from zoo.data.names import absent
from zoo.data.pipelines import Encoded
from zoo.data.schema import Schema
from zoo.data.sources import beside
from zoo.engine import driver, experience, fitting, freezing, interruption, objectives
from zoo.engine.asked import check_asked, check_served, check_steps, obstacle_of_steps
from zoo.engine.checkpoints import identifying
from zoo.engine.draws import seed_layers
from zoo.engine.fitting import Fitted
from zoo.engine.freezing import Phase
from zoo.engine.precision import MIXED, check_precision, computes_in_half
from zoo.engine.schedules import callbacks_that_set_rates
from zoo.engine.workers import devices as engine_devices
from zoo.engine.workers import following
from zoo.layers.linear import line_of
from zoo.model import Model
from zoo.recipes import as_plain, listed
from zoo.registry import Entry, Recipe, Traits
from zoo.run import Run
from zoo.training import line, scoring, solving
from zoo.training.checking import check_names, check_seed, checked_callbacks, without_schedule
from zoo.training.parts import Parts, load_parts
from zoo.training.resolving import resolve_model
from zoo.training.rows import fingerprint_of, rows_in_memory, rows_of_a_stream
from zoo.training.structure import structure


class _RecipeShare(float):
    """The default share of validation rows: it gives way to the recipe's own, a caller's 0.2 does not."""


_DEFAULT_SHARE = _RecipeShare(0.2)


def train(
    model,
    data=None,
    *,
    target=None,
    validation: float | Any | None = _DEFAULT_SHARE,
    schema: Schema | str | os.PathLike | None = None,
    groups: str | None = None,
    time: str | None = None,
    weight: str | None = None,
    class_weight: Literal["balanced"] | Mapping[Any, float] | None = None,
    optimizer=None,
    loss=None,
    learning_rate: float | None = None,
    epochs: int | None = None,
    batch_size: int | str | None = None,
    solver: Literal["lbfgs", "newton"] | None = None,
    freeze: str | int | None = None,
    seed: int = 0,
    callbacks: Iterable = (),
    devices: str | int | Sequence[str] = "auto",
    checkpoint: str | os.PathLike | None = None,
    engine: Literal["auto", "fused", "xla", "keras"] = "auto",
    verbose: int = 1,
    ignore: str | Iterable = (),
    image_size: int | Sequence[int] | None = None,
    **options,
) -> Run:
    """Trains a model: a name is built fresh, anything else goes on from its weights.

    Under `keras.config.set_dtype_policy("mixed_bfloat16")` classifiers and regressors train in half precision, which
    pays off on GPUs; their heads and weights, predictions and exports are float32.

    Args:
        model: An entry's name, a `zoo.Model`, a `Run`, an artifact's folder or a preset's name.
        data: Anything that `zoo.data.load` takes; None for the recipe's own data set.
        target: The target's column, or several as `["a", "b"]`; or its values beside a table, one or several a row.
        validation: Share of the rows to hold out, data to choose the best epoch by, or None. Left out, it is the
            recipe's share, or the validation rows that the data set ships.
        schema: A schema, or the path of one, instead of the inferred one.
        groups: A column whose equal values stay on one side of the split; it is no input.
        time: A column by which the last rows are held out; it stays an input.
        weight: A column of sample weights; it is no input.
        class_weight: `"balanced"`, by which all classes have the same sum of weights, or a factor for each class.
        optimizer: A Keras optimizer or its name, instead of the recipe's.
        loss: A Keras loss on the model's outputs, instead of the recipe's. A function of one's own needs
            `@keras.saving.register_keras_serializable()` for a saved model to load compiled.
        learning_rate: Instead of the recipe's.
        epochs: The most epochs (steps of a solver), instead of the recipe's.
        batch_size: Rows a step, or `"full"`, instead of the recipe's.
        solver: `"lbfgs"`: full-batch L-BFGS (scipy) on all rows. `"newton"`: Newton's method, damped, on all rows, for
            at most 2,000 weights. An optimizer or a batch size set the recipe's solver aside.
        freeze: `"none"`, or left out: all layers are trained. `"head_first"`: the last layer with weights, then all at
            a tenth of the rate. `"body"`: the last layer alone. A number: all but that many of the lowest layers.
        seed: Seed of initial weights, split, order and dropout.
        callbacks: Keras callbacks. One that sets the learning rate takes the place of the recipe's schedule.
        devices: `"auto"`: a GPU if there is one, several where that pays off, the workers of `TF_CONFIG` if it names
            several (see docs/deploy.md). Or `"cpu"`, how many devices, or their names, as `["GPU:0", "GPU:1"]`.
        checkpoint: A folder for the run's state after each epoch; called again, the run goes on from it.
        engine: `"fused"`: an epoch is one compiled call; `"xla"`: XLA compiles it, which pays off for longer trainings;
            `"keras"`: Keras's `fit`; `"auto"` chooses by size.
        verbose: 0 is silent, 1 shows one line of progress, 2 a line an epoch.
        ignore: Columns of a table that are not inputs. The trained model does not need them.
        image_size: `(height, width)` that all images are resized to; the trained model resizes others in the same way.
        **options: The builder's, for a name. For a trained model `linear="refit"` alone: the line beside its hidden
            layers is solved again, from these rows.

    Returns:
        A run.

    Raises:
        TypeError: if the entry has nothing to train.
        ValueError: if an argument or the data are wrong; the message says what must be.
    """
    begin = clock.monotonic()
    check_precision()
    _check_choice("engine", engine, fitting.ENGINES)
    _check_choice("solver", solver, (None, *solving.SOLVERS))
    placement = engine_devices.place(devices)
    callbacks, verbose = checked_callbacks(callbacks), verbose if placement.chief else 0
    check_names(optimizer=optimizer, loss=loss)
    check_seed(seed)
    refit = not _is_name(model) and options.get("linear") == "refit"
    if refit:
        del options["linear"]
    model, entry, options = _resolve(model, options)
    data, target = beside(data, target)
    recipe = _changed(resolve_recipe(entry, options), learning_rate, epochs, batch_size)
    traits = resolve_traits(entry, options)
    check_served(entry, traits)
    check_asked(entry, recipe, solver=solver, loss=loss, weight=weight)
    by_recipe = isinstance(validation, _RecipeShare)
    given = {"loss": loss, "solver": solver, "optimizer": optimizer, "target": target}
    given["freeze"] = None if freeze == "none" else freeze
    given |= {"groups": groups, "time": time, "weight": weight, "class_weight": class_weight, "schema": schema}
    given["validation"] = None if by_recipe else validation
    setters, unsuited = callbacks_that_set_rates(callbacks), driver.suits(callbacks)
    check_steps(entry, traits, given, engine=engine, setters=setters, obstacle=unsuited)
    environment = None
    if traits.experience is not None:
        environment = experience.checked(recipe.data_or(data, entry.name))
        data, validation, by_recipe = experience.observations(environment, seed), None, False
    if solver is None and (optimizer is not None or batch_size is not None):
        recipe = dataclasses.replace(recipe, solver=None)
    elif solver is not None:
        recipe = dataclasses.replace(recipe, solver=solver)
    recipe = without_schedule(recipe, optimizer, callbacks, verbose)
    asked: dict[str, Any] = {"target": target, "groups": groups, "time": time, "weight": weight}
    asked["image_size"] = list(image_size) if isinstance(image_size, Sequence) else image_size
    asked = {name: column for name, column in asked.items() if column is not None}
    if not by_recipe:
        asked["validation"] = validation if isinstance(validation, (str, Real, type(None))) else str(validation)
    parts = load_parts(
        recipe.data_or(data, entry.name),
        target=model.schema.target if model is not None and target is None else target,
        schema=model.schema if model is not None and schema is None else schema,
        ignore=_ignored(ignore, model),
        image_size=image_size,
        validation=recipe.validation if by_recipe else validation,
        shipped=by_recipe,
        entry=entry,
        groups=groups,
        time=time,
        weight=weight,
        seed=seed,
        task=None if model is None else model.task,
    )
    if environment is not None:
        rows = experience.rows_per_epoch(recipe)
        parts = dataclasses.replace(parts, rows=rows, source=type(environment).__name__, split="the model's own acts")
    if model is not None:
        seed_layers(model.network, seed)
    else:
        preprocessor = fit_preprocessor(entry, recipe, traits, parts.train, parts.sample)
        model = assemble(entry, preprocessor, options, seed=seed, compiled=False)
    if parts.train.target is None and parts.train.y is None and model.task.learns_from_targets:
        lacking = absent(model.schema.target, parts.train.column_names)
        named = f" The data have no column {lacking[0]!r}." if lacking else ""
        raise ValueError(
            f"Training {entry.name!r} needs a target.{named} Pass `target=` with a column's name, or (x, y)."
        )
    model.check_loss(loss)
    objectives.begin(model, seed)
    rows = parts.rows
    size = recipe.rows_a_step(rows)
    steps = math.ceil(rows / size)
    phases = freezing.phases(model.network, freeze, recipe.epochs)
    plain = _plain_recipe(recipe, traits, optimizer, loss, class_weight, options)
    if freeze is not None:
        plain["freeze"] = freeze
    if refit:
        plain["linear"] = "refit"
    if computes_in_half(model.network):
        plain["dtype_policy"] = MIXED
    augmented = traits.augmentation is not None and model.options.get("augmentation", True)

    def compile_for(phase: Phase) -> None:
        compile_model(
            model,
            recipe,
            optimizer=_copied(optimizer) if len(phases) > 1 else optimizer,
            loss=loss,
            learning_rate=_scaled_rate(recipe, optimizer, learning_rate, phase.rate),
            total_steps=steps * phase.epochs,
            # Keras tells callbacks of executions: of batches only where each is one.
            steps_per_execution=1 if any(map(driver.asks_for_batches, callbacks)) else min(64, steps),
        )

    compile_for(phases[0])
    if placement.kind != "one":
        obstacle = _obstacle(recipe, engine, callbacks, augmented) or obstacle_of_steps(traits)
        placement = engine_devices.settle(placement, model, batch_size=size, obstacle=obstacle)
    device = placement.text
    if verbose:
        held = f", {parts.val_rows} more to choose the best epoch by" if parts.val_rows else ""
        print(f"{entry.name} on {parts.source}: {rows} rows{held}; {device} ({placement.why})", flush=True)

    needs_line = line.is_needed(model, again=refit)
    how: dict[str, Any] = {"batch_size": size, "shuffle": recipe.shuffle, "seed": seed}
    if parts.streaming:
        _check_streaming(recipe, class_weight)
        ready = rows_of_a_stream(parts, model, **how)
    else:
        ready = rows_in_memory(
            parts, model, class_weight=class_weight, augmentation=traits.augmentation if augmented else None, **how
        )
    encoded, held_out = ready.encoded, ready.held_out
    source = encoded.tensors() if encoded is not None else ready.blocks
    if environment is not None:
        experience.check_encoding(data, encoded.x, entry.name)
        source = experience.Experience(traits.experience, environment, model, steps=recipe.steps_per_epoch, seed=seed)
    line_rows = ready.for_line() if line_of(model.network) is not None else None
    solved = line.solve(model, line_rows, seed=seed) if needs_line and line_rows is not None else None
    alike = None  # the outputs that answer all rows alike, from which on the line and the model explain
    if line_rows is not None and (solved is not None or line.is_solved(model)):
        alike = line.constant(model, line_rows)
    identity = None
    if checkpoint is not None:
        fingerprint = parts.source if encoded is None else fingerprint_of(encoded)
        facts = {"recipe": identifying(plain), "rows": rows, "data": fingerprint}
        identity = {"entry": entry.name, "seed": seed, **facts}
        identity = json.loads(json.dumps(identity, default=str))

    best_so_far = None  # what the epochs must beat
    if solved is not None:
        plain["linear"] = {name: getattr(solved, name) for name in ("penalty", "rows", "features")}
        plain["linear"] |= {"refit": True} if refit else {}
        if held_out is not None and recipe.solver is None:
            best_so_far = line.loss(model, held_out)

    def fit(phase: Phase, left: Fitted | None) -> Fitted:
        """Trains the layers of one phase, on from what the phase before left."""
        if left is not None:
            compile_for(phase)
        x = y = None
        if encoded is not None:
            x, y = encoded.x, encoded.y
        model.begin_training(x, y, rows=rows, steps=steps * phase.epochs)
        if recipe.solver is not None:
            return solving.solve(model, encoded, recipe, callbacks=callbacks, verbose=verbose)
        with seeded(seed):
            return following.fit(
                model,
                ready.batches,
                epochs=phase.epochs,
                rows=source,
                num_rows=rows,
                batch_size=size,
                shuffle=recipe.shuffle,
                seed=seed,
                engine=engine,
                key=structure(model, recipe, loss),
                augmentation=traits.augmentation if augmented else None,
                validation=held_out.tensors() if isinstance(held_out, Encoded) else held_out,
                patience=recipe.patience,
                stop_at=recipe.stop_at,
                checkpoint=checkpoint if checkpoint is None or len(phases) == 1 else Path(checkpoint) / phase.name,
                identity=identity,
                callbacks=callbacks,
                verbose=verbose,
                best_so_far=best_so_far if left is None else left.best,
                placement=placement,
            )

    fitted, metrics = None, {}
    with interruption.terminable():
        for phase in phases:
            with freezing.frozen(phase.frozen):
                fitted = _joined(fitted, fit(phase, fitted))
            if fitted.interrupted:
                break
        try:
            metrics = {} if parts.streaming or environment is not None else _metrics(model, parts, encoded, held_out)
            rows_of_share = encoded if held_out is None else held_out
            if alike is not None and rows_of_share is not None and not fitted.interrupted:
                found = plain["linear"] if solved is not None else {}  # else an earlier training solved it
                plain["linear"] = {**found, "explained": line.explained(model, alike, rows_of_share)}
        except KeyboardInterrupt as interrupt:  # what has been trained is worth more than its scores
            fitted = dataclasses.replace(fitted, interrupted=True, stopped=interruption.reason(interrupt))
    # A run that goes on from its checkpoint knows by that alone what the line reached.
    is_before_the_first = fitted.best_epoch is None and (best_so_far is not None or fitted.best is not None)
    if encoded is not None and traits.unreached is not None and _ends_short(recipe, fitted):
        fitted = dataclasses.replace(
            fitted, stopped=f"{fitted.stopped}: {traits.unreached(model, encoded.x, encoded.y)}"
        )
    if optimizer is None or isinstance(optimizer, str):
        # The schedule has run down to 0, where `fit` would learn nothing: leave the recipe's rate and Keras's defaults.
        compile_model(model, recipe, optimizer=optimizer, loss=loss, learning_rate=learning_rate)
    run = Run(
        model=model,
        history=fitted.history,
        metrics=metrics,
        recipe=plain,
        data={**parts.facts(), **asked},
        seed=seed,
        seconds=clock.monotonic() - begin,
        device=device,
        interrupted=fitted.interrupted,
        stopped=fitted.stopped,
        best_epoch=-1 if is_before_the_first else fitted.best_epoch,
    )
    if verbose:
        print(_closing_line(fitted, metrics, model.task.shown), flush=True)
        if run.interrupted and checkpoint is not None and recipe.solver is None:
            print(
                f"the same call goes on from epoch {len(fitted.history.get('loss', ())) + 1} by the checkpoint in "
                f"{checkpoint}",
                flush=True,
            )
        elif run.interrupted:
            print("training it again goes on from these weights", flush=True)
    return run


def _ignored(ignore, model: Model | None) -> tuple:
    """Returns the names of the ignored columns.

    Raises:
        ValueError: if a trained model has one of them as an input.
    """
    names = (ignore,) if isinstance(ignore, str) else tuple(ignore)
    if taken := [name for name in names if model is not None and name in model.schema.names]:
        raise ValueError(
            f"The model takes the column {taken[0]!r}, which cannot be ignored when it is trained further. Train "
            f"{model.entry.name!r} anew, or call zoo.fine_tune with `columns='new'` and `ignore={list(names)}`."
        )
    return names


def _ends_short(recipe: Recipe, fitted: Fitted) -> bool:
    """Returns whether a run used up its epochs without reaching what its recipe stops at."""
    name, value = recipe.stop_at or ("", 0.0)
    reached = fitted.history.get(name, [float("-inf")])[-1] <= value
    return not reached and not fitted.interrupted and fitted.stopped.startswith("the limit of")


def _obstacle(recipe: Recipe, engine: str, callbacks, augmented: bool) -> str:
    """Returns why several devices cannot train so, or `""`."""
    if recipe.solver is not None:
        return f"solver={recipe.solver!r}"
    if engine in ("xla", "keras"):
        return f"engine={engine!r}"
    return driver.suits(callbacks, augmented=augmented)


def _copied(optimizer):
    """Returns a fresh optimizer of the same settings: each phase begins with one."""
    return (
        optimizer if optimizer is None or isinstance(optimizer, str) else optimizer.from_config(optimizer.get_config())
    )


def _scaled_rate(recipe: Recipe, optimizer, learning_rate, factor: float):
    """Returns the rate of a phase, or None for what the recipe or the optimizer has."""
    if factor == 1.0:
        return learning_rate
    if learning_rate is None:
        own = optimizer is not None and not isinstance(optimizer, str)
        learning_rate = float(optimizer.learning_rate) if own else recipe.learning_rate
    return learning_rate * factor


def _joined(before: Fitted | None, after: Fitted) -> Fitted:
    """Returns what two trainings, one after the other, left."""
    if before is None:
        return after
    done = max((len(values) for values in before.history.values()), default=0)
    names = dict.fromkeys((*before.history, *after.history))
    return dataclasses.replace(
        after,
        history={name: before.history.get(name, []) + after.history.get(name, []) for name in names},
        best_epoch=before.best_epoch if after.best_epoch is None else done + after.best_epoch,
    )


def _check_streaming(recipe: Recipe, class_weight) -> None:
    """Raises ValueError for what needs all rows in memory."""
    if recipe.solver is not None:
        raise ValueError(
            f"`solver={recipe.solver!r}` needs all rows in memory. Pass `batch_size=1024` to train on a stream."
        )
    if recipe.batch_size == "full":
        raise ValueError("A full batch needs all rows in memory. Pass `batch_size=1024` to train on a stream.")
    if class_weight is not None:
        raise ValueError("`class_weight` is not known before a stream has been read. Give a column by `weight`.")


def _check_choice(name, value, allowed):
    if value not in allowed:
        raise ValueError(f"`{name}` must be one of {', '.join(map(repr, allowed))}. Received: {name}={value!r}")


def _is_name(model) -> bool:
    """Returns whether a model is given by the name of an entry."""
    return isinstance(model, str) and registry.find(model) is not None


def _resolve(model, options) -> tuple[Model | None, Entry, dict]:
    """Returns a model to go on with, or None and the entry to build, and the builder's options."""
    if _is_name(model):
        entry = registry.info(model)
        check_options(entry, options)
        found = None
    else:
        if isinstance(model, str) and not any(mark in model for mark in "/\\."):
            registry.resolve(model)  # raises, and offers the nearest names
        found = resolve_model(model)
        entry = found.entry
        if options:
            raise ValueError(
                f"The options {', '.join(options)} shape a fresh model; this one has its shape. Leave them out, or "
                "pass the "
                f"name {entry.name!r} to build anew."
            )
        options = found.options
    if entry.learning == "none":
        raise TypeError(
            f"{entry.name!r} learns nothing: its weights follow from its options. Build it, "
            f"zoo.build({entry.name!r}, ...), and call `predict`."
        )
    return found, entry, options


def _changed(recipe: Recipe, learning_rate, epochs, batch_size) -> Recipe:
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
    steps = None if batch_size is None else 1
    given = {"learning_rate": learning_rate, "epochs": epochs, "batch_size": batch_size, "least_steps": steps}
    return dataclasses.replace(recipe, **{name: value for name, value in given.items() if value is not None})


def _plain_recipe(recipe: Recipe, traits: Traits, optimizer, loss, class_weight, options) -> dict[str, Any]:
    """Returns the recipe as resolved, in values that JSON holds."""

    fields = listed(recipe, traits)
    if optimizer is not None:
        fields["optimizer"] = as_plain(optimizer)
        fields["optimizer_options"] = {}
    if loss is not None:
        fields["loss"] = as_plain(loss)
    if class_weight is not None:
        fields["class_weight"] = as_plain(class_weight)
    return {**fields, "options": as_plain(options)}


def _metrics(model, parts: Parts, encoded: Encoded, held_out: Encoded | None) -> dict[str, dict[str, float]]:
    """Returns the scores on training, validation and test rows."""
    rows = {"train": encoded, "val": held_out}
    if parts.test is not None:
        rows["test"] = pipelines.encode(parts.test, model.preprocessor)
    known = {split: part for split, part in rows.items() if part is not None}
    return {split: scoring.score(model, part, once=True, weighted=False).to_dict() for split, part in known.items()}


def _closing_line(fitted: Fitted, metrics, usual: Sequence[str]) -> str:
    """Returns why a training ended and its scores, those in `usual` if there are; of training rows the first alone."""
    splits = [split for split in ("val", "test") if split in metrics] or list(metrics)
    usual = usual if splits != ["train"] else usual[:1]
    shown = []
    for split in splits:
        numbers = {name: value for name, value in metrics[split].items() if isinstance(value, float)}
        names = [name for name in usual if name in numbers] or list(numbers)
        if names:
            shown.append(f"{split} " + ", ".join(f"{name} {numbers[name]:.4g}" for name in names))
    return "; ".join([f"stopped: {fitted.stopped}", *shown])
