"""Where a command writes: whether it may, before the work, and what becomes of a run that cannot be saved there."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path

from zoo.cli.loading import import_tensorflow
from zoo.cli.spelling import one_line


def next_run(model: str) -> Path:
    """Returns runs/<entry>-<n> with the first n that is free."""
    return _numbered(
        Path(model).name.partition(".")[0] if Path(model).exists() else model.partition(".")[0].replace("/", "_")
    )


def _numbered(name: str) -> Path:
    taken = [
        int(p.name.rpartition("-")[2]) for p in Path("runs").glob(f"{name}-*") if p.name.rpartition("-")[2].isdigit()
    ]
    return Path("runs") / f"{name}-{max(taken, default=0) + 1}"


def may_overwrite(arguments: argparse.Namespace, folder: Path) -> bool:
    """Returns whether an artifact may replace one in `folder`: with `--overwrite`.

    A training that continues from `--checkpoint` may also replace the model that it saved when it was interrupted.

    Raises:
        OSError: before the work, if an artifact cannot be written to `folder` or must not replace what it holds.
    """
    from zoo.artifacts import folders

    _check_writable(folder)
    overwrite = getattr(arguments, "overwrite", False)
    if not overwrite and (folder / "card.json").is_file() and getattr(arguments, "checkpoint", None):
        import_tensorflow()
        overwrite = _saved_by_checkpointed(arguments.checkpoint, folder)
    try:
        folders.check_free(folder, overwrite)
    except FileExistsError as error:
        raise FileExistsError(f"{str(error).rstrip('.')} with -o.") from None
    return overwrite


def _saved_by_checkpointed(checkpoint: str, folder: Path) -> bool:
    """Returns whether the run whose state is in `checkpoint` saved the artifact in `folder`."""
    from zoo.engine.checkpoints import identifying, identities

    try:
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        saved = {"entry": card["entry"], "recipe": identifying(card["recipe"]), "seed": card["seed"]}
    except (OSError, ValueError, KeyError, AttributeError):
        return False
    return any(saved == {name: run[name] for name in saved} for run in identities(checkpoint))


def check_output(path: Path) -> None:
    """Raises, before the work, if the file `path` cannot be written."""
    if path.is_dir():
        raise ValueError(f"The output must be a file. Received the folder: {path}")
    _check_writable(path)


def _check_writable(path: Path) -> None:
    """Creates the parent folder of `path`, and raises an error if `path` cannot be written."""
    parent = path.absolute().parent
    parent.mkdir(parents=True, exist_ok=True)
    if not os.access(parent, os.W_OK):
        raise PermissionError(f"No permission to write in the folder {str(parent)!r}. Choose another with -o.")


def save(run, folder: Path, *, overwrite: bool = False, numbered: bool = False) -> Path:
    """Saves a run and returns its folder. If the folder cannot be written, hours of training must not be lost.

    Args:
        run: The run.
        folder: The folder to write. If that fails, the run is saved in a temporary folder, which the error names.
        overwrite: Whether to replace a model in the folder.
        numbered: Whether the folder is runs/<entry>-<n>. If another run has taken the number, the next is used.
    """
    try:
        run.save(folder, overwrite=overwrite)
    except OSError as error:
        if numbered and isinstance(error, FileExistsError):
            return save(run, _numbered(folder.name.rpartition("-")[0]), numbered=True)
        rescued = Path(tempfile.mkdtemp(prefix="zoo-")) / folder.name
        run.save(rescued)
        raise OSError(f"{one_line(error)}. The trained model is in {rescued} instead.") from error
    return folder
