"""`zoo.train`: raw rows to a trained model, as the entry's recipe says or as the caller does."""

from __future__ import annotations

import dataclasses
import os
import time as clock
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import Any, Literal

from zoo import automatic, registry
from zoo.building import fit_preprocessor
from zoo.compiling import checked_options
from zoo.data.names import resolved
from zoo.data.schema import Schema
from zoo.data.target_columns import beside
from zoo.engine import experience, interruption
from zoo.engine.budget import Budget, check_budget
from zoo.engine.plan import ENGINES
from zoo.engine.precision import check_precision
from zoo.engine.refusals import check_steps
from zoo.engine.schedules import callbacks_that_set_rates
from zoo.engine.workers.devices import place
from zoo.model import Model
from zoo.registry import Entry, Recipe
from zoo.run import Run
from zoo.training import ended, procedures
from zoo.training.checking import check_choice, check_seed, checked_callbacks
from zoo.training.parts import load_parts
from zoo.training.phases import Request
from zoo.training.procedures import Call
from zoo.training.resolving import resolve_model
from zoo.training.settings import DEFAULT_SHARE, RecipeShare, resolve_settings


def train(
    model,
    data=None,
    *,
    target=None,
    validation: float | Any | None = DEFAULT_SHARE,
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
    quality: Literal["fast", "good", "best"] | None = None,
    budget: float | None = None,
    calibration: bool = True,
    threshold: float | str | Mapping | None = None,
    intervals: float | None = None,
    **options,
) -> Run:
    """Trains a model: a name is built fresh, anything else goes on from its weights.

    Under `keras.config.set_dtype_policy("mixed_bfloat16")` classifiers and regressors train in half precision, which
    pays off on GPUs; their heads and weights, predictions and exports are float32.

    Args:
        model: An entry's name, a `zoo.Model`, a `Run`, an artifact's folder or a preset's name. Or `"auto"`: the entry
            that docs/auto.md names for these data; the run prints which, and why.
        data: Anything that `zoo.data.load` takes; None for the recipe's own data set. Of an entry that learns from its
            own acts, an environment (see `zoo.engine.experience`).
        target: The target's column, or several as `["a", "b"]`; or its values beside a table, one or several a row.
        validation: Share of the rows to hold out, data to choose the best epoch by, or None. Left out, it is the
            recipe's share, or the validation rows that the data set ships.
        schema: A schema, or the path of one, instead of the inferred one.
        groups: A column whose equal values stay on one side of the split; it is no input.
        time: A column by which the last rows are held out; it stays an input.
        weight: A column of sample weights; it is no input. Rows of validation data without it count alike.
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
        quality: Of `"auto"`: `"fast"`, `"good"` or `"best"`; left out, `"good"`.
        budget: Seconds of wall time from the call on; the epoch in which they pass is the last, and the best weights so
            far are kept.
        calibration: Whether probabilities are calibrated on the validation rows, where there are 25 or more (see
            docs/calibration.md). They count by the weights of rows and classes, as in the loss.
        threshold: Of two classes, the probability of the second one from which on it is the label, in `predict` and
            every export; of labels, that of each, by which an answer `labels` says whether it is there. `"f1"`,
            `"balanced_accuracy"` or `"accuracy"`: the one by which that score of the validation rows is highest.
        intervals: The share of new rows whose truth is to lie in the interval or set that the model gives with each
            answer, such as 0.9: `low` and `high` of numbers, `set` of classes, in `predict` and every export. They are
            fitted on the validation rows (see docs/intervals.md). Further trainings of the model fit them anew.
        **options: The builder's, for a name. For a trained model `linear="refit"` alone: the line beside its hidden
            layers is solved again, from these rows; of a committee all lines are.

    Returns:
        A run.

    Raises:
        TypeError: if the entry has nothing to train.
        ValueError: if an argument or the data are wrong; the message says what must be.
    """
    begin = clock.monotonic()
    check_precision()
    check_choice("engine", engine, ENGINES)
    check_choice("calibration", calibration, (True, False))
    placement = place(devices)
    callbacks, verbose = checked_callbacks(callbacks), verbose if placement.chief else 0
    check_seed(seed)
    check_budget(budget)
    how: dict[str, Any] = {"target": target, "schema": schema, "ignore": ignore, "image_size": image_size}
    choice = automatic.choice_for(model, data, quality=quality, roles=(groups, weight), **how)
    if choice is not None:
        model, data, target, options = choice.entry, choice.data, choice.target, choice.with_options(options)
        if verbose:
            print(choice, flush=True)
    solves_line_again = not _is_name(model) and options.get("linear") == "refit"
    if solves_line_again:
        del options["linear"]
    model, entry, options = _resolve(model, options)
    data, target = beside(data, target)
    settings = resolve_settings(
        entry,
        options,
        optimizer=optimizer,
        loss=loss,
        learning_rate=learning_rate,
        epochs=epochs,
        batch_size=batch_size,
        solver=solver,
        class_weight=class_weight,
        weight=weight,
        callbacks=callbacks,
        verbose=verbose,
    )
    recipe, traits = settings.recipe, settings.traits
    given = {
        "data": data,
        "loss": loss,
        "solver": recipe.solver,
        "optimizer": optimizer,
        "freeze": None if freeze == "none" else freeze,
    }
    given |= {"target": target, "groups": groups, "time": time, "weight": weight, "class_weight": class_weight}
    given |= {
        "learning_rate": learning_rate,
        "epochs": epochs,
        "batch_size": batch_size,
        "callbacks": callbacks or None,
    }
    given |= {
        "engine": None if engine == "auto" else engine,
        "schema": schema,
        "validation": None if isinstance(validation, RecipeShare) else validation,
    }
    given |= {"intervals": intervals, "threshold": threshold}
    check_steps(entry, traits, given, setters=callbacks_that_set_rates(callbacks))
    if model is None:
        procedures.check_asked(entry, traits, options, given)
    environment = None
    if traits.experience is not None:
        environment, validation = experience.checked(recipe.data_or(data, entry.name)), None
        data = experience.observations(environment, seed)
    by_procedure = traits.procedure is not None and model is None
    parts = load_parts(
        recipe.data_or(data, entry.name),
        target=model.schema.target if model is not None and target is None else target,
        schema=model.schema if model is not None and schema is None else schema,
        ignore=_ignored(ignore, model),
        image_size=image_size,
        validation=recipe.validation if isinstance(validation, RecipeShare) else validation,
        shipped=isinstance(validation, RecipeShare),
        least_validation=recipe.least_validation if isinstance(validation, RecipeShare) else 0,
        entry=entry,
        groups=groups,
        time=time,
        weight=weight,
        seed=seed,
        task=None if model is None else model.task,
        whole=by_procedure and isinstance(validation, RecipeShare),
        verbose=verbose,
    )
    if environment is not None:
        num_rows, source = experience.rows_per_epoch(recipe), type(environment).__name__
        parts = dataclasses.replace(parts, rows=num_rows, source=source, split="the model's own acts")
    if not parts.streaming:  # columns as the data call them: "7" may be named 7
        known = parts.train.roles.columns
        given |= {role: resolved(given[role], known) for role in ("groups", "time", "weight")}
    limit = None if budget is None else Budget(budget, begin)
    request = Request(placement, engine, callbacks, checkpoint, seed, verbose, limit)
    record = settings.listed()
    record |= {} if choice is None else {"auto": choice.listed}
    record |= {} if budget is None else {"budget": float(budget)}
    record |= {} if freeze is None else {"freeze": freeze}
    record |= {"linear": "refit"} if solves_line_again else {}
    preprocessor = None
    if model is None:
        preprocessor = fit_preprocessor(entry, recipe, traits, parts.task, parts.train, parts.sample)
    share = recipe.validation if isinstance(validation, RecipeShare) else None
    answers: dict[str, Any] = {"calibration": calibration, "threshold": threshold, "intervals": intervals}
    call = Call(entry, settings, parts, preprocessor, request, record, given, share, answers)
    with interruption.terminable():
        if by_procedure:
            end = ended.by_procedure(call)
        else:
            end = ended.by_epochs(call, model, freeze, solves_line_again, (environment, data))
    model, fitted = end.model, end.fitted
    run = Run(
        model=model,
        history=fitted.history,
        metrics={split: of_split.to_dict(short=True) for split, of_split in end.scores.items()},
        recipe=end.record,
        data={**end.parts.facts(), **_listed_roles(target, groups, time, weight, image_size, validation)},
        seed=seed,
        seconds=clock.monotonic() - begin,
        device=end.device,
        interrupted=fitted.interrupted,
        stopped=fitted.stopped,
        best_epoch=end.best_epoch,
    )
    scores = end.scores
    if verbose:
        print(_closing_lines(run, request, recipe), flush=True)
        held_out = [scores[split] for split in ("val", "test", "train") if split in scores]
        if held_out and held_out[0].hint and class_weight is None:
            print(f"hint: {held_out[0].hint}", flush=True)
    return run


def _listed_roles(target, groups, time, weight, image_size, validation) -> dict[str, Any]:
    """Returns what the caller said of the data, in values that JSON holds, for a run's record."""
    given: dict[str, Any] = {"target": target, "groups": groups, "time": time, "weight": weight}
    given["image_size"] = list(image_size) if isinstance(image_size, Sequence) else image_size
    given = {name: value for name, value in given.items() if value is not None}
    if not isinstance(validation, RecipeShare):
        given["validation"] = validation if isinstance(validation, (str, Real, type(None))) else str(validation)
    return given


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


def _is_name(model) -> bool:
    """Returns whether a model is given by the name of an entry."""
    return isinstance(model, str) and registry.find(model) is not None


def _resolve(model, options) -> tuple[Model | None, Entry, dict]:
    """Returns a model to go on with, or None and the entry to build, and the builder's options."""
    if _is_name(model):
        entry = registry.info(model)
        options, found = checked_options(entry, options), None
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


def _closing_lines(run: Run, request: Request, recipe: Recipe) -> str:
    """Returns why a training ended, its scores, and how an interrupted one goes on.

    Of the scores, those that the task shows; of training rows the first of them alone.
    """
    metrics, shown = run.metrics, run.model.task.shown
    splits: list[str] = [split for split in ("val", "test") if split in metrics] or list(metrics)
    shown = shown if splits != ["train"] else shown[:1]
    parts = [f"stopped: {run.stopped}", *filter(None, [run.recipe.get("finished")])]
    for split in splits:
        numbers = {name: value for name, value in metrics[split].items() if isinstance(value, float)}
        names = [name for name in shown if name in numbers] or list(numbers)
        if names:
            parts.append(f"{split} " + ", ".join(f"{name} {numbers[name]:.4g}" for name in names))
    if "set aside" in str(run.recipe.get("calibration")):
        parts.append("the earlier calibration is set aside")
    if left_out := run.recipe.get("not_learnt"):
        parts.append(f"the model has no {' and no '.join(left_out)}, which held-out rows were to give")
    if covering := run.recipe.get("intervals"):
        parts.append(f"intervals to cover {covering['coverage']:.4g} by {covering['rows']} held-out rows")
    lines = ["; ".join(parts)]
    is_cut_off = run.interrupted or request.budget is not None and request.budget.stopped is not None
    if is_cut_off and request.checkpoint is not None and recipe.solver is None:
        epoch = "" if "counted" in run.recipe else f" from epoch {len(run.history.get('loss', ())) + 1}"
        lines.append(f"the same call goes on{epoch} by the checkpoint in {request.checkpoint}")
    elif run.interrupted:
        lines.append("training it again goes on from these weights")
    return "\n".join(lines)
