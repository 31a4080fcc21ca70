"""Which task a model has: that of the model, else that of the schema, else the first of the entry's that suits."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

import zoo
from zoo import registry
from zoo.building import task_for

TABLE = pd.DataFrame(
    {
        "x": np.linspace(-1.0, 1.0, 24),
        "a": np.arange(24) % 2,
        "b": np.arange(24) // 3 % 2,
        "c": np.arange(24) % 3,
        "number": np.linspace(0.0, 2.3, 24),
    }
)


def schema_of(target, task=None):
    """Returns the schema of the table's input and a target, with another task than the inferred one if wanted."""
    columns = ["x", *target] if isinstance(target, list) else ["x", target]
    found = zoo.data.load(TABLE[columns], target=target).schema
    return found if task is None else found.with_task(task, TABLE[target])


def picked(entry, target, **known):
    schema = known.pop("schema", None)
    return task_for(zoo.info(entry), zoo.data.load(TABLE, target=target, schema=schema), **known).name


def test_the_first_task_of_the_entry_that_suits_is_picked():
    assert picked("mlp_classifier", "c") == "classification"
    assert picked("mlp_classifier", ["a", "b"]) == "multilabel"
    assert picked("mlp_regressor", ["a", "b"]) == "regression"
    assert picked("kohonen_map", None) == "map"


def test_a_stream_is_picked_for_by_the_targets_of_its_sample(tmp_path):
    TABLE.to_csv(tmp_path / "rows.csv", index=False)
    stream = zoo.data.load(tmp_path / "rows.csv", target=["a", "b"], stream=True)
    assert task_for(zoo.info("mlp_classifier"), stream).name == "multilabel"
    with pytest.raises(ValueError, match="The label 'c' must hold 0 and 1"):
        task_for(zoo.info("mlp_classifier"), zoo.data.load(tmp_path / "rows.csv", target=["a", "c"], stream=True))


def test_the_task_of_a_trained_model_stays_and_must_suit():
    classification, multilabel = map(registry.load_task, ("classification", "multilabel"))
    assert picked("mlp_classifier", ["a", "b"], known=multilabel) == "multilabel"
    with pytest.raises(ValueError, match="Received: one column. Name several"):
        picked("mlp_classifier", "a", known=multilabel)
    with pytest.raises(ValueError, match="`y` must have one value a row"):
        picked("mlp_classifier", ["a", "b"], known=classification)


def test_a_task_that_a_schema_names_is_picked():
    assert picked("mlp_classifier", ["a", "b"], schema=schema_of(["a", "b"], "multilabel")) == "multilabel"
    assert picked("mlp_classifier", "c", schema=schema_of("c")) == "classification"


@pytest.mark.parametrize(
    ("entry", "target", "task", "said"),
    [
        ("mlp_regressor", ["a", "b"], "multilabel", "'mlp_regressor': regression. Received: task='multilabel'.*'mlp_c"),
        ("mlp_classifier", ["a", "b"], "regression", "'mlp_classifier': classification, multilabel.*'linear_regr"),
        ("logistic_regression", ["a", "b"], "multilabel", "'logistic_regression': classification. Received"),
    ],
)
def test_a_task_that_somebody_wrote_and_the_entry_does_not_do_is_refused(entry, target, task, said):
    schema = schema_of(target, task)
    repair = "Set it to null, by which the targets choose the task, or take a model"
    for learn in (zoo.build, zoo.train, zoo.cross_validate):
        with pytest.raises(ValueError, match=f"The schema's task must be one of {said}") as error:
            learn(entry, TABLE[["x", *target]], schema=schema)
        assert repair in str(error.value)
    if entry != "logistic_regression":
        assert zoo.build(entry, TABLE[["x", *target]], schema=dataclasses.replace(schema, task=None)).task.name != task


def test_a_task_that_is_inferred_from_one_target_gives_way_to_the_entry():
    schema = schema_of("c")
    assert schema.task == "classification"
    assert zoo.build("mlp_regressor", TABLE[["x", "c"]], schema=schema).schema.task == "regression"
    assert picked("kohonen_map", "c", schema=schema) == "map"
