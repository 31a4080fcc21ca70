"""Learning rates over the steps of a training, as a recipe's `schedule` says."""

import keras
import pytest

from zoo.engine.schedules import WarmupCosine, scheduled
from zoo.models.lenet import RECIPE


def rates(schedule, steps):
    return [float(keras.ops.convert_to_numpy(schedule(keras.ops.convert_to_tensor(step)))) for step in range(steps)]


def test_a_constant_rate_is_the_number():
    assert scheduled("constant", 0.1, 10) == 0.1
    assert scheduled("cosine", 0.1, None) == 0.1  # of a model that was built and not trained yet
    assert isinstance(scheduled("cosine", 0.1, 10), WarmupCosine)
    assert scheduled(((0.5, 1.0), (1.0, 0.1)), 0.1, None) == 0.1
    assert scheduled("coslog4", 0.2, None) == pytest.approx(0.02)  # whose peak is borne for short times alone


def test_a_rate_falls_at_the_shares_of_the_steps():
    schedule = scheduled(((0.25, 1.0), (0.5, 0.5), (1.0, 0.125)), 0.8, 8)
    assert rates(schedule, 9) == pytest.approx([0.8, 0.8, 0.4, 0.4, 0.1, 0.1, 0.1, 0.1, 0.1])


def test_a_schedule_of_shares_survives_its_config():
    schedule = scheduled(((0.25, 1.0), (1.0, 0.125)), 0.8, 8)
    assert rates(type(schedule).from_config(schedule.get_config()), 8) == rates(schedule, 8)
    assert schedule.peak == 0.8  # by which folds of several rates are told apart


def test_the_rates_of_lenet_are_those_of_the_paper():
    """Twenty passes, of one step each here: section III.A."""
    schedule = scheduled(RECIPE.schedule, RECIPE.learning_rate, 20)
    passes = [5e-4] * 2 + [2e-4] * 3 + [1e-4] * 3 + [5e-5] * 4 + [1e-5] * 8
    assert rates(schedule, 20) == pytest.approx(passes)


def test_an_unknown_schedule_is_refused():
    with pytest.raises(ValueError, match="must be one of .*, or pairs.*Received: 'linear'. Repair"):
        scheduled("linear", 0.1, 10)
