"""From which probability on a model's answers are to be positive, checked before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real

import numpy as np

from zoo.data import doubts
from zoo.model import Model
from zoo.tasks.target import Target
from zoo.training.parts import Parts


def checked_threshold(threshold, model: Model, parts: Parts, earlier: Target | None):
    """Returns the threshold that a training is to set, None for the most probable answers.

    Args:
        threshold: As `zoo.train` takes it.
        model: Assembled, or trained before.
        parts: The rows of the training.
        earlier: The target of a model that was trained before, or None. Its threshold is kept, or chosen anew by the
            same score; where no rows are held out for that, a warning says that it is set aside.

    Raises:
        ValueError: if it is no threshold, or the task or the rows do not suit.
    """
    if threshold is not None:
        model.task.check_threshold(threshold, model.target, model.decision == "threshold")
        _check_rows(threshold, model, parts, _truth(threshold, model, parts))
        return _plain(threshold)
    before = None if earlier is None else earlier.get_config().get("threshold")
    if before is None:
        return None
    y = _truth(before["by"], model, parts)  # wrong targets are no matter of the threshold
    try:
        _check_rows(before["by"], model, parts, y)
    except ValueError as error:
        doubts.note(f"The model's threshold was chosen for its earlier weights alone, and is set aside: {error}")
        return None
    return before["by"]


def _is_chosen(threshold) -> bool:
    """Returns whether a threshold is named by a score."""
    values = threshold.values() if isinstance(threshold, Mapping) else [threshold]
    return any(isinstance(value, str) for value in values)


def _truth(threshold, model: Model, parts: Parts) -> np.ndarray | None:
    """Returns the encoded targets of the rows that choose a threshold, None without rows or choice."""
    if parts.streaming or parts.val is None or not _is_chosen(threshold):
        return None
    return model.target.encode(parts.val.y)


def _check_rows(threshold, model: Model, parts: Parts, y: np.ndarray | None) -> None:
    """Raises ValueError if a threshold is named by a score, and the held-out rows cannot choose it."""
    if not _is_chosen(threshold):
        return
    if y is None:
        came, repair = "validation=None", "hold rows out, such as by `validation=0.2`"
        if parts.streaming:
            came, repair = "a stream", "load the data with `stream=False`"
        raise ValueError(
            f"`threshold={threshold!r}` is chosen by rows that are held out, in memory. Received: {came}. Pass a "
            f"number, or {repair}."
        )
    model.task.check_threshold_rows(threshold, model.target, y)


def _plain(threshold):
    """Returns a threshold with Python's own numbers and names, as JSON holds them."""
    if isinstance(threshold, Mapping):
        return {str(name): _plain(value) for name, value in threshold.items()}
    return float(threshold) if isinstance(threshold, Real) else str(threshold)
