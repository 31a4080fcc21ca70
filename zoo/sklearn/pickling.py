"""A fitted model as bytes: the folder that `zoo.save` writes, zipped, and the facts of its run beside it."""

from __future__ import annotations

import dataclasses
import io
import tempfile
import zipfile
from pathlib import Path
from typing import Any


def packed(run) -> tuple[bytes, dict[str, Any]]:
    """Returns the artifact of a run as the bytes of a zip file, and the run's fields but its model."""
    import zoo

    buffer = io.BytesIO()
    with tempfile.TemporaryDirectory(prefix="zoo-") as temporary:
        folder = Path(temporary) / "artifact"
        zoo.save(run, folder)
        with zipfile.ZipFile(buffer, "w") as archive:  # stored: model.keras is a zip file itself
            for file in sorted(folder.iterdir()):
                archive.write(file, file.name)
    facts = {field.name: getattr(run, field.name) for field in dataclasses.fields(run) if field.name != "model"}
    return buffer.getvalue(), facts


def unpacked(artifact: bytes, facts: dict[str, Any]):
    """Returns the run whose artifact and fields `packed` returned, with its model."""
    import zoo

    with tempfile.TemporaryDirectory(prefix="zoo-") as temporary:
        with zipfile.ZipFile(io.BytesIO(artifact)) as archive:
            archive.extractall(temporary)
        return zoo.Run(model=zoo.load(temporary), **facts)
