"""Executes the notebooks and keeps the executed ones, so that they are executed again only when their code changes."""

import time
from pathlib import Path

import nbformat

TIMEOUT = 900  # seconds a cell


def _code(notebook) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def with_outputs(source: Path, kept: Path):
    """Returns a notebook with the outputs of its cells, from `kept` if these are of the same code.

    Args:
        source: The notebook.
        kept: Where the executed notebook is kept.

    Raises:
        ValueError: if a cell wrote to standard error: a reader would see red lines.
    """
    notebook = nbformat.read(source, as_version=4)
    if kept.is_file():
        executed = nbformat.read(kept, as_version=4)
        if _code(executed) == _code(notebook):
            outputs = [cell.outputs for cell in executed.cells if cell.cell_type == "code"]
            for cell, found in zip([cell for cell in notebook.cells if cell.cell_type == "code"], outputs):
                cell.outputs = found
            return notebook
    from nbclient import NotebookClient

    begin = time.perf_counter()
    resources = {"metadata": {"path": str(source.parent)}}
    NotebookClient(notebook, timeout=TIMEOUT, kernel_name="python3", resources=resources).execute()
    print(f"{source.name} executed in {time.perf_counter() - begin:.0f} s", flush=True)
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if output.get("name") == "stderr":
                raise ValueError(f"{source} must write nothing to standard error. Received: {output.text}")
    kept.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, kept)
    return notebook
