"""The shared tf.data pipelines: encoded rows in shuffled batches, from memory or from a stream of blocks.

In memory, rows are encoded once; an epoch permutes indices and gathers batch-wise. From a stream, blocks of rows are
encoded as they come and shuffled in a buffer. Orders are functions of (seed, epoch): a resumed run sees the same.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import numpy as np

from zoo import notices
from zoo.data.raw import Data
from zoo.data.sources import load as load_data
from zoo.data.weighting import checked_weights


@dataclasses.dataclass(frozen=True)
class Encoded:
    """Rows in memory, encoded.

    Args:
        x: Arrays `(rows, ...)` by the tensor's name.
        y: Targets as a training takes them (`zoo.tasks.task.Target.training`), or None.
        weight: Sample weights `(rows,)`, or None.
        truth: Targets to score against, `(rows,)` or `(rows, targets)`: class indices, or values in float64.
    """

    x: dict[str, np.ndarray]
    y: np.ndarray | None = None
    weight: np.ndarray | None = None
    truth: np.ndarray | None = None

    def __len__(self) -> int:
        return len(next(iter(self.x.values())))

    def tensors(self) -> tuple:
        """Returns `(x,)`, `(x, y)` or `(x, y, weight)`, as Keras takes them."""
        return tuple(part for part in (self.x, self.y, self.weight) if part is not None)


def encode(
    data: Data,
    preprocessor,
    *,
    weight: np.ndarray | None = None,
    training_seed: int | None = None,
    after_rows: Callable[[int], object] | None = None,
) -> Encoded:
    """Encodes rows in memory.

    Args:
        data: Raw rows.
        preprocessor: Fitted on training rows.
        weight: Sample weights `(rows,)`.
        training_seed: Seed of the training, for rows that are trained on; None for others.
        after_rows: Is called with the number of rows that were encoded, after each part of them.
    """
    supervised = preprocessor.schema.task is not None and data.y is not None
    x = data.x.drop(columns=list(data.ignore), errors="ignore") if data.ignore else data.x
    truth = preprocessor.target.encode(data.y) if supervised else None
    y = data.y if supervised else None
    if training_seed is None:
        encoded = preprocessor.encode(x, after_rows=after_rows)
    else:
        encoded = preprocessor.encode_training(x, y, training_seed, after_rows=after_rows)
    return Encoded(encoded, preprocessor.target.training(truth) if supervised else None, weight, truth)


def batches(
    encoded: Encoded,
    *,
    batch_size: int,
    shuffle: bool = False,
    seed: int = 0,
    epoch=0,
    augmentation: Callable | None = None,
):
    """Returns one epoch of batches as a tf.data.Dataset; iterated again, it reads `epoch` again.

    Args:
        encoded: Rows in memory.
        batch_size: Rows a batch; the last one holds what is left.
        shuffle: Whether to permute the rows.
        seed: Seed of the permutation.
        epoch: A number, or a tf.Variable that says which epoch is next.
        augmentation: A function `(images, seed) -> images` on uint8 batches, seed `(2,)`.
    """
    tf = notices.import_module("tensorflow")
    rows = len(encoded)
    steps = -(-rows // batch_size)
    with tf.device("CPU"):
        tensors = tf.nest.map_structure(tf.constant, encoded.tensors())

    def one_epoch(_):
        now = tf.cast(tf.convert_to_tensor(epoch), tf.int32)
        order = tf.range(rows)
        if shuffle:
            order = tf.random.experimental.stateless_shuffle(order, seed=tf.stack([seed, now]))

        def gather(step):
            index = order[step * batch_size : tf.minimum((step + 1) * batch_size, rows)]
            batch = tf.nest.map_structure(lambda tensor: tf.gather(tensor, index), tensors)
            if augmentation is None:
                return batch
            place = tf.stack([seed, now * steps + tf.cast(step, tf.int32)])
            return ({**batch[0], "image": augmentation(batch[0]["image"], place)}, *batch[1:])

        return tf.data.Dataset.range(steps).map(gather, num_parallel_calls=tf.data.AUTOTUNE)

    dataset = tf.data.Dataset.range(1).flat_map(one_epoch)
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(steps))
    return dataset.prefetch(tf.data.AUTOTUNE)


def in_validation(rows: np.ndarray, *, share: float, seed: int) -> np.ndarray:
    """Returns which rows of a stream are held out: a function of (seed, row index) alone."""
    mixed = (rows.astype(np.uint64) + np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15)) * np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(31)
    mixed *= np.uint64(0x94D049BB133111EB)
    return (mixed >> np.uint64(11)).astype(np.float64) / 2.0**53 < share


def encoded_blocks(
    data: Data,
    preprocessor,
    *,
    weight: str | None = None,
    keep: Callable[[np.ndarray], np.ndarray] | None = None,
    training_seed: int | None = None,
) -> Iterator[Encoded]:
    """Yields a stream's blocks, encoded.

    Args:
        data: A streaming source.
        preprocessor: Fitted on training rows.
        weight: Column of sample weights.
        keep: Which of the row indices to keep.
        training_seed: As for `encode`.
    """
    for first, frame in data.blocks():
        if keep is not None:
            frame = frame.loc[keep(np.arange(first, first + len(frame)))]
        if not len(frame):
            continue
        y, known = None, None if data.target is None else frame[data.target]
        if data.target is not None:
            y = preprocessor.target.training(preprocessor.target.encode(frame[data.target]))
        trained = training_seed is not None and known is not None
        x = preprocessor.encode_training(frame, known, training_seed) if trained else preprocessor.encode(frame)
        yield Encoded(x, y, None if weight is None else weights(frame, weight, block=True))


def weights(frame, column: str, *, block: bool = False) -> np.ndarray:
    """Returns a column of sample weights, float32 `(rows,)`.

    Args:
        frame: A table with the column.
        column: Its name.
        block: Whether the table is a block of a larger one, whose weights may all be 0.

    Raises:
        ValueError: if one is negative, or no finite number, or all are 0.
    """
    return checked_weights(frame[column], f"weights in {column!r}", may_be_zero=block).astype("float32")


def _rows(encoded: Encoded, index) -> tuple:
    return tuple(
        {name: array[index] for name, array in part.items()} if isinstance(part, dict) else part[index]
        for part in encoded.tensors()
    )


def _concatenate(parts: list[Encoded]) -> Encoded:
    x = {name: np.concatenate([part.x[name] for part in parts]) for name in parts[0].x}
    y, weight = ([getattr(part, name) for part in parts] for name in ("y", "weight"))
    return Encoded(x, *(None if values[0] is None else np.concatenate(values) for values in (y, weight)))


def pools(
    blocks: Callable[[], Iterator[Encoded]],
    *,
    batch_size: int,
    shuffle: bool = False,
    seed: int = 0,
    epoch: int = 0,
    buffer_rows: int = 262_144,
) -> Iterator[tuple[tuple, np.ndarray]]:
    """Yields the rows of one epoch, a buffer of them after the other, as `stream` says.

    Args:
        blocks, batch_size, shuffle, seed, buffer_rows: As for `stream`.
        epoch: A number.

    Yields:
        `(x, y)` or `(x, y, weight)`, and which of these rows to take, a batch beside the other.
    """
    generator = np.random.default_rng([seed, epoch])
    parts, held = [], 0
    for block in blocks():
        parts.append(block)
        held += len(block)
        if held >= (buffer_rows if shuffle else batch_size):
            pool = _concatenate(parts)
            order = generator.permutation(held) if shuffle else np.arange(held)
            give = held - (held // 4 if shuffle else held % batch_size)
            give -= give % batch_size
            yield pool.tensors(), order[:give]
            parts, held = ([Encoded(*_rows(pool, order[give:]))] if held > give else []), held - give
    if held:
        yield _concatenate(parts).tensors(), generator.permutation(held) if shuffle else np.arange(held)


def stream(
    blocks: Callable[[], Iterator[Encoded]],
    *,
    batch_size: int,
    shuffle: bool = False,
    seed: int = 0,
    epoch=0,
    rows: int | None = None,
    buffer_rows: int = 262_144,
):
    """Returns one epoch of batches from encoded blocks as a tf.data.Dataset, in bounded memory.

    Blocks fill a buffer of `buffer_rows`; a full buffer is permuted and all but a quarter of it given out, so that
    rows mix across blocks.

    Args:
        blocks: Returns a fresh iterator over the blocks.
        batch_size: Rows a batch; the last one holds what is left.
        shuffle: Whether to permute within the buffer.
        seed: Seed of the permutations.
        epoch: A number, or a tf.Variable that says which epoch is next.
        rows: How many rows the blocks hold together, if known: then the number of batches is.
        buffer_rows: Rows of the buffer.
    """
    tf = notices.import_module("tensorflow")
    first = next(blocks(), None)
    if first is None:
        raise ValueError("There are no rows to train on. The source must hold at least one.")

    def generate():
        for rows, order in pools(
            blocks, batch_size=batch_size, shuffle=shuffle, seed=seed, epoch=int(epoch), buffer_rows=buffer_rows
        ):
            pool = Encoded(*rows)
            for start in range(0, len(order), batch_size):
                yield _rows(pool, order[start : start + batch_size])

    signature = tf.nest.map_structure(
        lambda array: tf.TensorSpec((None, *array.shape[1:]), array.dtype), _rows(first, slice(0, 1))
    )
    dataset = tf.data.Dataset.from_generator(generate, output_signature=signature)
    if rows is not None:
        dataset = dataset.apply(tf.data.experimental.assert_cardinality(-(-rows // batch_size)))
    return dataset.prefetch(tf.data.AUTOTUNE)


def pipeline(data, model, *, batch_size: int, shuffle: bool = True, seed: int = 0):
    """Returns one pass over raw data as encoded batches `(x,)` or `(x, y)` for a model's `fit`.

    Args:
        data: Anything that `zoo.data.load` takes.
        model: A `zoo.Model`; its preprocessor encodes.
        batch_size: Rows a batch.
        shuffle: Whether rows are shuffled, anew in each iteration with another `seed`.
        seed: Seed of the order.

    Returns:
        A tf.data.Dataset.

    Raises:
        ValueError: if `batch_size` is below 1, the model's encodings see the target, or the data cannot be loaded with
            the model's schema.
    """
    if batch_size < 1:
        raise ValueError(f"`batch_size` must be at least 1. Received: batch_size={batch_size}")
    if model.preprocessor is not None and model.preprocessor.sees_target:
        raise ValueError(
            "The encoding 'target_means' needs all training rows at once, to leave each row's own target out of its "
            "features. Received: such a model, for batches. Pass the table itself to `fit` or to zoo.train."
        )
    loaded = load_data(data, target=model.schema.target, schema=model.schema)
    if loaded.streaming:

        def blocks():
            return encoded_blocks(loaded, model.preprocessor)

        return stream(blocks, batch_size=batch_size, shuffle=shuffle, seed=seed, rows=len(loaded))
    return batches(encode(loaded, model.preprocessor), batch_size=batch_size, shuffle=shuffle, seed=seed)
