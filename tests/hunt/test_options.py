"""The hunt draws the same tables in every run, unless a number or a kind of values is asked for."""

import pytest

from tests.hunt import options


def test_a_run_draws_the_same_2000_tables_unless_a_number_is_asked_for(monkeypatch):
    monkeypatch.delenv("HUNT_TABLES", raising=False)
    assert (options.tables(450).max_examples, options.tables(450).derandomize) == (450, True)
    monkeypatch.setenv("HUNT_TABLES", "20000")
    assert (options.tables(450).max_examples, options.tables(450).derandomize) == (4_500, False)
    monkeypatch.setenv("HUNT_TABLES", "20")
    assert options.tables(10).max_examples == 1


def test_kinds_of_values_are_named(monkeypatch):
    monkeypatch.setenv("HUNT_ALSO", "zones, float64")
    assert {kind for kind in options.KINDS if options.included(kind)} == {"zones", "float64", *options.EVERY_RUN}
    monkeypatch.setenv("HUNT_ALSO", "all")
    assert all(map(options.included, options.KINDS))
    monkeypatch.setenv("HUNT_ALSO", "zone")
    with pytest.raises(ValueError, match=r"HUNT_ALSO must name some of .*zones.*, or all\. Received: zone"):
        options.included("zones")
