"""Parameters of the public functions, read from their source: name, annotation, default and what the docstring says.

The command line offers them as options. Importing `zoo.train` would import TensorFlow, so that `zoo --help` would take
seconds: nothing is imported here, and only the lines of the signature and the docstring are parsed.
"""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path
from typing import Any, NamedTuple

import zoo

ARGUMENT = re.compile(r"^    (\w+): (.*(?:\n     .*)*)", re.MULTILINE)  # in the section `Args` of a docstring
UNKNOWN = object()  # a default that is a name or an expression


class Parameter(NamedTuple):
    """One keyword-only parameter of a function.

    Args:
        name: Its name.
        types: The alternatives of its annotation, as they are written: `("int", "str", "None")`; empty without one.
        default: Its default, or `UNKNOWN` where that is no literal.
        meaning: What the docstring says of it.
    """

    name: str
    types: tuple[str, ...]
    default: Any
    meaning: str


def home(function: str) -> str:
    """Returns the module of a public function, `"train"` or `"data.load"`, or of another, `"serving.server.serve"`."""
    import zoo.data

    package, _, name = f"zoo.{function}".rpartition(".")
    if package == "zoo":
        return zoo._HOMES.get(name, "zoo.registry")
    return zoo.data._HOMES[name] if package == "zoo.data" else package


@functools.cache
def parameters(function: str) -> tuple[Parameter, ...]:
    """Returns the keyword-only parameters of a function, named as for `home`.

    Raises:
        LookupError: if its module does not define it.
    """
    name = function.rpartition(".")[2]
    definition = _definition(home(function), name)
    meanings = {name: " ".join(text.split()) for name, text in ARGUMENT.findall(ast.get_docstring(definition))}
    arguments = zip(definition.args.kwonlyargs, definition.args.kw_defaults)
    return tuple(Parameter(a.arg, _types(a.annotation), _default(d), meanings.get(a.arg, "")) for a, d in arguments)


def _definition(module: str, name: str) -> ast.FunctionDef:
    """Returns the syntax tree of a function of a module of the zoo."""
    path = Path(zoo.__file__).parent.joinpath(*module.split(".")[1:]).with_suffix(".py")
    source = path.read_text(encoding="utf-8")
    begin = source.find(f"\ndef {name}(")
    if begin < 0:
        raise LookupError(f"{path} must define the function {name!r}.")
    docstring = source.index('"""', begin) + 3
    definition: Any = ast.parse(source[begin : source.index('"""', docstring) + 3]).body[0]
    return definition


def _types(annotation: ast.expr | None) -> tuple[str, ...]:
    if annotation is None:
        return ()
    if isinstance(annotation, ast.BinOp):  # int | str
        return (*_types(annotation.left), *_types(annotation.right))
    return (ast.unparse(annotation),)


def _default(default: ast.expr | None) -> Any:
    try:
        return ast.literal_eval(default)
    except (ValueError, TypeError):
        return UNKNOWN
