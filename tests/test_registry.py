"""The registry: what is in the zoo, found by name, year and task; what does not belong there is refused."""

import inspect
import sys
import types

import pytest

import zoo
from zoo import entries, registry


@pytest.fixture
def empty_zoo(monkeypatch):
    """A zoo whose entries a test may add to."""
    zoo.list_models()
    monkeypatch.setattr(registry, "_entries", dict(registry._entries))


def facts(**changes):
    given = {"builder": "nets:net", "task": "classification", "year": 1969, "paper": "A paper.", "summary": "A net"}
    return given | changes


def test_the_models_are_listed_by_year_then_name():
    years = [(zoo.info(name).year, name) for name in zoo.list_models()]
    assert years == sorted(years)
    assert zoo.list_models()[0] == "mcculloch_pitts"


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ({"pattern": "mlp_*"}, ["mlp_classifier", "mlp_regressor", "mlp_mixer"]),
        (
            {"task": "regression"},
            ["linear_regression", "mlp_regressor", "committee_regressor", "realmlp_regressor", "tabm_regressor"],
        ),
        ({"pattern": "mlp_*", "exclude": "*regressor"}, ["mlp_classifier", "mlp_mixer"]),
        ({"pattern": "*_mlp", "exclude": ["a*", "b*"]}, ["image_mlp"]),
        ({"pattern": "none_such"}, []),
    ],
)
def test_models_are_found_by_pattern_and_task(arguments, names):
    assert zoo.list_models(**arguments) == names


@pytest.mark.parametrize(
    ("year", "holds", "known"),
    [
        (1958, lambda year: year == 1958, ["logistic_regression", "perceptron"]),
        ("<1958", lambda year: year < 1958, ["mcculloch_pitts"]),
        ("<=1958", lambda year: year <= 1958, ["mcculloch_pitts", "logistic_regression", "perceptron"]),
        (">1986", lambda year: year > 1986, ["image_mlp"]),
    ],
)
def test_models_are_found_by_year(year, holds, known):
    found = zoo.list_models(year=year)
    assert found == [name for name in zoo.list_models() if holds(zoo.info(name).year)]
    assert [name for name in found if name in known] == known


def test_presets_are_listed_with_their_tags():
    presets = zoo.list_models(pretrained=True)
    assert presets
    for name in presets:
        assert zoo.info(name).name == name.partition(".")[0]
        assert name.partition(".")[2] in zoo.info(name).presets


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"task": "regresion"}, "`task` must be one of classification, multilabel, regression"),
        ({"year": "before 1970"}, "`year` must be a year or a comparison"),
    ],
)
def test_a_malformed_search_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        zoo.list_models(**arguments)


def test_an_unknown_model_is_refused_with_the_nearest_name():
    with pytest.raises(
        ValueError, match=r"Unknown model 'mlp_clasifier'\. Did you mean 'mlp_classifier'\? The zoo has"
    ):
        zoo.info("mlp_clasifier")


def test_an_unknown_preset_is_refused():
    with pytest.raises(ValueError, match=r"Unknown preset 'perceptron\.nand'\. The presets of 'perceptron' are: "):
        zoo.info("perceptron.nand")


def test_a_name_that_is_no_string_is_refused():
    with pytest.raises(ValueError, match="Unknown model 7"):
        zoo.info(7)


def test_a_registered_model_is_listed_in_its_year(empty_zoo):
    entry = zoo.register("mine/net", **facts())
    assert zoo.info("mine/net") == entry
    assert zoo.list_models(year=1969) == ["mine/net"]


def test_registering_the_same_twice_is_no_mistake_but_another_of_the_name_is(empty_zoo):
    zoo.register("mine/net", **facts())
    zoo.register("mine/net", **facts())
    with pytest.raises(ValueError, match="The name 'mine/net' is taken by nets:net"):
        zoo.register("mine/net", **facts(builder="nets:other"))


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("My Net", {}, "`name` must be like 'my_net'"),
        ("a/b/c", {}, "`name` must be like 'my_net'"),
        ("net", {"task": "clustering"}, "`task` must be one of .* Received: task='clustering'"),
        ("net", {"learning": "evolution"}, "`learning` must be one of gradient, rule, none"),
    ],
)
def test_malformed_facts_are_refused(empty_zoo, name, changes, message):
    with pytest.raises(ValueError, match=message):
        zoo.register(name, **facts(**changes))


@pytest.mark.parametrize("name", zoo.list_models())
def test_options_read_from_the_source_are_those_of_the_builder(name):
    parameters = inspect.signature(entries.load_builder(zoo.info(name))).parameters.values()
    own = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
    assert zoo.info(name).options == {**own, **zoo.info(name).defaults}


def test_entries_that_share_a_builder_may_have_defaults_of_their_own():
    classifier, regressor = zoo.info("mlp_classifier"), zoo.info("mlp_regressor")
    assert classifier.builder == regressor.builder and classifier.option_meanings == regressor.option_meanings
    differ = {name for name, default in regressor.options.items() if default != classifier.options[name]}
    assert differ == {"dropout", "output_activation"} and regressor.options["dropout"] == 0.1
    with pytest.raises(ValueError, match="`dropout` must be a share"):
        zoo.build("mlp_regressor", "mpg", dropout=1.0)


def test_options_whose_defaults_are_expressions_come_from_the_builder_itself(empty_zoo, monkeypatch, tmp_path):
    (tmp_path / "nets_of_a_test.py").write_text(
        "UNITS = 4\n\n\ndef net(spec, *, units=UNITS, rate=0.5):\n"
        '    """Builds.\n\n    Args:\n        units: Units of\n            the layer.\n    """\n'
    )
    monkeypatch.syspath_prepend(tmp_path)
    entry = zoo.register("mine/net", **facts(builder="nets_of_a_test:net"))
    assert entry.options == {"units": 4, "rate": 0.5}
    assert entry.option_meanings == {"units": "Units of the layer.", "rate": ""}


def test_a_function_is_a_builder_too(empty_zoo):
    def net(spec, *, units=3):
        """Builds.

        Args:
            units: Units.
        """

    entry = zoo.register("mine/net", **facts(builder=net))
    assert entry.options == {"units": 3}
    assert entry.option_meanings == {"units": "Units."}
    assert entries.load_builder(entry) is net


def test_a_builder_without_a_recipe_beside_it_is_refused(empty_zoo, monkeypatch):
    module = types.ModuleType("nets_without_recipe")
    module.net = lambda spec: None
    module.net.__module__ = module.__name__
    monkeypatch.setitem(sys.modules, module.__name__, module)
    entry = zoo.register("mine/net", **facts(builder="nets_without_recipe:net"))
    with pytest.raises(TypeError, match="must hold RECIPE = Recipe"):
        entries.load_recipe(entry)
