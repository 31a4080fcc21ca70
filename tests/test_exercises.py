"""The checks of the exercises: each passes the solution of the notebook, and fails on a plausible wrong answer.

A check runs after those statements of the cells above it that it needs, so that no picture is drawn, and nothing is
trained for the rest of the chapter.
"""

import ast
import textwrap
import warnings

import matplotlib
import pytest

from tests import student_copies
from tests.test_notebooks import NOTEBOOKS, read

LECTURE = {int(path.stem.split("_")[1]): path for path in NOTEBOOKS if path.stem.startswith("lecture_")}
WRONG = {  # (chapter, exercise): what a student may answer
    (1, 1): "smallest = 9.0",  # the axon fires throughout, and does so at less
    (1, 2): "wait = 15",
    (1, 3): "return 0.125 * np.exp(-u / 80.0)",  # beta alone
    (2, 1): "twice = {'inputs': ['x'], 'cells': {'a': {'excitatory': ['x'], 'threshold': 1}}, 'outputs': ['a']}",
    (2, 2): "thirds = {**parity, 'accepting': ['even']}",
    (2, 3): "count = 14",  # of the unit with real weights
    (2, 4): "weights, threshold = [1, 1, 1], 1",
    (3, 1): "return w + eta * (w @ x) * x",  # Hebb's rule
    (3, 2): "return np.linalg.svd(flowers, full_matrices=False)[2][0]",  # without the rule
    (3, 3): "changes = [0.05, 0.05, 0.0]",  # without the means
    (4, 1): "third = rows[:, 0] + rows[:, 1]",
    (4, 2): "errors = 4",
    (4, 3): "best, best_bound = np.array([1, 1, -1]), 9",
    (5, 1): "return w + eta * (np.abs(w - x) == np.abs(w - x).min()) * (x - w)",  # the winner alone
    (5, 2): "fit = 4",  # of random patterns
    (5, 3): "probe = letters[0] * np.where(np.arange(140) < 10, -1, 1)",
    (6, 1): "return 1 / (1 + np.exp(-z))",
    (6, 2): "years = 2 / two_columns.model.coefficients().iloc[0, 0]",
    (6, 3): "theta = np.linalg.solve(x.T @ x / 4, x.T @ (0.5 - y))",  # uphill
    (7, 1): "biases, factors = [1.0, 0.0, -1.0], [1.0, -1.0, 0.0]",  # it stays at 1
    (7, 2): "in_line, in_network = 4, 3 * 16 + 16",  # without the biases
    (7, 3): "return 2.0 * tangent(b, x).T @ (y - growth(b, x))",  # the sign
    (8, 1): "limit = 1.005",
    (8, 2): "return np.array([-2 * (1 - a) - 200 * a * (b - a**2), 200 * (b - a**2)])",
    (8, 3): "arrival = np.array([-1.2, 1.0]) + np.linalg.solve(hessian, gradient(-1.2, 1.0))",
    (8, 4): "best = 2 / 10",
    (9, 1): "delta = 0.5 - 1.0",  # without the slope
    (9, 2): "slope = delta * 2",  # times the weight
    (9, 3): "a, b, c = weights; return a + b != c",
    (9, 4): "return error(step) / step",  # right for the sine alone
    (10, 1): "rows_of_a_step = 1_000_000",  # not the smallest
    (10, 2): "steps_of_an_epoch = len(cars) // 20",
    (10, 3): "rate = limit",
    (11, 1): "return np.exp(z) / np.exp(z).sum()",
    (11, 2): "change = 5.0",
    (11, 3): "derivative = np.array([1.0, 0.0, 0.0]) - p",
    (12, 1): "return 1 - p**2",  # of the hyperbolic tangent
    (12, 2): "name = 'tanh'",
    (12, 3): "a, b, c = 2, 1, -1",
    (12, 4): "W = W2",
    (13, 1): "weights = 64 * 10",
}
LEFT_OUT = {(13, 2), (13, 3)}  # they train networks for minutes; CI executes the notebook with the right answers
SLOW = {(1, 1), (1, 2), (5, 3)}


def exercises():
    """Returns the cells of each exercise by chapter and number: those above it, its solution, and its check."""
    found = {}
    for chapter, path in LECTURE.items():
        cells = [source for kind, source in read(path) if kind == "code"]
        solutions = [place for place, cell in enumerate(cells) if student_copies.SOLUTION.search(cell)]
        for number, place in enumerate(solutions, 1):
            found[chapter, number] = cells[:place], cells[place], cells[place + 1]
    return found


EXERCISES = exercises()


def needed(above: list[str], *codes: str) -> str:
    """Returns the statements of cells that codes need, of a name the last one that assigns it and what that needs."""
    statements = [node for cell in above for node in ast.parse(cell).body]
    names, chosen = {name for code in codes for name in student_copies.read_first(code)}, []
    for node in reversed(statements):
        if isinstance(node, ast.Import | ast.ImportFrom):
            chosen.append(node)
        elif assigned := names & set(student_copies.assigned([node])):
            chosen.append(node)
            names = names - assigned | set(student_copies.read_first(ast.unparse(node)))
    return "\n".join(ast.unparse(node) for node in reversed(chosen))


def answered(cell: str, answer: str) -> str:
    """Returns the cell of a solution with another answer."""
    return student_copies.SOLUTION.sub(lambda match: textwrap.indent(answer, match[1]) + "\n", cell)


def halves(cell: str, check: str) -> list[str]:
    """Returns the blanks of a solution of several names, each to be filled in beside the others."""
    lines = student_copies.blanked(cell, check, "").splitlines()
    blanks = [line for line in lines if line.endswith("= ...  # ")]
    return blanks if len(blanks) > 1 else []


@pytest.fixture(autouse=True)
def in_a_notebook(monkeypatch):
    """Numpy's warnings stop no cell of a notebook."""
    matplotlib.use("Agg")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        yield


def fails(check, names):
    """Whether a check fails with a sentence of its own."""
    with pytest.raises(AssertionError) as raised:
        exec(check, names)
    return str(raised.value) != ""


def test_each_exercise_has_a_wrong_answer_or_is_left_out():
    assert set(EXERCISES) == set(WRONG) | LEFT_OUT and not set(WRONG) & LEFT_OUT


@pytest.mark.parametrize(
    "exercise",
    [
        pytest.param(
            (chapter, number), id=f"{chapter}.{number}", marks=[pytest.mark.slow] * ((chapter, number) in SLOW)
        )
        for chapter, number in WRONG
    ],
)
def test_a_check_passes_the_solution_and_fails_on_a_wrong_answer(exercise):
    above, solution, check = EXERCISES[exercise]
    wrong, names = answered(solution, WRONG[exercise]), {}
    exec(needed(above, f"{solution}\n{check}", f"{wrong}\n{check}"), names)
    for name in halves(solution, check):
        half = dict(names)
        exec(solution, half)
        exec(name, half)
        assert fails(check, half), f"with the answer that lacks {name}"
    given = dict(names)
    exec(wrong, given)
    assert fails(check, given)
    exec(solution, names)
    exec(check, names)
