"""The stations as they describe themselves: both languages, papers, questions, and programs that run."""

import os
import re
import subprocess
import sys

import pytest

from tests.browser.process import ROOT
from tests.playground.node import PAGE, run
from tests.playground.test_static import SCRIPTS
from zoo import registry

pytestmark = pytest.mark.node
NAMES = (
    "axon",
    "mcculloch_pitts",
    "perceptron",
    "mark_1",
    "hopfield",
    "maps",
    "neocognitron",
    "descent",
    "backpropagation",
    "your_data",
)
LIGHT = ("shell/namespace.js", "shell/language.js", "shell/link.js")  # the part of the shell that needs no page
FILES = [*LIGHT, *(script for script in SCRIPTS if not script.startswith("shell/") and (PAGE / script).is_file())]

DESCRIBED = """
return playground.stations.map(station => {
  const {name, title, year, lead, paper, entry, defaults, controls, questions} = station;
  const shown = value => (typeof value === "function" ? value(defaults) : value) ?? null;
  const links = ["en", "ru"].map(lang => {
    const link = playground.link.write(station, defaults, {lang});
    const {state, problems, settings} = playground.link.read(link, playground.stations);
    return {link, same: JSON.stringify(state) === JSON.stringify(defaults), problems, settings};
  });
  return {
    name, title, year, lead, paper, entry, defaults, links,
    controls: controls.map(({label, unit, options = []}) => [shown(label), shown(unit), options.map(o => o.label)]),
    questions: questions.map(({ask, choices, set = {}, explain}) => ({
      ask, choices, set, explain: typeof explain === "function" ? null : explain,
    })),
    program: station.python({...defaults}),
  };
});
"""


@pytest.fixture(scope="module")
def stations():
    return {station["name"]: station for station in run(DESCRIBED, files=FILES)}


def texts(value):
    """Yields every {en, ru} in a description."""
    if isinstance(value, dict) and set(value) == {"en", "ru"}:
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts(part)


def test_the_stations_stand_in_the_order_of_the_lecture(stations):
    assert tuple(stations) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_text_is_there_in_both_languages(stations, name):
    """What both languages share is a plain string."""
    found = list(texts(stations[name]))
    assert len(found) >= 8
    for text in found:
        assert text["en"].strip() and re.search("[а-яё]", text["ru"].lower()), text
        assert not re.search("[а-яё]", text["en"].lower()), text


@pytest.mark.parametrize("name", NAMES)
def test_a_station_names_its_paper_and_its_entry_and_asks_at_least_once(stations, name):
    station = stations[name]
    registry.info(station["entry"])
    assert station["paper"]["href"].startswith("https://") and station["paper"]["text"]
    assert len(station["questions"]) >= 1
    for question in station["questions"]:
        assert len(question["choices"]) >= 2
        assert question["set"].keys() <= station["defaults"].keys()


@pytest.mark.parametrize("name", NAMES)
def test_the_defaults_are_read_from_their_link_in_both_languages(stations, name):
    for language, link in zip(("en", "ru"), stations[name]["links"], strict=True):
        assert link["same"] and link["problems"] == [] and link["settings"] == {"lang": language}, link
        assert link["link"].isascii() and len(link["link"]) < 2000


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.parametrize("name", NAMES)
def test_a_program_runs_as_it_is_copied(stations, name, tmp_path):
    (tmp_path / "copied.py").write_text(stations[name]["program"], encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "copied.py"]
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip()


@pytest.mark.parametrize(("document", "language"), [("playground.md", "en"), ("playground.ru.md", "ru")])
def test_the_documents_list_the_stations(stations, document, language):
    table = re.findall(
        r"^\| (.+?) \| (.+?) \| `(\w+)` \| .+ \|$", (ROOT / "docs" / document).read_text("utf-8"), re.MULTILINE
    )

    def text(value):
        return value[language] if isinstance(value, dict) else value

    listed = [(text(one["title"]), text(one["year"]), one["entry"]) for one in stations.values()]
    assert table == listed
