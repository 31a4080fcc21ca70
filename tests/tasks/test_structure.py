"""What a model answers is decided in zoo/tasks alone: no other file decides anything by a task's name."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "zoo"
# Where tasks are registered, listed and filtered by name.
LISTING = {"registry.py"}


def is_task(node):
    """Returns whether an expression is a task, or the name of one: `x.task`, `x.task.name`, `task`, `card["task"]`."""
    if isinstance(node, ast.Attribute):
        return node.attr == "task" or node.attr == "name" and is_task(node.value)
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Constant) and node.slice.value == "task"
    if isinstance(node, ast.Call):  # card.get("task")
        return any(isinstance(one, ast.Constant) and one.value == "task" for one in node.args[:1])
    return isinstance(node, ast.Name) and node.id == "task"


def is_name(node):
    """Returns whether an expression is a text, or holds texts: what a task's name may be compared with."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return any(map(is_name, node.elts))
    return isinstance(node, ast.Constant) and isinstance(node.value, str) or isinstance(node, ast.Name)


def decisions(tree):
    """Yields the lines that compare a task's name with texts, or look something up by it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            parts = [node.left, *node.comparators]
            if any(map(is_task, parts)) and any(is_name(part) for part in parts if not is_task(part)):
                yield node.lineno
        elif isinstance(node, ast.Subscript) and is_task(node.slice):
            yield node.lineno
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            if node.args and is_task(node.args[0]):
                yield node.lineno
        elif isinstance(node, ast.Match) and is_task(node.subject):
            yield node.lineno


def sources():
    paths = sorted(PACKAGE.rglob("*.py"))
    return [path for path in paths if path.parent.name != "tasks" and path.name not in LISTING]


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_file_decides_by_a_task_s_name(path):
    assert list(decisions(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "statement",
    [
        'if model.task.name == "regression": pass',
        'if schema.task != "classification": pass',
        'y = 1 if entry.task in ("logic", "map") else 2',
        "supervised = entry.task in SUPERVISED",
        "METHODS[model.entry.task]",
        'METHODS.get(model.task.name, "")',
        'if card["task"] == "regression": pass',
        'if config.get("task") == "regression": pass',
        'match model.task.name:\n    case "map": pass',
    ],
)
def test_a_decision_by_a_task_s_name_is_seen(statement):
    assert list(decisions(ast.parse(statement))) == [1]


def test_two_names_may_be_compared_with_each_other():
    assert list(decisions(ast.parse("if schema.task != task.name: pass"))) == []
