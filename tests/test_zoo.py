"""What holds for every model of the zoo, over `zoo.list_models()`. A model is tested by being registered."""

import ast
import dataclasses
import importlib
import inspect
import json
import random
import types
from pathlib import Path

import keras
import numpy as np
import pytest

import zoo
from zoo import entries, package_data

NAMES = zoo.list_models()
ROWS = 5
STEPS = 20  # of sequences


@pytest.fixture(scope="module")
def built():
    """A function that builds a model for its own data set, once."""
    models = {}

    def build(name):
        if name not in models:
            models[name] = zoo.build(name)
        return models[name]

    return build


def encoded(model, rows=ROWS, seed=0):
    """Returns random encoded tensors of the shapes and ranges that the model's network takes."""
    generator = np.random.default_rng(seed)
    allowed = model.schema.columns[0].values or (0.0, 1.0)
    values = {
        "inputs": lambda shape: generator.choice(allowed, shape),
        "numeric": generator.standard_normal,
        "linear": generator.standard_normal,
        "quantile": generator.random,
        "categorical": lambda shape: generator.integers(0, 2, shape),
        "image": lambda shape: generator.integers(0, 256, shape),
    }
    tensors = {tensor.name: tensor for tensor in model.network.inputs}
    shapes = {name: (rows, *(STEPS if size is None else size for size in t.shape[1:])) for name, t in tensors.items()}
    return {name: values[name](shapes[name]).astype(t.dtype) for name, t in tensors.items()}


def targets(model, rows=ROWS):
    """Returns a target as the model's `fit` takes it: the caller's own values, recordings, or None."""
    if model.entry.task == "dynamics":
        return np.zeros((rows, STEPS, model.network.outputs[0].shape[-1]))
    if model.entry.task not in ("classification", "regression"):
        return None
    if model.entry.task == "regression":
        return np.linspace(0.0, 1.0, rows)
    return np.resize(np.asarray(model.classes, dtype=object), rows)


def call(model, x):
    return keras.ops.convert_to_numpy(model(x, training=False))


def module_of(name):
    return importlib.import_module(zoo.info(name).builder.partition(":")[0])


@pytest.mark.parametrize("name", NAMES)
def test_build_gives_a_compiled_keras_model_with_the_contract_of_its_data(built, name):
    model = built(name)
    assert isinstance(model, keras.Model) and isinstance(model, zoo.Model)
    assert model.compiled
    assert model.entry == zoo.info(name)
    assert model.schema is model.preprocessor.schema
    assert (model.classes is not None) == (model.entry.task == "classification")


@pytest.mark.parametrize("name", NAMES)
def test_a_call_takes_encoded_tensors_and_gives_what_predict_gives(built, name):
    model = built(name)
    x = encoded(model)
    outputs = call(model, x)
    if model.entry.task in ("classification", "regression"):
        columns = len(model.classes) if model.classes else 1
        if model.decision == "threshold" and columns == 2:
            columns = 1  # one unit tells two classes apart
        assert outputs.shape == (ROWS, columns)
    assert outputs.shape[0] == ROWS
    assert np.all(np.isfinite(outputs))
    np.testing.assert_allclose(model.predict(x, verbose=0), outputs, rtol=1e-5, atol=1e-6)
    if model.decision == "softmax":
        np.testing.assert_allclose(outputs.sum(axis=-1), np.ones(ROWS), rtol=1e-5)
    if model.decision == "threshold":
        assert set(np.unique(outputs)) <= {0.0, 1.0}


@pytest.mark.parametrize("name", NAMES)
def test_one_row_does_not_change_another_s_answer(built, name):
    model = built(name)
    x = encoded(model)
    first = {key: value[:1] for key, value in x.items()}
    np.testing.assert_allclose(call(model, x)[:1], call(model, first), rtol=1e-4, atol=1e-5)


def compiled_by_tensorflow(model, x):
    import tensorflow as tf

    return tf.function(lambda inputs: model(inputs, training=False), jit_compile=True)(x)


def compiled_by_jax(model, x):
    import jax

    variables = [v.value for v in model.trainable_variables], [v.value for v in model.non_trainable_variables]
    return jax.jit(lambda inputs: model.stateless_call(*variables, inputs, training=False)[0])(x)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "compiled",
    [
        pytest.param(compiled_by_tensorflow, marks=pytest.mark.tensorflow),
        pytest.param(compiled_by_jax, marks=pytest.mark.jax),
    ],
)
def test_the_network_compiles_with_xla_and_answers_the_same(built, name, compiled):
    model = built(name)
    x = encoded(model)
    outputs = keras.ops.convert_to_numpy(compiled(model, x))
    np.testing.assert_allclose(outputs, call(model, x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_a_lone_keras_file_is_complete(built, name, tmp_path):
    model = built(name)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert np.array_equal(call(again, encoded(model)), call(model, encoded(model)))
    assert (again.entry, again.classes, again.options) == (model.entry, model.classes, model.options)
    assert again.schema == model.schema


@pytest.mark.parametrize("name", NAMES)
def test_an_artifact_folder_gives_the_model_back(built, name, tmp_path):
    model = built(name)
    zoo.save(model, tmp_path / "artifact")
    again = zoo.load(tmp_path / "artifact")
    assert np.array_equal(call(again, encoded(model)), call(model, encoded(model)))


@pytest.mark.parametrize("name", [name for name in NAMES if zoo.info(name).learning != "none"])
def test_keras_s_own_fit_trains_it(name):
    model = zoo.build(name)
    history = model.fit(encoded(model, 8), targets(model, 8), batch_size=4, epochs=2, verbose=0).history
    assert len(history["loss"]) == 2
    assert np.all(np.isfinite(history["loss"]))


@pytest.mark.parametrize("name", [name for name in NAMES if zoo.info(name).learning == "none"])
def test_what_learns_nothing_says_what_to_do_instead(built, name):
    with pytest.raises(TypeError, match="learns nothing"):
        built(name).fit(encoded(built(name)))
    with pytest.raises(TypeError, match="learns nothing"):
        zoo.train(name)


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_decides_on_the_weights_and_leaves_the_random_states_alone(name):
    random.seed(3)
    np.random.seed(3)
    states = random.getstate(), np.random.get_state()[1].tolist()
    model = zoo.build(name)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == states
    fresh = zoo.build(name)
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), fresh.get_weights()))


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_option_is_refused_with_the_known(name):
    with pytest.raises(ValueError, match=f"Unknown option 'no_such_option' of '{name}'"):
        zoo.build(name, no_such_option=1)


@pytest.mark.parametrize("name", NAMES)
def test_options_are_keyword_only_with_defaults_and_documented(name):
    entry = zoo.info(name)
    spec, *options = inspect.signature(entries.load_builder(entry)).parameters.values()
    assert spec.name == "spec"
    assert all(option.kind is option.KEYWORD_ONLY and option.default is not option.empty for option in options)
    assert [option for option, meaning in entry.option_meanings.items() if not meaning] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_is_what_json_holds(name):
    """Strings, numbers, and tuples and dicts of them, which come back as they were."""

    def as_json(value):
        if isinstance(value, dict):
            return {key if isinstance(key, str) else json.dumps(key): as_json(item) for key, item in value.items()}
        return [as_json(item) for item in value] if isinstance(value, tuple | list) else value

    recipe = dataclasses.asdict(entries.load_recipe(zoo.info(name)))
    assert json.loads(json.dumps(recipe)) == as_json(recipe)


@pytest.mark.parametrize("name", NAMES)
def test_traits_hold_functions_and_plain_values(name):
    """A Keras object carries state from one run to the next."""

    def is_stateless(value):
        if isinstance(value, dict):
            return all(map(is_stateless, value.values()))
        if isinstance(value, tuple):
            return all(map(is_stateless, value))
        return value is None or isinstance(value, str | int | float | bool | types.FunctionType)

    traits = entries.load_traits(zoo.info(name))
    for field in dataclasses.fields(traits):
        assert is_stateless(getattr(traits, field.name)), field.name


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_expects_what_is_scored_on_rows_that_its_data_set_holds_out(name):
    recipe = entries.load_recipe(zoo.info(name))
    assert set(recipe.expect) <= {"accuracy", "r2"} and all(0.0 < least < 1.0 for least in recipe.expect.values())
    holds_out = (package_data.package_folder("datasets") / recipe.data / "split.npz").is_file()
    assert bool(recipe.expect) == (holds_out and zoo.info(name).learning == "gradient")


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_states_its_paper_in_a_line_and_at_an_address(name):
    entry = zoo.info(name)
    assert "https://" in entry.paper and str(entry.year) in entry.paper
    assert 20 <= len(entry.summary) <= 100
    assert "\n" not in entry.summary and not entry.summary.endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_a_file_names_its_paper_and_ends_with_its_builder(name):
    module, entry = module_of(name), zoo.info(name)
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    builders = [zoo.info(other).builder for other in NAMES]
    assert f"{module.__name__}:{tree.body[-1].name}" in builders
    address = entry.paper[entry.paper.index("https://") :].split()[0]
    assert address in module.__doc__ and str(entry.year) in module.__doc__


@pytest.mark.parametrize("name", NAMES)
def test_a_file_has_its_test_file(name):
    stem = Path(module_of(name).__file__).stem
    assert (Path(__file__).parent / "models" / f"test_{stem}.py").is_file()
