"""What a task has that says no more than its name: each documented default; how tasks are registered and loaded."""

import numpy as np
import pandas as pd
import pytest
from keras import ops

import zoo
from zoo import registry
from zoo.data.schema import Column, Schema
from zoo.tasks.differences import TOLERANCE
from zoo.tasks.task import TASK, Target, Task

SCHEMA = Schema((Column("x", "number", "float64"),), target="y")


class Plain(Task):
    name = "tests/plain"
    supervised = scored = True


class Doubled(Task):
    """Answers a value, twice it and its text."""

    name = "tests/doubled"

    def decided(self, standard, target):
        return standard * 2.0

    def answers(self, decided, target, activation):
        return {"prediction": decided, "twice": 2.0 * decided}

    def decode(self, answers, target):
        return {**answers, "text": np.array([f"it is {value:g}" for value in answers["prediction"][:, 0]])}


PLAIN, DOUBLED, TARGET = Plain(), Doubled(), Target(SCHEMA)


def test_a_target_is_finite_numbers_as_they_are():
    y = TARGET.encode([1, 2, 3])
    assert (y.tolist(), y.dtype.name, TARGET.training_spec) == ([[1], [2], [3]], "float32", ("float32", ()))
    for values in (y, ops.convert_to_tensor(y)):
        assert np.array_equal(TARGET.for_network(values), y)
    assert np.array_equal(TARGET.standardised(y), y)
    assert np.array_equal(TARGET.in_float32(y, y), y)
    assert (TARGET.name, TARGET.names, TARGET.dtype, TARGET.is_in_pairs(y)) == ("target 'y'", ["y"], "float32", False)
    with pytest.raises(ValueError, match="'y' must be finite numbers. Received: float64, not all of them finite"):
        TARGET.encode([np.nan])
    with pytest.raises(ValueError, match="numbers. Received: object, such as 'a'. Turn it into numbers, or name"):
        TARGET.encode(np.array(["a", "b"], object))


def test_a_training_takes_a_target_in_the_type_that_it_names():
    assert TARGET.training(np.array([0.1, 2.0])).dtype == np.float32

    class Places(Target):
        training_spec = ("int32", ())

    assert Places(SCHEMA).training(np.array([0.0, 2.0])).dtype == np.int32


def test_solvers_and_folds_see_a_target_as_the_loss_does():
    class Halved(Target):
        def for_network(self, y):
            return y / 2.0

    y = np.array([1.0, 3.0])
    assert Halved(SCHEMA).standardised(y).tolist() == Halved(SCHEMA).in_float32(y, y).tolist() == [0.5, 1.5]


def test_a_compiled_training_is_kept_for_targets_of_one_state_alone():
    assert Target(SCHEMA, {"rate": 1.0}).constants != Target(SCHEMA, {"rate": 2.0}).constants
    assert TARGET.constants == Target(SCHEMA).constants == {}


def test_a_supervised_task_refuses_what_its_target_refuses():
    assert (PLAIN.suits(["a"]), TASK.described(SCHEMA, ["a"]).task) == ("", "")
    assert PLAIN.described(SCHEMA, [1.0]).task == "tests/plain"
    with pytest.raises(ValueError, match="must be finite numbers"):
        PLAIN.described(SCHEMA, ["a"])


def test_what_a_task_leaves_out_of_training():
    assert (PLAIN.loss(None), PLAIN.metrics(("mae",)), PLAIN.strata([1, 2])) == (None, ["mae"], None)
    assert PLAIN.activation("tanh", given=True) == "tanh"
    assert [PLAIN.mean_of(activation) for activation in (None, "sigmoid")] == ["values", "sigmoid"]
    assert PLAIN.fit_target(SCHEMA, [1.0]).get_config() == {}
    with pytest.raises(ValueError, match="`class_weight` is for classifiers; this model does tests/plain"):
        PLAIN.class_factors("balanced", TARGET, np.zeros(2), None)


def test_folds_of_tasks_whose_loss_takes_values_by_the_target_do_not_share_a_function():
    class Shifted(Task):
        def values(self, outputs, target, activation):
            return outputs + 1.0

    assert (PLAIN.bounded(None), Shifted().bounded(None)) == (False, True)


def test_outputs_are_the_answers():
    outputs = ops.convert_to_tensor(np.array([[0.5], [-0.5]], "float32"))
    decided = PLAIN.decide(outputs, TARGET, None)
    answers = PLAIN.answers(decided, TARGET, None)
    decoded = PLAIN.decode({name: ops.convert_to_numpy(values) for name, values in answers.items()}, TARGET)
    table = PLAIN.table(decoded, TARGET, pd.Index(["a", "b"]))
    assert table.to_dict("list") == {"prediction": [0.5, -0.5]}
    assert list(table.index) == ["a", "b"]
    assert PLAIN.served(answers, TARGET)["prediction"].shape == (2,)
    assert (PLAIN.method(1), PLAIN.source(TARGET, None, 1)) == ("", ['return {"prediction": z[:, 0]}'])


def test_several_outputs_are_several_columns():
    table = PLAIN.table({"prediction": np.array([[1.0, 2.0]])}, TARGET, pd.RangeIndex(1))
    assert list(table.columns) == ["prediction_0", "prediction_1"]


def test_what_is_decided_follows_from_what_a_task_says_of_its_units():
    outputs = np.array([[1.5]], "float32")
    assert ops.convert_to_numpy(DOUBLED.decide(ops.convert_to_tensor(outputs), TARGET, None)).tolist() == [[3.0]]
    assert DOUBLED.decided(outputs, TARGET).tolist() == [[3.0]]


def test_answers_of_its_own_have_no_numpy_source():
    assert DOUBLED.source(TARGET, None, 1) == []


def differences(found):
    decided = np.array([[3.0], [4.0]], "float32")
    return {
        one.what.split("'")[1]: one.largest <= one.allowed
        for one in DOUBLED.differences(found, decided, TARGET, None, TOLERANCE)
    }


def test_the_proof_compares_every_answer_by_its_name():
    found = {
        "prediction": np.array([3.0, 4.0], "float32"),
        "twice": np.array([6.0, 8.0], "float32"),
        "text": np.array([b"it is 3", b"it is 4"]),
    }
    assert differences(found) == {"prediction": True, "twice": True, "text": True}
    assert differences({name: values[:1] for name, values in found.items()})["text"]  # Python answered more rows
    assert not differences({**found, "twice": np.array([6.0, 8.1], "float32")})["twice"]
    assert not differences({**found, "text": np.array([b"it is 3", b"it is 5"])})["text"]
    with pytest.raises(TypeError, match="must serve the answers that it decodes, prediction, twice, text. Received"):
        differences({"prediction": found["prediction"]})


def test_what_smaller_weights_cost_is_measured_over_all_numbers():
    decided = np.array([[3.0], [4.0]], "float32")
    found = {
        "prediction": np.array([3.0, 4.5]),
        "twice": np.array([6.0, 10.0]),
        "text": np.array([b"it is 3", b"it is 4"]),
    }
    told = DOUBLED.quality(found, decided, TARGET, None, np.array([3.0, 4.0]))
    assert told == {"difference": 2.0, "metric": "rmse", "before": 0.0, "after": pytest.approx(0.5 / np.sqrt(2))}
    assert DOUBLED.quality(found, decided, TARGET, None, None) == {"difference": 2.0}


def test_scores_are_those_of_numbers():
    scores = PLAIN.scores(np.array([[1.0], [3.0]]), np.array([[1.0], [5.0]]), TARGET, None)
    assert (scores["rmse"], scores["mae"], scores.rows) == (pytest.approx(np.sqrt(2.0)), 1.0, 2)


# Registration.


@pytest.fixture
def tasks(monkeypatch):
    monkeypatch.setattr(registry, "TASKS", dict(registry.TASKS))
    monkeypatch.setattr(registry, "_tasks", dict(registry._tasks))
    return registry.TASKS


def test_a_task_is_registered_by_its_name_and_loaded_when_it_is_asked_for(tasks):
    zoo.register_task("tests/plain", f"{__name__}:PLAIN")
    zoo.register_task("tests/plain", f"{__name__}:PLAIN")  # again, as a module that is imported twice does
    assert registry.load_task("tests/plain") is PLAIN
    assert registry.load_task(None) is TASK
    assert registry.place_of_task("tests/plain") == f"{__name__}:PLAIN"


@pytest.mark.parametrize(
    ("name", "where", "said"),
    [
        ("plain", "module:TASK", "must be like 'package/task', in lower case. Received: name='plain'"),
        ("Tests/plain", "module:TASK", "must be like 'package/task'"),
        ("tests/plain", "module", "must be like 'package.tasks:COUNTS'. Received: where='module'"),
        ("tests/taken", "module:OTHER", "The task 'tests/taken' is taken by module:TASK. Choose another name."),
    ],
)
def test_a_task_with_a_wrong_name_or_place_is_refused(tasks, name, where, said):
    tasks["tests/taken"] = "module:TASK"
    with pytest.raises(ValueError, match=said):
        zoo.register_task(name, where)


def test_what_is_no_task_or_has_another_name_is_refused_when_it_is_loaded(tasks):
    for name, attribute in (("tests/target", "TARGET"), ("tests/other", "PLAIN")):
        zoo.register_task(name, f"{__name__}:{attribute}")
        with pytest.raises(TypeError, match=f"must be an instance of zoo.tasks.task.Task with the name '{name}'"):
            registry.load_task(name)


def test_an_unknown_task_is_refused_with_the_package_to_install():
    with pytest.raises(ValueError, match="Received: task='clasification'. Did you mean 'classification'"):
        registry.load_task("clasification")
    with pytest.raises(ValueError, match="Install the package that registers it, nobody."):
        registry.load_task("nobody/counts")
