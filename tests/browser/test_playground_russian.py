"""Every control and every handle of every station is used in Russian, and no English text is left."""

import itertools
import re

import pytest

from tests.browser.touching import CHOOSE
from tests.playground.test_stations import NAMES

pytestmark = pytest.mark.browser

# What can be seen or heard: texts, names and values of shapes and fields. Code and papers are the same in any language.
TEXTS = """
const left_out = "pre, code, kbd, script, noscript, textarea, .paper a, #language";
const seen = element => element.checkVisibility({visibilityProperty: true}) && !element.closest(left_out);
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), texts = [];
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
  if (seen(node.parentElement)) texts.push(node.data.trim());
}
for (const option of document.querySelectorAll("option")) texts.push(option.text);
for (const name of ["aria-label", "aria-valuetext", "title", "placeholder"]) {
  const named = [...document.querySelectorAll(`[${name}]`)].filter(seen);
  texts.push(...named.map(element => element.getAttribute(name)));
}
return texts.filter(Boolean);
"""
VALUE = "return new URLSearchParams(location.hash.split('?')[1]).get(arguments[0])"
# What is put down without being a part of the state: the cross of the perceptron's plane, the neocognitron's pen.
TOOLS = ("Крест: ", "Перо: ")
# In both languages: an optimizer, functions, and a network by its layers.
ALIKE = {"Adam", "tanh", "ReLU", "ELU", "PReLU", "PReLU, a = 1/4", "softplus", "sin πx", "sin πy", "2-3-2, softmax"}


def in_link(page, before, key):
    """Waits until the link's value of a key, or without a key the link, is another than before."""
    now = (lambda: page.js(VALUE, key)) if key else (lambda: page.js("return location.hash"))
    page.until(lambda: now() != before)


def use_controls(page, used):
    """Uses each control whose key or text is not in `used`; yields after each. A changed value must be in the link."""
    for i in range(len(page.all("#controls .control"))):
        visible = page.all("#controls .control")
        if i >= len(visible):
            return  # a choice has taken others away
        control, key = visible[i], visible[i].get_attribute("data-key")
        if (name := key or control.text) in used:
            continue
        used.add(name)
        before = page.js(VALUE, key) if key else None
        if "select" in control.get_attribute("class").split():
            field = control.find_element("css selector", "select")
            first, count = page.js("return [arguments[0].selectedIndex, arguments[0].options.length]", field)
            for option in [j for j in range(count) if j != first]:
                page.js(CHOOSE, field, option)
                yield
            if count > 1:
                in_link(page, before, key)
            page.js(CHOOSE, field, first)
            page.end_motion()
        else:
            page.move(control)
            page.end_motion()
            if key:
                in_link(page, before, key)
        yield


def use_handles(page):
    """Moves up to four of what can be dragged by the keyboard; yields after each."""
    from selenium.webdriver.common.keys import Keys

    for i in range(min(4, len(page.all(".picture [role=slider]")))):
        shape = page.all(".picture [role=slider]")[i]
        label, before, said = (
            shape.get_attribute("aria-label"),
            page.js("return location.hash"),
            shape.get_attribute("aria-valuetext"),
        )
        page.js("arguments[0].focus()", shape)
        page.press(Keys.ARROW_LEFT, Keys.ARROW_LEFT, Keys.ARROW_LEFT)
        assert page.all(".picture [role=slider]")[i].get_attribute("aria-valuetext") != said, label
        if not label.startswith(TOOLS):
            in_link(page, before, None)
        yield


def views_of(page):
    """Returns the links of the options of the first choice, which in a station with views chooses the view."""
    links = [page.hash().removeprefix("#")]
    for field in page.all("#controls .control.select select")[:1]:
        for option in range(page.js("return arguments[0].options.length", field)):
            page.js(CHOOSE, field, option)
            links.append(page.hash().removeprefix("#"))
    return list(dict.fromkeys(links))


@pytest.mark.parametrize("name", NAMES)
def test_every_control_and_handle_works_and_is_labelled_in_russian(page, name):
    page.open(f"{name}?lang=ru")
    views = views_of(page)
    english, russian, used = set(), set(), set()
    for view in views:
        page.open(view.replace("lang=ru", "lang=en"))
        english |= set(page.js(TEXTS))
        page.open(view)
        russian |= set(page.js(TEXTS))
        for _ in itertools.chain(use_handles(page), use_controls(page, used)):
            russian |= set(page.js(TEXTS))
        assert page.text("#notices") == "" and "lang=ru" in page.hash()
    assert len(used) >= 2
    assert {text for text in english & russian if re.search("[A-Za-z]{3,}", text)} - ALIKE == set()
    assert [text for text in russian if re.search(r"\b[a-z]{3,} [a-z]{2,}\b", text)] == []
