"""Files inside zip and tar archives, by addresses such as `zip://rows/a.csv::/data/rows.zip`."""

from __future__ import annotations

import io
import re
import tarfile
import zipfile

import fsspec

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
_ADDRESS = re.compile(r"(zip|tar)://(.+?)::(.+)", re.DOTALL)


def is_archive(path: str) -> bool:
    """Returns whether a file's suffix says that it is an archive."""
    return path.lower().endswith(ARCHIVES) and not is_member(path)


def is_member(path: str) -> bool:
    """Returns whether an address is that of a file in an archive."""
    return _ADDRESS.fullmatch(path) is not None


def archive_of(path: str) -> str:
    """Returns the archive that a file is in, or the file itself."""
    found = _ADDRESS.fullmatch(path)
    return found[3] if found else path


def _file(path: str):
    """Opens an archive; what cannot be read at any place, such as most servers' answers, is fetched whole."""
    file = fsspec.open(path, "rb").open()
    try:
        if file.seek(0, 2):
            file.seek(-1, 2)
            file.read(1)
            file.seek(0)
        return file
    except (OSError, ValueError):
        file.close()
        with fsspec.open(path, "rb") as whole:
            return io.BytesIO(whole.read())


def members(path: str) -> list[str]:
    """Returns the addresses of the files in an archive, sorted, without hidden ones."""
    kind = "zip" if path.lower().endswith(".zip") else "tar"
    with _file(path) as file:
        if kind == "zip":
            names = [entry.filename for entry in zipfile.ZipFile(file).infolist() if not entry.is_dir()]
        else:
            with tarfile.open(fileobj=file, mode="r:*") as archive:
                names = [entry.name for entry in archive if entry.isfile()]
    shown = [name for name in names if not any(part.startswith((".", "_")) for part in name.split("/") if part != ".")]
    return [f"{kind}://{name}::{path}" for name in sorted(shown)]


def size(path: str) -> int:
    """Returns the bytes of a file in an archive, unpacked."""
    kind, name, archive = _ADDRESS.fullmatch(path).groups()
    with _file(archive) as file:
        if kind == "zip":
            return zipfile.ZipFile(file).getinfo(name).file_size
        with tarfile.open(fileobj=file, mode="r:*") as tar:
            return tar.getmember(name).size


def opened(path: str) -> Owner:
    """Opens a file in an archive for reading bytes.

    Raises:
        FileNotFoundError: if the archive has no such file.
        ValueError: if it is encrypted.
    """
    kind, name, archive = _ADDRESS.fullmatch(path).groups()
    file = _file(archive)
    try:
        if kind == "zip":
            container = zipfile.ZipFile(file)
            return Owner(container.open(name), container, file)
        tar = tarfile.open(fileobj=file, mode="r:*")
        return Owner(tar.extractfile(name), tar, file)
    except KeyError as error:
        file.close()
        known = ", ".join(_ADDRESS.fullmatch(one)[2] for one in members(archive)[:10])
        raise FileNotFoundError(f"There is no file {name!r} in {archive!r}. It holds: {known}.") from error
    except (RuntimeError, NotImplementedError) as error:  # zipfile raises these for passwords and for other packers
        file.close()
        raise ValueError(
            f"{archive!r} must be an archive that can be unpacked. Received: {error}. Unpack it."
        ) from error
    except BaseException:
        file.close()
        raise


class Owner(io.BufferedReader):
    """A file that closes, when it is closed, what it reads from.

    Args:
        raw: The file to read.
        *sources: What to close after it.
    """

    def __init__(self, raw, *sources):
        super().__init__(raw)
        self._sources = sources

    def close(self):
        super().close()
        for source in self._sources:
            source.close()
