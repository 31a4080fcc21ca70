"""What the losses that Keras has take as targets: indices of classes, or a column for each output."""

from __future__ import annotations

import contextlib


def takes_class_indices(loss) -> bool | None:
    """Returns whether a loss compares indices of classes with a column of outputs for each class.

    Args:
        loss: A loss, or the name of one of Keras's.

    Returns:
        True of Keras's sparse losses, False of its others, and None of a loss that is not Keras's own.
    """
    import keras

    with contextlib.suppress(ValueError, TypeError):
        loss = keras.losses.get(loss)
    function = getattr(loss, "fn", loss)  # of a loss that wraps a function
    if not str(getattr(function, "__module__", "")).startswith("keras."):
        return None
    return "sparse" in _called(function).lower()


def _called(loss) -> str:
    return loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)


def check(loss, task: str, *, class_indices: bool) -> None:
    """Raises ValueError if a loss of Keras takes other targets than a task has.

    Args:
        loss: A loss, its name, or None.
        task: The task's name.
        class_indices: Whether its targets are indices of classes.
    """
    takes_indices = None if loss is None else takes_class_indices(loss)
    if takes_indices is None or takes_indices == class_indices:
        return
    name = _called(loss)
    if takes_indices:
        raise ValueError(
            f"`loss` must compare numbers, which the targets of a model of {task} are. Received: loss={name!r}, which "
            "takes indices of classes. Leave it out: the model's own loss suits its targets."
        )
    raise ValueError(
        f"`loss` must compare indices of classes, which the targets of a model of {task} are. Received: loss={name!r}, "
        "which takes a column for each class. Pass 'sparse_categorical_crossentropy', or leave it out."
    )
