"""What a model learns when its training has ended, from rows that trained nothing: how its outputs become answers.

    network outputs of held-out rows --Task.calibrate-->      how outputs become probabilities
    probabilities                    --Task.with_threshold--> which label follows from them
    what the model decides           --Task.with_intervals--> intervals of numbers, sets of classes

What is learnt here is state of the model's target, so that `predict`, the served graph and every export have it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from numbers import Real
from typing import Any

import keras
import numpy as np

from zoo import overrides
from zoo.data import extension
from zoo.data.pipelines import Encoded
from zoo.model import Model
from zoo.tasks.target import Target
from zoo.tasks.task import Task

ROWS_AT_ONCE = 4096
COVERING = ("coverage", "mean_width", "mean_set_size")  # the scores of intervals and sets, by their beginnings


def learnt(
    model: Model,
    held_out,
    *,
    outputs: np.ndarray | None = None,
    calibration: bool = True,
    threshold: float | str | Mapping | None = None,
    intervals: float | None = None,
    row_weight: np.ndarray | None = None,
    earlier: Target | None = None,
) -> dict[str, Any]:
    """Gives a model what its task learns from held-out rows, and returns facts about it for the run and the card.

    Args:
        model: Trained. Its preprocessor gets another state of the target.
        held_out: Rows that no weight was fitted on, encoded. Where there are none, they have no target, or they come
            as a pipeline, nothing is learnt. Where `outputs` is given, `x` may be empty.
        outputs: What the network gives for the rows, `(rows, outputs)`, if it was computed elsewhere, such as
            out-of-fold outputs; of members, merged. None for a pass of the rows through the network.
        calibration: Whether probabilities are calibrated. Those of entries that learn by a rule are not.
        threshold: From which probability on an answer is positive: a number, which needs no rows, or the score by which
            it is chosen; None for the most probable answer. Chosen on calibrated probabilities, where rows count alike.
        intervals: The share of new rows that intervals or sets are to cover, or None for none. They are fitted on what
            the calibrated model decides.
        row_weight: The sample weights of the rows alone, `(rows,)`, without those of their classes: an interval covers
            a share of rows as they come. None where rows count alike.
        earlier: The target of an earlier training of the model, or None: where it was calibrated and now nothing is,
            the facts say so.

    Returns:
        Plain values by what was learnt, such as `{"calibration": {...}, "intervals": {...}}`.

    Raises:
        ValueError: if there are too few rows for `intervals`, the answers are not finite, or the task has no intervals.
    """
    set_aside(model)
    target, task = model.target, model.task
    if not isinstance(held_out, Encoded) or held_out.y is None or not task.supervised:
        replace_target(model, _with_number(task, target, threshold))
        set_by = {} if threshold is None else {"threshold": _facts_of_threshold(model)}
        return _facts_of_calibration({}, calibration, earlier) | set_by
    y = held_out.y if held_out.truth is None else held_out.truth
    calibrates = calibration and _is_calibrated(model)
    calibrated: dict[str, Any] = {}
    if not calibrates and threshold is None and intervals is None:
        return _facts_of_calibration({}, calibration, earlier)
    outputs = network_outputs(model, held_out.x) if outputs is None else outputs
    if calibrates:
        target, calibrated = task.calibrate(target, y, outputs, held_out.weight, model.decision)
        overrides.returned(target, Target, f"`calibrate` of the task {task.name!r}")
    facts = _facts_of_calibration(calibrated, calibration, earlier)
    decided = _decided(model, target, outputs) if threshold is not None or intervals is not None else None
    if threshold is not None:
        target = task.with_threshold(target, threshold, y, _probabilities(model, target, decided))
        overrides.returned(target, Target, f"`with_threshold` of the task {task.name!r}")
        facts["threshold"] = {**_facts_of_threshold(model, target), "rows": len(y)}
    if intervals is not None:
        target = task.with_intervals(target, y, decided, row_weight, intervals, model.decision)
        overrides.returned(target, Target, f"`with_intervals` of the task {task.name!r}")
        facts["intervals"] = _facts_of_intervals(model, target, y, decided, row_weight, intervals)
    replace_target(model, target)
    return facts


def interrupted(
    model: Model, *, calibration: bool, threshold=None, intervals: float | None = None, earlier: Target | None = None
) -> dict[str, Any]:
    """Gives a model what needs no rows, where Ctrl-C or SIGTERM came while it learnt the rest; returns facts about it.

    Args:
        model, calibration, threshold, intervals, earlier: As for `learnt`, which was interrupted.

    Returns:
        What `learnt` returns, and by `not_learnt` what was asked for and is left out.
    """
    set_aside(model)
    values = threshold.values() if isinstance(threshold, Mapping) else [threshold]
    needs_rows = not all(isinstance(value, Real) for value in values)
    facts: dict[str, Any] = {}
    if not needs_rows:
        replace_target(model, _with_number(model.task, model.target, threshold))
        facts["threshold"] = {"by": threshold}
    asked = {"threshold": threshold if needs_rows else None, "intervals": intervals}
    left_out = {name: value for name, value in asked.items() if value is not None}
    if calibration and _is_calibrated(model):
        facts["calibration"] = {"why": "the training was interrupted before"}
        left_out = {"calibration": True, **left_out}
    else:
        facts |= _facts_of_calibration({}, calibration, earlier)
    return facts | ({"not_learnt": left_out} if left_out else {})


def _is_calibrated(model: Model) -> bool:
    """Returns whether the task of a model calibrates it at all, so that a pass of the rows is not for nothing."""
    return model.entry.learning != "rule" and type(model.task).calibrate is not Task.calibrate


def _facts_of_calibration(calibrated: dict[str, Any], asked: bool, earlier: Target | None) -> dict[str, Any]:
    """Returns what `Task.calibrate` says, that nothing was to be calibrated, or that what was there is set aside."""
    if calibrated:
        return {"calibration": calibrated}
    if earlier is not None and "calibration" in earlier.get_config():
        why = "no rows are held out in memory" if asked else "calibration=False"
        return {"calibration": {"why": f"that of an earlier training is set aside: {why}"}}
    return {} if asked else {"calibration": False}


def _with_number(task, target: Target, threshold) -> Target:
    """Returns the target with a threshold of numbers, which no row is needed for, or as it was with None."""
    if threshold is None:
        return target
    columns = len(target.names)
    return task.with_threshold(target, threshold, np.zeros((0, columns)), np.zeros((0, max(2, columns))))


def _probabilities(model: Model, target: Target, decided) -> np.ndarray:
    """Returns the probabilities of what the model decided, float32, as scores have them."""
    return keras.ops.convert_to_numpy(model.task.answers(decided, target, model.decision)["probabilities"])


def _decided(model: Model, target: Target, outputs: np.ndarray) -> np.ndarray:
    """Returns what the model decides by network outputs, as `inference.outputs` does, in numpy."""
    standard = model.task.standard(keras.ops.convert_to_tensor(outputs), target, model.decision)
    return model.task.decided(keras.tree.map_structure(keras.ops.convert_to_numpy, standard), target)


def _facts_of_threshold(model: Model, target: Target | None = None) -> dict[str, Any]:
    """Returns the threshold of a target, by default the model's, and `of`: the names of the answers that it decides."""
    target = model.target if target is None else target
    columns = len(target.names)
    none = model.task.outcomes(np.zeros((0, columns)), np.zeros((0, max(2, columns))), target)
    return {**target.get_config()["threshold"], "of": list(none)}


def _facts_of_intervals(model: Model, target: Target, y, decided, weight, coverage: float) -> dict[str, Any]:
    """Returns coverage, rows, and the scores of the intervals on the rows that they were fitted on.

    With sample weights all of these scores are shares and means of weight, and `weighted` says so.
    """
    scores = model.task.scores(y, decided, target, model.decision, weight)
    known = target.intervals or {}
    measured = {name: value for name, value in scores.items() if name.startswith(COVERING)}
    facts = {"coverage": known.get("coverage", coverage), "rows": known.get("rows", len(y)), "held_out": measured}
    return facts if weight is None else {**facts, "weighted": True}


def set_aside(model: Model) -> Target:
    """Takes from a model what an earlier training learnt from its held-out rows; returns the target as it was."""
    earlier = model.target
    replace_target(model, earlier.without_held_out())
    return earlier


@contextlib.contextmanager
def set_aside_while(model: Model) -> Iterator[None]:
    """Takes from a model what an earlier training learnt from its held-out rows, for a block that trains it further.

    Where the block ends by an error and no weight has changed, the model gets it back: a refused training leaves it as
    it was.
    """
    earlier = set_aside(model)
    before = None if earlier.get_config() == model.target.get_config() else model.get_weights()
    try:
        yield
    except BaseException:
        if before is not None and all(map(np.array_equal, before, model.get_weights())):
            replace_target(model, earlier)
        raise


def replace_target(model: Model, target: Target) -> None:
    """Gives a model another state of its target. What Keras compiled with the old one is compiled anew."""
    if target.get_config() == model.target.get_config():
        return
    model.preprocessor = extension.with_target_state(model.preprocessor, target.get_config())
    model.train_function = model.test_function = model.predict_function = None


def network_outputs(model: Model, x: dict[str, np.ndarray]) -> np.ndarray:
    """Returns what the network gives for encoded rows, `(rows, outputs)`; of members, merged."""
    x = {
        tensor.name: x[tensor.name] for tensor in model.network.inputs
    }  # Keras takes others for these, by their places
    starts = range(0, len(next(iter(x.values()))), ROWS_AT_ONCE)
    parts = [{name: values[i : i + ROWS_AT_ONCE] for name, values in x.items()} for i in starts]
    return np.concatenate([keras.ops.convert_to_numpy(model.merged(model.network_outputs(part))) for part in parts])
