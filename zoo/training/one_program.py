"""Trainings of a cross-validation as one program: those of one shape, and their training at once."""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import warnings
from collections.abc import Callable, Iterator

import numpy as np

from zoo.building import assemble, fit_preprocessor
from zoo.compiling import compile_model
from zoo.data import pipelines
from zoo.data.pipelines import Encoded
from zoo.data.raw import Data
from zoo.engine.members import fitting_members, narrow_inputs, plan_members
from zoo.engine.members.program import MemberResult
from zoo.layers import ensemble
from zoo.layers.linear import line_of
from zoo.model import Model
from zoo.registry import Entry, Recipe, Traits
from zoo.tasks.task import Task
from zoo.training import line
from zoo.training.finishing import finished
from zoo.training.parts import Parts, load_parts
from zoo.training.settings import copy_of
from zoo.training.structure import structure


@dataclasses.dataclass(frozen=True)
class Job:
    """A model to train: its fold, seed and rate, and the rows of its fold."""

    fold: int
    seed: int
    rate: float | None
    train: Data
    test: np.ndarray


@dataclasses.dataclass(frozen=True)
class Member:
    """A training that may be part of a program: its place among the jobs, its compiled model and its encoded rows.

    Validation rows stand in it twice: `held` as the program takes them, `held_out` as `zoo.train` has them.
    """

    place: int
    seed: int
    model: Model
    size: int
    rows: tuple
    held: tuple | None
    held_out: Encoded | None
    best_so_far: float | None


def by_shape(
    entry: Entry, recipe: Recipe, traits: Traits, task: Task, jobs: list[Job], options, how, optimizer
) -> Iterator[list[Member]]:
    """Yields the trainings of each shape of network, steps of an epoch and batches: those of one program."""
    found: dict[tuple, list[Member]] = {}
    prepared: dict[tuple[int, int], tuple] = {}
    lines: dict[tuple[int, int], tuple] = {}  # solved once for all rates
    for place, job in enumerate(jobs):
        if (job.fold, job.seed) not in prepared:
            prepared[job.fold, job.seed] = _prepared(entry, recipe, traits, task, job, how)
        parts, preprocessor, rows, held = prepared[job.fold, job.seed]
        model = assemble(entry, preprocessor, options, seed=job.seed, compiled=False)
        size = recipe.rows_a_step(parts.rows)
        steps = math.ceil(parts.rows / size)
        own, total = copy_of(optimizer), steps * recipe.epochs
        compile_model(model, recipe, optimizer=own, learning_rate=job.rate, total_steps=total)
        sizes = {**preprocessor.layout.sizes, "num_numeric": None, "num_linear": None}  # a narrower one is filled
        shape = (json.dumps(sizes, default=int), steps, size if steps > 1 else None)
        best_so_far = None
        if line.is_needed(model):
            own_line, key = line_of(model.network), (job.fold, job.seed)
            if key not in lines:
                line.solve(model, rows, seed=job.seed)
                lines[key] = own_line.get_weights(), None if held is None else line.loss(model, held)
            weights, best_so_far = lines[key]
            own_line.set_weights(weights)
        model.begin_training(rows.x, rows.y, rows=parts.rows, steps=total)
        found.setdefault(shape, []).append(member_of(place, job.seed, model, size, rows, held, best_so_far))
    yield from found.values()


def member_of(
    place: int, seed: int, model: Model, size: int, rows: Encoded, held: Encoded | None, best_so_far: float | None
) -> Member:
    """Returns a training that may be part of a program.

    Args:
        place: Its place among the jobs.
        seed: Of its orders.
        model: Compiled, its line solved, and told that its training begins.
        size: Rows of a step.
        rows: Training rows.
        held: Validation rows, or None.
        best_so_far: Loss of the validation rows that the epochs must beat, or None.
    """
    weighed = _with_weights(model, rows), None if held is None else _with_weights(model, held)
    return Member(place, seed, model, size, *weighed, held, best_so_far)


def why_not_all(groups_of_shape: list[list[Member]], recipe: Recipe, engine: str) -> str:
    """Returns why not all trainings are one program, or `""`."""
    if len(groups_of_shape) > 1:
        return f"{len(groups_of_shape)} shapes of their rows take a program each"
    return obstacle_of(groups_of_shape[0], recipe, engine)


def obstacle_of(members: list[Member], recipe: Recipe, engine: str) -> str:
    """Returns why trainings of one shape are no program, or `""`."""
    return plan_members.obstacle_of_models(
        [member.model for member in members],
        [member.rows for member in members],
        batch_size=max(member.size for member in members),
        epochs=recipe.epochs,
        engine=engine,
    )


def trained(members: list[Member], recipe: Recipe, after_epoch: Callable[[], bool | None]) -> list[MemberResult]:
    """Trains members as one program, and returns how each one's training ended; its model has its best weights.

    Args:
        members: They are of one shape.
        recipe: They are trained by it.
        after_epoch: Is called after each epoch; True ends the training with that epoch.
    """
    models = [member.model for member in members]
    loss, tested_loss = _losses(models[0])
    return fitting_members.fit(
        models,
        [member.rows for member in members],
        None if members[0].held is None else [member.held for member in members],
        loss=loss,
        tested_loss=tested_loss,
        batch_size=max(member.size for member in members),
        epochs=recipe.epochs,
        shuffle=recipe.shuffle,
        seeds=[member.seed for member in members],
        patience=recipe.patience,
        best_so_far=[member.best_so_far for member in members],
        key=structure(models[narrow_inputs.widest([model.network for model in models])], recipe, statistics=False),
        after_epoch=after_epoch,
    )


def fit(members: list[Member], recipe: Recipe, after_epoch: Callable[[], None]) -> Iterator[tuple]:
    """Trains members as one program, and yields each one's model, best epoch (from 0) and epochs."""
    left = trained(members, recipe, after_epoch)
    if diverged := sum(one.diverged for one in left):
        warnings.warn(
            f"The loss of {diverged} of {len(left)} trainings was no longer finite, and their weights are those of an "
            "epoch before. Lower `learning_rate`, or pass an optimizer with clipnorm=1.0.",
            stacklevel=3,
        )
    compiled = functools.partial(compile_model, recipe=recipe)
    for member, one in zip(members, left, strict=True):
        model, _ = finished(member.model, member.held_out, compiled=compiled, seed=member.seed)
        yield model, one.best_epoch, len(one.losses)


def _losses(model: Model) -> tuple[Callable, Callable | None]:
    """Returns the losses of training and of validation rows, as `zoo.Model.compute_loss` has them for members."""
    function, members = model.loss.function, model.members
    if members == 1:
        return function, None
    mean, of_each = model.task.mean_of(model.decision), ensemble.each_member(function)
    return (
        lambda y, outputs: ensemble.with_gradient_of_sum(of_each(y, outputs), members),
        lambda y, outputs: function(y, ensemble.merged(outputs, mean=mean)),
    )


def _prepared(entry: Entry, recipe: Recipe, traits: Traits, task: Task, job: Job, how) -> tuple:
    """Returns a fold's parts, preprocessor and encoded rows, as `zoo.train` would have them."""
    parts: Parts = load_parts(
        job.train,
        target=job.train.target,
        schema=None,
        validation=how["validation"],
        least_validation=how["least_validation"],
        shipped=False,
        entry=entry,
        groups=how["groups"],
        time=None,
        weight=how["weight"],
        seed=job.seed,
        task=task,
    )
    preprocessor = fit_preprocessor(entry, recipe, traits, task, parts.train)
    encoded = [
        None if part is None else pipelines.encode(part, preprocessor, weight=parts.weights(part), training_seed=seed)
        for part, seed in ((parts.train, job.seed), (parts.val, None))
    ]
    return parts, preprocessor, *encoded


def _with_weights(model: Model, encoded) -> tuple:
    y = model.target.in_float32(encoded.truth, encoded.y)
    weight = np.ones(len(y), "float32") if encoded.weight is None else encoded.weight.astype("float32")
    return encoded.x, y, weight
