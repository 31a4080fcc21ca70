"""Five steps of Keras's `fit` from an artifact of the archive give the weights that they gave when it was made."""

import pytest

from tests.compatibility import weights

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow]


@pytest.mark.parametrize(("name", "number"), weights.trainings("fit"))
def test_fit_gives_the_weights_that_it_gave(name, number, unpacked):
    weights.check(name, number, unpacked)


def test_what_learns_is_trained_by_fit_by_zoo_train_and_by_fine_tune():
    hows = {}
    for facts in weights.CASES.values():
        if facts["learning"] != "none":
            hows.setdefault(facts["entry"], set()).update(training["how"] for training in facts["trainings"])
    assert all(found == {"fit", "train", "fine_tune"} for found in hows.values()), hows
