"""What a `.keras` file of a stranger may hold, checked before anything of it is built or allocated.

    archive   the three files that Keras writes, none larger than it can be for what is stored
    config    classes and functions of Keras, the zoo and its plugins alone; none that holds code or reads files
    weights   datasets that are in the file itself, whole; no links to elsewhere
    network   no more weights than the file holds

It is data that decides on what is built: no pickle, no bytecode, no import of a module that is not known.
"""

from __future__ import annotations

import json
import math
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import h5py
import keras

from zoo import entries, registry
from zoo.artifacts.manifest import MEMBERS

MODEL = {"module": "zoo.model", "class_name": "Model", "registered_name": "zoo>Model"}  # as Keras writes zoo.Model
MOST_RATIO = 200  # of a member's size to its compressed size
FORBIDDEN = {  # layers of Keras that hold code, or read files that a config names
    "Lambda",
    "TFSMLayer",
    "TorchModuleWrapper",
    "JaxLayer",
    "FlaxLayer",
    "StringLookup",
    "IntegerLookup",
    "TextVectorization",
}


def inspect(path: Path) -> None:
    """Checks a `.keras` file.

    Raises:
        ValueError: if it holds anything but a network of known layers and its weights, or its entry is not registered.
    """

    def refuse(what):
        raise ValueError(
            f"{str(path)!r} must hold a model of the zoo and nothing else. Received: {what}. It was not loaded. Do not "
            "trust where it comes from."
        )

    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if member.filename not in MEMBERS:
                refuse(f"the file {member.filename!r}")
            limit = max(2**20, MOST_RATIO * member.compress_size)
            if member.file_size > min(MEMBERS[member.filename], limit):
                refuse(f"{member.filename} of {member.file_size} bytes, packed in {member.compress_size}")
        names = archive.namelist()
        if sorted(names) != sorted(MEMBERS):
            refuse(f"the files {', '.join(names)}")
        try:
            config = json.loads(archive.read("config.json"))
        except (ValueError, RecursionError) as error:
            refuse(f"a config.json that cannot be read ({error})")
        if (strange := next(_strangers(config), None)) is not None:
            refuse(strange)
        if not isinstance(config, dict) or [config.get(key) for key in MODEL] != list(MODEL.values()):
            received = config.get("class_name") if isinstance(config, dict) else "no model"
            raise ValueError(  # nothing else is built: what it would allocate is not known
                f"{str(path)!r} must hold a model of the zoo. Received: {received}. Load it with "
                "keras.models.load_model."
            )
        try:
            with archive.open("model.weights.h5") as file, h5py.File(file, "r") as weights:
                stored = _stored(weights, refuse)
        except OSError as error:
            refuse(f"weights that cannot be read ({error})")
    try:
        network, entry = config["config"]["network"], config["config"]["entry"]
    except (KeyError, TypeError):
        refuse("a config.json without a network or an entry")
    entries.load_builder(registry.resolve(entry))  # its module registers the layers of the network
    declared = _declared(network)
    if declared > stored:
        refuse(f"a network of {declared} weights with {stored} values for them")


def _strangers(value) -> Iterator[str]:
    """Yields what in a config is of unknown origin or may run code."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack += item
        elif isinstance(item, dict):
            stack += item.values()
            name, module = item.get("class_name"), item.get("module")
            if name is None:
                continue
            if not isinstance(name, str):
                yield f"the class {name!r}, which is no name"
            elif name.rpartition(".")[2] in FORBIDDEN or "__lambda__" in (name, item.get("config")):
                yield f"the layer {name}, which may run code or read files"
            elif module is not None and str(module).partition(".")[0] not in _known_packages():
                yield f"{name!r} of the module {module!r}"


def _known_packages() -> set[str]:
    entries = [registry.info(name) for name in registry.list_models()]
    modules = [entry.builder if isinstance(entry.builder, str) else entry.builder.__module__ for entry in entries]
    packages = {module.partition(":")[0].partition(".")[0] for module in modules}
    renamed = {old.partition("/")[0] for entry in entries for old in entry.formerly if "/" in old}
    return {"keras", "builtins", "zoo", *packages, *renamed}


def _stored(weights: h5py.File, refuse) -> int:
    """Returns the number of values in an HDF5 file."""
    total, groups, seen = 0, [weights], {h5py.h5o.get_info(weights.id).addr}
    while groups:
        group = groups.pop()
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                refuse(f"weights that are a link: {group.name}/{name}")
            item = group[name]
            address = h5py.h5o.get_info(item.id).addr
            if address in seen:  # else a group within itself has no end, and one value stands for many
                refuse(f"weights that are there twice: {group.name}/{name}")
            seen.add(address)
            if isinstance(item, h5py.Group):
                groups.append(item)
                continue
            if item.is_virtual or item.external:
                refuse(f"weights in another file: {item.name}")
            if item.dtype.kind not in "fiub":
                refuse(f"weights of the type {item.dtype}: {item.name}")
            if item.id.get_storage_size() < item.size * item.dtype.itemsize:
                held = item.id.get_storage_size()
                refuse(f"weights of the shape {item.shape} in {held} bytes: {item.name}")
            total += item.size
    return total


def _declared(network: dict) -> int:
    """Returns the number of weights of a network's config, whose variables are declared and not allocated.

    A thread of its own: what Keras remembers of variables without values is forgotten with it.
    """
    found = {}

    def declare():
        try:
            with keras.StatelessScope(initialize_variables=False):
                built = keras.saving.deserialize_keras_object(network, safe_mode=True)
                found["weights"] = sum(math.prod(weight.shape) for weight in built.weights)
        except Exception as error:
            found["error"] = error

    thread = threading.Thread(target=declare)
    thread.start()
    thread.join()
    if "error" in found:
        raise ValueError(f"The network cannot be built: {found['error']}") from found["error"]
    return found["weights"]
