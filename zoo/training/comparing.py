"""`zoo.compare`: several models on the same folds, with the same scores, and which of them to take."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from time import monotonic
from typing import Any

import numpy as np
import pandas as pd

from zoo import display
from zoo.data import doubts
from zoo.data.names import column_named, resolved
from zoo.data.raw import Data
from zoo.data.schema import Schema
from zoo.engine.budget import check_budget
from zoo.progress import Progress
from zoo.scores import RowLosses, Scores
from zoo.tasks.task import Task
from zoo.training import paired
from zoo.training.answers_store import AnswersStore
from zoo.training.candidates import Candidate, FoldAnswers, FoldedRows
from zoo.training.checking import check_seed
from zoo.training.choosing import chosen
from zoo.training.comparison import CUT_OFF, NOT_RUN, Comparison
from zoo.training.cross_validation import rows_of_task, rows_with_target
from zoo.training.folds import folds_of
from zoo.training.parts import check_name


def compare(
    data,
    *,
    target=None,
    models: str | Sequence[str] | Sequence[Any] | Mapping[str, Any] | None = None,
    folds: int = 5,
    seed: int = 0,
    budget: float | None = None,
    rivals: bool = True,
    schema: Schema | str | os.PathLike | None = None,
    groups: str | None = None,
    weight: str | None = None,
    ignore: str | Iterable = (),
    image_size: int | Sequence[int] | None = None,
    checkpoint: str | os.PathLike | None = None,
    verbose: int = 1,
) -> Comparison:
    """Compares models on the same folds, and says which to take and whether a simple one is enough.

    Every row is answered by models that were not trained on it. All that a model learns, the statistics of its inputs
    included, comes from a fold's training rows.

    Args:
        data: Anything that `zoo.data.load` takes, in memory. All its rows are used.
        target: The target's column, or several as `["a", "b"]`; or its values beside a table, one or several a row.
        models: Entries to compare, or `"auto"` for the one that docs/auto.md names for these data; left out, the zoo's
            for tables. In Python an item may also be `(name, options)`, with options of the builder and `epochs`,
            `batch_size`, `learning_rate`, `optimizer`, `validation` or `engine`, of `"auto"` with `quality`; or an
            estimator of scikit-learn. A dict gives the items labels.
        folds: How many parts; each is answered once.
        seed: Seed of the folds, of all trainings and of the bootstrap.
        budget: Seconds after which no further training is begun; models without answers to all folds are listed with
            that as their error. The cheap ones come first.
        rivals: Whether to add scikit-learn's linear model, gradient boosting and network, the mean or the most frequent
            class, and of LightGBM, XGBoost and CatBoost those that are installed.
        schema: A schema, or the path of one, instead of the inferred one.
        groups: A column whose equal values stay in one fold; it is no input.
        weight: A column of sample weights to train with; it is no input.
        ignore: Columns of a table that are not inputs.
        image_size: `(height, width)` that all images are resized to.
        checkpoint: A folder for the answers to each fold as soon as they are there; called again, the comparison goes
            on from them.
        verbose: 0 is silent, 1 prints a line a model, the time left on a terminal, and the result.

    Returns:
        A comparison, in the order of the score of all rows, the best model first. Its `table` has a row a model:
        `accuracy` and other scores of the task, the means over the folds; of the score by which models are compared
        `<score>_spread`, the standard deviation over the folds; `difference`, of this score of all rows to the
        best's; `low` and `high`, between which it lies in 95 % of 2,000 draws of the rows (other trainings of
        a network differ too); `train_seconds` of all folds, `latency_ms` of one row, the `size` in bytes of the saved
        model; and `error`, why a model has no numbers.

    Raises:
        TypeError: if a model is neither an entry that learns nor an estimator.
        ValueError: if an argument or the data are wrong. What a model raises is listed, and the others go on.
        KeyboardInterrupt: after Ctrl-C, which ends all trainings.
    """
    _check_numbers(folds, budget)
    check_seed(seed)
    ignore = (ignore,) if isinstance(ignore, str) else tuple(ignore)
    for role, column in (("groups", groups), ("weight", weight)):
        check_name(role, column)
    with doubts.collected() as doubtful:
        loaded = rows_with_target(
            data, "A comparison", target=target, schema=schema, ignore=ignore, image_size=image_size
        )
        candidates, task = chosen(models, loaded, rivals=rivals, seed=seed)
        loaded = rows_of_task(loaded, task)
        doubtful.discard(column for column in (groups, weight) if column is not None)
    groups, weight = (resolved(column, loaded.roles.columns) for column in (groups, weight))
    rows = _folded(loaded, task, int(folds), groups, weight, seed)
    store = AnswersStore(checkpoint, rows, int(folds))
    found: dict[str, dict[int, FoldAnswers]] = {}
    errors: dict[str, str] = {}
    begin = monotonic()

    def is_in_budget() -> bool:
        return budget is None or monotonic() - begin < budget

    stored = {label: store.read(candidate) for label, candidate in candidates.items()}
    resumed = sum(map(len, stored.values()))
    with Progress(len(candidates) * int(folds), "fold", first=resumed, verbose=verbose) as progress:
        for label, candidate in sorted(candidates.items(), key=lambda item: item[1].rank):
            answers = stored[label]
            missing = [fold for fold in range(int(folds)) if fold not in answers]
            if missing and not is_in_budget():
                errors[label] = NOT_RUN
                progress.advance(len(missing), label)
                continue
            progress.advance(0, label)
            with _each_once():
                try:
                    for fold, one in answers.items():
                        rows.check_answers(fold, one.answers)
                    for fold, one in candidate.answer_folds(rows, missing, is_in_budget) if missing else ():
                        rows.check_answers(fold, one.answers)
                        answers[fold] = one
                        store.write(candidate, fold, one)
                        progress.advance(1, label)
                    if len(answers) == folds:
                        found[label] = answers
                    else:
                        errors[label] = CUT_OFF.format(len(answers), folds)
                except Exception as error:
                    errors[label] = _one_line(error)
                if len(answers) < folds:
                    progress.advance(int(folds) - len(answers), label)
            progress.say(_line(label, rows, answers, errors.get(label)))
    comparison = _compared(rows, candidates, found, errors, seed)
    if verbose:
        print(comparison)
    return comparison


@contextlib.contextmanager
def _each_once() -> Iterator[None]:
    """Warns of what all folds warn of a single time, at the end."""
    with warnings.catch_warnings(record=True) as caught:
        yield
    for category, message in dict.fromkeys((one.category, str(one.message)) for one in caught):
        warnings.warn(message, category, stacklevel=4)


def _check_numbers(folds, budget) -> None:
    if isinstance(folds, bool) or not isinstance(folds, (int, np.integer)) or folds < 2:
        raise ValueError(f"`folds` must be an integer, 2 or more. Received: folds={folds!r}")
    check_budget(budget)


def _folded(loaded: Data, task: Task, folds: int, groups, weight, seed: int) -> FoldedRows:
    splits = list(folds_of(loaded, task, folds, groups, seed))
    target = task.fit_target(loaded.schema, loaded.y)
    if weight is not None:
        column_named(weight, loaded.roles.columns, "weight")
    rows = FoldedRows(loaded, task, target, target.encode(loaded.y), splits, groups, weight, seed)
    rows.weights()  # raises if they are no weights
    return rows


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {display.cut(error, 500)}" if str(error) else type(error).__name__


def _losses(rows: FoldedRows, answers: Mapping[int, FoldAnswers], folds: Iterable[int]) -> RowLosses:
    """Returns the losses of the rows of folds, in units that are those of all these rows."""
    which = np.concatenate([rows.splits[fold][1] for fold in folds])
    joined = np.concatenate([answers[fold].answers for fold in folds])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of rows whose targets are all the same
        return rows.task.row_losses(rows.y[which], joined, rows.target)


def _line(label: str, rows: FoldedRows, answers: Mapping[int, FoldAnswers], error: str | None) -> str:
    """Returns the line that is printed when a model has answered all folds."""
    if error is not None:
        return f"{label}: {error}"
    losses = [_losses(rows, answers, [fold]) for fold in range(len(rows.splits))]
    score = np.mean([one.score_of(one.losses.mean()) for one in losses])
    seconds = display.duration(sum(one.seconds for one in answers.values()))
    return f"{label}: {losses[0].score} {display.number(float(score))}, trained in {seconds}"


def _compared(
    rows: FoldedRows,
    candidates: Mapping[str, Candidate],
    found: Mapping[str, Mapping[int, FoldAnswers]],
    errors: Mapping[str, str],
    seed: int,
) -> Comparison:
    """Returns the comparison of what the models answered."""
    folds = range(len(rows.splits))
    order = np.concatenate([test for _, test in rows.splits])
    of_folds: list[dict[str, Any]] = []
    table: dict[str, dict[str, Any]] = {}
    losses: dict[str, np.ndarray] = {}
    reached: dict[str, float] = {}  # the score of all rows
    of_all: dict[str, Scores] = {}
    measure = rows.task.row_losses(rows.y, np.zeros((len(rows.y), rows.columns)), rows.target)  # whatever is answered
    main = [name for name in rows.task.main_scores if name != measure.score]
    for label, answers in found.items():
        of_rows = _losses(rows, answers, folds)
        scores = [_scores(rows, rows.splits[fold][1], answers[fold].answers, answers[fold].hard) for fold in folds]
        own = [_losses(rows, answers, [fold]).losses.mean() for fold in folds]
        values = [float(measure.score_of(loss)) for loss in own]
        for fold in folds:
            facts = {"model": label, "fold": fold, "rows": len(rows.splits[fold][1]), measure.score: values[fold]}
            of_folds.append({**facts, **scores[fold].overall, measure.score: values[fold]})
        known = [name for name in main if all(name in one.overall for one in scores)]
        losses[label] = of_rows.losses
        reached[label] = float(measure.score_of(of_rows.losses.mean()))
        joined = np.concatenate([answers[fold].answers for fold in folds])
        of_all[label] = _scores(rows, order, joined, any(answers[fold].hard for fold in folds))
        first = answers[0]
        table[label] = {
            measure.score: float(np.mean(values)),
            f"{measure.score}_spread": float(np.std(values, ddof=1)),
            **{name: float(np.mean([one.overall[name] for one in scores])) for name in known},
            "train_seconds": sum(answers[fold].seconds for fold in folds),
            "latency_ms": np.nan if first.latency is None else 1_000 * first.latency,
            "size": np.nan if first.size is None else first.size,
            "error": "",
        }
    best_first = sorted(table, key=lambda label: reached[label] * (1 if measure.is_error else -1))
    if best_first:
        matrix = np.stack([losses[label] for label in best_first], axis=1)
        codes = None
        if rows.groups is not None:
            codes = pd.factorize(rows.loaded.roles[rows.groups].iloc[order], use_na_sentinel=False)[0]
        ends = paired.intervals(matrix, 0, measure.score_of, seed=seed, groups=codes)
        for label, *numbers in zip(best_first, *ends, strict=True):
            table[label] |= dict(zip(("difference", "low", "high"), map(float, numbers), strict=True))
    main = [name for name in main if any(name in row for row in table.values())]
    columns = [measure.score, f"{measure.score}_spread", *main]
    columns += ["difference", "low", "high", "train_seconds", "latency_ms", "size", "error"]
    for label, error in errors.items():
        table[label] = {"error": error}
    frame = pd.DataFrame([table[label] for label in (*best_first, *errors)], columns=columns)
    frame.index = pd.Index((*best_first, *errors), name="model")
    return Comparison(
        frame,
        score=measure.score,
        is_error=measure.is_error,
        simple=frozenset(label for label, one in candidates.items() if one.is_linear),
        baselines=frozenset(label for label, one in candidates.items() if one.is_baseline),
        folds=pd.DataFrame(of_folds),
        scores={label: of_all[label] for label in best_first},
        facts={
            "source": rows.loaded.source,
            "rows": len(rows.loaded),
            "target": [str(name) for name in rows.loaded.targets],
            "task": rows.task.name,
            "number_of_folds": len(rows.splits),
            "seed": seed,
        },
    )


def _scores(rows: FoldedRows, which: np.ndarray, answers: np.ndarray, hard: bool) -> Scores:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of a fold with rows of one class
        return rows.task.scores_of(rows.y[which], answers, rows.target, hard=hard)
