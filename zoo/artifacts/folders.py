"""Folders that are there whole or not at all: written beside and renamed."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

FULL = {  # error number -> as TensorFlow and HDF5 say it, in words alone
    errno.ENOSPC: ("No space left", "errno = 28"),
    errno.EDQUOT: ("Disk quota exceeded", "errno = 122"),
    errno.EFBIG: ("File too large", "errno = 27"),
}
NUMBER = re.compile("[1-9][0-9]*")  # a version's name
FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


@contextlib.contextmanager
def writable(target: Path) -> Iterator[Path]:
    """Yields an empty folder beside `target` to write to, and removes it if it is still there afterwards.

    Args:
        target: The folder that the block renames it to, by `replace` or otherwise.

    Raises:
        NotADirectoryError: if a file stands where a folder must be.
        PermissionError, OSError: as `explained` says them.
    """
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    new = [parent for parent in target.parents if not parent.exists()]  # the deepest first
    try:
        with explained(target):
            _make(target.parent)
            beside.mkdir(parents=True)  # another write that failed may have taken away what it had made
            yield beside
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        with contextlib.suppress(OSError):  # one holds something: what was written, or what others write there
            for parent in new:
                parent.rmdir()


@contextlib.contextmanager
def explained(target: Path) -> Iterator[None]:
    """Says what an error of the disk means for `target`, and the repair.

    Raises:
        PermissionError: if the block may not read or write there.
        OSError: if there is no space.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, OSError) and error.errno in FORBIDDEN:
            said = f"{str(target)!r} may not be written. Choose another folder, or change its permissions"
            raise PermissionError(error.errno, said) from error
        if full := _says_full(error):
            said = f"There is no space to write {str(target)!r}"
            raise OSError(errno.ENOSPC, f"{said} ({full}). Free some, or choose another disk") from error
        raise


def check_free(folder, overwrite: bool = False) -> None:
    """Raises FileExistsError unless an artifact may be written to `folder`. Call it before the work.

    Args:
        folder: The folder to write.
        overwrite: Whether to replace an artifact. A folder that holds anything else is never replaced.
    """
    target = existing(Path(os.path.realpath(folder)))
    if target.is_file() or (target.is_dir() and any(target.iterdir()) and not (target / "artifact.json").is_file()):
        raise FileExistsError(
            f"{str(folder)!r} must be a new folder or an artifact, which holds artifact.json. Received: a file "
            "or folder of something else, which is left unchanged. Choose another folder."
        )
    if not overwrite and (target / "artifact.json").is_file():
        raise FileExistsError(
            f"{str(folder)!r} must be a new folder. Received: one that holds a trained {_entry(target)}, which is left "
            "unchanged. Pass `overwrite=True` to replace it, or choose another folder."
        )


def _entry(artifact: Path) -> str:
    """Returns the name of an artifact's entry, or "model" if the artifact is damaged."""
    try:
        return str(json.loads((artifact / "artifact.json").read_text(encoding="utf-8"))["entry"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return "model"


def _make(parent: Path) -> None:
    try:
        parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        said = f"{str(parent)!r} must be a folder. Received: a file in its place. Choose another"
        raise NotADirectoryError(error.errno, said) from error


def _says_full(error: BaseException | None) -> str:
    """Returns how an error says that the disk, the quota or the limit of a file is reached; `""` if it does not."""
    while error is not None:
        for number, words in FULL.items():
            if getattr(error, "errno", None) == number or any(said in str(error) for said in words):
                return os.strerror(number)
        error = error.__cause__ or error.__context__
    return ""


def place(beside: Path, target: Path) -> None:
    """Renames `beside` to `target`, a new or empty folder.

    Raises:
        FileExistsError: if another process has written to `target` meanwhile; its files are left unchanged.
    """
    with contextlib.suppress(OSError):
        target.rmdir()  # if it is empty: not every system renames a folder over an empty one
    try:
        os.rename(beside, target)
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
            raise
        raise FileExistsError(
            f"{str(target)!r} was written by another process meanwhile, and is left unchanged. Choose another folder."
        ) from error


def replace(beside: Path, target: Path) -> None:
    """Renames `beside` to `target`; what was there is `.NAME.old` for the moment between, where `existing` finds it."""
    old = _old(target)
    if os.path.lexists(target):
        _remove(old)
        os.rename(target, old)
    try:
        os.rename(beside, target)
    except OSError:
        if old.exists():
            os.rename(old, target)
        raise
    _remove(old)


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():  # the link alone, not what it leads to
        path.unlink()
    else:
        shutil.rmtree(path, ignore_errors=True)


def versions(folder: Path) -> list[int]:
    """Returns the numbers of the versions in a folder, from low to high. `01` and `²` are none."""
    return sorted(int(path.name) for path in folder.iterdir() if NUMBER.fullmatch(path.name) and path.is_dir())


def existing(target: Path) -> Path:
    """Returns `target`, or `.NAME.old` if a crash between two renames left only that."""
    return target if target.exists() or not target.name or not _old(target).is_dir() else _old(target)


def _old(target: Path) -> Path:
    return target.with_name(f".{target.name}.old")
