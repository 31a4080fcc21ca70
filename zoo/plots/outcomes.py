"""What pictures of scores are drawn of: true values beside answers, from `zoo.evaluate` or from a model and data."""

from __future__ import annotations

import itertools

import numpy as np
from matplotlib.figure import Figure

from zoo.scores import Predictions, Scores
from zoo.training.scoring import evaluate

MOST_POINTS = 2_000  # of a curve or a cloud


def predictions_of(picture: str, scores_or_model, data) -> Predictions:
    """Returns what was scored.

    Args:
        picture: The name of the picture in `zoo.plots`.
        scores_or_model: What `zoo.evaluate` returned, or with `data` a `zoo.Model`, a `Run`, a folder or a preset.
        data: What the model is scored on, as `zoo.evaluate` takes it.

    Raises:
        TypeError: if a model comes without data.
        ValueError: if the picture does not suit what the model answers.
    """
    scores = scores_or_model
    if not isinstance(scores, Scores):
        if data is None:
            raise TypeError(
                f"`{picture}` takes scores, or a model with the data to score it on. Received: {type(scores).__name__} "
                "without data. Pass `data`."
            )
        scores = evaluate(scores, data, verbose=0)
    predictions = scores.predictions
    if predictions is None:
        raise ValueError(
            f"`{picture}` is drawn of scores that hold what was scored. These hold nothing. Pass what zoo.evaluate "
            "returned for a model with a target."
        )
    known = pictures_of(predictions)
    if picture not in known:
        decides = ", by units that answer 0 or 1" if predictions.hard else ""
        raise ValueError(
            f"`{picture}` does not suit what this model answers: it does {predictions.task.name}{decides}. Its scores "
            f"are drawn by: {', '.join(known) or 'nothing'}."
        )
    if not np.all(np.isfinite(predictions.answers)):
        raise ValueError(
            f"`{picture}` is drawn of finite numbers. Received: answers that are none. Train the model again, with a "
            "smaller learning rate."
        )
    return predictions


def pictures_of(predictions: Predictions) -> list[str]:
    """Returns the names of the pictures in `zoo.plots` that suit what was scored; decisions alone have few."""
    names = predictions.task.pictures(predictions.target)
    return [name for name in names if not predictions.hard or name == "confusion_matrix"]


def outcomes_of(predictions: Predictions, most: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Returns true values and answers by the name of a class, label or target: the first `most` of them."""
    outcomes = predictions.task.outcomes(predictions.y, predictions.answers, predictions.target)
    return dict(itertools.islice(outcomes.items(), most))


def of_scores(scores: Scores) -> dict[str, Figure]:
    """Draws all pictures that suit scores.

    Args:
        scores: What `zoo.evaluate` returned.

    Returns:
        Figures by their names in `zoo.plots`; none of scores that hold nothing that was scored.
    """
    from zoo import plots

    names = [] if scores.predictions is None else pictures_of(scores.predictions)
    return {name: getattr(plots, name)(scores) for name in names}


def thinned(count: int) -> np.ndarray:
    """Returns the numbers of at most `MOST_POINTS` of so many points, evenly, the first and the last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, MOST_POINTS)).astype("int64"))
