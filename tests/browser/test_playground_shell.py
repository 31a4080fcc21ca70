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


HANDLES = """
const names = ['aria-label', ...['min', 'now', 'max', 'text'].map(part => `aria-value${part}`)];
const shapes = [...document.querySelectorAll('.picture [role=slider]')];
return shapes.map(shape => names.map(name => shape.getAttribute(name)));
"""


@pytest.mark.parametrize("name", NAMES)
def test_sliders_of_a_picture_stand_within_their_limits(page, name):
    page.open(f"{name}?lang=en")
    for _, low, now, high, _ in page.js(HANDLES):
        assert float(low) <= float(now) <= float(high)


@pytest.mark.parametrize(
    ("link", "label", "limits", "said"),
    [  # limits, the number and its words are those of the quantity, as its slider in the controls has them
        ("axon?current=10", "Current, µA/cm²", (-10, 10, 60), "10 µA/cm²"),
        ("axon?experiment=pulses&delay=8&second=30", "Second pulse: delay, strength", (0.5, 8, 38), "8 ms, 30 µA/cm²"),
        ("axon?experiment=cable&temperature=6.3", "Temperature in °C", (0, 6.3, 36), "6.3 °C"),
        ("perceptron", "Cross: arrows move it, Enter puts a point", (-2, -1, 2), "x₁ = −1, x₂ = 1"),
        ("maps?px=0.72&py=0.3", "A point that asks which unit wins", (0, 0.72, 1), "x = 0.72, y = 0.30"),
        ("descent?bx=-2.3&by=1.9", "The start", (-3, -2.3, 3), "θ₁ = −2.30, θ₂ = 1.90"),
        ("descent?rate=0.4", "The learning rate", (0.005, 0.4, 2), "0.4"),
        ("descent?view=newton&nx=-0.5&ny=0.9", "The start", (-3, -0.5, 6), "slope = −0.50, bias = 0.90"),
        ("descent?view=newton&turn=30", "The view, which turns", (-180, 30, 180), "30°"),
        ("descent?view=feeding&fx=-1.1&fy=1.9", "The start", (-1.6, -1.1, 2.6), "slope = −1.10, bias = 1.90"),
        ("backpropagation?x1=1", "Input x₁", (-3, 1, 3), "1.00"),
        ("backpropagation?at=1", "Where the tangent touches", (-5, 1, 5), "z = 1.00"),
    ],
)
def test_a_slider_of_a_picture_says_its_quantity_in_its_own_units(page, link, label, limits, said):
    page.open(f"{link}{'&' if '?' in link else '?'}lang=en")
    found = [
        (float(low), float(now), float(high), text) for own, low, now, high, text in page.js(HANDLES) if own == label
    ]
    assert found == [(*limits, said)]


def test_weights_and_pixels_are_said_within_their_own_limits(page):
    page.open("backpropagation?lang=en")
    weights = [row for row in page.js(HANDLES) if row[0].startswith("Weight ")]
    assert weights and {(low, high) for _, low, _, high, _ in weights} == {("-8", "8")}
    assert all(f"{float(now):.2f}".replace("-", "−") == text for _, _, now, _, text in weights)
    for mode in ("move", "draw"):
        page.open(f"neocognitron?mode={mode}&lang=en")
        ((_, low, now, high, said),) = page.js(HANDLES)
        assert (low, high) == ("1", "16") and said.endswith(f", column {now}")


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
