"""artifact.json and card.json, read and checked without Keras: what an artifact says of itself."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from zoo.artifacts import folders

FORMAT = 1
CHECKED = ("model.keras", "schema.json", "card.json")
FILES = (*CHECKED, "README.md")  # people may write in the last: `load` does not ask whether it is as it was
MEMBERS = {"metadata.json": 2**20, "config.json": 2**28, "model.weights.h5": 2**36}  # of model.keras: bytes at most
INSIDE = Path("assets.extra", "zoo")  # where an exported version carries its artifact


def read_facts(folder: Path) -> dict[str, Any]:
    """Returns artifact.json, checked.

    Args:
        folder: The artifact.

    Raises:
        ValueError: if there is none, or it is damaged, or of a newer format.
    """
    file = folder / "artifact.json"
    if not file.is_file():
        names = sorted(path.name for path in folder.iterdir())
        exported = [number for number in folders.versions(folder) if (folder / str(number) / INSIDE).is_dir()]
        if exported:
            hint = f"It holds exported versions: load {str(folder / str(exported[-1]))!r}."
        elif "saved_model.pb" in names:
            hint = "It holds a SavedModel that zoo.export did not write. Serve it, or load it with TensorFlow."
        else:
            shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
            hint = f"It holds {shown or 'nothing'}. An artifact is what zoo.save writes, with artifact.json."
        raise ValueError(f"{str(folder)!r} is no artifact. {hint}")
    try:
        facts = json.loads(file.read_text(encoding="utf-8"))
        number, whole = facts["format"], isinstance(facts["entry"], str) and isinstance(facts["sha256"], dict)
    except (ValueError, KeyError, TypeError, RecursionError) as error:  # JSON's and Unicode's are ValueErrors
        raise damaged(file, error) from error
    if not isinstance(number, int) or not whole:
        raise damaged(file, "no number of a format, entry or hashes")
    if number > FORMAT:
        raise ValueError(
            f"{str(folder)!r} has the artifact format {number}. This keras-zoo reads formats up to {FORMAT}. Upgrade "
            "keras-zoo: pip install -U keras-zoo"
        )
    return facts


def damaged(file: Path, what) -> ValueError:
    """Returns the error of a file that is not whole; `what` says by what that is seen."""
    return ValueError(f"{str(file)!r} must be whole. Received: a damaged file ({what}). Copy the artifact again.")


def read_card(file: Path) -> dict[str, Any]:
    """Returns card.json, checked.

    Args:
        file: Its path.

    Raises:
        ValueError: if it is damaged.
    """
    try:
        card = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise damaged(file, error) from error
    if not isinstance(card, dict) or not {"entry", "weights_sha256", "ancestry"} <= card.keys():
        raise damaged(file, "no entry, weights_sha256 or ancestry")
    return card


def check_size(file: Path) -> None:
    """Raises ValueError if a file is larger than it can be for what it holds: nothing is read to find out."""
    most = MEMBERS["model.weights.h5" if file.suffix == ".keras" else "config.json"]
    if file.is_file() and (size := file.stat().st_size) > most:
        raise ValueError(
            f"{str(file)!r} must have at most {most:,} bytes. Received: {size:,}. It was not loaded. Do not trust "
            "where it comes from."
        )


def sha256(path: Path) -> str:
    """Returns the hash of a file, as artifact.json has it."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
