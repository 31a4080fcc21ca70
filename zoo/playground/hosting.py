"""Serves the page of the playground on this machine, or copies it for a web host."""

from __future__ import annotations

import contextlib
import functools
import http.server
import os
import shutil
import socket
from pathlib import Path

from zoo.artifacts import folders

PAGE = Path(__file__).resolve().parent / "page"
PORT = 8765
MARK = '<meta name="generator" content="zoo playground">'  # tells a page that was written here from other pages


def write(folder: str | os.PathLike, *, overwrite: bool = False) -> Path:
    """Copies the page to a folder, for any web host or to be opened as a file.

    Args:
        folder: Where index.html is to stand.
        overwrite: Whether to replace a page of the playground. A folder that holds anything else is never replaced.

    Returns:
        The path of index.html.

    Raises:
        FileExistsError: if the folder holds something and must not be replaced.
        OSError: if it cannot be written.
    """
    target = folders.existing(Path(os.path.realpath(folder)))
    if target.is_file() or (target.is_dir() and any(target.iterdir()) and not _is_page(target)):
        raise FileExistsError(
            f"{str(folder)!r} must be a new folder or a page that `zoo playground` wrote. Received: a file or folder "
            "of something else, which is left unchanged. Choose another folder."
        )
    if _is_page(target) and not overwrite:
        raise FileExistsError(
            f"{str(folder)!r} holds a page of the playground already. Pass `overwrite=True` to replace it, or choose "
            "another folder."
        )
    target = Path(os.path.realpath(folder))
    with folders.writable(target) as beside:
        shutil.copytree(PAGE, beside, dirs_exist_ok=True)
        folders.replace(beside, target)
    return Path(folder) / "index.html"


def _is_page(folder: Path) -> bool:
    try:
        return MARK in (folder / "index.html").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files of the page, without a log of each request, and always the newest."""

    extensions_map = {
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript; charset=utf-8",  # some systems have registered another type for it
        ".css": "text/css; charset=utf-8",
    }

    def log_message(self, *_):
        pass

    def end_headers(self):
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()


def serve(*, host: str = "127.0.0.1", port: int = PORT) -> None:
    """Serves the page until Ctrl-C, and prints its address.

    Args:
        host: Address to bind to.
        port: Port to listen on, 8765 if not given; 0 for a free one.

    Raises:
        ValueError: if the port is none.
        OSError: if the address cannot be bound.
    """
    if not 0 <= port <= 65535:
        raise ValueError(f"`port` must be from 0 to 65535, 0 for a free one. Received: {port}")

    class Server(http.server.ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

        def server_bind(self):
            """Binds without asking for the machine's name, which may take seconds."""
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.socket.bind(self.server_address)
            self.server_name, self.server_port = self.socket.getsockname()[:2]

    try:
        server = Server((host, port), functools.partial(Handler, directory=str(PAGE)))
    except OSError as error:
        raise OSError(
            error.errno, f"{host}:{port} cannot be served on ({error.strerror}). Choose another with `port`"
        ) from error
    shown = f"[{host}]" if ":" in host else host
    print(f"serving on http://{shown}:{server.server_port}", flush=True)
    with server, contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()
