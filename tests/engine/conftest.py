"""What one process leaves, for the tests of several devices and of several machines."""

from pathlib import Path

import pytest

from tests.engine.test_machines import CASES, run


@pytest.fixture(scope="session")
def alone(tmp_path_factory):
    """A function from a backend to what one process leaves of every case."""
    done = {}

    def of(backend: str) -> Path:
        if backend not in done:
            done[backend] = tmp_path_factory.mktemp(f"alone-{backend}")
            run(done[backend], (*CASES, "killed"), backend)
        return done[backend]

    return of
