"""Parameters as options: how a value is typed on the command line, read from it, and shown in its notation.

    annotation            typed                          read as
    bool = False          --overwrite                    True
    bool                  --shuffle false                False
    int, float            --epochs 20                    20
    Sequence[int]         --image-size 28,28             (28, 28), and 28 as it stands where `int` is another type
    Sequence[str]         --devices GPU:0,GPU:1          ["GPU:0", "GPU:1"]
    Iterable              --keep id --keep date          ["id", "date"]
    Literal["a", "b"]     --solver a                     one of these texts, no other
    None, without str     --validation none              None
    str, Any, others      --groups town                  the text

Of several types the first that can be read from a text is taken, in the order of the table. Without an annotation the
type is that of the default.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import functools
import re
import shlex
from collections.abc import Callable, Collection
from typing import Any

from zoo.cli.signatures import UNKNOWN, Parameter

CODE = re.compile(r"`([^`]+)`")
OF_DEFAULT = {bool: "bool", int: "int", float: "float", tuple: "Iterable"}  # for want of an annotation; else "str"


class Repeated(argparse.Action):
    """An option that may be given several times; its values are a list."""

    def __call__(self, parser, namespace, values, option_string=None):
        setattr(namespace, self.dest, [*getattr(namespace, self.dest, ()), values])


def _none(text: str) -> None:
    if text.lower() != "none":
        raise ValueError


def _bool(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError
    return text.lower() == "true"


def _ints(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in text.replace("x", ",").split(","))


def _floats(text: str) -> tuple[float, ...]:
    return tuple(float(number) for number in text.split(","))


def _texts(text: str) -> list[str]:
    if "," not in text:
        raise ValueError
    return text.split(",")


# How a text is read as a type, and what the text must then be. Every other type takes any text.
READERS: dict[str, tuple[Callable[[str], Any], str]] = {
    "None": (_none, "none"),
    "bool": (_bool, "true or false"),
    "int": (int, "a whole number"),
    "float": (float, "a number"),
    "Sequence[int]": (_ints, "whole numbers with commas between them"),
    "Sequence[float]": (_floats, "numbers with commas between them"),
    "Sequence[str]": (_texts, "names with commas between them"),
}
METAVARS = {"bool": "true|false", "int": "N", "float": "NUMBER", "Sequence[int]": "N,N"}


@functools.cache
def option(parameter: Parameter) -> dict[str, Any]:
    """Returns how `add_argument` adds a parameter. Only an option that is given is in the parsed arguments."""
    types = parameter.types or (OF_DEFAULT.get(type(parameter.default), "str"),)
    # A column's name may hold a comma. `zoo.cli.loading` splits a target into several when the columns are known.
    types = ("str",) if parameter.name == "target" else types
    is_repeated = any(kind.partition("[")[0] == "Iterable" for kind in types)
    about = meaning(parameter.meaning, between=", " if is_repeated else ",")
    about += " Several have commas between them." if parameter.name == "target" else ""
    added: dict[str, Any] = {"dest": parameter.name, "default": argparse.SUPPRESS}
    if types == ("bool",) and parameter.default is False:
        return {**added, "action": "store_true", "help": about}
    if parameter.default is not UNKNOWN and parameter.default not in (None, (), ""):
        about += f" [{shown(parameter.default)}]"
    choices = [value for kind in types if kind.startswith("Literal[") for value in ast.literal_eval(f"({kind[8:-1]},)")]
    if choices and not set(types) & {"int", "float", "str"}:
        marks = {} if all(re.search(r"\w", choice) for choice in choices) else {"metavar": "MARK"}
        return {**added, "choices": choices, **marks, "help": about}
    if is_repeated:
        return {**added, "action": Repeated, "metavar": "VALUE", "help": f"{about} May be repeated."}
    return {**added, "type": reader(types), "metavar": _metavar(types), "help": about}


def _metavar(types: Collection[str]) -> str:
    """Returns what stands for a value in the help."""
    if "os.PathLike" in types:
        return "PATH"
    kinds = [METAVARS.get(kind, "") for kind in types if kind != "None"]
    return max(kinds, key=len) if all(kinds) else "VALUE"


def builder_option(default: Any, about: str) -> dict[str, Any]:
    """Returns how `add_argument` adds an option of a builder, whose type is that of its default.

    Args:
        default: The default.
        about: What the builder's docstring says of it.
    """
    read = functools.partial(read_as, default)
    help = f"{meaning(about)} [{shown(default)}]"
    return {"default": argparse.SUPPRESS, "metavar": "VALUE", "type": read, "help": help}


def reader(types: Collection[str]) -> Callable[[str], Any]:
    """Returns the function that reads a value of one of several types from the text that was typed.

    It raises `argparse.ArgumentTypeError` if the text is of none of them.
    """
    # `None` says that an option was left out, where any text is a value: a column may be called none.
    readers = {kind: READERS[kind] for kind in READERS if kind in types and (kind != "None" or "str" not in types)}
    takes_text = not set(types) <= set(READERS)

    def read(text: str) -> Any:
        for kind, _ in readers.values():
            with contextlib.suppress(ValueError):
                return kind(text)
        if takes_text:
            return text
        wanted = " or ".join(about for kind, (_, about) in readers.items() if kind != "None")
        raise argparse.ArgumentTypeError(f"must be {wanted}. Received: {text!r}")

    return read


def read_as(default: Any, text: str) -> Any:
    """Reads a builder's option as the type of its default: 64,64 for a tuple, 0.2 for a number, none for None.

    What begins with a brace is a dict, whatever the default: {"text": "ngrams"}. Where names are the default, true and
    false are no names.
    """
    if text.lower() == "none":
        return None
    if isinstance(default, str) and not text.startswith("{"):
        return text
    if isinstance(default, tuple) and default and all(isinstance(name, str) for name in default):
        return {"true": True, "false": False}.get(text.lower(), tuple(text.split(",")))
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        value = {"true": True, "false": False}.get(text.lower(), text)
    kind = "true or false" if isinstance(default, bool) else "a number" if isinstance(default, (int, float)) else None
    wanted = bool if isinstance(default, bool) else (int, float)
    if kind and not isinstance(value, wanted):
        raise argparse.ArgumentTypeError(f"must be {kind}, such as {default}. Received: {text!r}")
    if isinstance(default, tuple) and not isinstance(value, (tuple, list)):
        return (value,)
    return float(value) if isinstance(default, float) else value


def shown(value: Any) -> str:
    """Returns a value as it is typed on the command line."""
    if isinstance(value, (tuple, list)):
        return ",".join(map(shown, value))
    return "none" if value is None else str(value)


def meaning(text: str, between: str = ",") -> str:
    """Returns a docstring's words for argparse: the values in them, `"auto"`, stand as they are typed.

    Args:
        text: The words.
        between: What stands between the items of a list.
    """

    def typed(code: re.Match) -> str:
        try:
            value = ast.literal_eval(code[1])
        except (ValueError, SyntaxError):  # the name of a function, a shape
            return code[0]
        if isinstance(value, str) and not re.search(r"\w", value):  # a mark, such as "."
            return code[1]
        return between.join(map(shown, value)) if isinstance(value, list) else shown(value)

    return re.sub(r"\bNone\b", "none", CODE.sub(typed, text)).replace("%", "%%")


def flag(name: str) -> str:
    """Returns the option of a parameter: --batch-size."""
    return f"--{name.replace('_', '-')}"


def spelled(action: argparse.Action, value: str = "") -> str:
    """Returns an option with a value, given as Python writes it, as both are typed in a shell.

    Args:
        action: The option.
        value: Python's notation, such as `(28, 28)`, or nothing. What cannot be read as a value stands as it is.
    """
    name = action.option_strings[-1]
    if "..." in value:
        return name
    try:
        read = ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return f"{name} {value}".strip()
    if action.nargs == 0:
        return name if read is True else f"no {name}"
    is_repeated = isinstance(action, Repeated) and isinstance(read, (list, tuple))
    texts = [shown(item) for item in read] if is_repeated else [shown(read)]
    # What begins with a dash would be taken for an option; a negative number is none.
    dashes = ["=" if re.match(r"-(?!\d)", text) else " " for text in texts]
    return " ".join(f"{name}{dash}{shlex.quote(text)}" for dash, text in zip(dashes, texts))
