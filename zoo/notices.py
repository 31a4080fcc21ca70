"""Hides TensorFlow's log lines on standard error, as far as `TF_CPP_MIN_LOG_LEVEL` says.

TensorFlow's C++ code logs to the file descriptor 2 instead of `sys.stderr`, and reads the variable while it starts. It
logs some lines before that, and TensorFlow Lite logs its own at any time, whatever the value of the variable. So this
module sets the variable where it is unset, and `quiet` filters those lines out of standard error.
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
SEVERITIES = "IWEF"  # information, warning, error, fatal; level 1 hides the first, level 2 the first two, and so on
HIDDEN = "3"
LOGGED = re.compile(rb"([IWEF])\d{4} \d\d:\d\d:\d+\.\d+ +\d+ [\w.+-]+:\d+\] ")
RETRACED = "triggered tf.function retracing"
DENSE = "to a dense representation may make it slow"  # a Hessian holds every pair of weights anyway
UNLEVELLED = re.compile(
    rb"WARNING: All log messages before absl::InitializeLog\(\) is called are written to STDERR"
    rb"|INFO: (Created|Initialized) TensorFlow Lite "
)

_set_here = False
_lock = threading.Lock()


def hide() -> None:
    """Sets the variable if it is unset and TensorFlow has not been imported. Changes nothing else of the process."""
    global _set_here
    if VARIABLE not in os.environ and "tensorflow" not in sys.modules:
        os.environ[VARIABLE], _set_here = HIDDEN, True


def show() -> None:
    """Shows all log lines, for `zoo --debug`, unless the user has set another level."""
    if _set_here or VARIABLE not in os.environ:
        os.environ[VARIABLE] = "0"


def shown() -> bool:
    """Returns whether the user asked for all log lines of TensorFlow and its converters."""
    return os.environ.get(VARIABLE) == "0"


def import_module(module: str):
    """Imports a module and returns it. If this may import TensorFlow, its log lines are filtered meanwhile."""
    if module in sys.modules:
        return importlib.import_module(module)
    with importing():
        return importlib.import_module(module)


@contextlib.contextmanager
def importing() -> Iterator[None]:
    """Filters as `quiet` does if TensorFlow is not imported yet: Keras imports it while it writes a config."""
    with contextlib.nullcontext() if "tensorflow" in sys.modules else quiet():
        yield


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Filters TensorFlow's log lines out of standard error during the block, by the level of the variable.

    Other lines are shown when the block ends, in their order. If the block raises, all lines are shown.
    """
    level = os.environ.get(VARIABLE, "")
    if not level.isdigit() or level == "0":
        yield
        return
    with _filtered(lambda line, failed: failed or not _is_hidden(line, int(level))):
        yield


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """Drops everything that is written to standard error during the block, unless the user asked for all log lines."""
    if shown():
        yield
        return
    with _filtered(lambda line, failed: False):
        yield


@contextlib.contextmanager
def _filtered(is_shown: Callable[[bytes, bool], bool]) -> Iterator[None]:
    """Holds standard error back during the block, and then writes some of its lines.

    The file descriptor belongs to the whole process: if another thread redirects it already, nothing is filtered.

    Args:
        is_shown: A function of a line, and of whether the block raised, that returns whether to write the line.
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
            held_back = stack.enter_context(tempfile.TemporaryFile())
            os.dup2(held_back.fileno(), 2)
        except OSError:  # the process has no standard error, or cannot write temporary files
            yield
            return
        failed = True
        try:
            yield
            failed = False
        finally:
            _flush()
            os.dup2(stderr, 2)
            held_back.seek(0)
            for line in held_back:
                if is_shown(line, failed):
                    with contextlib.suppress(OSError):  # the reader of a pipe may be gone
                        os.write(2, line)


@contextlib.contextmanager
def unlogged() -> Iterator[None]:
    """Hides what TensorFlow's Python code logs during the block: terminals and notebooks show it.

    Warnings are kept, but for two: the one of functions that are traced again, by which TensorFlow counts every model
    that Keras trains as another trace of one function, and the one of sparse derivatives that become dense.
    """
    import logging

    def is_warning(record) -> bool:
        return record.levelno >= logging.WARNING and not any(text in str(record.msg) for text in (RETRACED, DENSE))

    logger = logging.getLogger("tensorflow")
    if not shown():
        logger.addFilter(is_warning)
    try:
        yield
    finally:
        logger.removeFilter(is_warning)


def _is_hidden(line: bytes, level: int) -> bool:
    """Returns whether a line is TensorFlow's, and of a severity that this level hides."""
    if match := LOGGED.match(line):
        return SEVERITIES.index(match[1].decode()) < level
    return UNLEVELLED.match(line) is not None


def _flush() -> None:
    with contextlib.suppress(AttributeError, OSError, ValueError):  # sys.stderr may be None or closed
        sys.stderr.flush()
