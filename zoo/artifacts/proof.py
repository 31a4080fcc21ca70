"""The proof of an export: a fresh process without the zoo answers raw rows as Python does.

One row; a thousand; a missing number; an unseen category; a row with all missing. Rows are drawn from what the
preprocessor knows of the training rows. Tolerance: probabilities 1e-5; values 1e-5 of the target's standard deviation
plus 4 units in the last place of float32.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from zoo.artifacts import proof_process
from zoo.model import Model
from zoo.training import inference

PROBABILITY_TOLERANCE = 1e-5
ROWS = 1000


def sample_rows(model: Model, rows: int, seed: int = 0):
    """Returns raw rows like those of training: a DataFrame, or an array."""
    generator = np.random.default_rng(seed)
    first = model.schema.columns[0]
    if first.kind == "image":
        return generator.integers(0, 256, (rows, *first.shape), dtype="uint8")
    state = model.preprocessor._state
    if first.kind == "array":
        noise = generator.normal(size=(rows, *first.shape))
        return (np.array(state["center"]) + np.array(state["scale"]) * noise).astype("float32")
    columns, numbers, categories, texts = {}, 0, 0, 0
    for column in model.schema.columns:
        if column.kind == "number":
            center, scale = state["center"][numbers], state["scale"][numbers]
            known = state["knots"][numbers] or [center]
            columns[column.name] = np.where(
                generator.random(rows) < 0.5, generator.choice(known, rows), center + scale * generator.normal(size=rows)
            )
            numbers += 1
        elif column.kind == "boolean":
            columns[column.name] = generator.integers(0, 2, rows).astype("float64")
        elif column.kind == "category":
            columns[column.name] = generator.choice(np.array(state["levels"][categories] or [""], dtype=object), rows)
            categories += 1
        elif column.kind == "date":
            days = generator.integers(0, 20_000, rows).astype("datetime64[D]")
            columns[column.name] = np.datetime_as_string(days).astype(object)
        else:
            words = state["texts"][texts]["words"] if texts < len(state["texts"]) else []
            words = [*words, "Ärger", "x1"]
            columns[column.name] = np.array([" ".join(generator.choice(words, 3)) for _ in range(rows)], dtype=object)
            texts += 1
    return pd.DataFrame(columns)


def cases(model: Model) -> dict:
    """Returns the raw rows to prove on, by case."""
    many = sample_rows(model, ROWS)
    found = {"many": many, "one": many[:1]}
    if isinstance(many, np.ndarray):
        return found
    missing, unseen, empty = many[:8].copy(), many[:8].copy(), many[:1].copy()
    for column in model.schema.columns:
        number = column.kind in ("number", "boolean")
        if number:
            missing[column.name] = np.where(np.arange(len(missing)) % 2, np.nan, missing[column.name])
        else:
            unseen[column.name] = "never seen before"
        empty[column.name] = np.nan if number else ""
    return {**found, "missing": missing, "unseen": unseen, "empty": empty}


def prove(model: Model, folder: Path) -> float:
    """Proves an exported version.

    Args:
        model: The model that was exported.
        folder: The version's folder.

    Returns:
        The largest difference: of probabilities, or of values in standard deviations of the target.

    Raises:
        RuntimeError: if the process fails, or an answer differs beyond the tolerance.
    """
    served = model.schema.served_names
    inputs, expected = {}, {}
    for case, rows in cases(model).items():
        for name, values in model.preprocessor.tensors(rows).items():
            inputs[f"serving_default:{case}/{served[name]}"] = values.astype("U") if values.dtype == object else values
        expected[case] = inference.outputs(model, model.preprocessor.encode(rows))
    with tempfile.TemporaryDirectory() as scratch:
        rows_file, answers_file = Path(scratch, "rows.npz"), Path(scratch, "answers.npz")
        np.savez(rows_file, **inputs)
        command = [sys.executable, "-I", proof_process.__file__, str(folder), str(rows_file), str(answers_file)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=scratch)
        if done.returncode != 0:
            raise RuntimeError(f"The export does not load in a fresh process:\n{done.stderr[-2000:]}")
        with np.load(answers_file, allow_pickle=False) as stored:
            answers = {key: stored[key] for key in stored}
    return max(_difference(model, case, outputs, answers) for case, outputs in expected.items())


def _difference(model, case, outputs, answers) -> float:
    def refuse(what, difference, tolerance):
        raise RuntimeError(
            f"The export does not answer as Python does: {what} of the case {case!r} differ by {difference:.3g}, beyond "
            f"{tolerance:.3g}. Nothing was written. Please report it."
        )

    prefix = f"serving_default:{case}/"
    if model.entry.task == "classification":
        wanted = keras.ops.convert_to_numpy(model.probabilities(keras.ops.convert_to_tensor(outputs)))
        found = answers[f"{prefix}probabilities"]
        difference = float(np.max(np.abs(found - wanted)))
        if not difference <= PROBABILITY_TOLERANCE:
            refuse("probabilities", difference, PROBABILITY_TOLERANCE)
        labels = np.array([str(label).encode() for label in model.classes])[np.argmax(found, axis=-1)]
        if not np.array_equal(answers[f"{prefix}label"], labels):
            refuse("labels", 1.0, 0.0)
        return difference
    found = answers[f"{prefix}prediction"].reshape(outputs.shape).astype("float64")
    scale = model.preprocessor.target_scale
    tolerance = PROBABILITY_TOLERANCE * scale + 4 * np.spacing(np.abs(outputs).astype("float32")).astype("float64")
    difference = np.abs(found - outputs)
    if not np.all(difference <= tolerance):
        refuse("values", float(difference.max()), float(tolerance.min()))
    return float(difference.max() / scale)
