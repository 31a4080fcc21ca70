"""Answers to folds in a folder, by which an interrupted comparison goes on: a file for each model and fold."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import time
import zipfile
from pathlib import Path

import numpy as np

from zoo.data.raw import Data
from zoo.training.candidates import Candidate, FoldAnswers, FoldedRows

HALF = re.compile(r"[0-9a-f]{20}-\d+\.\d+\.tmp")  # the name of a file that is being written
SECONDS_TO_WRITE = 60  # the most that one file takes


class AnswersStore:
    """A folder of answers, whose names hold a fingerprint of the model, of its options, of the rows and of the folds.

    Args:
        folder: The folder, which is created; None stores nothing.
        rows: The rows.
        folds: How many folds there are.

    Raises:
        ValueError: if the folder is a file.
    """

    def __init__(self, folder: str | os.PathLike | None, rows: FoldedRows, folds: int):
        self._folder = None if folder is None else Path(folder)
        self._folds, self._common = folds, ""
        if self._folder is None:
            return
        if self._folder.exists() and not self._folder.is_dir():
            raise ValueError(f"`checkpoint` must be a folder. Received the file: {str(self._folder)!r}")
        self._folder.mkdir(parents=True, exist_ok=True)
        import zoo

        loaded = rows.loaded
        hashed = Data(loaded.x, loaded.y).sha256  # of these rows alone, whatever file they come from
        beside = Data(loaded.roles[rows.no_inputs]).sha256 if rows.no_inputs else None
        split = hashlib.sha256()
        for part in (part for parts in rows.splits for part in parts):
            split.update(repr(len(part)).encode() + np.ascontiguousarray(part, "int64").tobytes())
        facts = (hashed, beside, split.hexdigest(), loaded.schema, rows.groups, rows.weight)
        self._common = repr((zoo.__version__, rows.task.name, folds, rows.seed, *facts))
        self._remove_halves()

    def _remove_halves(self) -> None:
        """Removes files that a killed run has not finished; those of a run that still writes are young."""
        for path in self._folder.glob("*.tmp"):
            with contextlib.suppress(OSError):  # another run has finished it, or removed it
                if HALF.fullmatch(path.name) and time.time() - path.stat().st_mtime > SECONDS_TO_WRITE:
                    path.unlink()

    def _path(self, candidate: Candidate, fold: int) -> Path:
        text = f"{self._common}\n{candidate.identity}"
        return self._folder / f"{hashlib.sha256(text.encode()).hexdigest()[:20]}-{fold}.npz"

    def read(self, candidate: Candidate) -> dict[int, FoldAnswers]:
        """Returns the answers that are there, by fold. A file that cannot be read counts as none."""
        found: dict[int, FoldAnswers] = {}
        for fold in range(self._folds if self._folder is not None else 0):
            try:
                with np.load(self._path(candidate, fold), allow_pickle=False) as stored:
                    latency, size = (
                        None if np.isnan(stored[name]) else stored[name].item() for name in ("latency", "size")
                    )
                    size = None if size is None else int(size)
                    found[fold] = FoldAnswers(
                        stored["answers"], bool(stored["hard"]), float(stored["seconds"]), latency, size
                    )
            except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
                continue
        return found

    def write(self, candidate: Candidate, fold: int, answers: FoldAnswers) -> None:
        """Writes the answers to a fold, first to a file beside it, so that a kill leaves no half of it."""
        if self._folder is None:
            return
        path = self._path(candidate, fold)
        beside = path.with_suffix(f".{os.getpid()}.tmp")
        with beside.open("wb") as file:
            np.savez(
                file,
                answers=answers.answers,
                hard=answers.hard,
                seconds=answers.seconds,
                latency=np.nan if answers.latency is None else answers.latency,
                size=np.nan if answers.size is None else float(answers.size),
            )
        os.replace(beside, path)
