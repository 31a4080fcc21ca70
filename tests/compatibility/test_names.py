"""Recorded public names still exist: parameters, commands, Keras names, entries and their options, presets."""

import pytest

from tests.compatibility import names

pytestmark = pytest.mark.tensorflow

RECORDED = names.recorded()


@pytest.fixture(scope="module")
def now():
    """The names as they are."""
    return names.now()


def check_parameters(found, old, name):
    """Asserts that every call that was valid is still valid: by position, by keyword, and with defaults."""
    new = {parameter["name"]: parameter for parameter in found}
    known = {parameter["name"] for parameter in old}
    for parameter in old:
        assert new.get(parameter["name"]) == parameter, f"{name}: the parameter {parameter['name']!r} has changed"
    for parameter in found:
        optional = "default" in parameter or parameter["kind"] in ("VAR_POSITIONAL", "VAR_KEYWORD")
        assert optional or parameter["name"] in known, f"{name}: the new {parameter['name']!r} must have a default"
    positional = ("POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD", "VAR_POSITIONAL")
    order = [parameter["name"] for parameter in found if parameter["kind"] in positional]
    was = [parameter["name"] for parameter in old if parameter["kind"] in positional]
    assert order[: len(was)] == was, f"{name}: the order of {', '.join(was)} has changed"


@pytest.mark.parametrize("old", RECORDED)
def test_functions_take_what_they_took(old, now):
    for name, parameters in old.get("functions", {}).items():
        assert name in now["functions"], f"zoo.{name} is gone"
        check_parameters(now["functions"][name], parameters, name)


@pytest.mark.parametrize("old", RECORDED)
def test_classes_have_the_members_that_they_had(old, now):
    for name, members in old.get("members", {}).items():
        for member, parameters in members.items():
            assert member in now["members"][name], f"zoo.{name}.{member} is gone"
            if parameters is not None:
                check_parameters(now["members"][name][member], parameters, f"{name}.{member}")


@pytest.mark.parametrize("old", RECORDED)
def test_commands_take_the_options_that_they_took(old, now):
    for command, options in old.get("commands", {}).items():
        assert command in now["commands"], f"zoo {command} is gone"
        found = now["commands"][command]
        for option, wanted in options.items():
            assert option in found, f"zoo {command} {option} is gone"
            assert set(wanted["flags"]) <= set(found[option]["flags"]), (command, option)
            assert found[option]["takes"] == wanted["takes"], (command, option)
            assert found[option]["required"] <= wanted["required"], f"zoo {command} {option} was not required"
            assert set(wanted["choices"]) <= set(found[option]["choices"]) or not found[option]["choices"]
        new = [option for option in found if option not in options and found[option]["required"]]
        assert new == [], f"zoo {command} needs what it did not: {new}"


@pytest.mark.parametrize("old", RECORDED)
def test_keras_finds_what_it_found_under_its_name(old, now):
    assert sorted(set(old.get("keras", ())) - set(now["keras"])) == []


@pytest.mark.parametrize("old", RECORDED)
def test_entries_and_presets_are_there_with_their_options(old, now):
    for name, wanted in old.get("entries", {}).items():
        found = now["entries"][name]
        assert {key: found[key] for key in ("learning", "year")} == {key: wanted[key] for key in ("learning", "year")}
        assert found["task"] == wanted["task"] or wanted["task"] in found["task"], name
        assert [option for option in wanted["options"] if option not in found["options"]] == [], name
    assert [preset for preset in old.get("presets", ()) if preset not in now["presets"]] == []


def test_a_change_of_a_parameter_is_seen():
    def parameter(name, kind="KEYWORD_ONLY", **default):
        return {"name": name, "kind": kind, **default}

    old = [parameter("x", "POSITIONAL_OR_KEYWORD"), parameter("seed", default="0")]
    check_parameters([*old, parameter("ignore", default="()")], old, "train")
    with pytest.raises(AssertionError, match="train: the parameter 'seed' has changed"):
        check_parameters([old[0], parameter("seed", default="1")], old, "train")
    with pytest.raises(AssertionError, match="train: the new 'ignore' must have a default"):
        check_parameters([*old, parameter("ignore")], old, "train")
    with pytest.raises(AssertionError, match="train: the order of x has changed"):
        check_parameters([parameter("y", "POSITIONAL_OR_KEYWORD", default="0"), *old], old, "train")
    with pytest.raises(AssertionError, match="train: the parameter 'x' has changed"):
        check_parameters(old[1:], old, "train")
