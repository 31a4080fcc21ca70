"""Messages that name parameters, as a command spells them: `overwrite=True` is --overwrite.

The zoo's messages mark what they name of a call: a parameter stands in backticks, alone or with a value, and what a
caller gave stands behind "Received: ". Nothing else is touched: a column may be called format=.

    `epochs` must be at least 1. Received: epochs=0       --epochs must be at least 1. Received: --epochs 0
    Pass `columns='extend'` to learn it                   Pass --columns extend to learn it
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping

from zoo.cli.options import spelled

# A value in Python's notation: a text in quotes, what stands in brackets, or a word.
VALUE = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[\[({][^\])}]*[\])}]|[+-]?\w+(?:[.+-]\w+)*"""
PAIR = re.compile(rf"(\w+)=({VALUE})?")
MARKED = re.compile(rf"`(\w+)(?:=([^`]*))?`|(?<=\bReceived: )\w+=(?:{VALUE})(?:, \w+=(?:{VALUE}))*")


def in_options(message: str, options: Mapping[str, argparse.Action]) -> str:
    """Returns a message with the parameters that it marks spelled as options.

    Args:
        message: The message.
        options: The options of the command, by parameter. What it does not offer stays as it is.
    """

    def pair(found: re.Match) -> str:
        action = options.get(found[1])
        return found[0] if action is None else spelled(action, found[2] or "")

    def marked(found: re.Match) -> str:
        return pair(found) if found[1] else PAIR.sub(pair, found[0])

    return MARKED.sub(marked, message)


def one_line(error: object) -> str:
    """Returns what an error or a warning says, in one line."""
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.strerror}: {error.filename}"
    return " ".join(str(error).split()) or type(error).__name__
