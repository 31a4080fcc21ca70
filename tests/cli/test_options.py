"""How the value of a parameter is typed, read and shown."""

import argparse

import pytest

from zoo.cli.options import meaning, option, read_as, reader, spelled
from zoo.cli.signatures import UNKNOWN, Parameter


def parsed(types, default, *words):
    """Returns what an option of a parameter of such types reads from words, or "absent"."""
    parser = argparse.ArgumentParser(exit_on_error=False)
    parser.add_argument("--a-b", **option(Parameter("a_b", types, default, "It is meant.")))
    return getattr(parser.parse_args(words), "a_b", "absent")


@pytest.mark.parametrize(
    ("types", "default", "words", "value"),
    [
        (("str", "None"), None, [], "absent"),
        (("str", "None"), None, ["none"], "none"),  # a column may be called none
        (("int",), 0, ["7"], 7),
        (("int", "str", "None"), None, ["7"], 7),
        (("int", "str", "None"), None, ["full"], "full"),
        (("float", "None"), None, ["1e-3"], 0.001),
        (("float", "Any", "None"), UNKNOWN, ["1"], 1.0),
        (("float", "Any", "None"), UNKNOWN, ["None"], None),
        (("float", "Any", "None"), UNKNOWN, ["rows/*.csv"], "rows/*.csv"),
        (("int", "Sequence[int]", "None"), None, ["64"], 64),
        (("int", "Sequence[int]", "None"), None, ["64,48"], (64, 48)),
        (("int", "Sequence[int]", "None"), None, ["64x48"], (64, 48)),
        (("float", "Sequence[float]", "None"), None, ["0.1,0.01"], (0.1, 0.01)),
        (("str", "int", "Sequence[str]"), "auto", ["auto"], "auto"),
        (("str", "int", "Sequence[str]"), "auto", ["2"], 2),
        (("str", "int", "Sequence[str]"), "auto", ["GPU:0,GPU:1"], ["GPU:0", "GPU:1"]),
        (("Schema", "str", "os.PathLike", "None"), None, ["schema.json"], "schema.json"),
        (("bool", "None"), None, ["false"], False),
        (("bool",), True, ["true"], True),
        (("Literal['a', 'b']", "Mapping[Any, float]", "None"), None, ["b"], "b"),
        (("Literal['a', 'b']", "int"), "a", ["3"], 3),
        ((), None, ["3"], "3"),
        ((), 2, ["3"], 3),
        ((), 0.5, ["3"], 3.0),
        ((), (), ["3"], ["3"]),
    ],
)
def test_a_value_is_read_as_its_type(types, default, words, value):
    read = parsed(types, default, *(["--a-b", *words] if words else []))
    assert read == value and type(read) is type(value)


def test_a_flag_takes_no_value():
    assert parsed(("bool",), False, "--a-b") is True and parsed(("bool",), False) == "absent"


@pytest.mark.parametrize("types", [("Iterable",), ("str", "Iterable"), ("str", "Iterable[str]", "None")])
def test_an_option_of_several_values_is_repeated(types):
    assert parsed(types, (), "--a-b", "x,y", "--a-b", "z") == ["x,y", "z"]


@pytest.mark.parametrize(
    ("types", "text", "said"),
    [
        (("int",), "many", "must be a whole number. Received: 'many'"),
        (("float", "None"), "big", "must be a number. Received: 'big'"),
        (("int", "Sequence[int]"), "a,b", "must be a whole number or whole numbers with commas between them"),
        (("bool", "None"), "maybe", "must be true or false. Received: 'maybe'"),
    ],
)
def test_what_cannot_be_read_is_refused(types, text, said):
    with pytest.raises(argparse.ArgumentTypeError, match=said):
        reader(types)(text)


def test_another_word_than_the_literals_is_refused():
    with pytest.raises(argparse.ArgumentError, match="invalid choice: 'c'"):
        parsed(("Literal['a', 'b']", "None"), None, "--a-b", "c")


def test_marks_do_not_stand_among_the_commas_of_the_help():
    assert "metavar" not in option(Parameter("engine", ("Literal['a', 'b']",), "a", "How."))
    assert option(Parameter("decimal", ("Literal['.', ',']", "None"), None, "A mark."))["metavar"] == "MARK"


def test_a_target_is_text_however_many_there_may_be():
    read = option(Parameter("target", ("str", "Sequence[str]", "None"), None, "Columns."))["type"]
    assert read("price, net") == "price, net"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('`"auto"` or `["GPU:0", "GPU:1"]`', "auto or GPU:0,GPU:1"),
        ("None or `(28, 28)`; see `zoo.train`.", "none or 28,28; see `zoo.train`."),
        ('such as `"."` or `"%d/%m/%Y"`', 'such as "." or %%d/%%m/%%Y'),
    ],
)
def test_a_meaning_shows_values_as_they_are_typed(text, shown):
    assert meaning(text) == shown


@pytest.mark.parametrize(
    ("types", "default", "value", "words"),
    [
        (("bool",), False, "True", "--a-b"),
        (("bool",), False, "False", "no --a-b"),
        (("int", "Sequence[int]"), None, "(28, 28)", "--a-b 28,28"),
        (("str", "Iterable"), (), "['id', 'a b']", "--a-b id --a-b 'a b'"),
        (("str", "Iterable"), (), "'Unnamed: 0'", "--a-b 'Unnamed: 0'"),
        (("Iterable",), (), "[-999, '-x']", "--a-b -999 --a-b=-x"),
        (("float", "Any", "None"), UNKNOWN, "None", "--a-b none"),
        (("str",), None, "", "--a-b"),
        (("str",), None, "...", "--a-b"),
        (("str",), None, "<object>", "--a-b <object>"),
    ],
)
def test_a_value_of_python_is_spelled_as_it_is_typed(types, default, value, words):
    action = argparse.ArgumentParser().add_argument("--a-b", **option(Parameter("a_b", types, default, "")))
    assert spelled(action, value) == words


def test_a_builder_s_option_of_another_type_than_its_default_is_refused():
    with pytest.raises(argparse.ArgumentTypeError, match="must be true or false, such as True. Received: '3'"):
        read_as(True, "3")
