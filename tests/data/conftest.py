"""What the tests of data share."""

import pytest


@pytest.fixture
def write(tmp_path):
    """Writes a file and returns its path as a string."""

    def write(name, content):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write
