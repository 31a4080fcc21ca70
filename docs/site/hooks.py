"""What mkdocs does with each page that is made: formulas become MathML, which browsers draw without a script.

The table of contents of a notebook is made of the headings of its page: mkdocs-jupyter makes names of its own for them,
which lead nowhere where a heading is Russian.

mkdocs-jupyter's pages ask other hosts for MathJax and for scripts of widgets. These are taken out, so that the site
works without a network and tells no other host who reads it.
"""

import re

from bs4 import BeautifulSoup, NavigableString
from latex2mathml.converter import convert
from mkdocs.structure.toc import get_toc

# $$...$$ or $...$ of notebooks; \[...\] or \(...\) of pymdownx.arithmatex
FORMULA = re.compile(r"\$\$(.+?)\$\$|\$([^$\n]+?)\$|\\\[(.+?)\\\]|\\\((.+?)\\\)", re.DOTALL)
VERBATIM = {"code", "pre", "script", "style", "textarea", "title"}


def with_mathml(html: str) -> str:
    """Returns a page with MathML for its formulas, and without scripts and style sheets of other hosts."""
    page = BeautifulSoup(html, "html.parser")
    for tag in page.find_all(["script", "link"]):
        if (tag.get("src") or tag.get("href") or "").startswith(("http://", "https://", "//")):
            tag.decompose()
    for text in page.find_all(string=FORMULA):
        if VERBATIM & {parent.name for parent in text.parents}:
            continue
        parts, end = [], 0
        for match in FORMULA.finditer(text):
            block, inline = match[1] or match[3], match[2] or match[4]
            mathml = convert((block or inline).strip(), display="block" if block else "inline")
            parts += [NavigableString(text[end : match.start()]), BeautifulSoup(mathml, "html.parser")]
            end = match.end()
        text.replace_with(*parts, NavigableString(text[end:]))
    return str(page)


def contents(html: str) -> list[dict]:
    """Returns the headings of a page, those of the second level within those of the first, as mkdocs takes them."""
    tokens: list[dict] = []
    for heading in BeautifulSoup(html, "html.parser").find_all(["h1", "h2"], id=True):
        token = {"level": int(heading.name[1]), "id": heading["id"], "children": []}
        token["name"] = heading.get_text().removesuffix("¶").strip()
        (tokens[-1]["children"] if tokens and token["level"] == 2 else tokens).append(token)
    return tokens


def on_page_content(html: str, page, **settings) -> str:
    """mkdocs calls this with the content of each page."""
    if page.file.src_uri.endswith(".ipynb"):
        page.toc = get_toc(contents(html))
    return html


def on_post_page(output: str, **settings) -> str:
    """mkdocs calls this with the HTML of each page."""
    return with_mathml(output)
