"""The public surface in words: every parameter, what is returned, and what is raised."""

import inspect
import re

import pytest

import zoo
from zoo import entries, registry

SECTIONS = ("Args", "Returns", "Yields", "Raises")


def functions():
    """Yields the public functions and methods, by the names that users call them."""
    for module in (zoo, zoo.data, zoo.plots, zoo.sklearn):
        for name in module.__all__:
            value = getattr(module, name)
            called = f"{module.__name__}.{name}"
            if inspect.isfunction(value):
                yield called, value
            elif inspect.isclass(value) and not issubclass(value, Exception):
                yield called, value
                for member, method in vars(value).items():
                    method = getattr(value, member) if isinstance(method, classmethod) else method
                    if not member.startswith("_") and is_function(method) and is_own(method):
                        yield f"{called}.{member}", method
    yield "zoo.registry.load_task", registry.load_task
    for name in ("load_recipe", "load_traits"):
        yield f"zoo.entries.{name}", getattr(entries, name)


def is_function(value):
    return inspect.isfunction(inspect.unwrap(value)) or inspect.ismethod(value)


def is_own(method):
    """Returns whether a method is not Keras's under another body: those say what they take beside Keras's."""
    return not hasattr(__import__("keras").Model, method.__name__)


def sections(text):
    """Returns the text of each section of a docstring by its name."""
    found = re.split(rf"^({'|'.join(SECTIONS)}):\s*$", text, flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


def described(section):
    """Returns what a section says of each name; `a, b: ...` says it of both."""
    entries = re.findall(r"^ {4}(\*{0,2}\w+(?:, \*{0,2}\w+)*): (.*(?:\n {8}.*)*)", section, flags=re.MULTILINE)
    return {name.strip("*"): text for names, text in entries for name in names.split(", ")}


CASES = dict(functions())


@pytest.mark.parametrize("name", CASES)
def test_every_parameter_is_described(name):
    function = CASES[name]
    text = inspect.getdoc(function) or ""
    assert text.strip(), "no docstring"
    parameters = [p for p in inspect.signature(function).parameters if p not in ("self", "cls")]
    known = described(sections(text).get("Args", ""))
    assert [p for p in parameters if p not in known] == []
    assert all(len(known[p].split()) >= 2 for p in parameters if p in known), "a parameter is named and not described"


@pytest.mark.parametrize("name", [name for name in CASES if is_function(CASES[name])])
def test_what_is_raised_is_said(name):
    """Of functions that raise themselves; `Raises` gives the type, and when."""
    function = inspect.unwrap(CASES[name])
    raised = set(re.findall(r"^\s+raise ([A-Z]\w+)\(", inspect.getsource(function), flags=re.MULTILINE))
    said = sections(inspect.getdoc(function) or "").get("Raises", "")
    assert {error for error in raised if error not in said} == set()
