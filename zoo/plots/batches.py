"""Offline, mini-batch and online learning on the loss surface of two parameters, on real data.

    offline      all rows a step:   theta <- theta - eta g(all rows)
    mini-batch   n rows a step, in a new order in each epoch
    online       one row a step

The model is a linear unit y = a x + b between two columns, both standardised; its loss, the mean squared error, is a
bowl. Each way is a training by the zoo, which differs in `batch_size` alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from matplotlib.figure import Figure

from zoo.building import build
from zoo.data.sources import load
from zoo.plots.canvas import one, plain
from zoo.plots.surfaces import draw_paths
from zoo.plots.translations import translated
from zoo.training.trainer import train


def feeding_paths(
    data="mpg",
    *,
    column: str = "weight",
    target: str | None = None,
    batch_sizes: Sequence = ("full", 20, 1),
    start: Sequence[float] = (0.9, -0.9),
    learning_rate: float = 0.02,
    epochs: int | Sequence[int] = (60, 6, 2),
    seed: int = 0,
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Trains the same unit once for each batch size.

    Args:
        data: A table as `zoo.data.load` takes it.
        column: The input.
        target: The target; None for the data set's own.
        batch_sizes: `"full"`, 1, or numbers of rows.
        start: `(a, b)` from which all begin.
        learning_rate: eta of all.
        epochs: Of all, or one for each.
        seed: Seed of the order of rows.

    Returns:
        Paths `(steps + 1, 2)` of (a, b) by name, in the language of labels, and the standardised input and target
        `(rows,)`.

    Raises:
        ValueError: if there is no such column, or not as many epochs as batch sizes.
    """
    loaded = load(data, target=target)
    if column not in getattr(loaded.x, "columns", ()):
        raise ValueError(
            f"`column` must be a column of the data. Received: column={column!r}; they are: "
            f"{', '.join(map(str, getattr(loaded.x, 'columns', ('none',))))}."
        )
    if len(loaded.targets) != 1:
        raise ValueError(f"`target` must be one column. Received: target={loaded.target!r}. Name one of the data.")
    frame = loaded.frame()[[column, loaded.target]].dropna().reset_index(drop=True)
    epochs = [epochs] * len(batch_sizes) if isinstance(epochs, int) else list(epochs)
    if len(epochs) != len(batch_sizes):
        raise ValueError(f"`epochs` must be one number, or {len(batch_sizes)}. Received: {len(epochs)}.")
    paths = {}
    for size, count in zip(batch_sizes, epochs):
        model = build("linear_regression", frame, target=loaded.target)
        model.set_weights([np.reshape(start[0], (1, 1)), np.reshape(start[1], (1,))])
        path = [np.array(start, "float64")]

        def note(batch, logs, model=model, path=path):
            path.append(np.concatenate([np.ravel(weight) for weight in model.get_weights()]).astype("float64"))

        train(
            model,
            frame,
            optimizer=keras.optimizers.SGD(learning_rate),
            batch_size=size,
            epochs=count,
            validation=None,
            seed=seed,
            callbacks=[keras.callbacks.LambdaCallback(on_train_batch_end=note)],
            engine="keras",
            verbose=0,
        )
        names = {"full": translated("offline, {rows} rows", rows=len(frame)), 1: translated("online, 1 row")}
        paths[names.get(size, translated("mini-batch, {rows} rows", rows=size))] = np.array(path)
    x = model.preprocessor.encode(frame[[column]])["numeric"][:, 0].astype("float64")
    y = model.target.standardised(frame[loaded.target].to_numpy("float64"))
    return paths, x, y


def feeding(data="mpg", *, ax=None, **settings) -> Figure:
    """Draws the paths of offline, mini-batch and online learning over the contour lines of their loss.

    Args:
        data: As for `feeding_paths`.
        ax: Axes, or None for a new Figure.
        **settings: As `feeding_paths` takes them.
    """
    paths, x, y = feeding_paths(data, **settings)

    def loss(a, b):  # mean (y - a x - b)^2, by the moments of x and y
        squares = np.mean(y**2) + a**2 * np.mean(x**2) + b**2
        return squares + 2.0 * (a * b * x.mean() - a * np.mean(x * y) - b * y.mean())

    design = np.stack([x, np.ones_like(x)], axis=1)
    lowest = np.linalg.lstsq(design, y, rcond=None)[0]
    points = np.concatenate([*paths.values(), lowest[None]])
    margin = 0.12 * np.ptp(points, axis=0)
    limits = tuple(zip(points.min(axis=0) - margin, points.max(axis=0) + margin))
    figure, ax = one(ax, (7.0, 5.0))
    draw_paths(ax, loss, limits, paths, tuple(lowest))
    ax.set_xlabel(translated("slope a"))
    ax.set_ylabel(translated("intercept b"))
    plain(ax)
    return figure
