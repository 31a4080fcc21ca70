"""`zoo.export`: a SavedModel that takes raw columns, numbered, proved, with the artifact inside."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import keras

from zoo.artifacts import card as cards
from zoo.artifacts import folders, proof, saving
from zoo.model import Model
from zoo.training.resolving import resolve_model

FORMATS = ("tf_saved_model",)


@dataclasses.dataclass(frozen=True)
class ExportReport:
    """What `zoo.export` wrote and proved.

    Args:
        path: The version's folder.
        version: Its number.
        format: Its format.
        served_names: Raw name of each column -> its name in the signature.
        inputs: Served name -> dtype and shape.
        outputs: Output name -> dtype and shape.
        max_difference: The largest difference from Python: of probabilities, or of values in standard deviations of the
            target.
        num_bytes: Size of the folder.
        seconds: Wall time, the proof included.
    """

    path: Path
    version: int
    format: str
    served_names: dict
    inputs: dict[str, list]
    outputs: dict[str, list]
    max_difference: float
    num_bytes: int
    seconds: float

    def __str__(self) -> str:
        renamed = [f"  {raw} is served as {served}" for raw, served in self.served_names.items() if str(raw) != served]
        lines = [
            f"exported {self.path} ({self.format}, {self.num_bytes / 1024:.0f} KiB, {self.seconds:.1f} s)",
            *renamed,
            f"proved in a fresh process: the largest difference from Python is {self.max_difference:.2g}",
        ]
        return "\n".join(lines)


def export(
    model,
    folder,
    *,
    format: str = "tf_saved_model",
    version: int | str = "next",
    overwrite: bool = False,
    allow_signature_change: bool = False,
) -> ExportReport:
    """Exports a model to `folder/<version>/` and proves that it answers as Python does.

    Args:
        model: A `zoo.Model`, a `Run`, an artifact's folder or a preset's name.
        folder: The folder that a server watches; its name is the model's.
        format: `"tf_saved_model"`.
        version: A number, or `"next"`: one above the highest there.
        overwrite: Whether a version that is there may be replaced.
        allow_signature_change: Whether inputs and outputs may differ from the version before.

    Returns:
        A report.

    Raises:
        ValueError: if the format is unknown, the version is taken, or the signature would change.
        RuntimeError: if the proof fails; nothing is then left.
        OSError: if there is no space or no permission; nothing is then left.
    """
    begin = time.monotonic()
    if format not in FORMATS:
        raise ValueError(f"`format` must be one of {', '.join(FORMATS)}. Received: format={format!r}")
    if version != "next" and (isinstance(version, bool) or not isinstance(version, int) or version < 1):
        raise ValueError(f"`version` must be a positive integer or 'next'. Received: version={version!r}")
    run = model
    model = resolve_model(model)
    card = cards.run_card(run) if hasattr(run, "history") and run is not model else None
    card = card or {**cards.model_card(model), **dict(getattr(model, "card", {}))}
    target = Path(folder)
    if (target / "artifact.json").is_file():
        raise ValueError(f"{str(target)!r} is an artifact. Export to another folder, such as 'served/{target.name}'.")
    if version != "next" and (target / str(version)).exists() and not overwrite:
        raise ValueError(f"{str(target / str(version))!r} is there already. Pass overwrite=True, or version='next'.")
    if keras.backend.backend() != "tensorflow":
        return _by_tensorflow(model, card, target, version, overwrite, allow_signature_change)
    number = _next(target) if version == "next" else version
    with folders.writable(target / str(number)) as beside:
        from zoo.data.served import save_served

        save_served(model, beside)
        inputs, outputs = _signature(beside)
        _check_signature(target, number, inputs, outputs, allow_signature_change)
        difference = proof.prove(model, beside)
        card = {**card, "export": {"max_difference": difference, "rows": proof.ROWS}}
        inside = beside / "assets.extra" / "zoo"
        inside.mkdir(parents=True)
        saving.write_artifact(model, card, inside)
        schema = {**model.schema.to_dict(), "signature": {"inputs": inputs, "outputs": outputs}}
        (beside / "schema.json").write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        size = sum(file.stat().st_size for file in beside.rglob("*") if file.is_file())
        path = _publish(beside, target, number, version, overwrite)
    return ExportReport(
        path, int(path.name), format, model.schema.served_names, inputs, outputs, difference, size, time.monotonic() - begin
    )


def _versions(folder: Path) -> list[int]:
    if not folder.is_dir():
        return []
    return sorted(int(path.name) for path in folder.iterdir() if path.name.isdigit() and path.is_dir())


def _next(folder: Path) -> int:
    return max(_versions(folder), default=0) + 1


def _publish(beside: Path, target: Path, number: int, version, overwrite: bool) -> Path:
    """Renames to the version's number; where another export took it meanwhile, to the next."""
    while True:
        path = target / str(number)
        if overwrite and version != "next":
            folders.replace(beside, path)
            return path
        try:
            os.rename(beside, path)
            return path
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise
            if version != "next":
                raise ValueError(f"{str(path)!r} is there already. Pass overwrite=True, or version='next'.") from error
            number += 1


def _signature(folder: Path) -> tuple[dict, dict]:
    """Returns the inputs and outputs of `serving_default` as `{name: [dtype, shape]}`."""
    import tensorflow as tf

    signature = tf.saved_model.load(str(folder)).signatures["serving_default"]

    def plain(tensors):
        return {name: [spec.dtype.name, list(spec.shape)] for name, spec in sorted(tensors.items())}

    return plain(signature.structured_input_signature[1]), plain(signature.structured_outputs)


def _check_signature(target: Path, number: int, inputs, outputs, allowed: bool) -> None:
    before = [other for other in _versions(target) if other < number]
    if allowed or not before or not (target / str(before[-1]) / "schema.json").is_file():
        return
    old = json.loads((target / str(before[-1]) / "schema.json").read_text(encoding="utf-8")).get("signature")
    new = {"inputs": inputs, "outputs": outputs}
    if old is None or old == new:
        return
    changed = []
    for side in ("inputs", "outputs"):
        for name in sorted({*old[side], *new[side]}):
            if old[side].get(name) != new[side].get(name):
                changed.append(f"{name} ({old[side].get(name, 'absent')} -> {new[side].get(name, 'absent')})")
    raise ValueError(
        f"Version {number} would change the signature of version {before[-1]}: {', '.join(changed)}. Clients may break: pass "
        "allow_signature_change=True, or export to another folder."
    )


def _by_tensorflow(model: Model, card, target, version, overwrite, allowed) -> ExportReport:
    """Exports a model of another Keras backend: saved, and exported by a process on TensorFlow."""
    with tempfile.TemporaryDirectory() as scratch:
        artifact = Path(scratch, "artifact")
        artifact.mkdir()
        saving.write_artifact(model, card, artifact)
        code = (
            "import dataclasses, json, sys, zoo; a = json.loads(sys.argv[1]); "
            "r = zoo.export(a['artifact'], a['folder'], version=a['version'], overwrite=a['overwrite'], "
            "allow_signature_change=a['allowed']); print(json.dumps({**dataclasses.asdict(r), 'path': str(r.path), "
            "'served_names': list(r.served_names.items())}))"
        )
        arguments = {"artifact": str(artifact), "folder": str(target), "version": version, "overwrite": overwrite, "allowed": allowed}
        done = subprocess.run(
            [sys.executable, "-c", code, json.dumps(arguments)],
            capture_output=True,
            text=True,
            env={**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"},
        )
    if done.returncode != 0:
        raise RuntimeError(f"The export by TensorFlow failed:\n{done.stderr[-2000:]}")
    plain = json.loads(done.stdout.strip().splitlines()[-1])
    return ExportReport(**{**plain, "path": Path(plain["path"]), "served_names": dict(map(tuple, plain["served_names"]))})
