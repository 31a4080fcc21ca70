"""`zoo.Comparison`: the scores of several models on the same folds, and which model to take."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zoo import display
from zoo.scores import Scores

OF_COMPARISON = ("difference", "low", "high", "train_seconds", "latency_ms", "size")  # columns beside the scores
SHOWN = ("to the best", "training", "one row", "size")  # columns of the printed table beside the scores
MOST_SCORES = 3  # in the printed table
LONGER = 1.5  # times as long to train, from which on it is worth a word
NOT_RUN = "not run: the budget was used up"
CUT_OFF = "cut off after {} of {} folds: the budget was used up"


class Comparison:
    """Models on the same folds, the best first.

    Args:
        table: A row a model, by its label; `zoo.compare` says which columns there are.
        score: The name of the score by which models are compared.
        is_error: Whether the least value of that score is the best.
        simple: Labels of linear models.
        baselines: Labels of models that answer the same for all rows.
        folds: A DataFrame with a row for each model and fold.
        scores: `zoo.Scores` of all rows together, each answered by a model that was not trained on it, by label.
        facts: What was compared, such as source, rows and seed, in plain values.
    """

    def __init__(
        self,
        table: pd.DataFrame,
        *,
        score: str,
        is_error: bool,
        simple: frozenset[str] = frozenset(),
        baselines: frozenset[str] = frozenset(),
        folds: pd.DataFrame | None = None,
        scores: Mapping[str, Scores] | None = None,
        facts: Mapping[str, Any] | None = None,
    ):
        self.table, self.score, self.is_error = table, score, is_error
        self.simple, self.baselines = simple, baselines
        self.folds = pd.DataFrame() if folds is None else folds
        self.scores = dict(scores or {})
        self.facts = dict(facts or {})
        self._rows: dict[str, dict[str, Any]] = {
            str(label): dict(zip(map(str, table.columns), row, strict=True))
            for label, row in zip(table.index, table.itertuples(index=False, name=None), strict=True)
        }

    @property
    def advice(self) -> str:
        """Which model to take, and whether a simple one is enough, in a sentence."""
        labels = [label for label in self._rows if not self._rows[label]["error"]]
        if not labels:
            reasons = (f"{label}: {row['error'].rstrip('.')}" for label, row in self._rows.items())
            return f"No model has answered all folds: {'; '.join(reasons)}."
        best, *others = labels
        reached = f"its {self.score} is {_short(self._rows[best][self.score])}"
        if not others:
            return f"{best} alone has answered all folds: {reached}."
        within = [label for label in others if self._rows[label]["low"] <= 0 <= self._rows[label]["high"]]
        if best in self.baselines:
            return f"No model is better than {best}, which answers the same for all rows: {reached}."
        for label in within:
            if label in self.baselines:
                return (
                    f"No model is better than {label}, which answers the same for all rows: {best} is "
                    f"{self._better(label)}, within chance ({self._interval(label)})."
                )
        enough = min((best, *within), key=self._complexity)
        if enough != best:
            ratio = self._rows[best]["train_seconds"] / max(self._rows[enough]["train_seconds"], 1e-9)
            longer = f", and takes {_times(ratio)} times as long to train" if ratio >= LONGER else ""
            better, interval = self._better(enough), self._interval(enough)
            return f"{enough} is enough: {best} is {better}, within chance ({interval}){longer}."
        second = min([label for label in others if label not in self.baselines] or others, key=self._complexity)
        if second in within:
            return f"Take {best}: {reached}, and of the models within chance of it none is simpler."
        return (
            f"Take {best}: {reached}, {self._better(second)} than {second}, beyond chance ({self._interval(second)})."
        )

    def _complexity(self, label: str) -> tuple[bool, float]:
        """Returns what simple models have the least of: linear ones come first, then those that train faster."""
        return label not in self.simple, self._rows[label]["train_seconds"]

    def _better(self, label: str) -> str:
        """Returns by how much the best is better than another model."""
        gain = self._rows[label]["difference"] * (1 if self.is_error else -1)
        return f"{_short(abs(gain))} better"

    def _interval(self, label: str) -> str:
        """Returns from where to where the best is better than another model, by chance."""
        low, high = self._rows[label]["low"], self._rows[label]["high"]
        low, high = (low, high) if self.is_error else (-high, -low)
        return f"{_short(low)} to {_short(high)}"

    def to_csv(self, path: str | os.PathLike) -> None:
        """Writes the table.

        Args:
            path: The file.
        """
        self.table.to_csv(path)

    def to_dict(self) -> dict[str, Any]:
        """Returns all numbers and the advice in plain values; None for numbers that are not there."""
        return {
            **self.facts,
            "score": self.score,
            "advice": self.advice,
            "models": _records(self.table.reset_index()),
            "folds": _records(self.folds),
        }

    def to_json(self, path: str | os.PathLike) -> None:
        """Writes what `to_dict` returns as JSON.

        Args:
            path: The file.
        """
        text = json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)
        Path(path).write_text(text + "\n", encoding="utf-8")

    def plot(self, *, ax=None):
        """Draws the difference of each model to the best with its interval, as `zoo.plots.model_differences` does.

        Args:
            ax: Axes, or None for a new Figure.
        """
        import zoo

        return zoo.plots.model_differences(self, ax=ax)

    def shown_rows(self) -> tuple[tuple[str, ...], list[dict[str, str]]]:
        """Returns the columns of the table as it is shown, and the texts of its cells, a dict a model."""
        others = (*OF_COMPARISON, self.score, f"{self.score}_spread", "error")
        names = [self.score, *(str(name) for name in self.table if name not in others)][:MOST_SCORES]
        return ("model", *names, *SHOWN), [self._shown(label, names) for label in self._rows]

    def _shown(self, label: str, names: list[str]) -> dict[str, str]:
        row = self._rows[label]
        if row["error"]:
            return {"model": label, **dict.fromkeys((*names, *SHOWN), ""), SHOWN[-1]: row["error"]}
        scores = {name: "" if np.isnan(row[name]) else display.number(row[name]) for name in names}
        scores[self.score] += f" ± {_short(row[f'{self.score}_spread'])}"
        difference = f"{_signed(row['difference'])} ({_signed(row['low'])} to {_signed(row['high'])})"
        cells = (
            "the best" if label == next(iter(self._rows)) else difference,
            display.duration(row["train_seconds"]),
            "" if np.isnan(row["latency_ms"]) else f"{row['latency_ms']:.2f} ms",
            "" if np.isnan(row["size"]) else display.size(int(row["size"])),
        )
        return {"model": label, **scores, **dict(zip(SHOWN, cells, strict=True))}

    def __repr__(self) -> str:
        columns, rows = self.shown_rows()
        cells = [columns, *(tuple(display.cut(row[name], 100) for name in columns) for row in rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = ["  ".join(f"{cell:{width}}" for cell, width in zip(line, widths, strict=True)) for line in cells]
        return "\n".join([*(line.rstrip() for line in lines), self.advice])

    def _repr_html_(self) -> str:
        columns, rows = self.shown_rows()
        cells = ([row[name] for name in columns] for row in rows)
        shown = {name: self.facts.get(name) for name in ("source", "rows", "target", "number_of_folds", "seed")}
        table = display.table(columns, cells, total=len(rows))
        return display.card("Comparison", display.facts({**shown, "advice": self.advice}), table)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Returns a dict a row, of values that JSON has."""
    return [{str(name): _plain(value) for name, value in row.items()} for row in frame.to_dict("records")]


def _plain(value):
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _short(value: float) -> str:
    """Returns a number to two digits, and whole from 100 on."""
    value += 0.0  # -0.0 is 0
    return f"{value:,.0f}" if abs(value) >= 99.5 else f"{value:.2g}" if abs(value) < 0.1 else f"{value:.3g}"


def _signed(value: float) -> str:
    return f"{'+' if value > 0 else ''}{_short(value)}"


def _times(ratio: float) -> str:
    return f"{ratio:.1f}" if ratio < 9.95 else f"{ratio:,.0f}"
