"""`zoo.save` and `zoo.load`: the artifact, a folder that is both trained further and exported.

    artifact.json   format, entry, options, versions, SHA-256 of the others        model.keras   all that Keras needs
    schema.json     a copy for readers        card.json, README.md   what it is and how good
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import zipfile
from importlib import metadata
from pathlib import Path

import keras

from zoo import registry
from zoo.artifacts import card as cards
from zoo.artifacts import folders
from zoo.model import Model, _plain

FORMAT = 1
FILES = ("model.keras", "schema.json", "card.json", "README.md")


def save(model, folder) -> None:
    """Writes an artifact: beside, then renamed over what was there.

    Args:
        model: A `zoo.Model`, or a `Run`, whose metrics and recipe then stand on the card.
        folder: The folder to write.

    Raises:
        TypeError: if `model` is neither.
        FileExistsError: if the folder holds something else than an artifact.
        OSError: if there is no space or no permission; the old artifact is then as it was.
    """
    run = model if hasattr(model, "history") and hasattr(model, "recipe") and not isinstance(model, Model) else None
    model = run.model if run is not None else model
    if not isinstance(model, Model):
        raise TypeError(f"`model` must be a zoo.Model or a Run. Received: {type(model).__name__}. Load a folder with zoo.load.")
    card = cards.run_card(run) if run is not None else {**cards.model_card(model), **dict(getattr(model, "card", {}))}
    target = Path(folder)
    if target.is_file() or (target.is_dir() and any(target.iterdir()) and not (target / "artifact.json").is_file()):
        raise FileExistsError(f"{str(target)!r} must be a new folder or an artifact. Received: something else. Choose another.")
    with folders.writable(target) as beside:
        write_artifact(model, card, beside)
        folders.replace(beside, target)


def write_artifact(model: Model, card: dict, folder: Path) -> None:
    """Writes the files of an artifact into an empty folder. The optimizer goes in without its slots: they are as large as
    the weights twice over, and further training begins with fresh ones."""
    optimizer = model.optimizer
    model.optimizer = optimizer.from_config(optimizer.get_config())
    try:
        model.save(folder / "model.keras")
    finally:
        model.optimizer = optimizer
    model.schema.save(folder / "schema.json")
    text = json.dumps(card, indent=2, ensure_ascii=False, default=str)
    (folder / "card.json").write_text(text + "\n", encoding="utf-8")
    (folder / "README.md").write_text(cards.page(card, model.schema), encoding="utf-8")
    facts = {
        "format": FORMAT,
        "entry": model.entry.name,
        "options": _plain(model.options),
        "versions": versions(),
        "sha256": {name: _sha256(folder / name) for name in FILES},
    }
    (folder / "artifact.json").write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def versions() -> dict[str, str]:
    """Returns the versions that an artifact was written with."""
    known = {"python": platform.python_version(), "backend": keras.backend.backend()}
    for package in ("keras-zoo", "keras", "tensorflow", "numpy", "pandas"):
        try:
            known[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return known


def load(path) -> Model:
    """Loads a model: compiled, trainable, with `.card`.

    Args:
        path: An artifact's folder, an exported version, a `.keras` file, or a preset's name. Whatever has a slash or a
            suffix that is no preset's tag is a path.

    Raises:
        FileNotFoundError: if there is nothing there.
        ValueError: if it is no artifact, damaged, or of a newer format.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"`path` must be a path or a preset's name. Received: {type(path).__name__}.")
    given, path = str(path), Path(path)
    if path.name == given and not path.exists() and given.partition(".")[0] in registry.list_models() and "." in given:
        registry.info(given)  # raises, and lists the presets, if there is no such tag
        path = registry.package_folder("saved_models") / given
    path = folders.existing(path)
    if not path.exists():
        presets = ", ".join(registry.list_models(pretrained=True)) or "none"
        raise FileNotFoundError(f"There is no model {given!r}. Pass an artifact's folder, a .keras file, or a preset: {presets}.")
    if path.is_file():
        return _load_file(path)
    if (path / "assets.extra" / "zoo" / "artifact.json").is_file():
        path = path / "assets.extra" / "zoo"
    facts = _facts(path)
    for name, expected in facts["sha256"].items():
        if name not in FILES:
            raise ValueError(f"{str(path)!r} names the file {name!r}, which is none of an artifact's. It is damaged or forged.")
        if not (path / name).is_file() or _sha256(path / name) != expected:
            raise ValueError(
                f"{str(path / name)!r} must be as it was written. Received: a missing, cut off or changed file. Copy the "
                "artifact again, or save it anew."
            )
    registry.info(facts["entry"])
    model = _load_file(path / "model.keras")
    model.card = json.loads((path / "card.json").read_text(encoding="utf-8"))
    return model


def _facts(path: Path) -> dict:
    if not (path / "artifact.json").is_file():
        versions_there = sorted(int(p.name) for p in path.iterdir() if p.name.isdigit() and p.is_dir())
        if versions_there:
            hint = f"It holds exported versions: load {str(path / str(versions_there[-1]))!r}."
        else:
            inside = ", ".join(sorted(p.name for p in path.iterdir())[:5]) or "nothing"
            hint = f"It holds {inside}. An artifact is what zoo.save writes, with artifact.json."
        raise ValueError(f"{str(path)!r} is no artifact. {hint}")
    try:
        facts = json.loads((path / "artifact.json").read_text(encoding="utf-8"))
        number, _, _ = facts["format"], facts["entry"], facts["sha256"]["model.keras"]
    except (json.JSONDecodeError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise ValueError(f"{str(path / 'artifact.json')!r} must be whole. Received: a damaged file ({error}).") from error
    if number > FORMAT:
        raise ValueError(
            f"{str(path)!r} has the artifact format {number}. This keras-zoo reads up to {FORMAT}: pip install -U keras-zoo."
        )
    return facts


def _load_file(path: Path) -> Model:
    if not zipfile.is_zipfile(path):
        raise ValueError(f"{str(path)!r} must be a .keras file. Received: other or truncated content.")
    try:
        model = keras.saving.load_model(path, safe_mode=True)
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise ValueError(f"{str(path)!r} must be a whole .keras file. Received: {error}.") from error
    if not isinstance(model, Model):
        raise ValueError(f"{str(path)!r} must hold a model of the zoo. Received: {type(model).__name__}. Load it with Keras.")
    return model


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
