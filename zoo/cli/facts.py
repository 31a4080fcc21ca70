"""`zoo list`, `zoo info`, `zoo schema` and `zoo doctor`: what there is, shown."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import zoo
from zoo import package_data, registry
from zoo.cli.options import flag, shown
from zoo.cli.parsers import given
from zoo.cli.printing import print_json, print_table


def list_models(arguments: argparse.Namespace) -> None:
    """Shows the models by year."""
    names = registry.list_models(arguments.pattern, **given(arguments, "list_models"))
    entries = [registry.info(name) for name in names]
    facts = [
        {"name": n, "task": e.task, "learning": e.learning, "year": e.year, "summary": e.summary, "tasks": e.tasks}
        for n, e in zip(names, entries)
    ]
    if arguments.json:
        print_json(facts)
    else:
        rows = [{**one, "task": " or ".join(e.tasks)} for one, e in zip(facts, entries)]
        print_table(("year", "name", "task", "summary"), rows)


def info(arguments: argparse.Namespace) -> None:
    """Shows one model."""
    entry = registry.info(arguments.name)
    options, meanings = entry.options, entry.option_meanings
    presets = [f"{entry.name}.{tag}" for tag in entry.presets]
    facts = {name: getattr(entry, name) for name in ("name", "summary", "task", "learning", "year", "paper")}
    if arguments.json:
        print_json({**facts, "tasks": entry.tasks, "options": options, "presets": presets})
        return
    facts["task"] = " or ".join(entry.tasks)
    width = max(map(len, facts)) + 2
    for name, value in {**facts, "presets": ", ".join(presets) or "none"}.items():
        print(f"{name:{width}}{value}")
    print()
    if options:
        rows = [{"option": flag(n), "default": shown(d), "": meanings[n]} for n, d in options.items()]
        print_table(("option", "default", ""), rows)


def schema(arguments: argparse.Namespace) -> None:
    """Shows or writes the schema of a source."""
    from zoo.cli import loading, outputs
    from zoo.cli.spelling import in_options

    if arguments.output:
        outputs.check_output(Path(arguments.output))
    loading.import_tensorflow()
    settings = {**given(arguments, "data.load"), "target": loading.target(arguments, arguments.source)}
    data = zoo.data.load(arguments.source, **settings)
    found = data.schema
    if arguments.task:
        from zoo.data.infer import infer

        known: dict[str, Any] = {"known": data.known(), "hints": data.hints}
        ignore = settings.get("ignore", ())
        found = infer(data.frame(), data.target, task=arguments.task, ignore=ignore, **known)
    if arguments.output:
        found.save(arguments.output)
    if arguments.output and not arguments.json:
        print(f"Schema in {arguments.output}")
        return
    from zoo.data.description import describe_data

    described = describe_data(data, found)
    if arguments.json:
        print_json({**found.to_dict(), "description": described.to_dict()})
    else:
        print(in_options(str(described), arguments.options))


def doctor(arguments: argparse.Namespace) -> None:
    """Shows versions, devices and folders."""
    from zoo import doctor

    facts = {
        "zoo": zoo.__version__,
        **doctor.examine(),
        "datasets": str(package_data.package_folder("datasets")),
        "saved models": str(package_data.package_folder("saved_models")),
        "models": len(registry.list_models()),
    }
    if arguments.json:
        print_json(facts)
        return
    for name, value in facts.items():
        print(f"{name:21}" + ("; ".join(value) or "none" if isinstance(value, list) else str(value)))
