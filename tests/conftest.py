"""What every test has: a quiet TensorFlow, no network, and tests of TensorFlow's parts only where it is the backend."""

import os
import signal
import socket

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before the first import of TensorFlow

import numpy as np
import pandas as pd
import pytest

BACKEND = os.environ.get("KERAS_BACKEND", "tensorflow")


def pytest_configure(config):
    """Hears Ctrl-C, which shells have what they run in the background ignore: tests send it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_report_header(config):
    return f"keras backend: {BACKEND}"


def pytest_collection_modifyitems(config, items):
    """Leaves out the tests marked `tensorflow`, `jax` or `torch` on another backend."""
    others = [name for name in ("tensorflow", "jax", "torch") if name != BACKEND]
    left_out = [item for item in items if any(item.get_closest_marker(name) for name in others)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


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
