"""Five steps of `zoo.train` and `zoo.fine_tune` from an artifact of the archive give the weights that they gave."""

import numpy as np
import pytest

from tests.compatibility import weights
from tests.compatibility.training import is_equal, largest_difference

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow]


@pytest.mark.parametrize(("name", "number"), weights.trainings("train", "fine_tune"))
def test_train_gives_the_weights_that_it_gave(name, number, unpacked):
    weights.check(name, number, unpacked)


def test_every_loop_and_solver_is_among_the_trainings():
    asked = [training for facts in weights.CASES.values() for training in facts["trainings"]]
    assert {"fused", "xla", "keras", "auto"} <= {training.get("engine") for training in asked}
    assert {"lbfgs", "newton"} <= {training.get("solver") for training in asked}
    for setting in ("class_weight", "weight", "freeze"):
        assert any(setting in training for training in asked), setting


def test_weights_that_differ_are_seen():
    """A part in a million of a weight above 1, and of 1 below."""
    old = {"w00": np.array([100.0, 0.5], "float64")}
    assert largest_difference({"w00": np.array([100.0001, 0.5])}, old) == pytest.approx(1e-6, rel=1e-3)
    assert largest_difference({"w00": np.array([100.0, 0.500001])}, old) == pytest.approx(1e-6, rel=1e-3)
    assert is_equal(old, old) and not is_equal({"w00": np.nextafter(old["w00"], 0)}, old)
