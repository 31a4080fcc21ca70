"""The link holds the whole state: what is written is read again, and what cannot be read keeps its default."""

import pytest

from tests.playground.node import run

pytestmark = pytest.mark.node

STATION = """
const station = {
  name: "axon",
  defaults: {current: 10, second: false, metric: "a", note: "", weights: [0, 1], points: [[0, 0]]},
  encode: {weights: a => a.join(",")},
  decode: {weights: s => s.split(",").map(Number)},
  check: {weights: a => a.length === 2},
  controls: [
    {key: "current", kind: "range", min: 0, max: 40},
    {key: "metric", kind: "select", options: [{value: "a"}, {value: "b & c"}]},
  ],
};
const {read, write, checked} = playground.link;
"""
DEFAULTS = {"current": 10, "second": False, "metric": "a", "note": "", "weights": [0, 1], "points": [[0, 0]]}


def link(body, given=None):
    return run(STATION + body, files=("shell/link.js",), given=given)


def read(hash):
    """Returns state, settings and the problems of a link."""
    found = link("const {state, settings, problems} = read(given, [station]); return [state, settings, problems]", hash)
    return found[0], found[1], [(problem["kind"], problem["key"]) for problem in found[2]]


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"current": 0.1 + 0.2, "second": True, "metric": "b & c"},
        {"current": 40, "weights": [-1e-7, 1e21], "points": [[1.5, -2], [3, 4]]},
        {"note": "ток = 5 % & «?#»\nнет", "points": []},
    ],
)
def test_a_state_is_read_as_it_was_written(changes, language):
    state = DEFAULTS | changes
    settings = {"lang": language, "present": "1"}
    written = link("return write(station, given[0], given[1])", [state, settings])
    assert written.startswith("#axon?current=") and written.isascii() and " " not in written
    assert read(written) == (state, settings, [])


def test_a_link_without_a_state_has_the_defaults():
    assert read("#axon") == (DEFAULTS, {}, [])
    assert read("#axon?lang=ru&second=1") == (DEFAULTS | {"second": True}, {"lang": "ru"}, [])


@pytest.mark.parametrize(
    "value",
    [
        "current=much", "current=", "current=Infinity", "current=41", "second=7", "metric=c", "weights=1",
        "weights=1,x", "points=[[0", "points=5", "points=[[1e999,0]]", "note=%", "points=null",
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_used_keeps_its_default_and_is_told(value):
    problem = ("value", value.partition("=")[0])
    assert read(f"#axon?{value}") == (DEFAULTS, {}, [problem])
    assert read(f"#axon?{value}&lang=ru&current=5")[1:] == ({"lang": "ru"}, [problem])


def test_what_is_unknown_is_told_and_left_out():
    assert read("#axon?volts=3&lang=de") == (DEFAULTS, {}, [("key", "volts"), ("setting", "lang")])
    assert read("#axon?__proto__=3&toString=1") == (DEFAULTS, {}, [("key", "__proto__"), ("key", "toString")])
    assert read("#axons?current=1")[2] == [("station", "axons"), ("key", "current")]
    assert read("#") == read("#start") == read("") == ({}, {}, [])


def test_a_number_is_kept_in_the_range_of_its_slider_and_another_type_is_refused():
    assert link("return [checked(station, 'current', 99), checked(station, 'current', -1)]") == [40, 0]
    for key, value in [("current", "1"), ("second", 1), ("metric", "z"), ("weights", [1]), ("points", {}), ("x", 1)]:
        with pytest.raises(RuntimeError, match=f"{key} of axon must be like|has no {key}"):
            link("return checked(station, given[0], given[1])", [key, value])
