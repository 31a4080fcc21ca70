"""Grids of units, and who is whose neighbour on them.

    rectangular  (rows, columns); one step leads to any of the 8 units around, as a king moves
    torus        the same, its edges joined
    hexagonal    odd rows stand half a unit to the right; one step leads to any of the 6 units around
    chain        (1, columns); one step leads to the unit before or behind

Two measures: steps from unit to unit, which make bubbles, and squared distances in the plane, which make Gaussians. But
on the hexagonal grid, both neighbourhoods are products of one along rows and one along columns:

    h(r, c; r', c') = a(r, r') b(c, c'),    sum_j h_ij s_j = a S b'    for s laid out as S (rows, columns)

The functions take numpy or `keras.ops`, whose names are the same.
"""

import dataclasses

import numpy as np

TOPOLOGIES = ("rectangular", "hexagonal", "torus", "chain")
NEIGHBOURHOODS = ("gaussian", "bubble")
LEAST = 43.0  # exponent from which a factor of a Gaussian is 0: products of two stay clear of the slow denormals


@dataclasses.dataclass(frozen=True)
class Grid:
    """A grid of rows x columns units; unit `row * columns + column` stands at `(row, column)`."""

    rows: int
    columns: int
    topology: str = "rectangular"

    @property
    def units(self) -> int:
        """How many units there are."""
        return self.rows * self.columns

    @property
    def positions(self) -> np.ndarray:
        """Where the units stand in the plane, `(units, 2)`: down and to the right, one apart."""
        row, column = np.divmod(np.arange(self.units), self.columns)
        if self.topology == "hexagonal":
            return np.stack([row * np.sqrt(0.75), column + 0.5 * (row % 2)], axis=1)
        return np.stack([row, column], axis=1).astype("float64")

    def steps(self, i, j) -> np.ndarray:
        """Returns the steps from units `i` to units `j`, arrays of their numbers."""
        (r, c), (s, d) = np.divmod(i, self.columns), np.divmod(j, self.columns)
        if self.topology == "hexagonal":  # in cube coordinates q + r + s = 0
            across = (c - (r - r % 2) // 2) - (d - (s - s % 2) // 2)
            return np.maximum(np.maximum(abs(across), abs(r - s)), abs(across + r - s))
        return np.maximum(self._apart(r - s, self.rows), self._apart(c - d, self.columns))

    def neighbours(self, i: int) -> np.ndarray:
        """Returns the numbers of the units one step from unit `i`."""
        near = np.divmod(i, self.columns) + np.indices((3, 3)).reshape(2, 9).T - 1
        if self.topology == "torus":
            near = near % (self.rows, self.columns)
        near = near[((near >= 0) & (near < (self.rows, self.columns))).all(axis=1)]
        near = np.unique(near @ (self.columns, 1))
        return near[self.steps(i, near) == 1]

    def _apart(self, difference, size: int):
        apart = abs(difference)
        return np.minimum(apart, size - apart) if self.topology == "torus" else apart

    def tables(self, neighbourhood: str) -> list[np.ndarray]:
        """Returns what `kernels` takes: along rows and along columns, or `[(units, units)]` of a hexagonal grid."""
        if self.topology == "hexagonal":
            units = np.arange(self.units)
            if neighbourhood == "bubble":
                return [self.steps(units[:, None], units).astype("float32")]
            return [((self.positions[:, None] - self.positions) ** 2).sum(axis=-1).astype("float32")]
        apart = [self._apart(np.subtract.outer(np.arange(n), np.arange(n)), n) for n in (self.rows, self.columns)]
        return [(table if neighbourhood == "bubble" else table**2).astype("float32") for table in apart]


def mean_distances(codebook: np.ndarray, grid: Grid) -> np.ndarray:
    """Returns the mean distance of each unit's weights from its neighbours' `(rows, columns)`; 0 where it has none."""
    w = np.asarray(codebook, "float64").reshape(grid.units, -1)
    near = [np.linalg.norm(w[grid.neighbours(i)] - w[i], axis=1) for i in range(grid.units)]
    return np.array([apart.mean() if len(apart) else 0.0 for apart in near]).reshape(grid.rows, grid.columns)


def kernels(xp, tables, neighbourhood: str, radius):
    """Returns the factors of h for a radius: 1 within it (bubble), or exp(-d^2 / (2 radius^2)) (Gaussian)."""
    if neighbourhood == "bubble":
        return [xp.where(table <= radius + 1e-4, xp.ones_like(table), xp.zeros_like(table)) for table in tables]
    exponents = [table / (2.0 * radius * radius) for table in tables]
    return [xp.where(e < LEAST, xp.exp(-e), xp.zeros_like(e)) for e in exponents]


def smoothed(xp, factors, values):
    """Returns sum_j h_ij values_j `(units, width)`, of values `(units, width)`."""
    if len(factors) == 1:
        return xp.matmul(factors[0], values)
    rows, columns = factors[0].shape[0], factors[1].shape[0]
    width = values.shape[1]
    along = xp.matmul(factors[0], xp.reshape(values, (rows, columns * width)))
    return xp.reshape(xp.matmul(factors[1], xp.reshape(along, (rows, columns, width))), (rows * columns, width))
