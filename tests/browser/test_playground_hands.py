"""The playground by the pointer and by touch: a shape dragged, a numeral drawn, a table brought as a file."""

import pytest

from tests.browser.touching import CHOOSE, TABLE

pytestmark = pytest.mark.browser


def test_a_shape_is_dragged_by_the_pointer(page):
    from selenium.webdriver.common.action_chains import ActionChains

    page.open("descent?lang=en")
    shape = page.all(".picture [role=slider]")[0]
    page.js("arguments[0].scrollIntoView({block: 'center'})", shape)
    before, place = page.hash(), shape.rect
    ActionChains(page.driver, duration=50).click_and_hold(shape).move_by_offset(40, 25).release().perform()
    after = page.hash()
    assert after != before
    assert abs(shape.rect["x"] - place["x"] - 40) < 3 and abs(shape.rect["y"] - place["y"] - 25) < 3
    ActionChains(page.driver, duration=50).move_by_offset(30, 30).perform()
    assert page.hash() == after, "what was let go stays"


@pytest.mark.parametrize("by", ["mouse", "touch"])
def test_a_numeral_is_drawn_on_the_retina(page, by):
    page.open("neocognitron?lang=en")
    mode = page.all("#controls .control.select select")
    for field in mode:  # the control that chooses between moving and drawing
        options = page.js("return [...arguments[0].options].map(option => option.text)", field)
        for i, option in enumerate(options):
            if "draw" in option.lower():
                page.js(CHOOSE, field, i)
    page.until(lambda: "mode=draw" in page.hash())
    retina = page.all(".picture [role=slider]")[0]
    page.js("arguments[0].scrollIntoView({block: 'center'})", retina)
    box = page.js("return arguments[0].getBoundingClientRect().toJSON()", retina)
    x, y, far = box["x"] + box["width"] * 0.08, box["y"] + box["height"] * 0.08, box["height"] * 0.7
    image, lit = "return new URLSearchParams(location.hash.split('?')[1]).get('image')", page.picture()
    page.hash()
    before = page.js(image)
    places = [(x, y + far * i / 20) for i in range(21)]
    if by == "mouse":
        kinds = ["mousePressed", *["mouseMoved"] * 20, "mouseReleased"]
        for kind, (u, v) in zip(kinds, [*places, places[-1]], strict=True):
            event = {"type": kind, "x": u, "y": v, "button": "left", "buttons": 1, "clickCount": 1}
            page.driver.execute_cdp_cmd("Input.dispatchMouseEvent", event)
    else:
        kinds = ["touchStart", *["touchMove"] * 20]
        for kind, (u, v) in zip(kinds, places, strict=True):
            page.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": u, "y": v}]})
        page.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.hash()
    assert page.js(image) != before and page.picture() != lit


@pytest.fixture
def own(page):
    """The station of one's own data, with a table of one's own chosen; its fields for a file and for rows."""
    page.open("your_data?lang=en&data=own")
    return page.all("#controls input[type=file]")[0], page.all("#controls textarea")[0]


def test_a_table_is_brought_as_a_file(page, own, tmp_path):
    path = tmp_path / "own.csv"
    path.write_text(TABLE)
    own[0].send_keys(str(path))
    page.until(lambda: page.all(".picture svg circle, .picture svg rect"))
    assert own[1].get_property("value").strip() == TABLE.strip() and "label" in page.hash()


def test_a_table_is_typed_and_a_bad_one_is_refused(page, own):
    from selenium.webdriver.common.keys import Keys

    own[1].clear()
    own[1].send_keys(TABLE, Keys.TAB)
    page.until(lambda: len(page.all(".picture > svg")) >= 3)
    own[1].clear()
    own[1].send_keys("only, words\n", Keys.TAB)
    page.until(lambda: not page.all(".picture > svg"))
    assert page.text(".own_notes")


def test_the_columns_of_a_table_are_chosen(page, own):
    from selenium.webdriver.common.keys import Keys

    rows = TABLE.strip().splitlines()
    wide = "\n".join([f"z,{rows[0]}", *(f"{i * i},{row}" for i, row in enumerate(rows[1:]))])
    own[1].clear()
    own[1].send_keys(wide, Keys.TAB)
    page.until(lambda: len(page.all("#picture select")) == 3)
    picture = page.picture()
    page.js("arguments[0].value = 2; arguments[0].dispatchEvent(new Event('change'))", page.all("#picture select")[0])
    page.until(lambda: "columns=2," in page.hash())
    assert page.picture() != picture


def test_a_training_starts_again_right_after_its_first_step(page):
    page.open("your_data?lang=en")
    (again,) = [button for button in page.all("#controls button") if button.text == "Start again"]
    assert not again.is_enabled(), "nothing has been trained"
    page.all("#motion .step")[0].click()
    assert ", 1 steps, " in page.text("#said") and again.is_enabled()
    again.click()
    page.until(lambda: ", 0 steps, " in page.text("#said"))
    assert not again.is_enabled()
