"""Which devices train: what is chosen, what is refused, and the weights of several devices against those of one."""

import dataclasses
import signal

import keras
import numpy as np
import pytest

import zoo
from tests.engine.fitted import fit
from tests.engine.workers.test_machines import CASES, assert_same, run
from zoo.engine.plan import Workload, _obstacle_to_compiling, plan
from zoo.engine.workers import copies, devices
from zoo.engine.workers.devices import Placement, place

pytestmark = pytest.mark.tensorflow

TWO_GPUS = Placement(True, ("GPU:0", "GPU:1"), "GPU (two)", "2 GPUs are seen")
FORCED = Placement(True, ("CPU:0", "CPU:1"), "2 devices", "as asked for", forced=True)


def settled(placement, network, *, batch_size, engine="auto"):
    """Returns where a network trains by its plan."""
    workload = Workload(num_rows=batch_size, batch_size=batch_size, epochs=1)
    return plan(network, workload, devices=placement, engine=engine).devices


def model(*, units=8, inputs=6, optimizer="adam", loss="mse", normalize=False):
    layers = [keras.Input((inputs,)), keras.layers.Dense(units)]
    layers += [keras.layers.BatchNormalization()] if normalize else []
    made = keras.Sequential([*layers, keras.layers.Dense(1)])
    made.compile(optimizer, loss)
    return made


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
@pytest.mark.parametrize(("count", "cases"), [(2, CASES), (4, ("shuffled", "streamed"))])
def test_devices_end_with_the_weights_and_metrics_of_one(alone, tmp_path, backend, count, cases):
    run(tmp_path, cases, backend, logical=count)
    for case in cases:
        assert_same(tmp_path, alone(backend), case)
    assert f"{count} devices, CPU:0, CPU:1" in (tmp_path / "0.out").read_text()


@pytest.mark.process
@pytest.mark.slow
def test_every_setting_of_an_optimizer_holds_on_two_devices(tmp_path):
    run(tmp_path, ["settings"], "tensorflow", logical=2)  # compares by itself: both ways in one process


@pytest.mark.parametrize("wrong", ["gpu", 0, -1, True, [], ["CPU:0", 1], 1.5, None])
def test_other_values_are_refused(wrong):
    with pytest.raises(ValueError, match=r"must be 'auto', 'cpu', a number of devices, or a list.*Received"):
        place(wrong)


def test_devices_that_are_not_there_are_refused():
    with pytest.raises(ValueError, match=r"There is no device CPU:7\. There are: .*CPU:0.*set_logical_device"):
        place(["CPU:0", "CPU:7"])
    with pytest.raises(ValueError, match=r"There are 1 devices: CPU:0\. Received: devices=3"):
        place(3)
    with pytest.raises(ValueError, match="each device once"):
        place(["CPU:0", "cpu:0"])


@pytest.mark.parametrize("value", ["auto", "cpu", 1, ["CPU:0"]])
def test_one_cpu_trains_the_ordinary_way(value):
    placement = place(value)
    assert not placement.several
    assert placement.chief
    assert placement.why == ("no GPU is seen" if value == "auto" else "as asked for")


def test_one_device_is_named_without_a_list():
    assert place("CPU:0") == place(["CPU:0"])


def test_workers_take_the_devices_they_see(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", '{"cluster": {"worker": ["a:1", "b:2"]}, "task": {"type": "worker", "index": 0}}')
    with pytest.raises(ValueError, match="`devices` must be 'auto'.*CUDA_VISIBLE_DEVICES"):
        place(2)


def test_a_small_network_stays_on_one_of_two_gpus():
    placement = settled(TWO_GPUS, model(), batch_size=128)
    assert not placement.several
    assert "the network is small" in placement.why


def test_a_large_network_takes_both():
    # 6 x 65,536 x 2,000 x 2,000 FLOP are 1.6e12, half of which takes 39 ms; 16 MB of gradients take 2.
    placement = settled(TWO_GPUS, model(units=2000, inputs=2000), batch_size=65_536)
    assert placement.several
    assert placement.why == "2 GPUs share each batch"


@pytest.mark.parametrize(
    ("built", "engine", "told"),
    [
        ({}, "xla", "engine='xla'"),
        ({"normalize": True}, "auto", "BatchNormalization.*normalization='layer'"),
        ({"loss": keras.losses.MeanSquaredError(reduction="sum")}, "auto", "a loss with the reduction sum"),
        ({"optimizer": keras.optimizers.SGD(gradient_accumulation_steps=2)}, "auto", "gradient_accumulation_steps"),
        (
            {"optimizer": keras.optimizers.SGD(use_ema=True, ema_overwrite_frequency=3)},
            "auto",
            "ema_overwrite_frequency",
        ),
    ],
)
def test_what_several_devices_cannot_do_is_refused_by_name_or_left_to_one(built, engine, told):
    network = model(**built)
    with pytest.raises(ValueError, match=f"Several devices cannot train this way: {told}.*devices='auto'"):
        settled(FORCED, network, batch_size=32, engine=engine)
    assert not settled(TWO_GPUS, network, batch_size=10**9, engine=engine).several


def test_train_names_what_several_devices_cannot_do(monkeypatch):
    class Batches(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            pass

    monkeypatch.setattr(devices, "_known", lambda: ["CPU:0", "CPU:1"])
    x, y = np.random.default_rng(0).normal(size=(40, 3)), np.tile([0, 1], 20)
    for settings, told in (
        ({"callbacks": [Batches()]}, "Batches must be told of every batch"),
        ({"engine": "keras"}, "engine='keras'"),
        ({"solver": "lbfgs"}, "solver='lbfgs'"),
    ):
        with pytest.raises(ValueError, match=f"Several devices cannot train this way: {told}"):
            zoo.train("mlp_classifier", (x, y), devices=2, verbose=0, **settings)


def test_augmentation_which_computes_in_tensorflow_stays_on_one_device_on_jax(monkeypatch):
    plain = Workload(num_rows=1, batch_size=1, epochs=1)
    images = dataclasses.replace(plain, augmentation=lambda images, seed: images)
    assert _obstacle_to_compiling(images, ()) == ""
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    assert _obstacle_to_compiling(images, ()) == "augmentation computes in TensorFlow"
    assert _obstacle_to_compiling(plain, ()) == ""


def test_ctrl_c_while_an_epoch_s_weights_are_given_to_the_model_waits_for_the_last(monkeypatch):
    network, assign = model(), copies.assign
    begun, given = network.get_weights(), []

    def interrupted(to, values):
        if to is network:
            given.append(values)
            signal.raise_signal(signal.SIGINT)
        assign(to, values)

    monkeypatch.setattr(copies, "assign", interrupted)
    rows = np.ones((8, 6), "float32"), np.ones((8, 1), "float32")
    one = Placement(True, ("CPU:0",), "one device", "as asked for", forced=True)
    how = {"num_rows": 8, "batch_size": 4, "epochs": 3, "verbose": 0}
    fitted = fit(network, rows=rows, placement=one, **how)
    assert fitted.interrupted
    assert len(given) == 1
    for left, before in zip(network.get_weights(), begun, strict=True):
        assert np.all(left != before)
        assert any(left.tobytes() == value.tobytes() for value in given[0])


def test_the_line_says_what_trains_and_why(capsys):
    x, y = np.random.default_rng(0).normal(size=(40, 3)), np.tile([0, 1], 20)
    zoo.train("mlp_classifier", (x, y), epochs=1, devices="cpu")
    assert "cores (as asked for)" in capsys.readouterr().out.splitlines()[0]
