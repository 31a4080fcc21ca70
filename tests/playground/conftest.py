"""Tests that need Node run only when asked for."""


def pytest_collection_modifyitems(config, items):
    """Leaves out the tests that need Node, unless -m names them: `-m "not slow"` must not ask for it."""
    if "node" in config.option.markexpr:
        return
    left_out = [item for item in items if item.get_closest_marker("node")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
