"""`zoo.export`: a SavedModel that takes raw columns, numbered, proved, with the artifact inside."""

from __future__ import annotations

import dataclasses
import errno
import functools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from zoo import display
from zoo.artifacts import folders, proof, samples, saving
from zoo.artifacts.card import card_of, line_of_card, plain
from zoo.artifacts.manifest import INSIDE
from zoo.data.schema import Schema
from zoo.engine.precision import check_floatx
from zoo.model import Model
from zoo.training.resolving import AnyModel, resolve


def _write_saved_model(model: Model, folder: Path) -> dict[str, tuple[dict, dict]]:
    from zoo.data.served import save_served

    return save_served(model, folder)


def _write_onnx(model: Model, folder: Path) -> dict[str, tuple[dict, dict]]:
    from zoo.artifacts.onnx_format import write

    return write(model, folder)


def _write_litert(model: Model, folder: Path, weights: str = "float32") -> dict[str, tuple[dict, dict]]:
    from zoo.artifacts.litert_format import write

    return write(model, folder, weights=weights)


def _write_numpy(model: Model, folder: Path) -> dict[str, tuple[dict, dict]]:
    from zoo.artifacts.numpy_format import write

    return write(model, folder)


def _write_web(model: Model, folder: Path) -> dict[str, tuple[dict, dict]]:
    from zoo.artifacts.web_format import write

    return write(model, folder)


# Each writes the files of its format to an empty folder, and returns inputs and outputs of each signature as
# `{name: [dtype, shape]}`. `proof_process.RUNTIMES` answers in the runtime of each.
WRITERS: dict[str, Callable] = {
    "tf_saved_model": _write_saved_model,
    "onnx": _write_onnx,
    "numpy": _write_numpy,
    "web": _write_web,
    "litert": _write_litert,
    "litert_float16": functools.partial(_write_litert, weights="float16"),
    "litert_int8": functools.partial(_write_litert, weights="int8"),
}
FORMATS = tuple(WRITERS)
QUANTIZED = ("litert_float16", "litert_int8")  # they answer otherwise than Python does: measured, not held to it


@dataclasses.dataclass(frozen=True)
class ExportReport:
    """What `zoo.export` wrote and proved.

    Args:
        path: The version's folder.
        version: Its number.
        format: Its format.
        served_names: Raw name of each column -> its name in the signature.
        inputs: Served name -> dtype and shape, of `serving_default`.
        outputs: Output name -> dtype and shape, of `serving_default`.
        signatures: Names of all signatures.
        max_difference: The largest difference from Python: of probabilities, or of values in standard deviations of the
            target.
        num_bytes: Size of the folder.
        seconds: Wall time, the proof included.
        quality: What smaller weights cost, for the formats that have them: `litert_format.measure`; else empty.
    """

    path: Path
    version: int
    format: str
    served_names: dict
    inputs: dict[str, list]
    outputs: dict[str, list]
    signatures: tuple[str, ...]
    max_difference: float
    num_bytes: int
    seconds: float
    quality: dict = dataclasses.field(default_factory=dict)

    def __repr__(self) -> str:
        return (
            f"ExportReport({str(self.path)!r}, {self.format}, version {self.version}, {display.size(self.num_bytes)}; "
            f"proved: the largest difference from Python is {self.max_difference:.2g})"
        )

    def _repr_html_(self) -> str:
        renamed = [f"{raw} as {served}" for raw, served in self.served_names.items() if str(raw) != served]
        facts = {
            "folder": str(self.path),
            "format": f"{self.format}, version {self.version}",
            "signatures": display.listed(self.signatures),
            "served names": display.listed(renamed, 4),
            "proof": f"in a fresh process: the largest difference from Python is {self.max_difference:.2g}",
            "size": f"{display.size(self.num_bytes)}, written and proved in {display.duration(self.seconds)}",
        }
        if self.quality:
            from zoo.artifacts.litert_format import said

            facts["smaller weights"] = said(self.quality)
        tables = [
            display.table(
                (kind, "dtype", "shape"),
                ((display.cut(name, 60), dtype, _shape(shape)) for name, (dtype, shape) in tensors.items()),
                total=len(tensors),
            )
            for kind, tensors in (("input", self.inputs), ("output", self.outputs))
        ]
        return display.card("Export", display.facts(facts), *tables)

    def __str__(self) -> str:
        renamed = [f"  {raw} is served as {served}" for raw, served in self.served_names.items() if str(raw) != served]
        lines = [
            f"exported {self.path} ({self.format}, {self.num_bytes / 1024:.0f} KiB, {self.seconds:.1f} s)",
            f"signatures: {', '.join(self.signatures)}",
            *renamed,
            f"proved in a fresh process: the largest difference from Python is {self.max_difference:.2g}",
        ]
        if self.quality:
            from zoo.artifacts.litert_format import said

            lines.append(said(self.quality))
        return "\n".join(lines)


def _shape(sizes) -> str:
    """Formats a shape: `[batch, 2]` for `[None, 2]`."""
    names = [
        "batch" if axis == 0 and size is None else "any" if size is None else str(size)
        for axis, size in enumerate(sizes)
    ]
    return f"[{', '.join(names)}]"


def export(
    model: AnyModel,
    folder: str | os.PathLike[str],
    *,
    format: str = "tf_saved_model",
    data=None,
    version: int | str = "next",
    overwrite: bool = False,
    allow_signature_change: bool = False,
    verbose: int = 1,
) -> ExportReport:
    """Exports a model to `folder/<version>/` and proves that it answers as Python does.

    Args:
        model: A `zoo.Model`, a `Run`, an artifact's folder or a preset's name.
        folder: The folder that a server watches; its name is the model's.
        format: `"tf_saved_model"`; `"onnx"`; `"numpy"`; `"web"`; `"litert"`, or with smaller weights
            `"litert_float16"`, `"litert_int8"`.
        data: Rows to measure what smaller weights cost, anything that `zoo.data.load` takes; left out, the test rows of
            the data that the model's card names. For the other formats it is not needed.
        version: A number, or `"next"`: one above the highest there.
        overwrite: Whether a version that is there may be replaced.
        allow_signature_change: Whether inputs and outputs may differ from the version before.
        verbose: 0 is silent, 1 shows the progress of the proof on a terminal.

    Returns:
        A report; printed, it says what was written and how large the difference from Python was.

    Raises:
        FileNotFoundError: if there is no such model.
        ImportError: if the format needs an extra of the zoo that is not installed.
        ValueError: if the format is unknown or has no operation for a column or a layer, the version is taken, or the
            signature would change.
        RuntimeError: if the proof fails, or has no Node to run in; nothing is then left.
        OSError: if there is no space or no permission; nothing is then left.
    """
    begin = time.monotonic()
    check_floatx()
    if format not in FORMATS:
        raise ValueError(f"`format` must be one of {', '.join(FORMATS)}. Received: format={format!r}")
    whole = isinstance(version, (int, np.integer)) and not isinstance(version, bool)
    if version != "next" and not (whole and 0 < int(version) < 2**63):
        raise ValueError(f"`version` must be an integer from 1 to 2**63 - 1, or 'next'. Received: version={version!r}")
    if not os.fspath(folder):
        raise ValueError("`folder` must name a folder. Received: ''.")
    target = Path(folder)
    with folders.explained(target):
        if (target / "artifact.json").is_file():
            raise ValueError(
                f"{str(target)!r} is an artifact. Export to another folder, such as 'served/{target.name}'."
            )
        if (target / INSIDE / "artifact.json").is_file():
            raise ValueError(
                f"{str(target)!r} is an exported version. Export to the folder that holds it: {str(target.parent)!r}."
            )
        if version != "next" and (target / str(version)).exists() and not overwrite:
            raise _taken(target / str(version))
        if version != "next" and not _is_ours(target / str(version)):
            raise ValueError(
                f"{str(target / str(version))!r} holds files of no export, which `overwrite` would delete. Choose "
                "another version or folder."
            )
    given = resolve(model)
    model, card = given.model, card_of(given.model, given.run)
    how: dict[str, Any] = {
        "format": format,
        "version": version,
        "overwrite": overwrite,
        "allow_signature_change": allow_signature_change,
    }
    rows = None
    if format in QUANTIZED:
        from zoo.artifacts.litert_format import measuring_rows

        rows = measuring_rows(model, card, data)
    if keras.backend.backend() != "tensorflow":
        report = ExportReport(**_by_tensorflow(model, card, target, how, rows))
    else:
        report = write_version(model, card, target, rows=rows, verbose=verbose, **how)
    return dataclasses.replace(report, seconds=time.monotonic() - begin)  # with loading, and the process on TensorFlow


def write_version(
    model: Model,
    card: dict[str, Any],
    target: Path,
    *,
    format: str,
    version: int | str,
    overwrite: bool,
    allow_signature_change: bool,
    expected: Mapping[str, np.ndarray] | None = None,
    rows: Mapping[str, np.ndarray] | None = None,
    verbose: int = 0,
) -> ExportReport:
    """Writes, proves and names one version on the TensorFlow backend. `expected` is as for `proof.prove`, `rows` as for
    `litert_format.measure`."""
    begin = time.monotonic()
    number = max(_versions(target), default=0) + 1 if version == "next" else int(version)
    with model.preprocessor.with_schema(_schema(model, format)), folders.writable(target / str(number)) as beside:
        signatures = WRITERS[format](model, beside)
        inputs, outputs = signatures["serving_default"]
        signature = {"inputs": inputs, "outputs": outputs}
        if not allow_signature_change:
            _check_signature(target, number, signature)
        exact = format not in QUANTIZED
        difference = proof.prove(model, beside, expected, format=format, exact=exact, verbose=verbose)
        quality = {} if exact else _quality(model, beside, rows, format)
        (beside / INSIDE).mkdir(parents=True)
        proved = plain({"max_difference": difference, "rows": proof.ROWS} | ({"quality": quality} if quality else {}))
        saving.write_artifact(model, {**card, "export": proved}, beside / INSIDE)
        line = {"line": said} if (said := line_of_card(card)) else {}
        saving.write_json(beside / "schema.json", {**model.schema.to_dict(), "signature": signature, **line})
        saving.write_json(beside / "sample_request.json", samples.sample_request(model))
        if format == "tf_saved_model":
            samples.write_warmup(model, beside, target.resolve().name)
        size = sum(file.stat().st_size for file in beside.rglob("*") if file.is_file())
        number = _publish(beside, target, number, signature, version, overwrite, allow_signature_change)
    return ExportReport(
        path=target / str(number),
        version=number,
        format=format,
        served_names=_schema(model, format).served_names,
        inputs=inputs,
        outputs=outputs,
        signatures=tuple(sorted(signatures)),
        max_difference=difference,
        num_bytes=size,
        seconds=time.monotonic() - begin,
        quality=quality,
    )


def _schema(model: Model, format: str) -> Schema:
    """Returns the model's schema with the served names of a format: TensorFlow's drop leading underscores."""
    by_tensorflow = format == "tf_saved_model" or format.startswith("litert")
    return model.schema.renamed_for_tensorflow() if by_tensorflow else model.schema


def _quality(model: Model, folder: Path, rows, format: str) -> dict:
    from zoo.artifacts.litert_format import measure

    return measure(model, folder, rows, format)


def _versions(folder: Path) -> list[int]:
    return folders.versions(folder) if folder.is_dir() else []


def _is_ours(path: Path) -> bool:
    """Returns whether a version's folder may be replaced: an exported one, an empty one, or none."""
    held = {child.name for child in path.iterdir()} if path.is_dir() else set()
    return not held or bool(held & {"schema.json", "saved_model.pb"})


def _taken(path: Path) -> ValueError:
    return ValueError(f"{str(path)!r} is there already. Pass `overwrite=True`, or `version='next'`.")


def _publish(beside: Path, target: Path, number: int, signature, version, overwrite: bool, allowed: bool) -> int:
    """Renames to the version's number; where another export took it meanwhile, to the next. Returns the number."""
    if overwrite and version != "next":
        folders.replace(beside, target / str(number))
        return number
    while True:
        try:
            os.rename(beside, target / str(number))  # fails on a folder that holds something
            return number
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                raise
            if version != "next":
                raise _taken(target / str(number)) from error
        number += 1
        if not allowed:
            _check_signature(target, number, signature)


def _check_signature(target: Path, number: int, new: Mapping[str, Mapping]) -> None:
    """Raises ValueError if the version would take or give something else than the one before it or in its place."""
    before = [other for other in _versions(target) if other <= number]
    if not before:
        return
    file = target / str(before[-1]) / "schema.json"
    try:
        old = json.loads(file.read_text(encoding="utf-8"))["signature"]
    except FileNotFoundError:  # a version that is not the zoo's
        return
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{str(file)!r} must hold the signature of version {before[-1]}. Received: a damaged file ({error}). Pass "
            "`allow_signature_change=True` to export without comparing."
        ) from error
    changed = [
        f"{name} ({old[side].get(name, 'absent')} -> {new[side].get(name, 'absent')})"
        for side in ("inputs", "outputs")
        for name in sorted({*old[side], *new[side]})
        if old[side].get(name) != new[side].get(name)
    ]
    if changed:
        raise ValueError(
            f"Version {number} would change the signature of version {before[-1]}: {', '.join(changed)}. Clients may "
            "break: pass `allow_signature_change=True`, or export to another folder."
        )


def _by_tensorflow(model: Model, card: dict[str, Any], target: Path, how: dict[str, Any], rows) -> dict[str, Any]:
    """Exports a model of another Keras backend: saved here, written and proved against this backend by a process on
    TensorFlow. Returns the report's fields."""
    with tempfile.TemporaryDirectory() as scratch:
        artifact = Path(scratch, "artifact")
        artifact.mkdir()
        saving.write_artifact(model, card, artifact)
        expected: dict[str, Any] = proof.answers(model, proof.cases(model))
        np.savez(Path(scratch, "expected.npz"), **proof.flattened(expected))
        if rows is not None:
            np.savez(Path(scratch, "rows.npz"), **proof.flattened(rows))
        saving.write_json(Path(scratch, "how.json"), {**how, "target": str(target.resolve())})
        done = subprocess.run(
            [sys.executable, "-m", "zoo.artifacts.export_process", scratch],
            capture_output=True,
            text=True,
            env={**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"},
        )
        if done.returncode != 0 or not Path(scratch, "report.json").is_file():
            raise RuntimeError(f"The export by TensorFlow failed. Nothing was left. It said:\n{done.stderr[-2000:]}")
        told = json.loads(Path(scratch, "report.json").read_text(encoding="utf-8"))
    if "error" in told:
        kinds = {
            "ValueError": ValueError,
            "OSError": OSError,
            "PermissionError": PermissionError,
            "ImportError": ImportError,
        }
        raise kinds.get(told["error"], RuntimeError)(*told["arguments"])
    return {
        **told,
        "path": target / str(told["version"]),
        "served_names": _schema(model, how["format"]).served_names,
        "signatures": tuple(told["signatures"]),
    }
