"""What one process leaves, for the tests of several devices and of several machines."""

import os
from pathlib import Path

import pytest

from tests.conftest import locked
from tests.engine.workers.test_machines import CASES, run


@pytest.fixture(scope="session")
def alone(tmp_path_factory):
    """A function from a backend to the folder of one process's results, made once for all workers of pytest."""
    import fcntl

    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # of the whole run

    def of(backend: str) -> Path:
        lock, made = folder / f"{backend}.lock", folder / f"alone-{backend}"
        lock.touch()
        with locked(lock, fcntl.LOCK_EX):
            if not (made / "whole").exists():
                run(made, (*CASES, "killed"), backend)
                (made / "whole").touch()
        return made

    return of
