"""The unpacked archives, and a process that waits with TensorFlow imported."""

from pathlib import Path

import pytest

from tests.compatibility import archive
from tests.compatibility.machine import is_newer
from tests.compatibility.warm import scripts_are_forked


def pytest_collection_modifyitems(config, items):
    """Allows warnings if a package is newer than in every archive: the zoo may warn that it was not tested with it."""
    known = [facts["versions"] for facts in archive.cases().values()]
    if any(all(is_newer(name, versions[name]) for versions in known) for name in known[0]):
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.filterwarnings("default"))


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory):
    """The folder of the cases."""
    return archive.unpack(tmp_path_factory.mktemp("compatibility"))


@pytest.fixture(scope="module")
def forked():
    """Runs scripts in forks of one process that has imported TensorFlow."""
    with scripts_are_forked():
        yield
