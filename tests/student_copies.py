"""Writes the students' copies of the notebooks: `python -m tests.student_copies`.

A notebook holds the solutions of its exercises between two comment lines, as nbgrader's notebooks do:

    ### BEGIN SOLUTION
    spikes = 9
    ### END SOLUTION

notebooks/NAME.ipynb gives notebooks/students/NAME.ipynb, and notebooks/ru/NAME.ipynb gives
notebooks/ru/students/NAME.ipynb. There a blank, `spikes = ...  # your answer`, stands for each name of the solution
that a later cell reads, and `return ...  # your answer` for a solution inside a function. The cell after a solution
checks it, and fails on the blank.
"""

import ast
import json
import re
import textwrap
from pathlib import Path

FOLDERS = [Path(__file__).resolve().parent.parent / "notebooks" / language for language in ("", "ru")]
SOLUTION = re.compile(r"^( *)### BEGIN SOLUTION\n(.*?)^ *### END SOLUTION(?:\n|$)", re.DOTALL | re.MULTILINE)
COMMENTS = {"notebooks": "your answer", "ru": "ваш ответ"}


def _names(code: str, context) -> list[str]:
    """Returns the variables that code assigns (`ast.Store`) or reads (`ast.Load`), in their order, each once."""
    nodes = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)]
    nodes.sort(key=lambda node: (node.lineno, node.col_offset))
    return list(dict.fromkeys(node.id for node in nodes if isinstance(node.ctx, context)))


def blanked(code: str, later: str, comment: str) -> str:
    """Returns a cell with blanks for its solutions.

    Args:
        code: The cell.
        later: The code of the cells below it.
        comment: What the blank says.

    Raises:
        ValueError: if no later cell reads a name of a solution that is not inside a function.
    """

    def blank(match):
        indent, solution = match[1], textwrap.dedent(match[2])
        if indent:
            return f"{indent}return ...  # {comment}\n"
        names = [name for name in _names(solution, ast.Store) if name in _names(later, ast.Load)]
        if not names:
            raise ValueError(f"A later cell must read what a solution assigns. Received the solution:\n{solution}")
        return "".join(f"{name} = ...  # {comment}\n" for name in names)

    return SOLUTION.sub(blank, code).rstrip("\n")


def copy(path: Path) -> str | None:
    """Returns the text of a notebook's copy for students, or None where the notebook has no solutions."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    sources = ["".join(cell["source"]) for cell in notebook["cells"]]
    if not any(SOLUTION.search(source) for source in sources):
        return None
    for number, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] == "code":
            later = [other for other in notebook["cells"][number + 1 :] if other["cell_type"] == "code"]
            code = "\n".join("".join(other["source"]) for other in later)
            source = blanked(sources[number], code, COMMENTS[path.parent.name])
        else:
            source = sources[number].replace("](../", "](../../")  # one folder further down
        cell["source"] = source.splitlines(keepends=True)
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def copies() -> dict[Path, str]:
    """Returns the text of each copy by its path."""
    paths = [path for folder in FOLDERS for path in sorted(folder.glob("*.ipynb"))]
    texts = {path.parent / "students" / path.name: copy(path) for path in paths}
    return {path: text for path, text in texts.items() if text is not None}


def main() -> None:
    """Writes the copies, and removes those whose notebook is no more."""
    texts = copies()
    for folder in FOLDERS:
        for path in set((folder / "students").glob("*.ipynb")) - set(texts):
            path.unlink()
    for path, text in texts.items():
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
