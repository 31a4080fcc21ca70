"""Names of Keras, TensorFlow and JAX that are not public: what each does, and how the zoo trains without it."""

import ast
import configparser
import contextlib
import random
import sys
import warnings

import keras
import numpy as np
import pandas as pd
import pytest
from keras import ops

import zoo
from tests import test_structure
from zoo import doctor
from zoo.cli import main
from zoo.engine import keras_internals
from zoo.engine.keras_internals import LOOP, NEEDED, SEVERAL_DEVICES, SIDE_BY_SIDE
from zoo.engine.members import plan_members
from zoo.engine.plan import Workload, plan
from zoo.engine.workers.devices import Placement

BACKEND = keras.backend.backend()
HOW = {"target": "y", "hidden_units": (4,), "dropout": 0.2, "epochs": 2, "batch_size": 16, "verbose": 0}


@pytest.fixture(autouse=True)
def as_in_a_new_process(monkeypatch):
    """Clears the cache of missing names and the record of given warnings."""
    monkeypatch.setattr(keras_internals, "_warned", set())
    keras_internals.missing.cache_clear()
    yield
    keras_internals.missing.cache_clear()


@pytest.fixture(scope="module")
def table():
    generator = np.random.default_rng(0)
    data = pd.DataFrame(generator.normal(size=(60, 3)), columns=list("abc"))
    data["y"] = np.where(data["a"] * data["b"] > 0, "yes", "no")
    return data


@pytest.fixture(scope="module")
def by_keras(table):
    """A run that Keras's `fit` trained."""
    return zoo.train("mlp_classifier", table, engine="keras", **HOW)


def hide(monkeypatch, holder: str, name: str) -> None:
    """Hides a name of Keras from the zoo alone: Keras itself still finds it."""
    owner = {
        "optimizer": keras.optimizers.Optimizer,
        "metric": keras.metrics.MeanMetricWrapper,
        "model": keras.Model,
        "layer": keras.layers.Layer,
        "variable": keras.Variable,
    }.get(holder)
    if owner is not None:
        theirs = owner.__getattribute__

        def guarded(self, wanted):
            if wanted == name and sys._getframe(1).f_globals.get("__name__", "").startswith("zoo."):
                raise AttributeError(f"no attribute {wanted!r}")
            return theirs(self, wanted)

        monkeypatch.setattr(owner, "__getattribute__", guarded)
        return

    def gone(*arguments):
        raise AssertionError(f"{name} is used although it is missing")

    if holder == "masked":
        monkeypatch.setattr(
            keras_internals, "_examples", lambda made=keras_internals._examples: made() | {holder: None}
        )
        monkeypatch.setattr(keras_internals, "mask_of", gone)
    else:
        monkeypatch.setattr(keras_internals, "_module", lambda module: None)
        monkeypatch.setattr(keras_internals, name.replace("function_executor_type", "functions_run_by"), gone)


def of_the_zoo(said) -> list[str]:
    """Returns the texts of the zoo's warnings: Keras has some of its own on JAX."""
    return [str(warning.message) for warning in said if warning.category is UserWarning]


def needed(use: str) -> list:
    return [(holder, name) for holder, names in NEEDED[use].get(BACKEND, {}).items() for name in names]


def dense_model():
    inputs = keras.Input((2,), name="x")
    hidden = keras.layers.Dense(3, activation="relu", name="hidden")(inputs)
    return keras.Model(inputs, keras.layers.Dense(1, name="last")(hidden))


MADE = (keras.metrics.Mean, keras.layers.Masking, lambda: keras.layers.Dense(1), lambda: keras.Sequential())


def variable(*values):
    return keras.Variable(np.array(values, "float32"))


# Where a name is missing.


@pytest.mark.parametrize("use", NEEDED)
def test_the_installed_libraries_have_every_name(use):
    assert keras_internals.missing(use) == ()
    assert keras_internals.lacking(use) == ""


@pytest.mark.slow
def test_looking_for_names_leaves_keras_s_numbering_and_draws_alone():
    def draw():
        keras.backend.clear_session()  # the numbering of names begins anew
        keras.utils.set_random_seed(3)
        yield
        made = [keras.optimizers.Adam().name, *(make().name for make in MADE)]
        yield made, random.random(), np.random.random(), ops.convert_to_numpy(keras.random.uniform((2,))).tolist()

    without, beside = draw(), draw()
    next(without)
    expected = next(without)
    next(beside)
    keras_internals.missing(LOOP)
    assert next(beside) == expected


@pytest.mark.slow
@pytest.mark.parametrize(("holder", "name"), needed(LOOP))
def test_training_falls_back_to_keras_s_fit_where_a_name_is_missing(monkeypatch, table, by_keras, holder, name):
    hide(monkeypatch, holder, name)
    with pytest.warns(
        UserWarning, match=rf"Keras {keras.__version__} on {BACKEND} has no .*{name}.*Keras's `fit` trains"
    ):
        run = zoo.train("mlp_classifier", table, **HOW)
    for ours, theirs in zip(run.model.get_weights(), by_keras.model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert run.history == by_keras.history


@pytest.fixture
def no_rate(monkeypatch):
    """The zoo sees no `_learning_rate`, which both backends need."""
    hide(monkeypatch, "optimizer", "_learning_rate")


@pytest.mark.slow
def test_the_fallback_is_said_once(no_rate, table):
    with pytest.warns(UserWarning, match="several times longer for small networks") as said:
        zoo.train("mlp_classifier", table, **HOW)
        zoo.train("mlp_classifier", table, **HOW)
    assert len(of_the_zoo(said)) == 1
    assert f"install keras=={keras_internals.TESTED[-1]}.*, or a newer keras-zoo" in of_the_zoo(said)[0]


@pytest.mark.parametrize("engine", ["fused", "xla"])
def test_the_fused_loop_is_refused_by_name_where_it_is_asked_for(no_rate, table, engine):
    with pytest.raises(ValueError, match=rf"engine='{engine}'.*has no `_learning_rate`.*install.*pass `engine='auto'`"):
        zoo.train("mlp_classifier", table, engine=engine, **HOW)


def test_keras_s_fit_that_is_asked_for_says_nothing(no_rate, table):
    zoo.train("mlp_classifier", table, engine="keras", **HOW)


def test_a_solver_needs_no_such_name(no_rate, table):
    run = zoo.train("logistic_regression", table, target="y", verbose=0)
    assert run.stopped.startswith("converged")


@pytest.mark.slow
def test_an_ensemble_and_a_rule_train_by_keras_s_fit_too(no_rate, table):
    how = {**HOW, "ensemble": 2}
    with pytest.warns(UserWarning, match="has no `_learning_rate`"):
        members = zoo.train("mlp_classifier", table, **how)
    theirs = zoo.train("mlp_classifier", table, engine="keras", **how)
    for ours, weights in zip(members.model.get_weights(), theirs.model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, weights)
    x = table[["a", "b", "c"]].to_numpy("float32")
    maps = [zoo.train("kohonen_map", x, epochs=2, verbose=0, engine=engine) for engine in ("auto", "keras")]
    np.testing.assert_array_equal(maps[0].model.codebook, maps[1].model.codebook)


@pytest.mark.tensorflow
@pytest.mark.parametrize(("holder", "name"), needed(SIDE_BY_SIDE))
def test_folds_train_one_after_another_where_a_name_is_missing(monkeypatch, table, holder, name):
    how = {**HOW, "folds": 2}
    with monkeypatch.context() as patch:
        patch.setattr(plan_members, "obstacle_of_models", lambda *arguments, **sizes: "asked for")
        alone = zoo.cross_validate("mlp_classifier", table, **how)
    hide(monkeypatch, holder, name)
    found = zoo.cross_validate("mlp_classifier", table, **how)
    assert not found.attrs["at_once"]
    pd.testing.assert_frame_equal(found.attrs["predictions"], alone.attrs["predictions"], check_exact=True)


@pytest.mark.parametrize(("holder", "name"), needed(SEVERAL_DEVICES))
def test_several_devices_are_refused_by_name_or_left_to_one(monkeypatch, holder, name):
    hide(monkeypatch, holder, name)
    model, names = dense_model(), ("GPU:0", "GPU:1")
    model.compile("adam", "mse")
    workload = Workload(num_rows=10**9, batch_size=10**9, epochs=1)
    with pytest.raises(ValueError, match=f"Several devices cannot train this way: .*`{name}`.*devices='auto'"):
        plan(model, workload, devices=Placement(True, names, "two", "as asked", True))
    seen = Placement(True, names, "two", "they are there", False)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Keras .* has no .* needed for the zoo's training loop")  # by the same name
        settled = plan(model, workload, devices=seen).devices
    assert not settled.several and name in settled.why


# Versions.


@pytest.fixture
def newer_keras(monkeypatch):
    monkeypatch.setattr(keras, "__version__", "3.16.1")


def test_a_version_that_was_not_tested_is_named_once_by_the_first_training(newer_keras, table):
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        zoo.build("mlp_classifier", table, target="y")
    with pytest.warns(UserWarning, match=r"Keras 3\.16\.1 was not tested.*3\.15.*install keras==3\.15") as said:
        zoo.train("mlp_classifier", table, **HOW)
        zoo.train("mlp_classifier", table, **HOW)
    assert len(of_the_zoo(said)) == 1


@pytest.mark.slow
def test_keras_s_own_fit_is_not_warned_of(newer_keras, table):
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        zoo.train("mlp_classifier", table, engine="keras", **HOW)


@pytest.mark.tensorflow
def test_models_side_by_side_are_warned_of(newer_keras, table):
    with pytest.warns(UserWarning, match=r"Keras 3\.16\.1 was not tested"):
        zoo.cross_validate("mlp_classifier", table, folds=2, **HOW)


@pytest.mark.filterwarnings("default:Keras")
def test_the_command_line_names_it_in_a_line(newer_keras, table, tmp_path, capsys):
    table.to_csv(tmp_path / "table.csv", index=False)
    words = ["train", "mlp_classifier", str(tmp_path / "table.csv"), "--target", "y", "--epochs", "1"]
    assert main([*words, "-o", str(tmp_path / "model")]) == 0
    said = capsys.readouterr().err
    assert "zoo: warning: Keras 3.16.1 was not tested with this zoo, which was tested with Keras 3.15." in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("version", "told"),
    [
        ("3.15.0", None),
        ("3.15.9", None),
        ("3.16.0.dev2026", "Keras 3.16.0.dev2026 was not tested"),
        ("not installed", None),
    ],
)
def test_the_doctor_names_it(monkeypatch, version, told):
    monkeypatch.setattr(doctor, "PROBES", {})
    monkeypatch.setattr(doctor, "version", lambda package: version)
    found = doctor.examine().get("untested")
    assert found is None if told is None else found.startswith(told)


def test_setup_cfg_asks_for_a_keras_from_the_first_tested_on():
    parser = configparser.ConfigParser()
    parser.read(test_structure.ROOT / "setup.cfg", encoding="utf-8")
    asked = parser["options"]["install_requires"].split()
    assert f"keras>={keras_internals.TESTED[0]},<4" in asked


def test_no_private_name_of_the_zoo_hides_one_of_keras():
    """What Keras's classes have under the same name, the zoo has of `self` alone: else uses of both look alike."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in test_structure.sources()}
    own = set().union(*(test_structure.own_names(tree) for tree in trees.values()))
    model = dense_model()
    model.compile("adam", "mse", metrics=["mae"])
    model.optimizer.build(model.trainable_variables)
    known = (model, *model.layers, model.optimizer, *model.metrics, *model.weights, keras.callbacks.TensorBoard())
    theirs = {name for thing in known for name in dir(thing) if test_structure.is_private(name)}
    found = {
        f"{path.name}:{line}: {use}"
        for path, tree in trees.items()
        if path != test_structure.INTERNALS
        for line, use in test_structure.private_uses(tree, own, theirs)
        if not use.startswith("self.")
    }
    assert found == set()


def test_the_layer_that_gave_a_tensor_is_told():
    inputs = keras.Input((2,))
    layer = keras.layers.Dense(1)
    outputs = layer(inputs)
    assert keras_internals.producer_of(outputs) is layer
    assert isinstance(keras_internals.producer_of(inputs), keras.layers.InputLayer)


# Optimizers.


def test_the_learning_rate_of_an_optimizer_is_its_variable_or_its_schedule():
    rate = keras_internals.learning_rate_of(keras.optimizers.SGD(0.25))
    assert float(ops.convert_to_numpy(rate)) == 0.25
    rate.assign(0.5)
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)
    assert keras_internals.learning_rate_of(keras.optimizers.Adam(schedule)) is schedule


def test_a_step_computes_its_rate_by_one_method_that_can_be_replaced():
    optimizer = keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5))
    optimizer.iterations.assign(2)  # 0.1 / 2 / 2
    assert float(keras_internals.computation_of_rate(optimizer)()) == pytest.approx(0.025)
    w = variable(1.0)
    with keras_internals.own_updates(optimizer, rate=lambda: ops.convert_to_tensor(0.5)):
        optimizer.apply([ops.convert_to_tensor([1.0])], [w])
    assert w.numpy().tolist() == [0.5]  # 1 - 0.5 x 1
    assert float(optimizer.learning_rate) == pytest.approx(0.0125)  # its own again, a step later


def test_apply_clips_decays_and_then_updates_by_methods_that_can_be_replaced():
    optimizer, w, calls = keras.optimizers.AdamW(0.1, clipvalue=0.5), variable(1.0, 2.0), []

    def update(gradients, variables, learning_rate):
        calls.append(("update", ops.convert_to_numpy(gradients[0]).tolist(), len(variables), float(learning_rate)))

    def decay(variables):
        calls.append(("decay", len(variables)))

    with keras_internals.own_updates(optimizer, update=update, decay=decay):
        optimizer.apply([ops.convert_to_tensor([3.0, -0.25])], [w])
    assert calls == [("decay", 1), ("update", [0.5, -0.25], 1, pytest.approx(0.1))]
    assert w.numpy().tolist() == [1.0, 2.0]
    assert int(optimizer.iterations.numpy()) == 1


def test_adam_keeps_the_moments_of_each_variable():
    optimizer, others, w = keras.optimizers.Adam(beta_1=0.9, beta_2=0.75), variable(0.0), variable(1.0, 1.0)
    optimizer.apply([ops.convert_to_tensor([5.0]), ops.convert_to_tensor([2.0, -4.0])], [others, w])
    first, second = (moment.numpy() for moment in keras_internals.moments_of(optimizer, w))
    np.testing.assert_allclose(first, [0.2, -0.4], rtol=1e-6)  # (1 - 0.9) g
    np.testing.assert_allclose(second, [1.0, 4.0], rtol=1e-6)  # (1 - 0.75) g^2


@pytest.mark.tensorflow
def test_moments_and_decay_are_found_by_tensorflow_s_variables_too():
    """In a strategy's update Keras passes tf.Variables."""
    optimizer, w, kept = keras.optimizers.AdamW(), variable(1.0), variable(2.0)
    optimizer.exclude_from_weight_decay(var_list=[kept])
    optimizer.build([w, kept])
    assert keras_internals.moments_of(optimizer, kept.value) == keras_internals.moments_of(optimizer, kept)
    assert [keras_internals.decays(optimizer, v.value) for v in (w, kept)] == [True, False]


@pytest.mark.parametrize("how", [{"var_list": True}, {"var_names": ["kept"]}])
def test_a_variable_that_is_excluded_does_not_decay(how):
    optimizer = keras.optimizers.AdamW()
    w, kept = variable(1.0), keras.Variable(np.ones(1, "float32"), name="kept")
    assert not keras_internals.excludes_from_decay(optimizer)
    optimizer.exclude_from_weight_decay(**({"var_list": [kept]} if "var_list" in how else how))
    assert keras_internals.excludes_from_decay(optimizer)
    assert [keras_internals.decays(optimizer, v) for v in (w, kept)] == [True, False]


@pytest.mark.tensorflow
def test_tensorflow_s_optimizers_sum_gradients_by_a_method_that_can_be_replaced(monkeypatch):
    optimizer, w, seen = keras.optimizers.SGD(0.5), variable(1.0), []

    def sum_of(pairs):
        seen.append(len(pairs))
        return [(10.0 * gradient, v) for gradient, v in pairs]

    with keras_internals.replaced(optimizer, "_all_reduce_sum_gradients", sum_of):
        optimizer.apply([ops.convert_to_tensor([0.1])], [w])
        np.testing.assert_allclose(w.numpy(), [0.5], rtol=1e-6)  # 1 - 0.5 x 10 x 0.1
        with keras_internals.gradients_already_summed(optimizer):
            optimizer.apply([ops.convert_to_tensor([0.1])], [w])
    np.testing.assert_allclose(w.numpy(), [0.45], rtol=1e-6)
    assert seen == [1]


# Metrics and tensors.


def test_a_mean_metric_is_the_mean_of_a_function_of_rows_with_its_arguments():
    metric = keras.metrics.BinaryAccuracy(threshold=0.7)
    y, predicted = ops.convert_to_tensor([[1.0], [1.0], [0.0]]), ops.convert_to_tensor([[0.8], [0.6], [0.6]])
    values = ops.convert_to_numpy(keras_internals.values_of_rows(metric, y, predicted))
    assert values.ravel().tolist() == [1.0, 0.0, 1.0]


@pytest.mark.tensorflow
def test_a_mask_hangs_on_the_tensor_that_a_layer_returns():
    masked = keras.layers.Masking()(ops.convert_to_tensor([[[1.0], [0.0]]]))
    assert ops.convert_to_numpy(keras_internals.mask_of(masked)).tolist() == [[True, False]]
    assert keras_internals.mask_of(ops.ones(1)) is None


# Models, layers and callbacks.


def test_backup_and_restore_tells_the_epoch_by_the_model(tmp_path):
    class Break(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise RuntimeError("broken")

    x, model = np.ones((4, 2), "float32"), dense_model()
    model.compile("sgd", "mse")
    with pytest.raises(RuntimeError, match="broken"):
        backup = keras.callbacks.BackupAndRestore(str(tmp_path), double_checkpoint=False)
        model.fit(x, x[:, :1], epochs=3, verbose=0, callbacks=[backup, Break()])
    keras_internals.forget_initial_epoch(model)
    assert keras_internals.initial_epoch_of(model) is None
    callback = keras.callbacks.BackupAndRestore(str(tmp_path))
    callback.set_model(model)
    callback.on_train_begin()
    assert keras_internals.initial_epoch_of(model) == 2
    keras_internals.forget_initial_epoch(model)
    assert keras_internals.initial_epoch_of(model) is None


def test_variables_of_metrics_are_created_by_shapes_alone():
    model = dense_model()
    model.compile("adam", "mse", metrics=["mae"])
    before, count = model.get_weights(), len(model.metrics_variables)
    keras_internals.create_variables(model, (np.full((1, 2), np.nan, "float32"), np.ones((1, 1), "float32")))
    assert len(model.metrics_variables) > count
    assert model.optimizer.built
    assert all(np.isfinite(v.numpy()).all() for v in model.metrics_variables)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_variables_are_created_inside_the_context_that_a_model_asks_for():
    inside, seen = [], []

    @contextlib.contextmanager
    def context(model):
        inside.append(model)
        yield
        inside.pop()

    @keras_internals.creating_variables_in(context)
    class Noting(keras.Model):
        def call(self, inputs):
            seen.append(list(inside))
            return inputs

    model = Noting()
    model.compile("sgd", "mse", metrics=["mae"])
    keras_internals.create_variables(model, (np.ones((1, 2), "float32"), np.ones((1, 2), "float32")))
    assert seen and all(at_call == [model] for at_call in seen)
    assert not inside


def test_the_arguments_of_compile_are_kept_as_they_were_given():
    def own_loss(y_true, y_pred):
        return ops.mean(y_true - y_pred, axis=-1)

    model = dense_model()
    model.compile("sgd", own_loss, metrics=["mae"], loss_weights=[0.5])
    given = keras_internals.compiled_with(model)
    assert given["loss"] is own_loss
    assert (given["metrics"], given["weighted_metrics"], given["loss_weights"]) == (["mae"], None, [0.5])


def test_calls_of_a_layer_are_counted():
    layer, inputs = keras.layers.Dense(3), keras.Input((3,))
    counts = [keras_internals.number_of_calls(layer)]
    for _ in range(2):
        inputs = layer(inputs)
        counts.append(keras_internals.number_of_calls(layer))
    assert counts == [0, 1, 2]


def test_a_graph_of_layers_runs_with_others_in_their_places():
    model = dense_model()
    instead = {"hidden": lambda x, **_: x * 2.0, "last": lambda x, **_: ops.sum(x, axis=-1)}
    x = ops.convert_to_tensor([[1.0, 2.0], [3.0, 4.0]])
    found = keras_internals.run_graph(model, [x], lambda layer: instead.get(layer.name, layer))
    assert ops.convert_to_numpy(keras.tree.flatten(found)[0]).tolist() == [6.0, 14.0]

    class Subclassed(keras.Model):
        pass

    assert keras_internals.has_graph(model) and not keras_internals.has_graph(Subclassed())


@pytest.mark.tensorflow  # Keras profiles on TensorFlow alone
def test_tensorboard_knows_whether_it_profiles_batches(tmp_path):
    callbacks = [keras.callbacks.TensorBoard(str(tmp_path), profile_batch=batch) for batch in (0, 2)]
    assert [keras_internals.profiles_batches(callback) for callback in callbacks] == [False, True]


def test_where_tensorboard_s_name_is_missing_it_is_told_of_batches():
    assert keras_internals.profiles_batches(keras.callbacks.Callback())


def test_a_replaced_method_is_the_object_s_alone_and_comes_back():
    one, other = keras.layers.ReLU(), keras.layers.ReLU()
    with keras_internals.replaced(one, "call", lambda x: x + 10.0):
        assert [float(layer(ops.convert_to_tensor([-1.0]))[0]) for layer in (one, other)] == [9.0, 0.0]
    assert float(one(ops.convert_to_tensor([-1.0]))[0]) == 0.0


# Variables, on JAX.


@pytest.mark.jax
def test_a_value_is_put_into_a_variable_as_it_is():
    w, value = variable(1.0, 2.0), ops.convert_to_tensor([3.0, 4.0])
    keras_internals.put(w, value)
    assert w.value is value


@pytest.mark.jax
def test_variables_hold_other_values_for_a_while_within_a_step_s_own_scope_too():
    w = variable(1.0)
    with keras_internals.values_replaced([w], [ops.convert_to_tensor([5.0])]), keras.StatelessScope():
        assert float(w.value[0]) == 5.0
    assert float(w.value[0]) == 1.0


# TensorFlow.


@pytest.mark.tensorflow
def test_functions_that_are_traced_for_an_executor_call_others_by_it():
    import tensorflow as tf

    def traced():
        inner = tf.function(lambda x: x + 1.0)
        graph = tf.function(lambda x: inner(x)).get_concrete_function(tf.TensorSpec([])).graph
        return [node.attr["executor_type"].s for node in graph.as_graph_def().node if "PartitionedCall" in node.op]

    with keras_internals.functions_run_by("SINGLE_THREADED_EXECUTOR"):
        assert traced() == [b"SINGLE_THREADED_EXECUTOR"]
    assert traced() == [b""]


@pytest.mark.tensorflow
def test_a_gradient_tape_is_seen(monkeypatch):
    import tensorflow as tf

    assert not keras_internals.may_be_recorded()
    with tf.GradientTape():
        assert keras_internals.may_be_recorded()
    monkeypatch.setitem(sys.modules, "tensorflow.python.eager.record", None)  # as where it has another name
    assert keras_internals.may_be_recorded()


@pytest.mark.tensorflow
def test_the_parts_of_a_litert_file_are_read_and_written(monkeypatch):
    schema, utilities = keras_internals.litert_files()
    model = schema.ModelT()
    model.description = b"a model"
    model.buffers = [schema.BufferT()]
    read = utilities.convert_bytearray_to_object(bytearray(utilities.convert_object_to_bytearray(model)))
    assert read.description == b"a model" and len(read.buffers) == 1
    monkeypatch.setattr(keras_internals, "_module", lambda name: None)
    with pytest.raises(ImportError, match="has no tensorflow.lite.python.schema_py_generated.*format='litert'"):
        keras_internals.litert_files()
