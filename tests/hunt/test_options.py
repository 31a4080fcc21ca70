"""The hunt draws the same tables in every run, unless a number of them is asked for."""

import importlib.util
import sys

from hypothesis import given, settings

from tests.hunt import options
from tests.hunt.tables import tables


def test_a_run_draws_the_same_2000_tables_unless_a_number_is_asked_for(monkeypatch):
    monkeypatch.delenv("HUNT_TABLES", raising=False)
    assert (options.tables(450).max_examples, options.tables(450).derandomize) == (450, True)
    monkeypatch.setenv("HUNT_TABLES", "20000")
    assert (options.tables(450).max_examples, options.tables(450).derandomize) == (4_500, False)
    monkeypatch.setenv("HUNT_TABLES", "20")
    assert options.tables(10).max_examples == 1


def drawn() -> list[str]:
    """Returns the first tables that a run draws, as texts."""
    found = []

    @settings(max_examples=25, derandomize=True, deadline=None)
    @given(table=tables())
    def draw(table):
        found.append(repr((table.name, [(c.name, c.values) for c in table.columns], list(table.target), table.index)))

    draw()
    return found


def test_the_modules_that_are_loaded_change_no_table(tmp_path, monkeypatch):
    first = drawn()
    assert len(set(first)) > 20
    path = tmp_path / "constants.py"  # a module with numbers and texts that hypothesis would draw
    path.write_text(f"A = {[7919 * i for i in range(300)]}\nB = {[f'word {i}' for i in range(300)]}\n")
    specification = importlib.util.spec_from_file_location("constants_of_a_test", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    monkeypatch.setitem(sys.modules, "constants_of_a_test", module)
    assert drawn() == first
