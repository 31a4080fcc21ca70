"""Voltage traces: lines are the voltages given, the current stands below in its own panel."""

import numpy as np
import pytest

import zoo

TIME = np.linspace(0.0, 5.0, 6)
VOLTAGE = np.stack([np.sin(TIME), np.cos(TIME)])


def test_traces_are_drawn_as_given_with_units():
    ax, below = zoo.plots.voltage_traces(TIME, VOLTAGE[..., None], np.ones(6), labels=["one", "two"]).axes
    for line, trace in zip(ax.lines, VOLTAGE):
        assert np.array_equal(line.get_xdata(), TIME) and np.array_equal(line.get_ydata(), trace)
    assert below.lines[0].get_ydata().tolist() == [1.0] * 6
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["one", "two"]
    assert "mV" in ax.get_ylabel() and "µA/cm²" in below.get_ylabel() and "ms" in below.get_xlabel()


def test_an_offset_moves_each_trace_down_and_one_voltage_alone_has_one_panel():
    (ax,) = zoo.plots.voltage_traces(TIME, VOLTAGE, offset=100.0).axes
    np.testing.assert_allclose(ax.lines[1].get_ydata(), np.cos(TIME) - 100.0, rtol=1e-12)
    assert len(zoo.plots.voltage_traces(TIME, VOLTAGE[0]).axes) == 1


def test_lengths_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"`voltage` must have the shape \(6,\), .*as long as `time`"):
        zoo.plots.voltage_traces(TIME, np.zeros(5))
    with pytest.raises(ValueError, match=r"`time` must have the shape \(steps,\)"):
        zoo.plots.voltage_traces(TIME[None], VOLTAGE)
    with pytest.raises(ValueError, match="1 current or 2"):
        zoo.plots.voltage_traces(TIME, VOLTAGE, np.zeros((3, 6)))
    with pytest.raises(ValueError, match="`labels` must name the 2 traces"):
        zoo.plots.voltage_traces(TIME, VOLTAGE, labels=["one"])
