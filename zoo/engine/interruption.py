"""Interruption by Ctrl-C, and by the SIGTERM that schedulers send before they kill: a training keeps its weights."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator


class Terminated(KeyboardInterrupt):
    """SIGTERM came."""


def reason(interrupt: KeyboardInterrupt) -> str:
    """Returns why a run stopped, in a word: `"interrupted"` by Ctrl-C, or `"terminated"` by SIGTERM."""
    return "terminated" if isinstance(interrupt, Terminated) else "interrupted"


def raised_again(stopped: str) -> KeyboardInterrupt:
    """Returns what interrupted a run, to end more than the run by it.

    Args:
        stopped: What `reason` returned.
    """
    return Terminated() if stopped == "terminated" else KeyboardInterrupt(stopped)


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """Has SIGTERM end a block by `Terminated` where it would end the process; the handler of before is put back.

    Python calls handlers in the main thread: in another one this does nothing, and nothing where someone else handles
    SIGTERM.
    """
    if not _main_thread() or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def end(number, frame):
        raise Terminated

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextlib.contextmanager
def uninterrupted() -> Iterator[Callable[[], None]]:
    """Delays Ctrl-C and SIGTERM to the end of a block that must not be left halfway.

    Yields:
        A function to call where the block may be left: a delayed signal is handled there.
    """
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers} if _main_thread() else {}
    before = {number: handler for number, handler in before.items() if callable(handler)}
    came: list = []

    def hear() -> None:
        if came:
            number, frame = came[0]
            came.clear()
            before[number](number, frame)

    for number in before:
        signal.signal(number, lambda *arguments: came.append(arguments))
    try:
        yield hear
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        hear()


def _main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
