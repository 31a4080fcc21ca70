"""Which share of new rows the intervals of a training are to cover, checked before anything is trained."""

from __future__ import annotations

from zoo.data import doubts
from zoo.model import Model
from zoo.tasks import conformal
from zoo.training.parts import Parts


def checked_coverage(intervals, model: Model, parts: Parts, earlier: float | None) -> float | None:
    """Returns the share that intervals are to cover, None for no intervals.

    Args:
        intervals: As `zoo.train` takes it.
        model: Assembled, or trained before.
        parts: The rows of the training.
        earlier: The share that the intervals of an earlier training of the model cover, or None. They are fitted anew
            for the new weights; where no rows are held out for it, a warning says that they are set aside.

    Raises:
        ValueError: if it is no share, or the entry, the task or the rows do not suit.
    """
    if intervals is None and earlier is None:
        return None
    if intervals is None:
        if not (obstacle := _obstacle_of_rows(parts, float(earlier or 0.0))):
            return earlier
        doubts.note(f"The model's intervals held for its earlier weights alone and are set aside: {obstacle}")
        return None
    conformal.check_coverage(intervals)
    if model.entry.learning == "rule":
        raise ValueError(
            f"`intervals` are for networks that minimise a loss; {model.entry.name!r} learns by a rule of its own. "
            f"Received: intervals={intervals!r}. Leave them out, or take an entry such as 'mlp_classifier' or "
            "'mlp_regressor'."
        )
    if obstacle := model.task.obstacle_to_intervals(model.decision):
        raise ValueError(f"{obstacle} Received: intervals={intervals!r}")
    if obstacle := _obstacle_of_rows(parts, float(intervals)):
        raise ValueError(obstacle)
    return float(intervals)


def _obstacle_of_rows(parts: Parts, coverage: float) -> str:
    """Returns why intervals cannot be fitted on the rows that are held out, `""` if they can."""
    if parts.streaming:
        return (
            f"`intervals={coverage:g}` are fitted on held-out rows in memory. Received: a stream. Load the data with "
            "`stream=False`, or leave `intervals` out."
        )
    if parts.val is None:
        return (
            f"`intervals={coverage:g}` are fitted on rows that are held out. Received: validation=None. Pass a share, "
            "such as `validation=0.2`, or rows."
        )
    rows = conformal.effective_rows(parts.held_out_weights, parts.val_rows)  # wrong weights are no matter of coverage
    try:
        conformal.check_rows(rows, coverage)
    except ValueError as error:
        return str(error)
    return ""
