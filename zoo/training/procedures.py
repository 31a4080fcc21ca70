"""What a training asks of a procedure, which trains in place of one fit, and what it gets.

    call --procedure--> learnt        named by Traits(procedure="package.module:function")

A committee is one (`zoo.training.committee`). The training has loaded the rows and fitted the preprocessor; it scores
what was learnt, and writes the run.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from zoo.data.pipelines import Encoded
from zoo.data.preprocessing import Preprocessor
from zoo.engine.fitting import Fitted
from zoo.importing import attribute
from zoo.model import Model
from zoo.registry import Entry, Traits
from zoo.training.parts import Parts
from zoo.training.phases import Request
from zoo.training.settings import Settings


@dataclasses.dataclass(frozen=True)
class Call:
    """What a procedure is to train.

    Args:
        entry: The entry.
        settings: Its recipe, traits and options, with what the caller gave for them.
        parts: The rows. Those that a recipe's share would hold out are among the training rows; validation rows are
            those that the caller gave, or a share of the caller's own.
        preprocessor: Fitted on the training rows.
        request: Devices, checkpoint, seed, budget of time and what is shown.
        record: What the run will say of its settings; it identifies the run in a checkpoint.
        given: Arguments of the training that the caller gave, by their names; None for those that were left out.
        share: The share that the recipe holds out; None if the caller wants no rows held out.
        answers: What is to be learnt from held-out rows when it has ended: `calibration`, `threshold` and `intervals`
            as `zoo.train` takes them.
    """

    entry: Entry
    settings: Settings
    parts: Parts
    preprocessor: Preprocessor
    request: Request
    record: Mapping[str, Any]
    given: Mapping[str, Any]
    share: float | None
    answers: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Learnt:
    """What a procedure returns.

    Args:
        model: Trained and compiled.
        fitted: History, the pick or epoch that was kept, and why it ended.
        encoded: The training rows, encoded.
        held_out: Rows to score the run on, encoded, or None.
        outputs: What the network answers for them, `(rows, outputs)`, where that is not what the model itself would:
            each row of a fold is answered by what was not trained on it. None where the model itself answers.
        row_weight: Sample weights of these rows, without those of their classes, or None.
        record: What the run and the card say beside the settings, in plain values. `counted` names what the history
            counts, in the singular, where that is no epoch.
        split: How the rows were parted, in words.
    """

    model: Model
    fitted: Fitted
    encoded: Encoded
    held_out: Encoded | None = None
    outputs: np.ndarray | None = None
    row_weight: np.ndarray | None = None
    record: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    split: str = ""


def checked_by(check: Callable[[Entry, Mapping[str, Any], Mapping[str, Any]], None]) -> Callable:
    """Returns a decorator of a procedure, by which what it cannot follow is refused before rows are loaded.

    Args:
        check: A function `(entry, options, given)` that raises ValueError: `options` are the builder's, those of the
            entry included; `given` has arguments of the training by their names, None for those that were left out.
    """

    def decorated(procedure):
        procedure.check = check
        return procedure

    return decorated


def check_asked(entry: Entry, traits: Traits, options: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Has the procedure of a fresh model refuse what it cannot follow, if traits name one that says so.

    Args:
        entry: The entry that is to be trained.
        traits: Its traits.
        options: Of its builder, as the caller gave them.
        given: What the caller gave for arguments of the training, by their names, and None where nothing was given.

    Raises:
        ValueError: if the procedure refuses an option or an argument.
    """
    check = None if traits.procedure is None else getattr(_procedure(entry, traits), "check", None)
    if check is not None:
        check(entry, {**entry.options, **options}, given)


def _procedure(entry: Entry, traits: Traits) -> Any:
    return attribute(str(traits.procedure), f"the procedure of {entry.name!r}")


def train(traits: Traits, call: Call) -> Learnt:
    """Calls the procedure that traits name.

    Args:
        traits: They have one.
        call: What it is to train.

    Raises:
        TypeError: if it returns something else.
    """
    learnt = _procedure(call.entry, traits)(call)
    if not isinstance(learnt, Learnt):
        raise TypeError(
            f"The procedure {traits.procedure!r} of {call.entry.name!r} must return a `Learnt`. Received: "
            f"{type(learnt).__name__}. See zoo.training.procedures."
        )
    return learnt
