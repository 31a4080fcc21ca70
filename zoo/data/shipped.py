"""Sets by name: shipped in `datasets/`, generated, or from scikit-learn.

A folder of `datasets/` holds the raw file, `dataset.json` (file, target, task, rows, sha256), README.md, and where rows
are split, `split.npz`: row numbers of train, val, test.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from zoo.data import generated
from zoo.package_data import package_folder
from zoo.registry import suggest

# Sets that are made when they are asked for: functions that return x, (x, y), or (x, y, splits).
MADE = {name: f"zoo.data.generated:{name}" for name in (*generated.SHAPES, "random_patterns", "pattern_pairs")}
MADE["correlated_spikes"] = "zoo.data.spikes:correlated_spikes"
MADE |= {name: f"zoo.data.generated:{name}" for name in ("symmetry", "spike_trains")}
MADE |= {f"retina_{name}": f"zoo.data.retina:{name}" for name in ("letters", "shapes")}
MADE |= {name: f"zoo.data.drawn:{name}" for name in ("drawn_letters", "drawn_digits", "bars_and_stripes")}
MADE |= {name: f"zoo.data.axons:{name}" for name in ("squid_axon", "squid_axon_states")}
MADE |= {name: f"zoo.data.numerals:{name}" for name in ("numerals", "numerals_12", "xytz")}


@dataclasses.dataclass(frozen=True)
class Rows:
    """Raw rows as a source gives them: `x` a DataFrame (then the target is one of its columns) or an array with `y`."""

    x: Any
    y: Any = None
    target: str | list | None = None
    splits: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)
    task: str | None = None
    sha256: Callable[[], str] | None = None


def names() -> list[str]:
    """Returns the names of all sets."""
    shipped = sorted(path.parent.name for path in package_folder("datasets").glob("*/dataset.json"))
    return [*shipped, "iris", "digits", *MADE, *(f"{name}_gate" for name in generated.GATES)]


def facts(name: str) -> dict[str, Any] | None:
    """Returns the facts of a shipped set, its file's full path among them; None if it is none."""
    file = package_folder("datasets") / name / "dataset.json"
    if not file.is_file():
        return None
    found = json.loads(file.read_text(encoding="utf-8"))
    return {**found, "path": str(file.parent / found["file"])}


def splits(name: str) -> dict[str, np.ndarray]:
    """Returns the row numbers of each split of a shipped set."""
    file = package_folder("datasets") / name / "split.npz"
    if not file.is_file():
        return {}
    with np.load(file, allow_pickle=False) as stored:
        return {part: stored[part] for part in ("train", "val", "test") if part in stored}


def named(name: str) -> Rows:
    """Returns the rows of a set.

    Raises:
        ValueError: if there is none of that name; the message offers the nearest.
    """
    if (found := facts(name)) is not None:
        return _shipped(name, found)
    if name in MADE:
        module, _, function = MADE[name].partition(":")
        made = getattr(importlib.import_module(module), function)()
        x, y, parts = (*made, {})[:3] if isinstance(made, tuple) else (made, None, {})
        return Rows(x, y, splits=parts, task="classification" if np.ndim(y) == 1 else None)
    if name.endswith("_gate") and name.removesuffix("_gate") in generated.GATES:
        x, y = generated.gate(name.removesuffix("_gate"))
        return Rows(x, y, task="classification")
    if name == "iris":
        return _iris()
    if name == "digits":
        return _digits()
    known = names()
    raise ValueError(
        f"Unknown data set {name!r}.{suggest(name, known)} The zoo has: {', '.join(known)}. A file or folder needs a "
        f"slash or a suffix: './{name}' or '{name}.csv'."
    )


def _shipped(name, found) -> Rows:
    from zoo.data.files import Files
    from zoo.data.images import read_npz

    files = Files([found["path"]], "csv")
    common = {"splits": splits(name), "task": found["task"], "sha256": lambda: files.sha256}
    if found["path"].endswith(".npz"):
        x, y, _ = read_npz(found["path"])
        return Rows(x, y, **common)
    return Rows(files.read(), target=found["target"], **common)


@functools.cache
def _iris() -> Rows:
    """150 irises: lengths in cm, three species."""
    from sklearn.datasets import load_iris

    iris = load_iris(as_frame=True)
    columns = [column.removesuffix(" (cm)").replace(" ", "_") + "_cm" for column in iris.feature_names]
    frame = iris.data.set_axis(columns, axis=1).assign(species=iris.target_names[iris.target])
    return Rows(frame, target="species", task="classification")


def _digits() -> Rows:
    """1,797 digits of 8 x 8 pixels; 0 to 16 in scikit-learn, here 0 to 255."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    pixels = np.round(digits.images * (255.0 / 16.0)).astype("uint8")
    return Rows(pixels, digits.target, task="classification")
