"""A server in a process of its own: started, waited for, and ended whatever happens."""

import contextlib
import os
import subprocess
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 120  # in which a server must be ready
SAID = "serving on "  # and the address


@contextlib.contextmanager
def listening(command, **environment):
    """Yields the process of a command and the address that it says it is serving on.

    Raises:
        RuntimeError: if it does not say so in time.
    """
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **environment}
    process = subprocess.Popen([*map(str, command)], cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment)
    clock = threading.Timer(SECONDS, process.kill)
    clock.start()
    try:
        address = next((line.removeprefix(SAID).strip() for line in process.stdout if line.startswith(SAID)), None)
        clock.cancel()
        if address is None:
            raise RuntimeError(
                f"A server must say {SAID!r} and its address within {SECONDS} s. It ended without: {process.args}. "
                "Its standard error says why."
            )
        yield process, address
    finally:
        clock.cancel()
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
