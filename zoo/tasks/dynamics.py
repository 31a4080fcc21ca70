"""Dynamics: values over time, as equations give them for inputs over time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from zoo.tasks.target import Target
from zoo.tasks.task import Task


class Dynamics(Task[Target]):
    """Values over time. They can be learnt from recordings, and need none to be simulated."""

    name = "dynamics"
    scored = learns_from_targets = True

    def outputs(self, target: Target | None) -> list[tuple]:
        return [(None, "time", "values")]

    def checked(self, decided: np.ndarray, options: Mapping[str, Any]) -> np.ndarray:
        if not (finite := np.isfinite(decided)).all():
            row, step = np.argwhere(~finite)[0][:2]
            stable = ", or method='exponential_euler', which is stable" if "method" in options else ""
            raise ValueError(
                f"The step of time is too long for these inputs: row {row} is not finite from step {step} on. Give "
                f"weaker inputs, or build with a smaller `dt` and sample the inputs as finely{stable}."
            )
        return decided


TASK = Dynamics()
