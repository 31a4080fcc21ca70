"""A training from its loaded rows to its end: by the epochs of one network, or by a procedure that traits name."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from zoo.building import assemble
from zoo.data import doubts, pipelines
from zoo.data.names import absent
from zoo.engine import experience, interruption, objectives
from zoo.engine.draws import seed_layers
from zoo.engine.fitting import Fitted
from zoo.engine.plan import Plan, Workload
from zoo.engine.precision import MIXED, computes_in_half
from zoo.model import Model
from zoo.registry import Entry, Recipe
from zoo.scores import Scores
from zoo.training import held_out_answers, inference, line, network_fit, procedures, scoring
from zoo.training.coverage import checked_coverage
from zoo.training.decision_threshold import checked_threshold
from zoo.training.parts import Parts
from zoo.training.phases import Phases, Request
from zoo.training.procedures import Call
from zoo.training.rows import Rows, continue_target, identity_of, know_levels, rows_in_memory, rows_of_a_stream
from zoo.training.settings import Settings


@dataclasses.dataclass(frozen=True)
class Ended:
    """A training that has ended: its model, and what the run says of it."""

    model: Model
    fitted: Fitted
    best_epoch: int | None
    scores: dict[str, Scores]
    record: dict[str, Any]
    parts: Parts
    device: str


def by_procedure(call: Call) -> Ended:
    """Trains a fresh model by the procedure that its traits name."""
    answers = _answers_of_folds(call)
    learnt = procedures.train(call.settings.traits, call)
    model, fitted, scores = learnt.model, learnt.fitted, {}
    parts = dataclasses.replace(call.parts, split=learnt.split or call.parts.split)
    record = {**call.record, **learnt.record}
    try:
        _learn_from_folds(record, learnt, answers)
        scores = _scores(model, parts, {"train": learnt.encoded, "val": learnt.held_out}, learnt.outputs)
    except KeyboardInterrupt as interrupt:  # what has been trained is worth more than its scores
        fitted = dataclasses.replace(fitted, interrupted=True, stopped=interruption.reason(interrupt))
    return Ended(model, fitted, fitted.best_epoch, scores, record, parts, call.request.devices.text)


def _answers_of_folds(call: Call) -> dict[str, Any]:
    """Returns what is to be learnt from the rows that a procedure holds out, checked before it begins."""
    threshold, intervals = call.answers.get("threshold"), call.answers.get("intervals")
    if threshold is not None or intervals is not None:
        model = assemble(call.entry, call.preprocessor, call.settings.options, compiled=False)
        rows = call.parts.train  # each of them is held out from some network
        parts = call.parts if call.parts.streaming else dataclasses.replace(call.parts, val=rows, val_rows=len(rows))
        threshold = checked_threshold(threshold, model, parts, None)
        intervals = checked_coverage(intervals, model, parts if parts.streaming else None, None)
    return {**call.answers, "threshold": threshold, "intervals": intervals}


def _learn_from_folds(record: dict[str, Any], learnt: procedures.Learnt, answers: dict[str, Any]) -> None:
    """Has a procedure's model learn from held-out rows, as `_learn_from_held_out`.

    A procedure may have held out too few rows for intervals, or none. What it trained is kept without them, and a
    warning says so.
    """
    rows: dict[str, Any] = {"outputs": learnt.outputs, "row_weight": learnt.row_weight}
    try:
        _learn_from_held_out(record, learnt.model, learnt.held_out, answers, **rows)
    except ValueError as error:
        if answers.get("intervals") is None:
            raise
        _learn_from_held_out(record, learnt.model, learnt.held_out, {**answers, "intervals": None}, **rows)
        doubts.note(f"The trained model is kept without intervals: {error}")
        return
    if answers.get("intervals") is not None and "intervals" not in record:
        doubts.note("The trained model is kept without intervals: its procedure has held out no rows.")


def by_epochs(call: Call, model: Model | None, freeze, line_again: bool, experienced: tuple) -> Ended:
    """Trains one network: a fresh one, or that of a model that is there."""
    entry, settings, parts, request = call.entry, call.settings, call.parts, call.request
    (recipe, traits, seed), (environment, observed) = (settings.recipe, settings.traits, request.seed), experienced
    record, goes_on, earlier = dict(call.record), model is not None, None
    if goes_on:
        earlier = model.target
        seed_layers(model.network, seed)
    else:
        model = assemble(entry, call.preprocessor, settings.options, seed=seed, compiled=False)
    objectives.begin(model, seed)
    _check_target(model, parts)
    model.check_loss(settings.loss)
    model.task.check_loss(settings.loss, model.target, model.decision)
    covered = (earlier and earlier.intervals or {}).get("coverage")
    answers: dict[str, Any] = {
        "calibration": call.answers["calibration"],
        "threshold": checked_threshold(call.answers["threshold"], model, parts, earlier),
        "intervals": checked_coverage(call.answers["intervals"], model, parts, covered),
    }
    held_out_weights = parts.held_out_weights

    has_targets = model.schema.task is not None and parts.train.y is not None
    workload = Workload(
        num_rows=parts.rows,
        batch_size=recipe.rows_a_step(parts.rows),
        epochs=recipe.epochs,
        streamed=parts.streaming,
        inputs_only=not has_targets and call.given["weight"] is None,
        augmentation=traits.augmentation,
        made_by_model=environment is not None,
    )
    solves_line = line.is_needed(model, again=line_again)
    phases = Phases(model, settings, workload, request, freeze)
    if request.verbose:
        print(_opening_lines(entry, parts, phases.plan, request), flush=True)
    record |= {"dtype_policy": MIXED} if computes_in_half(model.network) else {}

    rows = _encoded_rows(parts, model, settings, workload, request)
    if goes_on:
        continue_target(model, parts, rows)
        if phases.move_all:
            know_levels(model, rows)
    if environment is not None:
        experience.check_encoding(observed, rows.encoded.x, entry.name)
        steps = recipe.steps_per_epoch
        made = experience.Experience(traits.experience, environment, model, steps=steps, seed=seed)
        rows = dataclasses.replace(rows, experience=made)
    identity = {} if request.checkpoint is None else identity_of(entry, seed, record, parts, rows.encoded)
    trained = model
    with held_out_answers.set_aside_while(model):
        fit = network_fit.fit(model, phases, settings, rows, solves_line=solves_line, identity=identity, seed=seed)
    model, fitted, scores = fit.model, fit.fitted, {}
    if fit.line.solved is not None:
        record["linear"] = fit.line.listed(again=line_again)
    record["plan"] = phases.plan.listed
    record |= {"finished": fit.finished} if fit.finished else {}
    try:
        _learn_from_held_out(record, model, rows.held_out, {**answers, "earlier": earlier}, row_weight=held_out_weights)
        if not parts.streaming and environment is None:
            scores = _scores(model, parts, {"train": rows.encoded, "val": rows.held_out})
        if share := {} if fitted.interrupted else fit.line.explained(model, rows):
            record["linear"] = fit.line.listed(again=line_again) | share
    except KeyboardInterrupt as interrupt:  # what has been trained is worth more than its scores
        fitted = dataclasses.replace(fitted, interrupted=True, stopped=interruption.reason(interrupt))
    if rows.encoded is not None and traits.unreached is not None and _ends_short(recipe, fitted):
        reason = traits.unreached(model, rows.encoded.x, rows.encoded.y)
        fitted = dataclasses.replace(fitted, stopped=f"{fitted.stopped}: {reason}")
    if not settings.has_own_optimizer:
        # By a schedule that has run down to 0, Keras's `fit` would learn nothing.
        for one in (model, trained) if goes_on and model is not trained else (model,):
            settings.compile(one)
    return Ended(model, fitted, fit.best_epoch, scores, record, parts, phases.plan.devices.text)


def _learn_from_held_out(record: dict[str, Any], model: Model, held_out, answers: Mapping[str, Any], **rows) -> None:
    """Has a trained model learn from held-out rows, and adds to a record what it learnt, or that it was interrupted.

    Args:
        record: Of the run.
        model, held_out: As for `held_out_answers.learnt`.
        answers: What is asked for, as for `held_out_answers.interrupted`.
        **rows: What belongs to the rows, `outputs` and `row_weight`.
    """
    try:
        record |= held_out_answers.learnt(model, held_out, **answers, **rows)
    except KeyboardInterrupt:
        record |= held_out_answers.interrupted(model, **answers)
        raise


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


def _ends_short(recipe: Recipe, fitted: Fitted) -> bool:
    """Returns whether a run used up its epochs without reaching what its recipe stops at."""
    name, value = recipe.stop_at or ("", 0.0)
    reached = fitted.history.get(name, [float("-inf")])[-1] <= value
    return not reached and not fitted.interrupted and fitted.stopped.startswith("the limit of")


def _scores(model: Model, parts: Parts, splits: Mapping[str, Any], val: np.ndarray | None = None) -> dict[str, Scores]:
    """Returns the scores on training, validation and test rows.

    Args:
        model: Trained.
        parts: They may have test rows.
        splits: Encoded rows by the names of splits, or None.
        val: What networks answer for the validation rows, if that is not for the model itself to say.
    """
    if parts.test is not None:
        splits = {**splits, "test": pipelines.encode(parts.test, model.preprocessor)}
    known = {} if val is None else {"val": inference.of_outputs(model, val)}
    return {
        split: scoring.score(model, part, outputs=known.get(split), once=True, weighted=False)
        for split, part in splits.items()
        if part is not None
    }


def _opening_lines(entry: Entry, parts: Parts, plan: Plan, request: Request) -> str:
    """Returns what trains on what and where; how, if it is not what one expects or all is to be shown."""
    held_out = f", {parts.val_rows} more to choose the best epoch by" if parts.val_rows else ""
    lines = [f"{entry.name} on {parts.source}: {parts.rows} rows{held_out}; {plan.devices.text} ({plan.devices.why})"]
    falls_back = plan.loop == "keras" and request.engine == "auto" and request.callbacks
    return "\n".join(lines + [plan.text] * bool(request.verbose > 1 or falls_back))
