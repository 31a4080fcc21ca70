"""Every parameter of a public function is an option of its command, or is left out for a reason."""

import importlib
import inspect
import shutil
from pathlib import Path

import pytest

import zoo
from tests.cli.test_signatures import keyword_only
from zoo import cli
from zoo.cli import options, signatures
from zoo.cli.commands import COMMANDS
from zoo.cli.parsers import parsers

OF_PYTHON_ALONE = {
    "build": "a model that nobody saves; `zoo train --epochs 0` saves one",
    "load": "every command that takes a MODEL loads it",
    "register": "packages call it",
    "register_task": "packages call it",
    "save": "-o says where",
    "data.describe": "`zoo schema` shows what it returns",
    "data.pipeline": "batches for a loop of one's own",
    "data.register_column": "packages call it",
}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_parameter_is_an_option_or_is_left_out_for_a_reason(name):
    command, offered = COMMANDS[name], parsers([name])[1][name].options
    known = {parameter for function in command.functions for parameter in keyword_only(function)}
    assert known - set(offered) == set(command.left_out)
    assert not set(command.left_out) & set(offered) and all(command.left_out.values())
    for parameter in known & set(offered):
        assert offered[parameter].option_strings == [command.flags.get(parameter, options.flag(parameter))]


def test_every_public_function_has_a_command_or_a_reason_for_none():
    public = [(name, getattr(zoo, name)) for name in zoo.__all__]
    public += [(f"data.{name}", getattr(zoo.data, name)) for name in zoo.data.__all__]
    called = {function for command in COMMANDS.values() for function in command.functions}
    assert {name for name, value in public if inspect.isfunction(value)} - called == set(OF_PYTHON_ALONE) - called


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A copy of the zoo's source, whose signatures are read in place of its own."""
    source = Path(zoo.__file__).parent
    shutil.copytree(source, tmp_path / "zoo", ignore=lambda folder, names: {n for n in names if n == "__pycache__"})
    monkeypatch.setattr(zoo, "__file__", str(tmp_path / "zoo" / "__init__.py"))
    signatures.parameters.cache_clear()
    yield tmp_path / "zoo"
    signatures.parameters.cache_clear()


def test_a_new_parameter_of_train_is_an_option_of_train_and_reaches_it(package, monkeypatch, tmp_path, capsys):
    home = package.joinpath(*zoo.train.__module__.split(".")[1:]).with_suffix(".py")
    text = home.read_text().replace("\n    callbacks:", "\n    minutes: float = 1.5,\n    callbacks:", 1)
    home.write_text(text.replace("\n        callbacks:", "\n        minutes: Or less, 100%.\n        callbacks:", 1))
    given = {}

    def train(model, data, **settings):
        given.update(settings)
        raise ValueError("`minutes` must be finite. Received: minutes=inf")

    monkeypatch.setattr(zoo, "train", train)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        cli.main(["train", "--help"])
    assert "--minutes NUMBER" in (printed := capsys.readouterr().out) and "Or less, 100%. [1.5]" in printed
    assert cli.main(["train", "mlp_classifier", "titanic", "--minutes", "inf", "--json"]) == 2
    assert given == {"minutes": float("inf"), "verbose": 0}
    assert capsys.readouterr().err == "zoo: error: --minutes must be finite. Received: --minutes inf\n"


def test_a_command_is_a_function_that_there_is():
    for command in COMMANDS.values():
        module, _, name = command.run.partition(":")
        assert callable(getattr(importlib.import_module(module), name))


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_printed_whole(name, capsys):
    """A % in a docstring would be taken for one of argparse's own marks."""
    with pytest.raises(SystemExit) as stopped:
        cli.main([name, "--help"])
    assert stopped.value.code == 0
    printed = capsys.readouterr().out
    assert COMMANDS[name].summary.split()[0] in printed and "%(" not in printed
    assert all(action.option_strings[-1] in printed for action in parsers([name])[1][name].options.values())
