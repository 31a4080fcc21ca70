"""Writes the students' copies of the notebooks: `python -m tests.student_copies`.

A notebook holds the solutions of its exercises between two comment lines, as nbgrader's notebooks do:

    ### BEGIN SOLUTION
    spikes = 9
    ### END SOLUTION

notebooks/NAME.ipynb gives notebooks/students/NAME.ipynb, and notebooks/ru/NAME.ipynb gives
notebooks/ru/students/NAME.ipynb. There a blank, `spikes = ...  # your answer`, stands for each name of the solution
that the later cells read before they assign it, and `return ...  # your answer` for a solution inside a function. The
cell after a solution checks it, and fails on the blank.
"""

import ast
import json
import re
import textwrap
from pathlib import Path

FOLDERS = [Path(__file__).resolve().parent.parent / "notebooks" / language for language in ("", "ru")]
SOLUTION = re.compile(r"^( *)### BEGIN SOLUTION\n(.*?)^ *### END SOLUTION(?:\n|$)", re.DOTALL | re.MULTILINE)
COMMENTS = {"notebooks": "your answer", "ru": "ваш ответ"}


class _Reads(ast.NodeVisitor):
    """Collects, in `names`, the variables that code reads before it assigns them, in their order."""

    def __init__(self, known=()):
        self.names, self.assigned = [], set(known)

    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Store):
            self.assigned.add(node.id)
        elif node.id not in self.assigned:
            self.names.append(node.id)

    def _each(self, *parts):
        for part in parts:
            for node in part if isinstance(part, list) else [part]:
                self.visit(node)

    def _inside(self, local, *parts):
        inner = _Reads(self.assigned | set(local))  # what is assigned inside is unknown outside
        inner._each(*parts)
        self.names += inner.names

    def visit_Assign(self, node):
        self._each(node.value, node.targets)

    def visit_AugAssign(self, node):
        if isinstance(node.target, ast.Name) and node.target.id not in self.assigned:
            self.names.append(node.target.id)
        self._each(node.value, node.target)

    def visit_For(self, node):
        self._each(node.iter, node.target, node.body, node.orelse)

    def visit_ListComp(self, node):
        self._inside((), node.generators, node.elt)

    visit_SetComp = visit_GeneratorExp = visit_ListComp

    def visit_DictComp(self, node):
        self._inside((), node.generators, node.key, node.value)

    def visit_comprehension(self, node):
        self._each(node.iter, node.target, node.ifs)

    def visit_FunctionDef(self, node):
        self._each(node.args.defaults)
        local = [argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)]
        self._inside(local + assigned(node.body), node.body)
        self.assigned.add(node.name)

    def visit_Lambda(self, node):
        self._inside([argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)], node.body)


def read_first(code: str) -> list[str]:
    """Returns the variables that code reads before it assigns them, in their order, each once."""
    reads = _Reads()
    reads.visit(ast.parse(code))
    return list(dict.fromkeys(reads.names))


def assigned(statements: list[ast.stmt]) -> list[str]:
    """Returns the variables that statements assign, in their order, each once."""
    names, waiting = [], list(reversed(statements))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.append(node.id)
        elif isinstance(node, ast.FunctionDef):
            names.append(node.name)
        elif not isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp | ast.Lambda):
            waiting += reversed(list(ast.iter_child_nodes(node)))
    return list(dict.fromkeys(names))


def blanked(code: str, later: str, comment: str) -> str:
    """Returns a cell with blanks for its solutions.

    Args:
        code: The cell.
        later: The code of the cells below it.
        comment: What the blank says.

    Raises:
        ValueError: if no later cell reads a name of a solution that is not inside a function.
    """

    read = read_first(SOLUTION.sub(r"\1pass\n", later))

    def blank(match):
        indent, solution = match[1], textwrap.dedent(match[2])
        if indent:
            return f"{indent}return ...  # {comment}\n"
        names = [name for name in assigned(ast.parse(solution).body) if name in read]
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
