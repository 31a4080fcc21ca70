"""`zoo serve`: opens the folders, binds the socket, says where, and serves until it is told to stop."""

from __future__ import annotations

import contextlib
import gc
import logging
import socket
from collections.abc import Iterable, Mapping
from typing import Literal

from zoo.serving import runtimes
from zoo.serving.app import App
from zoo.serving.models import Watcher, open_folders

PORT = 8501  # TensorFlow Serving's
BACKLOG = 4096
LONGEST = 86_400  # seconds


def serve(
    folders: Iterable,
    *,
    host: str = "127.0.0.1",
    port: int = PORT,
    runtime: Literal["tensorflow", "onnx"] = "tensorflow",
    lenient: bool = False,
    most_bytes: int = 32 * 2**20,
    most_rows: int = 16_384,
    most_waiting: int = 4096,
    seconds: float = 30.0,
    poll: float = 1.0,
) -> None:
    """Serves exported folders until SIGTERM or Ctrl-C; what was asked before is then still answered.

    Args:
        folders: Each holds versions 1, 2, ..., of which the highest answers, and is named as its model. Or a version
            in such a folder, which then answers alone.
        host: Address to bind to.
        port: Port to listen on, 8501 if not given; 0 for a free one.
        runtime: `"tensorflow"` (SavedModels) or `"onnx"` (model.onnx).
        lenient: Whether rows may be as training took them: raw names, missing and further columns, null, true and
            false, numbers in strings, whole numbers of any size.
        most_bytes: Limit of a body, 32 MiB if not given.
        most_rows: Limit of the rows of a request.
        most_waiting: Requests that may wait; further ones are answered 503.
        seconds: Limit of time for a body and for an answer.
        poll: Seconds between two looks for new versions.

    Raises:
        ImportError: if the extra `serve`, or the runtime, is missing.
        FileNotFoundError, ValueError: as of `open_folders`; ValueError too if a limit is out of its range.
        OSError: if the address cannot be bound.
    """
    _check(port, {"most_bytes": most_bytes, "most_rows": most_rows, "most_waiting": most_waiting}, seconds, poll)
    try:
        import uvicorn
    except ImportError as error:
        raise ImportError('The server is missing: pip install "keras-zoo[serve]"') from error
    _log_to_stderr()
    runtimes.imported(runtime)
    limits = {"most_rows": max(1024, most_rows), "most_waiting": most_waiting, "seconds": seconds}
    models = open_folders(folders, runtime, **limits)
    if lenient:
        for served in models.values():
            served.version.lenient  # noqa: B018 (what it imports takes a second, which no request shall wait)
    app = App(models, lenient=lenient, most_bytes=most_bytes, most_rows=most_rows, seconds=seconds)
    bound = _bound(host, port)
    _allow_many_connections()
    gc.collect()
    gc.freeze()  # what stands now stays: the collector need not look at TensorFlow's modules again
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        lifespan="off",
        ws="none",
        backlog=BACKLOG,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=int(seconds) + 1,
    )
    watcher = Watcher(models.values(), poll)
    shown = f"[{host}]" if ":" in host else host
    for name, served in models.items():
        print(f"{name}: version {served.version.number} of {served.folder}", flush=True)
    print(f"serving on http://{shown}:{bound.getsockname()[1]}", flush=True)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[bound])
    finally:
        watcher.close()
        for served in models.values():
            served.close()
        bound.close()


def _check(port: int, limits: Mapping[str, int], seconds: float, poll: float) -> None:
    if not 0 <= port <= 65535:
        raise ValueError(f"`port` must be from 0 to 65535, 0 for a free one. Received: {port}")
    for name, limit in limits.items():
        if limit < 1:
            raise ValueError(f"`{name}` must be at least 1. Received: {limit}")
    for name, time in (("seconds", seconds), ("poll", poll)):
        if not 0 < time <= LONGEST:
            raise ValueError(f"`{name}` must be above 0 and at most {LONGEST} seconds. Received: {time:g}")


def _log_to_stderr() -> None:
    logger = logging.getLogger("zoo.serving")
    if not logger.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(BACKLOG)  # who reads the line below may connect at once
    except OSError as error:
        bound.close()
        said = f"Cannot serve on {host}:{port}: {error.strerror}. Choose another with --port, or 0 for a free one"
        raise OSError(error.errno, said) from error
    return bound


def _allow_many_connections() -> None:
    """Raises the limit of open files to what the system allows this process."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
