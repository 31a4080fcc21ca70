"""Files near or far: what a path, glob, folder or fsspec address means; opening; what goes wrong, in words."""

from __future__ import annotations

import contextlib
import hashlib
import lzma
import os
import re
import tarfile
import zipfile
import zlib

import fsspec

from zoo.data import archives

COMPRESSED = (".gz", ".bz2", ".xz", ".zip", ".zst")
COMPRESSIONS = {".gz": "gzip", ".bz2": "bz2", ".xz": "xz"}  # by fsspec
UNREADABLE_ARCHIVES = (zipfile.BadZipFile, tarfile.TarError)
PREFIXES_LEFT_OUT = (".", "_")


def expand(source: str, wanted) -> list[str]:
    """Returns the files that a path, glob, folder or address means, sorted.

    Args:
        source: A path, glob, folder or fsspec address.
        wanted: A function of a path: whether a file of a folder belongs to the rows.

    Raises:
        FileNotFoundError: if there are none.
        PermissionError: if they may not be read.
    """
    if archives.is_member(source):
        with explained(source, "a file in a zip or tar archive"):
            archives.opened(source).close()
        return [source]
    filesystem, path = fsspec.core.url_to_fs(source)
    protocol = filesystem.protocol if isinstance(filesystem.protocol, str) else filesystem.protocol[0]
    local = protocol in ("file", "local")
    if any(mark in path for mark in "*[") and not (local and os.path.exists(path)):
        found = sorted(file for file in filesystem.glob(path) if not filesystem.isdir(file))
    elif protocol not in ("http", "https") and filesystem.isdir(path):
        found = _in_folder(filesystem, path, source, wanted)
    else:
        found = [path] if filesystem.exists(path) else []
    if not found and local and os.path.isdir(path):
        raise FileNotFoundError(
            f"The folder {source!r} must hold tables or images. Received: no .csv, .parquet, .jsonl, .xlsx or another "
            "table, and no .png or .jpg. Correct the path, or name the type of the files with `format`."
        )
    if not found:
        raise FileNotFoundError(f"There is no file, folder or glob {source!r}. Correct the path.")
    for file in found if local else ():
        if not os.access(file, os.R_OK):
            raise PermissionError(f"{file!r} must be readable. Received: no permission. Change it: chmod +r {file}")
    return [file if local or "://" in file else filesystem.unstrip_protocol(file) for file in found]


def _in_folder(filesystem, path, source, wanted) -> list[str]:
    found = []
    for file in sorted(filesystem.find(path)):
        parts = file.removeprefix(path).strip("/").split("/")
        if any(part.startswith(PREFIXES_LEFT_OUT) for part in parts) or not wanted(file):
            continue
        found.append(file)
    return found


def is_local(path: str) -> bool:
    """Returns whether a path is on this machine's disk."""
    path = archives.archive_of(path)
    return "://" not in path or path.startswith(("file://", "local://"))


def _name(path: str) -> str:
    """Returns the name of a file by which its type is known: that in the archive, without a query of the address."""
    return path.split("::")[0].split("?")[0] if "://" in path else path


def suffix(path: str) -> str:
    """Returns the suffix in lower case, before any of compression: ".csv" of "a/b.CSV.gz"."""
    name = _name(path).lower()
    for end in COMPRESSED:
        name = name.removesuffix(end)
    name = re.sub(r"-\d+-of-\d+$", "", name)  # shards: rows.tfrecord-00000-of-00004
    return os.path.splitext(name)[1]


def opened(path: str):
    """Opens a file for reading bytes, behind any compression that its suffix names, also one in an archive."""
    end = os.path.splitext(_name(path).lower())[1]
    if archives.is_member(path):
        file = archives.opened(path)
    elif end == ".zst":
        file = fsspec.open(path, "rb").open()
    else:
        return fsspec.open(path, "rb", compression=COMPRESSIONS.get(end)).open()
    return archives.Owner(_unpacked(file, end), file) if end in (*COMPRESSIONS, ".zst") else file


def _unpacked(file, end: str):
    if end == ".zst":
        import pyarrow as pa

        return pa.CompressedInputStream(pa.PythonFile(file), "zstd")  # fsspec reads it with another package alone
    return fsspec.compression.compr[COMPRESSIONS[end]](file, mode="rb")


def size(paths: list[str]) -> int:
    """Returns the bytes of all files, compressed ones counted fourfold; 0 for those that do not say."""
    total = 0
    for path in paths:
        if archives.is_member(path):
            total += archives.size(path)
            continue
        filesystem, inner = fsspec.core.url_to_fs(path)
        total += (filesystem.size(inner) or 0) * (4 if inner.endswith(COMPRESSED) else 1)
    return total


def sha256(paths: list[str]) -> str:
    """Returns the SHA-256 of the files' raw bytes, one after the other; of files in archives, that of the archives."""
    digest = hashlib.sha256()
    for path in dict.fromkeys(map(archives.archive_of, paths)):
        with fsspec.open(path, "rb") as file:
            while chunk := file.read(2**22):
                digest.update(chunk)
    return digest.hexdigest()


def differing(first: str, other: str, columns, others) -> str:
    """Returns the message about two files of other columns that were to be one table."""
    apart = ", ".join(map(repr, sorted(set(columns) ^ set(others))[:10]))
    return (
        f"All files must have the same columns. {first!r} and {other!r} differ in {apart}. Load them apart, or write "
        "the columns into both."
    )


@contextlib.contextmanager
def explained(path: str, what: str):
    """Turns what readers raise into a ValueError that names the file and the repair.

    Raises:
        ValueError: if the file is cut off, or is not `what`.
    """
    import pyarrow as pa

    try:
        yield
    except (FileNotFoundError, PermissionError, ConnectionError):
        raise
    except (EOFError, zlib.error, lzma.LZMAError, *UNREADABLE_ARCHIVES, OSError, pa.ArrowException) as error:
        text = re.sub(r"\s+", " ", str(error))[:300]
        if isinstance(error, (EOFError, zlib.error)) or re.search(
            "truncat|end of|incomplete|crc-", text, re.IGNORECASE
        ):
            raise ValueError(
                f"{path!r} must be whole. Received: a truncated or damaged file ({text}). Fetch it again."
            ) from error
        raise ValueError(
            f"{path!r} must be {what}. Received: {text}. Repair it, or name its type with `format`."
        ) from error
