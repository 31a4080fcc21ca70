"""Accessibility of the playground by axe's rules (WCAG 2.2, levels A and AA): light, dark, on a phone, presented.

axe-core (Deque, MPL-2.0) is a tool of this test alone. The variable AXE names its file: `.ci/run browser` says whence.
"""

import os
import time
from pathlib import Path

import pytest

from tests.browser.touching import SETTLED, Playground
from tests.playground.test_stations import NAMES

pytestmark = pytest.mark.browser

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# It takes all signs that are drawn in a shape, such as an arrow and a number, for the shape's label, which has to be
# a part of its name. The names say the same in words. (An experiment in axe 4.12, a rule in 4.14.)
LEFT_OUT = ["label-content-name-mismatch"]
RUN = """
const done = arguments[arguments.length - 1];
const failed = error => done({error: String(error)});
const rules = Object.fromEntries(arguments[1].map(name => [name, {enabled: false}]));
const options = {runOnly: arguments[0], rules, resultTypes: ["violations"], preload: false};
axe.run(document, options).then(done, failed);
"""
PHONE = (360, 740)
DESK = (1200, 1000)


@pytest.fixture(scope="session")
def axe():
    """The text of axe-core."""
    file = Path(os.environ.get("AXE", ""))
    if not file.is_file():
        pytest.fail(
            "The variable AXE must name axe.min.js, of axe-core 4.12 or later. Received: "
            f"AXE={os.environ.get('AXE', '')!r}. To get one: pip download --no-deps axe-playwright-python==0.1.8 and "
            "unzip it."
        )
    return file.read_text(encoding="utf-8")


def violations(page, axe):
    """Returns what axe finds on the page as it is, a line an element."""
    page.js(axe)
    found = page.driver.execute_async_script(RUN, RULES, LEFT_OUT)
    assert "error" not in found, found
    return [f"{rule['id']}: {node['html'][:160]}" for rule in found["violations"] for node in rule["nodes"]]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("name", ["start", *NAMES])
def test_a_page_breaks_no_rule(chromium, axe, name, screen, theme):
    page = Playground(chromium)
    chromium.set_script_timeout(60)
    with page.screen(*screen):
        page.open(f"{name}?lang={'en' if theme == 'light' else 'ru'}&theme={theme}")
        time.sleep(SETTLED)
        assert violations(page, axe) == []
        if name != "start":
            page.answer_all()
            page.end_motion()
            assert violations(page, axe) == [], "with the answers revealed"


@pytest.mark.parametrize("name", ["start", *NAMES])
def test_a_presented_page_breaks_no_rule(chromium, axe, name):
    page = Playground(chromium)
    page.open(f"{name}?lang=ru&present=1&theme=dark")
    assert violations(page, axe) == []


def test_the_table_of_keys_breaks_no_rule(chromium, axe):
    page = Playground(chromium)
    page.open("start?lang=ru&theme=light")
    page.press("?")
    page.until(lambda: page.all("dialog"))
    assert violations(page, axe) == []


def test_a_broken_rule_is_seen(chromium, axe):
    page = Playground(chromium)
    page.open("start?lang=en&theme=light")
    page.js("document.querySelector('main').append(document.createElement('select'))")
    page.js("document.querySelector('.lead').style.color = '#999'")
    found = violations(page, axe)
    assert sorted(line.partition(":")[0] for line in found) == ["color-contrast", "select-name"]
