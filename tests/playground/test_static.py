"""The page's files: index.html names each script, the wheel holds them all, and none asks for anything from outside."""

import re
import shutil
import subprocess
import sys
import zipfile

import pytest

from tests.browser.process import ROOT
from tests.playground.node import PAGE

INDEX = (PAGE / "index.html").read_text(encoding="utf-8")
SCRIPTS = re.findall(r'<script src="(.+?)">', INDEX)
OWN = [path for path in sorted(PAGE.rglob("*")) if path.is_file() and path.parent.name != "vendor"]


def test_index_html_names_every_script_and_no_other():
    assert sorted(SCRIPTS) == sorted(path.relative_to(PAGE).as_posix() for path in PAGE.rglob("*.js"))


def test_kernels_stand_before_the_stations_that_call_them():
    folders = [script.partition("/")[0] for script in SCRIPTS]
    assert {"shell", "kernels", "vendor"} <= set(folders[: folders.index("stations")])
    assert set(folders[folders.index("stations") :]) == {"stations"}


def without_comments(text):
    return re.sub(r"/\*.*?\*/|(?<!:)//.*?$|<!--.*?-->", "", text, flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.relative_to(PAGE).as_posix())
def test_a_file_asks_for_nothing_from_outside(path):
    """Links to papers, which a reader may follow, and the name of SVG are no requests."""
    text = without_comments(path.read_text(encoding="utf-8"))
    text = re.sub(r"""href: "https://[^"]+"|"http://www\.w3\.org/2000/svg\"""", "", text)
    assert re.search(r"https?://|url\((?!#)|@import", text) is None
    assert (
        re.search(r"\b(fetch|XMLHttpRequest|WebSocket|sendBeacon|localStorage|cookie|import)\b\s*[(.=]", text) is None
    )


@pytest.mark.parametrize("path", sorted(PAGE.glob("kernels/*.js")), ids=lambda path: path.stem)
def test_a_kernel_is_mathematics_alone(path):
    """Without a page, without D3, and without random numbers that no seed repeats."""
    text = without_comments(path.read_text(encoding="utf-8"))
    assert re.search(r"\b(document|window|d3|console|Math\.random|Date|setTimeout)\b[.(]", text) is None


@pytest.mark.parametrize("path", sorted(PAGE.glob("[ks]*/*.js")), ids=lambda path: path.relative_to(PAGE).as_posix())
def test_a_script_is_strict_and_tells_one_story(path):
    text = path.read_text(encoding="utf-8")
    assert text.startswith('"use strict";\n/*')
    assert len(text.splitlines()) <= 400


@pytest.mark.process
@pytest.mark.slow
def test_the_wheel_holds_the_page(tmp_path):
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-index", "--no-build-isolation", "--no-deps"]
    source = tmp_path / "source"
    for package in ("zoo", "datasets", "saved_models"):
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, source)
    subprocess.run([*command, "-w", tmp_path, source], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    packed = {name.removeprefix("zoo/playground/page/") for name in zipfile.ZipFile(wheel).namelist()}
    files = {path.relative_to(PAGE).as_posix() for path in PAGE.rglob("*") if path.is_file()}
    assert len(files) > 20 and files - packed == set()
