"""Checkpoints: all that a run needs to go on, after each epoch, and the one before in case the last is damaged.

    checkpoint.npz             the last finished epoch
    checkpoint.previous.npz    the one before it

Each is one zip file whose members carry checksums: `state` (epoch, history, early-stopping state, identity of the run)
and arrays (weights, seeds, optimizer, best weights). It is written beside, then renamed: whenever the process dies,
there is a good one.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from zoo.engine import experience
from zoo.engine.budget import Budget
from zoo.engine.callbacks import BestWeights, Diverged

OF_A_COMMITTEE = "committee.json"  # the identity of a run that trains several networks, which are files beside it
NOT_IDENTIFYING = (
    *("feature_budget", "encodings", "arrays"),  # of encoded rows, which the identity holds by their hash
    *("preprocessing", "scaling"),  # former names of encodings
    "plan",  # how the machine at hand runs the training
    *("auto", "budget"),  # who chose the entry, and how long one waits
    *("finished", "calibration", "threshold", "intervals"),  # what is learnt when the epochs have ended
    *("committee", "counted"),  # what came of a committee
)
YOUNGER = {"linear": False, "least_steps": 1}  # fields, and the values by which a run is one of before there were any


def identifying(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the fields of a recipe that identify a run, without those that checkpoints of older versions lack."""
    known = {name: value for name, value in recipe.items() if name not in NOT_IDENTIFYING}
    if isinstance(line := known.get("linear"), Mapping):  # what was solved follows from the rows
        known["linear"] = "refit" if line.get("refit") else True
    return {name: value for name, value in known.items() if name not in YOUNGER or value != YOUNGER[name]}


def _known_now(identity: dict) -> dict:
    """Returns the identity in a checkpoint, which may be of an older version, without what does not identify a run."""
    return {**identity, "recipe": identifying(identity["recipe"])} if "recipe" in identity else identity


def identities(folder: str | os.PathLike) -> list[dict]:
    """Returns the identities of the runs whose checkpoints are in a folder; damaged checkpoints are skipped."""
    found = []
    names = ("checkpoint*.npz", "*/checkpoint*.npz")  # each phase of a training has a folder of its own
    for path in (path for name in names for path in Path(folder).glob(name)):
        with contextlib.suppress(Exception):  # damaged bytes raise whatever they lead to
            with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
                found.append(_known_now(json.loads(str(arrays["state"]))["identity"]))
    with contextlib.suppress(OSError, ValueError):
        found.append(_known_now(json.loads(Path(folder, OF_A_COMMITTEE).read_text(encoding="utf-8"))))
    return found


def check_no_committee(folder: str | os.PathLike) -> None:
    """Raises ValueError if a folder holds the networks of a committee: one network's state there would be a mixture."""
    if Path(folder, OF_A_COMMITTEE).exists():
        raise ValueError(
            f"The checkpoint in {str(folder)!r} belongs to another run: it holds the networks of a committee. Repeat "
            "the call that began it, or choose another folder."
        )


def unwritable(folder: Path, error: OSError) -> OSError:
    """Returns the error that says why a folder of checkpoints cannot be written to, and what to do."""
    repair = "Choose another folder, or make this one writable."
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        repair = "Choose another folder, or make room there."
    if isinstance(error, (FileExistsError, NotADirectoryError)):
        repair = "Choose another name: a file has this one, or part of it."
    return OSError(
        f"`checkpoint` must be a folder that can be written to. Received: {str(folder)!r}: {error.strerror or error}. "
        f"{repair}"
    )


class Checkpoint(keras.callbacks.Callback):
    """Writes the state of a run after each epoch, and reads it back.

    Args:
        folder: Where to.
        best: Its state is part of the run's.
        diverged: What it finds no longer finite is not written.
        identity: Plain values that say which run it is.
        rows: The source of rows, if its state is part of the run's, or None.
        budget: A run that it ends is not finished: the same call goes on. None where time does not end it.
    """

    def __init__(
        self,
        folder: str | os.PathLike,
        best: BestWeights,
        diverged: Diverged,
        identity: dict,
        rows: experience.Experience | None = None,
        budget: Budget | None = None,
    ):
        super().__init__()
        self.rows, self.budget = rows, budget
        self.folder, self.best, self.diverged, self.identity = Path(folder), best, diverged, identity
        self.last, self.previous = self.folder / "checkpoint.npz", self.folder / "checkpoint.previous.npz"
        self.history: dict[str, list] = {}
        self.epoch, self.finished, self._failed = 0, False, False

    def resume(self, model) -> bool:
        """Restores the last good checkpoint into `model`; returns whether there was one.

        Raises:
            OSError: if the folder cannot be written to: training would be for nothing.
            ValueError: if the checkpoint belongs to another run, or is damaged, and there is none before it.
        """
        self.set_model(model)
        model.optimizer.build(model.trainable_variables)
        self._check_folder()
        found = [path for path in (self.last, self.previous) if path.exists()]
        damages: list[str] = []
        for path in found:
            try:
                state, variables, weights = self._read(path)
            except Exception as error:  # damaged bytes raise whatever they lead to
                damages.append(f"{path.name}: {' '.join(str(error).split()) or type(error).__name__}")
                continue
            self._check_identity(state["identity"])
            if damages:
                warnings.warn(
                    f"The checkpoint {str(self.last)!r} is damaged ({damages[0].partition(': ')[2]}). The one before "
                    f"it is used, of epoch {state['epoch']}.",
                    stacklevel=5,
                )
                os.replace(path, self.last)  # so that the next one written has a good one before it
            for variable, value in zip(self._variables(), variables, strict=True):
                variable.assign(value)
            self.best.restore(state["best"], weights)
            if self.rows is not None:
                self.rows.state = state["experience"]
            self.history, self.epoch, self.finished = state["history"], state["epoch"], state["finished"]
            return True
        if damages:
            raise ValueError(
                f"No checkpoint in {str(self.folder)!r} can be read: {'; '.join(damages)}. Delete the folder to begin "
                "anew, or put back a copy of one."
            )
        return False

    def on_epoch_end(self, epoch, logs=None):
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(float(value))
        self.epoch = epoch + 1
        if not self.diverged.stopped:
            self.write()

    def on_train_end(self, logs=None):
        if not self.diverged.stopped and not (self.budget and self.budget.stopped):
            self.finished = True
            self.write()

    def write(self) -> None:
        """Writes a checkpoint. Where that fails, training goes on: it is said once, and tried again the next time."""
        try:
            self._write()
        except OSError as error:
            if not self._failed:
                warnings.warn(
                    f"The checkpoint of epoch {self.epoch} could not be written to {str(self.folder)!r}: "
                    f"{error.strerror or error}. Training goes on, and tries again after each epoch; the last that "
                    f"was written stays. Make room, or the folder writable.",
                    stacklevel=2,
                )
            self._failed = True
        else:
            self._failed = False

    def _write(self) -> None:
        plain, weights = self.best.state()
        state = {
            "identity": self.identity,
            "epoch": self.epoch,
            "history": self.history,
            "finished": self.finished,
            "best": plain,
            "num_best": len(weights),
        }
        arrays = {f"variable_{i}": v.numpy() for i, v in enumerate(self._variables())}
        arrays |= {f"best_{i}": w for i, w in enumerate(weights)}
        if self.rows is not None:
            state["experience"], made = experience.packed(self.rows.state)
            state["num_experience"] = len(made)
            arrays |= {f"experience_{i}": values for i, values in enumerate(made)}
        self.folder.mkdir(parents=True, exist_ok=True)
        beside, before = self._beside("new"), self._beside("before")
        try:
            with open(beside, "wb") as file:
                np.savez(file, state=np.array(json.dumps(state)), **arrays)
                file.flush()
                os.fsync(file.fileno())
            if self.last.exists():
                try:
                    os.link(self.last, before)
                    os.replace(before, self.previous)
                except OSError:  # a file system without links: for a moment there is the one before alone
                    os.replace(self.last, self.previous)
            os.replace(beside, self.last)
        finally:
            for path in (beside, before):
                with contextlib.suppress(OSError):
                    path.unlink()

    def _read(self, path: Path) -> tuple[dict, list, list]:
        """Returns state, variables and best weights; reading a member checks its checksum."""
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
            state = json.loads(str(arrays["state"]))
            state["identity"] = _known_now(state["identity"])
            if state["identity"] != self.identity:
                return state, [], []
            shapes = [tuple(v.shape) for v in self._variables()]
            variables = [arrays[f"variable_{i}"] for i in range(len(shapes))]
            weights = [arrays[f"best_{i}"] for i in range(state["num_best"])]
            if self.rows is not None:
                made = [arrays[f"experience_{i}"] for i in range(state["num_experience"])]
                state["experience"] = experience.unpacked(state["experience"], made)
        wanted = [tuple(w.shape) for w in self.model.weights] if weights else []
        if [v.shape for v in variables] + [w.shape for w in weights] != shapes + wanted:
            raise ValueError("its arrays have other shapes than the model's")
        for name in ("epoch", "history", "finished", "best"):
            state[name]
        return state, variables, weights

    def _variables(self) -> list:
        metrics = {id(v) for metric in self.model.metrics for v in metric.variables}
        return [v for v in (*self.model.variables, *self.model.optimizer.variables) if id(v) not in metrics]

    def _check_identity(self, identity: dict) -> None:
        if identity == self.identity:
            return
        changed = [k for k in self.identity if identity.get(k) != self.identity[k]]
        raise ValueError(
            f"The checkpoint in {str(self.folder)!r} belongs to another run: {', '.join(changed) or 'its settings'} "
            "differ. Repeat the call that began it, or choose another folder."
        )

    def _check_folder(self) -> None:
        """Writes a file, and clears away what a killed process left half written."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for path in self.folder.glob(".checkpoint.*.npz"):
                path.unlink(missing_ok=True)
            probe = self._beside("probe")
            probe.write_bytes(b"checkpoint")
            probe.unlink()
        except OSError as error:
            raise unwritable(self.folder, error) from error

    def _beside(self, name: str) -> Path:
        return self.folder / f".checkpoint.{os.getpid()}.{name}.npz"
