"""For every test: a quiet TensorFlow, no network, and tests of one Keras backend only on that backend.

With `pytest -n 2`, no other worker runs a test while a test marked `serial` runs.
"""

import collections
import contextlib
import os
import signal
import socket
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before the first import of TensorFlow

import numpy as np
import pandas as pd
import pytest

BACKEND = os.environ.get("KERAS_BACKEND", "tensorflow")


def pytest_configure(config):
    """Hears Ctrl-C, which shells have what they run in the background ignore: tests send it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextlib.contextmanager
def locked(path, operation):
    """Holds a lock on a file during the block: `fcntl.LOCK_SH` is shared by processes, `fcntl.LOCK_EX` exclusive."""
    import fcntl

    with open(path, "rb") as file:
        fcntl.flock(file, operation)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)  # closing is not enough: a forked process still has the file open


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Runs a test marked `serial` while no other worker of pytest-xdist runs a test."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return (yield)
    import fcntl

    operation = fcntl.LOCK_EX if item.get_closest_marker("serial") else fcntl.LOCK_SH
    with contextlib.ExitStack() as stack:
        with locked(__file__, fcntl.LOCK_EX):  # a queue: without it, shared locks could be taken forever
            stack.enter_context(locked(Path(__file__).with_name("__init__.py"), operation))
        return (yield)


def pytest_report_header(config):
    return f"keras backend: {BACKEND}"


def pytest_collection_modifyitems(config, items):
    """Leaves out the tests marked `tensorflow`, `jax` or `torch` on another backend, and `node` unless -m names it.

    With several workers, files with many slow tests come first, so that no worker ends long after the others.
    """
    others = [name for name in ("tensorflow", "jax", "torch") if name != BACKEND]
    others += [] if "node" in config.option.markexpr else ["node"]  # -m "not slow" must not ask for Node
    left_out = [item for item in items if any(item.get_closest_marker(name) for name in others)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
    if "PYTEST_XDIST_WORKER" in os.environ:
        slow = collections.Counter(item.path for item in items if item.get_closest_marker("slow"))
        items.sort(key=lambda item: -slow[item.path])


@pytest.fixture(autouse=True, scope="session")
def no_network():
    """Refuses connections to other machines: a test that needs one is no test."""
    connect = socket.socket.connect

    def guarded(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise ConnectionRefusedError(f"Tests must not touch the network. Received: {address}")
        return connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture
def quick_proof(monkeypatch):
    """Proves exports in this process: a fresh one would take as long as the import of TensorFlow."""
    from zoo.artifacts import proof, proof_process

    monkeypatch.setattr(proof, "_answer_in_a_fresh_process", proof_process.answer)


@pytest.fixture
def visits() -> pd.DataFrame:
    """200 visits to a zoo's shop: numbers with gaps, a category, a boolean; whether something was `bought` follows."""
    generator = np.random.default_rng(0)
    rows = 200
    minutes = generator.gamma(2.0, 10.0, rows).round(1)
    member = generator.random(rows) < 0.4
    gate = generator.choice(["north", "south", "river"], rows)
    score = 0.1 * (minutes - 20.0) + 1.5 * member + (gate == "river") + generator.normal(0.0, 0.5, rows)
    frame = pd.DataFrame({"minutes": minutes, "member": member, "gate": gate})
    frame.loc[generator.random(rows) < 0.1, "minutes"] = np.nan
    frame["bought"] = np.where(score > 0.5, "yes", "no")
    return frame


@pytest.fixture
def visits_csv(visits, tmp_path):
    """The visits as a file."""
    path = tmp_path / "visits.csv"
    visits.to_csv(path, index=False)
    return path
