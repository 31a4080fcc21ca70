"""The rows of a training as it takes them: encoded, whole in memory, or block by block of a stream."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from zoo.data import extension, pipelines
from zoo.data.pipelines import Encoded
from zoo.engine import memory
from zoo.engine.checkpoints import identifying
from zoo.engine.experience import Experience
from zoo.layers.known_levels import KnownLevels, become_known
from zoo.model import Model
from zoo.progress import Progress
from zoo.registry import Entry
from zoo.training.parts import Parts


@dataclasses.dataclass(frozen=True)
class Rows:
    """Rows that are ready to train on.

    Args:
        batches: From the number of an epoch to a pipeline of its batches.
        encoded: All training rows; None of a stream.
        held_out: Validation rows, encoded or as a pipeline, or None.
        blocks: Of a stream: from the number of an epoch to its blocks of encoded rows.
        for_line: Returns the rows that a line is solved from.
        experience: The rows that the model makes itself, in place of `encoded`; or None.
    """

    batches: Callable
    encoded: Encoded | None
    held_out: Any
    blocks: Callable | None
    for_line: Callable[[], Encoded]
    experience: Experience | None = None

    @property
    def source(self):
        """What a loop trains on."""
        if self.experience is not None:
            return self.experience
        return self.blocks if self.encoded is None else self.encoded.tensors()


def rows_in_memory(
    parts: Parts,
    model: Model,
    *,
    batch_size: int,
    shuffle: bool,
    seed: int,
    class_weight=None,
    augmentation=None,
    verbose: int = 0,
) -> Rows:
    """Encodes training and validation rows.

    Args:
        parts: The rows.
        model: Its preprocessor encodes.
        batch_size: Rows a step.
        shuffle: Whether they are shuffled in each epoch.
        seed: Of their order, and of encodings that draw.
        class_weight: As `zoo.train` takes it.
        augmentation: A function of images, or None.
        verbose: 0 shows no progress.

    Raises:
        ValueError: if no row is left to validate on.
    """
    with memory.explained("Stream the rows: zoo.data.load(..., stream=True)."):
        weights = parts.weights(parts.train)
        with Progress(len(parts.train), "row", verbose=verbose) as progress:
            encoded = pipelines.encode(
                parts.train, model.preprocessor, weight=weights, training_seed=seed, after_rows=progress.advance
            )
    factors = None
    if class_weight is not None:
        factors = model.task.class_factors(class_weight, model.target, encoded.y, encoded.weight)
    encoded, held_out = _weighted(encoded, factors), None
    if parts.val is not None and not parts.val_rows:  # each class keeps a row to train on
        raise ValueError(
            f"{parts.rows} rows, each of another class, cannot be split into training and validation. Pass "
            "`validation=None`, or more rows."
        )
    if parts.val is not None:
        held_out = pipelines.encode(parts.val, model.preprocessor, weight=parts.weights(parts.val))
        held_out = _weighted(held_out, factors)
    how: dict[str, Any] = {"batch_size": batch_size, "shuffle": shuffle, "seed": seed, "augmentation": augmentation}
    return rows_of_encoded(encoded, held_out, **how)


def rows_of_encoded(encoded: Encoded, held_out: Encoded | None, **how) -> Rows:
    """Returns rows that are encoded already.

    Args:
        encoded: Training rows.
        held_out: Validation rows, or None.
        **how: `batch_size`, `shuffle`, `seed` and `augmentation`, as for `rows_in_memory`.
    """

    def batches(epoch):
        return pipelines.batches(encoded, epoch=epoch, **how)

    return Rows(batches, encoded, held_out, None, lambda: encoded)


def rows_of_a_stream(parts: Parts, model: Model, *, batch_size: int, shuffle: bool, seed: int) -> Rows:
    """Returns rows that are encoded as they come.

    Args:
        parts, model, batch_size, shuffle, seed: As for `rows_in_memory`.
    """
    preprocessor = model.preprocessor
    how: dict[str, Any] = {"batch_size": batch_size, "shuffle": shuffle, "seed": seed}

    def encoded():
        return pipelines.encoded_blocks(
            parts.train, preprocessor, weight=parts.weight, keep=parts.keep_train, training_seed=seed
        )

    def batches(epoch):
        return pipelines.stream(encoded, epoch=epoch, rows=parts.rows, **how)

    def blocks(epoch):
        return pipelines.pools(encoded, epoch=epoch, **how)

    held_out = None
    if parts.val is not None:
        held_out = pipelines.stream(
            lambda: pipelines.encoded_blocks(parts.val, preprocessor, weight=parts.weight, keep=parts.keep_val),
            batch_size=8192,
            rows=parts.val_rows,
        )
    return Rows(batches, None, held_out, blocks, lambda: _sampled(parts, model, seed))


def _weighted(encoded: Encoded, factors) -> Encoded:
    if factors is None:
        return encoded
    weight = factors[encoded.y] * (1.0 if encoded.weight is None else encoded.weight)
    return dataclasses.replace(encoded, weight=weight.astype("float32"))


def fingerprint_of(encoded: Encoded) -> str:
    """Returns a hash of the encoded rows, by which a checkpoint knows its data."""
    digest = hashlib.sha256()
    for name in sorted(encoded.x):
        digest.update(np.ascontiguousarray(encoded.x[name]).data)
    digest.update(b"" if encoded.y is None else np.ascontiguousarray(encoded.y).data)
    return digest.hexdigest()


def fingerprint_of_arrays(arrays: Iterable[np.ndarray | None]) -> str:
    """Returns a hash of arrays in their order, with their lengths; None is an array that is not there."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(b"none" if array is None else repr((array.shape, array.dtype.str)).encode())
        digest.update(b"" if array is None else np.ascontiguousarray(array).data)
    return digest.hexdigest()


def identity_of(entry: Entry, seed: int, record: dict, parts: Parts, encoded: Encoded | None) -> dict[str, Any]:
    """Returns plain values by which a checkpoint knows the run that it belongs to."""
    fingerprint = parts.source if encoded is None else fingerprint_of(encoded)
    facts = {"recipe": identifying(record), "rows": parts.rows, "data": fingerprint}
    return json.loads(json.dumps({"entry": entry.name, "seed": seed, **facts}, default=str))


def continue_target(model: Model, parts: Parts, rows: Rows) -> None:
    """Gives a trained model the target that `Task.continued` returns for its new training rows."""
    target = model.target
    if rows.encoded is not None:
        truth = rows.encoded.truth
    else:
        truth = None if parts.sample is None or parts.train.target is None else _truth_of_sample(parts, model)
    if truth is None or not len(truth):
        return
    continued = model.task.continued(target, truth, model.decision)
    if continued is not target:
        model.preprocessor = extension.with_target_state(model.preprocessor, continued.get_config())


def know_levels(model: Model, rows: Rows) -> None:
    """Makes the levels of its training rows known to all networks of a committee, which learn them now.

    Args:
        model: Any; of one that is no committee nothing changes.
        rows: Its encoded rows; of a stream, those of the sample count.
    """
    if any(isinstance(layer, KnownLevels) for layer in model.network.layers):
        become_known(model.network, rows.for_line().x["categorical"])


def _truth_of_sample(parts: Parts, model: Model) -> np.ndarray:
    return model.preprocessor.target.encode(parts.sample.frame[parts.train.target])


def _sampled(parts: Parts, model: Model, seed: int) -> Encoded:
    """Returns the encoded sample of a stream's training rows."""
    frame, known = parts.sample.frame, model.preprocessor
    target = parts.train.target
    truth = _truth_of_sample(parts, model)
    weight = None if parts.weight is None else pipelines.weights(frame, parts.weight)
    return Encoded(known.encode_training(frame, frame[target], seed), known.target.training(truth), weight, truth)
