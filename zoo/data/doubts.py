"""What is doubtful about data, said in one `DataWarning` for each load or prediction.

Code that reads data calls `note` where a value can be read in two ways, or where something is left out. What is noted
inside a `collected()` block is said together when the outermost block ends; a note outside of any block at once.
"""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
import inspect
import os
import warnings
from collections.abc import Iterator
from typing import Any

_UNSET: Any = object()
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class DataWarning(UserWarning):
    """A warning about data: what is doubtful in them, where, and how to settle it."""


@dataclasses.dataclass(frozen=True)
class Doubt:
    """One thing that is doubtful about data.

    Args:
        text: What it is, as a sentence.
        column: Name of the column; left out where no single column is meant.
        value: An example of a value that it is about.
        row: Where that value stands: the label of the row.
        repair: What to do about it, as a sentence.
    """

    text: str
    column: Any = _UNSET
    value: Any = _UNSET
    row: Any = _UNSET
    repair: str = ""

    def __str__(self) -> str:
        column = "" if self.column is _UNSET else f"{self.column!r}: "
        place = "" if self.row is _UNSET else f" in row {self.row}"
        example = place and f" The first is{place}."
        if self.value is not _UNSET:
            example = f" Such as {self.value!r}{place}."
        return f"{column}{self.text}{example}{self.repair and ' ' + self.repair}"


class Doubts:
    """The doubts of one load or prediction, each kept once for a column and a text."""

    def __init__(self):
        self._doubts: dict[tuple[str, str], Doubt] = {}

    def add(self, doubt: Doubt) -> None:
        """Keeps a doubt, unless one with the same text about the same column is there already."""
        self._doubts.setdefault((repr(doubt.column), doubt.text), doubt)

    def discard(self, columns) -> None:
        """Forgets the doubts about some columns."""
        names = {repr(name) for name in columns}
        self._doubts = {key: doubt for key, doubt in self._doubts.items() if key[0] not in names}

    def say(self) -> None:
        """Warns of all doubts in one `DataWarning`, and forgets them."""
        doubts, self._doubts = list(self._doubts.values()), {}
        if not doubts:
            return
        lines = "\n".join(f"- {doubt}" for doubt in doubts) if len(doubts) > 1 else str(doubts[0])
        separator = "\n" if len(doubts) > 1 else " "
        warnings.warn(f"Please check these data.{separator}{lines}", DataWarning, stacklevel=_callers_level())


_current: contextvars.ContextVar[Doubts | None] = contextvars.ContextVar("doubts", default=None)


def note(text: str, *, column=_UNSET, value=_UNSET, row=_UNSET, repair: str = "") -> None:
    """Notes what is doubtful: for the warning of the `collected()` block around it, or at once without one.

    Args:
        text, column, value, row, repair: As for `Doubt`.
    """
    doubts = _current.get()
    alone = doubts is None
    if alone:
        doubts = Doubts()
    doubts.add(Doubt(text, column, value, row, repair))
    if alone:
        doubts.say()


@contextlib.contextmanager
def collected(doubts: Doubts | None = None) -> Iterator[Doubts]:
    """Collects the notes of a block; a block inside another one leaves them to the outer one.

    Nothing is said where the block raises an error.

    Args:
        doubts: Where to collect instead, for work that is done in several blocks: the caller then calls `say`.
    """
    outer = _current.get()
    if outer is not None and doubts is None:
        yield outer
        return
    collecting = Doubts() if doubts is None else doubts
    token = _current.set(collecting)
    try:
        yield collecting
    finally:
        _current.reset(token)
    if doubts is None:
        collecting.say()


def _callers_level() -> int:
    """Returns the `stacklevel` with which `Doubts.say` points at the first line outside of the zoo."""
    level, frame = 1, inspect.currentframe().f_back
    while frame.f_back is not None and (_is_of_package(frame) or frame.f_globals.get("__name__") == "contextlib"):
        level, frame = level + 1, frame.f_back
    return level


def _is_of_package(frame) -> bool:
    return os.path.abspath(frame.f_code.co_filename).startswith(_PACKAGE)
