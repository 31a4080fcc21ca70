"""Gathers what the site is made of: documents, executed notebooks, a gallery, and the files that documents link to.

Pages keep their places: docs/lecture.md becomes docs/lecture.html. The README becomes index.html. A file of source code
that a document links to becomes a page that shows it, and a folder becomes a list of its files.
"""

from __future__ import annotations

import base64
import html
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import nbformat

HOME = "README.md"
LINK = re.compile(r"(\]\()([^)\s#]+)(#[^)\s]*)?(?=\))")
FENCE = re.compile(r"(^(?: *)```.*?^(?: *)```[^\n]*$|`[^`\n]+`)", re.DOTALL | re.MULTILINE)
CODE = {".py": "python", ".toml": "toml", ".cfg": "ini", ".json": "json", ".html": "html", "": "text"}
PICTURES = {".svg", ".png", ".jpg"}
WORDS = {
    "en": {
        "other": "[По-русски]({other})",
        "copies": "Download: [this notebook]({notebook}) or [a copy for students]({students}) with blanks.",
        "copy": "Download: [this notebook]({notebook}).",
        "gallery": "Gallery",
        "about": "Every picture is computed by the code of the chapter that it links to.",
        "play": "To be touched: [the playground]({address}), the lecture's networks in one page.",
    },
    "ru": {
        "other": "[In English]({other})",
        "copies": "Скачать: [этот блокнот]({notebook}) или [копию для студентов]({students}) с пропусками.",
        "copy": "Скачать: [этот блокнот]({notebook}).",
        "gallery": "Галерея",
        "about": "Каждый рисунок вычислен кодом главы, на которую он ссылается.",
        "play": "Потрогать руками: [интерактивная страница]({address}) с сетями лекции.",
    },
}  # fmt: skip


class Pages:
    """The folder from which mkdocs builds the site.

    Args:
        root: The checkout.
        folder: Where the pages are written; it is emptied first.
        downloads: Where the notebooks are copied that readers may download; it is emptied first.
        executed: A function of a notebook's path that returns the notebook with its outputs.
    """

    def __init__(self, root: Path, folder: Path, downloads: Path, executed: Callable):
        self.root, self.folder, self.downloads, self._executed = root, folder, downloads, executed
        self._waiting: list[str] = []  # paths in the checkout of documents, code and folders to be written
        self._known: set[str] = set()
        self.titles: dict[str, str] = {}  # of pages, by their path in the folder

    def write(self) -> None:
        """Writes all pages.

        Raises:
            ValueError: if a link leads to no file of the checkout.
        """
        for folder in (self.folder, self.downloads):
            shutil.rmtree(folder, ignore_errors=True)
        for document in (HOME, "CHANGELOG.md", *self._paths("docs", "*.md")):
            self.page_of(document)
        for language in ("", "ru/"):
            notebooks = self._paths(f"notebooks/{language}".rstrip("/"), "*.ipynb")
            for path in notebooks:
                self.page_of(path)
            self._gallery(notebooks, "ru" if language else "en")
        while self._waiting:
            self._write(self._waiting.pop(0))
        self._copy("docs/site/site.css", self.folder / "site.css")

    def page_of(self, path: str) -> str:
        """Returns where a file or folder of the checkout stands among the pages, and sees to it that it will."""
        target = self.root / path
        if not target.exists():
            raise ValueError(f"A link must lead to a file of the checkout. Received: {path}. Correct the link.")
        if path not in self._known:
            self._known.add(path)
            self._waiting.append(path)
        if path == HOME:
            return "index.md"
        if target.is_dir():
            return f"{path}/README.md" if (target / HOME).is_file() else f"{path}/index.md"
        return path if target.suffix in {".md", ".ipynb", *PICTURES} else f"{path}.md"

    def _paths(self, folder: str, pattern: str) -> list[str]:
        return [path.relative_to(self.root).as_posix() for path in sorted((self.root / folder).glob(pattern))]

    def _write(self, path: str) -> None:
        target, page = self.root / path, self.page_of(path)
        if target.is_dir():
            if (target / HOME).is_file():
                self.page_of(f"{path}/{HOME}")
            else:
                self._text(page, self._listing(path))
        elif target.suffix == ".ipynb":
            self._notebook(path)
        elif target.suffix in PICTURES:
            self._copy(path, self.folder / path)
        elif target.suffix == ".md":
            text = target.read_text(encoding="utf-8")
            self._text(page, self.linked(text, path, page))
        else:
            code = target.read_text(encoding="utf-8")
            fence = "`" * (2 + max([len(run) for run in re.findall("`+", code)], default=1))
            fence = max(fence, "```", key=len)
            self._text(page, f"# {path}\n\n{fence}{CODE.get(target.suffix, 'text')}\n{code}\n{fence}\n")

    def linked(self, text: str, path: str, page: str, *, built: bool = False) -> str:
        """Returns a document whose links lead to pages.

        Args:
            text: The document.
            path: Where it stands in the checkout.
            page: Where it stands among the pages.
            built: Whether links name pages as mkdocs builds them, which it does not see to inside notebooks.

        Raises:
            ValueError: if a link leads to no file.
        """

        def link(match):
            if re.match(r"\w+:", match[2]):
                return match[0]
            place = os.path.normpath(os.path.join(os.path.dirname(path), match[2])).replace(os.sep, "/")
            target = os.path.relpath(self.page_of(place), os.path.dirname(page) or ".").replace(os.sep, "/")
            if built:
                target = re.sub(r"\.(md|ipynb)$", ".html", target)
            return f"{match[1]}{target}{match[3] or ''}"

        parts = FENCE.split(text)
        return "".join(part if number % 2 else LINK.sub(link, part) for number, part in enumerate(parts))

    def _listing(self, path: str) -> str:
        lines = []
        for each in sorted((self.root / path).iterdir()):
            name = each.relative_to(self.root).as_posix()
            readable = each.suffix in {".md", ".ipynb", *CODE} and not each.name.startswith((".", "__"))
            if readable and (each.is_file() or (each / HOME).is_file() or list(each.glob("*.py"))):
                target = os.path.relpath(self.page_of(name), path)
                lines.append(f"- [{each.name}]({target})")
        return f"# {path}\n\n" + "\n".join(lines) + "\n"

    def _notebook(self, path: str) -> None:
        notebook = self._executed(self.root / path)
        folder, name = path.rsplit("/", 1)
        language = "ru" if folder.endswith("/ru") else "en"
        other = f"notebooks/{name}" if language == "ru" else f"notebooks/ru/{name}"
        words, lines = WORDS[language], []
        self.titles[path] = re.match(r"# (.+)", notebook.cells[0].source)[1]
        self._copy(path, self.downloads / path)
        files = {"notebook": os.path.relpath(f"downloads/{path}", folder)}
        students = f"{folder}/students/{name}"
        if (self.root / students).is_file():
            self._copy(students, self.downloads / students)
            files["students"] = os.path.relpath(f"downloads/{students}", folder)
        if (self.root / other).is_file():
            self.page_of(other)
            lines.append(words["other"].format(other=os.path.relpath(other, folder).replace(".ipynb", ".html")))
        lines.append(words["copies" if "students" in files else "copy"].format(**files))
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = self.linked(cell.source, path, path, built=True)
        notebook.cells.insert(1, nbformat.v4.new_markdown_cell("\n\n".join(lines)))
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, target)

    def _gallery(self, notebooks: list[str], language: str) -> None:
        """Writes the page of all pictures: what the chapters begin with, and what their cells draw."""
        page = "gallery.md" if language == "en" else "gallery.ru.md"
        words, parts = WORDS[language], []
        parts.append(f"# {words['gallery']}\n\n{words['about']}\n")
        for path in notebooks:
            notebook = self._executed(self.root / path)
            title = heading = re.match(r"# (.+)", notebook.cells[0].source)[1]
            figures = []
            alt, picture = re.search(r"!\[(.+?)\]\((.+?)\)", notebook.cells[0].source).groups()
            place = os.path.normpath(os.path.join(os.path.dirname(path), picture))
            figures.append(_figure(self.page_of(place), alt))
            drawn = 0
            for cell in notebook.cells:
                if cell.cell_type == "markdown" and (match := re.search(r"^## (.+)$", cell.source, re.MULTILINE)):
                    heading = re.sub(r"[`$\\]", "", match[1])
                for output in cell.get("outputs", ()):
                    if "image/png" in output.get("data", {}):
                        drawn += 1
                        name = f"gallery/{language}/{Path(path).stem}_{drawn}.png"
                        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                        (self.folder / name).write_bytes(base64.b64decode(output["data"]["image/png"]))
                        figures.append(_figure(name, heading))
            parts.append(f"## [{title}]({path})\n\n" + '<div class="pictures">\n' + "\n".join(figures) + "\n</div>\n")
        self._text(page, "\n".join(parts))

    def add_playground(self, address: str) -> None:
        """Adds a link to the playground to the pages of the lecture, where `zoo playground --static` has written it."""
        for page, language in (("docs/lecture.md", "en"), ("docs/lecture.ru.md", "ru")):
            path = self.folder / page
            title, _, rest = path.read_text(encoding="utf-8").partition("\n\n")
            line = WORDS[language]["play"].format(address=os.path.relpath(address, "docs"))
            path.write_text(f"{title}\n\n{line}\n\n{rest}", encoding="utf-8")

    def _text(self, page: str, text: str) -> None:
        target = self.folder / page
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        match = re.search(r"^# (.+)$", text, re.MULTILINE)
        self.titles[page] = match[1] if match else page

    def _copy(self, path: str, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.root / path, target)

    def navigation(self) -> list:
        """Returns the menu, as mkdocs takes it."""
        documents = sorted(page for page in self.titles if re.fullmatch(r"docs/[^/]+\.md", page))
        lecture = {"docs/lecture.md", "docs/lecture.ru.md"}

        def notebooks(folder):
            pages = sorted(page for page in self.titles if re.fullmatch(rf"{folder}/[^/]+\.ipynb", page))
            chapters = [page for page in pages if "/lecture_" in page]
            numbered = {page: f"{int(page.split('_')[1])}. {self.titles[page]}" for page in chapters}
            return [
                {numbered.get(page, self.titles[page]): page}
                for page in (*chapters, *sorted(set(pages) - set(chapters)))
            ]

        return [
            {"zoo": ["index.md", {"Changes": "CHANGELOG.md"}]},
            {"Lecture": ["docs/lecture.md", {"Gallery": "gallery.md"}, *notebooks("notebooks")]},
            {"Лекция": ["docs/lecture.ru.md", {"Галерея": "gallery.ru.md"}, *notebooks("notebooks/ru")]},
            {"Documents": [page for page in documents if page not in lecture]},
        ]


def _figure(address: str, caption: str) -> str:
    caption = html.escape(caption)
    image = f'<a href="{address}"><img src="{address}" alt="{caption}" loading="lazy"></a>'
    return f"<figure>{image}<figcaption>{caption}</figcaption></figure>"
