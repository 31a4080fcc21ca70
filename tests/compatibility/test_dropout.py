"""Steps of `zoo.train` and `zoo.fine_tune` with dropout give the weights that they gave: their draws follow `seed`."""

import json

import numpy as np
import pytest

import zoo
from tests.compatibility import archive, dropout, weights
from tests.compatibility.machine import machine, versions
from tests.compatibility.training import TOLERANCE, is_equal, largest_difference

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow]

INDEX, WANTED = dropout.read()
TRAININGS = INDEX["trainings"]


@pytest.mark.parametrize("name", TRAININGS)
def test_a_training_with_dropout_gives_the_weights_that_it_gave(name, unpacked):
    case, training = TRAININGS[name]
    found = dropout.weights_after(case, training, unpacked, first_seed=3000)
    difference = largest_difference(found, WANTED[name])
    assert difference <= TOLERANCE, f"weights differ by {difference:.2g} after {json.dumps(training)}"
    if machine() == INDEX["machine"] and versions() == INDEX["versions"] and encodes_equally(case, unpacked):
        assert is_equal(found, WANTED[name]), f"weights differ by {difference:.2g}, and were equal, after {training}"


def encodes_equally(case, unpacked):
    """Returns whether the rows to train on are encoded as the archive has them, bit for bit."""
    folder = unpacked / case
    rows, wanted = archive.read_rows(folder, "training"), archive.read_arrays(folder, "encoded")
    x = zoo.load(folder / "artifact").preprocessor.encode(archive.inputs_of(rows, archive.cases()[case]["target"]))
    return all(np.array_equal(values, wanted[f"x/{name}"]) for name, values in x.items())


def test_another_seed_drops_other_units(unpacked):
    """All rows make one batch, so that the seed does not order them."""
    case, training = TRAININGS["ensemble_full"]
    found = dropout.weights_after(case, {**training, "seed": training["seed"] + 1}, unpacked, first_seed=1000)
    assert largest_difference(found, WANTED["ensemble_full"]) > 100 * TOLERANCE


def test_every_training_drops_units_and_every_loop_is_among_them(unpacked):
    models = {case: zoo.load(unpacked / case / "artifact") for case in {case for case, _ in TRAININGS.values()}}
    assert all(weights.has_dropout(model) for model in models.values())
    assert {training.get("engine") for _, training in TRAININGS.values()} >= {"fused", "xla", "keras"}
    assert TRAININGS == json.loads(json.dumps(dropout.TRAININGS))
