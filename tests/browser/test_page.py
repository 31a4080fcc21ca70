"""The page of `zoo serve` in a browser: it asks what the form says, and shows what the server answers."""

import ast
import base64
import io
import json
import math
import subprocess
import sys

import numpy as np
import pytest

from tests.browser.conftest import LONG, PASSENGERS, PHOTO, ask, digit, serving

pytestmark = pytest.mark.browser
WAIT = 20  # seconds


class Page:
    """The page in the browser, spoken of as a reader of it would.

    Args:
        driver: Selenium's.
        address: The server's.
    """

    def __init__(self, driver, address):
        self.driver, self.address = driver, address

    def open(self, name, filled=False):
        """Opens a model's page anew, with an empty form or, as it comes, with a sample row."""
        self.driver.get("about:blank")
        self.driver.get(f"{self.address}/#{name}")
        self.until(lambda: self.text("name") == name)
        if not filled:
            self.get("clear").click()

    def until(self, holds):
        from selenium.webdriver.support.ui import WebDriverWait

        return WebDriverWait(self.driver, WAIT, poll_frequency=0.05).until(lambda _: holds())

    def js(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def get(self, name):
        return self.driver.find_element("id", name)

    def text(self, name):
        return self.get(name).text

    def field(self, label):
        """Returns the field that is labelled so."""
        found = self.js(
            "const labels = [...document.querySelectorAll('label')];"
            "return labels.find(l => l.firstChild.data.trim() === arguments[0])?.control",
            label,
        )
        assert found is not None, f"no field is labelled {label!r}"
        return found

    def fill(self, **values):
        """Types into fields, or chooses the option that reads so."""
        from selenium.webdriver.support.ui import Select

        for label, value in values.items():
            field = self.field(label)
            if field.tag_name == "select":
                Select(field).select_by_visible_text(value)
            else:
                field.clear()
                field.send_keys(value)

    def predict(self):
        """Presses Predict; returns what is shown then."""
        self.get("predict").click()
        return self.answer()

    def answer(self):
        """Waits; returns the label and the bars `{class: probability}`."""
        self.until(lambda: (self.get("answer").is_displayed() and not self.is_old()) or self.text("error"))
        assert self.text("error") == ""
        rows = self.js(
            "const rows = [...document.querySelectorAll('#bars tr')];"
            "return rows.map(r => [r.cells[0].innerText, Number(r.querySelector('data').value)])"
        )
        return self.js("return document.getElementById('label').lastChild.textContent"), dict(rows)

    def is_old(self):
        """Whether the answer is marked as that of the form before a change."""
        marked = self.js("return document.getElementById('answer').classList.contains('old')")
        assert marked == self.get("old").is_displayed() or not self.get("answer").is_displayed()
        return marked

    def error(self):
        """Waits; returns the error that is shown."""
        return self.until(lambda: self.text("error"))

    def pixels(self):
        """Returns the red of the canvas's pixels, `(height, width, 1)`."""
        flat = self.js(
            "const c = document.querySelector('canvas');"
            "return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].filter((_, i) => i % 4 === 0)"
        )
        return np.array(flat).reshape(28, 28, 1)

    def console(self):
        """Returns what the browser complained of since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self):
        """Returns the addresses that were asked since the last call."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]


@pytest.fixture
def page(chromium, server):
    """The page; afterwards, nothing may stand on the console and nothing may have been asked of others."""
    page = Page(chromium, server)
    page.console(), page.requests()
    yield page
    assert page.console() == []
    asked = page.requests()
    assert any(url.startswith(f"{server}/v1/models/") for url in asked)
    assert [url for url in asked if not url.startswith((page.address, server, "data:", "blob:", "about:"))] == []


def shows(shown, expected):
    """Whether label and bars are those of a prediction."""
    label, bars = shown
    assert label == expected["label"]
    assert list(bars.values()) == expected["probabilities"]
    assert bars[label] == expected["probability"] == max(bars.values())


def test_a_filled_passenger_gets_the_servers_own_answer(page):
    page.open("titanic")
    typed = {"pclass": "2", "name": "Hart, Miss. Eva", "sex": "female", "age": "7.5", "fare": "26.25", "embarked": "S"}
    page.fill(**typed)
    row = {"pclass": 2.0, "name": "Hart, Miss. Eva", "sex": "female", "age": 7.5, "sibsp": math.nan, "parch": math.nan}
    row |= {"ticket": "", "fare": 26.25, "cabin": "", "embarked": "S"}
    shows(page.predict(), ask(page.address, "titanic", row)[0])


def test_other_passengers_get_other_answers(page):
    page.open("titanic")
    page.fill(pclass="1", sex="female")
    first = page.predict()
    page.fill(pclass="3", sex="male")
    assert page.predict() != first


def test_an_answer_stays_and_is_marked_as_old_when_the_form_changes(page):
    page.open("titanic")
    page.fill(sex="female", pclass="1")
    shown = page.predict()
    assert not page.is_old()
    page.fill(age="70")
    assert page.get("answer").is_displayed() and page.is_old()
    assert page.get("old").text == "to the form before your last change"
    assert page.js("return document.getElementById('label').lastChild.textContent") == shown[0]
    page.fill(fare="1e300")
    page.get("predict").click()
    page.until(lambda: page.text("error"))  # what is refused takes no answer away
    assert page.get("answer").is_displayed() and page.is_old()
    (said,) = page.console()
    assert "400" in said
    page.fill(fare="70")
    page.predict()
    assert not page.is_old()


def test_sample_rows_fill_the_form_one_after_the_other_and_missing_values_stay_missing(page):
    page.open("titanic", filled=True)
    assert page.field("age").get_property("value") == ""
    assert page.field("name").get_property("value") == PASSENGERS[0]["name"]
    shows(page.predict(), ask(page.address, "titanic", PASSENGERS[0])[0])
    page.get("sample").click()
    assert page.field("age").get_property("value") == "38"
    assert page.is_old()
    shows(page.predict(), ask(page.address, "titanic", PASSENGERS[1])[0])


@pytest.mark.parametrize("name", ["trips", "housing", "photos", "and"])
def test_the_sample_that_an_export_carries_fills_the_form(page, folders, name):
    folder = next(folder for folder in folders if folder.name == name)
    sample = json.loads((folder / "1" / "sample_request.json").read_text(encoding="utf-8"))
    page.open(name, filled=True)
    for i, (row, expected) in enumerate(zip(sample["instances"], ask(page.address, name, *sample["instances"]))):
        if i:
            page.get("sample").click()
        label, bars = page.predict()
        if name == "housing":
            assert float(label) == pytest.approx(expected, rel=1e-6), row
        else:
            assert label == expected["label"]
            assert list(bars.values()) == pytest.approx(expected["probabilities"], abs=1e-6), row


def test_every_kind_of_column_is_sent_under_its_served_name(page):
    page.open("trips")
    page.fill(**{"day": "2024-06-30", "hours on foot": "8.5", "guide": "yes", "class": "river's bend"})
    row = {"day": "2024-06-30", "hours_on_foot": 8.5, "guide": 1.0, "c_class": "river's bend"}
    shown = page.predict()
    shows(shown, ask(page.address, "trips", row)[0])
    assert list(shown[1]) == ["False", "True"]
    page.fill(**{"day": "", "hours on foot": "", "guide": "unknown", "class": "missing"})
    row = {"day": "", "hours_on_foot": math.nan, "guide": math.nan, "c_class": ""}
    shows(page.predict(), ask(page.address, "trips", row)[0])


def test_a_category_may_be_one_that_the_model_has_not_seen(page):
    page.open("trips")
    page.fill(**{"class": "other …"})
    page.driver.switch_to.active_element.send_keys("the moon")
    row = {"day": "", "hours_on_foot": math.nan, "guide": math.nan, "c_class": "the moon"}
    assert '"c_class": "the moon"' in page.text("curl")
    shows(page.predict(), ask(page.address, "trips", row)[0])


def test_a_date_must_be_one(page):
    page.open("trips")
    page.fill(day="tomorrow")
    page.get("predict").click()
    assert page.error() == "day must be a date such as 2024-12-31 or 2024-12-31T23:59. Received: tomorrow"
    page.fill(day="2024-06-30T12:00")
    page.predict()


def test_an_array_is_numbers_with_commas_between_them(page):
    page.open("and")
    page.fill(inputs="1, 1")
    shows(page.predict(), ask(page.address, "and", [1.0, 1.0])[0])
    page.fill(inputs="1, 1, 1")
    page.get("predict").click()
    assert page.error() == "inputs must be 2 numbers. Received: 3"


def test_a_regressors_number_is_shown(page):
    page.open("housing")
    page.fill(median_income="8.3", ocean_proximity="INLAND")
    label, bars = page.predict()
    sent = json.loads(page.text("curl").split("'")[1])["instances"][0]
    assert sent["median_income"] == 8.3 and sent["ocean_proximity"] == "INLAND"
    assert float(label) == pytest.approx(ask(page.address, "housing", sent)[0], rel=1e-6)
    assert bars == {}


def test_each_of_several_numbers_is_shown_by_its_name(page):
    page.open("plans")
    page.fill(**{"day": "2024-06-30", "guide": "yes", "class": "south"})
    _, values = page.predict()
    row = {"day": "2024-06-30", "guide": 1.0, "c_class": "south"}
    wanted = dict(zip(["hours on foot", "costs"], ask(page.address, "plans", row)[0], strict=True))
    assert values == pytest.approx(wanted, rel=1e-6) and not page.get("label").is_displayed()


def test_each_label_is_shown_by_its_probability(page):
    page.open("feet")
    page.fill(**{"day": "2024-06-30", "hours on foot": "8.5", "guide": "no", "class": "south"})
    present, bars = page.predict()
    row = {"day": "2024-06-30", "hours_on_foot": 8.5, "guide": 0.0, "c_class": "south"}
    wanted = dict(zip(["blisters", "late"], ask(page.address, "feet", row)[0], strict=True))
    assert bars == pytest.approx(wanted, rel=1e-6)
    assert present == (", ".join(name for name, p in wanted.items() if p >= 0.5) or "none")


def test_labels_that_are_there_follow_the_thresholds_of_the_model(page):
    page.open("heels")
    page.fill(**{"day": "2024-06-30", "hours on foot": "6.2", "guide": "no", "class": "south"})
    present, bars = page.predict()
    row = {"day": "2024-06-30", "hours_on_foot": 6.2, "guide": 0.0, "c_class": "south"}
    answer = ask(page.address, "heels", row)[0]
    assert answer["labels"] == [False, True] == [p >= at for p, at in zip(bars.values(), (0.999, 0.001), strict=True)]
    best = page.driver.find_elements("css selector", "#bars tr.best th")
    assert present == "late" and [name.text for name in best] == ["late"]


def test_a_drawn_stroke_is_asked_as_the_pixels_of_the_pad(page):
    from selenium.webdriver.common.action_chains import ActionChains

    page.open("digits")
    canvas = page.driver.find_element("css selector", "canvas")
    assert page.pixels().max() == 0
    ActionChains(page.driver).move_to_element_with_offset(canvas, 0, -90).click_and_hold().move_by_offset(
        0, 90
    ).move_by_offset(0, 90).release().perform()
    shown = page.answer()
    pixels = page.pixels()
    assert pixels[14, 14] == 255 and pixels[:, :5].max() == pixels[:, 23:].max() == 0
    shows(shown, ask(page.address, "digits", {"image": pixels.tolist()})[0])
    page.get("clear").click()
    assert page.pixels().max() == 0


def test_a_finger_draws_too(page):
    page.open("digits")
    box = page.driver.find_element("css selector", "canvas").rect
    for kind, down in (("touchStart", 0.2), ("touchMove", 0.5), ("touchMove", 0.8), ("touchEnd", None)):
        points = [] if down is None else [{"x": box["x"] + box["width"] / 2, "y": box["y"] + down * box["height"]}]
        page.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    shown = page.answer()
    assert page.pixels()[[7, 14, 20], 14].min() > 200
    shows(shown, ask(page.address, "digits", {"image": page.pixels().tolist()})[0])


def test_an_uploaded_image_of_the_models_size_is_asked_pixel_for_pixel(page, tmp_path):
    from PIL import Image

    page.open("digits")
    Image.fromarray(digit(3)[..., 0]).save(tmp_path / "digit.png")
    page.driver.find_element("css selector", "input[type=file]").send_keys(str(tmp_path / "digit.png"))
    shown = page.answer()
    np.testing.assert_array_equal(page.pixels(), digit(3))
    sent = json.loads(page.text("curl").split("'")[1])  # a picture goes as a PNG in base64, not as its pixels
    assert sent["signature_name"] == "serve_image_bytes" and sent["instances"][0].keys() == {"b64"}
    png = Image.open(io.BytesIO(base64.b64decode(sent["instances"][0]["b64"], validate=True)))
    assert png.format == "PNG"
    np.testing.assert_array_equal(np.asarray(png.convert("L"))[..., None], digit(3))
    shows(shown, ask(page.address, "digits", {"image": digit(3).tolist()})[0])


def test_an_uploaded_photograph_is_scaled_to_the_models_size_and_made_grey(page, tmp_path):
    from PIL import Image

    page.open("digits")
    red = np.zeros((300, 400, 3), np.uint8)
    red[..., 0] = 200
    Image.fromarray(red).save(tmp_path / "red.png")
    page.driver.find_element("css selector", "input[type=file]").send_keys(str(tmp_path / "red.png"))
    grey = np.full((28, 28, 1), round(0.299 * 200))
    shows(page.answer(), ask(page.address, "digits", {"image": grey.tolist()})[0])


def test_a_large_coloured_image_keeps_its_colours_and_its_commands_read_a_file(page, tmp_path):
    from PIL import Image

    page.open("photos")
    photo = np.random.default_rng(1).integers(0, 256, PHOTO).astype("uint8")
    Image.fromarray(photo).save(tmp_path / "photo.png")
    page.driver.find_element("css selector", "input[type=file]").send_keys(str(tmp_path / "photo.png"))
    shows(page.answer(), ask(page.address, "photos", {"image": photo.tolist()})[0])
    assert page.text("curl").startswith("curl -d @request.json ")
    assert 'open("request.json", "rb")' in page.text("python")
    body = page.js("return fetch(document.getElementById('download').href).then(r => r.text())")
    sent = json.loads(body)
    assert sent["signature_name"] == "serve_image_bytes"
    png = Image.open(io.BytesIO(base64.b64decode(sent["instances"][0]["b64"])))
    np.testing.assert_array_equal(np.asarray(png.convert("RGB")), photo)


def test_a_file_that_is_no_image_is_refused(page, tmp_path):
    page.open("digits")
    (tmp_path / "notes.png").write_text("no image")
    page.driver.find_element("css selector", "input[type=file]").send_keys(str(tmp_path / "notes.png"))
    assert page.error() == "The file must be an image that the browser can read. Received: notes.png"
    page.predict()


def test_a_sample_image_comes_back_from_the_pad_as_it_was(page):
    page.open("digits", filled=True)
    np.testing.assert_array_equal(page.pixels(), digit(0))
    shows(page.predict(), ask(page.address, "digits", {"image": digit(0).tolist()})[0])


def test_another_model_brings_its_own_form(page):
    from selenium.webdriver.support.ui import Select

    page.open("titanic")
    page.predict()
    choice = Select(page.get("model"))
    assert [option.text for option in choice.options] == [
        *("titanic", "digits", "trips", "housing", "photos", "and", "plans", "feet", "heels", "breeds")
    ]
    choice.select_by_visible_text("trips")
    page.until(lambda: page.text("name") == "trips")
    labels = [label.text for label in page.driver.find_elements("css selector", "#fields label")]
    assert labels == ["day", "hours on foot", "guide", "class"]
    assert not page.get("answer").is_displayed()
    assert "/v1/models/trips:predict" in page.text("curl")


def test_the_servers_refusal_is_shown(page):
    page.open("titanic")
    page.fill(fare="1e300")
    page.get("predict").click()
    page.until(lambda: visible(page, "error"))
    assert "1e+300" in page.error() and "without loss of precision" in page.error()
    (said,) = page.console()
    assert "400" in said
    page.fill(fare="30000000")  # more than a float32 has whole numbers: sent as 30000000.0
    page.predict()


def test_a_server_that_is_gone_is_said_to_be(page, folders):
    with serving(folders[0]) as (process, address):
        gone = Page(page.driver, address)
        gone.open("titanic")
        assert not gone.get("choice").is_displayed()
        process.terminate()
        process.wait(20)
        gone.get("predict").click()
        assert gone.error().startswith("The server does not answer")
    assert all("ERR_CONNECTION_REFUSED" in said for said in gone.console())
    assert all(url.startswith((address, "about:", "data:")) for url in page.requests())
    page.open("titanic")
    page.predict()


@pytest.mark.parametrize("name", ['O\'Brien, Mr. "Tim" \\ $HOME `id`', "Žižka, Pan Jan 🐘"])
def test_the_commands_give_the_same_answer(page, name):
    page.open("titanic")
    page.js("arguments[0].value = arguments[1]", page.field("name"), name)  # chromedriver types no emoji
    page.fill(sex="male", age="40")
    shown = page.predict()
    python = subprocess.run([sys.executable, "-c", page.text("python")], capture_output=True, text=True, timeout=60)
    assert python.returncode == 0, python.stderr
    shows(shown, ast.literal_eval(python.stdout)["predictions"][0])
    curl = subprocess.run(["bash", "-c", page.text("curl")], capture_output=True, text=True, timeout=60)
    assert curl.returncode == 0, curl.stderr
    shows(shown, json.loads(curl.stdout)["predictions"][0])


def test_the_commands_ask_for_an_image_too(page):
    page.open("digits", filled=True)
    python = subprocess.run([sys.executable, "-c", page.text("python")], capture_output=True, text=True, timeout=60)
    curl = subprocess.run(["bash", "-c", page.text("curl")], capture_output=True, text=True, timeout=60)
    shown = page.predict()
    shows(shown, ast.literal_eval(python.stdout)["predictions"][0])
    shows(shown, json.loads(curl.stdout)["predictions"][0])


def test_the_copy_button_copies_the_command(page):
    page.open("titanic")
    grant = {"origin": page.address, "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    page.driver.execute_cdp_cmd("Browser.grantPermissions", grant)
    button = page.driver.find_element("css selector", "[data-copies=curl]")
    button.click()
    page.until(lambda: button.text == "Copied")
    assert page.js("return navigator.clipboard.readText()") == page.get("curl").get_property("textContent")
    page.predict()


def test_every_field_has_a_name_that_a_screen_reader_says(page):
    for name in ("titanic", "digits", "trips", "and"):
        page.open(name)
        nameless = page.js(
            "return [...document.querySelectorAll('input, select, textarea')]"
            ".filter(i => !i.labels.length && !i.ariaLabel).map(i => i.outerHTML)"
        )
        assert nameless == []
        page.predict()


def test_the_pad_and_the_pen_have_names_for_the_eye_and_for_a_screen_reader(page):
    page.open("photos")
    canvas = page.driver.find_element("css selector", "canvas")
    assert canvas.accessible_name == "image pad of 200 × 160 pixels: draw with mouse or finger, or choose a file"
    assert canvas.accessible_name in page.get("fields").text.replace("\n", " ")
    for kind, name in (("color", "Colour of the pen"), ("file", "Image file")):
        field = page.driver.find_element("css selector", f"input[type={kind}]")
        assert field.accessible_name == name and name in page.get("fields").text
    page.open("digits")
    assert "Colour of the pen" not in page.get("fields").text  # a grey picture has a white pen
    page.predict()


@pytest.mark.parametrize("width", [360, 900, 1200])
def test_names_of_classes_break_between_words_alone(page, width):
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        page.open("breeds")
        page.predict()
        lines = page.js(
            "const height = parseFloat(getComputedStyle(document.querySelector('#bars th')).lineHeight);"
            "return [...document.querySelectorAll('#bars th span')]"
            ".map(span => [span.innerText, Math.round(span.getBoundingClientRect().height / height)])"
        )
        assert [name for name, _ in lines] == sorted(LONG)
        for name, count in lines:
            assert count <= max(len(name.split()), math.ceil(len(name) / 10)), (name, count)
        assert page.js("return document.querySelector('#bars div').parentElement.clientWidth") >= 30
        assert page.js("const s = document.getElementById('scroll'); return s.scrollWidth - s.clientWidth") <= 0
        assert page.js("return document.documentElement.scrollWidth") <= width
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone_and_its_text_stands_out(page, scheme):
    phone = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    try:
        for name in ("titanic", "digits"):
            page.open(name)
            page.predict()
            assert page.js("return document.documentElement.scrollWidth") <= 360
            assert visible(page, "answer"), "pressing Predict must bring the answer into sight"
            for selector in ("h1", ".soft", "label", "#label", "button.main", "pre"):
                assert contrast(page, selector) >= 4.5, f"{selector} on {name}, {scheme}"
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def visible(page, name):
    """Whether the top of an element stands within the window."""
    return page.js(
        "const top = document.getElementById(arguments[0]).getBoundingClientRect().top;"
        "return top >= 0 && top < innerHeight",
        name,
    )


def contrast(page, selector):
    """Returns the contrast ratio of the WCAG of an element's text and what is behind it."""
    colors = page.js(
        "let e = document.querySelector(arguments[0]), text = getComputedStyle(e).color;"
        "while (getComputedStyle(e).backgroundColor === 'rgba(0, 0, 0, 0)') e = e.parentElement;"
        "return [text, getComputedStyle(e).backgroundColor]",
        selector,
    )
    light, dark = sorted(map(luminance, colors), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(color):
    """Returns the relative luminance of `rgb(r, g, b)`."""
    parts = np.array([float(part) for part in color[color.index("(") + 1 : -1].split(",")[:3]]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]
