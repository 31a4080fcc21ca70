"""Folders that are there whole or not at all: written beside and renamed."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def writable(target: Path) -> Iterator[Path]:
    """Yields an empty folder beside `target` to write to, and removes it if the block fails.

    Raises:
        PermissionError: if the parent may not be written to.
        OSError: if there is no space.
    """
    beside = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        beside.chmod(0o755)
        yield beside
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OSError(error.errno, f"There is no space to write {str(target)!r}. Free some, or choose another disk") from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise PermissionError(
                error.errno, f"{str(target)!r} may not be written. Choose another folder, or change its permissions"
            ) from error
        if error.errno in (errno.ENOTDIR, errno.EEXIST):
            raise NotADirectoryError(error.errno, f"{str(target.parent)!r} must be a folder. Received: a file") from error
        raise
    finally:
        if beside is not None and beside.exists():
            shutil.rmtree(beside, ignore_errors=True)


def replace(beside: Path, target: Path) -> None:
    """Renames `beside` to `target`; what was there is `.NAME.old` for the moment between, where `existing` finds it."""
    old = target.with_name(f".{target.name}.old")
    if old.exists():
        shutil.rmtree(old)
    if target.exists():
        os.rename(target, old)
    try:
        os.rename(beside, target)
    except OSError:
        if old.exists():
            os.rename(old, target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def existing(target: Path) -> Path:
    """Returns `target`, or `.NAME.old` if a crash between two renames left only that."""
    old = target.with_name(f".{target.name}.old")
    return old if not target.exists() and old.is_dir() else target
