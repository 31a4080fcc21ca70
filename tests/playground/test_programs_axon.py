"""Programs of the stations of the axon and of 1943, in each of their experiments: they print what the page shows."""

import re

import numpy as np
import pytest

from tests.playground.node import run
from tests.playground.test_stations import FILES

pytestmark = [pytest.mark.node, pytest.mark.slow]
PROGRAM = """
const station = playground.stations.find(one => one.name === given[0]);
return station.python({...station.defaults, ...given[1]});
"""


def printed(capsys, station, **state):
    """Returns what a station's program prints in a state."""
    exec(run(PROGRAM, files=FILES, given=[station, state]), {})
    return capsys.readouterr().out


def numbers(text):
    return [float(number) for number in re.findall(r"-?\d+\.?\d*", text)]


def test_a_steady_current_gives_the_spikes_of_the_page(capsys):
    *times, peak = numbers(printed(capsys, "axon", experiment="steady", current=20))
    shown = run(
        "const k = playground.kernels.axon, t = k.simulate([[20, 5, 80]], 100, 6.3);"
        "return {times: k.spikes(t.time, t.u), peak: k.shape(t.time, t.u).peak}",
        "axon",
    )
    np.testing.assert_allclose(times, shown["times"], atol=0.02)
    assert peak == pytest.approx(shown["peak"], abs=0.05)


@pytest.mark.parametrize("second, spikes", [(70, 1), (90, 2)])
def test_two_pulses_give_as_many_spikes_as_the_threshold_of_the_second_says(capsys, second, spikes):
    """The threshold is 78.8 uA/cm2, 8 ms after a first pulse of 30: scipy's axon, in test_kernels_axon.py."""
    *times, _ = numbers(printed(capsys, "axon", experiment="pulses", second=second, delay=8))
    assert len(times) == spikes


@pytest.mark.parametrize("temperature, diameter", [(18.5, 476), (18.5, 238), (35, 476)])
def test_the_speed_is_that_of_the_page(capsys, temperature, diameter):
    text = printed(capsys, "axon", experiment="cable", temperature=temperature, diameter=diameter)
    speed = run(f"return playground.axon_cable.speedAt({temperature}, {diameter})", files=FILES)
    assert ("speed" in text) == (speed is not None) == (temperature < 33)
    if speed:
        assert numbers(text.partition("speed")[2])[0] == pytest.approx(speed, rel=0.02)


def test_the_net_of_1943_prints_each_cell_tick_by_tick(capsys):
    text = printed(capsys, "mcculloch_pitts", tape="heat_illusion!01.00.00.00.00.00!0")
    assert [line.split() for line in text.splitlines()] == [
        ["was_cold", "0", "1", "0", "0", "0", "0"],
        ["cold_ended", "0", "0", "1", "0", "0", "0"],
        ["feels_hot", "0", "0", "0", "1", "0", "0"],
        ["feels_cold", "0", "0", "0", "0", "0", "0"],
    ]
