"""Files of a stranger: each attack is made for real, and refused before it runs, reads or allocates anything."""

import io
import json
import subprocess
import sys
import zipfile

import h5py
import keras
import numpy as np
import pytest

import zoo
from zoo import package_data
from zoo.artifacts.inspection import inspect


@pytest.fixture(scope="module")
def lone(tmp_path_factory):
    """A small model as a `.keras` file."""
    frame = {"a": np.arange(40.0), "b": np.tile(["x", "y"], 20), "y": np.arange(40) % 2}
    run = zoo.train("mlp_classifier", frame, target="y", hidden_units=(4,), epochs=1, verbose=0)
    path = tmp_path_factory.mktemp("lone") / "model.keras"
    run.model.save(path)
    return path


def changed(lone, path, *, config=None, weights=None, extra=None, compress=zipfile.ZIP_STORED):
    """Writes the file again with changes: `config` and `weights` change what they are given."""
    with zipfile.ZipFile(lone) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    if config is not None:
        value = json.loads(parts["config.json"])
        config(value)
        parts["config.json"] = json.dumps(value).encode()
    if weights is not None:
        file = io.BytesIO(parts["model.weights.h5"])
        with h5py.File(file, "r+") as stored:
            weights(stored)
        parts["model.weights.h5"] = file.getvalue()
    with zipfile.ZipFile(path, "w", compress) as archive:
        for name, content in {**parts, **(extra or {})}.items():
            archive.writestr(name, content)
    return path


def layers(config):
    return {layer["name"]: layer for layer in config["config"]["network"]["config"]["layers"]}


def test_what_the_zoo_writes_passes(lone):
    inspect(lone)
    for preset in zoo.list_models(pretrained=True):
        inspect(package_data.package_folder("saved_models") / preset / "model.keras")


@pytest.mark.parametrize("name", ["../../home/evil.py", "/etc/cron.d/evil", "assets/evil.pkl", "evil"])
def test_other_files_in_the_archive_are_refused(lone, tmp_path, name):
    path = changed(lone, tmp_path / "m.keras", extra={name: b"import os"})
    with pytest.raises(ValueError, match="and nothing else. Received: the file"):
        zoo.load(path)
    assert [p.name for p in tmp_path.iterdir()] == ["m.keras"]


def test_an_archive_that_unpacks_to_gigabytes_is_refused(lone, tmp_path):
    path = tmp_path / "m.keras"
    changed(lone, path, extra={"config.json": b" " * 2**28}, compress=zipfile.ZIP_DEFLATED)
    with pytest.raises(ValueError, match="config.json of 268435456 bytes, packed in"):
        zoo.load(path)


def test_code_in_the_config_is_refused(lone, tmp_path):
    def with_lambda(config):
        layers(config)["activation_0"]["class_name"] = "Lambda"

    with pytest.raises(ValueError, match="the layer Lambda, which may run code"):
        zoo.load(changed(lone, tmp_path / "a.keras", config=with_lambda))

    def with_module(config):
        function = {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"}
        layers(config)["activation_0"]["config"]["activation"] = function

    with pytest.raises(ValueError, match="'function' of the module 'os'"):
        zoo.load(changed(lone, tmp_path / "b.keras", config=with_module))

    def with_saved_model(config):
        layers(config)["activation_0"]["class_name"] = "TFSMLayer"

    with pytest.raises(ValueError, match="the layer TFSMLayer"):
        zoo.load(changed(lone, tmp_path / "c.keras", config=with_saved_model))


@pytest.mark.parametrize("name", ["layers.Lambda", "layers.StringLookup"])
def test_a_name_with_dots_hides_no_layer(lone, tmp_path, name):
    """Keras finds keras.layers.Lambda as "layers.Lambda" of the module "keras" too."""

    def dotted(config):
        layers(config)["activation_0"] |= {"class_name": name, "module": "keras"}

    with pytest.raises(ValueError, match=f"the layer {name}, which may run code"):
        zoo.load(changed(lone, tmp_path / "m.keras", config=dotted))


def test_a_class_that_is_no_name_is_refused(lone, tmp_path):
    def listed(config):
        layers(config)["activation_0"]["class_name"] = ["Lambda"]

    with pytest.raises(ValueError, match="which is no name"):
        zoo.load(changed(lone, tmp_path / "m.keras", config=listed))


def test_another_model_of_keras_is_refused_before_it_is_allocated(lone, tmp_path):
    """A Sequential beside a small network, which alone was counted, would take gigabytes."""
    layer = {"module": "keras.layers", "class_name": "Dense", "config": {"units": 2**20}}
    first = {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [None, 2**20]}}

    def other(config):
        config |= {"module": "keras", "class_name": "Sequential", "registered_name": None}
        config["config"]["layers"] = [first, layer]

    with pytest.raises(ValueError, match="must hold a model of the zoo. Received: Sequential"):
        zoo.load(changed(lone, tmp_path / "m.keras", config=other))


def test_a_model_without_a_network_is_refused(lone, tmp_path):
    with pytest.raises(ValueError, match="without a network or an entry"):
        zoo.load(changed(lone, tmp_path / "m.keras", config=lambda config: config["config"].pop("network")))


def test_a_function_of_builtins_is_not_found(lone, tmp_path):
    def with_eval(config):
        function = {"module": "builtins", "class_name": "function", "config": "eval", "registered_name": "function"}
        layers(config)["activation_0"]["config"]["activation"] = function

    with pytest.raises(ValueError, match="cannot be built"):
        zoo.load(changed(lone, tmp_path / "m.keras", config=with_eval))


def test_an_entry_that_is_not_registered_is_refused(lone, tmp_path):
    def other(config):
        config["config"]["entry"] = "aquarium/net"

    with pytest.raises(ValueError, match="Unknown model 'aquarium/net'"):
        zoo.load(changed(lone, tmp_path / "m.keras", config=other))


def test_weights_that_are_elsewhere_are_refused(lone, tmp_path):
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["x"] = np.ones(3)

    def link(stored):
        stored["layers/stolen"] = h5py.ExternalLink(str(secret), "x")

    with pytest.raises(ValueError, match="weights that are a link"):
        zoo.load(changed(lone, tmp_path / "a.keras", weights=link))

    def soft(stored):
        stored["layers/again"] = h5py.SoftLink("/layers")

    with pytest.raises(ValueError, match="weights that are a link"):
        zoo.load(changed(lone, tmp_path / "b.keras", weights=soft))

    def external(stored):
        stored.create_dataset("stolen", shape=(8,), dtype="uint8", external=[(str(secret), 0, 8)])

    with pytest.raises(ValueError, match="weights in another file"):
        zoo.load(changed(lone, tmp_path / "c.keras", weights=external))


def test_weights_that_are_there_twice_are_refused(lone, tmp_path):
    """One dataset under a thousand names would stand for the bytes of a network that is a thousand times as large."""

    def endless(stored):
        stored["layers/again"] = stored["layers"]

    def cheap(stored):
        found = stored.visititems(lambda _, item: item if isinstance(item, h5py.Dataset) else None)
        stored["layers/more"] = found

    for weights in (endless, cheap):
        with pytest.raises(ValueError, match="weights that are there twice"):
            zoo.load(changed(lone, tmp_path / "m.keras", weights=weights))


def test_weights_to_build_with_are_inspected_too(lone, tmp_path):
    path = changed(lone, tmp_path / "m.keras", extra={"evil.py": b"import os"})
    frame = {"a": np.arange(40.0), "b": np.tile(["x", "y"], 20), "y": np.arange(40) % 2}
    with pytest.raises(ValueError, match="and nothing else. Received: the file"):
        zoo.build("mlp_classifier", frame, target="y", hidden_units=(4,), weights=path)
    built = zoo.build("mlp_classifier", frame, target="y", hidden_units=(4,), weights=lone)
    for weight, other in zip(built.get_weights(), zoo.load(lone).get_weights(), strict=True):
        np.testing.assert_array_equal(weight, other)


def test_weights_without_their_bytes_are_refused(lone, tmp_path):
    def hollow(stored):
        stored.create_dataset("large", shape=(10**10,), dtype="float32", chunks=(10**6,))

    with pytest.raises(ValueError, match=r"weights of the shape \(10000000000,\) in 0 bytes"):
        zoo.load(changed(lone, tmp_path / "m.keras", weights=hollow))


@pytest.mark.slow
@pytest.mark.process
def test_a_network_of_more_weights_than_the_file_holds_is_refused_before_it_is_allocated(lone, tmp_path):
    def huge(config):
        layers(config)["hidden_0"]["config"]["units"] = 10**9
        for layer in layers(config).values():
            if layer.get("build_config", {}).get("input_shape") == [None, 4]:
                layer["build_config"]["input_shape"] = [None, 10**9]

    path = changed(lone, tmp_path / "m.keras", config=huge)
    code = (
        "import re, zoo, sys, tensorflow\n"
        "def peak():\n    return int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])\n"
        "begin = peak()\n"
        "try:\n    zoo.load(sys.argv[1])\nexcept ValueError as error:\n    print(error)\n"
        "print(peak() - begin)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=300)
    said, grown = done.stdout.splitlines()
    assert "a network of " in said and "values for them" in said
    assert int(grown) < 600 * 1024  # KiB, as Linux counts; the weights alone would take 16 GB


def test_a_config_of_endless_brackets_is_refused(lone, tmp_path):
    path = changed(lone, tmp_path / "m.keras", extra={"config.json": b"[" * 200_000})
    with pytest.raises(ValueError, match="config.json that cannot be read"):
        zoo.load(path)


def test_weights_that_are_no_hdf5_are_refused(lone, tmp_path):
    path = changed(lone, tmp_path / "m.keras", extra={"model.weights.h5": b"PK" * 500})
    with pytest.raises(ValueError, match="weights that cannot be read"):
        zoo.load(path)


def test_what_was_declared_is_forgotten(lone):
    """Variables that were declared without values must not be given some later on."""
    inspect(lone)
    before = zoo.load(lone)
    with keras.StatelessScope():
        pass
    assert np.isfinite(before.predict({"a": [1.0], "b": ["x"]}, verbose=0)).all()
