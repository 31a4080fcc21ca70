"""Every format of an artifact that was ever written loads, answers as it did, and is trained further.

`formats/<number>/` is an artifact as the zoo wrote it when that number was new, trained on the keeper's notes;
`formats/<number>.csv` holds what it answered then to their first 20 rows.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import zoo
from tests.artifacts.conftest import keepers_notes
from zoo.artifacts.manifest import FORMAT

FOLDER = Path(__file__).parent / "formats"


def test_each_number_has_its_artifact():
    assert sorted(int(path.name) for path in FOLDER.iterdir() if path.is_dir()) == list(range(1, FORMAT + 1))


@pytest.mark.parametrize("number", range(1, FORMAT + 1))
def test_it_answers_as_it_did_and_goes_on(number):
    model, notes = zoo.load(FOLDER / str(number)), keepers_notes()
    wanted = pd.read_csv(FOLDER / f"{number}.csv")
    found = zoo.predict(model, notes.head(20))
    assert found["label"].tolist() == wanted["label"].tolist()
    np.testing.assert_allclose(found.drop(columns="label"), wanted.drop(columns="label"), atol=1e-5)
    assert zoo.fine_tune(model, notes, epochs=1, verbose=0).metrics["val"]["log_loss"] < 2.0
