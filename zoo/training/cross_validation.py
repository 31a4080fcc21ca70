"""`zoo.cross_validate`: every row is predicted by models that did not see it; where shapes allow, all train at once."""

from __future__ import annotations

import dataclasses
import json
import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
import pandas as pd

from zoo import registry
from zoo.building import assemble, fit_preprocessor, task_for
from zoo.compiling import check_options, compile_model, resolve_recipe, resolve_traits
from zoo.data import doubts, pipelines
from zoo.data.names import resolved
from zoo.data.raw import Data
from zoo.data.sources import load as load_data
from zoo.engine import fitting, loop_tensorflow
from zoo.engine.asked import check_served
from zoo.engine.members import fitting_members, narrow_inputs
from zoo.layers.linear import line_of
from zoo.model import Model
from zoo.recipes import decision_of
from zoo.registry import Entry, Recipe, Traits
from zoo.training import inference, line, scoring
from zoo.training.parts import Parts, check_name, load_parts
from zoo.training.prediction import answers
from zoo.training.resolving import check_verb
from zoo.training.structure import structure
from zoo.training.trainer import _DEFAULT_SHARE, _changed, _check_choice, _copied, _RecipeShare, train


class OutOfFold(pd.DataFrame):
    """Predictions that a table of scores carries: pandas copies and compares what stands in `attrs` at every turn."""

    @property
    def _constructor(self):
        return pd.DataFrame

    def __deepcopy__(self, memo):
        return self

    def __eq__(self, other):
        return self is other if isinstance(other, OutOfFold) else super().__eq__(other)


@dataclasses.dataclass(frozen=True)
class _Job:
    """A model to train: its fold, seed and rate, and the rows of its fold."""

    fold: int
    seed: int
    rate: float | None
    train: Data
    test: np.ndarray


@dataclasses.dataclass(frozen=True)
class _Member:
    """A training that may be part of a program: its place among the jobs, its compiled model and its encoded rows."""

    place: int
    seed: int
    model: Model
    size: int
    rows: tuple
    held: tuple | None
    best_so_far: float | None


def cross_validate(
    name: str,
    data=None,
    *,
    target=None,
    folds: int = 5,
    seeds: int = 1,
    learning_rate: float | Sequence[float] | None = None,
    validation=_DEFAULT_SHARE,
    schema=None,
    groups: str | None = None,
    weight: str | None = None,
    optimizer=None,
    epochs: int | None = None,
    batch_size: int | str | None = None,
    seed: int = 0,
    engine: str = "auto",
    verbose: int = 1,
    ignore: str | Iterable = (),
    image_size: int | Sequence[int] | None = None,
    **options,
) -> pd.DataFrame:
    """Trains an entry on all folds but one, for each of them, and scores it on that one.

    Folds are stratified by class; rows are taken in an order by `seed`. The preprocessor's statistics come from a
    fold's training rows alone. Networks of one shape train as one program, which takes little longer than one of them.

    Args:
        name: An entry's name.
        data: Anything that `zoo.data.load` takes, in memory; None for the recipe's own data set. All its rows are used.
        target: The target's column, or several as `["a", "b"]`; or its values beside a table, one or several a row.
        folds: How many parts; each is scored once for every seed and rate.
        seeds: How many trainings of a fold, with initial weights and orders from `seed`, `seed + 1`, ...
        learning_rate: Instead of the recipe's; a sequence tries each.
        validation: Share of a fold's training rows to choose the best epoch by, or None; left out, the recipe's.
        schema: A schema, or the path of one, instead of the inferred one.
        groups: A column whose equal values stay in one fold; it is no input.
        weight: A column of sample weights; it is no input.
        optimizer: A Keras optimizer or its name, instead of the recipe's.
        epochs: The most epochs, instead of the recipe's.
        batch_size: Rows a step, or `"full"`, instead of the recipe's.
        seed: Seed of the folds, and the first of the trainings.
        engine: As for `zoo.train`; what trains at once is traced.
        verbose: 0 is silent, 1 says how it trains.
        ignore: Columns of a table that are not inputs.
        image_size: `(height, width)` that all images are resized to.
        **options: The builder's.

    Returns:
        A row for each fold, seed and rate: `fold`, `seed`, `learning_rate` where several were given, `rows` scored,
        the scores of `zoo.evaluate`, `best_epoch` (from 1; 0 where none was better than the line that is solved before
        the first; missing where none was chosen) and `epochs` trained.
        `.attrs["predictions"]` holds a DataFrame in the data's own index: what `zoo.predict` gives for each row by
        models that were not trained on it, the mean over seeds; with several rates, `learning_rate` is its first
        column and each has all rows. `.attrs["at_once"]` says whether one program trained all.
        Parquet files hold no such attributes: `.attrs.clear()` before `.to_parquet`.

    Raises:
        TypeError: if the entry has nothing to train, or is no name.
        ValueError: if an argument or the data are wrong.
    """
    _check_choice("engine", engine, fitting.ENGINES)
    if not isinstance(name, str):
        raise TypeError(
            "`name` must be an entry's name: each fold trains a fresh model. Received: "
            f"{type(name).__name__}. Pass {getattr(getattr(name, 'entry', None), 'name', 'mlp_classifier')!r}."
        )
    entry = registry.info(name)
    check_verb("cross_validate", entry)
    if "." in name or entry.learning == "none":
        raise TypeError(f"Folds are for entries that learn, by their names. Received: {name!r}.")
    check_options(entry, options)
    for what, value, least in (("folds", folds, 2), ("seeds", seeds, 1)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
            raise ValueError(f"`{what}` must be an integer, {least} or more. Received: {what}={value!r}")
    rates: list[Any] = list(learning_rate) if isinstance(learning_rate, (list, tuple, np.ndarray)) else [learning_rate]
    if not rates:
        raise ValueError("`learning_rate` must be a number or several. Received: none.")
    recipe, traits = resolve_recipe(entry, options), resolve_traits(entry, options)
    check_served(entry, traits)
    for rate in rates:
        recipe = _changed(recipe, rate, epochs, batch_size)
    if optimizer is not None or batch_size is not None:
        recipe = dataclasses.replace(recipe, solver=None)
    ignore = (ignore,) if isinstance(ignore, str) else tuple(ignore)
    for role, column in (("groups", groups), ("weight", weight)):
        check_name(role, column)
    with doubts.collected() as doubtful:
        loaded = _loaded(entry, recipe, data, target, schema, ignore, image_size)
        doubtful.discard(column for column in (groups, weight) if column is not None)
    known = loaded.column_names if loaded.streaming else loaded.roles.columns
    groups, weight = (resolved(column, known) for column in (groups, weight))
    splits = list(_folds(loaded, entry, int(folds), groups, seed))
    parts = [(fold, loaded.take(rest), test) for fold, (rest, test) in enumerate(splits)]
    jobs = [
        _Job(fold, seed + i, rate, rest, test) for rate in rates for i in range(seeds) for fold, rest, test in parts
    ]
    share = recipe.validation if isinstance(validation, _RecipeShare) else validation
    how = {"validation": share, "groups": groups, "weight": weight}
    asked = {"epochs": epochs, "batch_size": batch_size, "optimizer": optimizer, "engine": engine}
    alone = {**how, **asked, "target": loaded.target}
    why = _obstacle(recipe, traits, engine, entry, loaded.schema.task, options)
    groups_of_shape = [] if why else list(_of_one_shape(entry, recipe, traits, jobs, options, how, optimizer))
    why = why or _why_not_one(groups_of_shape, recipe, engine)
    if verbose:
        text = f"not as one program, for {why}" if why else "as one program"
        print(f"{name} on {loaded.source}: {len(loaded)} rows, {len(jobs)} trainings, {text}", flush=True)
    trained: list = [None] * len(jobs)
    for members in groups_of_shape:
        if len(members) > 1 and not _obstacle_of(members, recipe, engine):
            for member, result in zip(members, _at_once(members, recipe), strict=True):
                trained[member.place] = result
    for place, job in enumerate(jobs):
        if trained[place] is None:
            trained[place] = _alone(entry, job, alone, options)
    return _table(jobs, trained, loaded, weight, groups, at_once=not why, several=len(rates) > 1)


def _mean(*arrays: np.ndarray) -> np.ndarray:
    """Returns the mean of what the seeds' models decided; of what has no mean, such as indices, the first's."""
    return np.mean(arrays, axis=0) if arrays[0].dtype.kind == "f" else arrays[0]


def _loaded(entry: Entry, recipe: Recipe, data, target, schema, ignore, image_size) -> Data:
    """Returns all rows, with a schema that knows all levels: statistics are not in it."""
    loaded = load_data(
        recipe.data_or(data, entry.name), target=target, schema=schema, ignore=ignore, image_size=image_size
    )
    loaded.check_ignored(ignore)
    if loaded.streaming:
        raise ValueError(
            "Folds need all rows in memory. Load the data with `stream=False`, or train on a share of them."
        )
    if loaded.y is None:
        raise ValueError(
            f"{entry.name!r} needs a target. Pass `target=` with a column's name: "
            f"{', '.join(map(str, loaded.schema.names))}."
        )
    task = task_for(entry, loaded.y)
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


def _folds(loaded: Data, entry: Entry, folds: int, groups, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields the numbers of the rows to train on and to score on."""
    from sklearn import model_selection

    rows, y = np.zeros(len(loaded)), np.asarray(loaded.y)
    if len(loaded) < folds:
        raise ValueError(f"`folds` must be at most the number of rows, {len(loaded)}. Received: folds={folds}")
    codes = task_for(entry, loaded.y).strata(loaded.y)
    how: dict[str, Any] = {"n_splits": folds, "shuffle": True, "random_state": seed % 2**32}
    if groups is not None:
        if groups not in loaded.roles.columns:
            raise ValueError(f"`groups` must be a column of the data. Received: groups={groups!r}")
        labels = pd.factorize(loaded.roles[groups], use_na_sentinel=False)[0]
        if len(np.unique(labels)) < folds:
            raise ValueError(
                f"`folds` must be at most the number of groups, {len(np.unique(labels))}. Received: folds={folds}"
            )
        if codes is None:
            splitter = model_selection.GroupKFold(**how)
        else:
            splitter = model_selection.StratifiedGroupKFold(**how)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of a class with fewer rows than folds: groups come first
            yield from splitter.split(rows, codes, labels)
        return
    if codes is None:
        yield from model_selection.KFold(**how).split(rows)
        return
    if (least := int(np.bincount(codes).min())) < folds:
        rare = y[np.flatnonzero(codes == int(np.bincount(codes).argmin()))[0]]
        raise ValueError(
            f"`folds` must be at most the number of rows of the rarest class, {least} of {rare!r}, for every fold to "
            f"have it. Received: folds={folds}"
        )
    yield from model_selection.StratifiedKFold(**how).split(rows, codes)


def _obstacle(recipe: Recipe, traits: Traits, engine, entry: Entry, task: str | None, options) -> str:
    """Returns why trainings cannot be one program, as far as the recipe tells, or `""`."""
    if engine in ("keras", "xla"):
        return f"`engine={engine!r}` is asked for"
    if entry.learning == "rule":
        return "it learns by a rule, which stands in its layers"
    if recipe.solver is not None:
        return f"the solver {recipe.solver!r} trains"
    if traits.augmentation is not None and options.get("augmentation", True):
        return "images are augmented"
    if recipe.stop_at is not None:
        return f"the recipe stops at a value of {recipe.stop_at[0]}"
    if registry.load_task(task).bounded(decision_of(recipe, traits)):
        return "predictions are bounded by each fold's own targets"
    return ""


def _of_one_shape(
    entry: Entry, recipe: Recipe, traits: Traits, jobs: list[_Job], options, how, optimizer
) -> Iterator[list[_Member]]:
    """Yields the trainings of each shape of network, steps of an epoch and batches: those of one program."""
    found: dict[tuple, list[_Member]] = {}
    prepared: dict[tuple[int, int], tuple] = {}
    lines: dict[tuple[int, int], tuple] = {}  # solved once for all rates
    for place, job in enumerate(jobs):
        if (job.fold, job.seed) not in prepared:
            prepared[job.fold, job.seed] = _prepared(entry, recipe, traits, job, how)
        parts, preprocessor, rows, held = prepared[job.fold, job.seed]
        model = assemble(entry, preprocessor, options, seed=job.seed, compiled=False)
        size = recipe.rows_a_step(parts.rows)
        steps = math.ceil(parts.rows / size)
        own, total = _copied(optimizer), steps * recipe.epochs
        compile_model(model, recipe, optimizer=own, learning_rate=job.rate, total_steps=total)
        sizes = {**preprocessor.sizes, "num_numeric": None, "num_linear": None}  # a narrower one is filled
        shape = (json.dumps(sizes, default=int), steps, size if steps > 1 else None)
        best_so_far = None
        if line.is_needed(model):
            own_line, key = line_of(model.network), (job.fold, job.seed)
            if key not in lines:
                line.solve(model, rows, seed=job.seed)
                lines[key] = own_line.get_weights(), None if held is None else line.loss(model, held)
            weights, best_so_far = lines[key]
            own_line.set_weights(weights)
        weighed = _with_weights(model, rows), None if held is None else _with_weights(model, held)
        found.setdefault(shape, []).append(_Member(place, job.seed, model, size, *weighed, best_so_far))
    yield from found.values()


def _why_not_one(groups_of_shape: list[list[_Member]], recipe: Recipe, engine: str) -> str:
    """Returns why not all trainings are one program, or `""`."""
    if len(groups_of_shape) > 1:
        return f"{len(groups_of_shape)} shapes of their rows take a program each"
    return _obstacle_of(groups_of_shape[0], recipe, engine)


def _obstacle_of(members: list[_Member], recipe: Recipe, engine: str) -> str:
    """Returns why trainings of one shape are no program, or `""`."""
    model, size = members[0].model, max(member.size for member in members)
    if model.members > 1:
        return "each is an ensemble already"
    if why := fitting_members.obstacle([member.model for member in members], [member.rows for member in members], size):
        return why
    sizes = {"rows": len(members[0].rows[1]), "batch_size": size, "epochs": recipe.epochs}
    if engine == "auto" and not loop_tensorflow.is_small(model, size) and loop_tensorflow.pays_off(model, **sizes):
        return "networks of this size train faster by XLA, which takes one at a time"
    return ""


def _at_once(members: list[_Member], recipe: Recipe) -> Iterator[tuple]:
    """Trains members as one program, and yields each one's model, best epoch (from 0) and epochs."""
    models = [member.model for member in members]
    left = fitting_members.fit(
        models,
        [member.rows for member in members],
        None if members[0].held is None else [member.held for member in members],
        loss=models[0].loss.function,
        batch_size=max(member.size for member in members),
        epochs=recipe.epochs,
        shuffle=recipe.shuffle,
        seeds=[member.seed for member in members],
        patience=recipe.patience,
        best_so_far=[member.best_so_far for member in members],
        key=structure(models[narrow_inputs.widest([model.network for model in models])], recipe, statistics=False),
    )
    if diverged := sum(one.diverged for one in left):
        warnings.warn(
            f"The loss of {diverged} of {len(left)} trainings was no longer finite, and their weights are those of an "
            "epoch before. Lower `learning_rate`, or pass an optimizer with clipnorm=1.0.",
            stacklevel=3,
        )
    for model, one in zip(models, left, strict=True):
        yield model, one.best_epoch, len(one.losses)


def _prepared(entry: Entry, recipe: Recipe, traits: Traits, job: _Job, how) -> tuple:
    """Returns a fold's parts, preprocessor and encoded rows, as `zoo.train` would have them."""
    parts: Parts = load_parts(
        job.train,
        target=job.train.target,
        schema=None,
        validation=how["validation"],
        shipped=False,
        entry=entry,
        groups=how["groups"],
        time=None,
        weight=how["weight"],
        seed=job.seed,
    )
    preprocessor = fit_preprocessor(entry, recipe, traits, parts.train)
    encoded = [
        None if part is None else pipelines.encode(part, preprocessor, weight=parts.weights(part), training_seed=seed)
        for part, seed in ((parts.train, job.seed), (parts.val, None))
    ]
    return parts, preprocessor, *encoded


def _with_weights(model: Model, encoded) -> tuple:
    y = model.target.in_float32(encoded.truth, encoded.y)
    weight = np.ones(len(y), "float32") if encoded.weight is None else encoded.weight.astype("float32")
    return encoded.x, y, weight


def _alone(entry: Entry, job: _Job, settings, options) -> tuple:
    own = {**settings, "optimizer": _copied(settings["optimizer"])}
    run = train(entry.name, job.train, seed=job.seed, learning_rate=job.rate, verbose=0, **own, **options)
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
        row = {"fold": job.fold, "seed": job.seed, **rates, "rows": len(job.test), **scores}
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
