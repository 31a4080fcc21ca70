"""The options that hidden layers have in several networks, checked."""

from collections.abc import Sequence


def checked_units(hidden_units: int | Sequence[int], dropout: float, *, fewest: int = 0) -> tuple[int, ...]:
    """Returns the units of each hidden layer.

    Args:
        hidden_units: Units of each hidden layer, or of the only one.
        dropout: Share of hidden units dropped in training.
        fewest: The fewest layers that there must be.

    Raises:
        ValueError: if a number of units is no positive integer, layers are too few, or the share is not in [0, 1).
    """
    units = (hidden_units,) if isinstance(hidden_units, int) else tuple(hidden_units)
    if len(units) < fewest or any(not isinstance(unit, int) or unit < 1 for unit in units):
        raise ValueError(
            f"`hidden_units` must be positive integers, one a layer. Received: hidden_units={hidden_units}"
        )
    if not 0.0 <= dropout < 1.0:
        raise ValueError(f"`dropout` must be a share in [0, 1). Received: dropout={dropout}")
    return units
