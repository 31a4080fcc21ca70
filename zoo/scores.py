"""`zoo.Scores`: scores by name, as a mapping that prints as tables.

`Scores` holds the true values and the answers that were scored (`Predictions`). Scores at another threshold, scores of
groups of rows and the pictures of `zoo.plots` are made of them.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from zoo import display

MOST_SHOWN = 10  # scores in `repr`
MOST_LINES = 100  # scores of all rows in the printed table
MOST_CLASSES = 20  # in a confusion matrix that is shown whole, and in the printed table of classes, labels or targets
MOST_GROUPS = 20  # in the printed table of groups
CLASSES_ON_CARDS = 5  # of more classes, labels or targets, a card has the scores of all rows alone


@dataclasses.dataclass(frozen=True, eq=False)
class Predictions:
    """The true values and the answers that were scored.

    Args:
        task: The task of the answers.
        target: What the model knows of the target.
        y: Encoded targets, `(rows,)` or `(rows, columns)`.
        answers: Probabilities float32, `(rows, classes)` or `(rows, labels)`; or values in the target's units.
        weight: Sample weights `(rows,)`, or None.
        hard: Whether the answers are decisions, 0 or 1, instead of probabilities.
    """

    task: Any
    target: Any
    y: np.ndarray
    answers: np.ndarray
    weight: np.ndarray | None = None
    hard: bool = False

    def scores(self, threshold=None, rows=slice(None)) -> Scores:
        """Returns the scores of all rows, or of some.

        Args:
            threshold: As for `Scores.at`; None for the decision of the model.
            rows: What indexes the rows.
        """
        weight = None if self.weight is None else self.weight[rows]
        y, answers = self.y[rows], self.answers[rows]
        return self.task.scores_of(y, answers, self.target, weight=weight, hard=self.hard, threshold=threshold)


class RowLosses(NamedTuple):
    """The losses of single rows, of whose mean a score is a function.

    Args:
        score: The name of the score, one of the task's `main_scores`.
        losses: Float64 `(rows,)`.
        score_of: From the mean of losses to the score, of numbers and of arrays.
        is_error: Whether the least value of the score is the best.
    """

    score: str
    losses: np.ndarray
    score_of: Callable
    is_error: bool


class Rounded(dict):
    """A dict of plain values that is shown with four digits: 0.426 for 0.42599999999999993. The values are whole."""

    def __repr__(self):
        shown = (f"{value:.4g}" if type(value) is float else repr(value) for value in self.values())
        return "{" + ", ".join(f"{name!r}: {value}" for name, value in zip(self, shown, strict=True)) + "}"

    def _repr_pretty_(self, printer, cycle):
        printer.text(repr(self))


@dataclasses.dataclass(frozen=True, eq=False)
class Groups:
    """Groups of the scored rows.

    Args:
        name: The column by which they are made.
        labels: What each group is called.
        codes: The number of each row's group, `(rows,)`.
    """

    name: Any
    labels: tuple
    codes: np.ndarray

    def table(self, predictions: Predictions, threshold=None):
        """Returns a DataFrame with a row for each group: `rows`, and the scores of the group's rows.

        A group without rows, or without a row of positive weight, has no scores.
        """
        import pandas as pd

        table: list[dict[str, float]] = []
        for code in range(len(self.labels)):
            rows = np.flatnonzero(self.codes == code)
            counted = rows if predictions.weight is None else rows[predictions.weight[rows] > 0]
            scores = predictions.scores(threshold, rows) if len(counted) else Scores({}, rows=0)
            # Several targets have hardly a score in common: their errors are in units of their own.
            table.append({"rows": len(rows), **(scores.overall if len(scores.overall) > 1 else scores)})
        names = max(table, key=len) if table else {}
        index = pd.Index(self.labels, name=self.name, tupleize_cols=False)
        return pd.DataFrame(table, index=index, columns=list({**names, **{n: 0 for row in table for n in row}}))


class Scores(Mapping):
    """Scores by name; printed as tables.

    Args:
        values: A number a name, of all rows.
        rows: How many rows were scored.
        confusion: A DataFrame of counts, true by predicted classes, or None.
        each: Scores of each class, label or target: by the name of the score, numbers by class. In the mapping they are
            called `<score>_<class>`; where that is the name of a score of all rows, `<score>_class_<class>`.
        of: What `each` are scores of: `"class"`, `"label"` or `"target"`.
        positive: The class that `precision`, `recall` and `f1` are of, or None.
        threshold: From which probability on an answer is positive, by label of several, also where it is part of the
            model; None for the most probable answer.
        predictions: What was scored, or None.
        groups: Groups of the rows, or None.
        hint: What stands out about the scores and what can be done, in a sentence, or `""`.
    """

    def __init__(
        self,
        values: Mapping[str, float],
        *,
        rows: int,
        confusion=None,
        each: Mapping[str, Mapping[Any, float]] | None = None,
        of: str = "class",
        positive=None,
        threshold: float | Mapping[str, float] | None = None,
        predictions: Predictions | None = None,
        groups: Groups | None = None,
        hint: str = "",
    ):
        self._of_all = dict(values)
        self._each = {name: dict(numbers) for name, numbers in (each or {}).items()}
        self._of = of
        self._added: tuple[str, ...] = ()  # names of those that `extended` added
        self._values = {**self._of_all, **_named(self._each, of, taken=self._of_all)}
        self.rows = rows
        self.confusion = confusion
        self.positive = positive
        self.threshold = threshold
        self.predictions = predictions
        self.hint = hint
        self._groups = groups

    def __getitem__(self, name):
        return self._values[name]

    def __iter__(self):
        return iter(self._values)

    def __len__(self):
        return len(self._values)

    @property
    def overall(self) -> dict[str, float]:
        """The scores of all rows, without those of each class, label or target."""
        return dict(self._of_all)

    @property
    def summary(self) -> dict[str, float]:
        """The scores, of more than 5 classes, labels or targets without those of each: for cards and tables of runs."""
        count = len(self._labels()) if self.confusion is None else len(self.confusion)
        return dict(self._of_all if count > CLASSES_ON_CARDS else self._values)

    @functools.cached_property
    def by(self):
        """A DataFrame with a row for each group: `rows`, and the group's scores; None without groups."""
        return None if self._groups is None else self._groups.table(self.predictions, self.threshold)

    def at(self, threshold) -> Scores:
        """Returns the scores of another decision of the same probabilities: positive from a threshold on.

        Args:
            threshold: A number between 0 and 1. `"f1"`, `"balanced_accuracy"` or `"accuracy"`: the number by which that
                score is highest on these rows, which should be validation rows: on the rows by which it is chosen a
                score is too good. Of labels each has its own, and numbers by label, as `scores.threshold` holds them,
                are taken as well.

        Raises:
            ValueError: if there is no such threshold, or the answers are neither of two classes nor labels.
        """
        if self.predictions is None:
            raise ValueError(
                "`threshold` is for scores that hold the answers of two classes or of labels. These hold none. Score "
                "the model by zoo.evaluate."
            )
        added = {name: self._of_all[name] for name in self._added}
        return self.predictions.scores(threshold).extended(added, groups=self._groups)

    def extended(self, others: Mapping[str, float], *, groups: Groups | None = None) -> Scores:
        """Returns these scores with others that do not depend on a threshold, and with groups.

        Args:
            others: Numbers by name; they take the place of scores of all rows that have the name.
            groups: Groups of the rows, or None for those that these scores have.
        """
        scores = Scores(
            {**self._of_all, **others},
            rows=self.rows,
            confusion=self.confusion,
            each=self._each,
            of=self._of,
            positive=self.positive,
            threshold=self.threshold,
            predictions=self.predictions,
            groups=self._groups if groups is None else groups,
            hint=self.hint,
        )
        scores._added = tuple(dict.fromkeys((*self._added, *others)))
        return scores

    def __repr__(self):
        shown = [
            f"{name}={display.number(value)}" for name, value in itertools.islice(self._values.items(), MOST_SHOWN)
        ]
        more = [f"{len(self) - MOST_SHOWN} more"] if len(self) > MOST_SHOWN else []
        return f"Scores({', '.join([*shown, *more, f'rows={self.rows}'])})"

    def _repr_html_(self):
        facts = {"rows": self.rows, **self._facts()}
        parts = [
            display.facts(facts),
            display.table(("score", "value"), self._of_all.items(), total=len(self._of_all)),
        ]
        if self._each:
            labels, caption = self._shown_labels()
            rows = ([label, *(self._each[name].get(label, "") for name in self._each)] for label in labels)
            parts.append(display.table((self._of, *self._each), rows, total=len(labels), caption=caption))
        if self.confusion is not None:
            parts.append(_confusion_html(self.confusion))
        if self.by is not None:
            main = self._main_scores_by_group()
            groups = ([label, *("" if value != value else value for value in row)] for label, *row in _rows(main))
            header, caption = (str(main.index.name), *main.columns), f"By {main.index.name}"
            parts.append(display.table(header, groups, total=len(main), caption=caption))
        if self.hint:
            parts.append(display.facts({"hint": self.hint}))
        return display.card("Scores", *parts)

    def _main_scores_by_group(self):
        """Returns the columns of `by` that are shown: the rows, and the scores that the task names as the main ones."""
        main = [name for name in self.by.columns if name in self.predictions.task.main_scores]
        return self.by[["rows", *main]] if len(main) > 1 else self.by

    def _facts(self) -> dict[str, Any]:
        """Returns the positive class and the threshold, as they are shown."""
        facts: dict[str, Any] = {} if self.positive is None else {"positive class": display.cut(self.positive, 60)}
        if isinstance(self.threshold, Mapping):
            facts["threshold"] = display.listed([f"{name} {value:.6g}" for name, value in self.threshold.items()])
        elif self.threshold is not None:
            facts["threshold"] = f"{self.threshold:.6g}"
        return facts

    def _labels(self) -> list:
        """Returns the classes, labels or targets that have scores of their own."""
        return list(dict.fromkeys(label for numbers in self._each.values() for label in numbers))

    def _shown_labels(self) -> tuple[list, str]:
        """Returns the classes, labels or targets that a table shows, and its heading: of many the lowest F1."""
        labels = self._labels()
        if len(labels) <= MOST_CLASSES:
            return labels, ""
        plural = f"{self._of}{'es' * self._of.endswith('s') or 's'}"
        if "f1" not in self._each:
            return labels[:MOST_CLASSES], f"the first {MOST_CLASSES} of {len(labels):,} {plural}"
        lowest = sorted(self._each["f1"], key=self._each["f1"].__getitem__)[:MOST_CLASSES]
        return lowest, f"the lowest f1 of {len(labels):,} {plural}"

    def __str__(self):
        shown = dict(itertools.islice(self._of_all.items(), MOST_LINES))
        facts = self._facts()
        width = max(map(len, (*shown, *facts)), default=0)
        lines = [f"{name:<{width}}  {value:.6g}" for name, value in shown.items()]
        if len(shown) < len(self._of_all):
            lines.append(f"and {len(self._of_all) - len(shown):,} more scores")
        lines.append(f"{'rows':<{width}}  {self.rows}")
        lines += [f"{name:<{width}}  {value}" for name, value in facts.items()]
        if self._each:
            labels, caption = self._shown_labels()
            rows = ([label, *(self._each[name].get(label) for name in self._each)] for label in labels)
            lines += ["", *([caption] if caption else []), *_aligned([self._of, *self._each], rows)]
        if self.confusion is not None and len(self.confusion) <= MOST_CLASSES:
            lines += ["", "confusion (rows: true, columns: predicted)", self.confusion.to_string()]
        if self.by is not None:
            shown = self._main_scores_by_group()
            lines += ["", *_aligned([f"by {shown.index.name}", *shown.columns], _rows(shown.head(MOST_GROUPS)))]
            if len(self.by) > MOST_GROUPS:
                lines.append(f"and {len(self.by) - MOST_GROUPS:,} more groups in `scores.by`")
        if self.hint:
            lines += ["", f"hint: {self.hint}"]
        return "\n".join(lines)

    def to_dict(self, *, short: bool = False) -> dict:
        """Returns plain values: the scores, `rows`, and `confusion` as `{"classes", "counts"}`.

        Of two classes `positive` is the class that `precision` and `recall` are of. `threshold` is there if one was
        asked for or is the model's, and `by` if there are groups: their column, and a dict for each.

        Args:
            short: Takes the scores of `summary` alone.
        """
        values = self.summary if short else self._values
        plain = Rounded({**{name: float(value) for name, value in values.items()}, "rows": self.rows})
        if self.positive is not None:
            plain["positive"] = str(self.positive)
        if self.threshold is not None:
            plain["threshold"] = dict(self.threshold) if isinstance(self.threshold, Mapping) else self.threshold
        if self.confusion is not None:
            classes = [str(label) for label in self.confusion.index]
            plain["confusion"] = {"classes": classes, "counts": self.confusion.to_numpy().tolist()}
        if self.by is not None:
            groups = ((label, zip(self.by.columns, row, strict=True)) for label, *row in _rows(self.by))
            known = [(label, {n: v for n, v in row if not _is_undefined(v)}) for label, row in groups]
            plain["by"] = {
                "column": str(self.by.index.name),
                "groups": [{"group": str(label), **values} for label, values in known],
            }
        return plain

    def to_json(self, path) -> None:
        """Writes `to_dict` to a file. Scores that are no finite numbers, which JSON does not have, are null."""
        plain = {name: None if _is_undefined(value) else value for name, value in self.to_dict().items()}
        text = json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False)
        Path(path).write_text(text + "\n", encoding="utf-8")


def _named(each: Mapping[str, Mapping[Any, float]], of: str, taken) -> dict[str, float]:
    """Returns the scores of each class by one name; `of` stands in it where the name is taken: a class called macro."""
    values = {}
    for name, numbers in each.items():
        for label, value in numbers.items():
            key = f"{name}_{label}"
            values[f"{name}_{of}_{label}" if key in taken else key] = value
    return values


def _is_undefined(value) -> bool:
    """Returns whether a value is NaN or infinite."""
    return isinstance(value, float) and not math.isfinite(value)


def _rows(frame):
    """Yields the rows of a DataFrame as tuples that begin with the label, `rows` as an integer."""
    for label, row in zip(frame.index, frame.itertuples(index=False, name=None)):
        yield (label, int(row[0]), *row[1:])


def _aligned(header, rows) -> list[str]:
    """Returns a table as lines of text, the first column to the left and numbers to the right."""
    table = [[display.cut(name, 24) for name in header]]
    for label, *numbers in rows:
        cells = ["" if value is None or value != value else display.number(value) for value in numbers]
        cells = [str(value) if isinstance(value, int) else cell for value, cell in zip(numbers, cells, strict=True)]
        table.append([display.cut(label, 24), *cells])
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    first = [f"{row[0]:<{widths[0]}}" for row in table]
    others = ([f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True)] for row in table)
    return ["  ".join([label, *cells]).rstrip() for label, cells in zip(first, others, strict=True)]


def _count(rows):
    """Returns a number of rows as it is shown: sums of weights may have fractions."""
    return int(rows) if float(rows).is_integer() else display.number(float(rows))


def _confusion_html(confusion) -> display.Markup:
    """Returns the confusion matrix as a table; for many classes, the pairs of classes that are confused most often."""
    counts, classes = confusion.to_numpy(), [display.cut(label, 24) for label in confusion.index]
    if len(classes) <= MOST_CLASSES:
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        rows = ([name, *map(_count, row)] for name, row in zip(classes, counts))
        return display.table(
            ("true \\ predicted", *classes),
            rows,
            total=len(classes),
            caption="Confusion",
            shade=lambda row, column: shares[row, column - 1] if column else 0.0,
        )
    wrong = np.where(np.eye(len(classes), dtype=bool), 0, counts)
    most_frequent = np.argsort(-wrong, axis=None, kind="stable")[: display.MOST_ROWS]
    pairs = [divmod(int(i), len(classes)) for i in most_frequent if wrong.flat[i]]
    return display.table(
        ("true", "predicted", "rows"),
        ((classes[true], classes[predicted], _count(wrong[true, predicted])) for true, predicted in pairs),
        total=int(np.count_nonzero(wrong)),
        caption=f"The most frequent mistakes among {len(classes):,} classes",
    )
