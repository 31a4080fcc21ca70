"""What is read from the source of the public functions is what Python knows of them."""

import inspect

import pytest

import zoo
import zoo.playground.hosting
import zoo.serving.server
from zoo.cli import signatures
from zoo.cli.commands import COMMANDS
from zoo.data.sources import FILE_FORMATS

FUNCTIONS = sorted({function for command in COMMANDS.values() for function in command.functions})


def keyword_only(function):
    """Returns the keyword-only parameters of a function named as in `COMMANDS`, by Python's own account."""
    found = zoo
    for part in function.split("."):
        found = getattr(found, part)
    return {p.name: p for p in inspect.signature(found).parameters.values() if p.kind is p.KEYWORD_ONLY}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_parameters_are_those_of_the_function(function):
    known, read = keyword_only(function), signatures.parameters(function)
    assert [parameter.name for parameter in read] == list(known)
    for parameter in read:
        if parameter.default is not signatures.UNKNOWN:
            assert parameter.default == known[parameter.name].default
        annotation = known[parameter.name].annotation
        assert " | ".join(parameter.types) == ("" if annotation is inspect.Parameter.empty else annotation)


def test_the_formats_of_files_are_those_that_are_read():
    (format,) = (parameter for parameter in signatures.parameters("data.load") if parameter.name == "format")
    assert format.types == (f"Literal[{', '.join(map(repr, FILE_FORMATS))}]", "None")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_docstring_says_what_each_parameter_means(function):
    for parameter in signatures.parameters(function):
        assert parameter.meaning.endswith("."), parameter.name


def test_a_meaning_of_several_lines_is_read_whole_and_ends_with_its_argument():
    (found,) = [p for p in signatures.parameters("adapt") if p.name == "classes"]
    assert found.meaning.startswith('`"strict"`: the data hold no class')
    assert found.meaning.endswith("with fresh weights in the last layer.")
    assert found.types == ("Literal['strict', 'extend', 'new']",) and found.default == "strict"


def test_a_function_that_is_not_in_its_module_is_refused():
    with pytest.raises(LookupError, match=r"server\.py must define the function 'sreve'"):
        signatures.parameters("serving.server.sreve")
