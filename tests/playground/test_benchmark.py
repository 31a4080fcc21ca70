"""The benchmark of the kernels runs; what it measures is for docs/benchmarks.md."""

import pytest

from tests.benchmarks import playground

pytestmark = [pytest.mark.node, pytest.mark.tensorflow]


def test_every_case_is_timed(capsys):
    playground.main(["--frames", "20"])
    printed = capsys.readouterr().out
    assert all(f"| {case.work} | " in printed for case in playground.CASES)
    assert printed.splitlines()[0].count("Node v") == 1


def test_the_table_says_how_often_a_frame_has_room():
    case = playground.Case(4, "nothing", (), "return () => {}")
    assert "| 4 | nothing | 2.000 ms | 2.000 ms | 8 times |" in playground.table([(case, [2.0] * 40)])


def test_a_frame_is_what_the_case_prepares():
    body = "let count = 0; return i => { count++; if (i !== count - 1) throw new Error(); };"
    assert len(playground.measured(playground.Case(1, "counting", (), body), 20)) == 18
