"""Reads and writes the archives `cases*.tar.xz`: their index, the folders of the cases, and raw rows with their dtypes.

index.json             the machine and the versions that wrote it, and what each case is
<case>/artifact/       what `zoo.save` wrote               rows.*       raw rows
<case>/export/1/       what `zoo.export` wrote             answers.npz  the answers to them
<case>/model.keras     what `model.save` wrote             requests.npz, served.npz   the same of its signatures
<case>/training.*      rows to train on                    encoded.npz  those rows, encoded
<case>/trained_<n>.npz the weights after the n-th training of the case
"""

from __future__ import annotations

import functools
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

FOLDER = Path(__file__).parent


def paths() -> list[Path]:
    """Returns the archives: the first one, and those of further cases beside it."""
    return sorted(FOLDER.glob("cases*.tar.xz"))


def index(path: Path) -> dict[str, Any]:
    """Returns what an archive holds: `machine`, `versions` and `cases`, without unpacking the rest."""
    with tarfile.open(path) as archive:
        first = archive.next()
        if first is None or first.name != "index.json":
            raise ValueError(f"{path.name} must begin with index.json. Received: {first and first.name}.")
        return json.load(archive.extractfile(first))


@functools.cache
def cases() -> dict[str, dict[str, Any]]:
    """Returns the facts of each case of every archive by name, with those of the archive that holds it."""
    found: dict[str, dict[str, Any]] = {}
    for path in paths():
        held = index(path)
        for name, facts in held["cases"].items():
            if name in found:
                raise ValueError(f"The case {name!r} is in {path.name} and in {found[name]['archive']}.")
            found[name] = {**facts, "archive": path.name, "machine": held["machine"], "versions": held["versions"]}
    return found


def unpack(folder: Path) -> Path:
    """Unpacks every archive into a folder, and returns it."""
    for path in paths():
        with tarfile.open(path) as archive:
            archive.extractall(folder, filter="data")
    return folder


def pack(folder: Path, index: dict[str, Any], path: Path) -> None:
    """Packs the cases of an index, which are folders, into a new archive that begins with the index."""
    files = [file for name in index["cases"] for file in (folder / name).rglob("*") if file.is_file()]
    # Files of one name follow each other: SavedModels and their like have much in common.
    files = sorted((file for file in files if file.name != "facts.json"), key=lambda file: (file.name, str(file)))
    text = json.dumps(index, ensure_ascii=False, indent=1).encode()
    with tarfile.open(path, "x:xz", preset=9) as archive:
        first = _anonymous(tarfile.TarInfo("index.json"))
        first.size = len(text)
        archive.addfile(first, io.BytesIO(text))
        for file in files:
            archive.add(file, file.relative_to(folder).as_posix(), filter=_anonymous)


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    member.mode = 0o644
    return member


def write_rows(folder: Path, name: str, rows) -> None:
    """Stores a DataFrame, an array `x`, or arrays `(x, y)`. Parquet keeps dtypes; names of columns stand beside it."""
    if isinstance(rows, pd.DataFrame):
        plain = rows.set_axis([f"c{i}" for i in range(rows.shape[1])], axis=1)
        plain.to_parquet(folder / f"{name}.parquet")
        names = json.dumps(list(rows.columns), ensure_ascii=False)
        (folder / f"{name}.columns.json").write_text(names, encoding="utf-8")
        return
    x, y = rows if isinstance(rows, tuple) else (rows, None)
    np.savez(folder / f"{name}.npz", x=x, **({} if y is None else {"y": y}))


def read_rows(folder: Path, name: str):
    """Returns what `write_rows` stored."""
    table = folder / f"{name}.parquet"
    if table.is_file():
        names = json.loads((folder / f"{name}.columns.json").read_text(encoding="utf-8"))
        return pd.read_parquet(table).set_axis(names, axis=1)
    stored = read_arrays(folder, name)
    return (stored["x"], stored["y"]) if "y" in stored else stored["x"]


def read_arrays(folder: Path, name: str) -> dict[str, np.ndarray]:
    """Returns the arrays of an .npz file by name."""
    with np.load(folder / f"{name}.npz", allow_pickle=False) as stored:
        return dict(stored)


def inputs_of(rows, target):
    """Returns rows without their target."""
    if isinstance(rows, pd.DataFrame):
        return rows.drop(columns=[target]) if target in rows.columns else rows
    return rows[0] if isinstance(rows, tuple) else rows
