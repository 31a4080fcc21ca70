"""Public names of the zoo: parameters of its public surface, commands, Keras names, entries, presets.

`names.json` holds them as they were when it was written, `names_2.json` those that were added later. A recorded name
must not disappear. More names may come, and more parameters if they have a default.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import inspect
import json
import pkgutil
import re
from collections.abc import Iterator
from typing import Any
from unittest import mock

import keras

import zoo
from tests.compatibility.archive import FOLDER

# The public members of each class.
CLASSES = {
    "Model": "fit evaluate predict train_on_batch test_on_batch predict_on_batch export save compile summary call "
    "coefficients get_config from_config schema classes options recipe members",
    "Run": "model history metrics recipe data seed seconds device interrupted stopped save",
    "Scores": "keys values items get to_dict to_json",
    "Entry": "name task year paper summary learning options option_meanings presets",
    "ExportReport": "path version format served_names inputs outputs signatures max_difference num_bytes seconds "
    "quality",
    "data.Data": "schema frame arrays take streaming sha256",
    "data.Schema": "columns target task classes class_dtype dropped names served_names column to_dict from_dict "
    "save load",
}
TO_BE_REPLACED = ("preprocessing", "scaling")  # an option `encodings` is to replace these; they are not recorded


def now() -> dict[str, Any]:
    """Returns the names as they are, by chapter."""
    return {
        "functions": dict(functions()),
        "members": {name: members(_named(name), wanted.split()) for name, wanted in CLASSES.items()},
        "commands": commands(),
        "keras": registered(),
        "entries": {name: entry(name) for name in zoo.list_models()},
        "presets": zoo.list_models(pretrained=True),
    }


def _named(name: str):
    value = zoo
    for part in name.split("."):
        value = getattr(value, part)
    return value


def functions() -> Iterator[tuple[str, list]]:
    """Yields the functions of the public surface, with their parameters."""
    for holder, prefix in ((zoo, ""), (zoo.data, "data."), (zoo.plots, "plots.")):
        for name in holder.__all__:
            value = getattr(holder, name)
            if inspect.isfunction(value):
                yield prefix + name, parameters(value)


def parameters(function) -> list[dict[str, str]]:
    """Returns name, kind and default of each parameter."""
    found = []
    for parameter in inspect.signature(function).parameters.values():
        facts = {"name": parameter.name, "kind": parameter.kind.name}
        if parameter.default is not parameter.empty:
            facts["default"] = re.sub(r" at 0x[0-9a-f]+", "", repr(parameter.default))
        found.append(facts)
    return found


def members(cls: type, wanted: list[str]) -> dict[str, Any]:
    """Returns the zoo's own methods with their parameters, and None for what is read or comes from another package."""
    fields = [field.name for field in dataclasses.fields(cls)] if dataclasses.is_dataclass(cls) else []
    found: dict[str, Any] = {}
    for name in wanted:
        if not hasattr(cls, name) and name not in fields:
            continue
        value = inspect.getattr_static(cls, name, None)
        function = getattr(cls, name) if isinstance(value, (classmethod, staticmethod)) else value
        own = inspect.isroutine(function) and function.__module__.partition(".")[0] == "zoo"
        found[name] = parameters(function) if own else None
    return found


def commands() -> dict[str, dict[str, Any]]:
    """Returns each command's options and arguments, as the parser of `zoo --help` has them."""
    from zoo.cli import main

    seen: list[argparse.ArgumentParser] = []

    class _Seen(Exception):
        pass

    def parse(parser, *_, **__):
        seen.append(parser)
        raise _Seen

    with mock.patch.object(argparse.ArgumentParser, "parse_known_args", parse):
        try:
            main(["list"])
        except _Seen:
            pass
    found = {}
    for action in seen[0]._actions:
        for name, parser in (action.choices or {}).items() if hasattr(action, "add_parser") else ():
            found[name] = {
                (min(option.option_strings, key=len) if option.option_strings else option.metavar): {
                    "flags": sorted(option.option_strings),
                    "takes": _taken(option),
                    "required": option.required,
                    "choices": sorted(map(str, option.choices)) if option.choices else [],
                }
                for option in parser._actions
            }
    return found


def _taken(option: argparse.Action) -> str:
    """Returns how many values an option takes."""
    return "1" if option.nargs is None else str(option.nargs)


def registered() -> list[str]:
    """Returns the names of the package `zoo` by which Keras finds classes and functions, wherever they stand."""
    import_everything()
    return sorted(name for name in keras.saving.get_custom_objects() if name.startswith("zoo>"))


def import_everything() -> None:
    """Imports every module of the zoo whose packages are installed."""
    for module in pkgutil.walk_packages(zoo.__path__, "zoo.", onerror=lambda name: None):
        if module.name.rpartition(".")[2] != "__main__":
            try:
                importlib.import_module(module.name)
            except ImportError as error:
                if (error.name or "zoo").partition(".")[0] == "zoo":
                    raise


def entry(name: str) -> dict[str, Any]:
    """Returns the facts of an entry, and the names of its options that are to stay."""
    found = zoo.info(name)
    options = [option for option in found.options if option not in TO_BE_REPLACED]
    return {"task": found.task, "learning": found.learning, "year": found.year, "options": options}


def recorded() -> list[dict[str, Any]]:
    """Returns what the files hold, oldest first."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("names*.json"))]


def new() -> dict[str, Any]:
    """Returns the names that no file holds yet, in the form of `now`."""
    found = now()
    for old in recorded():
        found = _without(found, old)
    return found


def _without(found, old):
    """Returns what of lists of names and of tables by name is not in others."""
    if isinstance(found, dict) and isinstance(old, dict):
        left = {key: _without(value, old[key]) if key in old else value for key, value in found.items()}
        return {key: value for key, value in left.items() if value not in ({}, [], None) or key not in old}
    if isinstance(found, list) and isinstance(old, list) and all(isinstance(item, str) for item in found):
        return [item for item in found if item not in old]
    return {} if found == old else found
