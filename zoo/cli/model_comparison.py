"""`zoo compare`: several models on the same folds, and which of them to take."""

from __future__ import annotations

import argparse
import importlib.util
from pathlib import Path

import zoo
from zoo.cli import loading, outputs
from zoo.cli.parsers import given
from zoo.cli.printing import print_json
from zoo.engine import interruption

FILES = ("table.csv", "comparison.json", "comparison.png")


def compare(arguments: argparse.Namespace) -> None:
    """Prints the table and the advice, and writes both with a picture."""
    folder = Path(arguments.output) if arguments.output else None
    if folder is not None:
        for name in FILES:
            outputs.check_output(folder / name)
    loading.import_tensorflow()
    settings = given(arguments, "compare")
    settings["rivals"] = not arguments.no_rivals
    settings["target"] = loading.target(arguments, arguments.source)
    data = loading.rows(arguments, arguments.source, schema=settings.get("schema"), target=settings["target"])
    verbose = 0 if arguments.json else settings.pop("verbose", 1)
    with interruption.terminable():
        comparison = zoo.compare(data, **{**settings, "verbose": verbose})
    written = [] if folder is None else _write(comparison, folder)
    if arguments.json:
        print_json(comparison.to_dict())
        return
    if not verbose:  # else it is printed already
        print(repr(comparison))
    if written:
        print(f"{', '.join(written)} in {folder}")


def _write(comparison: zoo.Comparison, folder: Path) -> list[str]:
    """Writes table, comparison and, where matplotlib is installed, the picture, and returns the names of the files."""
    table, whole, picture = FILES
    comparison.to_csv(folder / table)
    comparison.to_json(folder / whole)
    if not comparison.scores or importlib.util.find_spec("matplotlib") is None:
        return [table, whole]
    comparison.plot().savefig(folder / picture)
    return [table, whole, picture]
