"""Weights after trainings with dropout whose draws follow the seed of `zoo.train`: the file `dropout.npz`.

The archive recorded trainings with dropout when the draws went on from the seeds of the model's layers. Since the draws
follow `seed`, these trainings are held to the weights of this file instead. They go on from the artifacts, and use the
rows, of the archive.

    python -m tests.compatibility.dropout      writes the file, and refuses to replace it
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import zoo
from tests.compatibility import archive
from tests.compatibility.cases import SGD, full, train, tune
from tests.compatibility.machine import machine, versions
from tests.compatibility.make import _nudged
from tests.compatibility.training import TOLERANCE, largest_difference, trained

PATH = archive.FOLDER / "dropout.npz"

# By name: a case of the archive, and what goes on from its artifact.
TRAININGS: dict[str, tuple[str, dict[str, Any]]] = {
    "fused": ("mlp_classifier_visits", train()),
    "xla": ("mlp_classifier_visits", train(engine="xla")),
    "keras": ("mlp_classifier_visits", train(engine="keras")),
    "another_seed": ("mlp_classifier_visits", train(seed=11)),
    "two_epochs_with_a_smaller_last_batch": ("mlp_classifier_visits", train(batch_size=15, epochs=2)),
    "fine_tuning": ("mlp_classifier_visits", tune(freeze="head_first")),
    "batch_normalization": ("mlp_classifier_ints", train()),
    "ensemble_fused": ("mlp_classifier_ensemble", train()),
    "ensemble_xla": ("mlp_classifier_ensemble", train(engine="xla")),
    "ensemble_full": ("mlp_classifier_ensemble", full(SGD, class_weight="balanced")),
    "images_fused": ("image_mlp_grey", train()),
    "images_xla": ("image_mlp_grey", train(engine="xla")),
}


def read() -> tuple[dict[str, Any], dict[str, dict[str, np.ndarray]]]:
    """Returns what the file says of itself (`machine`, `versions`, `trainings`), and the weights of each training."""
    with np.load(PATH, allow_pickle=False) as stored:
        index = json.loads(str(stored["index"]))
        weights: dict[str, dict[str, np.ndarray]] = {name: {} for name in index["trainings"]}
        for key in stored.files:
            name, _, weight = key.rpartition("/")
            if name:
                weights[name][weight] = stored[key]
    return index, weights


def weights_after(
    case: str, training: Mapping[str, Any], unpacked: Path, *, first_seed: int, model=None
) -> dict[str, np.ndarray]:
    """Returns the weights after a training that goes on from the artifact of a case.

    Args:
        case: Name of the case.
        training: As in the table of cases.
        unpacked: Folder of the unpacked archives.
        first_seed: Seed of the first layer that draws, before `zoo.train` sets it.
        model: The model to train, if it is not the artifact as it was stored.
    """
    folder = unpacked / case
    rows, encoded = archive.read_rows(folder, "training"), archive.read_arrays(folder, "encoded")
    return trained(model or zoo.load(folder / "artifact"), training, rows, encoded, first_seed=first_seed)


def main() -> None:
    """Trains, and writes the weights.

    Raises:
        ValueError: if rounding changes the weights, or the seeds of the layers do.
        FileExistsError: if the file is there.
    """
    arrays = {}
    with tempfile.TemporaryDirectory() as scratch:
        unpacked = archive.unpack(Path(scratch))
        for name, (case, training) in TRAININGS.items():
            found = weights_after(case, training, unpacked, first_seed=1000)
            others = {
                "rounding": weights_after(case, training, unpacked, first_seed=1000, model=_nudged(unpacked / case)),
                "the seeds of layers": weights_after(case, training, unpacked, first_seed=2000),
            }
            for reason, weights in others.items():
                if (difference := largest_difference(weights, found)) > TOLERANCE:
                    raise ValueError(f"{name}: {reason} must not change the weights. Received: {difference:.2g}")
            print(f"{name}: by rounding {largest_difference(others['rounding'], found):.2g}", flush=True)
            arrays |= {f"{name}/{weight}": values for weight, values in found.items()}
    index = {"machine": machine(), "versions": versions(), "trainings": TRAININGS}
    with open(PATH, "xb") as file:
        np.savez_compressed(file, index=np.array(json.dumps(index)), **arrays)
    print(f"{PATH.name}: {len(TRAININGS)} trainings, {PATH.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
