"""Other packages that add to the zoo: entry points of the group `zoo.models`, each of which names a light module.

The module calls `zoo.register`, `zoo.register_task` and `zoo.data.register_column` when it is imported.
"""

from __future__ import annotations

import importlib
import threading
import warnings

_loaded = False
_loading = False
_lock = threading.RLock()


def load_plugins() -> None:
    """Loads the zoo's own table and the light modules of other packages, which register networks and columns."""
    global _loaded, _loading
    if _loaded:
        return
    with _lock:  # other threads wait; a module that is being loaded may call this again
        if _loaded or _loading:
            return
        _loading = True
        try:
            importlib.import_module("zoo.models")
            from importlib import metadata  # which takes a third of the time of `import zoo`

            for point in metadata.entry_points(group="zoo.models"):
                _load_plugin(point)
            _loaded = True
        finally:
            _loading = False


def _load_plugin(point) -> None:
    try:
        point.load()
    except Exception as error:  # the package of another must not break the zoo's own list
        warnings.warn(
            f"The zoo plugin {point.name!r} ({point.value}) failed to load: {type(error).__name__}: {error}. "
            "Its models are missing; repair or uninstall it.",
            stacklevel=4,
        )
