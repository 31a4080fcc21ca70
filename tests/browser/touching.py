"""The playground's page in Chromium, spoken of as a reader of it would."""

import contextlib
import json
import tempfile
import time
from xml.etree import ElementTree

from tests.playground.node import PAGE

INDEX = (PAGE / "index.html").as_uri()
WAIT = 20  # seconds
SETTLED = 0.4  # seconds: longer than the page waits until it writes the link
SVG = "{http://www.w3.org/2000/svg}"

# Rows that station 10 can learn from.
TABLE = "x,y,label\n" + "".join(f"{i % 5 + 2.0 * (i % 2)},{i % 3},{'ab'[i % 2]}\n" for i in range(20))
CHOOSE = "arguments[0].selectedIndex = arguments[1]; arguments[0].dispatchEvent(new Event('change'))"

VISIBLE = """
const seen = element => element.checkVisibility({visibilityProperty: true, opacityProperty: true});
"""


class Playground:
    """The page in the browser.

    Args:
        driver: Selenium's.
        address: That of index.html, of a file or a server.
    """

    def __init__(self, driver, address=INDEX):
        self.driver, self.address = driver, address

    def open(self, hash=""):
        """Opens the page anew with a link's hash, such as "axon?lang=ru"."""
        self.driver.get("about:blank")
        self.driver.get(f"{self.address}#{hash}")
        self.until(lambda: self.js("return document.querySelector('main h1') !== null"))

    def until(self, holds):
        from selenium.webdriver.support.ui import WebDriverWait

        return WebDriverWait(self.driver, WAIT, poll_frequency=0.05).until(lambda _: holds())

    def js(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def all(self, css):
        """Returns the elements that are to be seen."""
        return self.js(VISIBLE + "return [...document.querySelectorAll(arguments[0])].filter(seen)", css)

    def text(self, css):
        return self.js("return document.querySelector(arguments[0])?.innerText ?? ''", css)

    def press(self, *keys):
        """Presses keys on what has the focus."""
        from selenium.webdriver.common.action_chains import ActionChains

        ActionChains(self.driver, duration=0).send_keys(*keys).perform()

    def hash(self):
        """Returns the link's hash after the page has written it."""
        time.sleep(SETTLED)
        return self.js("return location.hash")

    def shown(self):
        """Returns what the page shows of a state: its program and the controls."""
        return self.js(
            "const fields = [...document.querySelectorAll('#controls input, #controls select, #controls textarea')];"
            "const values = fields.map(f => f.type === 'file' ? '' : f.type === 'checkbox' ? f.checked : f.value);"
            "return [document.getElementById('program').textContent, values]"
        )

    def picture(self):
        """Returns the SVG of all pictures, to see whether they change."""
        return self.js("return [...document.querySelectorAll('.picture > svg')].map(svg => svg.innerHTML).join()")

    def saved(self):
        """Returns each picture as the file that is saved, parsed."""
        texts = self.js("return [...document.querySelectorAll('.picture > svg')].map(playground.saved)")
        return [ElementTree.fromstring(text) for text in texts]

    def console(self):
        """Returns what the browser complained of since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self):
        """Returns the addresses that were asked since the last call."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]

    @contextlib.contextmanager
    def screen(self, width=1200, height=1000):
        """A window of another size, such as a phone's."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        try:
            yield
        finally:
            self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    @contextlib.contextmanager
    def media(self, **features):
        """A reader's wishes: `prefers_reduced_motion="reduce"`."""
        wishes = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": wishes})
        try:
            yield
        finally:
            self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})

    # ---- what a reader does

    def move(self, control):
        """Moves a control by the keyboard or the mouse, each of its ways, and leaves it moved."""
        from selenium.webdriver.common.keys import Keys

        kind = control.get_attribute("class").split()[-1]
        if kind == "heading":
            return
        field = control.find_element("css selector", "input, select, textarea, button")
        if kind == "range":
            before, output = field.get_property("value"), control.find_element("css selector", "output")
            said = output.text
            at_end = self.js("return Number(arguments[0].value) >= Number(arguments[0].max)", field)
            field.send_keys(Keys.ARROW_LEFT if at_end else Keys.ARROW_RIGHT)
            assert field.get_property("value") != before and output.text != said, control.text
        elif kind == "select":
            first = self.js("return arguments[0].selectedIndex", field)
            options = self.js("return [...arguments[0].options].map(option => option.text)", field)
            for i in [i for i in range(len(options)) if i != first] + [first]:
                self.changes(lambda: self.js(CHOOSE, field, i), options[i])  # noqa: B023 (called at once)
        elif kind == "checkbox":
            before = field.is_selected()
            self.changes(lambda: field.send_keys(Keys.SPACE), control.text)
            assert field.is_selected() != before, control.text
        elif kind == "button" and field.is_enabled():
            self.changes(lambda: field.send_keys(Keys.ENTER), field.text)
        elif kind == "text":
            said = field.get_property("value")
            field.clear()
            self.changes(lambda: field.send_keys(TABLE, Keys.TAB), control.text)
            assert field.get_property("value") != said, control.text
        elif kind == "file":
            with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
                file.write(TABLE.replace("2.0", "2.5"))
                file.flush()
                self.changes(lambda: field.send_keys(file.name), control.text)

    def changes(self, act, name):
        """Does something, and demands that the picture, the controls or the program change."""
        before = self.picture(), self.shown(), self.text("#said")
        act()
        deadline = time.monotonic() + 3
        while (self.picture(), self.shown(), self.text("#said")) == before:
            assert time.monotonic() < deadline, f"{name} must change something on the page"
            time.sleep(0.05)

    def end_motion(self):
        """Takes two steps of what moves, and pauses it."""
        for step in self.all("#motion .step"):
            with contextlib.suppress(Exception):  # its last step takes the button away
                step.click(), step.click()

    def answer_all(self):
        """Answers and reveals every question; returns the verdicts."""
        count = self.js("return document.querySelectorAll('#questions .next').length")
        verdicts, texts = [], []
        while self.text("#questions legend") not in texts:
            texts.append(self.text("#questions legend"))
            assert not self.all("#questions .reveal:enabled")
            self.js("arguments[0].click()", self.all("#questions .choice input")[0])
            self.js("arguments[0].click()", self.all("#questions .reveal")[0])
            verdicts.append(self.text("#questions .verdict"))
            assert len(self.all("#questions .choice.answer")) == 1
            if count:
                self.js("arguments[0].click()", self.all("#questions .next")[0])
        return verdicts

    def reached_by_tab(self):
        """Presses Tab from the top of the page until it has gone round; returns what had the focus, in that order."""
        from selenium.webdriver.common.keys import Keys

        self.js("document.activeElement.blur(); scrollTo(0, 0)")
        seen = []
        while True:
            self.press(Keys.TAB)
            element = self.js("const e = document.activeElement; return e === document.body ? null : e")
            if element is None or element in seen:
                return seen
            seen.append(element)
            assert len(seen) < 2000, "the page must have an end"
