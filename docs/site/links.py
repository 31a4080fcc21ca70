"""Checks the links of built pages: every internal one must lead to a file, and to a heading if it names one."""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

SCRIPTED = "playground"  # the folder of a page whose fragments name stations, which its script draws


class _Page(HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self, text: str):
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []  # what a browser fetches by itself
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.anchors |= {values[name] for name in ("id", "name") if values.get(name)}
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])
        source = values.get("href") if tag == "link" and values.get("rel") != "canonical" else values.get("src")
        if source:
            self.loaded.append(source)


def broken_links(folder: Path) -> list[str]:
    """Returns a sentence for each link of the HTML pages in a folder that leads nowhere.

    Args:
        folder: Where the site was built. Links to other hosts are not followed; but a page must not load scripts,
            styles or pictures from them.
    """
    pages = {path.resolve(): _Page(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.html"))}
    scripted = folder.resolve() / SCRIPTED
    anchors = {path: page.anchors for path, page in pages.items() if not path.is_relative_to(scripted)}
    found = []
    for path, page in pages.items():
        name = path.relative_to(folder.resolve())
        for link in page.links + page.loaded:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                if link in page.loaded and parts.scheme in ("", "http", "https"):
                    found.append(f"{name} loads {link} from another host.")
                continue
            if name.name == "404.html":  # its paths are absolute: it is shown for any address
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target /= "index.html"
            if not target.is_file():
                found.append(f"{name} links to {link}, which is not there.")
            elif parts.fragment and target in anchors and unquote(parts.fragment) not in anchors[target]:
                found.append(f"{name} links to {link}, a heading that is not there.")
    return found
