"""Offline, mini-batch and online learning: steps counted, and the offline ones by hand."""

import numpy as np
import pytest

import zoo
from zoo.plots import feeding, feeding_paths


@pytest.fixture(scope="module")
def found():
    return feeding_paths(epochs=(5, 2, 1), learning_rate=0.05)


def test_a_step_is_a_batch(found):
    paths, x, _ = found
    rows = len(x)
    assert rows == len(zoo.data.load("mpg").frame()[["weight", "mpg"]].dropna())
    steps = {name: len(path) - 1 for name, path in paths.items()}
    assert steps == {
        f"offline, {rows} rows": 5,
        "mini-batch, 20 rows": 2 * -(-rows // 20),
        "online, 1 row": rows,
    }


def test_offline_steps_are_those_of_the_gradient_of_the_mean_squared_error(found):
    paths, x, y = found
    theta = np.array([0.9, -0.9])
    for step in next(iter(paths.values())):
        np.testing.assert_allclose(step, theta, rtol=1e-4, atol=1e-6)
        error = theta[0] * x + theta[1] - y
        theta = theta - 0.05 * np.array([np.mean(2 * error * x), np.mean(2 * error)])


def test_all_go_towards_least_squares(found):
    paths, x, y = found
    lowest = np.polyfit(x, y, 1)
    for path in paths.values():
        assert np.linalg.norm(path[-1] - lowest) < np.linalg.norm(path[0] - lowest)


def test_the_picture_has_a_path_each_and_a_star_at_least_squares():
    ax = feeding(epochs=1, batch_sizes=("full", 100)).axes[0]
    labels = [line.get_label() for line in ax.lines]
    assert sum("steps" in label for label in labels) == 2
    star = [line for line in ax.lines if line.get_marker() == "*"][0]
    _, x, y = feeding_paths(epochs=1, batch_sizes=("full",))
    np.testing.assert_allclose(star.get_xydata()[0], np.polyfit(x, y, 1), atol=1e-6)


def test_wrong_settings_are_refused():
    with pytest.raises(ValueError, match="`column` must be a column.*weight"):
        feeding_paths(column="wait")
    with pytest.raises(ValueError, match="`epochs` must be one number, or 3. Received: 2"):
        feeding_paths(epochs=(1, 2))
