"""`zoo runs`: the trained models in a folder, without Keras."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from zoo import display, registry
from zoo.artifacts import finding
from zoo.artifacts.finding import ArtifactSummary
from zoo.cli.printing import print_json, print_table

COLUMNS = ("folder", "entry", "task", "date", "rows", "size", "scores")


def runs(arguments: argparse.Namespace) -> None:
    """Lists the artifacts in a folder."""
    found = list(finding.artifacts(Path(arguments.folder)))
    if arguments.sort:
        found = finding.best_first(found, arguments.sort)
    if arguments.json:
        print_json([{**dataclasses.asdict(one), "split": one.split} for one in found])
    elif not found:
        print(f"no trained models in {arguments.folder}")
    else:
        print_table(COLUMNS, [_row(one, arguments.sort) for one in found])


def _row(one: ArtifactSummary, score: str | None) -> dict[str, str]:
    """Returns the cells of an artifact: of its scores those that its task shows, and the one that is sorted by."""
    names = [score] if score else []
    try:
        names += [name for name in registry.load_task(one.task).shown if name not in names]
    except ValueError:  # the task of a package that is not here
        pass
    known = [name for name in names if name in one.scores] or list(one.scores)[:3]
    scores = (
        f"{one.split} " + ", ".join(f"{name} {display.number(one.scores[name])}" for name in known) if known else ""
    )
    return {
        "folder": str(one.folder),
        "entry": one.entry,
        "task": one.task,
        "date": one.date,
        "rows": "" if one.rows is None else f"{one.rows:,}",
        "size": display.size(one.size),
        "scores": f"broken: {one.wrong}" if one.wrong else scores,
    }
