"""What a committee has trained so far, in a folder: a file for each network, or for those that trained together.

    committee.json       which run it is
    tabm.0-4.npz         the networks of five bags: weights by layer, and what they answer for the rows held out

A file is written beside and renamed: whenever the process dies, what is there is whole. Called again, the run takes
these as they are and trains the others; all weights are then those of a run that nothing ended.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zoo.engine.checkpoints import OF_A_COMMITTEE, unwritable


@dataclasses.dataclass(frozen=True)
class Trained:
    """A network that was trained on one bag.

    Args:
        bag: The number of the bag.
        weights: By the names of its layers.
        outputs: What it answers for the rows held out from it, `(rows, outputs)`; of members, merged.
        given: The same for the caller's validation rows, or None.
        curve: The loss of the rows that chose its epoch, before the first epoch where that counts, and after each.
        seconds: How long its training took; of several at once, its part of that.
        problem: Why it cannot answer, in words, or `""`.
        cut_short: Whether the budget of time ended its training; such a one is not kept, for it is not whole.
    """

    bag: int
    weights: dict[str, list[np.ndarray]]
    outputs: np.ndarray
    given: np.ndarray | None
    curve: list[float]
    seconds: float
    problem: str = ""
    cut_short: bool = False


class BagStore:
    """The folder of a committee's networks; without a folder, nothing is kept.

    Args:
        folder: Where to, or None.
        identity: Plain values that say which run it is.
        held: How many rows are held out from each bag, by which its networks are checked; None: they are not.

    Raises:
        OSError: if the folder cannot be written to: training would be for nothing.
        ValueError: if the folder belongs to another run, or what says which is damaged.
    """

    def __init__(self, folder: str | os.PathLike | None, identity: dict[str, Any], held: Sequence[int] | None = None):
        self._folder, self._held = None if folder is None else Path(folder), held
        if self._folder is None:
            return
        self._check_identity(identity)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for path in self._folder.glob(".*.new"):
                path.unlink(missing_ok=True)  # what a killed process left half written
            self._replace(OF_A_COMMITTEE, lambda file: file.write(json.dumps(identity).encode()))
        except OSError as error:
            raise unwritable(self._folder, error) from error

    def _check_identity(self, identity: dict[str, Any]) -> None:
        names = ["checkpoint*.npz", "*/checkpoint*.npz"]  # of one network, each phase in a folder of its own
        if not (self._folder / OF_A_COMMITTEE).exists():
            names.append("*.[0-9]*.npz")  # of networks that nothing says the run of
        other = any(any(self._folder.glob(name)) for name in names)
        before = None if other else self._identity_before()
        if before in (None, identity) and not other:
            return
        changed = [] if other else [name for name in identity if before.get(name) != identity[name]]
        raise ValueError(
            f"The checkpoint in {str(self._folder)!r} belongs to another run: {', '.join(changed) or 'its settings'} "
            "differ. Repeat the call that began it, or choose another folder."
        )

    def _identity_before(self) -> dict[str, Any] | None:
        """Returns which run the folder belongs to, None if to none."""
        path = self._folder / OF_A_COMMITTEE
        if not path.exists():
            return None
        try:
            before = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(before, dict):
                raise ValueError(f"it holds no object of JSON, but {type(before).__name__}")
        except ValueError as error:
            raise ValueError(
                f"The file {str(path)!r} must say which run its folder belongs to, and is damaged: {error}. Delete the "
                "folder to begin anew, or choose another one."
            ) from error
        return before

    def read(self, name: str) -> dict[int, Trained]:
        """Returns the networks of a configuration that are there, by their bags. Damaged files count as not there."""
        found: dict[int, Trained] = {}
        for path in [] if self._folder is None else sorted(self._folder.glob(f"{name}.*.npz")):
            try:
                with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
                    found |= {one.bag: self._checked(one) for one in _unpacked(arrays)}
            except Exception as error:  # damaged bytes raise whatever they lead to
                warnings.warn(
                    f"The file {str(path)!r} is damaged ({' '.join(str(error).split()) or type(error).__name__}). Its "
                    "networks are trained again.",
                    stacklevel=2,
                )
        return found

    def _checked(self, network: Trained) -> Trained:
        if self._held is not None and len(network.outputs) != self._held[network.bag]:
            raise ValueError(
                f"bag {network.bag} must answer the {self._held[network.bag]} rows held out from it, and has answers "
                f"for {len(network.outputs)}"
            )
        return network

    def write(self, name: str, networks: Sequence[Trained]) -> None:
        """Keeps networks of a configuration that were trained together, but those that were cut short."""
        networks = [one for one in networks if not one.cut_short]
        if self._folder is None or not networks:
            return
        arrays: dict[str, Any] = _packed(networks)
        bags = sorted(one.bag for one in networks)
        try:
            numbers = f"{bags[0]}-{bags[-1]}" if len(bags) > 1 else f"{bags[0]}"
            self._replace(f"{name}.{numbers}.npz", lambda file: np.savez(file, **arrays))
        except OSError as error:
            warnings.warn(
                f"The networks of {name!r} could not be written to {str(self._folder)!r}: {error.strerror or error}. "
                "Training goes on. Make room, or the folder writable.",
                stacklevel=2,
            )

    def _replace(self, name: str, write) -> None:
        beside = self._folder / f".{name}.{os.getpid()}.new"
        try:
            with open(beside, "wb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, self._folder / name)
        finally:
            with contextlib.suppress(OSError):
                beside.unlink()


def _packed(networks: Sequence[Trained]) -> dict[str, Any]:
    """Returns networks as named arrays, of which `facts` is JSON."""
    arrays: dict[str, Any] = {}
    facts = []
    for i, one in enumerate(networks):
        layers = {layer: len(values) for layer, values in one.weights.items()}
        fact = {"bag": one.bag, "seconds": one.seconds, "problem": one.problem, "layers": layers}
        facts.append({**fact, "given": one.given is not None})
        arrays |= {f"{i}/{layer}/{j}": value for layer, values in one.weights.items() for j, value in enumerate(values)}
        arrays[f"{i}//outputs"], arrays[f"{i}//curve"] = one.outputs, np.array(one.curve, "float64")
        if one.given is not None:
            arrays[f"{i}//given"] = one.given
    return {**arrays, "facts": np.array(json.dumps(facts))}


def _unpacked(arrays) -> list[Trained]:
    networks = []
    for i, fact in enumerate(json.loads(str(arrays["facts"]))):
        weights = {layer: [arrays[f"{i}/{layer}/{j}"] for j in range(count)] for layer, count in fact["layers"].items()}
        given = arrays[f"{i}//given"] if fact["given"] else None
        outputs, curve = arrays[f"{i}//outputs"], arrays[f"{i}//curve"].tolist()
        networks.append(Trained(fact["bag"], weights, outputs, given, curve, fact["seconds"], fact["problem"]))
    return networks
