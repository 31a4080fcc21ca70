"""`zoo train`, `zoo adapt` and `zoo fine-tune`: what changes a model and saves it."""

from __future__ import annotations

import argparse
from pathlib import Path

import zoo
from zoo import registry
from zoo.cli import INTERRUPTED_BY, loading, outputs
from zoo.cli.parsers import given, of_builder
from zoo.cli.printing import print_json
from zoo.cli.repeating import repeated
from zoo.engine import interruption


def train(arguments: argparse.Namespace) -> int:
    """Trains an entry, or goes on with a trained model."""
    settings, options = given(arguments, "train"), of_builder(arguments)
    verbose = settings.pop("verbose", 1)
    model, source = arguments.model, arguments.source
    if arguments.config:
        loading.import_tensorflow()
        model, source, settings, options = repeated(arguments.config, model, source, settings, options)
    if model is None:
        raise ValueError("`zoo train` needs a MODEL, such as: zoo train auto titanic. See `zoo list`.")
    if model != registry.AUTO:
        model = registry.info(model).name if registry.find(model) else loading.trained(model)
    folder = Path(arguments.output or outputs.next_run(model))
    overwrite = outputs.may_overwrite(arguments, folder)
    loading.import_tensorflow()
    _join_workers()
    if "target" in given(arguments, "train"):
        settings["target"] = loading.target(arguments, source)
    data = loading.rows(arguments, source, schema=settings.get("schema"), target=settings.get("target"))
    with interruption.terminable():
        run = zoo.train(model, data, verbose=0 if arguments.json else verbose, **settings, **options)
        return _saved(arguments, run, folder, overwrite)


def adapt(arguments: argparse.Namespace) -> None:
    """Adapts a trained model to other data."""
    folder = Path(arguments.output)
    overwrite = outputs.may_overwrite(arguments, folder)
    loading.import_tensorflow()
    model = zoo.load(loading.trained(arguments.model))
    target = loading.target(arguments, arguments.source)
    data = loading.rows(arguments, arguments.source, target=target or model.schema.target)
    adapted = zoo.adapt(model, data, **{**given(arguments, "adapt"), "target": target})
    zoo.save(adapted, folder, overwrite=overwrite)
    print(f"saved in {folder}")


def fine_tune(arguments: argparse.Namespace) -> int:
    """Adapts a trained model to other data and trains it on them."""
    model = loading.trained(arguments.model)
    folder = Path(arguments.output or outputs.next_run(model))
    overwrite = outputs.may_overwrite(arguments, folder)
    loading.import_tensorflow()
    _join_workers()
    loaded = zoo.load(model)
    target = loading.target(arguments, arguments.source)
    data = loading.rows(arguments, arguments.source, target=target or loaded.schema.target)
    settings = {**given(arguments, "fine_tune", "adapt", "train"), "target": target}
    settings.pop("ignore", None)  # `data` were loaded without these columns
    if arguments.linear:
        settings["linear"] = arguments.linear
    verbose = settings.pop("verbose", 1)
    with interruption.terminable():
        run = zoo.fine_tune(loaded, data, verbose=0 if arguments.json else verbose, **settings)
        return _saved(arguments, run, folder, overwrite)


def _join_workers() -> None:
    """Joins the workers of `TF_CONFIG`, which must be done before anything computes."""
    from zoo.engine.workers import cluster

    if cluster.named() is not None:
        cluster.join()


def _saved(arguments: argparse.Namespace, run, folder: Path, overwrite: bool) -> int:
    """Saves a run, says where, and returns the exit code. Of several workers the chief alone does."""
    from zoo.engine.workers import cluster

    if not cluster.is_chief():
        return INTERRUPTED_BY[run.stopped] if run.interrupted else 0
    with interruption.uninterrupted():
        folder = outputs.save(run, folder, overwrite=overwrite, numbered=arguments.output is None)
    if arguments.json:
        facts = {"folder": str(folder), "interrupted": run.interrupted, "seconds": run.seconds, "device": run.device}
        print_json({**facts, "metrics": run.metrics})
    else:
        print(f"saved in {folder}")
        if run.interrupted and not hasattr(arguments, "checkpoint"):
            print(f"go on from its weights: zoo train {folder} SOURCE")
    return INTERRUPTED_BY[run.stopped] if run.interrupted else 0
