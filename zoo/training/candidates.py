"""What `zoo.compare` compares: entries of the zoo and estimators of scikit-learn's kind, which answer folds alike."""

from __future__ import annotations

import dataclasses
import functools
import os
import pickle
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from zoo.automatic import Choice
from zoo.compiling import resolve_recipe, resolve_traits
from zoo.data import pipelines
from zoo.data.raw import Data
from zoo.data.weighting import checked_weights
from zoo.engine.plan import ENGINES
from zoo.registry import Entry
from zoo.tasks.task import Target, Task
from zoo.training import identities, inference, rivals, scoring
from zoo.training.cross_validation import alike_in_shape, arguments_of_folds, train_jobs
from zoo.training.one_program import Job
from zoo.training.rivals import Rival
from zoo.training.settings import DEFAULT_SHARE, changed_recipe, copy_of

TRAINING = (
    "epochs",
    "batch_size",
    "learning_rate",
    "optimizer",
    "validation",
    "engine",
)  # as `cross_validate` has them
CALLS = 20  # of one row, after a first one, whose median is the latency
LONGEST = 1.0  # seconds, after which no further call is made


@dataclasses.dataclass(frozen=True)
class FoldAnswers:
    """What a model answers the rows of a fold that it was not trained on.

    Args:
        answers: As a task's `scores_of` takes them, `(rows, ...)`.
        hard: Whether they are decisions in place of probabilities.
        seconds: Of training.
        latency: Seconds to answer one row; None where it was not measured.
        size: Bytes of the saved model; None where it was not measured.
    """

    answers: np.ndarray
    hard: bool
    seconds: float
    latency: float | None = None
    size: int | None = None


@dataclasses.dataclass(frozen=True)
class FoldedRows:
    """The rows of a comparison and its folds.

    Args:
        loaded: All rows.
        task: What is answered.
        target: The target as all rows show it.
        y: Encoded targets.
        splits: Of each fold the numbers of the rows to train on and to answer.
        groups, weight: The columns of these names, or None.
        seed: Of all trainings.
    """

    loaded: Data
    task: Task
    target: Target
    y: np.ndarray
    splits: list[tuple[np.ndarray, np.ndarray]]
    groups: Any = None
    weight: Any = None
    seed: int = 0
    cache: dict[str, tuple[pd.DataFrame, float]] = dataclasses.field(default_factory=dict)

    @property
    def columns(self) -> int:
        """How many columns answers have: classes, labels or targets."""
        return len(self.target.unit_names) or 1

    @property
    def no_inputs(self) -> list:
        """Columns that are no inputs because they tell groups or weights."""
        return [column for column in (self.groups, self.weight) if column is not None]

    def raw(self) -> pd.DataFrame:
        """Returns the columns that are inputs, as they are in the data; of arrays a column a number."""
        x = self.loaded.x
        if not isinstance(x, pd.DataFrame):
            return pd.DataFrame(np.asarray(x).reshape(len(x), -1))
        return x[[name for name in self.loaded.schema.names if name not in self.no_inputs]]

    def read(self) -> tuple[pd.DataFrame, float]:
        """Returns these columns as numbers and texts, and the seconds that it took to read a row."""
        if "read" not in self.cache:
            begin = time.perf_counter()
            read = self._read(self.loaded.x)
            self.cache["read"] = read, (time.perf_counter() - begin) / len(read)
        return self.cache["read"]

    def read_first(self) -> pd.DataFrame:
        """Returns the first row as `read` does, and reads it anew."""
        return self._read(self.loaded.x[:1])

    def _read(self, x) -> pd.DataFrame:
        columns = [column for column in self.loaded.schema.columns if column.name not in self.no_inputs]
        return rivals.numbers_and_texts(x, columns)

    def check_answers(self, fold: int, answers: np.ndarray) -> None:
        """Raises ValueError for answers that cannot be scored.

        Args:
            fold: Which fold.
            answers: What a model answers its rows.
        """
        expected = (len(self.splits[fold][1]), self.columns)
        shape = np.shape(answers)
        if shape[:1] != expected[:1] or int(np.prod(shape[1:])) != expected[1]:
            raise ValueError(f"Answers to fold {fold} must have the shape {expected}. Received: the shape {shape}.")
        if count := int(np.sum(~np.isfinite(answers))):
            raise ValueError(f"The answers are not finite. Received: {count} such numbers in fold {fold}.")

    def weights(self) -> np.ndarray | None:
        """Returns the sample weights `(rows,)`, or None."""
        if self.weight is None:
            return None
        return checked_weights(self.loaded.roles[self.weight], f"weights in {self.weight!r}")


@dataclasses.dataclass(frozen=True)
class EntryCandidate:
    """An entry of the zoo.

    Args:
        entry: The entry.
        settings: Arguments of `zoo.cross_validate` on training.
        options: The builder's.
        rank: Those with the least are trained first.
        choice: How `"auto"` took the entry, or None where the caller named it.
    """

    entry: Entry
    settings: dict[str, Any]
    options: dict[str, Any]
    rank: int
    choice: Choice | None = None
    is_baseline = False

    @property
    def is_linear(self) -> bool:
        return self.rank < 3

    @property
    def identity(self) -> str:
        """What the answers depend on, beside data and folds."""
        return identities.of_entry(self.entry, self.settings, self.options)

    def answer_folds(
        self, rows: FoldedRows, folds: list[int], go_on: Callable[[], bool]
    ) -> Iterator[tuple[int, FoldAnswers]]:
        """Yields numbers of folds and the answers to them, of those that can be trained as one program together.

        Args:
            rows: The rows.
            folds: Which folds.
            go_on: Asked before each training but the first; False leaves out the rest.
        """
        settings = {"epochs": None, "batch_size": None, "learning_rate": None, "optimizer": None, **self.settings}
        engine = settings.setdefault("engine", ENGINES[0])
        validation = settings.pop("validation", DEFAULT_SHARE)
        rate, optimizer, batch_size = (settings[name] for name in ("learning_rate", "optimizer", "batch_size"))
        begin = time.perf_counter()
        recipe = changed_recipe(resolve_recipe(self.entry, self.options), rate, settings["epochs"], batch_size)
        if optimizer is not None or batch_size is not None:
            recipe = dataclasses.replace(recipe, solver=None)
        traits = resolve_traits(self.entry, self.options)
        del settings["learning_rate"]
        how, alone = arguments_of_folds(recipe, validation, rows.groups, rows.weight, rows.loaded.target, settings)
        jobs = [
            Job(fold, rows.seed, rate, rows.loaded.take(train), test)
            for fold in folds
            for train, test in [rows.splits[fold]]
        ]
        own = copy_of(optimizer)
        what = (self.entry, recipe, traits, rows.task, jobs, self.options, how, own, engine)
        alike, _ = alike_in_shape(*what)
        trained = train_jobs(self.entry, recipe, jobs, alike, self.options, alone, go_on=go_on, verbose=0)
        for place, (model, _, _) in trained:
            seconds = time.perf_counter() - begin
            yield jobs[place].fold, self._answers(model, rows, jobs[place], seconds)
            begin = time.perf_counter()

    def _answers(self, model, rows: FoldedRows, job: Job, seconds: float) -> FoldAnswers:
        test = rows.loaded.take(job.test)
        test = test.ignoring(rows.no_inputs) if rows.no_inputs else test
        encoded = pipelines.encode(test, model.preprocessor)
        found = inference.outputs(model, encoded.x, once=True)
        predictions = scoring.score_outputs(model, found, encoded.truth).predictions
        measured = (None, None) if job.fold else _measured_entry(model, rows.raw().iloc[:1], rows.loaded.x[:1])
        return FoldAnswers(predictions.answers, predictions.hard, seconds, *measured)


@dataclasses.dataclass(frozen=True)
class EstimatorCandidate:
    """An estimator of scikit-learn's kind, fitted for each fold.

    Args:
        rival: The estimator.
        rank: Those with the least are trained first.
    """

    rival: Rival
    rank: int

    @property
    def is_linear(self) -> bool:
        return self.rival.is_linear

    @property
    def is_baseline(self) -> bool:
        return self.rival.is_baseline

    @property
    def identity(self) -> str:
        """What the answers depend on, beside data and folds."""
        return identities.of_rival(self.rival)

    def answer_folds(
        self, rows: FoldedRows, folds: list[int], go_on: Callable[[], bool]
    ) -> Iterator[tuple[int, FoldAnswers]]:
        """Yields numbers of folds and the answers to them.

        Args:
            rows: The rows.
            folds: Which folds.
            go_on: Asked before each training but the first; False leaves out the rest.
        """
        takes_raw, weights = self.rival.takes_raw, rows.weights()
        x, reading = (rows.raw(), 0.0) if takes_raw else rows.read()
        for number, fold in enumerate(folds):
            if number and not go_on():
                return
            train, test = rows.splits[fold]
            begin = time.perf_counter()
            model = self.rival.fitted(x.iloc[train], rows.y[train], None if weights is None else weights[train])
            seconds = time.perf_counter() - begin + reading * len(train)
            answers, hard = self.rival.answers(model, x.iloc[test], rows.columns)
            rows.check_answers(fold, answers)
            predictions = rows.task.scores_of(rows.y[test], answers, rows.target, hard=hard).predictions
            read_row = functools.partial(x.head, 1) if takes_raw else rows.read_first
            measured = (None, None) if fold else _measured_estimator(model, read_row)
            yield fold, FoldAnswers(predictions.answers, hard, seconds, *measured)


Candidate = EntryCandidate | EstimatorCandidate


def _measured_entry(model, row: pd.DataFrame, array) -> tuple[float, int]:
    """Returns the seconds that `zoo.predict` takes for one row, and the bytes of the artifact."""
    import zoo

    row = row if isinstance(array, pd.DataFrame) else array
    with tempfile.TemporaryDirectory() as folder:
        zoo.save(model, os.path.join(folder, "model"))
        size = sum(os.path.getsize(os.path.join(path, name)) for path, _, names in os.walk(folder) for name in names)
    return _latency(zoo.predict, model, row), size


def _measured_estimator(model, read_row: Callable[[], pd.DataFrame]) -> tuple[float, int | None]:
    """Returns the seconds to read one row and to `predict` its answer, and the bytes of the pickle."""
    with rivals.one_thread():
        return _latency(lambda: model.predict(read_row())), _bytes(model)


def _bytes(model) -> int | None:
    """Returns how many bytes a pickle has, or None for what cannot be pickled."""
    try:
        return len(pickle.dumps(model))
    except Exception:  # whatever a class of the caller's raises
        return None


def _latency(function: Callable, *arguments) -> float:
    """Returns the median seconds of a call, without the first, which may compile."""
    function(*arguments)
    seconds = []
    for _ in range(CALLS):
        begin = time.perf_counter()
        function(*arguments)
        seconds.append(time.perf_counter() - begin)
        if sum(seconds) > LONGEST:
            break
    return statistics.median(seconds)
