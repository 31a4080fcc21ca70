"""The artifacts in a folder and in the folders in it, by their artifact.json and card.json: Keras is not needed."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Iterator, Mapping
from numbers import Real
from pathlib import Path
from typing import Any

from zoo import registry
from zoo.artifacts.manifest import CHECKED, INSIDE, check_size, read_card, read_facts, sha256

SPLITS = ("test", "val", "train")  # the first of them that a card has is what its scores are shown of

# The scores of `zoo.tasks.measures`, whose names may be followed by that of a class, a label or a target.
LEAST_IS_BEST = ("log_loss", "brier", "ece", "rmse", "mae", "median_error")
LARGEST_IS_BEST = (
    *("accuracy", "majority_accuracy", "balanced_accuracy", "exact_match", "roc_auc", "average_precision"),
    *("precision", "recall", "f1", "f1_macro", "f1_micro", "r2"),
)
ERRORS = ("loss", "logloss", "error", "rmse", "mae", "mse", "mape", "brier", "ece", "deviance")  # words of other errors


@dataclasses.dataclass(frozen=True)
class ArtifactSummary:
    """An artifact, or what is left of one.

    Args:
        folder: Its folder; of an exported version the folder of the version.
        entry: The name of its entry, `""` where that cannot be read.
        task: What it answers.
        date: When it was trained, as YYYY-MM-DD; `""` where its card does not say.
        rows: How many rows it was trained on, or None.
        metrics: Scores by split.
        exported: Whether it is an exported version.
        size: Bytes of all files.
        wrong: Why it cannot be loaded; `""` where nothing is seen to be wrong.
    """

    folder: Path
    entry: str = ""
    task: str = ""
    date: str = ""
    rows: int | None = None
    metrics: Mapping[str, Mapping[str, float]] = dataclasses.field(default_factory=dict)
    exported: bool = False
    size: int = 0
    wrong: str = ""

    @property
    def split(self) -> str:
        """The split whose scores are shown: test rows, else validation rows, else training rows; `""` of none."""
        return next((split for split in SPLITS if self.metrics.get(split)), "")

    @property
    def scores(self) -> Mapping[str, float]:
        """The scores of that split."""
        return self.metrics.get(self.split, {})


def artifacts(folder: Path) -> Iterator[ArtifactSummary]:
    """Yields the artifacts and exported versions in a folder, by path; links to folders are not followed.

    Args:
        folder: Where to look.

    Raises:
        FileNotFoundError: if there is no such folder.
        NotADirectoryError: if it is a file.
    """
    if not folder.exists():
        raise FileNotFoundError(f"There is no folder {str(folder)!r}. Pass the one that `zoo train -o` wrote to.")
    if not folder.is_dir():
        raise NotADirectoryError(f"{str(folder)!r} must be a folder. Received: a file. Pass the folder that it is in.")
    failed: list[OSError] = []
    for path, names, files in os.walk(folder, onerror=failed.append):
        for error in failed:
            yield ArtifactSummary(Path(error.filename), wrong=f"may not be read: {error.strerror}")
        failed.clear()
        here = Path(path)
        exported = (here / INSIDE).is_dir()
        if exported or {"artifact.json", "card.json", "model.keras"} & set(files):
            names.clear()
            yield _found(here, here / INSIDE if exported else here, exported)
        # What stands beside a folder under a dot is what `zoo.save` is about to write, or was about to replace.
        names[:] = sorted(name for name in names if not name.startswith("."))


def _found(folder: Path, artifact: Path, exported: bool) -> ArtifactSummary:
    known = ArtifactSummary(folder, exported=exported, size=_size(folder))
    try:
        for name in ("artifact.json", "card.json"):
            check_size(artifact / name)
        facts = read_facts(artifact)
        known = dataclasses.replace(known, entry=facts["entry"])
        for name in CHECKED:
            if not (artifact / name).is_file():
                raise ValueError(f"{name} is missing. Copy the artifact again.")
        if sha256(artifact / "card.json") != facts["sha256"].get("card.json"):
            raise ValueError("card.json must be as it was written. Received: a changed file. Copy the artifact again.")
        card = read_card(artifact / "card.json")
        known = dataclasses.replace(known, **_of_card(card))
        if registry.find(known.entry) is None:
            raise ValueError(f"This zoo has no entry {known.entry!r}. Install the package that registers it.")
    except (OSError, ValueError) as error:
        return dataclasses.replace(known, wrong=str(error))
    return known


def _of_card(card: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what a card, whose fields people may have edited, says of its run."""
    data, metrics = card.get("data"), card.get("metrics")
    rows = data.get("rows") if isinstance(data, Mapping) else None
    splits = metrics.items() if isinstance(metrics, Mapping) else ()
    return {
        "task": str(card.get("task", "")),
        "date": str(card.get("date", "")),
        "rows": rows.get("train") if isinstance(rows, Mapping) else None,
        "metrics": {
            split: {name: value for name, value in scores.items() if isinstance(value, Real) and name != "rows"}
            for split, scores in splits
            if isinstance(scores, Mapping)
        },
    }


def _size(folder: Path) -> int:
    """Returns the bytes of all files in a folder."""
    return sum(os.lstat(os.path.join(path, name)).st_size for path, _, files in os.walk(folder) for name in files)


def best_first(found: list[ArtifactSummary], score: str) -> list[ArtifactSummary]:
    """Returns artifacts by a score of the rows that their scores are shown of, the best first, those without it last.

    Args:
        found: Artifacts.
        score: The name of a score. The least value is the best of errors and losses, the largest of all others. What
            is no number comes last.

    Raises:
        ValueError: if none of them has it.
    """
    known = list(dict.fromkeys(name for one in found for name in one.scores))
    if score not in known:
        raise ValueError(
            f"There is no score {score!r}.{registry.suggest(score, known)} There are: {', '.join(known) or 'none'}."
        )
    sign = 1.0 if _is_error(score) else -1.0

    def place(one: ArtifactSummary) -> tuple[bool, float]:
        value = float(one.scores.get(score, math.nan))
        return (True, 0.0) if math.isnan(value) else (False, sign * value)

    return sorted(found, key=place)


def _is_error(score: str) -> bool:
    """Returns whether the least value of a score is the best, whatever its class, label or target is called."""
    bases = [name for name in (*LEAST_IS_BEST, *LARGEST_IS_BEST) if f"{score}_".startswith(f"{name}_")]
    if bases:
        return max(bases, key=len) in LEAST_IS_BEST
    return any(word in ERRORS for word in score.split("_"))
