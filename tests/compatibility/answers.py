"""Answers of a model to raw rows, and their comparison with the answers that the archive holds.

Classes and labels are equal; probabilities are within 1e-5; values within 1e-5 of the target's standard deviation (of
what has no target: of the range of the answers) and 4 units in the last place of float32.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

import zoo
from tests.compatibility.archive import inputs_of

TOLERANCE = 1e-5


def answers(model, rows, attributes: Mapping[str, list | None]) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Returns what a model answers.

    Args:
        model: A loaded model.
        rows: Raw rows, with their target where the model has one.
        attributes: What models of the entry have beside Keras's, by name: None for a property, the arguments of a
            method, of which `"rows"` stands for the rows.

    Returns:
        Arrays by name: `outputs` (of `model.predict`), `predict/<number>` (the columns of `zoo.predict`, but for
        labels), `encoded/<tensor>`, `attribute/<name>`; and plain values: labels, classes, names, scores.
    """
    x = inputs_of(rows, model.schema.target)
    table = zoo.predict(model, x)
    numbers = [name for name in table.columns if name != "label"]
    arrays = {"outputs": np.asarray(model.predict(x, verbose=0))}
    arrays |= {f"predict/{i}": table[name].to_numpy() for i, name in enumerate(numbers)}
    arrays |= {f"encoded/{name}": values for name, values in model.preprocessor.encode(x).items()}
    for name, arguments in attributes.items():
        value = getattr(model, name)
        if arguments is not None:
            value = value(*[x if argument == "rows" else argument for argument in arguments])
        arrays |= {f"attribute/{name}{key}": part for key, part in _arrays(value).items()}
    supervised = isinstance(rows, tuple) or model.entry.task not in ("logic", "dynamics")
    scores = zoo.evaluate(model, rows, verbose=0) if supervised else None
    plain = {
        "columns": numbers,
        "labels": table["label"].tolist() if "label" in table else None,
        "classes": None if model.classes is None else list(model.classes),
        "scores": {} if scores is None else {name: float(value) for name, value in scores.items()},
        "confusion": None if scores is None or scores.confusion is None else scores.confusion.to_numpy().tolist(),
        "task": model.entry.task,
        "members": model.members,
        "served_names": [[name, served] for name, served in model.schema.served_names.items()],
        "kinds": [column.kind for column in model.schema.columns],
    }
    if isinstance(x, pd.DataFrame):
        assert table.index.equals(x.index)
    return arrays, plain


def _arrays(value) -> dict[str, np.ndarray]:
    """Returns the numbers of an attribute: an array, a table, or several by name."""
    if isinstance(value, Mapping):
        return {f"/{key}{rest}": part for key, held in value.items() for rest, part in _arrays(held).items()}
    if isinstance(value, pd.DataFrame):
        return {"": value.to_numpy("float64"), "/index": np.array([str(name) for name in value.index])}
    array = np.asarray(value)
    if array.dtype == object:
        raise TypeError(f"An attribute must be numbers, a table, or several of them by name. Received: {value!r}")
    return {"": array}


def compare(found: Mapping[str, np.ndarray], wanted: Mapping[str, np.ndarray], *, task: str, scale: float) -> None:
    """Compares arrays of answers. There may be more than there were."""
    missing = sorted(set(wanted) - set(found))
    assert not missing, f"answers that are no longer given: {', '.join(missing)}"
    for name, old in wanted.items():
        values = np.asarray(found[name])
        assert values.shape == old.shape, f"{name} has the shape {values.shape}, and had {old.shape}"
        if old.dtype.kind in "USb" or name.startswith("encoded/") and old.dtype.kind in "iu":
            assert np.array_equal(values.astype(old.dtype), old), f"{name} differs"
            continue
        assert values.dtype.kind in "iuf" or old.dtype.kind not in "iuf", f"{name} is {values.dtype}"
        difference = distance(values, old)
        allowed = tolerance(name, old, task=task, scale=scale)
        worst = float(np.max(difference - allowed, initial=-np.inf))
        assert worst <= 0, f"{name} differs by up to {np.max(difference):.3g}, beyond the tolerance by {worst:.3g}"


def tolerance(name: str, old: np.ndarray, *, task: str, scale: float) -> np.ndarray | float:
    """Returns how far each value of an answer may be from what it was."""
    old = np.where(np.isfinite(old), old, 0.0).astype("float64")
    if task == "classification" and (name.startswith("predict/") or name in ("probability", "probabilities", "scores")):
        return TOLERANCE
    ranged = float(np.ptp(old)) or 1.0 if old.size else 1.0
    if task == "regression" and not name.startswith(("encoded/", "attribute/")):
        ranged = scale
    return TOLERANCE * ranged + 4 * np.spacing(np.abs(old).astype("float32")).astype("float64")


def distance(found: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Returns how far apart two arrays are; 0 where both are NaN."""
    found, wanted = found.astype("float64"), wanted.astype("float64")
    return np.abs(np.where(np.isnan(found) & np.isnan(wanted), 0.0, found - wanted))


def compare_plain(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Compares labels, classes, names and scores; labels and classes with their types."""
    for name in ("labels", "classes"):
        assert _typed(found[name]) == _typed(wanted[name]), name
    for name in ("task", "members", "confusion", "kinds"):
        assert found[name] == wanted[name], name
    assert [list(pair) for pair in found["served_names"]] == [list(pair) for pair in wanted["served_names"]]
    assert [name for name in wanted["columns"] if name not in found["columns"]] == []
    for name, old in wanted["scores"].items():
        assert name in found["scores"], f"the score {name!r} is no longer given"
        np.testing.assert_allclose(found["scores"][name], old, rtol=1e-5, atol=1e-5, err_msg=name)


def _typed(values):
    return None if values is None else [(type(value).__name__, value) for value in values]
