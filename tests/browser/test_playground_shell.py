"""What the playground's page does around its stations: presenting, the focus, a screen reader, a phone."""

import statistics
import time

import pytest

from tests.browser.touching import SETTLED
from tests.playground.test_stations import NAMES

pytestmark = pytest.mark.browser

SIZES = """
return [...document.querySelectorAll('.picture text')].filter(text => text.checkVisibility() && text.textContent)
  .map(text => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a);
"""
OUTSIDE = """
return [...document.querySelectorAll('.picture text')].filter(text => text.checkVisibility() && text.textContent)
  .filter(text => {
    const one = text.getBoundingClientRect(), all = text.ownerSVGElement.getBoundingClientRect();
    return one.left < all.left - 1 || one.right > all.right + 1 || one.top < all.top - 1 || one.bottom > all.bottom + 1;
  }).map(text => text.textContent);
"""
FIRST = "return document.querySelector('.picture > svg').getBoundingClientRect().toJSON()"


@pytest.mark.parametrize("name", NAMES)
def test_presented_letters_are_larger_and_the_picture_is_whole(page, name):
    with page.screen(1280, 720):
        page.open(f"{name}?lang=ru")
        normal = statistics.median(page.js(SIZES))
        page.open(f"{name}?lang=ru&present=1")
        page.until(lambda: page.js("return document.documentElement.classList.contains('present')"))
        assert statistics.median(page.js(SIZES)) > 1.1 * normal
        box = page.js(FIRST)
        assert box["top"] >= 0 and box["bottom"] <= 720 and not page.all(".lead, .asked, .panel")


@pytest.mark.parametrize("focus", [".picture [role=slider]", "#controls input[type=range]"])
def test_a_clicker_turns_the_pages_from_a_slider(page, focus):
    from selenium.webdriver.common.keys import Keys

    page.open("axon?lang=en&present=1")
    page.press("c")
    page.until(lambda: page.all("#controls"))
    page.js("document.querySelector(arguments[0]).focus()", focus)
    page.press(Keys.ARROW_RIGHT)
    assert page.hash().startswith("#axon?"), "arrows are the slider's"
    page.js("document.querySelector(arguments[0]).focus()", focus)
    page.press(Keys.PAGE_DOWN)
    page.until(lambda: page.js("return location.hash").startswith(f"#{NAMES[1]}?"))
    page.press("c")


def test_a_clicker_scrolls_what_scrolls(page):
    from selenium.webdriver.common.keys import Keys

    page.open("axon?lang=en&present=1")
    page.js(
        "const text = document.createElement('textarea'); document.querySelector('main').append(text); text.focus()"
    )
    page.press(Keys.PAGE_DOWN)
    assert page.hash().startswith("#axon?")


def test_questions_have_a_key_of_their_own(page):
    page.open("axon?lang=en&present=1")
    page.press("q")
    page.until(lambda: page.all("#questions"))
    assert not page.all("#controls")
    page.press("q")
    page.until(lambda: not page.all("#questions"))


def test_keys_of_letters_work_on_a_russian_keyboard(page):
    page.open("axon?lang=ru")
    page.js("document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'з', code: 'KeyP', bubbles: true}))")
    assert "present=1" in page.hash()


def test_the_focus_and_the_selection_stay_while_the_state_changes(page):
    page.open("axon?lang=en")
    page.js("document.querySelectorAll('#stations a')[4].focus(); window.link = document.activeElement")
    before = page.hash()
    page.js(
        "const field = document.querySelector('#controls input[type=range]');"
        "field.stepUp(); field.dispatchEvent(new Event('input'))"
    )
    assert page.hash() != before
    assert page.js("return document.activeElement === window.link && window.link.href.includes('#hopfield')")
    page.js("getSelection().selectAllChildren(document.getElementById('program'))")
    program = page.text("#program")
    page.js("const f = document.querySelector('#controls input[type=range]'); f.dispatchEvent(new Event('input'))")
    assert page.js("return getSelection().toString()").strip() == program.strip()


def test_a_screen_reader_hears_at_most_one_result_a_second_and_the_last(page):
    page.open("axon?lang=en")
    page.js("""
      window.heard = [], window.seen = 0;
      const page = {language: () => "en", changed() {}, failed(error) { throw error; },
        buttons: document.getElementById("motion"),
        said: document.createElement("p"), spoken: document.createElement("p")};
      const hear = () => heard.push([performance.now(), page.spoken.textContent]);
      new MutationObserver(hear).observe(page.spoken, {childList: true});
      window.api = playground.api(playground.stations[0], playground.stations[0].defaults, page);
      const end = performance.now() + 2500;
      api.animate(() => {
        api.say(`number ${++window.seen}`);
        return performance.now() < end;
      });
    """)
    time.sleep(3)
    seen, heard = page.js("return [seen, heard]")
    assert 3 <= len(heard) <= 5 < seen and heard[-1][1] == f"number {seen}"
    assert all(later - sooner > 950 for (sooner, _), (later, _) in zip(heard[:-2], heard[1:-1], strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_sliders_of_a_picture_stand_within_their_limits(page, name):
    page.open(f"{name}?lang=en")
    found = page.js(
        "return [...document.querySelectorAll('.picture .draggable')].map(shape =>"
        " ['min', 'now', 'max'].map(part => parseFloat(shape.getAttribute(`aria-value${part}`))))"
    )
    assert all(low <= now <= high for low, now, high in found)


@pytest.mark.parametrize("name", NAMES)
def test_a_phone_shows_the_picture_first_and_the_controls_before_the_next(page, name):
    with page.screen(360, 740):
        page.open(f"{name}?lang=ru")
        time.sleep(SETTLED)
        assert page.js("return document.getElementById('head').offsetHeight") <= 100 and not page.all("#stations a")
        box = page.js(FIRST)
        assert box["top"] < 260 and min(box["bottom"], 740) - box["top"] > 200
        after = page.js(
            "const [first, second] = [...document.querySelectorAll('figure.picture')].filter(f => f.checkVisibility());"
            "const panel = document.getElementById('panel').getBoundingClientRect();"
            "return [panel.top >= first.getBoundingClientRect().bottom,"
            " !second || panel.bottom <= second.getBoundingClientRect().top + 1]"
        )
        assert after == [True, True]
        assert page.js(SIZES) == [] or min(page.js(SIZES)) >= 11, "letters in pictures must be legible"
        assert page.js(OUTSIDE) == []
        page.all("#menu")[0].click()
        assert len(page.all("#stations a")) == len(NAMES)
        page.all("#stations a")[1].click()
        page.until(lambda: page.js("return location.hash").startswith(f"#{NAMES[1]}?") and not page.all("#stations a"))


def test_controls_stay_and_keep_the_focus_where_a_phone_s_pictures_are_built_anew(page):
    with page.screen(360, 740):
        page.open("axon?lang=ru")
        field = page.all("#controls select")[0]
        for i in range(len(field.find_elements("css selector", "option"))):
            page.js(
                "arguments[0].focus(); arguments[0].selectedIndex = arguments[1];"
                "arguments[0].dispatchEvent(new Event('change'))", field, i
            )  # fmt: skip
            assert page.all("#controls select") and page.js("return document.activeElement === arguments[0]", field)
    assert page.text("#notices") == ""
