"""The playground in Chromium: every station in both languages, each control moved, each question answered."""

import re
import sys
import time

import pytest

from tests.browser.process import ROOT, listening
from tests.browser.touching import INDEX, SETTLED, SVG
from tests.playground.test_stations import NAMES
from zoo.playground import hosting

pytestmark = pytest.mark.browser

# Texts of the page, each with what a screen reader says of shapes; code, papers and the other language left out.
TEXTS = """
const root = document.body, left_out = "pre, code, kbd, script, noscript, .paper a, #language";
const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT), texts = [];
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
  if (!node.parentElement.closest(left_out)) texts.push(node.data.trim());
}
for (const element of root.querySelectorAll("[aria-label]")) texts.push(element.getAttribute("aria-label"));
return texts.filter(Boolean);
"""


@pytest.fixture(scope="module")
def served():
    """The address of `zoo playground`."""
    with listening([sys.executable, "-m", "zoo", "playground", "--port", 0], PYTHONPATH=str(ROOT)) as (_, address):
        yield f"{address}/"


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("place", ["file", "served"])
def test_the_start_page_leads_to_every_station(page, request, place, language):
    page.address = INDEX if place == "file" else request.getfixturevalue("served")
    page.open(f"start?lang={language}")
    assert page.js("return playground.failures") == [] and page.text("#notices") == ""
    assert len(page.all(".timeline .stop")) == len(NAMES)
    for i, name in enumerate(NAMES):
        title = page.all(".timeline h2 a")[i].text
        page.all(".timeline h2 a")[i].click()
        page.until(lambda title=title: page.text("main h1").startswith(title))
        assert page.js("return location.hash").startswith(f"#{name}?") and page.text("#notices") == ""
        assert page.js("return document.title").startswith(title)
        assert page.js("return document.documentElement.lang") == language
        page.all("#home")[0].click()
        page.until(lambda: page.all(".timeline"))


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("name", NAMES)
def test_every_control_moves_and_every_question_is_answered(page, name, language):
    page.open(f"{name}?lang={language}")
    for i in range(len(page.all("#controls .control"))):
        visible = page.all("#controls .control")
        if i < len(visible):  # others may be shown by now
            page.move(visible[i])
            page.end_motion()
    assert page.text("#notices") == ""
    verdicts = page.answer_all()
    begin = ("Right. ", "No. The answer is: ") if language == "en" else ("Верно. ", "Нет. Правильный ответ: ")
    assert all(
        verdict.startswith(begin) and "undefined" not in verdict and "NaN" not in verdict for verdict in verdicts
    )
    assert all(bool(re.search("[а-яё]", verdict.lower())) == (language == "ru") for verdict in verdicts)
    page.end_motion()
    assert page.text("#notices") == "" and "zoo" in page.text("#program")


@pytest.mark.parametrize("name", NAMES)
def test_every_text_follows_the_language(page, name):
    page.open(f"{name}?lang=en")
    page.answer_all()
    english = page.js(TEXTS)
    assert [text for text in english if re.search("[а-яё]", text.lower())] == []
    page.all("#language")[0].click()
    page.until(lambda: page.js("return document.documentElement.lang") == "ru")
    russian = page.js(TEXTS)
    # Two words of small Latin letters in a row are English; names of papers, units and formulas are not.
    assert [text for text in russian if re.search(r"\b[a-z]{3,} [a-z]{2,}\b", text)] == []
    assert page.all("#questions .answer"), "what was revealed stays so in the other language"


@pytest.mark.parametrize("name", NAMES)
def test_pictures_are_named_and_saved_as_files_of_their_own(page, name):
    page.open(f"{name}?lang=ru")
    pictures = page.saved()
    assert len(pictures) >= 1
    for picture in pictures:
        assert picture.tag == f"{SVG}svg" and float(picture.get("width")) > 0
        assert re.search("[а-яё]", picture.find(f"{SVG}title").text.lower())
        assert len(list(picture.iter())) > 10
        for element in picture.iter():
            assert element.get("class") is None and "var(" not in "".join(element.attrib.values())
            if element.tag == f"{SVG}text":
                assert element.get("fill").startswith("rgb") and element.get("font-size").endswith("px")
    assert page.js("return [...document.querySelectorAll('svg')].every(svg => svg.getAttribute('aria-label'))")


def test_the_button_saves_the_file(page, tmp_path):
    page.driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    page.open(NAMES[2])
    page.all(".picture .save")[0].click()
    file = tmp_path / f"{NAMES[2]}.svg"
    page.until(file.is_file)
    assert file.read_text(encoding="utf-8").startswith("<svg ")


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("name", NAMES)
def test_the_link_brings_back_the_whole_state(page, name, language):
    page.open(f"{name}?lang={language}")
    for control in page.all("#controls .control.range, #controls .control.checkbox"):
        page.move(control)
    hash, shown = page.hash(), page.shown()
    assert f"lang={language}" in hash and hash.isascii()
    page.open(hash.removeprefix("#"))
    assert page.text("#notices") == ""
    assert page.shown() == shown and page.hash() == hash


@pytest.mark.parametrize(("language", "said"), [("en", "the default is shown"), ("ru", "взято значение по умолчанию")])
def test_a_malformed_link_falls_back_and_says_so(page, language, said):
    page.open(f"{NAMES[0]}?lang={language}")
    shown = page.shown()
    first = page.js("return Object.keys(playground.stations[0].defaults)[0]")
    page.open(f"{NAMES[0]}?{first}=%&volts=3&lang={language}")
    assert said in page.text("#notices") and "volts" in page.text("#notices")
    assert page.shown() == shown
    page.open(f"nowhere?lang={language}")
    assert "nowhere" in page.text("#notices") and page.all(".timeline")


@pytest.mark.parametrize("name", NAMES)
def test_all_that_can_be_used_is_reached_by_the_tab_key_and_moves(page, name):
    from selenium.webdriver.common.keys import Keys

    page.open(f"{name}?lang=en")
    usable = page.all("a[href]:not(#skip), button:enabled, input:enabled, select, textarea, pre, [tabindex='0']")
    reached = page.reached_by_tab()
    groups = {element.get_attribute("name") for element in reached if element.get_attribute("type") == "radio"}
    missed = [
        element.get_attribute("outerHTML")[:200]
        for element in usable
        if element not in reached and element.get_attribute("name") not in groups  # arrows go on within a group
    ]
    assert missed == []
    # Of a value that has no place, Left takes away as much as Up adds: Up twice leaves it changed.
    for role, keys in {"slider": (Keys.ARROW_LEFT, Keys.ARROW_UP, Keys.ARROW_UP), "button": (Keys.ENTER,)}.items():
        for i in range(min(8, len(page.all(f".picture [role={role}]")))):
            if i >= len(shapes := page.all(f".picture [role={role}]")):
                break  # a press may take shapes away
            said = shapes[i].get_attribute("aria-label")
            before = page.hash(), page.picture()
            page.js("arguments[0].focus()", shapes[i])
            page.press(*keys)
            page.end_motion()
            assert (page.hash(), page.picture()) != before, said


def test_the_presenter_s_mode_turns_the_pages(page):
    from selenium.webdriver.common.keys import Keys

    page.open(f"{NAMES[0]}?lang=en")
    page.press("p")
    page.until(lambda: not page.all("#controls"))
    assert "present=1" in page.hash()
    for i, key in enumerate([Keys.ARROW_RIGHT, Keys.PAGE_DOWN], 1):
        page.press(key)
        page.until(lambda i=i: page.js("return location.hash").startswith(f"#{NAMES[i]}?"))
    page.press(Keys.ARROW_LEFT)
    page.until(lambda: page.js("return location.hash").startswith(f"#{NAMES[1]}?"))
    page.press("c")
    page.until(lambda: page.all("#controls"))
    page.press("c", Keys.ESCAPE)
    page.until(lambda: page.all("#controls") and "present" not in page.hash())
    page.press(Keys.ARROW_RIGHT)
    assert page.hash().startswith(f"#{NAMES[1]}?")


def test_keys_of_one_letter_can_be_switched_off(page):
    from selenium.webdriver.common.keys import Keys

    page.open(f"{NAMES[0]}?lang=en")
    page.press("?")
    page.until(lambda: page.all("dialog kbd"))
    page.press("p")
    assert "present" not in page.hash(), "the table has the keys to itself"
    page.all("dialog #letters")[0].click()
    page.press(Keys.ESCAPE)
    page.until(lambda: not page.all("dialog"))
    page.press("p", "l")
    assert "present" not in page.hash() and "keys=0" in page.hash() and "lang=en" in page.hash()


def test_the_theme_is_chosen_and_stays_in_the_link(page):
    page.open(f"{NAMES[0]}?lang=en&theme=light")
    paper = "return getComputedStyle(document.body).backgroundColor"
    light = page.js(paper)
    page.press("t")
    page.until(lambda: page.js(paper) != light)
    assert "theme=dark" in page.hash()
    page.open(page.hash().removeprefix("#"))
    assert page.js(paper) != light


@pytest.mark.parametrize("name", NAMES)
def test_nothing_moves_by_itself_for_those_who_want_less_motion(page, name):
    with page.media(prefers_reduced_motion="reduce"):
        page.open(f"{name}?lang=en")
        for button in page.all("#controls .control.button button:enabled"):
            if not button.is_enabled():
                continue
            page.js("arguments[0].click()", button)
            time.sleep(0.1)
            before = page.picture()
            time.sleep(0.3)
            assert page.picture() == before, button.text
            page.end_motion()


def test_what_is_copied_is_the_program(page, served):
    page.address = served
    page.driver.execute_cdp_cmd(
        "Browser.grantPermissions", {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    )
    page.open(f"{NAMES[0]}?lang=en")
    button = page.all(".code button")[0]
    button.click()
    page.until(lambda: button.text == "Copied")
    assert page.js("return navigator.clipboard.readText()") == page.js(
        "return document.getElementById('program').textContent"
    )
    page.until(lambda: button.text == "Copy")


@pytest.mark.parametrize("name", ["", *NAMES])
def test_the_page_is_as_wide_as_a_phone(page, name):
    with page.screen(360, 740):
        page.open(f"{name}?lang=ru")
        time.sleep(SETTLED)
        wide = page.js(
            "return [...document.querySelectorAll('body *')].filter(e => !e.closest('svg, pre, #skip, .hidden')"
            " && e.getBoundingClientRect().right > 361).map(e => e.outerHTML.slice(0, 120))"
        )
        assert wide == [] and page.js("return document.documentElement.scrollWidth") <= 360
        small = page.js(
            "return [...document.querySelectorAll('.picture text')].map(t => parseFloat(getComputedStyle(t).fontSize)"
            " * t.getScreenCTM().a).filter(size => size < 9)"
        )
        assert small == [], "letters in pictures must be legible"


def test_a_station_that_cannot_be_loaded_leaves_the_others(page, tmp_path):
    """Its file is missing, or has a mistake, or describes it wrongly."""
    folder = hosting.write(tmp_path / "site").parent
    (folder / "stations" / "perceptron.js").unlink()
    (folder / "stations" / "hopfield.js").write_text('"use strict";\nnothing_of_this_name();\n')
    (folder / "stations" / "descent.js").write_text('playground.station({name: "descent"});\n')
    page.address = (folder / "index.html").as_uri()
    page.open("start?lang=en")
    assert len(page.all(".timeline .stop")) == len(NAMES) - 3
    said = page.text("main")
    assert "perceptron.js" in said
    assert said.count("This part could not be loaded") == 3  # of a file, Chromium tells a page no more than that
    page.open(f"{NAMES[0]}?lang=en")
    assert page.all(".picture svg")
    assert len(page.console()) >= 3  # which says the same, and would fail the test


def test_a_station_that_fails_while_it_draws_says_so(page, tmp_path):
    folder = hosting.write(tmp_path / "site").parent
    path = folder / "stations" / "perceptron.js"
    path.write_text(
        path.read_text(encoding="utf-8").replace("draw(root, api) {", 'draw() { throw new Error("no chalk");', 1)
    )
    page.address = (folder / "index.html").as_uri()
    page.open("perceptron?lang=ru")
    assert "Станция остановилась с ошибкой: no chalk" in page.text("#notices")
    assert page.all("#controls .control") and len(page.console()) == 1
