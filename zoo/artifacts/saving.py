"""`zoo.save` and `zoo.load`: the artifact, a folder that is both trained further and exported.

artifact.json   format, entry, options, versions, SHA-256 of the others        model.keras   all that Keras needs
schema.json     a copy for readers        card.json, README.md   what it is, how it was trained, how good it is
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import warnings
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Any

import keras

from zoo import registry
from zoo.artifacts import folders
from zoo.artifacts.card import card_of, page, plain
from zoo.artifacts.inspection import inspect
from zoo.artifacts.manifest import CHECKED, FILES, FORMAT, INSIDE, check_size, read_card, read_facts, sha256
from zoo.compiling import compile_model
from zoo.data.columns import place_of
from zoo.data.schema import KINDS
from zoo.model import Model
from zoo.run import Run


def save(model, folder, *, overwrite: bool = False) -> None:
    """Writes an artifact, first to a temporary folder beside it, which is then renamed.

    Args:
        model: A `zoo.Model`, or a `Run`, whose metrics and recipe then stand on the card.
        folder: The folder to write.
        overwrite: Whether to replace an artifact in the folder.

    Raises:
        TypeError: if `model` is neither.
        FileExistsError: if the folder holds an artifact and `overwrite` is False, or anything else.
        OSError: if there is no space or no permission; the old artifact is then as it was.
    """
    model, run = _parts(model)
    target = Path(os.path.realpath(folder))  # a link stays a link
    with folders.writable(target) as beside:
        folders.check_free(folder, overwrite)
        write_artifact(model, card_of(model, run), beside)
        (folders.replace if overwrite else folders.place)(beside, target)


def _parts(model) -> tuple[Model, Any]:
    """Returns the model, and the run that trained it or None."""
    run = model if isinstance(model, Run) else None
    model = model if run is None else run.model
    if not isinstance(model, Model):
        raise TypeError(
            f"`model` must be a zoo.Model or a Run. Received: {type(model).__name__}. Load a folder with zoo.load."
        )
    return model, run


def write_artifact(model: Model, card: dict[str, Any], folder: Path) -> None:
    """Writes the files of an artifact into an empty folder."""
    with _without_slots(model):
        model.save(folder / "model.keras")
    model.schema.save(folder / "schema.json")
    write_json(folder / "card.json", card)
    (folder / "README.md").write_text(page(card, model.schema), encoding="utf-8")
    outside = packages(model)
    facts = {
        "format": FORMAT,
        "entry": model.entry.name,
        "options": plain(model.options),
        "versions": versions() | {package: own["version"] for package, own in outside.items()},
        **({"packages": outside} if outside else {}),
        "sha256": {name: sha256(folder / name) for name in FILES},
    }
    write_json(folder / "artifact.json", facts)


def write_json(path: Path, value) -> None:
    """Writes plain values as JSON."""
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


@contextlib.contextmanager
def _without_slots(model):
    """Gives a model a fresh optimizer for a moment.

    The optimizer's slots are twice as large as the weights, and further training begins with fresh ones.
    """
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None:
        yield
        return
    model.optimizer = optimizer.from_config(optimizer.get_config())
    try:
        yield
    finally:
        model.optimizer = optimizer


def versions() -> dict[str, str]:
    """Returns the versions that an artifact is written with."""
    known = {"python": platform.python_version(), "backend": keras.backend.backend()}
    for package in ("keras-zoo", "keras", "tensorflow", "numpy", "pandas"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            known[package] = metadata.version(package)
    return known


def packages(model: Model) -> dict[str, dict[str, Any]]:
    """Returns what other packages provide of a model: by package, its version, and the entry, task and kinds."""
    builder = model.entry.builder
    places = {model.entry.name: builder if isinstance(builder, str) else builder.__module__}
    places |= {model.task.name: registry.place_of_task(model.task.name or None)}
    places |= {column.kind: place_of(column) for column in model.schema.columns}
    found: dict[str, dict[str, Any]] = {}
    distributions = None
    for name, where in places.items():
        module = where.partition(":")[0].partition(".")[0]
        if module in ("zoo", "__main__"):
            continue
        if distributions is None:  # which looks at every installed package
            distributions = metadata.packages_distributions()
        for package in distributions.get(module, ())[:1]:
            facts = found.setdefault(package, {"version": metadata.version(package), "provides": []})
            facts["provides"].append(name)
    return found


def load(path) -> Model:
    """Loads a model: compiled, trainable, with `.card`.

    None of the code that a stranger could put into an artifact is run: there is no pickle, Keras's safe mode is on, and
    the entry must be in the registry.

    Args:
        path: An artifact's folder, an exported version, a `.keras` file, or a preset's name. Whatever has a slash or a
            suffix that is no preset's tag is a path.

    Returns:
        The model. `.card` is a dict: empty for a lone `.keras` file.

    Raises:
        FileNotFoundError: if there is nothing there.
        TypeError: if `path` is neither text nor a path.
        ValueError: if it is no artifact, damaged, or of a newer format.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"`path` must be a path or a preset's name. Received: {type(path).__name__}.")
    folder = _found(path)
    if folder.is_file():
        return _load_file(folder, {})
    if (folder / INSIDE / "artifact.json").is_file():
        folder = folder / INSIDE
    for name in ("artifact.json", *CHECKED):
        check_size(folder / name)
    facts = read_facts(folder)
    for name in CHECKED:
        if not (folder / name).is_file() or sha256(folder / name) != facts["sha256"].get(name):
            raise ValueError(
                f"{str(folder / name)!r} must be as it was written. Received: a missing, truncated or changed file. "
                "Copy the artifact again, or save it anew."
            )
    if registry.find(facts["entry"]) is None:
        package = _package_of(facts, facts["entry"])
        repair = f"Install {package}, which registers it." if package else ""
        repair = repair or "Install the package that registers it, or upgrade keras-zoo."
        raise ValueError(
            f"{str(folder)!r} holds the model {facts['entry']!r}, which this zoo does not have. {repair} The zoo has: "
            f"{', '.join(registry.list_models())}."
        )
    kinds = _kinds(folder / "schema.json")
    for name in _provided(facts):
        if name not in KINDS and name not in registry.TASKS and registry.find(name) is None:
            what = f"has columns of the kind {name!r}" if name in kinds else f"answers the task {name!r}"
            raise ValueError(
                f"{str(folder)!r} {what}. Install the package that registers it, {_package_of(facts, name)}."
            )
    return _load_file(folder / "model.keras", read_card(folder / "card.json"))


def _kinds(file: Path) -> list[str]:
    """Returns the kinds of the columns in schema.json, whose hash was compared."""
    return [column["kind"] for column in json.loads(file.read_text(encoding="utf-8"))["columns"]]


def _provided(facts) -> list[str]:
    """Returns what other packages provide of an artifact, by the names in artifact.json."""
    outside = facts.get("packages", {})
    return [name for package in outside.values() for name in package["provides"]]


def _package_of(facts, name: str) -> str:
    """Returns the package that an artifact was written with, and its version, for what it provides; else `""`."""
    outside = facts.get("packages", {}).items()
    return next((f"{package} {own['version']}" for package, own in outside if name in own["provides"]), "")


def _found(given) -> Path:
    """Returns the folder or file that is meant."""
    name, path = str(given), Path(given)
    path = folders.existing(path)
    if path.exists():
        return path
    preset = registry.preset_folder(name)
    if preset is not None:
        return preset
    presets = registry.list_models(pretrained=True)
    if registry.find(name) or name == registry.AUTO:
        what = "chooses an entry" if name == registry.AUTO else "is the name of an entry"
        hint = f" {name!r} {what}: zoo.build or zoo.train makes a model of it."
    else:
        hint = registry.suggest(name, presets)
    raise FileNotFoundError(
        f"There is no model {name!r}.{hint} Pass an artifact's folder, an exported version, a .keras file, or a "
        f"preset: {', '.join(presets) or 'none here'}."
    )


def _load_file(path: Path, card: dict[str, Any]) -> Model:
    if not zipfile.is_zipfile(path):
        raise ValueError(
            f"{str(path)!r} must be a .keras file. Received: other or truncated content. Pass the file that "
            "`model.save` wrote, or an artifact's folder."
        )
    try:
        inspect(path)
        model = _loaded(path)
    except (zipfile.BadZipFile, EOFError, OSError, KeyError) as error:
        raise ValueError(f"{str(path)!r} must be a whole .keras file. Received: {error}. Copy it again.") from error
    if not isinstance(model, Model):
        raise ValueError(
            f"{str(path)!r} must hold a model of the zoo. Received: {type(model).__name__}. Load it with "
            "keras.models.load_model."
        )
    if not model.compiled and not model.unsaved:
        compile_model(model, model.recipe)
    if card:
        card = {**card, "entry": model.entry.name}  # the current name of a renamed entry
    object.__setattr__(model, "card", card)  # past Keras, which would track the dict as a part of the model
    return model


def _loaded(path: Path) -> Any:
    """Returns the model of a file; without what it was compiled with, if that is not registered here."""
    try:
        return keras.saving.load_model(path, safe_mode=True)
    except TypeError as error:
        if "Could not locate" not in str(error):
            raise
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
        name = str(error).partition("'")[2].partition("'")[0]
        warnings.warn(
            f"{str(path)!r} was compiled with {name!r}, which is not registered with Keras here: the model is loaded "
            "without, not compiled. Import what defines it first, under @keras.saving.register_keras_serializable().",
            stacklevel=4,
        )
        model._unsaved = (name,)
        return model
