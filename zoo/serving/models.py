"""Folders and their versions: the highest one answers, a new one is taken up live, a broken one is left alone.

Where the highest one is renamed or removed, the one below it is loaded and answers instead. A folder of a version may
be served too: then this version answers, whatever others come.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import logging
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from zoo import registry
from zoo.artifacts.folders import versions
from zoo.serving.batching import Batcher
from zoo.serving.lenient import Lenient
from zoo.serving.protocol import TYPES
from zoo.serving.runtimes import RUNTIMES

log = logging.getLogger("zoo.serving")


@dataclasses.dataclass(frozen=True)
class Version:
    """A version that answers.

    Args:
        number: Its number.
        signatures: Name -> inputs and outputs, as `{name: [dtype, shape]}`.
        metadata: Signatures as TensorFlow Serving tells them.
        schema: schema.json of the zoo, `{}` of another's SavedModel.
        sample: sample_request.json, or None.
        batcher: Answers requests.
        close: Frees its memory.
    """

    number: int
    signatures: dict
    metadata: dict
    schema: dict
    sample: dict | None
    batcher: Batcher
    close: Callable[[], None]

    @property
    def task(self) -> str | None:
        """The name of the task, or None."""
        return self.schema.get("task")

    @functools.cached_property
    def method(self) -> str:
        """The method of TensorFlow Serving that answers examples, or `""`."""
        if "uint8" in {dtype for _, dtype, _ in self.of_examples[1].values()}:  # pixels without files
            return ""
        target = self.schema.get("target")
        try:
            task = registry.load_task(self.task)
        except ValueError:  # of a package that is not here
            return ""
        return task.method(len(target) if isinstance(target, list) else 1)

    @property
    def classes(self) -> list[str] | None:
        """The classes as they are served."""
        classes = self.schema.get("classes")
        return None if classes is None else [str(label) for label in classes]

    @property
    def line(self) -> str:
        """What the model's card says of the line beside its hidden layers, `""` of none."""
        return self.schema.get("line", "")

    @functools.cached_property
    def lenient(self) -> Lenient:
        """What reads rows as training took them."""
        return Lenient(self.schema.get("columns", ()), self.signatures["serving_default"][0])

    @functools.cached_property
    def raw_names(self) -> dict[str, str]:
        """Raw name of each column -> its served name."""
        return {str(column["name"]): column["served"] for column in self.schema.get("columns", ())}

    @functools.cached_property
    def of_examples(self) -> tuple[str, dict[str, tuple[str, str, tuple]]]:
        """The signature that answers examples, and raw name of a feature -> input, dtype, shape without the rows.

        Images are PNG or JPEG in examples.
        """
        if "serve_image_bytes" in self.signatures:
            return "serve_image_bytes", dict.fromkeys(self.raw_names, ("image_bytes", "string", ()))
        inputs = self.signatures["serving_default"][0]
        features = {raw: (name, inputs[name][0], tuple(inputs[name][1][1:])) for raw, name in self.raw_names.items()}
        return "serving_default", features


def load_version(folder: Path, runtime: str, **limits) -> Version:
    """Loads a version and lets it answer once: the first answer is slow, and a graph that cannot run shows here.

    Raises:
        Exception: whatever the runtime raises on a folder that is incomplete or damaged.
    """
    loaded = RUNTIMES[runtime](folder)
    try:
        _check_signatures(loaded.signatures)
        schema, sample = _json(folder / "schema.json") or {}, _json(folder / "sample_request.json")
        inputs, _ = loaded.signatures["serving_default"]
        for rows in (1, 2):
            loaded.run("serving_default", {name: _blank(rows, *facts) for name, facts in inputs.items()})
    except Exception:
        loaded.close()
        raise
    batcher = Batcher(loaded.run, **limits)

    def close() -> None:
        batcher.close()
        loaded.close()

    return Version(int(folder.name), loaded.signatures, loaded.metadata, schema, sample, batcher, close)


def _check_signatures(signatures: dict) -> None:
    """Raises ValueError at a SavedModel of others that the requests here cannot be made for."""
    repair = "Serve it with TensorFlow Serving, or export it by zoo.export."
    if "serving_default" not in signatures:
        known = ", ".join(signatures) or "none"
        raise ValueError(f"A version must have the signature serving_default. Received: {known}. {repair}")
    for signature, (inputs, _) in signatures.items():
        for name, (dtype, _) in inputs.items():
            if dtype not in TYPES:
                raise ValueError(
                    f"The inputs of a version must be {', '.join(TYPES)}. Received: {dtype} for {name!r} of "
                    f"{signature}. {repair}"
                )


def _json(file: Path) -> dict | None:
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None


def _blank(rows: int, dtype: str, shape) -> np.ndarray:
    if dtype == "string":
        return np.full(rows, b"", object)
    return np.zeros((rows, *(size or 1 for size in shape[1:])), dtype)


class Served:
    """A folder whose highest version answers.

    Args:
        folder: Holds versions 1, 2, ...; its name is the model's.
        runtime: `"tensorflow"` or `"onnx"`.
        only: The one version that may answer; None for the highest.
        limits: Of `Batcher`.
    """

    def __init__(self, folder: Path, runtime: str, only: int | None = None, **limits):
        self.folder, self.name, self.only = folder, folder.name, only
        self._runtime, self._limits = runtime, limits
        self.version: Version | None = None
        self._marks: tuple = ()  # of the folder of the version that answers, as it was loaded
        # Number -> marks of the folder as it was, what was wrong. It is replaced and never changed, for the thread of
        # the watcher writes it and that of the requests reads it.
        self.failed: dict[int, tuple[tuple, str]] = {}

    def numbers(self) -> list[int]:
        """Returns the versions that are there and may answer."""
        try:
            return [number for number in versions(self.folder) if self.only in (None, number)]
        except OSError:
            return []

    def refresh(self) -> bool:
        """Takes up the highest version that can be loaded; returns whether it is another than before.

        The version before answers until the new one can, and what it was asked meanwhile. A version whose files are
        others than those that were loaded is a new one, though it has the same number.
        """
        numbers = self.numbers()
        self.failed = {number: why for number, why in self.failed.items() if number in numbers}
        for number in reversed(numbers):
            marks = _marks(self.folder / str(number))
            if self.version is not None and number == self.version.number and marks == self._marks:
                return False
            if number in self.failed and self.failed[number][0] == marks:
                continue
            if self.version is not None and number < self.version.number and self._is_there():
                return False
            try:
                loaded = load_version(self.folder / str(number), self._runtime, **self._limits)
            except Exception as error:
                said = " ".join(str(error).split())[:500] or type(error).__name__
                self.failed = {**self.failed, number: (marks, said)}
                kept = f"; version {self.version.number} goes on" if self.version else ""
                log.error("%s: version %d cannot be served%s: %s", self.name, number, kept, said)
                continue
            self.failed = {other: why for other, why in self.failed.items() if other != number}
            old, self.version, self._marks = self.version, loaded, marks
            log.info("%s: version %d answers", self.name, number)
            if old is not None:
                old.close()
            return True
        return False

    def _is_there(self) -> bool:
        return self.version is not None and (self.folder / str(self.version.number)).is_dir()

    def status(self) -> dict[int, tuple[str, str]]:
        """Returns each known version's state and what was wrong with it."""
        states = {number: ("END", said) for number, (_, said) in self.failed.items()}
        if self.version is not None:
            states[self.version.number] = ("AVAILABLE", "")
        return dict(sorted(states.items(), reverse=True))

    def close(self) -> None:
        """Ends what answers."""
        if self.version is not None:
            self.version.close()


def _marks(folder: Path) -> tuple:
    """Returns what changes when a folder is written anew: names, sizes and times of its files."""
    try:
        return tuple(sorted((str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in folder.rglob("*") if p.is_file()))
    except OSError:
        return ()


def open_folders(folders: Iterable, runtime: str, **limits) -> dict[str, Served]:
    """Returns the models of some folders by name, each with a version that answers.

    Raises:
        FileNotFoundError: if a folder is not there, or holds no version.
        ValueError: if two have one name, or no version of one can be served.
    """
    models: dict[str, Served] = {}
    for given in folders:
        folder = Path(given).resolve()
        if not folder.is_dir():
            raise FileNotFoundError(f"There is no folder {str(given)!r}. Make one: zoo export MODEL -o {given}")
        only = int(folder.name) if _is_version(folder) else None
        folder = folder if only is None else folder.parent
        if (folder / "artifact.json").is_file():
            raise ValueError(
                f"{str(given)!r} is an artifact, which is trained on. Export it first: zoo export {given} -o "
                f"served/{folder.name}"
            )
        if ":" in folder.name:
            raise ValueError(
                f"{folder.name!r} cannot be called: what follows a colon is the method. Rename the folder."
            )
        if folder.name in models:
            raise ValueError(f"Two folders have the name {folder.name!r}, which clients call. Rename one of them.")
        served = Served(folder, runtime, only, **limits)
        if not served.numbers():
            if inside := sorted(child.name for child in folder.iterdir() if child.is_dir() and versions(child)):
                named = " ".join(str(Path(given, name)) for name in inside[:10])
                raise FileNotFoundError(f"{str(given)!r} holds models, not versions. Serve those: zoo serve {named}")
            raise FileNotFoundError(f"{str(given)!r} holds no version yet. Make one: zoo export MODEL -o {given}")
        served.refresh()
        if served.version is None:
            reasons = "; ".join(f"version {number}: {said}" for number, (_, said) in served.failed.items())
            raise ValueError(f"No version in {str(given)!r} can be served. {reasons}")
        models[folder.name] = served
    return models


def _is_version(folder: Path) -> bool:
    holds = any((folder / file).is_file() for file in ("saved_model.pb", "model.onnx"))
    return holds and folder.name in map(str, versions(folder.parent))


class Watcher:
    """Looks for new versions in a thread of its own."""

    def __init__(self, models: Iterable[Served], seconds: float):
        self._models, self._seconds = list(models), seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="watcher", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        while not self._stop.wait(self._seconds):
            for served in self._models:
                try:
                    served.refresh()
                except Exception:
                    log.exception("%s: looking for versions failed", served.name)
                    time.sleep(self._seconds)

    def close(self) -> None:
        """Ends the thread."""
        self._stop.set()
        self._thread.join()
