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
NOT_RUN = "not run: the budget was used up"


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

    @property
    def advice(self) -> str:
        """Which model to take, and whether a simple one is enough, in a sentence."""
        table = self.table[self.table["error"] == ""]
        if table.empty:
            return f"No model has answered all folds: {'; '.join(map(self._why_not, self.table.index))}."
        best = table.index[0]
        reached = f"its {self.score} is {_short(table.loc[best, self.score])}"
        if len(table) == 1:
            return f"{best} alone has answered all folds: {reached}."
        within = [label for label in table.index if label != best and self._is_within_chance(label)]
        for label in within:
            if label in self.baselines:
                return (
                    f"No model is better than {label}, which answers the same for all rows: {best} is "
                    f"{self._better(label)}, within chance ({self._interval(label)})."
                )
        if best in self.baselines:
            return f"No model is better than {best}, which answers the same for all rows: {reached}."
        enough = min((best, *within), key=lambda label: (label not in self.simple, table.loc[label, "train_seconds"]))
        if enough != best:
            ratio = table.loc[best, "train_seconds"] / max(table.loc[enough, "train_seconds"], 1e-9)
            longer = f", and takes {_times(ratio)} times as long to train" if ratio >= 1.5 else ""
            return f"{enough} is enough: {best} is {self._better(enough)}, within chance ({self._interval(enough)}){longer}."
        others = [label for label in table.index if label != best and label not in self.baselines] or [table.index[1]]
        simplest = next((label for label in others if label in self.simple), others[0])
        if simplest in within:
            return f"Take {best}: {reached}, and of the models within chance of it none is simpler."
        return f"Take {best}: {reached}, {self._better(simplest)} than {simplest}, beyond chance ({self._interval(simplest)})."

    def _why_not(self, label: str) -> str:
        return f"{label}: {self.table.loc[label, 'error'].rstrip('.')}"

    def _is_within_chance(self, label: str) -> bool:
        return bool(self.table.loc[label, "low"] <= 0 <= self.table.loc[label, "high"])

    def _better(self, label: str) -> str:
        """Returns by how much the best is better than another model."""
        gain = self.table.loc[label, "difference"] * (1 if self.is_error else -1)
        return f"{_short(abs(gain))} {'better' if gain >= 0 else 'worse on all rows together'}"

    def _interval(self, label: str) -> str:
        """Returns from where to where the best is better than another model, by chance."""
        low, high = self.table.loc[label, "low"], self.table.loc[label, "high"]
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

    def rows(self) -> tuple[tuple[str, ...], list[dict[str, str]]]:
        """Returns the columns of the table as it is shown, and the texts of its cells, a dict a model."""
        spread = f"{self.score}_spread"
        names = [
            self.score,
            *(name for name in self.table if name not in (*OF_COMPARISON, self.score, spread, "error")),
        ]
        columns = ("model", *names[:3], "to the best", "training", "one row", "size")
        return columns, [self._shown(label, names[:3]) for label in self.table.index]

    def _shown(self, label: str, names: list[str]) -> dict[str, str]:
        row, error = self.table.loc[label], self.table.loc[label, "error"]
        if error:
            return {
                "model": label,
                **dict.fromkeys(names, ""),
                "to the best": "",
                "training": "",
                "one row": "",
                "size": error,
            }
        spread = row[f"{self.score}_spread"]
        scores = {name: "" if np.isnan(row[name]) else display.number(float(row[name])) for name in names}
        scores[self.score] += "" if np.isnan(spread) else f" ± {_short(spread)}"
        is_best = label == self.table.index[0]
        difference = f"{_signed(row['difference'])} ({_signed(row['low'])} to {_signed(row['high'])})"
        return {
            "model": label,
            **scores,
            "to the best": "the best" if is_best else difference,
            "training": display.duration(row["train_seconds"]),
            "one row": f"{row['latency_ms']:.2f} ms",
            "size": display.size(int(row["size"])),
        }

    def __repr__(self) -> str:
        columns, rows = self.rows()
        cells = [columns, *(tuple(display.cut(row[name], 100) for name in columns) for row in rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = ["  ".join(f"{cell:{width}}" for cell, width in zip(line, widths, strict=True)) for line in cells]
        return "\n".join([*(line.rstrip() for line in lines), self.advice])

    def _repr_html_(self) -> str:
        columns, rows = self.rows()
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
