"""What calibration does to rows that nothing was fitted on, by how many rows are held out.

    python -m tests.benchmarks.calibration                     mlp_classifier on six tables
    python -m tests.benchmarks.calibration --entry tabm_classifier
    python -m tests.benchmarks.calibration --sizes 50 200      of held-out rows
    python -m tests.benchmarks.calibration --write             and the table into docs/calibration.md

Of each table's training rows (test rows are left alone) a third checks, up to 3,000. Of the others `size` rows are held
out and up to 4,000 are trained on, by the recipe. The checking rows are scored with the calibration, and without it.
"""

import argparse
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pandas as pd

import zoo
from tests.messages import listening
from zoo.training import held_out_answers

PAGE = Path(__file__).parents[2] / "docs" / "calibration.md"
SIZES = (25, 50, 100, 200, 400, 1000)
SHIPPED = ("titanic", "adult", "penguins", "hpc_jobs")


def shipped(name: str) -> tuple[pd.DataFrame, str]:
    """Returns the training rows of a shipped set, with its target, and the target's name."""
    data = zoo.data.load(name)
    frame = data.frame()
    return frame.iloc[data.splits["train"]] if "train" in data.splits else frame, data.target


def four_clouds() -> tuple[pd.DataFrame, str]:
    """Returns rows of four normal clouds, a tenth of them with a class that is drawn."""
    generator = np.random.default_rng(7)
    y = generator.integers(0, 4, 4000)
    x = generator.normal(size=(4, 6))[y] * 1.2 + generator.normal(size=(4000, 6))
    y = np.where(generator.random(4000) < 0.1, generator.integers(0, 4, 4000), y)
    return pd.DataFrame(x, columns=list("abcdef")).assign(y=[f"cloud {k}" for k in y]), "y"


def rare() -> tuple[pd.DataFrame, str]:
    """Returns rows of which about one in ten is positive."""
    generator = np.random.default_rng(8)
    x = generator.normal(size=(5000, 8))
    log_odds = -3.2 + 1.2 * x[:, 0] + x[:, 1] * x[:, 2] + 0.5 * np.sin(3 * x[:, 3])
    y = np.where(generator.random(5000) < 1 / (1 + np.exp(-log_odds)), "yes", "no")
    return pd.DataFrame(x, columns=list("abcdefgh")).assign(y=y), "y"


TABLES: dict[str, Callable] = {**{name: lambda name=name: shipped(name) for name in SHIPPED}}
TABLES |= {"four clouds": four_clouds, "a rare class": rare}


def measure(frame: pd.DataFrame, target: str, size: int, entry: str, **options) -> dict[str, Any] | None:
    """Returns log loss and calibration error of rows that fitted nothing, before and after; None of too few rows.

    Args:
        frame: Rows with the target.
        target: The target's column.
        size: How many rows are held out.
        entry: The name of an entry.
        **options: Of `zoo.train`.
    """
    frame = frame.sample(frac=1, random_state=1).iloc[:12_000]
    check, rest = frame.iloc[: min(3000, len(frame) // 3)], frame.iloc[min(3000, len(frame) // 3) :]
    if size > 0.4 * len(rest):
        return None
    with listening():
        held_out, train = rest.iloc[:size], rest.iloc[size:][:4000]
        run = zoo.train(entry, train, target=target, validation=held_out, verbose=0, **options)
        after = zoo.evaluate(run, check, verbose=0)
        held_out_answers.set_aside(run.model)
        before = zoo.evaluate(run, check, verbose=0)
    facts = {name: (before[name], after[name]) for name in ("log_loss", "ece")}
    return {"size": size, **facts, "kept": "kind" in run.recipe["calibration"]}


def table(records: Mapping[str, list[dict[str, Any]]]) -> str:
    """Returns a row for each table: the change of the log loss by the number of held-out rows; means last."""
    sizes = sorted({one["size"] for of in records.values() for one in of})
    lines = ["| | " + " | ".join(f"{size:,}" for size in sizes) + " |", "|---" * (len(sizes) + 1) + "|"]

    def cell(found: list[dict[str, Any]]) -> str:
        if not found:
            return ""
        changes = [np.mean([one[name][1] - one[name][0] for one in found]) for name in ("log_loss", "ece")]
        return " ".join(f"{change:+.4f}" for change in changes)

    rows = {**records, "**mean**": [one for of in records.values() for one in of]}
    for name, of in rows.items():
        cells = [cell([one for one in of if one["size"] == size]) for size in sizes]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None, tables: Mapping[str, Callable] = TABLES) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entry", default="mlp_classifier")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args(arguments)
    options = {} if given.epochs is None else {"epochs": given.epochs}
    records: dict[str, list[dict[str, Any]]] = {}
    for name, read in tables.items():
        frame, target = read()
        measured = [measure(frame, target, size, given.entry, **options) for size in given.sizes]
        records[name] = [one for one in measured if one is not None]
        print(name, *(f"{one['size']}: {one['log_loss'][0]:.4f} -> {one['log_loss'][1]:.4f}" for one in records[name]))
    text = table(records)
    print(text)
    if given.write:
        from tests.benchmarks import train

        train.put("calibration", text, PAGE)


if __name__ == "__main__":
    main()
