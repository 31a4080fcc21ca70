"""Entries that a test registers for itself, with traits that change what a training step does."""

import sys
import types

import keras

import zoo
from zoo import registry
from zoo.registry import Recipe

FACTS = {"year": 2014, "paper": "A paper.", "summary": "A net"}


def registered(monkeypatch, builder, traits, *, task="features", **recipe) -> str:
    """Registers a builder as `toys/<its name>` until the test's end, and returns the name.

    Args:
        monkeypatch: Pytest's.
        builder: From a spec to a network.
        traits: What stands beside it.
        task: What the entry does.
        **recipe: Fields of its recipe.
    """
    zoo.list_models()
    name = f"toys/{builder.__name__}"
    known = {other: entry for other, entry in registry._entries.items() if other != name}
    monkeypatch.setattr(registry, "_entries", known)
    module = types.ModuleType(f"nets_of_{builder.__name__}")
    own = types.FunctionType(builder.__code__, builder.__globals__, builder.__name__)
    own.__doc__, own.__module__ = builder.__doc__, module.__name__
    setattr(module, builder.__name__, own)
    module.RECIPE = Recipe(**{"encodings": "raw", "batch_size": 8, "epochs": 4, "validation": None, **recipe})
    module.TRAITS = traits
    monkeypatch.setitem(sys.modules, module.__name__, module)
    zoo.register(name, builder=own, task=task, **FACTS)
    return name


class Stop(keras.callbacks.Callback):
    """Ctrl-C before an epoch, of which the first is 0."""

    def __init__(self, epoch: int):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            raise KeyboardInterrupt
