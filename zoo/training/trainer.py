"""`zoo.train`: raw rows to a trained model, as the entry's recipe says or as the caller does."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import time as clock
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import Any, Literal

from zoo import registry
from zoo.building import assemble, fit_preprocessor
from zoo.compiling import checked_options
from zoo.data import pipelines
from zoo.data.names import absent
from zoo.data.pipelines import Encoded
from zoo.data.schema import Schema
from zoo.data.target_columns import beside
from zoo.engine import experience, interruption, objectives
from zoo.engine.checkpoints import identifying
from zoo.engine.draws import seed_layers
from zoo.engine.fitting import Fitted
from zoo.engine.plan import ENGINES, Plan, Workload
from zoo.engine.precision import MIXED, check_precision, computes_in_half
from zoo.engine.refusals import check_steps
from zoo.engine.schedules import callbacks_that_set_rates
from zoo.engine.workers.devices import place
from zoo.model import Model
from zoo.registry import Entry, Recipe
from zoo.run import Run
from zoo.scores import Scores
from zoo.training import held_out_answers, line, line_beside, scoring
from zoo.training.checking import check_choice, check_seed, checked_callbacks
from zoo.training.coverage import checked_coverage
from zoo.training.decision_threshold import checked_threshold
from zoo.training.finishing import finished
from zoo.training.parts import Parts, load_parts
from zoo.training.phases import Phases, Request
from zoo.training.resolving import resolve_model
from zoo.training.rows import Rows, continue_target, fingerprint_of, rows_in_memory, rows_of_a_stream
from zoo.training.settings import DEFAULT_SHARE, RecipeShare, Settings, resolve_settings


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
    calibration: bool = True,
    threshold: float | str | Mapping | None = None,
    intervals: float | None = None,
    **options,
) -> Run:
    """Trains a model: a name is built fresh, anything else goes on from its weights.

    Under `keras.config.set_dtype_policy("mixed_bfloat16")` classifiers and regressors train in half precision, which
    pays off on GPUs; their heads and weights, predictions and exports are float32.

    Args:
        model: An entry's name, a `zoo.Model`, a `Run`, an artifact's folder or a preset's name.
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
        calibration: Whether probabilities are calibrated on the validation rows, where there are 25 or more (see
            docs/calibration.md). They count by the weights of rows and classes, as in the loss.
        threshold: Of two classes, the probability of the second one from which on it is the label, in `predict` and
            every export; of labels, that of each, by which an answer `labels` says whether it is there. `"f1"`,
            `"balanced_accuracy"` or `"accuracy"`: the one by which that score of the validation rows is highest.
        intervals: The share of new rows whose truth is to lie in the interval or set that the model gives with each
            answer, such as 0.9: `low` and `high` of numbers, `set` of classes, in `predict` and every export. They are
            fitted on the validation rows (see docs/intervals.md). Further trainings of the model fit them anew.
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
    check_choice("engine", engine, ENGINES)
    check_choice("calibration", calibration, (True, False))
    placement = place(devices)
    callbacks, verbose = checked_callbacks(callbacks), verbose if placement.chief else 0
    check_seed(seed)
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
        "loss": loss,
        "solver": recipe.solver,
        "optimizer": optimizer,
        "freeze": None if freeze == "none" else freeze,
    }
    given |= {"target": target, "groups": groups, "time": time, "weight": weight, "class_weight": class_weight}
    given |= {"schema": schema, "validation": None if isinstance(validation, RecipeShare) else validation}
    given |= {"intervals": intervals, "threshold": threshold}
    check_steps(entry, traits, given, setters=callbacks_that_set_rates(callbacks))
    environment = None
    if traits.experience is not None:
        environment, validation = experience.checked(recipe.data_or(data, entry.name)), None
        data = experience.observations(environment, seed)
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
        verbose=verbose,
    )
    if environment is not None:
        num_rows, source = experience.rows_per_epoch(recipe), type(environment).__name__
        parts = dataclasses.replace(parts, rows=num_rows, source=source, split="the model's own acts")
    goes_on, earlier = model is not None, None
    if goes_on:
        earlier = model.target
        seed_layers(model.network, seed)
    else:
        preprocessor = fit_preprocessor(entry, recipe, traits, parts.task, parts.train, parts.sample)
        model = assemble(entry, preprocessor, options, seed=seed, compiled=False)
    objectives.begin(model, seed)
    _check_target(model, parts)
    model.check_loss(loss)
    model.task.check_loss(loss, model.target, model.decision)
    asked: dict[str, Any] = {
        "calibration": calibration,
        "threshold": checked_threshold(threshold, model, parts, earlier),
        "intervals": checked_coverage(intervals, model, parts, (earlier and earlier.intervals or {}).get("coverage")),
        "row_weight": parts.held_out_weights,
    }
    if goes_on:  # where the arguments are refused, the model stays as it was
        held_out_answers.set_aside(model)

    has_targets = model.schema.task is not None and parts.train.y is not None
    workload = Workload(
        num_rows=parts.rows,
        batch_size=recipe.rows_a_step(parts.rows),
        epochs=recipe.epochs,
        streamed=parts.streaming,
        inputs_only=not has_targets and weight is None,
        augmentation=traits.augmentation,
        made_by_model=environment is not None,
    )
    request = Request(placement, engine, callbacks, checkpoint, seed, verbose)
    needs_line = line.is_needed(model, again=solves_line_again)
    phases = Phases(model, settings, workload, request, freeze)
    if verbose:
        print(_opening_lines(entry, parts, phases.plan, request), flush=True)
    record = settings.listed()
    record |= {} if freeze is None else {"freeze": freeze}
    record |= {"linear": "refit"} if solves_line_again else {}
    record |= {"dtype_policy": MIXED} if computes_in_half(model.network) else {}

    rows = _encoded_rows(parts, model, settings, workload, request)
    if goes_on:
        continue_target(model, parts, rows)
    if environment is not None:
        experience.check_encoding(data, rows.encoded.x, entry.name)
        steps = recipe.steps_per_epoch
        made = experience.Experience(traits.experience, environment, model, steps=steps, seed=seed)
        rows = dataclasses.replace(rows, experience=made)
    identity = {} if checkpoint is None else _identity(entry, seed, record, parts, rows.encoded)
    solved_line = line_beside.begin(model, rows, solves=needs_line, chooses=recipe.solver is None, seed=seed)
    if solved_line.solved is not None:
        record["linear"] = solved_line.listed(again=solves_line_again)
    record["plan"] = phases.plan.listed

    scores: dict[str, Scores] = {}
    trained = model
    with interruption.terminable():
        fitted = phases.run(rows, identity=identity, best_so_far=solved_line.best_so_far)
        try:
            if not fitted.interrupted:
                compiled = functools.partial(settings.compile, copies=True)
                model, changed = finished(trained, rows.held_out, compiled=compiled, seed=seed)
                record |= {"finished": changed} if changed else {}
            record |= held_out_answers.learnt(model, rows.held_out, **asked, earlier=earlier)
            scores = {} if parts.streaming or environment is not None else _scores(model, parts, rows)
            share = {} if fitted.interrupted else solved_line.explained(model, rows)
            if share:
                record["linear"] = solved_line.listed(again=solves_line_again) | share
        except KeyboardInterrupt as interrupt:  # what has been trained is worth more than its scores
            fitted = dataclasses.replace(fitted, interrupted=True, stopped=interruption.reason(interrupt))
    # A run that resumes from its checkpoint knows by that alone which loss the line reached.
    keeps_first = fitted.best_epoch is None and (solved_line.best_so_far is not None or fitted.best is not None)
    if rows.encoded is not None and traits.unreached is not None and _ends_short(recipe, fitted):
        reason = traits.unreached(model, rows.encoded.x, rows.encoded.y)
        fitted = dataclasses.replace(fitted, stopped=f"{fitted.stopped}: {reason}")
    if not settings.has_own_optimizer:
        # By a schedule that has run down to 0, Keras's `fit` would learn nothing.
        for one in (model, trained) if goes_on and model is not trained else (model,):
            settings.compile(one)
    run = Run(
        model=model,
        history=fitted.history,
        metrics={split: of_split.to_dict(short=True) for split, of_split in scores.items()},
        recipe=record,
        data={**parts.facts(), **_listed_roles(target, groups, time, weight, image_size, validation)},
        seed=seed,
        seconds=clock.monotonic() - begin,
        device=phases.plan.devices.text,
        interrupted=fitted.interrupted,
        stopped=fitted.stopped,
        best_epoch=-1 if keeps_first else fitted.best_epoch,
    )
    if verbose:
        print(_closing_lines(run, request, recipe), flush=True)
        held_out = [scores[split] for split in ("val", "test", "train") if split in scores]
        if held_out and held_out[0].hint and class_weight is None:
            print(f"hint: {held_out[0].hint}", flush=True)
    return run


def _check_target(model: Model, parts: Parts) -> None:
    """Raises ValueError if there is no target where the task learns from one."""
    if parts.train.target is None and parts.train.y is None and model.task.learns_from_targets:
        lacking = absent(model.schema.target, parts.train.column_names)
        named = f" The data have no column {lacking[0]!r}." if lacking else ""
        raise ValueError(
            f"Training {model.entry.name!r} needs a target.{named} Pass `target=` with a column's name, or (x, y)."
        )


def _encoded_rows(parts: Parts, model: Model, settings: Settings, workload: Workload, request: Request) -> Rows:
    """Returns the rows as the training takes them."""
    shuffle, seed = settings.recipe.shuffle, request.seed
    order: dict[str, Any] = {"batch_size": workload.batch_size, "shuffle": shuffle, "seed": seed}
    if parts.streaming:
        settings.check_streaming()
        return rows_of_a_stream(parts, model, **order)
    learning = {"class_weight": settings.class_weight, "augmentation": workload.augmentation}
    return rows_in_memory(parts, model, **learning, **order, verbose=request.verbose)


def _identity(entry: Entry, seed: int, record: dict, parts: Parts, encoded: Encoded | None) -> dict[str, Any]:
    """Returns plain values by which a checkpoint knows the run that it belongs to."""
    fingerprint = parts.source if encoded is None else fingerprint_of(encoded)
    facts = {"recipe": identifying(record), "rows": parts.rows, "data": fingerprint}
    return json.loads(json.dumps({"entry": entry.name, "seed": seed, **facts}, default=str))


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


def _ends_short(recipe: Recipe, fitted: Fitted) -> bool:
    """Returns whether a run used up its epochs without reaching what its recipe stops at."""
    name, value = recipe.stop_at or ("", 0.0)
    reached = fitted.history.get(name, [float("-inf")])[-1] <= value
    return not reached and not fitted.interrupted and fitted.stopped.startswith("the limit of")


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


def _scores(model: Model, parts: Parts, rows: Rows) -> dict[str, Scores]:
    """Returns the scores on training, validation and test rows."""
    splits = {"train": rows.encoded, "val": rows.held_out}
    if parts.test is not None:
        splits["test"] = pipelines.encode(parts.test, model.preprocessor)
    return {
        split: scoring.score(model, part, once=True, weighted=False)
        for split, part in splits.items()
        if part is not None
    }


def _opening_lines(entry: Entry, parts: Parts, plan: Plan, request: Request) -> str:
    """Returns what trains on what and where; how, if it is not what one expects or all is to be shown."""
    held_out = f", {parts.val_rows} more to choose the best epoch by" if parts.val_rows else ""
    lines = [f"{entry.name} on {parts.source}: {parts.rows} rows{held_out}; {plan.devices.text} ({plan.devices.why})"]
    falls_back = plan.loop == "keras" and request.engine == "auto" and request.callbacks
    return "\n".join(lines + [plan.text] * bool(request.verbose > 1 or falls_back))


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
    if covering := run.recipe.get("intervals"):
        parts.append(f"intervals to cover {covering['coverage']:.4g} by {covering['rows']} held-out rows")
    lines = ["; ".join(parts)]
    if run.interrupted and request.checkpoint is not None and recipe.solver is None:
        epoch = len(run.history.get("loss", ())) + 1
        lines.append(f"the same call goes on from epoch {epoch} by the checkpoint in {request.checkpoint}")
    elif run.interrupted:
        lines.append("training it again goes on from these weights")
    return "\n".join(lines)
