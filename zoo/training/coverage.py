"""Which share of new rows the intervals of a training are to cover, checked before anything is trained."""

from __future__ import annotations

from zoo.data import doubts
from zoo.model import Model
from zoo.tasks import conformal
from zoo.training.parts import Parts


def checked_coverage(intervals, model: Model, parts: Parts | None, earlier: float | None) -> float | None:
    """Returns the share that intervals are to cover, None for no intervals.

    Args:
        intervals: As `zoo.train` takes it.
        model: Assembled, or trained before.
        parts: The rows of the training; None where a procedure parts them, which alone knows what it holds out.
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


def _obstacle_of_rows(parts: Parts | None, coverage: float) -> str:
    """Returns why intervals cannot be fitted on the rows that are held out, `""` if they can."""
    if parts is None:
        return ""
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


def check_rows_of_bags(intervals: float | None, parts: Parts, held: int, weight, *, grows_by_bags: bool) -> None:
    """Checks that the bags of a committee hold out rows enough for its intervals, before anything is trained.

    Args:
        intervals: The share that they are to cover, or None.
        parts: The rows of the training.
        held: How many of the training rows are held out from some bag. The caller's validation rows join them.
        weight: Sample weights of both, or None.
        grows_by_bags: Whether more bags would hold out more.

    Raises:
        ValueError: if there are too few.
    """
    if intervals is None:
        return
    rows = held + parts.val_rows
    repair = "Hold out more by `validation`"
    if grows_by_bags:
        enough = parts.rows + parts.val_rows >= conformal.least_rows(intervals)
        repair = "Pass more `bags`" if held < parts.rows and enough else "Add rows"
    conformal.check_rows(conformal.effective_rows(weight, rows), intervals, repair)
