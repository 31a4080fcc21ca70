"""Makes the site, the documents, the notebooks with their outputs and a gallery: `python -m docs.site`.

    build/notebooks   the executed notebooks; executed again where their code has changed
    build/pages       what the site is made of, build/downloads the notebooks to download
    build/site        the site: copy it to any web host, or open index.html

Needs `pip install -e ".[site]"`. `--notebooks` only executes the notebooks. Where this zoo has `zoo playground`, its
page is written to build/site/playground, and the lecture's page links to it.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from docs.site.execution import with_outputs
from docs.site.links import broken_links
from docs.site.pages import Pages

ROOT = Path(__file__).resolve().parent.parent.parent
NOTEBOOKS = ROOT / "notebooks"


def executed(source: Path, build: Path):
    """Returns a notebook with its outputs."""
    return with_outputs(source, build / "notebooks" / source.relative_to(NOTEBOOKS))


def write_playground(folder: Path) -> bool:
    """Writes the page of `zoo playground`, and returns whether this zoo has one."""
    if not (ROOT / "zoo" / "playground").is_dir():
        return False
    subprocess.run([sys.executable, "-m", "zoo", "playground", "--static", str(folder)], check=True, cwd=ROOT)
    return True


def make(build: Path) -> Path:
    """Makes the site in a folder of builds, and returns where it is.

    Raises:
        ValueError: if a link leads nowhere.
    """
    build = build.resolve()
    pages = Pages(ROOT, build / "pages", build / "downloads", lambda source: executed(source, build))
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
    arguments = parser.parse_args()
    if arguments.notebooks:
        for source in sorted([*NOTEBOOKS.glob("*.ipynb"), *(NOTEBOOKS / "ru").glob("*.ipynb")]):
            executed(source, arguments.build)
    else:
        site = make(arguments.build)
        print(f"{len(list(site.rglob('*.html')))} pages in {site}")


if __name__ == "__main__":
    main()
