"""`zoo.Scores`: scores by name, as a mapping that prints as a table."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from zoo import display

MOST_SHOWN = 10  # scores in `repr`
MOST_LINES = 100  # scores in the printed table, of which a target or label has some each
MOST_CLASSES = 20  # in a confusion matrix that is shown whole


class Scores(Mapping):
    """Scores by name; printed as a table.

    Args:
        values: A number a name.
        rows: How many rows were scored.
        confusion: A DataFrame of counts, true by predicted classes, or None.
    """

    def __init__(self, values: Mapping[str, float], *, rows: int, confusion=None):
        self._values = dict(values)
        self.rows = rows
        self.confusion = confusion

    def __getitem__(self, name):
        return self._values[name]

    def __iter__(self):
        return iter(self._values)

    def __len__(self):
        return len(self._values)

    def __repr__(self):
        shown = [
            f"{name}={display.number(value)}" for name, value in itertools.islice(self._values.items(), MOST_SHOWN)
        ]
        more = [f"{len(self) - MOST_SHOWN} more"] if len(self) > MOST_SHOWN else []
        return f"Scores({', '.join([*shown, *more, f'rows={self.rows}'])})"

    def _repr_html_(self):
        values = display.table(("score", "value"), self._values.items(), total=len(self))
        parts = [display.facts({"rows": self.rows}), values]
        if self.confusion is not None:
            parts.append(_confusion_html(self.confusion))
        return display.card("Scores", *parts)

    def __str__(self):
        shown = dict(itertools.islice(self._values.items(), MOST_LINES))
        width = max(map(len, shown), default=0)
        lines = [f"{name:<{width}}  {value:.6g}" for name, value in shown.items()]
        if len(shown) < len(self):
            lines.append(f"and {len(self) - len(shown):,} more scores")
        lines.append(f"{'rows':<{width}}  {self.rows}")
        if self.confusion is not None and len(self.confusion) <= MOST_CLASSES:
            lines += ["", "confusion (rows: true, columns: predicted)", self.confusion.to_string()]
        return "\n".join(lines)

    def to_dict(self) -> dict:
        """Returns plain values: the scores, `rows`, and `confusion` as `{"classes", "counts"}`."""
        plain: dict = {**{name: float(value) for name, value in self._values.items()}, "rows": self.rows}
        if self.confusion is not None:
            classes = [str(label) for label in self.confusion.index]
            plain["confusion"] = {"classes": classes, "counts": self.confusion.to_numpy().tolist()}
        return plain

    def to_json(self, path) -> None:
        """Writes `to_dict` to a file."""
        Path(path).write_text(json.dumps(self.to_dict(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


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
