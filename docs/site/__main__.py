"""Makes the site, the documents, the notebooks with their outputs and a gallery: `python -m docs.site`.

    build/notebooks   the executed notebooks; executed again where their code, the zoo, data or packages have changed
    build/pages       what the site is made of, build/downloads the notebooks to download
    build/site        the site: copy it to any web host, or open index.html

Needs `pip install -e ".[site]"`. `--notebooks` only executes the notebooks. `--few` leaves most Russian notebooks
without outputs, for a check of the site that takes half the time. Where this zoo has `zoo playground`, its page is
written to build/site/playground, and the lecture's page links to it.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat

from docs.site.execution import with_outputs
from docs.site.links import broken_links
from docs.site.pages import Pages

ROOT = Path(__file__).resolve().parent.parent.parent
NOTEBOOKS = ROOT / "notebooks"


# The Russian notebooks that --few executes. All have the code of the English ones, which a test proves. So what can
# fail in Russian alone are labels: those of the zoo's own pictures, and names in the data, which a notebook translates.
LABELS = "lecture_08_gradient_descent_and_newton"
NAMES = "lecture_06_logistic_regression"
MADE = (".made_by_docs_site", "notebooks", "pages", "downloads", "site")  # in a folder of builds, the mark first


def all_notebooks() -> list[Path]:
    """Returns the paths of the English and the Russian notebooks."""
    return sorted([*NOTEBOOKS.glob("*.ipynb"), *(NOTEBOOKS / "ru").glob("*.ipynb")])


def is_executed(source: Path, few: bool) -> bool:
    """Returns whether a notebook gets outputs: every one, or with `few` the English ones and two Russian."""
    return not few or source.parent.name != "ru" or source.stem in (LABELS, NAMES)


def notebook_reader(build: Path, few: bool) -> Callable:
    """Returns a function of a notebook's path that returns the notebook, with its outputs where it is executed."""

    def read(source):
        if is_executed(source, few):
            return with_outputs(source, build / "notebooks" / source.relative_to(NOTEBOOKS))
        return nbformat.read(source, as_version=4)

    return read


def claim(build: Path) -> None:
    """Marks a folder as one of builds, in which folders are replaced.

    Raises:
        ValueError: if it has folders of these names that were not made here.
    """
    mark, *folders = (build / name for name in MADE)
    if mark.is_file():
        return
    if taken := [folder.name for folder in folders if folder.exists()]:
        raise ValueError(
            f"The folder of what is made must have no {' or '.join(taken)} that this command did not make: it would be "
            f"replaced. Received: {build}. Name another folder, or remove what is there."
        )
    build.mkdir(parents=True, exist_ok=True)
    mark.write_text("python -m docs.site replaces the folders beside this file.\n", encoding="utf-8")


def write_playground(folder: Path) -> bool:
    """Writes the page of `zoo playground`, and returns whether this zoo has one."""
    if not (ROOT / "zoo" / "playground").is_dir():
        return False
    subprocess.run([sys.executable, "-m", "zoo", "playground", "--static", str(folder)], check=True, cwd=ROOT)
    return True


def make(build: Path, few: bool = False) -> Path:
    """Makes the site in a folder of builds, and returns where it is.

    Args:
        build: The folder, which is claimed.
        few: Whether most Russian notebooks stay without outputs.

    Raises:
        ValueError: if a link leads nowhere.
    """
    build = build.resolve()
    pages = Pages(ROOT, build / "pages", build / "downloads", notebook_reader(build, few))
    pages.write()
    if write_playground(build / "pages" / "playground"):
        pages.add_playground("playground/index.html")
    settings = {
        "INHERIT": os.path.relpath(ROOT / "docs" / "site" / "mkdocs.yml", build),
        "docs_dir": "pages",
        "site_dir": "site",
        "hooks": [str(ROOT / "docs" / "site" / "hooks.py")],
        "nav": pages.navigation(),
    }
    config = build / "mkdocs.yml"  # JSON is YAML
    config.write_text(json.dumps(settings, ensure_ascii=False, indent=1), encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-f", str(config)], check=True, cwd=build
    )
    site = build / "site"
    shutil.copytree(build / "downloads", site / "downloads")  # not by mkdocs, for which a notebook is a page
    if broken := broken_links(site):
        raise ValueError(f"Links must lead somewhere. {len(broken)} do not:\n" + "\n".join(broken))
    return site


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m docs.site", description=__doc__.partition(":")[0] + ".")
    parser.add_argument("-o", "--build", type=Path, default=ROOT / "build", help="folder of what is made")
    parser.add_argument("--notebooks", action="store_true", help="execute the notebooks, and nothing else")
    parser.add_argument("--few", action="store_true", help="leave all but two Russian notebooks unexecuted")
    arguments = parser.parse_args()
    claim(arguments.build)
    if arguments.notebooks:
        read = notebook_reader(arguments.build, arguments.few)
        for source in all_notebooks():
            read(source)
    else:
        site = make(arguments.build, arguments.few)
        print(f"{len(list(site.rglob('*.html')))} pages in {site}")


if __name__ == "__main__":
    main()
