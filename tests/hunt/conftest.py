"""For every test of the hunt: the same tables in every run."""

import pytest

from tests.hunt import options


@pytest.fixture(autouse=True, scope="package")
def same_constants():
    with options.same_constants():
        yield
