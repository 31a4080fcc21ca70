"""Messages name parameters as the command spells them, and no message of the zoo names one without its mark."""

import ast
import re
from pathlib import Path

import pytest

import zoo
from zoo.cli.commands import COMMANDS
from zoo.cli.parsers import parsers
from zoo.cli.spelling import in_options, one_line

PACKAGE = Path(zoo.__file__).parent


@pytest.mark.parametrize(
    ("command", "said", "wanted"),
    [
        ("export", "Pass `overwrite=True`.", "Pass --overwrite."),
        ("export", "or pass `allow_signature_change=True`", "or pass --allow-signature-change"),
        (
            "export",
            "`format` must be one of a. Received: format='b'",
            "--format must be one of a. Received: --format b",
        ),
        ("export", "`units` and colour=True", "`units` and colour=True"),
        ("export", 'as the column\'s "format" in a schema', 'as the column\'s "format" in a schema'),
        ("export", "zoo.data.load(..., format='csv')", "zoo.data.load(..., format='csv')"),
        ("train", "Pass `image_size=(12, 9)` to", "Pass --image-size 12,9 to"),
        ("train", "`ignore=['id', 'a b']`, or", "--ignore id --ignore 'a b', or"),
        ("train", "load with `stream=False`", "load with --stream False"),
        ("train", "Received: thousands=',', decimal=','", "Received: --thousands ,, --decimal ,"),
        ("train", "Received: epochs=-1", "Received: --epochs -1"),
        ("train", "Received: learning_rate=1e-05. Lower it", "Received: --learning-rate 1e-05. Lower it"),
        ("train", "Received: `epochs`", "Received: --epochs"),
        ("serve", "`most_bytes` must be at least 1", "--max-bytes must be at least 1"),
        # What the caller called something is data.
        ("train", "No such file: 'data/time=2020/epochs=3.csv'", "No such file: 'data/time=2020/epochs=3.csv'"),
        ("train", "no column 'seed=1'. The data have: seed=2", "no column 'seed=1'. The data have: seed=2"),
        ("train", "Received: 'seed=1', epochs=3", "Received: 'seed=1', epochs=3"),
    ],
)
def test_a_message_is_told_in_the_options_of_the_command(command, said, wanted):
    assert in_options(said, parsers([command])[1][command].options) == wanted
    assert in_options(said, {}) == said


def test_the_options_of_a_builder_are_spelled_too():
    options = parsers(["train", "mlp_classifier"])[1]["train"].options
    assert in_options("`num_bins` must be 1. Received: num_bins=0", options) == (
        "--num-bins must be 1. Received: --num-bins 0"
    )


def test_an_error_of_the_system_names_its_file():
    assert one_line(OSError(28, "No space left on device", "out/a")) == "No space left on device: out/a"
    assert one_line(ValueError("two\n  lines")) == "two lines" and one_line(KeyError()) == "KeyError"


# No message of the zoo names a parameter without its mark.


def template(node):
    """Returns the text of a string or an f-string, with {} for each value in it."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)


def messages(tree):
    """Yields the line and the text of each sentence in a file, without docstrings."""
    holders = (ast.Module, ast.ClassDef, ast.FunctionDef)
    bodies = [node.body[0] for node in ast.walk(tree) if isinstance(node, holders) and node.body]
    skipped = {id(first.value) for first in bodies if isinstance(first, ast.Expr)}
    skipped |= {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in skipped:
            text = template(node)
            if " " in text and not text.startswith("<"):
                yield node.lineno, text


def unmarked(text, names):
    """Returns the parameters that a message names without a mark. A whole call, `f(x=1)`, has none."""
    text = re.sub(r"`[^`]*`", "", text)
    text = re.sub(r"[\w.]+\((?:[^()]|\([^()]*\))*\)", "", text)
    text = re.sub(r"Received: \w+=(\{\}|'[^']*'|\w+)?(, \w+=(\{\}|\w+)?)*", "", text)
    return [name for name in re.findall(r"\b(\w+)=(?!=)", text) if name in names]


def test_every_message_that_names_a_parameter_marks_it():
    names = {name for command in COMMANDS for name in parsers([command])[1][command].options}
    found = [
        f"{path.relative_to(PACKAGE)}:{line}: {', '.join(unmarked(text, names))}: put it in backticks, `name=value`"
        for path in sorted(PACKAGE.rglob("*.py"))
        for line, text in messages(ast.parse(path.read_text(encoding="utf-8")))
        if unmarked(text, names)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("raise ValueError('Pass overwrite=True.')", ["overwrite"]),
        ("raise ValueError(f'{a} is there. Pass version={b!r}, or overwrite=True.')", ["version", "overwrite"]),
        ("raise ValueError('Pass `overwrite=True`. Received: epochs=-1')", []),
        ("raise ValueError(f'It must be. Received: thousands={a!r}, decimal={b!r}')", []),
        ("raise ValueError('Load zoo.data.load(..., stream=True) first')", []),
        ("def f():\n    '''Returns x where overwrite=True is given.'''", []),
    ],
)
def test_a_parameter_without_a_mark_is_seen(line, names):
    known = {"version", "overwrite", "epochs", "thousands", "stream"}
    found = [name for _, text in messages(ast.parse(line)) for name in unmarked(text, known)]
    assert found == names
