"""Recipes hold plain values and traits the functions; what belongs to the other is refused with its place."""

import dataclasses
import sys
import types

import keras
import numpy as np
import pytest
from keras import ops

import zoo
from zoo import entries, registry
from zoo.registry import Recipe, Traits

FACTS = {"task": "classification", "year": 1969, "paper": "A paper.", "summary": "A net"}
X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = np.array([0, 0, 0, 1])


@keras.saving.register_keras_serializable(package="tests")
def halves(outputs):
    """A decision of one's own."""
    return 0.5 * ops.concatenate([ops.ones_like(outputs), ops.ones_like(outputs)], axis=-1)


def first_loss(y_true, outputs):
    return ops.squeeze(outputs, -1)


def second_loss(y_true, outputs):
    return 2.0 * ops.squeeze(outputs, -1)


def unit(spec, *, rule: str = "first"):
    """Builds a unit."""
    inputs = spec.inputs()
    return keras.Model(inputs, keras.layers.Dense(1, name="unit")(inputs["inputs"]))


@pytest.fixture
def module(monkeypatch):
    """A module with a builder and a recipe, registered as `mine/unit`, to which a test may add."""
    zoo.list_models()
    monkeypatch.setattr(registry, "_entries", dict(registry._entries))
    module = types.ModuleType("nets_of_recipes")
    module.unit = types.FunctionType(unit.__code__, globals(), "unit", None)
    module.unit.__kwdefaults__, module.unit.__doc__, module.unit.__module__ = {"rule": "first"}, "", module.__name__
    module.RECIPE = Recipe(data="and_gate", encodings="raw", decision="sigmoid", epochs=1)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    zoo.register("mine/unit", builder=module.unit, **FACTS)
    return module


@pytest.mark.parametrize(
    ("field", "place"),
    [
        ("loss", r"TRAITS = Traits\(loss=...\)"),
        ("counts", r"Traits\(counts=...\)"),
        ("augmentation", r"Traits\(augmentation=...\)"),
        ("unreached", r"Traits\(unreached=...\)"),
        ("jit", r"Traits\(jit=...\)"),
        ("values", r"Traits\(values=...\)"),
        ("keep_constants", r"Traits\(keep_constants=...\)"),
        ("scores", r"Traits\(scores=...\)"),
        ("check", r"Traits\(check=...\)"),
        ("start", r"Traits\(start=...\)"),
        ("attributes", r"Traits\(properties=\{...\}, methods=\{...\}\)"),
    ],
)
def test_a_former_field_of_a_recipe_is_refused_with_that_of_the_traits(field, place):
    with pytest.raises(TypeError, match=f"`{field}` is not a field of Recipe, which holds plain values.*{place}"):
        Recipe(data="and_gate", **{field: None})
    named = {"attributes": ("properties", "methods")}.get(field, (field,))
    assert set(named) <= {trait.name for trait in dataclasses.fields(Traits)}


def test_the_metric_that_chooses_an_epoch_is_not_a_field_any_more():
    with pytest.raises(TypeError, match="`monitor` is not a field of Recipe: .* the lowest val_loss. Leave it out"):
        Recipe(data="and_gate", monitor="val_accuracy")


def test_other_unknown_fields_are_python_s_to_refuse():
    with pytest.raises(TypeError, match="unexpected keyword argument 'epoch'"):
        Recipe(data="and_gate", epoch=3)


@pytest.mark.parametrize(
    ("fields", "received"),
    [
        ({"decision": halves}, "decision=<function halves"),
        ({"by_option": {"rule": {"first": {"decision": halves}}}}, "by_option="),
        ({"optimizer": object()}, "optimizer=<object"),
    ],
)
def test_functions_and_objects_in_a_recipe_are_refused(module, fields, received):
    module.RECIPE = Recipe(data="and_gate", **fields)
    with pytest.raises(TypeError, match=rf"must hold strings, numbers, .* Received: {received}.*TRAITS = Traits\("):
        zoo.build("mine/unit")


def test_what_an_option_changes_must_be_a_field(module):
    module.RECIPE = Recipe(data="and_gate", by_option={"rule": {"first": {"values": (0.0, 1.0)}}})
    with pytest.raises(TypeError, match=r"`values` is not a field of Recipe.*TRAITS = Traits\(values=...\)"):
        zoo.build("mine/unit")
    module.RECIPE = Recipe(data="and_gate", by_option={"rule": {"first": {"epoch": 1}}})
    with pytest.raises(TypeError, match="`by_option` must change fields of Recipe: data, .*Received: 'epoch'"):
        zoo.build("mine/unit")
    with pytest.raises(TypeError, match="`by_option` must change fields of Traits: loss, .*Received: 'epochs'"):
        Traits(by_option={"rule": {"first": {"epochs": 1}}})


def test_traits_of_a_module_must_be_traits(module):
    module.TRAITS = {"loss": first_loss}["loss"]
    with pytest.raises(TypeError, match="TRAITS of the module 'nets_of_recipes' must be Traits.*Received: function"):
        zoo.build("mine/unit")


def test_traits_stand_by_the_names_of_the_recipes(module):
    module.RECIPES = {"unit": module.RECIPE, "other": module.RECIPE}
    module.TRAITS = {"unit": Traits(loss=first_loss)}
    other = zoo.register("mine/other", builder=module.unit, **FACTS)
    assert zoo.build("mine/unit").traits.loss is first_loss
    assert entries.load_traits(other) == Traits()
    module.TRAITS = {"unti": Traits(loss=first_loss)}
    with pytest.raises(TypeError, match="must be by the names of RECIPES: unit, other. Received: 'unti'"):
        entries.load_traits(other)


def test_a_module_without_traits_has_none(module):
    assert zoo.build("mine/unit").traits == Traits()


def test_an_option_changes_traits_as_it_changes_the_recipe(module):
    module.RECIPE = dataclasses.replace(module.RECIPE, by_option={"rule": {"second": {"epochs": 2}}})
    module.TRAITS = Traits(loss=first_loss, by_option={"rule": {"second": {"loss": second_loss}}})
    first, second = zoo.build("mine/unit"), zoo.build("mine/unit", rule="second")
    assert (first.recipe.epochs, first.traits.loss, first.loss.function) == (1, first_loss, first_loss)
    assert (second.recipe.epochs, second.traits.loss, second.loss.function) == (2, second_loss, second_loss)


def test_a_decision_of_one_s_own_stands_in_place_of_the_recipe_s(module):
    module.TRAITS = Traits(decision=halves, loss=first_loss)
    model = zoo.build("mine/unit", (X, Y))
    assert model.decision is halves
    np.testing.assert_array_equal(model.predict(X, verbose=0), np.full((4, 2), 0.5))


def test_properties_are_read_and_methods_are_called(module):
    def scaled(model, factor=2.0):
        return factor * model.width

    module.TRAITS = Traits(
        properties={"width": lambda model, places=1: round(2.0, places)},
        methods={"scaled": scaled, "itself": lambda m: m},
    )
    model = zoo.build("mine/unit")
    assert model.width == 2.0  # a property, though the function has another parameter
    assert (model.scaled(), model.scaled(3.0)) == (4.0, 6.0)
    assert model.itself() is model  # a method, though the function has no other parameter
    with pytest.raises(AttributeError, match="has no attribute 'height'"):
        model.height  # noqa: B018  reading it is what raises


def test_a_name_is_a_property_or_a_method():
    with pytest.raises(ValueError, match="must be a property or a method .* Received: 'energy' in `properties` and"):
        Traits(properties={"energy": first_loss}, methods={"energy": second_loss})


def nothing(*arguments):
    """A trait."""


def test_a_run_lists_plain_values_and_the_names_of_functions(module):
    module.RECIPE = dataclasses.replace(
        module.RECIPE, expect={"accuracy": 0.75}, by_option={"rule": {"second": {"epochs": 2}}}
    )
    module.TRAITS = Traits(
        loss=first_loss, scores=(), methods={"m": nothing}, by_option={"rule": {"second": {"loss": second_loss}}}
    )
    told = zoo.train("mine/unit", epochs=0, validation=None, verbose=0).recipe
    assert told["loss"] == "first_loss" and told["decision"] == "sigmoid" and told["monitor"] == "val_loss"
    assert told["attributes"] == {"m": "nothing"}
    assert told["by_option"] == {"rule": {"second": {"epochs": 2, "loss": "second_loss"}}}
    assert not {"expect", "properties", "methods", "procedure"} & set(told)
