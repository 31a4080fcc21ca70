"""The command `zoo`: the public surface from a shell.

    zoo train mlp_classifier new.csv --target y -o out      raw rows to a trained model
    zoo predict out more.csv -o answers.csv                 and its answers
    zoo export out -o served                                and a SavedModel that takes raw columns

`-o` is always the output, `--json` what a program reads. A caller's mistake is one line on standard error and exit
code 2; `--debug` shows where it was raised. TensorFlow and Keras are imported by the commands that need them.

commands.py    which functions a command calls             facts.py       list, info, schema, doctor
signatures.py  what these functions take                   learning.py    train, adapt, fine-tune
options.py     a parameter as an option                    answering.py   evaluate, predict, export, serve
parsers.py     all of it for argparse                      loading.py     the rows of a command
spelling.py    messages that name parameters               outputs.py     where artifacts and files may be written
repeating.py   the run that wrote a card                   printing.py    JSON and tables
listing.py     runs                                        cross_validating.py   cross-validate
model_comparison.py  compare                           touching.py    playground
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import warnings
from collections.abc import Callable, Sequence

from zoo import notices, registry
from zoo.cli.commands import COMMANDS
from zoo.cli.parsers import parsers

INTERRUPTED_BY = {"interrupted": 130, "terminated": 143}  # 128 + SIGINT, 128 + SIGTERM, as shells have it


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        argv: The words after `zoo`; None for those of this process.

    Returns:
        The exit code: 0, 2 for a caller's mistake, 130 after Ctrl-C, 143 after SIGTERM while it trained.
    """
    argv = _command_first(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in argv
    if debug:
        notices.show()
    options: dict[str, argparse.Action] = {}  # of the command, when it is known
    with warnings.catch_warnings():
        if not debug:
            # Keras saves variables so on numpy 2; those who train can do nothing about it.
            warnings.filterwarnings("ignore", "__array__ implementation doesn't accept a copy", DeprecationWarning)
            warnings.showwarning = _once(options)
        try:
            return _run(argv, options)
        except KeyboardInterrupt as interrupt:
            from zoo.engine import interruption

            print("zoo:", interruption.reason(interrupt), file=sys.stderr)
            return INTERRUPTED_BY[interruption.reason(interrupt)]
        except BrokenPipeError:  # `zoo list | head`: the reader has had enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        except (ValueError, TypeError, OSError, ImportError, MemoryError) as error:
            if debug:
                raise
            _say("error", error, options)
            return 2


def _once(options: dict[str, argparse.Action]) -> Callable[..., None]:
    """Returns what prints a warning, the same one a single time: all folds may warn alike."""
    said = set()

    def show(message, *_, **__) -> None:
        if str(message) not in said:
            said.add(str(message))
            _say("warning", message, options)

    return show


def _say(what: str, message: object, options: dict[str, argparse.Action]) -> None:
    """Prints an error or a warning in one line, with parameters as the command spells them."""
    from zoo.cli import spelling

    print(f"zoo: {what}:", spelling.in_options(spelling.one_line(message), options), file=sys.stderr)


def _command_first(argv: Sequence[str]) -> list[str]:
    """Moves the command to the front, so that options before it count as its own, except the zoo's `--version`."""
    argv = list(argv)
    place = next((i for i, word in enumerate(argv) if not word.startswith("-")), 0)
    return argv if "--version" in argv[:place] else [*argv[place : place + 1], *argv[:place], *argv[place + 1 :]]


def _run(argv: list[str], options: dict[str, argparse.Action]) -> int:
    """Parses the words and runs the command; `options` then holds its options by parameter."""
    parser, commands = parsers(argv)
    if argv and not argv[0].startswith("-") and argv[0] not in commands:
        known = ", ".join(commands)
        raise ValueError(f"Unknown command {argv[0]!r}.{registry.suggest(argv[0], commands)} There are: {known}.")
    options |= commands[argv[0]].options if argv and argv[0] in commands else {}
    arguments, unknown = parser.parse_known_args(argv)
    if unknown:
        word = next((word for word in unknown if word.startswith("-")), unknown[0]).partition("=")[0]
        called = "zoo" if arguments.command is None else f"zoo {arguments.command}"
        taken = (parser if arguments.command is None else commands[arguments.command]).options.values()
        known = sorted(text for action in taken for text in action.option_strings if text.startswith("--"))
        raise ValueError(
            f"`{called}` does not know {word!r}.{registry.suggest(word, known)} It takes: {', '.join(known)}."
        )
    if arguments.command is None:
        parser.print_help()
        return 2
    module, _, function = COMMANDS[arguments.command].run.partition(":")
    return getattr(importlib.import_module(module), function)(arguments) or 0
