"""The unpacked archives, and a process that waits with TensorFlow imported."""

from pathlib import Path

import pytest

from tests.compatibility import archive
from tests.compatibility.machine import is_newer
from tests.compatibility.warm import scripts_are_forked


def pytest_collection_modifyitems(config, items):
    """Lets tests warn where a version is newer than every archive: the zoo may say that it was not tried."""
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
    """Scripts that are run in a process of their own need not import TensorFlow each."""
    with scripts_are_forked():
        yield
