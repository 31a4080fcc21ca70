"""Conductances and reversal potentials of a membrane from its recorded voltage, by linear least squares.

    C du/dt - I = sum_x g_x e_x p_x - g_x p_x u,   p = m^3 h, n^4 and 1 for sodium, potassium and leak

The gates follow from the recorded voltage, whatever the conductances are, so that only g_x and g_x e_x are unknown. Of
recordings without noise this comes near enough for Gauss and Newton's method to be sure of its way, over many spikes.
"""

from collections.abc import Callable, Sequence

import numpy as np


def gates(mid: np.ndarray, rest: Sequence[float], rates: Callable, dt: float) -> np.ndarray:
    """Returns m, h and n `(3, rows, time)` halfway through steps over which the voltage is `mid` `(rows, time)`.

    Args:
        mid: In mV from rest.
        rest: The gates at the beginning.
        rates: Gives alpha and beta of m, h and n in 1/ms, numpy arrays, for a voltage.
        dt: Step in ms.
    """
    alpha, beta = (np.stack(each) for each in zip(*rates(mid)))
    limit, decay = alpha / (alpha + beta), np.exp(-dt * (alpha + beta))
    x, found = np.repeat(np.array(rest)[:, None], len(mid), axis=1), np.empty_like(limit)
    for k in range(mid.shape[1]):
        after = limit[..., k] + (x - limit[..., k]) * decay[..., k]
        found[..., k], x = (x + after) / 2.0, after
    return found


def balance(current, voltage, rest, rates, *, dt: float, capacitance: float):
    """Returns g and e `(3,)` of sodium, potassium and leak, and a function that says how much they leave unexplained.

    Args:
        current: `(rows, time)`, in uA/cm2.
        voltage: At the ends of the steps, `(rows, time)`, in mV from rest, where it begins.
        rest: The gates at the beginning.
        rates: As for `gates`.
        dt: Step in ms.
        capacitance: In uF/cm2.

    Returns:
        None where the recordings do not tell all six; else g, e, and `unexplained(g, e)`, a share of the squares.
    """
    u = np.concatenate([np.zeros((len(voltage), 1)), np.asarray(voltage, "float64")], axis=1)
    mid = (u[:, 1:] + u[:, :-1]) / 2.0
    m, h, n = gates(mid, rest, rates, dt)
    p = np.stack([m**3 * h, n**4, np.ones_like(mid)], axis=-1).reshape(-1, 3)
    known = (capacitance * np.diff(u, axis=1) / dt - np.asarray(current, "float64")).ravel()
    terms = np.concatenate([-p * mid.reshape(-1, 1), p], axis=1)
    scale = np.linalg.norm(terms, axis=0) + 1e-30
    found, _, rank, _ = np.linalg.lstsq(terms / scale, known, rcond=1e-6)
    g, products = (found / scale).reshape(2, 3)

    def unexplained(g, e) -> float:
        rest = known - terms @ np.concatenate([g, np.multiply(g, e)])
        return float(rest @ rest / (known @ known))

    return (g, products / g, unexplained) if rank == 6 and np.all(g > 0.0) else None
