"""The parsers: what `commands.py` says, for argparse, and the options of the entry that is built."""

from __future__ import annotations

import argparse
import contextlib
import functools
import itertools
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

import zoo
from zoo import automatic, registry
from zoo.cli import options
from zoo.cli.commands import COMMANDS, Command
from zoo.cli.signatures import Parameter, parameters
from zoo.recipes import FORMER_ENCODINGS

BUILDER = "option:"  # before a builder's option in the parsed arguments, where --weights is not --weight
ABOUT_DEBUG = "show where an error was raised, and the notices of TensorFlow"
DEBUG: dict[str, Any] = {"action": "store_true", "help": ABOUT_DEBUG}


@functools.cache
def _width() -> int:
    return shutil.get_terminal_size().columns - 2


def _formatter(prog: str) -> argparse.HelpFormatter:
    """Returns a formatter, of which argparse makes one for each argument: the terminal is measured once."""
    return argparse.HelpFormatter(prog, width=_width())


class Parser(argparse.ArgumentParser):
    """A parser that knows its options by parameter, and whose errors are exceptions.

    `zoo.cli.main` prints these as it prints every other mistake.
    """

    def __init__(self, *args, **kwargs):
        self.options: dict[str, argparse.Action] = {}
        super().__init__(*args, allow_abbrev=False, formatter_class=_formatter, **kwargs)

    def error(self, message):
        raise ValueError(message)

    def add_argument(self, *args, **kwargs):
        return self.known(super().add_argument(*args, **kwargs))

    def known(self, action: argparse.Action) -> argparse.Action:
        """Adds an option to `options`, unless there is one of that parameter, and returns it."""
        if action.option_strings:
            self.options.setdefault(action.dest.removeprefix(BUILDER), action)
        return action


def parsers(argv: list[str]) -> tuple[Parser, Mapping[str, Parser]]:
    """Returns the parser and those of its commands, with the options of the entry that `argv` builds."""
    about = (
        "From raw rows or pixels to a served, still trainable Keras model. Begin with: zoo train auto your.csv "
        "--target COLUMN"
    )
    parser = Parser(prog="zoo", description=about)
    parser.add_argument("--version", action="version", version=f"zoo {zoo.__version__}")
    parser.add_argument("--debug", **DEBUG)
    added = parser.add_subparsers(metavar="COMMAND", dest="command")
    for name, command in COMMANDS.items():
        _add(added.add_parser(name, help=command.summary, description=command.summary), command)
    for name in argv[:1]:
        if name in COMMANDS and COMMANDS[name].builds and (built := _built_entries(argv, added.choices[name])):
            _add_builders(added.choices[name], built)
    return parser, added.choices


def given(arguments: argparse.Namespace, *functions: str) -> dict[str, Any]:
    """Returns the options on the command line that are parameters of one of these functions.

    The defaults of the others stand in one place: the function itself.
    """
    names = {parameter.name for function in functions for parameter in parameters(function)}
    return {name: value for name, value in vars(arguments).items() if name in names}


def of_builder(arguments: argparse.Namespace) -> dict[str, Any]:
    """Returns the options on the command line that are the builder's."""
    return {n.removeprefix(BUILDER): value for n, value in vars(arguments).items() if n.startswith(BUILDER)}


def _add(parser: Parser, command: Command) -> None:
    """Adds the arguments and options of a command to its parser."""
    parser.set_defaults(options=parser.options)
    parser.add_argument("--debug", **DEBUG)
    for names, settings in command.arguments.items():
        parser.add_argument(*names.split(), **settings)
    offered: dict[str, Parameter] = {}
    for function in command.functions:
        for parameter in parameters(function):
            if parameter.name not in command.left_out:
                offered.setdefault(parameter.name, parameter)
    for name, parameter in offered.items():
        parser.add_argument(command.flags.get(name, options.flag(name)), **options.option(parameter))


def _add_builders(parser: Parser, entries: Sequence[registry.Entry]) -> None:
    """Adds the options of the builders of entries to the parser of a command.

    Args:
        parser: The parser.
        entries: The entry that is built, or those of which "auto" takes one. Of several, the first that has an option
            says how it is typed.
    """
    title = entries[0].name if len(entries) == 1 else f"the entry that {registry.AUTO} takes"
    group = parser.add_argument_group(f"options of {title}")
    for entry in entries:
        meanings = entry.option_meanings
        for name, default in entry.options.items():
            if BUILDER + name in {action.dest for action in parser.options.values()}:
                continue
            with contextlib.suppress(argparse.ArgumentError):  # a plugin's option named like one of the command
                settings = options.builder_option(default, meanings[name])
                parser.known(group.add_argument(options.flag(name), dest=BUILDER + name, **settings))
    for name in FORMER_ENCODINGS if "encodings" in entries[0].options else ():
        with contextlib.suppress(argparse.ArgumentError):  # an option of the entry's own
            group.add_argument(
                options.flag(name), dest=BUILDER + name, default=argparse.SUPPRESS, help=argparse.SUPPRESS
            )


def _built_entries(argv: list[str], parser: Parser) -> list[registry.Entry]:
    """Returns the entry that a command is to build: the first name of one that is not another option's value.

    Of "auto", those of which it takes one.
    """
    alone = {text for action in parser.options.values() if action.nargs == 0 for text in action.option_strings}
    for before, word in itertools.pairwise(argv):
        if word.startswith("-") or (before.startswith("-") and before not in alone and "=" not in before):
            continue
        if word == registry.AUTO:
            return [registry.info(name) for name in automatic.entries()]
        if entry := registry.find(word):
            return [entry]
    return []
