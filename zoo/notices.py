"""What TensorFlow's C++ says on standard error: `TF_CPP_MIN_LOG_LEVEL` holds for the first lines too.

TensorFlow logs to the file descriptor 2, past `sys.stderr`, and reads the variable while it starts. What it says before
that, and what TensorFlow Lite says at any time, is shown whatever the variable is. Here the variable is set where it is
unset, and `quiet` takes away the lines that it forbids, and no others.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator

VARIABLE = "TF_CPP_MIN_LOG_LEVEL"
SEVERITIES = "IWEF"  # information, warnings, errors, what ends the process; 1 hides the first, 2 warnings too, ...
HIDDEN = "3"
LOGGED = re.compile(rb"([IWEF])\d{4} \d\d:\d\d:\d+\.\d+ +\d+ [\w.+-]+:\d+\] ")
UNLEVELLED = re.compile(
    rb"WARNING: All log messages before absl::InitializeLog\(\) is called are written to STDERR"
    rb"|INFO: (Created|Initialized) TensorFlow Lite "
)

_set_here = False
_lock = threading.Lock()


def hide() -> None:
    """Sets the variable where it is unset and TensorFlow has not been imported. Nothing else of the process is set."""
    global _set_here
    if VARIABLE not in os.environ and "tensorflow" not in sys.modules:
        os.environ[VARIABLE], _set_here = HIDDEN, True


def show() -> None:
    """Shows all, for `zoo --debug`, unless the user has set another level."""
    if _set_here or VARIABLE not in os.environ:
        os.environ[VARIABLE] = "0"


def shown() -> bool:
    """Returns whether all that TensorFlow and its converters say is asked for."""
    return os.environ.get(VARIABLE) == "0"


def imported(module: str):
    """Returns a module, imported as the variable says where TensorFlow may come with it."""
    if module in sys.modules:
        return importlib.import_module(module)
    with importing():
        return importlib.import_module(module)


@contextlib.contextmanager
def importing() -> Iterator[None]:
    """Is `quiet` where TensorFlow has not been imported yet: Keras does so while it writes configs, on any backend."""
    with contextlib.nullcontext() if "tensorflow" in sys.modules else quiet():
        yield


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Leaves out of standard error, in the block, what the variable forbids of TensorFlow's C++.

    Other lines are shown when the block ends, in their order; all of them if it raises.
    """
    level = os.environ.get(VARIABLE, "")
    if not level.isdigit() or level == "0":
        yield
        return
    with _written(lambda line, failed: failed or not _forbidden(line, int(level))):
        yield


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """Leaves out of standard error, in the block, all that is written there past Python, unless it is asked for."""
    if shown():
        yield
        return
    with _written(lambda line, failed: False):
        yield


@contextlib.contextmanager
def _written(wanted: Callable[[bytes, bool], bool]) -> Iterator[None]:
    """Keeps standard error back in the block, and then writes the lines of it that are wanted.

    The file descriptor is the whole process's: where another thread holds it already, it is left alone.

    Args:
        wanted: Of a line, and of whether the block raised: whether it is shown.
    """
    if not _lock.acquire(blocking=False):
        yield
        return
    import tempfile

    with contextlib.ExitStack() as stack:
        stack.callback(_lock.release)
        try:
            _flush()
            stderr = os.dup(2)
            stack.callback(os.close, stderr)
            written = stack.enter_context(tempfile.TemporaryFile())
            os.dup2(written.fileno(), 2)
        except OSError:  # a process without standard error, or without a place for files
            yield
            return
        failed = True
        try:
            yield
            failed = False
        finally:
            _flush()
            os.dup2(stderr, 2)
            written.seek(0)
            for line in written:
                if wanted(line, failed):
                    with contextlib.suppress(OSError):  # nobody may read it any more
                        os.write(2, line)


@contextlib.contextmanager
def unlogged() -> Iterator[None]:
    """Leaves out, in the block, what TensorFlow's Python logs below a warning, which notebooks show."""
    import logging

    def is_warning(record) -> bool:
        return record.levelno >= logging.WARNING

    logger = logging.getLogger("tensorflow")
    if not shown():
        logger.addFilter(is_warning)
    try:
        yield
    finally:
        logger.removeFilter(is_warning)


def _forbidden(line: bytes, level: int) -> bool:
    """Returns whether a line is one of TensorFlow's that is not to be shown at this level."""
    if found := LOGGED.match(line):
        return SEVERITIES.index(found[1].decode()) < level
    return UNLEVELLED.match(line) is not None


def _flush() -> None:
    with contextlib.suppress(AttributeError, OSError, ValueError):  # there may be none, or a closed one
        sys.stderr.flush()
