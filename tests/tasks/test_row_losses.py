"""The losses of single rows, of whose mean the score is a function by which models are compared."""

import numpy as np
import pandas as pd
import pytest

from zoo import registry
from zoo.data.sources import load
from zoo.training.cross_validation import rows_of_task


@pytest.mark.parametrize(
    ("name", "y", "answers", "score", "losses", "is_error"),
    [
        ("classification", ["b", "a", "c"], [[0.1, 0.8, 0.1], [0.2, 0.3, 0.5], [0.0, 0.1, 0.9]], "accuracy", [0, 1, 0],
         False),
        ("regression", [1.0, 2.0, 4.0], [[1.5], [2.0], [1.0]], "rmse", [0.25, 0.0, 9.0], True),
        # The variances of the targets are 2/3 and 8/3.
        ("regression", [[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]], [[2.0, 2.0], [2.0, 6.0], [3.0, 6.0]], "r2",
         [0.75, 0.75, 0.0], False),
        ("multilabel", [[0, 1], [1, 1], [1, 0]], [[0.5, 0.25], [1.0, 0.5], [0.125, 0.0]], "log_loss",
         [np.log(8) / 2, np.log(2) / 2, np.log(8) / 2], True),
    ],
)  # fmt: skip
def test_the_mean_gives_the_score_of_all_rows(name, y, answers, score, losses, is_error):
    task, x = registry.load_task(name), pd.DataFrame({"x": [0.0, 1.0, 2.0]})
    y, answers = np.asarray(y), np.asarray(answers)
    rows = rows_of_task(load((x, y)), task)
    target = task.fit_target(rows.schema, rows.y)
    encoded = target.encode(rows.y)
    found = task.row_losses(encoded, answers, target)
    assert (found.score, found.is_error) == (score, is_error)
    np.testing.assert_allclose(found.losses, losses, atol=1e-12)
    scores = task.scores_of(encoded, answers, target)
    assert float(found.score_of(found.losses.mean())) == pytest.approx(scores[score])
    assert score in (*task.main_scores, "r2")


def test_a_target_that_never_changes_has_no_part():
    task, y = registry.load_task("regression"), np.array([[1.0, 5.0], [3.0, 5.0]])
    found = task.row_losses(y, np.array([[1.0, 9.0], [2.0, 9.0]]), None)
    np.testing.assert_allclose(found.losses, [0.0, 1.0])
