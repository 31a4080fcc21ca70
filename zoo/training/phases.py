"""The epochs of a training, phase by phase: each compiles the model anew, plans how it runs, and fits it."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from zoo.building import seeded
from zoo.data.pipelines import Encoded
from zoo.engine import freezing
from zoo.engine.budget import Budget
from zoo.engine.checkpoints import check_no_committee
from zoo.engine.fitting import Fitted
from zoo.engine.freezing import Phase
from zoo.engine.plan import Plan, Training, Workload, asks_for_batches, plan
from zoo.engine.workers import following
from zoo.engine.workers.devices import Placement
from zoo.model import Model
from zoo.training import solving
from zoo.training.rows import Rows
from zoo.training.settings import Settings
from zoo.training.structure import structure


@dataclasses.dataclass(frozen=True)
class Request:
    """What the caller asks of a training beside its settings.

    Args:
        devices: Where it is to run.
        engine: As for `zoo.engine.plan.plan`.
        callbacks: Keras callbacks.
        checkpoint: A folder, or None.
        seed: Of order, dropout and augmentation.
        verbose: 0, 1 or 2.
        budget: What ends the training when its time is over, or None.
    """

    devices: Placement
    engine: str
    callbacks: Sequence[keras.callbacks.Callback]
    checkpoint: str | os.PathLike | None
    seed: int
    verbose: int
    budget: Budget | None = None


class Phases:
    """The phases of one training; the first is compiled and planned when this is made.

    Args:
        model: The model.
        settings: What it is compiled with.
        workload: What it trains on.
        request: What the caller asks for.
        freeze: As for `zoo.engine.freezing.phases`.

    Raises:
        ValueError: if `freeze`, or what the caller asks for, cannot be had.
    """

    def __init__(self, model: Model, settings: Settings, workload: Workload, request: Request, freeze):
        self._model, self._settings, self._workload, self._request = model, settings, workload, request
        self._phases = freezing.phases(model.network, freeze, settings.recipe.epochs)
        self._steps = -(-workload.num_rows // workload.batch_size)
        self.plan = self._planned(self._phases[0])

    @property
    def move_all(self) -> bool:
        """Whether every layer that learns moves, at the latest in the last phase."""
        return not self._phases[-1].frozen

    def _planned(self, phase: Phase) -> Plan:
        """Compiles the model for a phase, and returns how that runs."""
        request, callbacks = self._request, self._request.callbacks
        self._settings.compile(
            self._model,
            rate=phase.rate,
            copies=len(self._phases) > 1,
            total_steps=self._steps * phase.epochs,
            # Keras tells callbacks of executions, which are batches only where each has one step.
            steps_per_execution=1 if any(map(asks_for_batches, callbacks)) else min(64, self._steps),
        )
        workload = dataclasses.replace(self._workload, epochs=phase.epochs)
        solver = self._settings.recipe.solver
        return plan(
            self._model, workload, devices=request.devices, engine=request.engine, solver=solver, callbacks=callbacks
        )

    def run(self, rows: Rows, *, identity: dict[str, Any], best_so_far: float | None) -> Fitted:
        """Trains phase after phase, each on from the weights of the one before.

        Args:
            rows: The encoded rows.
            identity: Plain values by which a checkpoint knows the run.
            best_so_far: Validation loss of the weights before the first epoch, which the epochs must beat; or None.

        Raises:
            ValueError: if the folder of the checkpoint holds the networks of a committee.
        """
        if self._request.checkpoint is not None:
            check_no_committee(self._request.checkpoint)
        fitted = None
        for phase in self._phases:
            with freezing.frozen(phase.frozen):
                part = self._fit(phase, rows, identity, best_so_far, is_first=fitted is None)
                fitted = freezing.joined(fitted, part, phase, of=self._phases)
            best_so_far = fitted.best
            if fitted.interrupted:
                break
            if fitted.out_of_time and phase is not self._phases[-1]:
                return dataclasses.replace(fitted, stopped=self._request.budget.reason)
        return fitted

    def _fit(self, phase: Phase, rows: Rows, identity: dict, best_so_far: float | None, *, is_first: bool) -> Fitted:
        model, recipe, request = self._model, self._settings.recipe, self._request
        chosen = self.plan if is_first else self._planned(phase)
        encoded = rows.encoded
        x, y = (None, None) if encoded is None else (encoded.x, encoded.y)
        model.begin_training(x, y, rows=self._workload.num_rows, steps=self._steps * phase.epochs)
        if recipe.solver is not None:
            told: dict[str, Any] = {"callbacks": request.callbacks, "budget": request.budget}
            return solving.solve(model, encoded, recipe, **told, verbose=request.verbose)
        held_out, folder = rows.held_out, request.checkpoint
        with seeded(request.seed):
            training = Training(
                **{**vars(self._workload), "epochs": phase.epochs},
                rows=rows.source,
                batches=rows.batches,
                shuffle=recipe.shuffle,
                seed=request.seed,
                validation=held_out.tensors() if isinstance(held_out, Encoded) else held_out,
                patience=recipe.patience,
                stop_at=recipe.stop_at,
                best_so_far=best_so_far,
                key=structure(model, recipe, self._settings.loss),
                callbacks=request.callbacks,
                budget=request.budget,
                checkpoint=folder if folder is None or len(self._phases) == 1 else Path(folder) / phase.name,
                identity=identity,
            )
            return following.fit(model, training, chosen, verbose=request.verbose)
