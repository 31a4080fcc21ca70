"""The zoo: from raw rows or pixels to a served, still trainable Keras model in one call.

    zoo.list_models()                            what there is
    run = zoo.train("mlp_classifier", "titanic")  raw rows to a trained model
    run.save("runs/t")                           saved, and loaded again by zoo.load
    zoo.export(run, "served/titanic")            a SavedModel that takes raw columns

The names below are the public surface. Each is imported when it is first used, so that `import zoo` is instant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoo import notices
from zoo.registry import Entry as Entry
from zoo.registry import info as info
from zoo.registry import list_models as list_models
from zoo.registry import register as register
from zoo.registry import register_task as register_task

__version__ = "0.2.0"

notices.hide()  # sets TF_CPP_MIN_LOG_LEVEL, the only change to the process

_HOMES = {
    "Model": "zoo.model",
    "build": "zoo.building",
    "Run": "zoo.run",
    "train": "zoo.training.trainer",
    "cross_validate": "zoo.training.cross_validation",
    "Comparison": "zoo.training.comparison",
    "compare": "zoo.training.comparing",
    "Scores": "zoo.scores",
    "evaluate": "zoo.training.scoring",
    "predict": "zoo.training.prediction",
    "DataWarning": "zoo.data.doubts",
    "adapt": "zoo.artifacts.adapting",
    "fine_tune": "zoo.artifacts.fine_tuning",
    "save": "zoo.artifacts.saving",
    "load": "zoo.artifacts.saving",
    "ExportReport": "zoo.artifacts.exporting",
    "export": "zoo.artifacts.exporting",
}
_MODULES = ("data", "plots", "sklearn")

__all__ = ["Entry", "info", "list_models", "register", "register_task", *_HOMES, *_MODULES]

if TYPE_CHECKING:  # "import x as x" re-exports x: without the "as" a strict type checker refuses zoo.x
    from zoo import data as data
    from zoo import plots as plots
    from zoo import sklearn as sklearn
    from zoo.artifacts.adapting import adapt as adapt
    from zoo.artifacts.exporting import ExportReport as ExportReport
    from zoo.artifacts.exporting import export as export
    from zoo.artifacts.fine_tuning import fine_tune as fine_tune
    from zoo.artifacts.saving import load as load
    from zoo.artifacts.saving import save as save
    from zoo.building import build as build
    from zoo.data.doubts import DataWarning as DataWarning
    from zoo.model import Model as Model
    from zoo.run import Run as Run
    from zoo.scores import Scores as Scores
    from zoo.training.comparing import compare as compare
    from zoo.training.comparison import Comparison as Comparison
    from zoo.training.cross_validation import cross_validate as cross_validate
    from zoo.training.prediction import predict as predict
    from zoo.training.scoring import evaluate as evaluate
    from zoo.training.trainer import train as train
else:  # hidden from type checkers, which would otherwise accept any name

    def __getattr__(name: str):
        if name in _HOMES:
            value = getattr(notices.import_module(_HOMES[name]), name)
        elif name in _MODULES:
            value = notices.import_module(f"zoo.{name}")
        else:
            raise AttributeError(f"module 'zoo' has no attribute {name!r}. It has: {', '.join(sorted(__all__))}.")
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
