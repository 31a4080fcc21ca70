"""How many tables the hunt tries, and that it draws the same ones in every run on every machine.

    HUNT_TABLES=20000 pytest tests/hunt          ten times as many tables of each test, drawn at random

Without `HUNT_TABLES` each run draws the same tables: 2,000 are read and encoded, 40 trained, 10 exported.
"""

import contextlib
import os

from hypothesis import HealthCheck, Phase, settings
from hypothesis.internal.conjecture import providers

READ = 2_000  # tables in a run without HUNT_TABLES


def tables(share: int, *, shortest: bool = True) -> settings:
    """Returns hypothesis's settings of a test.

    Args:
        share: Tables that it draws in a run of 2,000.
        shortest: Whether the shortest example of a failure is sought, for which a test is run hundreds of times.
    """
    asked = os.environ.get("HUNT_TABLES")
    phases = [Phase.explicit, Phase.reuse, Phase.generate, *([Phase.shrink] if shortest else [])]
    return settings(
        max_examples=max(1, share * int(asked or READ) // READ),
        deadline=None,
        derandomize=asked is None,
        phases=phases,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )


@contextlib.contextmanager
def same_constants():
    """Has hypothesis draw no constants of the modules that are loaded during the block.

    It draws numbers and strings that stand in the sources of loaded modules more often than others. Which modules are
    loaded depends on the tests that ran before in the same process, and so would the tables.
    """
    none = providers.Constants()
    found, providers._get_local_constants = providers._get_local_constants, lambda: none
    providers.CONSTANTS_CACHE.cache.clear()
    try:
        yield
    finally:
        providers._get_local_constants = found
        providers.CONSTANTS_CACHE.cache.clear()
