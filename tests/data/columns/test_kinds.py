"""The register of kinds of columns."""

import pandas as pd

from zoo.data import columns
from zoo.data.columns.kind import Kind
from zoo.data.infer import infer


class Ticket(Kind):
    """Strings that begin with `T-`, as a package outside of the zoo may know them."""

    name, precedence = "demo/ticket", 5

    def suits(self, values) -> bool:
        return bool(values.levels) and all(level.startswith("T-") for level in values.levels)


KIND = Ticket()


def test_kinds_of_other_packages_are_asked_whatever_was_loaded_before(monkeypatch):
    """Their columns were texts until something else, such as a list of models, had loaded the package."""

    def load_plugins():
        monkeypatch.setitem(columns.KINDS, KIND.name, f"{__name__}:KIND")

    monkeypatch.setattr(columns, "_loaded", dict(columns._loaded))
    monkeypatch.setattr(columns, "load_plugins", load_plugins)
    assert infer(pd.DataFrame({"seat": ["T-1", "T-2", "T-3"]})).column("seat").kind == "demo/ticket"
