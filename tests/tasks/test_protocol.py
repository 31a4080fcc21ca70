"""What an author of a task is told, as early as it can be known: a task that has another form than the protocol."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

import zoo
from tests.tasks import intervals
from tests.tasks.intervals import Interval, Scaled
from zoo import entries, registry
from zoo.data import convertible
from zoo.data.schema import Column, Schema
from zoo.registry import Entry, Recipe
from zoo.tasks import target_values
from zoo.tasks.protocol import check_protocol
from zoo.tasks.task import Target, Task

GENERATOR = np.random.default_rng(0)
FRAME = pd.DataFrame({"x": GENERATOR.normal(size=60), "y": GENERATOR.normal(size=60)})
FRAME["grade"] = pd.cut(FRAME["y"], [-9, -0.5, 0.5, 9], labels=["poor", "fair", "superb"])
SCHEMA = Schema((Column("x", "number", "float64"),), target="grade")


class Places(Target):
    """Classes that a state holds, so that only a fitted target knows them."""

    training_spec = ("int32", ())

    def encode(self, y):
        return np.array([self.state["classes"].index(value) for value in y], "int32")


class Grades(Task):
    name, target_type = "tests/grades", Places
    supervised = True

    def fit_target(self, schema, y):
        return Places(schema, {"classes": sorted(set(y))})


def test_a_schema_is_described_by_a_target_that_is_fitted():
    assert Grades().described(SCHEMA, ["b", "a"]).task == "tests/grades"


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (None, r"`fit_target` of the task 'tests/grades' must return .*Places. Received: NoneType"),
        ({"classes": ["a"]}, r"must return .*Places. Received: dict"),
        (Target(SCHEMA), r"must return .*Places. Received: zoo.tasks.*Target"),
    ],
)
def test_what_is_no_target_is_refused(monkeypatch, returned, said):
    monkeypatch.setattr(Grades, "fit_target", lambda self, schema, y: returned)
    with pytest.raises(TypeError, match=said):
        Grades().described(SCHEMA, ["a"])


def test_a_target_that_encodes_no_array_is_refused(monkeypatch):
    monkeypatch.setattr(Places, "encode", lambda self, y: list(y))
    with pytest.raises(TypeError, match="`encode` of the target of the task 'tests/grades' must return numpy.ndarray"):
        Grades().described(SCHEMA, ["a"])


def interval(**attributes):
    return type("Wrong", (Interval,), attributes)()


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"answers": lambda self, decided, target: {}}, r"must take \(decided, target, activation\), as Task.answers"),
        ({"target_type": Task}, "`target_type` of the task 'tests/interval' must be a subclass of Target"),
        (
            {"target_type": type("Wrong", (Scaled,), {"training_spec": lambda self: ("int32", ())})},
            "`training_spec` of .* must be a property",
        ),
        ({"pictures": lambda self: ()}, r"`pictures` of .* must take \(target\), as Task.pictures"),
        ({"supervised": False}, "has `loss`, and must say supervised = learns_from_targets = True"),
        ({"learns_from_targets": False}, "has `loss`, and must say supervised = learns_from_targets = True"),
        ({"scored": False}, "has `scores`, and must say scored = True"),
        ({"outputs": lambda self, target: (None, 3)}, r"must return a list of shapes.* Received: \(None, 3\)"),
        ({"outputs": lambda self, target: 3}, "must return a list of shapes.* Received: 3"),
    ],
)
def test_a_task_of_another_form_is_refused(attributes, said):
    check_protocol(interval())
    with pytest.raises(TypeError, match=said):
        check_protocol(interval(**attributes))


def test_the_form_is_checked_when_a_task_is_loaded(monkeypatch):
    monkeypatch.setattr(registry, "TASKS", dict(registry.TASKS))
    monkeypatch.setattr(registry, "_tasks", dict(registry._tasks))
    monkeypatch.setattr(intervals, "WRONG", interval(name="tests/wrong", scored=False), raising=False)
    zoo.register_task("tests/wrong", "tests.tasks.intervals:WRONG")
    with pytest.raises(TypeError, match="The task 'tests/wrong' has `scores`"):
        registry.load_task("tests/wrong")


# An entry that does the task, and what is told of it.


@pytest.fixture
def entry(monkeypatch):
    registry.load_plugins()
    monkeypatch.setattr(registry, "TASKS", dict(registry.TASKS))
    monkeypatch.setattr(registry, "_tasks", dict(registry._tasks))
    monkeypatch.setattr(registry, "_entries", dict(registry._entries))
    zoo.register_task("tests/interval", "tests.tasks.intervals:INTERVAL")
    facts = {"task": "tests/interval", "year": 1978, "paper": "", "summary": ""}
    return zoo.register("tests/quantiles", builder="tests.tasks.intervals:quantiles", **facts)


def test_a_task_without_a_loss_is_told_before_a_training(entry, monkeypatch):
    monkeypatch.setattr(Interval, "loss", lambda self, activation: None)
    with pytest.raises(TypeError, match="The task 'tests/interval' of 'tests/quantiles' must have a loss"):
        zoo.build("tests/quantiles", FRAME[["x", "y"]], target="y")


def test_answers_and_scores_of_another_type_are_refused(entry, monkeypatch):
    model = zoo.build("tests/quantiles", FRAME[["x", "y"]], target="y")
    monkeypatch.setattr(Interval, "answers", lambda self, decided, target, activation: decided["low"])
    with pytest.raises(TypeError, match="`answers` of the task 'tests/interval' must return dict"):
        zoo.predict(model, FRAME[:3])
    monkeypatch.setattr(Interval, "scores", lambda self, *given: {"coverage": 0.9})
    with pytest.raises(TypeError, match=r"`scores` of the task 'tests/interval' must return zoo.scores.Scores. .*dict"):
        zoo.evaluate(model, FRAME[["x", "y"]], target="y", verbose=0)


@pytest.mark.parametrize("what", ["task", "builder"])
def test_a_name_that_its_module_has_not_is_told_with_what_it_is_for(entry, what):
    zoo.register_task("tests/absent", "tests.tasks.intervals:INTERVALS")
    absent = Entry("tests/absent", "tests.tasks.intervals:quantile", "tests/absent", 1978, "", "")
    load, told = {
        "task": (lambda: registry.load_task("tests/absent"), "'INTERVALS', the task .* Did you mean 'INTERVAL'"),
        "builder": (lambda: entries.load_builder(absent), "'quantile', the builder of .* Did you mean 'quantiles'"),
    }[what]
    with pytest.raises(AttributeError, match=f"The module 'tests.tasks.intervals' must have {told}"):
        load()


def test_recipes_that_lack_an_entry_are_listed(entry, monkeypatch):
    monkeypatch.delattr(intervals, "RECIPE")
    monkeypatch.setattr(intervals, "RECIPES", {"quantile": Recipe(), "median": Recipe()}, raising=False)
    with pytest.raises(TypeError, match="must have 'quantiles', for the model .* Received: quantile, median"):
        entries.load_recipe(entry)


def test_a_converter_s_message_that_names_no_layer_may_be_about_the_task(entry):
    model = zoo.build("tests/quantiles", FRAME[["x", "y"]], target="y")
    said = convertible.layer_named(model, "Tensorflow op [Bitcast: Bitcast] is not supported")
    assert said == "The network of 'tests/quantiles', or the answers of its task 'tests/interval',"


# A task that records its classes in the schema, in an order of its own.


class Recorded(Target):
    training_spec = ("int32", ())

    def encode(self, y):
        return np.array([self.schema.classes.index(value) for value in y], "int32")


class Ordered(Interval):
    name, target_type = "tests/ordered", Recorded

    def described(self, schema, y):
        y = target_values.one(y, "grade")
        classes = getattr(y.dtype, "categories", sorted(set(y)))
        return dataclasses.replace(schema, task=self.name, classes=tuple(classes), class_dtype="str")

    def fit_target(self, schema, y):
        return Recorded(schema)

    def standard(self, outputs, target, activation):
        return outputs

    def decided(self, standard, target):
        return standard

    def answers(self, decided, target, activation):
        return {"probabilities": decided}

    def decode(self, answers, target):
        return answers


def test_classes_that_a_task_records_are_the_model_s_and_checked_by_adapt(entry, monkeypatch):
    monkeypatch.setattr(intervals, "ORDERED", Ordered(), raising=False)
    zoo.register_task("tests/ordered", "tests.tasks.intervals:ORDERED")
    builder = "tests.tasks.intervals:quantiles"
    zoo.register("tests/quantiles_too", builder=builder, task="tests/ordered", year=1978, paper="", summary="")
    monkeypatch.setattr(intervals, "RECIPES", {"quantiles_too": Recipe()}, raising=False)
    model = zoo.build("tests/quantiles_too", FRAME[["x", "grade"]], target="grade")
    assert model.classes == ("poor", "fair", "superb")
    with pytest.raises(ValueError, match=r"hold the classes 'top', .* it has 'poor', 'fair', 'superb'. Pass `classes="):
        zoo.adapt(model, FRAME[["x"]].assign(grade=["top", "poor"] * 30), target="grade")
