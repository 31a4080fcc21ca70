"""Run in a process on the TensorFlow backend: exports what a process on another Keras backend saved.

    python -m zoo.artifacts.export_process FOLDER

FOLDER holds `artifact/`, `expected.npz` (what the other backend answers to the proof's cases), `how.json` and, for
formats that are measured, `rows.npz`; it gets `report.json`, the report or the error.
"""

import dataclasses
import json
import sys
from pathlib import Path

import numpy as np

from zoo.artifacts import exporting, proof, saving
from zoo.artifacts.card import plain


def main(folder: Path) -> None:
    """Exports, and writes the report or the error."""
    how = json.loads((folder / "how.json").read_text(encoding="utf-8"))
    with np.load(folder / "expected.npz", allow_pickle=False) as stored:
        expected = proof.nested(stored)
    rows = None
    if (folder / "rows.npz").is_file():
        with np.load(folder / "rows.npz", allow_pickle=False) as stored:
            rows = proof.nested(stored)
    model = saving.load(folder / "artifact")
    try:
        report = exporting.write_version(
            model, model.card, Path(how.pop("target")), expected=expected, rows=rows, **how
        )
        told = plain(dataclasses.asdict(report))
    except (ValueError, RuntimeError, OSError, ImportError) as error:
        told = {"error": type(error).__name__, "arguments": plain(list(error.args))}
    saving.write_json(folder / "report.json", told)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
