"""The part of a line in a training: solved before the first epoch, compared with the network after the last."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from zoo.layers.linear import line_of
from zoo.layers.members import receivers
from zoo.model import Model
from zoo.training import line
from zoo.training.line import Solved
from zoo.training.rows import Rows


@dataclasses.dataclass(frozen=True)
class LineBeside:
    """The line beside the hidden layers of the network that trains.

    Args:
        solved: What was solved before this training, or None; of the lines of a pool, that of the first.
        constant: Outputs `(outputs,)` that answer all rows alike, from which on line and network explain; None where
            the network has no line that says something.
        best_so_far: Validation loss of the line, which the epochs must beat; None where no rows choose. Of a pool, that
            of all of it with its lines solved.
        is_all: Whether what was solved is all that learns.
    """

    solved: Solved | None
    constant: np.ndarray | None
    best_so_far: float | None
    is_all: bool = False

    def listed(self, *, again: bool) -> dict[str, Any]:
        """Returns what was solved, in values that JSON holds; nothing of what an earlier training solved.

        Args:
            again: Whether a line was there before.
        """
        if self.solved is None:
            return {}
        facts = {name: value for name, value in dataclasses.asdict(self.solved).items() if value is not None}
        return {**facts, **({"refit": True} if again else {})}

    def explained(self, model: Model, rows: Rows) -> dict[str, Any]:
        """Returns the line's share of what the trained model explains, by a name; nothing where there is no line.

        Where no member that was kept has the line, that is said in place of the share.
        """
        held_out = rows.encoded if rows.held_out is None else rows.held_out
        beside = receivers(model.network)
        if beside is not None and not beside.any():
            return {"members": 0}
        if self.constant is None or held_out is None:
            return {}
        return {"explained": line.explained(model, self.constant, held_out)}


def begin(model: Model, rows: Rows, *, solves: bool, chooses: bool, seed: int) -> LineBeside:
    """Solves the line of a compiled model's network, if it has one that is to be solved; of a pool, those that are.

    Args:
        model: A compiled model.
        rows: Its encoded rows.
        solves: Whether the line is to be solved; else it stays as an earlier training left it. Of a pool, whether all
            lines are.
        chooses: Whether validation rows choose the best epoch.
        seed: Of the folds, and of the sample of many rows.
    """
    if line_of(model.network) is None:
        solved = line.solve_lines_of_pool(model, rows, seed=seed, again=solves)
        best_so_far = _loss(model, rows, chooses=chooses and solved is not None)
        is_all = solved is not None and not model.network.trainable_variables
        return LineBeside(solved, None, best_so_far, is_all)
    encoded = rows.for_line()
    solved = line.solve(model, encoded, seed=seed) if solves else None
    constant = line.constant(model, encoded) if solved is not None or line.is_solved(model) else None
    return LineBeside(solved, constant, _loss(model, rows, chooses=chooses and solved is not None))


def _loss(model: Model, rows: Rows, *, chooses: bool) -> float | None:
    return line.loss(model, rows.held_out) if chooses and rows.held_out is not None else None
