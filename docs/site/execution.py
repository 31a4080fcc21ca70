"""Executes the notebooks and keeps them: one is executed again when its code, the zoo, data or packages change."""

import hashlib
import importlib.metadata
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent.parent
TIMEOUT = 900  # seconds a cell
PACKAGES = ("keras", "tensorflow", "numpy", "matplotlib")
KEY = "executed_with"  # in the metadata of a kept notebook


def _code(notebook) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def installed() -> dict[str, str]:
    """Returns the versions of the packages that outputs depend on; "none" for one that is not installed."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "none"
    return versions


def surroundings(root: Path = ROOT) -> str:
    """Returns a hash of all that outputs depend on beside a notebook's code.

    Args:
        root: The checkout, whose folders `zoo` and `datasets` are read.
    """
    digest = hashlib.sha256(repr(sorted(installed().items())).encode())
    for folder in ("zoo", "datasets"):
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"{path.relative_to(root).as_posix()}\0{path.stat().st_size}\0".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def with_outputs(source: Path, kept: Path, root: Path = ROOT):
    """Returns a notebook with the outputs of its cells, from `kept` if these are of the same code and surroundings.

    Args:
        source: The notebook.
        kept: Where the executed notebook is kept.
        root: The checkout.

    Raises:
        ValueError: if a cell wrote to standard error: a reader would see red lines.
    """
    notebook, key = nbformat.read(source, as_version=4), surroundings(root)
    if kept.is_file():
        executed = nbformat.read(kept, as_version=4)
        if executed.metadata.get(KEY) == key and _code(executed) == _code(notebook):
            outputs = [cell.outputs for cell in executed.cells if cell.cell_type == "code"]
            for cell, found in zip([cell for cell in notebook.cells if cell.cell_type == "code"], outputs):
                cell.outputs = found
            return notebook
    begin = time.perf_counter()
    resources = {"metadata": {"path": str(source.parent)}}
    NotebookClient(notebook, timeout=TIMEOUT, kernel_name="python3", resources=resources).execute()
    print(f"{source.name} executed in {time.perf_counter() - begin:.0f} s", flush=True)
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if output.get("name") == "stderr":
                raise ValueError(f"{source} must write nothing to standard error. Received: {output.text}")
    kept.parent.mkdir(parents=True, exist_ok=True)
    notebook.metadata[KEY] = key
    nbformat.write(notebook, kept)
    return notebook
