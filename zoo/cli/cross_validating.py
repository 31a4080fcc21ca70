"""`zoo cross-validate`: the scores of an entry on rows that it was not trained on, fold by fold."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import zoo
from zoo import display, registry
from zoo.cli import loading, outputs
from zoo.cli.parsers import given, of_builder
from zoo.cli.printing import print_json, print_table
from zoo.engine import interruption

if TYPE_CHECKING:
    import pandas as pd

NO_SCORES = ("fold", "seed", "learning_rate", "rows", "best_epoch", "epochs")  # columns of the table of folds


def cross_validate(arguments: argparse.Namespace) -> None:
    """Prints mean and spread of each score, and writes the table of folds with the predictions beside it."""
    name = arguments.model if arguments.model == registry.AUTO else registry.info(arguments.model).name
    path = Path(arguments.output) if arguments.output else None
    if path is not None:
        if path.suffix != ".csv":
            raise ValueError(f"The output must end in .csv. Received: {path}")
        outputs.check_output(path)
        outputs.check_output(_beside(path))
    loading.import_tensorflow()
    settings = given(arguments, "cross_validate")
    settings["target"] = loading.target(arguments, arguments.source)
    data = loading.rows(arguments, arguments.source, schema=settings.get("schema"), target=settings["target"])
    verbose = 0 if arguments.json else settings.pop("verbose", 1)
    with interruption.terminable():
        table = zoo.cross_validate(name, data, **{**settings, "verbose": verbose}, **of_builder(arguments))
    if path is not None:
        table.to_csv(path, index=False)
        table.attrs["predictions"].to_csv(_beside(path), index=False)
    scores = summary(table)
    if arguments.json:
        name = table.attrs["auto"]["entry"] if "auto" in table.attrs else name
        print_json({"model": name, "scores": scores, "folds": table.to_dict("records")})
        return
    shown = [{**row, **{key: display.number(row[key]) for key in ("mean", "spread")}} for row in scores]
    print_table(tuple(scores[0]), shown)
    folds, seeds = table["fold"].nunique(), table["seed"].nunique()
    print(f"spread: the standard deviation over {_trainings(folds, seeds)}")
    if path is not None:
        print(f"the folds in {path}, predictions in {_beside(path)}")


def summary(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Returns mean and standard deviation of each score over the folds and seeds of a rate.

    Args:
        table: What `zoo.cross_validate` returned.
    """
    rates = ["learning_rate"] if "learning_rate" in table else []
    names = [name for name in table.columns if name not in NO_SCORES]
    parts = table.groupby("learning_rate", sort=False) if rates else [(None, table)]
    return [
        {
            **({"learning_rate": rate} if rates else {}),
            "score": name,
            "mean": part[name].mean(),
            "spread": part[name].std(),
        }
        for rate, part in parts
        for name in names
    ]


def _trainings(folds: int, seeds: int) -> str:
    return display.count(folds, "fold") + (f" with {seeds} seeds each" if seeds > 1 else "")


def _beside(path: Path) -> Path:
    """Returns the file of the predictions that belong to a table of folds."""
    return path.with_name(f"{path.stem}_predictions.csv")
