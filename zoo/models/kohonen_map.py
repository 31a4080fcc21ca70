"""Kohonen's self-organizing map (1982): units on a grid learn so that neighbours answer to what is alike.

    c = argmin_i |x - w_i|                                                            the winner
    online     w_i += eta(t) h(r_i, r_c, sigma(t)) (x - w_i)                          the paper's, a row after the other
    batch      w_i  = sum_x h x / sum_x h                                             all rows at once
    minibatch  w_i += (1 - (1 - eta)^(sum_x h)) (sum_x h x / sum_x h - w_i)           some rows at once

    h = 1 within the radius sigma (bubble), or exp(-|r_i - r_c|^2 / (2 sigma^2)) (Gaussian)

T. Kohonen, Self-Organized Formation of Topologically Correct Feature Maps, Biological Cybernetics 43, 1982.
https://doi.org/10.1007/BF00337288. The batch form: T. Kohonen, The Self-Organizing Map, Neurocomputing 21, 1998.
The third is what it comes to when sum_x h steps of the first go to the mean of some rows; units that win nothing then
find their way better than by the second. The topographic error: K. Kiviluoto, Topology Preservation in Self-Organizing
Maps, IEEE International Conference on Neural Networks, 1996; the U-matrix: A. Ultsch, H. P. Siemon, 1990.
"""

import math
from collections.abc import Mapping, Sequence

import keras
import numpy as np
from keras import ops

from zoo import feeding
from zoo.engine import memory
from zoo.engine.loop_numpy import features
from zoo.layers.grids import NEIGHBOURHOODS, TOPOLOGIES, Grid, mean_distances
from zoo.layers.map_units import MapUnits
from zoo.layers.rules import check_whole
from zoo.layers.tabular import check_encodings, plain_features
from zoo.registry import Recipe, Spec, Traits, suggest

DECAYS = ("exponential", "linear", "inverse")
INITIALS = ("pca", "samples", "random")
RATES = {"minibatch": (0.5, 0.17), "online": (0.5, 0.17), "batch": (1.0, 1.0)}
STEADY = (0.5, 0.002)  # of the online rule at one radius: down to where single rows do not shake the weights
LAST_RADIUS = 0.2  # below a step: the last epochs move single units
AT_ONCE = 2**20  # distances that stand in memory


def _two_nearest(w: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the numbers of the nearest and the next unit `(rows, 2)`, and the distance of the nearest `(rows,)`."""
    w, x = np.asarray(w, "float64").reshape(-1, np.shape(w)[-1]), np.asarray(x, "float64")
    center = w.mean(axis=0)
    doubled, lengths = 2.0 * (w - center).T, ((w - center) ** 2).sum(axis=1)
    numbers, distances = [], []
    for first in range(0, len(x), size := max(1, AT_ONCE // len(w))):
        part = x[first : first + size]
        further = (part - center) @ doubled  # |w|^2 - 2 x . w orders units as |x - w|^2 does
        np.subtract(lengths, further, out=further)
        nearest = np.argmin(further, axis=1)
        distances.append(np.linalg.norm(part - w[nearest], axis=1))
        further[np.arange(len(part)), nearest] = np.inf
        numbers.append(np.stack([nearest, np.argmin(further, axis=1)], axis=1))
    return np.concatenate(numbers), np.concatenate(distances)


def _squares(x, w):
    center = w.mean(axis=0)
    x, w = x - center, w - center
    return np.maximum((x**2).sum(axis=1)[:, None] - 2.0 * (x @ w.T) + (w**2).sum(axis=1), 0.0)


def quantization(codebook, x) -> float:
    """Returns the mean distance of rows from their winners.

    Args:
        codebook: `(rows, columns, width)` or `(units, width)`.
        x: Rows `(rows, width)`.
    """
    return float(_two_nearest(codebook, x)[1].mean())


def topographic(codebook, x, topology: str = "rectangular") -> float:
    """Returns the share of rows whose nearest and next unit are no neighbours on the grid.

    Args:
        codebook: `(rows, columns, width)`.
        x: Rows `(rows, width)`.
        topology: One of `TOPOLOGIES`.
    """
    rows, columns = np.shape(codebook)[:2]
    if rows * columns == 1:
        return 0.0
    nearest = _two_nearest(codebook, x)[0]
    return float(np.mean(Grid(rows, columns, topology).steps(*nearest.T) > 1))


def _units(model) -> MapUnits:
    return model.network.layers[-1]


def _given(model, x) -> np.ndarray:
    """Returns what the units are given `(rows, width)`, for raw or encoded rows."""
    if not feeding.is_encoded(model, x):
        x = model.preprocessor.encode(x)
    return features(model.network, x)


def codebook(model) -> np.ndarray:
    """Returns the weights of the units `(rows, columns, width)`: of raw columns in the units of the data.

    They are float64 where a column's differences are below what float32 resolves, as those of time stamps are.
    """
    w, offsets = _weights(model), model.preprocessor.layout.input_offsets
    if not any(offsets):
        return w
    below = np.zeros(w.shape[-1] - len(offsets))  # pixels of an image stand behind the raw inputs
    return w.astype("float64") + np.append(offsets, below)


def _weights(model) -> np.ndarray:
    """Returns the weights of the units `(rows, columns, width)`, as they are compared with encoded rows."""
    grid = _units(model).grid
    return _units(model).codebook.numpy().reshape(grid.rows, grid.columns, -1)


def quantization_error(model, x, y=None) -> float:
    """Returns the mean distance of raw or encoded rows from their winners."""
    return quantization(_weights(model), _given(model, x))


def topographic_error(model, x, y=None) -> float:
    """Returns the share of raw or encoded rows whose nearest and next unit are no neighbours."""
    return topographic(_weights(model), _given(model, x), _units(model).grid.topology)


def map_errors(model, x, y=None) -> dict[str, float]:
    """Returns both errors by name; the winners are looked for once."""
    w, grid = _weights(model), _units(model).grid
    nearest, distance = _two_nearest(w, _given(model, x))
    apart = grid.steps(*nearest.T) > 1 if grid.units > 1 else np.zeros(len(nearest))
    return {"quantization_error": float(distance.mean()), "topographic_error": float(np.mean(apart))}


def winners(model, x) -> np.ndarray:
    """Returns row and column of the winning units `(rows, 2)` of raw or encoded rows."""
    nearest = _two_nearest(_weights(model), _given(model, x))[0][:, 0]
    return np.stack(np.divmod(nearest, _units(model).grid.columns), axis=1)


def distances(model, x) -> np.ndarray:
    """Returns the distances from all units `(rows, units)` of raw or encoded rows."""
    w = _weights(model)
    w, x = w.reshape(-1, w.shape[-1]).astype("float64"), _given(model, x).astype("float64")
    size = max(1, AT_ONCE // len(w))
    parts = [np.sqrt(_squares(x[first : first + size], w)) for first in range(0, len(x), size)]
    return np.concatenate(parts) if parts else np.zeros((0, len(w)))


def u_matrix(model) -> np.ndarray:
    """Returns the mean distance of each unit's weights from its neighbours' `(rows, columns)`."""
    return mean_distances(_weights(model), _units(model).grid)


def start(model, x, y) -> None:
    """Gives a fresh map its first weights from training rows."""
    units = _units(model)
    if units.initial == "random" or not units.is_fresh:
        return
    x = features(model.network, x)
    generator = np.random.default_rng(units.seed)
    if units.initial == "samples":
        number = units.grid.units
        w = x[generator.choice(len(x), number, replace=number > len(x))]
    else:
        some = x if len(x) <= 20_000 else x[np.sort(generator.choice(len(x), 20_000, replace=False))]
        w = _plane(some.astype("float64"), units.grid)
    units.codebook.assign(w.astype("float32"))


def _plane(x: np.ndarray, grid: Grid) -> np.ndarray:
    """Returns points `(units, width)` on the plane of the two largest principal components, as wide as the rows lie."""
    center = x.mean(axis=0)
    x = x - center
    if x.shape[1] <= len(x):
        values, vectors = np.linalg.eigh(x.T @ x / len(x))
    else:
        values, along = np.linalg.eigh(x @ x.T / len(x))
        vectors = x.T @ along / np.sqrt(np.maximum(values, 1e-12) * len(x))
    deviations, axes = np.sqrt(np.maximum(values[::-1][:2], 0.0)), vectors[:, ::-1][:, :2].T
    axes = axes * np.where(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)] < 0, -1.0, 1.0)[:, None]
    place = grid.positions - grid.positions.mean(axis=0)
    place = place / np.maximum(np.abs(place).max(axis=0), 1e-12)  # from -1 to 1
    if np.ptp(grid.positions[:, 1]) >= np.ptp(grid.positions[:, 0]):
        place = place[:, ::-1]  # the longer side along the first component
    return center + math.sqrt(3.0) * (place[:, : len(axes)] * deviations) @ axes


def check_rate(model, x, y) -> None:
    """Refuses an optimizer whose rate would come on top of the map's own."""
    check_whole(model, "The map's own rate is an option: rate=(0.5, 0.01).")


@keras.saving.register_keras_serializable(package="zoo")
def distance_from_winner(y_true, outputs):
    """Returns the distance of each row from its winner: its mean is the quantization error."""
    return ops.stop_gradient(outputs[:, 1])


@keras.saving.register_keras_serializable(package="zoo")
def winning_unit(outputs):
    """Returns the number of the winner in the flattened grid, `(batch, 1)`."""
    return outputs[:, :1]


RECIPE = Recipe(
    data="iris",
    encodings="raw",
    centred=True,
    optimizer="sgd",
    learning_rate=1.0,  # the layer's own rate is in its changes
    batch_size=0.5,
    epochs=50,
    validation=None,
    by_option={"rule": {"batch": {"batch_size": 4096}, "online": {"batch_size": 256}}},
)
TRAITS = Traits(
    decision=winning_unit,
    loss=distance_from_winner,
    scores=(map_errors,),
    properties={"codebook": codebook, "u_matrix": u_matrix},
    methods={
        "winners": winners,
        "distances": distances,
        "quantization_error": quantization_error,
        "topographic_error": topographic_error,
    },
    check=check_rate,
    start=start,
)


def _grid(grid, topology) -> Grid:
    if topology not in TOPOLOGIES:
        raise ValueError(
            f"`topology` must be one of {', '.join(map(repr, TOPOLOGIES))}.{suggest(topology, TOPOLOGIES)} Received: "
            f"topology={topology!r}"
        )
    sizes = (grid,) if isinstance(grid, int) else tuple(grid) if isinstance(grid, Sequence) else ()
    whole = all(isinstance(size, (int, np.integer)) and not isinstance(size, bool) and size >= 1 for size in sizes)
    if topology == "chain" and whole and (len(sizes) == 1 or len(sizes) == 2 and min(sizes) == 1):
        return Grid(1 if len(sizes) == 1 else int(sizes[0]), int(sizes[-1]), topology)
    if topology == "chain":
        raise ValueError(f"`grid` of a chain must be its length, such as 5, or (1, 5). Received: grid={grid!r}")
    if not whole or len(sizes) != 2:
        raise ValueError(
            f"`grid` must be (rows, columns), two whole numbers from 1, or topology='chain' with a length. Received: "
            f"grid={grid!r}"
        )
    return Grid(int(sizes[0]), int(sizes[1]), topology)


def _schedule(name, value, usual, *, most) -> tuple[float, float]:
    pair = usual if value is None else value
    pair = (pair, pair) if isinstance(pair, (int, float)) else tuple(pair)
    numbers = len(pair) == 2 and all(isinstance(v, (int, float)) and math.isfinite(v) for v in pair)
    if not numbers or not most >= pair[0] >= pair[1] > 0.0:
        bound = "" if most == math.inf else f"{most:g} >= "
        raise ValueError(
            f"`{name}` must be a positive number, or (first, last) with {bound}first >= last > 0. Received: "
            f"{name}={value!r}"
        )
    return float(pair[0]), float(pair[1])


def _check_memory(grid: Grid, width: int) -> None:
    """Raises ValueError where a map of such a width is larger than the memory left."""
    numbers = 8 * grid.units * (width + 1) + (4 * grid.units**2 if grid.topology == "hexagonal" else 0)
    numbers += 2 * AT_ONCE + 4 * (grid.rows**2 + grid.columns**2 if grid.topology != "hexagonal" else 0)
    free = memory.available()
    if free is not None and 4 * numbers > free:
        raise ValueError(
            f"A map of {grid.rows:,} x {grid.columns:,} units of {width:,} inputs takes about "
            f"{4 * numbers / 2**30:,.1f} GiB (codebook {4 * grid.units * width / 2**30:,.1f} GiB, the rest to train "
            f"it), and {free / 2**30:,.1f} GiB of memory are left. Pass a smaller `grid`"
            + (", or topology='rectangular', which keeps no distances." if grid.topology == "hexagonal" else ".")
        )


def kohonen_map(
    spec: Spec,
    *,
    grid: tuple[int, int] | int = (10, 10),
    topology: str = "rectangular",
    rule: str = "minibatch",
    neighbourhood: str = "gaussian",
    radius: float | tuple[float, float] | None = None,
    rate: float | tuple[float, float] | None = None,
    decay: str = "exponential",
    initial: str | Sequence | None = None,
    encodings: str | Mapping = "raw",
) -> keras.Model:
    """Builds a map. It learns without targets; `model.codebook` holds the weights `(rows, columns, inputs)`.

    Args:
        spec: The inputs to build for.
        grid: `(rows, columns)` of units; of a chain its length, which is (1, length).
        topology: `"rectangular"` (8 units around one), `"hexagonal"` (6), `"torus"` (8, the edges joined) or `"chain"`.
        rule: `"online"`: the paper's, a row after the other. `"batch"`: each epoch puts the units where the means of
            all rows are. `"minibatch"`: steps towards the means of half the rows (or 4,096), and as good as the first.
        neighbourhood: `"gaussian"`, whose deviation is the radius, or `"bubble"`: all units within so many steps.
        radius: `(first, last)` of the neighbourhood, in steps of the grid; or one number for all epochs. Left out, from
            half the longer side to 0.2.
        rate: `(first, last)` of eta, at most 1, or one number. Left out, from 0.5 to 0.17; of the online rule at one
            radius, which is to find its stationary weights, to 0.002. The batch rule has none.
        decay: How radius and rate go from first to last: `"exponential"`, `"linear"` or `"inverse"` (1 / t).
        initial: First weights: `"pca"` (a plane through the rows), `"samples"` (rows), `"random"` (near 0), or a
            codebook. Left out, `"pca"`, and `"samples"` for a torus, which is no plane.
        encodings: `"raw"`: columns as they are, categories one-hot; `"standard"`: numbers standardised, which a table
            of unlike columns needs; `"image"`; or a dict by kind of column.

    Returns:
        A network from encoded tensors to `(batch, 2)`: the number of the winner in the flattened grid, which `predict`
        gives, and its distance.

    Raises:
        ValueError: if an option is unknown or malformed, or the map is larger than the memory left.
    """
    grid = _grid(grid, topology)
    choices = (
        ("rule", rule, tuple(RATES)),
        ("neighbourhood", neighbourhood, NEIGHBOURHOODS),
        ("decay", decay, DECAYS),
    )
    for name, value, known in choices:
        if value not in known:
            raise ValueError(
                f"`{name}` must be one of {', '.join(map(repr, known))}.{suggest(value, known)} Received: "
                f"{name}={value!r}"
            )
    check_encodings(encodings, ("raw", "standard", "image"))
    if rule == "batch" and rate is not None:
        raise ValueError(f"The batch rule has no rate: units move to the means. Received: rate={rate!r}. Leave it out.")
    longest = max(grid.rows, grid.columns)
    radius = _schedule("radius", radius, (max(longest / 2.0, LAST_RADIUS), LAST_RADIUS), most=math.inf)
    usual = STEADY if rule == "online" and radius[0] == radius[1] else RATES[rule]
    rate = _schedule("rate", rate, usual, most=1.0)
    if spec.sequences:
        raise ValueError(
            "A map takes one vector a row. Received: sequences (rows, time, inputs). Pass their moments, "
            "x.reshape(-1, inputs), or each as one row, x.reshape(rows, -1)."
        )
    if initial is None:
        initial = "samples" if topology == "torus" else "pca"
    given = None if isinstance(initial, str) else np.asarray(initial, "float64")
    if given is None and initial not in INITIALS:
        raise ValueError(
            f"`initial` must be one of {', '.join(map(repr, INITIALS))}, or a codebook.{suggest(initial, INITIALS)} "
            f"Received: initial={initial!r}"
        )
    inputs = spec.inputs()
    given_to_units = plain_features(spec, inputs)
    width = given_to_units.shape[-1]
    _check_memory(grid, width)
    layer = MapUnits(
        grid.rows, grid.columns, topology, rule, neighbourhood, radius, rate, decay,
        initial if given is None else "random", spec.seed, name="map",
    )  # fmt: skip
    network = keras.Model(inputs, layer(given_to_units), name="kohonen_map")
    if given is not None:
        if given.shape not in ((grid.rows, grid.columns, width), (grid.units, width)) or not np.isfinite(given).all():
            raise ValueError(
                f"`initial` must be a finite codebook of the shape {(grid.rows, grid.columns, width)}. Received: the "
                f"shape {given.shape}."
            )
        offsets = np.zeros(width)
        offsets[: len(spec.input_offsets)] = spec.input_offsets
        layer.codebook.assign((given.reshape(grid.units, width) - offsets).astype("float32"))
    return network
