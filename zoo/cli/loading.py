"""What a command reads: a trained model, and the rows of its SOURCE with their target."""

from __future__ import annotations

import argparse
import csv
import os
import warnings
from pathlib import Path
from typing import Any

import zoo
from zoo import notices, registry
from zoo.cli.parsers import given


def import_tensorflow() -> None:
    """Imports TensorFlow. Commands call it when all that can be checked without it is checked."""
    notices.import_module("tensorflow")


def trained(model: str) -> str:
    """Returns the name of a preset, or the path of a folder or file: `out` is ./out where that exists.

    Raises:
        ValueError: if it is neither a path nor a preset; the message offers the nearest names.
    """
    if any(mark in model for mark in ("/", os.sep)):
        return model
    if Path(model).exists():
        return os.path.join(os.curdir, model)
    if "." not in model:
        registry.resolve(model)
    return model


def rows(arguments: argparse.Namespace, source: Any, **known: Any) -> Any:
    """Returns the source as it was typed, or loaded where the options say how to load it.

    Args:
        arguments: The parsed arguments.
        source: A source, several images, or None.
        **known: The schema and the target to load with, where they are known.
    """
    asked = given(arguments, "data.load")
    if source is None or not set(asked) - {"target", "schema", "image_size"}:
        return source
    return zoo.data.load(source, **{**asked, **{name: value for name, value in known.items() if value is not None}})


def target(arguments: argparse.Namespace, source: Any) -> str | list[str] | None:
    """Returns the column that `--target` names, or several where it names them with commas between them.

    A column whose own name holds a comma is one column. Among several, such a name stands in double quotes, as in a
    CSV file: `--target '"price, net",tax'`.
    """
    typed = getattr(arguments, "target", None)
    if typed is None or "," not in typed or (source is not None and typed in _columns(arguments, source)):
        return typed
    names = next(csv.reader([typed], skipinitialspace=True))
    return names if len(names) > 1 else names[0]


def _columns(arguments: argparse.Namespace, source: Any) -> list[str]:
    """Returns the names of a source's columns."""
    asked = {name: value for name, value in given(arguments, "data.load").items() if name not in ("target", "schema")}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the rows are loaded again, with the target, and warn then
        data = zoo.data.load(source, **asked)
    return [*map(str, data.column_names), str(data.target)]
