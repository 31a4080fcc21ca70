"""The spike trains that are made: rates, and which inputs fire together."""

import numpy as np

import zoo.data
from zoo.data.spikes import correlated_spikes


def test_trains_are_0_and_1_at_20_hz_and_always_the_same():
    trains = correlated_spikes()
    assert trains.shape == (50, 200, 20) and set(np.unique(trains)) == {0.0, 1.0}
    assert abs(trains.mean() * 1000.0 - 20.0) < 1.0
    assert np.array_equal(trains, correlated_spikes()) and not np.array_equal(trains, correlated_spikes(1))


def test_the_first_ten_inputs_fire_together():
    moments = correlated_spikes().reshape(-1, 20)
    correlation = np.corrcoef(moments.T) - np.eye(20)
    assert correlation[:10, :10].sum() / 90 > 0.5
    assert abs(correlation[10:]).max() < 0.05


def test_they_load_by_name_as_sequences():
    assert zoo.data.load("correlated_spikes").schema.columns[0].shape == (None, 20)
