"""One network, trained on encoded rows: its line is solved, its epochs run, and its end is as its traits have it."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

from zoo.engine import interruption
from zoo.engine.fitting import Fitted
from zoo.model import Model
from zoo.training import line_beside
from zoo.training.finishing import finished
from zoo.training.line_beside import LineBeside
from zoo.training.phases import Phases
from zoo.training.rows import Rows
from zoo.training.settings import Settings


@dataclasses.dataclass(frozen=True)
class NetworkFit:
    """What came of the training of one network.

    Args:
        model: Compiled; the one that trained, or another one, as the traits finish it.
        fitted: How the epochs ended.
        line: The line beside the hidden layers.
        finished: What differs from the network that trained, as a clause, or `""`.
    """

    model: Model
    fitted: Fitted
    line: LineBeside
    finished: str

    @property
    def best_epoch(self) -> int | None:
        """The epoch whose weights the model has, as `zoo.Run` counts it: -1 for those before the first.

        A run that resumes from its checkpoint knows by that alone which loss the line reached.
        """
        fitted = self.fitted
        keeps_first = fitted.best_epoch is None and (self.line.best_so_far is not None or fitted.best is not None)
        return -1 if keeps_first else fitted.best_epoch


def fit(
    model: Model,
    phases: Phases,
    settings: Settings,
    rows: Rows,
    *,
    seed: int,
    solves_line: bool,
    identity: dict[str, Any] | None = None,
) -> NetworkFit:
    """Trains a network whose phases are planned.

    Args:
        model: Its network is fresh, or trained before.
        phases: They have compiled it.
        settings: By which they did.
        rows: The encoded rows.
        seed: Of folds and samples of the line, and of what finishes.
        solves_line: Whether the line beside the hidden layers is solved before the first epoch.
        identity: Plain values by which a checkpoint knows the run.
    """
    solved = line_beside.begin(model, rows, solves=solves_line, chooses=settings.recipe.solver is None, seed=seed)
    if solved.is_all:
        fitted = Fitted({}, "its lines are solved, and nothing else of it learns", False, None, solved.best_so_far)
    else:
        fitted = phases.run(rows, identity=identity or {}, best_so_far=solved.best_so_far)
    changed = ""
    if not fitted.interrupted:
        try:
            compiled = functools.partial(settings.compile, copies=True)
            model, changed = finished(model, rows.held_out, compiled=compiled, seed=seed)
        except KeyboardInterrupt as interrupt:  # what has been trained is worth more than what would finish it
            fitted = dataclasses.replace(fitted, interrupted=True, stopped=interruption.reason(interrupt))
    return NetworkFit(model, fitted, solved, changed)
