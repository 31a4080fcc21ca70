"""A procedure trains in place of one fit: docs/extending.md shows the one of this file."""

import dataclasses
import sys
import types

import keras
import numpy as np
import pytest

import zoo
from zoo import registry
from zoo.building import assemble
from zoo.data import pipelines
from zoo.engine.fitting import Fitted
from zoo.registry import Recipe, Traits
from zoo.training.bags import rows_of
from zoo.training.procedures import Learnt, checked_by

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(40, 3)).astype("float32")
Y = X @ [1.0, -2.0, 0.5] + 3.0 + 0.1 * GENERATOR.normal(size=40)


def least_squares(call):
    """Solves a linear unit in place of training it."""
    model = assemble(call.entry, call.preprocessor, call.settings.options, seed=call.request.seed)
    rows = pipelines.encode(call.parts.train, call.preprocessor)
    features = np.column_stack([rows.x["inputs"], np.ones(len(rows))])
    weights, *_ = np.linalg.lstsq(features, model.target.standardised(rows.truth))
    model.set_weights([weights[:-1, None], weights[-1:]])
    return Learnt(model, Fitted({}, "solved", interrupted=False, best_epoch=None), rows)


def unit(spec):
    """Builds a linear unit."""
    inputs = spec.inputs()
    return keras.Model(inputs, keras.layers.Dense(1, name="unit")(inputs["inputs"]))


@pytest.fixture
def module(monkeypatch):
    """A module with the unit, its recipe and its procedure, registered as `mine/solved`."""
    zoo.list_models()
    monkeypatch.setattr(registry, "_entries", dict(registry._entries))
    module = types.ModuleType("nets_with_procedures")
    module.unit = types.FunctionType(unit.__code__, globals(), "unit", None)
    module.unit.__kwdefaults__, module.unit.__doc__, module.unit.__module__ = None, "", module.__name__
    module.RECIPE, module.least_squares = Recipe(encodings="raw", epochs=1), least_squares
    module.TRAITS = Traits(procedure="nets_with_procedures:least_squares")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    facts = {"year": 1969, "paper": "A paper.", "summary": "A net"}
    zoo.register("mine/solved", builder=module.unit, task="regression", **facts)
    return module


def test_a_procedure_trains_a_fresh_model_in_place_of_one_fit(module):
    run = zoo.train("mine/solved", (X, Y), verbose=0)
    features = np.column_stack([X, np.ones(40)])
    expected = features @ np.linalg.lstsq(features, Y)[0]
    np.testing.assert_allclose(zoo.predict(run.model, X).prediction, expected, rtol=1e-4)
    assert run.stopped == "solved" and run.metrics["train"]["r2"] > 0.9 and run.best_epoch is None
    assert run.data["rows"] == {"train": 40, "val": 0, "test": 0}  # a procedure parts the rows by itself


def test_it_is_told_what_the_caller_asks(module, tmp_path):
    calls = []
    module.least_squares = lambda call: calls.append(call) or least_squares(call)
    how = {"validation": 0.25, "epochs": 7, "checkpoint": tmp_path, "seed": 5}
    run = zoo.train("mine/solved", (X, Y), verbose=0, **how)
    (call,) = calls
    assert (call.given["epochs"], call.settings.recipe.epochs, call.given["learning_rate"]) == (7, 7, None)
    assert (call.request.seed, call.request.checkpoint) == (5, tmp_path)
    assert len(call.parts.val) == 10 and call.share is None  # a share of the caller's own is held out as ever
    assert run.data["rows"] == {"train": 30, "val": 10, "test": 0}


@pytest.mark.parametrize(("held", "why"), [(5, "needs at least 19 rows.* Received: 5"), (0, "has held out no rows")])
def test_too_few_rows_held_out_for_intervals_leave_the_model_without_them(module, held, why):
    def held_out(call):
        learnt = least_squares(call)
        return dataclasses.replace(learnt, held_out=rows_of(learnt.encoded, np.arange(held)) if held else None)

    module.least_squares = held_out
    with pytest.warns(UserWarning, match=f"The trained model is kept without intervals: .*{why}"):
        run = zoo.train("mine/solved", (X, Y), intervals=0.95, verbose=0)
    assert list(zoo.predict(run.model, X).columns) == ["prediction"] and run.metrics["train"]["r2"] > 0.9


def test_a_model_that_is_there_is_trained_as_any_other(module):
    run = zoo.train("mine/solved", (X, Y), verbose=0)
    again = zoo.train(run, (X, Y), verbose=0)
    assert again.stopped == "the limit of 1 epochs" and len(again.history["loss"]) == 1
    assert len(run.model.fit(X, Y.astype("float32"), verbose=0).history["loss"]) == 1


def test_a_procedure_that_returns_something_else_or_is_not_there_is_refused(module):
    module.least_squares = lambda call: None
    with pytest.raises(TypeError, match="must return a `Learnt`. Received: NoneType. See zoo.training.procedures"):
        zoo.train("mine/solved", (X, Y), verbose=0)
    module.TRAITS = Traits(procedure="nets_with_procedures:least_square")
    with pytest.raises(AttributeError, match="must have 'least_square', the procedure of 'mine/solved'"):
        zoo.train("mine/solved", (X, Y), verbose=0)


def test_what_a_procedure_refuses_is_refused_before_rows_are_loaded(module):
    seen = []

    def check(entry, options, given):
        seen.append((entry.name, dict(options), {name: value for name, value in given.items() if value is not None}))
        raise ValueError("`epochs` cannot be asked.")

    module.least_squares = checked_by(check)(lambda call: least_squares(call))
    for verb in (zoo.train, zoo.cross_validate):
        with pytest.raises(ValueError, match="`epochs` cannot be asked"):
            verb("mine/solved", "no_such_file.csv", epochs=3, verbose=0)
    with pytest.raises(ValueError, match="`epochs` cannot be asked"):
        zoo.compare((X, Y), models=[("mine/solved", {"epochs": 3})], rivals=False, verbose=0)
    assert [(name, options, given["epochs"]) for name, options, given in seen] == [("mine/solved", {}, 3)] * 3


def test_a_model_that_is_there_is_not_asked_of_its_procedure(module):
    def check(entry, options, given):
        if given["learning_rate"] is not None:
            raise ValueError("`learning_rate` cannot be asked.")

    module.least_squares = checked_by(check)(lambda call: least_squares(call))
    run = zoo.train("mine/solved", (X, Y), verbose=0)
    assert zoo.train(run, (X, Y), learning_rate=0.01, verbose=0).stopped == "the limit of 1 epochs"
