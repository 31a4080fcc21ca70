"""The folders of data that belong to the package: `datasets` and `saved_models`."""

from __future__ import annotations

import pathlib


def package_folder(name: str) -> pathlib.Path:
    """Returns the folder `datasets` or `saved_models`: beside this package if it is there, else in the checkout."""
    here = pathlib.Path(__file__).resolve().parent
    return here / name if (here / name).is_dir() else here.parent / name
