"""The compiled loop against Keras's own `fit`: the same weights, the same callbacks, in less time."""

import keras
import numpy as np
import pandas as pd
import pytest

import zoo
from tests.engine.fitted import fit
from zoo.data import pipelines
from zoo.engine import costs, dropout, loop_compiled, loop_tensorflow, plan, updates

pytestmark = pytest.mark.tensorflow

OPTIMIZERS = sorted(
    name
    for name, value in vars(keras.optimizers).items()
    if isinstance(value, type)
    and issubclass(value, keras.optimizers.Optimizer)
    and name not in ("Optimizer", "LossScaleOptimizer", "MultiOptimizer")  # they hold others
)
ROWS, BATCH = 90, 32  # two full batches and one of 26


@pytest.fixture(scope="module")
def rows():
    generator = np.random.default_rng(0)
    x = generator.normal(size=(ROWS, 6)).astype("float32")
    y = np.argmax(x @ generator.normal(size=(6, 3)), axis=1).astype("int32")
    return x, y, generator.uniform(0.5, 2.0, ROWS).astype("float32")


def network(optimizer="sgd", *, dropout=0.0, l2=None):
    keras.utils.set_random_seed(0)
    regularizer = keras.regularizers.L2(l2) if l2 else None
    inputs = keras.Input((6,))
    x = keras.layers.Dense(8, activation="tanh", kernel_regularizer=regularizer)(inputs)
    x = keras.layers.Dropout(dropout, seed=1)(x)
    model = keras.Model(inputs, keras.layers.Dense(3)(x))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, metrics=["accuracy"], weighted_metrics=["sparse_categorical_crossentropy"])
    return model


def trained(model, rows, engine, *, epochs=3, callbacks=(), validation=None, verbose=0):
    """Returns the history; rows in their order, that Keras's `fit` may have the same."""
    if engine == "fit":
        x, y, weight = rows
        return model.fit(
            x, y, BATCH, epochs, sample_weight=weight, shuffle=False, verbose=0, validation_data=validation,
            callbacks=list(callbacks),
        ).history  # fmt: skip
    found = fit(
        model,
        rows=rows,
        num_rows=len(rows[0]),
        batch_size=BATCH,
        epochs=epochs,
        engine=engine,
        callbacks=callbacks,
        validation=validation,
        verbose=verbose,
    )
    return found.history


def assert_same(ours, theirs, tolerance=1e-5):
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, other, atol=tolerance)


def test_the_optimizers_are_those_of_keras():
    assert {"SGD", "Adam", "AdamW", "Lion", "Muon", "Adafactor", "Ftrl"} <= set(OPTIMIZERS)


@pytest.mark.parametrize("engine", ["fused", "xla"])
@pytest.mark.parametrize(
    "name", [n if n in ("SGD", "AdamW") else pytest.param(n, marks=pytest.mark.slow) for n in OPTIMIZERS]
)
def test_every_optimizer_gives_the_weights_of_keras_s_fit(rows, name, engine):
    results = {}
    for how in ("fit", engine):
        model = network(getattr(keras.optimizers, name)())
        model.optimizer.build(model.trainable_variables)  # ScheduleFreeAdamW loses the first weights if `fit` builds it
        history = trained(model, rows, how)
        results[how] = [*model.get_weights(), *history["loss"], *history["accuracy"]]
    assert_same(results[engine], results["fit"])
    assert np.abs(np.concatenate([w.ravel() for w in results["fit"][:2]])).max() > 0


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["fused", "xla"])
@pytest.mark.parametrize(
    "settings",
    [
        {"clipnorm": 0.01},
        {"global_clipnorm": 0.01},
        {"clipvalue": 0.001},
        {"use_ema": True, "ema_overwrite_frequency": 2},
        {"gradient_accumulation_steps": 2},
        {"weight_decay": 0.1},
        {"amsgrad": True},
        {"epsilon": 1e-2, "beta_1": 0.5, "beta_2": 0.9},
    ],
    ids=str,
)
def test_settings_of_an_optimizer_hold(rows, settings, engine):
    results = {}
    for how in ("fit", engine):
        model = network(keras.optimizers.Adam(0.01, **settings), l2=0.01)
        trained(model, rows, how, validation=rows)
        results[how] = model.get_weights()
    assert_same(results[engine], results["fit"])


def test_the_one_operation_of_adam_is_taken_and_given_back(rows):
    model = network("adam")
    trained(model, rows, "fused")
    assert "update_step" not in vars(model.optimizer)
    loop = loop_tensorflow.Steps(network("adam"), batch_size=BATCH, xla=False, shuffle=False)
    model = loop.model
    loop_tensorflow.create_variables(model, rows)
    loop.epoch(rows, None, 0, 0)
    graph = next(iter(loop._traced.values())).function.graph.as_graph_def()
    operations = {node.op for function in graph.library.function for node in function.node_def}
    assert "ResourceApplyAdamWithAmsgrad" in operations and "Sqrt" not in operations


@pytest.mark.parametrize("hashed", [False, True], ids=["drawn", "hashed"])
@pytest.mark.parametrize("shape, rate", [((64,), 0.25), ((64,), 0.3), ((7,), 0.5), ((3, 5), 0.1)], ids=str)
def test_dropout_drops_each_number_by_itself_at_its_rate(shape, rate, hashed):
    import tensorflow as tf

    rows = 40_000 // int(np.prod(shape))
    inputs = keras.Input(shape)
    layer = keras.layers.Dropout(rate, seed=3)
    model = keras.Model(inputs, layer(inputs))
    model.compile("adam", "mse")
    model.optimizer.build([])

    @tf.function(autograph=False, jit_compile=hashed)
    def drop(x):
        with updates.in_few_operations(model, None if hashed else {}, xla=hashed), tf.GradientTape() as tape:
            tape.watch(x)
            found = layer(x, training=True)
        return found, tape.gradient(found, x)

    (first, slope), (second, _) = ([part.numpy() for part in drop(tf.ones((rows, *shape)))] for _ in range(2))
    np.testing.assert_array_equal(first, slope)
    for found in (first, second):
        kept = found != 0
        np.testing.assert_allclose(found[kept], 1 / (1 - rate), rtol=3e-5)
        assert abs(kept.mean() - (1 - rate)) < 4 * np.sqrt(rate * (1 - rate) / kept.size)
    flat = (first != 0).reshape(-1).astype(float)
    for other in (
        np.roll(flat, 1),
        np.roll(flat, 4),
        (second != 0).reshape(-1),
    ):  # the number beside, the word, the step
        assert abs(np.corrcoef(flat, other)[0, 1]) < 4 / np.sqrt(flat.size)
    assert layer.seed_generator.state.numpy().tolist() == [3, 2]  # one of Keras's seeds a step
    assert (layer(np.ones((2, *shape)), training=False).numpy() == 1).all()


@pytest.mark.parametrize("names", [["dense_of_one"], ["kernel:0"], ["^kernel"]], ids=str)
def test_weights_that_are_excluded_from_decay_are_those_of_keras(rows, names):
    results = {}
    for how in ("fit", "fused"):
        keras.utils.set_random_seed(0)
        inputs = keras.Input((6,))
        x = keras.layers.Dense(8, activation="tanh", name="dense_of_one")(inputs)
        model = keras.Model(inputs, keras.layers.Dense(3)(x))
        optimizer = keras.optimizers.AdamW(0.01, weight_decay=1.0)
        optimizer.exclude_from_weight_decay(var_names=names)
        model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        trained(model, rows, how)
        results[how] = model.get_weights()
    assert_same(results["fused"], results["fit"])


def test_dropout_of_all_leaves_nothing():
    import tensorflow as tf

    words = dropout.words(3, 8, 1.0, tf.constant([1, 2]))
    np.testing.assert_array_equal(dropout.mask_of(words, 8, 1.0), np.zeros((3, 8)))


def test_the_hash_is_murmur_s():
    import tensorflow as tf

    assert dropout.hash_of(tf.constant([0, 1], tf.uint32)).numpy().tolist() == [0, 0x514E28B7]


def test_mixed_precision_scales_the_loss(rows):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        results = {}
        for how in ("fit", "fused"):
            model = network("adam")
            trained(model, rows, how)
            results[how] = model.get_weights()
            assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    finally:
        keras.config.set_dtype_policy("float32")
    assert_same(results["fused"], results["fit"], 1e-3)  # float16 has three digits


def test_keras_callbacks_of_epochs_do_what_they_do_in_fit(rows, tmp_path):
    def callbacks(folder):
        return [
            keras.callbacks.EarlyStopping("loss", patience=0, min_delta=1e3),  # stops after the second epoch
            keras.callbacks.ModelCheckpoint(folder / "{epoch}.weights.h5", save_weights_only=True),
            keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.1 / (epoch + 1)),
            keras.callbacks.CSVLogger(folder / "log.csv"),
            keras.callbacks.BackupAndRestore(folder / "backup", delete_checkpoint=False),
            keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=0, min_delta=1e3),
        ]

    logs = {}
    for how in ("fit", "fused"):
        (tmp_path / how).mkdir()
        history = trained(network("sgd"), rows, how, epochs=9, callbacks=callbacks(tmp_path / how))
        assert len(history["loss"]) == 2
        logs[how] = pd.read_csv(tmp_path / how / "log.csv")
        assert {"1.weights.h5", "2.weights.h5"} <= {path.name for path in (tmp_path / how).iterdir()}
    pd.testing.assert_frame_equal(logs["fused"][sorted(logs["fit"])], logs["fit"][sorted(logs["fit"])], atol=1e-5)


def test_keras_s_backup_goes_on_where_it_ended(rows, tmp_path):
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                raise RuntimeError("power cut")

    def backup():
        return keras.callbacks.BackupAndRestore(tmp_path / "backup")

    with pytest.raises(RuntimeError, match="power cut"):
        trained(network("adam"), rows, "fused", epochs=4, callbacks=[backup(), Stop()])
    model, whole = network("adam"), network("adam")
    assert len(trained(model, rows, "fused", epochs=4, callbacks=[backup()])["loss"]) == 2
    trained(whole, rows, "fused", epochs=4)
    assert_same(model.get_weights(), whole.get_weights(), 1e-6)


def test_tensorboard_gets_its_epochs(rows, tmp_path):
    pytest.importorskip("tensorboard")
    trained(network("adam"), rows, "fused", callbacks=[keras.callbacks.TensorBoard(tmp_path)])
    assert list(tmp_path.glob("train/*"))


@pytest.mark.parametrize(
    "callback",
    [
        keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None),
        keras.callbacks.TerminateOnNaN(),
        keras.callbacks.ModelCheckpoint("x.weights.h5", save_weights_only=True, save_freq=2),
    ],
    ids=lambda callback: type(callback).__name__,
)
def test_a_callback_of_batches_has_keras_train_and_it_is_said(callback):
    assert plan._obstacle_to_own_epochs([callback]) == f"{type(callback).__name__} must be told of every batch"


def test_what_trains_is_said_once_and_can_be_forced(rows, capsys):
    batches = []
    callback = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: batches.append(batch))
    data = pd.DataFrame(rows[0]).assign(y=rows[1])
    data.columns = data.columns.astype(str)
    zoo.train("mlp_classifier", data, target="y", hidden_units=(4,), epochs=2, callbacks=[callback], verbose=1)
    said = capsys.readouterr().out
    assert said.count("Keras's fit trains: LambdaCallback must be told of every batch") == 1 and batches
    options = {"target": "y", "hidden_units": (4,), "epochs": 3, "verbose": 2}
    run = zoo.train("mlp_classifier", data, **options)
    said = capsys.readouterr().out
    assert "an epoch is one call, traced, for XLA would not pay off" in said
    assert "epoch 3/3  accuracy" in said
    listed = {"loop": "tensorflow", "xla": False, "devices": run.device, "why": "for XLA would not pay off"}
    assert run.recipe["plan"] == listed
    zoo.train("mlp_classifier", data, engine="xla", **options)
    assert "an epoch is one call, compiled by XLA, as asked for" in capsys.readouterr().out


def test_xla_is_for_long_trainings_of_networks_that_draw_no_numbers_but_dropout_s():
    def wide(*layers):
        inputs = x = keras.Input((784,))
        for layer in (keras.layers.Dense(128), *layers):
            x = layer(x)
        model = keras.Model(inputs, keras.layers.Dense(10)(x))
        model.compile("adam", "mse")
        return model

    long = {"rows": 60_000, "batch_size": 128, "epochs": 50}
    assert costs.xla_pays_off(wide(), **long)
    assert not costs.xla_pays_off(wide(), **{**long, "epochs": 1})
    assert costs.xla_pays_off(wide(keras.layers.Dropout(0.5)), **long)
    assert not costs.xla_pays_off(wide(keras.layers.GaussianNoise(0.5)), **long)
    assert not costs.xla_pays_off(wide(keras.layers.Dropout(0.5), keras.layers.GaussianDropout(0.5)), **long)
    assert not costs.xla_pays_off(wide(keras.layers.Dropout(0.5, noise_shape=(1, 128))), **long)
    inputs = keras.Input((3,), dtype="int32")
    lookup = keras.layers.IntegerLookup(vocabulary=[1, 2], output_mode="multi_hot")
    for layer in (keras.layers.Embedding(9, 512), lookup):
        looking_up = keras.Model(inputs, keras.layers.Dense(512)(keras.layers.Dense(512)(layer(inputs))))
        looking_up.compile("adam", "mse")
        assert not costs.xla_pays_off(looking_up, **long)
    assert not costs.xla_pays_off(network(), rows=100, batch_size=32, epochs=100)
    inputs = keras.Input((28, 28, 1))
    of_images = keras.Model(inputs, keras.layers.Dense(10)(keras.layers.Flatten()(keras.layers.Conv2D(64, 5)(inputs))))
    of_images.compile("adam", "mse")
    assert not costs.xla_pays_off(of_images, **long)


def test_a_weight_of_a_layer_of_images_multiplies_at_each_place():
    inputs = keras.Input((5, 6, 2))
    x = keras.layers.Conv2D(4, 3, padding="same")(inputs)  # 3 x 3 x 2 x 4 weights at 5 x 6 places
    x = keras.layers.Dense(7)(x)  # 4 x 7 at 5 x 6 places
    outputs = keras.layers.Dense(3)(keras.layers.GlobalAveragePooling2D()(x))
    products = 5 * 6 * (3 * 3 * 2 * 4 + 4 * 7) + 7 * 3
    assert costs.training_flops(keras.Model(inputs, outputs), rows=10) == 6 * 10 * products


class OfOne(keras.Model):
    """A model that is no graph of layers."""

    def __init__(self):
        super().__init__()
        self.dropout, self.dense = keras.layers.Dropout(0.5), keras.layers.Dense(1)

    def call(self, x, training=False):
        return self.dense(self.dropout(x, training=training))


def test_a_model_of_the_caller_s_own_class_is_estimated_too():
    model = OfOne()
    model.compile("adam", "mse")
    model(np.zeros((1, 784), "float32"))
    assert not costs.xla_pays_off(model, rows=100, batch_size=32, epochs=1)
    trained(model, (np.ones((8, 784), "float32"), np.ones((8, 1), "float32"), np.ones(8, "float32")), "fused")


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_an_epoch_is_traced_once(rows, optimizer):
    """TensorFlow traces again what creates a variable while it is traced, which takes tenths of a second."""
    model, steps = network(optimizer), []
    own = model.train_step
    model.train_step = lambda batch: (steps.append(None), own(batch))[1]
    trained(model, rows, "fused")
    assert len(steps) == 1


@pytest.mark.slow
def test_a_sweep_traces_once_and_trains_as_each_would_alone():
    generator = np.random.default_rng(1)
    data = pd.DataFrame(generator.normal(size=(200, 4)), columns=list("abcd"))
    data["y"] = np.where(data["a"] * data["b"] > 0, "yes", "no")

    def run(seed):
        return zoo.train(
            "mlp_classifier", data, target="y", hidden_units=(8,), epochs=3, seed=seed, learning_rate=0.01 * (seed + 1),
            verbose=0,
        )  # fmt: skip

    alone = []
    for seed in range(3):
        loop_compiled.clear()
        alone.append(run(seed))
    loop_compiled.clear()
    together = [run(seed) for seed in range(3)]
    (loop,) = loop_compiled._kept.values()
    assert loop.num_traces == 1
    for one, other in zip(alone, together):
        assert_same(other.model.get_weights(), one.model.get_weights(), 0.0)
        assert other.history == one.history
    loop_compiled.clear()
    zoo.train("mlp_classifier", data, target="y", hidden_units=(8,), epochs=1, verbose=0, optimizer="sgd")
    zoo.train("mlp_classifier", data, target="y", hidden_units=(8,), epochs=1, verbose=0, freeze="body")
    assert len(loop_compiled._kept) == 2
    for units in range(1, 12):
        zoo.train("mlp_classifier", data, target="y", hidden_units=(units,), epochs=1, verbose=0)
    assert len(loop_compiled._kept) == loop_compiled.MOST_KEPT
    loop_compiled.clear()


def test_blocks_train_as_the_pipeline_does(rows):
    x, y, weight = rows
    parts = [pipelines.Encoded({"x": x[i : i + 20]}, y[i : i + 20], weight[i : i + 20]) for i in range(0, ROWS, 20)]
    how = {"batch_size": 8, "shuffle": True, "seed": 3, "buffer_rows": 40}

    def named():
        model = network("sgd")
        inputs = keras.Input((6,), name="x")
        renamed = keras.Model({"x": inputs}, model(inputs))
        renamed.compile("sgd", model.loss, metrics=["accuracy"])
        return renamed

    results = {}
    for engine in ("keras", "fused"):
        model = named()
        found = fit(
            model,
            lambda epoch: pipelines.stream(lambda: iter(parts), epoch=epoch, rows=ROWS, **how),
            rows=lambda epoch: pipelines.pools(lambda: iter(parts), epoch=epoch, **how),
            num_rows=ROWS,
            batch_size=8,
            epochs=3,
            engine=engine,
            verbose=0,
        )
        results[engine] = [*model.get_weights(), *found.history["loss"], *found.history["accuracy"]]
    assert_same(results["fused"], results["keras"])


def test_weights_of_one_number_are_kept(rows):
    class Gain(keras.layers.Layer):
        def build(self, shape):
            self.gain = self.add_weight(shape=(), initializer="ones", name="gain")

        def call(self, x):
            return x * self.gain

    inputs = keras.Input((6,))
    model = keras.Model(inputs, keras.layers.Dense(3)(Gain()(inputs)))
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    trained(model, rows, "fused", validation=rows)
    assert float(model.layers[1].gain.numpy()) != 1.0


@pytest.mark.parametrize("engine", ["fused", "xla"])
def test_a_metric_of_several_labels_a_row_is_the_mean_over_all(engine):
    """`binary_accuracy` has a value for each label: 5 of 6 are right at weights of 0."""
    inputs = keras.Input((1,))
    model = keras.Model(inputs, keras.layers.Dense(2, kernel_initializer="zeros", activation="sigmoid")(inputs))
    model.compile(keras.optimizers.SGD(0.0), "binary_crossentropy", metrics=["binary_accuracy"])
    rows = np.ones((3, 1), "float32"), np.array([[0, 0], [0, 1], [0, 0]], "float32")
    assert model.fit(*rows, batch_size=2, verbose=0).history["binary_accuracy"] == [pytest.approx(5 / 6)]
    found = fit(model, rows=rows, batch_size=2, epochs=1, engine=engine)
    assert found.history["binary_accuracy"] == [pytest.approx(5 / 6)]
