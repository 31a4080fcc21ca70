"""One line of progress for everything that takes long: how much is done, with which values, and the time left.

    epoch 12/100  loss 0.4321  val_loss 0.5012  0:42 left       on a terminal, written again and again in its place
    epoch 100/100  loss 0.2345  val_loss 0.4567  0:48           at the end, with the time spent
    262,144 rows  131,072 a second                              where the total is unknown

Where standard output is no terminal, as in a file, a pipe or a notebook, a line is printed at the end and none before.
"""

from __future__ import annotations

import shutil
import sys
import time

from zoo import display

INTERVAL = 0.1  # seconds between two drawings of a line

_drawing: Progress | None = None  # the one whose line stands on the terminal


class Progress:
    """A line of progress, shown from the begin of its `with` block to the end.

    Of several at a time the first alone draws its line: within it another one shows nothing before its end.

    Ctrl-C ends a block as its last step would: the line says how far it came. Any other exception leaves the line as it
    was drawn last, and prints nothing where none was drawn.

    Args:
        total: How many units there are to do, or None if that is unknown.
        unit: What is counted, in the singular, such as `"epoch"`.
        verbose: 0 shows nothing.
        first: Units that were done before, as by a run that is resumed; the time left is estimated without them.
        transient: Whether the line vanishes at the end. Such a line is for terminals alone.
    """

    def __init__(self, total: int | None, unit: str, *, verbose: int = 1, first: int = 0, transient: bool = True):
        self._total, self._unit, self._transient = total, unit, transient
        self._is_shown = bool(verbose)
        self._is_drawn, self._last_drawn = False, float("-inf")
        self.start(first)

    def start(self, first: int = 0) -> None:
        """Starts the clock. Entering the block does so; call it where what comes before the units takes long."""
        self._first, self.done, self._text = first, first, ""
        self._begin = time.monotonic()

    def __enter__(self) -> Progress:
        global _drawing
        self.start(self._first)
        if self._is_shown and _drawing is None and _is_terminal():
            _drawing = self
        return self

    def advance(self, units: int = 1, text: str = "") -> None:
        """Counts units that are done, and shows a text beside them. 0 units change the text alone."""
        self.done, self._text = self.done + units, text
        if _drawing is not self or time.monotonic() - self._last_drawn < INTERVAL:
            return
        self._last_drawn = time.monotonic()
        self._draw(self._remaining())

    def say(self, text: str) -> None:
        """Prints a line of text, above the line of progress where that is drawn."""
        if _drawing is self and self._is_drawn:
            sys.stdout.write("\r" + " " * _width() + "\r")
            self._is_drawn, self._last_drawn = False, float("-inf")  # the next step draws it again
        if self._is_shown:
            print(text, flush=True)

    def __exit__(self, kind, error, traceback) -> None:
        global _drawing
        if _drawing is self:
            _drawing = None
        is_ended = kind is None or issubclass(kind, KeyboardInterrupt)
        lasts = self._is_shown and not self._transient and self.done > self._first
        if lasts and is_ended:
            spent = _clock(time.monotonic() - self._begin)
            if _is_terminal():
                self._draw(spent, end="\n")
            else:
                print(*filter(None, (self._count(), self._text, spent)), sep="  ", flush=True)
        elif self._is_drawn and self._transient and is_ended:
            sys.stdout.write("\r" + " " * _width() + "\r")
            sys.stdout.flush()
        elif self._is_drawn:
            print(flush=True)

    def _count(self) -> str:
        if self._total is None:
            return display.count(self.done, self._unit)
        return f"{self._unit} {self.done}/{self._total}"

    def _remaining(self) -> str:
        """Returns the time left, or of an unknown total the units a second; "" where none is done."""
        done, spent = self.done - self._first, time.monotonic() - self._begin
        if not done or not spent:
            return ""
        if self._total is None:
            return f"{display.number(round(done / spent))} a second"
        return f"{_clock(spent / done * max(self._total - self.done, 0))} left"

    def _draw(self, timing: str, end: str = "") -> None:
        """Writes the line over the one that stands on the terminal. Values that its width has no room for are left out,
        for a number that is cut is another one."""
        count, width = self._count(), _width()
        room = width - len(f"{count}  {timing}  " if timing else f"{count}  ")
        text = self._text
        while len(text) > max(room, 0):
            text = text.rpartition("  ")[0]
        line = "  ".join(filter(None, (count, text, timing)))
        sys.stdout.write("\r" + line[:width].ljust(width) + end)
        sys.stdout.flush()
        self._is_drawn = True


def _width() -> int:
    return shutil.get_terminal_size().columns - 1  # many terminals go on to the next line after the last column


def _is_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def _clock(seconds: float) -> str:
    """Returns minutes and seconds: 75 is "1:15"."""
    minutes, rest = divmod(int(seconds + 0.5), 60)
    return f"{minutes}:{rest:02d}"
