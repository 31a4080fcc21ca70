"""Which models `zoo.compare` compares: what the caller names, or the zoo's for tables, and their rivals."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, is_classifier, is_regressor

from zoo import automatic, registry
from zoo.building import task_for
from zoo.compiling import checked_options, resolve_recipe, resolve_traits
from zoo.data.raw import Data
from zoo.engine.plan import ENGINES
from zoo.engine.refusals import check_traits
from zoo.registry import Entry
from zoo.tasks.task import Task
from zoo.training import rivals as others
from zoo.training.candidates import TRAINING, Candidate, EntryCandidate, EstimatorCandidate
from zoo.training.procedures import check_asked
from zoo.training.resolving import check_verb
from zoo.training.rivals import Rival
from zoo.training.settings import changed_recipe

FOR_TABLES = {  # by what is predicted; the networks in the order of the time that they take
    "classifier": ("logistic_regression", "mlp_classifier", "realmlp_classifier", "tabm_classifier"),
    "regressor": ("linear_regression", "mlp_regressor", "realmlp_regressor", "tabm_regressor"),
}
LINEAR = ("logistic_regression", "linear_regression")
# The order of trainings: baseline, linear rivals, linear entries, trees, a caller's other estimators, networks.
BASELINE, LINEAR_RIVAL, LINEAR_ENTRY, TREE, OWN, NETWORK_RIVAL, NETWORK = range(7)


def chosen(models, loaded: Data, *, rivals: bool, seed: int) -> tuple[dict[str, Candidate], Task]:
    """Returns the models to compare by label, and the task that they do.

    Args:
        models: As for `zoo.compare`.
        loaded: The rows.
        rivals: Whether to add those of other packages.
        seed: Of the rivals.

    Raises:
        TypeError: if a model is neither an entry that learns nor an estimator.
        ValueError: if there is no such entry, or an option is wrong, or they do not do the same.
    """
    items = list(_items(models)) if models is not None else _defaults(loaded)
    if not items:
        raise ValueError("`models` must name a model or several. Received: none. Leave it out for those of the zoo.")
    parsed = [(label, _candidate(item, loaded)) for label, item in items]
    tasks = {_label(label, one): _task(one, loaded) for label, one in parsed}
    if len({task.name for task in tasks.values()}) > 1:
        named = ", ".join(f"{label} does {task.name}" for label, task in tasks.items())
        raise ValueError(f"Models must all do the same to be compared. Received: {named}.")
    task = next(iter(tasks.values()))
    if task.estimator not in FOR_TABLES:
        raise ValueError(f"Models of classes, labels or numbers are compared. Received: models of {task.name}.")
    several = np.ndim(loaded.y) == 2 and np.shape(loaded.y)[1] > 1
    found: dict[str, Candidate] = {}
    for label, one in parsed:
        found[_free(_label(label, one), found)] = one
    for rival in others.rivals(task.estimator, several, seed % 2**32) if rivals else ():
        found[_free(rival.label, found)] = EstimatorCandidate(rival, _rank(rival))
    return found, task


def _rank(rival: Rival) -> int:
    if rival.is_baseline:
        return BASELINE
    return LINEAR_RIVAL if rival.is_linear else TREE if rival.is_tree else NETWORK_RIVAL


def _free(label: str, taken) -> str:
    """Returns a label that no other model has."""
    number = 2
    own = label
    while own in taken:
        own, number = f"{label} {number}", number + 1
    return own


def _items(models) -> Iterator[tuple[str | None, Any]]:
    """Yields the items of a caller's models, and their labels where they have any."""
    if isinstance(models, Mapping):
        yield from ((str(label), item) for label, item in models.items())
    elif isinstance(models, (str, BaseEstimator)) or _is_with_options(models) or not isinstance(models, Sequence):
        yield None, models
    else:
        yield from ((None, item) for item in models)


def _is_with_options(item) -> bool:
    return isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], str) and isinstance(item[1], Mapping)


def _defaults(loaded: Data) -> list[tuple[None, tuple[str, dict[str, Any]]]]:
    """Returns the zoo's entries for a table with their options, by what its target is inferred to be.

    Logistic regression has the penalty that C = 1 of scikit-learn is for all rows. Without one there is often no
    maximum of the likelihood: a rare level, or a word of a text, need only be in rows of one class.
    """
    if not isinstance(loaded.x, pd.DataFrame) and np.ndim(loaded.x) > 2:
        raise ValueError(
            "The models that are compared by default are for tables. Received: an array of "
            f"{np.ndim(loaded.x)} dimensions. Pass `models=['image_mlp', 'lenet']`."
        )
    schema = loaded.schema
    kind = registry.load_task(schema.task).estimator if schema.task else "classifier"
    names = FOR_TABLES.get(kind, FOR_TABLES["classifier"])
    task = task_for(registry.info(names[1]), loaded)
    options = {"logistic_regression": {"l2": 1 / (2 * len(loaded))}}
    return [(None, (name, options.get(name, {}))) for name in names if task.name in registry.info(name).tasks]


def _candidate(item, loaded: Data) -> Candidate:
    if isinstance(item, str) or _is_with_options(item):
        name, options = (item, {}) if isinstance(item, str) else (item[0], dict(item[1]))
        choice = automatic.choice_for(name, loaded, quality=options.pop("quality", None))
        if choice is None:
            return _entry(registry.info(name), name, options)
        settings = {key: options.pop(key) for key in TRAINING if key in options}
        found = _entry(registry.info(choice.entry), choice.entry, {**settings, **choice.with_options(options)})
        return dataclasses.replace(found, choice=choice)
    if isinstance(item, BaseEstimator) and (is_classifier(item) or is_regressor(item)):
        rival = others.rival_of(item)
        return EstimatorCandidate(rival, _rank(rival) if rival.is_tree or rival.is_linear else OWN)
    raise TypeError(
        "A model to compare must be an entry's name, (name, options), or a classifier or regressor of scikit-learn's "
        f"kind. Received: {type(item).__name__}."
    )


def _entry(entry: Entry, name: str, options: dict[str, Any]) -> EntryCandidate:
    check_verb("cross_validate", entry)
    if "." in name or entry.learning == "none":
        raise TypeError(f"Folds are for entries that learn, by their names. Received: {name!r}.")
    settings = {key: options.pop(key) for key in TRAINING if key in options}
    options = checked_options(entry, options)
    changed_recipe(
        resolve_recipe(entry, options),
        settings.get("learning_rate"),
        settings.get("epochs"),
        settings.get("batch_size"),
    )
    traits, engine = resolve_traits(entry, options), settings.get("engine")
    check_traits(entry, traits)
    check_asked(entry, traits, options, {**settings, "engine": None if engine == ENGINES[0] else engine})
    return EntryCandidate(entry, settings, options, LINEAR_ENTRY if entry.name in LINEAR else NETWORK)


def _label(label: str | None, candidate: Candidate) -> str:
    if label is not None:
        return label
    if isinstance(candidate, EntryCandidate):
        name = candidate.entry.name
        if candidate.choice is None:
            return name
        quality = "" if candidate.choice.quality == automatic.DEFAULT_QUALITY else f" {candidate.choice.quality}"
        return f"{registry.AUTO}{quality} ({name})"
    return candidate.rival.label


def _task(candidate: Candidate, loaded: Data) -> Task:
    if isinstance(candidate, EntryCandidate):
        return task_for(candidate.entry, loaded)
    kind = "classifier" if is_classifier(candidate.rival.estimator) else "regressor"
    return task_for(registry.info(FOR_TABLES[kind][1]), loaded)
