"""`zoo playground`: the page to touch, served here or written for a web host."""

from __future__ import annotations

import argparse

from zoo.cli.options import flag
from zoo.cli.parsers import given
from zoo.playground import hosting


def playground(arguments: argparse.Namespace) -> None:
    """Serves the page, or writes it into a folder.

    Raises:
        ValueError: if options of both are given.
    """
    serving = given(arguments, "playground.hosting.serve")
    writing = given(arguments, "playground.hosting.write")
    if arguments.static is None:
        if writing:
            raise ValueError("`overwrite` must come with --static and its folder. Without it nothing is written.")
        hosting.serve(**serving)
    elif serving:
        unused = " and ".join(map(flag, sorted(serving)))
        raise ValueError(f"--static writes files and serves nothing. Leave out: {unused}.")
    else:
        print(hosting.write(arguments.static, **writing))
