"""Programs of the perceptron, the cells of 1943 and Hopfield's memory print the numbers that the page shows."""

import re

import numpy as np
import pytest

from tests.playground.node import run
from tests.playground.test_programs_axon import numbers, printed
from tests.playground.test_stations import FILES

pytestmark = [pytest.mark.node, pytest.mark.slow]


def lines(text):
    """Returns the numbers after each name that stands before a colon."""
    return {name: numbers(rest) for name, rest in re.findall(r"^(.+?):(.*)$", text, re.MULTILINE)}


def test_the_perceptron_prints_18_mistakes_and_3_2_minus_4_for_and(capsys):
    text = printed(capsys, "perceptron")
    shown = run(
        "return playground.kernels.perceptron.train([[0, 0], [0, 1], [1, 0], [1, 1]], [-1, -1, -1, 1], 99)",
        "perceptron",
    )
    assert lines(text)["mistakes"] == [18] == [len(shown["mistakes"])]
    weights = re.findall(r"-?\d+\.", text.partition("w, b:")[2])  # of two arrays, over several lines
    assert [float(weight) for weight in weights] == [3, 2, -4] == shown["weights"][-1]


@pytest.mark.parametrize("preset, tape", [("xor", "00.10.01.11.00.00"), ("loop", "00.10.00.00.01.00")])
def test_a_net_prints_each_cell_at_each_tick_as_the_page_shows_it(capsys, preset, tape):
    rows = run(
        "const {neurons, nets} = playground.kernels, net = neurons.read(nets.nets[given[0]].net);"
        "return neurons.run(net, neurons.readTape(given[1], net.inputs.length))",
        "neurons",
        "nets",
        given=[preset, tape],
    )
    text = printed(capsys, "mcculloch_pitts", preset=preset, tape=f"{preset}!{tape}!0")
    found = [[int(value) for value in line.split()[1:]] for line in text.splitlines()]
    assert found == np.array(rows).T[:, : len(tape.split("."))].tolist()
    assert np.any(found)


@pytest.mark.parametrize("state", [{}, {"damage": 80}, {"rule": "projection", "damage": 40, "seed": 3}])
def test_hopfield_prints_the_energies_and_overlaps_of_the_page(capsys, state):
    """The start is the page's; units are asked in another order, and with so few patterns end in the same minimum."""
    said = lines(printed(capsys, "hopfield", **state))
    shown = run(
        "const k = playground.kernels.hopfield, s = {rule: 'hebb', damage: 25, seed: 1, ...given};"
        "const stored = [...'AJX'].map(playground.kernels.drawn.letter), memory = k.store(stored, s.rule);"
        "const start = k.damaged(stored[0], s.damage, s.seed);"
        "const end = k.recall(memory, start, k.orders(100, s.seed)).state;"
        "return {energies: [start, end].map(x => k.energy(memory, x)), overlaps: stored.map(x => k.overlap(end, x))}",
        "drawn",
        "hopfield",
        given=state,
    )
    np.testing.assert_allclose(said["energy"], shown["energies"], rtol=1e-4)
    np.testing.assert_allclose(said["overlap with the stored patterns"], shown["overlaps"], atol=1e-4)
    assert shown["energies"][1] < shown["energies"][0]


def test_a_mixture_of_three_stays_where_it_is_in_the_program_too(capsys):
    question = run("return playground.stations.find(one => one.name === 'hopfield').questions[2].set", files=FILES)
    before, after = lines(printed(capsys, "hopfield", **question))["energy"]
    assert before == after < 0
