"""How columns are encoded, and what each feature of an encoded column is."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

# An encoded tensor holds the values of all columns first, then what says that a value is missing, then further parts.
SECTIONS = ("value", "missing", "part")
OTHERS = "others"  # in a dict of encodings by kind, the name of those that kinds left out have
WHOLE = ("standard", "expanded")  # names of an encoding of each kind
FARTHEST = 1e36  # standard deviations, at which a number of the tensor `linear` ends: its products stay finite


@dataclasses.dataclass(frozen=True)
class Encodings:
    """How a preprocessor encodes.

    Args:
        raw: Whether numbers stay as they are and levels become 0/1, in one tensor `inputs`.
        ranks: Whether numbers are ranked beside being scaled.
        centred: Whether numbers whose spread float32 does not resolve are read less their middle.
        linear: Whether a tensor `linear` holds numbers standardised and not squashed.
        by_kind: The names of the encodings that are on, of each kind that offers some (`Kind.encodings`).
    """

    raw: bool = False
    ranks: bool = True
    centred: bool = True
    linear: bool = False
    by_kind: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)

    def of(self, kind: str) -> tuple[str, ...]:
        """Returns the names of the encodings of a kind that are on."""
        return self.by_kind.get(kind, ())


@dataclasses.dataclass(frozen=True)
class Feature:
    """One feature of a column.

    Args:
        what: What of the column it is.
        center: What is 0 in it, in the column's units.
        scale: What is 1 in it, from the centre, in the column's units.
        section: Where in an encoded tensor it stands, one of `SECTIONS`.
    """

    what: str = "value"
    center: float = 0.0
    scale: float = 1.0
    section: str = "value"

    def __post_init__(self):
        if self.section not in SECTIONS or isinstance(self.center, str):
            raise ValueError(f"`section` must be one of {', '.join(SECTIONS)}, given by its name. Received: {self}.")
