"""`zoo.cross_validate`: every row is predicted by models that did not see it; where shapes allow, all train at once."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal

import keras
import numpy as np
import pandas as pd

from zoo import automatic, registry
from zoo.building import task_for
from zoo.compiling import checked_options, resolve_recipe, resolve_traits
from zoo.data import doubts, pipelines
from zoo.data.names import resolved
from zoo.data.raw import Data
from zoo.data.schema import Schema
from zoo.data.sources import load as load_data
from zoo.engine import interruption
from zoo.engine.members import plan_members
from zoo.engine.plan import ENGINES
from zoo.engine.refusals import check_steps, check_traits
from zoo.progress import Progress
from zoo.registry import Entry, Recipe
from zoo.tasks.task import Task
from zoo.training import held_out_answers, inference, one_program, procedures, scoring
from zoo.training.checking import check_choice
from zoo.training.folds import folds_of
from zoo.training.one_program import Job, Member
from zoo.training.parts import check_name
from zoo.training.prediction import answers
from zoo.training.resolving import check_verb
from zoo.training.settings import DEFAULT_SHARE, RecipeShare, changed_recipe, copy_of
from zoo.training.trainer import train


class OutOfFold(pd.DataFrame):
    """Predictions that a table of scores carries: pandas copies and compares what stands in `attrs` at every turn."""

    @property
    def _constructor(self):
        return pd.DataFrame

    def __deepcopy__(self, memo):
        return self

    def __eq__(self, other):
        return self is other if isinstance(other, OutOfFold) else super().__eq__(other)


def cross_validate(
    name: str,
    data=None,
    *,
    target=None,
    folds: int = 5,
    seeds: int = 1,
    learning_rate: float | Sequence[float] | None = None,
    validation: float | None = DEFAULT_SHARE,
    schema: Schema | str | os.PathLike | None = None,
    groups: str | None = None,
    weight: str | None = None,
    optimizer=None,
    epochs: int | None = None,
    batch_size: int | str | None = None,
    seed: int = 0,
    engine: Literal["auto", "fused", "xla", "keras"] = "auto",
    verbose: int = 1,
    ignore: str | Iterable = (),
    image_size: int | Sequence[int] | None = None,
    quality: Literal["fast", "good", "best"] | None = None,
    **options,
) -> pd.DataFrame:
    """Trains an entry on all folds but one, for each of them, and scores it on that one.

    Folds are stratified by class; rows are taken in an order by `seed`. The preprocessor's statistics come from a
    fold's training rows alone. Networks of one shape train as one program, which takes little longer than one of them.

    Args:
        name: An entry's name. Or `"auto"`: the entry that docs/auto.md names for all rows together.
        data: Anything that `zoo.data.load` takes, in memory; None for the recipe's own data set. All its rows are used.
        target: The target's column, or several as `["a", "b"]`; or its values beside a table, one or several a row.
        folds: How many parts; each is scored once for every seed and rate.
        seeds: How many trainings of a fold, with initial weights and orders from `seed`, `seed + 1`, ...
        learning_rate: Instead of the recipe's; a sequence tries each.
        validation: Share of a fold's training rows to choose the best epoch by, or None; left out, the recipe's.
        schema: A schema, or the path of one, instead of the inferred one.
        groups: A column whose equal values stay in one fold; it is no input.
        weight: A column of sample weights; it is no input. Trainings heed it; scores count all rows alike.
        optimizer: A Keras optimizer or its name, instead of the recipe's.
        epochs: The most epochs, instead of the recipe's.
        batch_size: Rows a step, or `"full"`, instead of the recipe's.
        seed: Seed of the folds, and the first of the trainings.
        engine: As for `zoo.train`; what trains at once is traced.
        verbose: 0 is silent, 1 says how it trains, with a line of progress on a terminal.
        ignore: Columns of a table that are not inputs.
        image_size: `(height, width)` that all images are resized to.
        quality: Of `"auto"`: `"fast"`, `"good"` or `"best"`; left out, `"good"`.
        **options: The builder's.

    Returns:
        A row for each fold, seed and rate: `fold`, `seed`, `learning_rate` where several were given, `rows` scored,
        the scores of `zoo.evaluate`, `best_epoch` (from 1; 0 where none was better than the line that is solved before
        the first; missing where none was chosen) and `epochs` trained.
        `.attrs["predictions"]` holds a DataFrame in the data's own index: what `zoo.predict` gives for each row by
        models that were not trained on it, the mean over seeds; with several rates, `learning_rate` is its first
        column and each has all rows. `.attrs["at_once"]` says whether one program trained all, `.attrs["auto"]` which
        entry `"auto"` took by which quality, and why.
        Parquet files hold no such attributes: `.attrs.clear()` before `.to_parquet`.

    Raises:
        TypeError: if the entry has nothing to train, or is no name.
        ValueError: if an argument or the data are wrong.
        KeyboardInterrupt: after Ctrl-C, which ends all folds.
    """
    check_choice("engine", engine, ENGINES)
    if not isinstance(name, str):
        raise TypeError(
            "`name` must be an entry's name: each fold trains a fresh model. Received: "
            f"{type(name).__name__}. Pass {getattr(getattr(name, 'entry', None), 'name', 'mlp_classifier')!r}."
        )
    how: dict[str, Any] = {"target": target, "schema": schema, "ignore": ignore, "image_size": image_size}
    choice = automatic.choice_for(name, data, quality=quality, roles=(groups, weight), **how)
    if choice is not None:
        name, data, target, options = choice.entry, choice.data, choice.target, choice.with_options(options)
        if verbose:
            print(choice, flush=True)
    entry = registry.info(name)
    check_verb("cross_validate", entry)
    if "." in name or entry.learning == "none":
        raise TypeError(f"Folds are for entries that learn, by their names. Received: {name!r}.")
    options = checked_options(entry, options)
    for what, value, least in (("folds", folds, 2), ("seeds", seeds, 1)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
            raise ValueError(f"`{what}` must be an integer, {least} or more. Received: {what}={value!r}")
    rates: list[Any] = list(learning_rate) if isinstance(learning_rate, (list, tuple, np.ndarray)) else [learning_rate]
    if not rates:
        raise ValueError("`learning_rate` must be a number or several. Received: none.")
    recipe, traits = resolve_recipe(entry, options), resolve_traits(entry, options)
    check_traits(entry, traits)
    given: dict[str, Any] = {"optimizer": optimizer, "learning_rate": learning_rate, "groups": groups, "weight": weight}
    given |= {"epochs": epochs, "batch_size": batch_size, "engine": None if engine == ENGINES[0] else engine}
    check_steps(entry, traits, {"optimizer": optimizer, "folds": folds})
    procedures.check_asked(entry, traits, options, given)
    for rate in rates:
        recipe = changed_recipe(recipe, rate, epochs, batch_size)
    if optimizer is not None or batch_size is not None:
        recipe = dataclasses.replace(recipe, solver=None)
    ignore = (ignore,) if isinstance(ignore, str) else tuple(ignore)
    for role, column in (("groups", groups), ("weight", weight)):
        check_name(role, column)
    with doubts.collected() as doubtful:
        loaded, task = _loaded(entry, recipe, data, target, schema, ignore, image_size)
        doubtful.discard(column for column in (groups, weight) if column is not None)
    known = loaded.column_names if loaded.streaming else loaded.roles.columns
    groups, weight = (resolved(column, known) for column in (groups, weight))
    splits = list(folds_of(loaded, task, int(folds), groups, seed))
    parts = [(fold, loaded.take(rest), test) for fold, (rest, test) in enumerate(splits)]
    jobs = [Job(fold, seed + i, rate, rest, test) for rate in rates for i in range(seeds) for fold, rest, test in parts]
    asked = {"epochs": epochs, "batch_size": batch_size, "optimizer": optimizer, "engine": engine}
    how, alone = arguments_of_folds(recipe, validation, groups, weight, loaded.target, asked)
    alike, why = alike_in_shape(entry, recipe, traits, task, jobs, options, how, optimizer, engine)
    if verbose:
        text = f"not as one program, for {why}" if why else "as one program"
        print(f"{name} on {loaded.source}: {len(loaded)} rows, {len(jobs)} trainings, {text}", flush=True)
    trained: list = [None] * len(jobs)
    for place, result in train_jobs(entry, recipe, jobs, alike, options, alone, verbose=verbose):
        trained[place] = result
    table = _table(jobs, trained, loaded, weight, groups, at_once=not why, several=len(rates) > 1)
    if choice is not None:
        table.attrs["auto"] = {"entry": choice.entry, **choice.listed}
    return table


def arguments_of_folds(
    recipe: Recipe, validation: float | None, groups, weight, target, asked: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns how the rows of trainings in one program are parted, and the arguments of `zoo.train` for one alone.

    Args:
        recipe: What is trained by.
        validation: The caller's share; `DEFAULT_SHARE` gives way to the recipe's, and to its least number of rows.
        groups, weight: The columns of these names, or None.
        target: The target, as the loaded rows know it.
        asked: The arguments `epochs`, `batch_size`, `optimizer` and `engine`.
    """
    by_recipe = isinstance(validation, RecipeShare)
    columns = {"groups": groups, "weight": weight}
    how = {
        "validation": recipe.validation if by_recipe else validation,
        "least_validation": recipe.least_validation if by_recipe else 0,
        **columns,
    }
    return how, {"validation": validation, **columns, **asked, "target": target}


def alike_in_shape(
    entry: Entry, recipe: Recipe, traits, task: Task, jobs: list[Job], options, how, optimizer, engine: str
) -> tuple[list[list[Member]], str]:
    """Returns the trainings of each shape that can be one program, and why not all of them can, or `""`.

    Args:
        entry, recipe, traits, task: What is trained, and for which task.
        jobs: The trainings.
        options: The builder's.
        how: How rows are parted, the first of what `arguments_of_folds` returns.
        optimizer, engine: As for `cross_validate`.
    """
    why = plan_members.obstacle_of_recipe(recipe, traits, engine, entry, task)
    alike = [] if why else list(one_program.by_shape(entry, recipe, traits, task, jobs, options, how, optimizer))
    return alike, why or one_program.why_not_all(alike, recipe, engine)


def train_jobs(
    entry: Entry,
    recipe: Recipe,
    jobs: list[Job],
    alike: list[list[Member]],
    options,
    alone,
    *,
    go_on: Callable[[], bool] = lambda: True,
    verbose: int,
) -> Iterator[tuple[int, tuple]]:
    """Yields the place of each training among the jobs, and its model, best epoch and number of epochs.

    Args:
        entry, recipe, jobs, options: As for `alike_in_shape`.
        alike: What `alike_in_shape` returned.
        alone: The arguments of `zoo.train` for those that are not part of a program, the second of what
            `arguments_of_folds` returns.
        go_on: Asked before each program and each training alone except the first of all; False leaves out the rest.
        verbose: 0 shows no progress.
    """
    done: set[int] = set()
    for members in alike:
        if len(members) > 1 and not one_program.obstacle_of(members, recipe, alone["engine"]):
            if done and not go_on():
                return
            with Progress(recipe.epochs, "epoch", verbose=verbose) as progress:
                after_epoch = functools.partial(progress.advance, 1, f"of {len(members)} trainings")
                for member, result in zip(members, one_program.fit(members, recipe, after_epoch), strict=True):
                    done.add(member.place)
                    held_out_answers.learnt(result[0], member.held_out)
                    yield member.place, result
    places = [place for place in range(len(jobs)) if place not in done]
    folds, seeds = (len({getattr(job, name) for job in jobs}) for name in ("fold", "seed"))
    with Progress(len(places), "training", verbose=verbose) as progress:
        for number, place in enumerate(places):
            if (done or number) and not go_on():
                return
            progress.advance(min(number, 1), _fold_and_seed(jobs[place], folds, seeds))  # the one before is done
            yield place, _alone(entry, jobs[place], alone, options)


def _fold_and_seed(job: Job, folds: int, seeds: int) -> str:
    return f"fold {job.fold + 1} of {folds}" + (f", seed {job.seed}" if seeds > 1 else "")


def _mean(*arrays: np.ndarray) -> np.ndarray:
    """Returns the mean of what the seeds' models decided; of what has no mean, such as indices, the first's."""
    return np.mean(arrays, axis=0) if arrays[0].dtype.kind == "f" else arrays[0]


def _loaded(entry: Entry, recipe: Recipe, data, target, schema, ignore, image_size) -> tuple[Data, Task]:
    """Returns all rows, with a schema that knows all levels and the task, and that task. Statistics are not in it."""
    loaded = rows_with_target(
        recipe.data_or(data, entry.name),
        repr(entry.name),
        target=target,
        schema=schema,
        ignore=ignore,
        image_size=image_size,
    )
    task = task_for(entry, loaded)
    return rows_of_task(loaded, task), task


def rows_with_target(data, name: str, *, target, schema, ignore, image_size) -> Data:
    """Returns all rows in memory, with their target.

    Args:
        data, target, schema, ignore, image_size: As for `cross_validate`.
        name: What needs the target, in a message.

    Raises:
        ValueError: if they are a stream, or have no target.
    """
    loaded = load_data(data, target=target, schema=schema, ignore=ignore, image_size=image_size)
    loaded.check_ignored(ignore)
    if loaded.streaming:
        raise ValueError(
            "Folds need all rows in memory. Load the data with `stream=False`, or train on a share of them."
        )
    if loaded.y is None:
        raise ValueError(
            f"{name} needs a target. Pass `target=` with a column's name: {', '.join(map(str, loaded.schema.names))}."
        )
    return loaded


def rows_of_task(loaded: Data, task: Task) -> Data:
    """Returns the rows with a schema that knows all levels and the task.

    Args:
        loaded: What `rows_with_target` returned.
        task: What is to be answered.

    Raises:
        ValueError: if a row has no target.
    """
    missing = pd.DataFrame(loaded.y).isna()
    if count := int(missing.any(axis=1).sum()):
        names = [name for name, column in zip(loaded.targets, missing, strict=False) if missing[column].any()]
        named = f" {', '.join(map(repr, names))}" if names else ""
        raise ValueError(
            f"The target{named} must be there in every row. Received: {count} of {len(loaded)} without. Leave these "
            "rows out."
        )
    known = loaded.schema if loaded.schema.task == task.name else task.described(loaded.schema, loaded.y)
    return load_data(loaded.take(np.arange(len(loaded))), target=loaded.target, schema=known)


def _alone(entry: Entry, job: Job, settings, options) -> tuple:
    own = {**settings, "optimizer": copy_of(settings["optimizer"])}
    run = train(entry.name, job.train, seed=job.seed, learning_rate=job.rate, verbose=0, **own, **options)
    if run.interrupted:
        raise interruption.raised_again(run.stopped)
    return run.model, run.best_epoch, len(run.history.get("loss", ()))


def _table(jobs, trained, loaded: Data, weight, groups, *, at_once: bool, several: bool) -> pd.DataFrame:
    """Scores every job on its fold, and puts the predictions together."""
    hidden = [column for column in (groups, weight) if column is not None]
    rows: list[dict] = []
    outputs: dict = {}
    for job, (model, best_epoch, epochs) in zip(jobs, trained, strict=True):
        test = loaded.take(job.test)
        encoded = pipelines.encode(test.ignoring(hidden) if hidden else test, model.preprocessor)
        found = inference.outputs(model, encoded.x, once=True)
        scores = scoring.score_outputs(model, found, encoded.truth)
        rates = {"learning_rate": job.rate} if several else {}
        row = {"fold": job.fold, "seed": job.seed, **rates, "rows": len(job.test), **scores.summary}
        rows.append({**row, "best_epoch": pd.NA if best_epoch is None else best_epoch + 1, "epochs": epochs})
        outputs.setdefault((job.rate, job.fold), []).append(found)
    table = pd.DataFrame(rows).astype({"best_epoch": "Int64"})
    index = loaded.x.index if isinstance(loaded.x, pd.DataFrame) else pd.RangeIndex(len(loaded))
    frames = []
    for rate in dict.fromkeys(job.rate for job in jobs):
        parts = []
        for job, (model, *_) in zip(jobs, trained, strict=True):
            if job.rate == rate and job.seed == jobs[0].seed:
                mean = keras.tree.map_structure(_mean, *outputs[rate, job.fold])
                parts.append(answers(model, mean, pd.Index(job.test)))
        frame = pd.concat(parts).sort_index()
        frame.index = index
        if several:
            frame.insert(0, "learning_rate", rate)
        frames.append(frame)
    table.attrs["predictions"] = OutOfFold(pd.concat(frames) if several else frames[0])
    table.attrs["at_once"] = at_once
    return table
