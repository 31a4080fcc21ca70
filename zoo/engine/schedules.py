"""Learning rates over the steps of a training."""

import dis
import math
from collections.abc import Iterable

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="zoo")
class WarmupCosine(keras.optimizers.schedules.LearningRateSchedule):
    """Rises to `peak` over the first 5 % of the steps (100 at most), then falls to 0 as a cosine.

    Args:
        peak: The highest rate.
        steps: Steps of the whole training.
    """

    def __init__(self, peak: float, steps: int):
        self.peak, self.steps = float(peak), int(steps)
        warmup = max(1, min(100, self.steps // 20))
        # Variables, not constants: a compiled training is then used again with other rates.
        numbers = {"peak": self.peak, "warmup": warmup, "decay": max(1, self.steps - warmup)}
        self.variables = [
            keras.Variable(float(number), dtype="float32", trainable=False, name=name)
            for name, number in numbers.items()
        ]

    def __call__(self, step):
        peak, warmup, decay = (ops.convert_to_tensor(variable) for variable in self.variables)
        step = ops.cast(step, "float32")
        rising = peak / warmup + (peak - peak / warmup) * step / warmup
        falling = 0.5 * peak * (1.0 + ops.cos(math.pi * ops.minimum((step - warmup) / decay, 1.0)))
        return ops.where(step < warmup, rising, falling)

    def get_config(self):
        return {"peak": self.peak, "steps": self.steps}


def scheduled(rate: float, schedule, steps: int | None):
    """Returns a rate as a recipe's schedule has it run over the steps of a training.

    Args:
        rate: The learning rate; the highest one.
        schedule: `"constant"`, `"cosine"`, or pairs `(share, factor)` in rising order: up to that share of the
            training, the rate times the factor.
        steps: Steps of the whole training; None where they are not known: the rate stays.

    Raises:
        ValueError: if there is no such schedule.
    """
    if isinstance(schedule, str) and schedule not in ("constant", "cosine"):
        raise ValueError(
            "A recipe's schedule must be 'constant', 'cosine', or pairs (share, factor), of which the last share is 1. "
            f"Received: {schedule!r}. Repair the recipe."
        )
    if not steps or schedule == "constant":
        return rate
    if schedule == "cosine":
        return WarmupCosine(rate, steps)
    ends, factors = zip(*schedule, strict=True)
    boundaries = [max(0, round(end * steps) - 1) for end in ends[:-1]]  # a boundary is the last step before the change
    return keras.optimizers.schedules.PiecewiseConstantDecay(boundaries, [rate * factor for factor in factors])


RATE_CALLBACKS = (keras.callbacks.LearningRateScheduler, keras.callbacks.ReduceLROnPlateau)
HOOKS = ("on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_batch_begin", "on_train_batch_end")


def callbacks_that_set_rates(callbacks: Iterable) -> list[str]:
    """Returns the class names of callbacks that set the optimizer's learning rate, which a schedule does not allow."""
    return [type(callback).__name__ for callback in callbacks if _sets_rate(callback)]


def _sets_rate(callback) -> bool:
    if isinstance(callback, RATE_CALLBACKS):
        return True
    functions = (getattr(callback, hook, None) for hook in HOOKS)
    codes = (getattr(function, "__code__", None) for function in functions)
    return any(_assigns_rate(code) for code in codes if code is not None)


def _assigns_rate(code) -> bool:
    """Returns whether a function says `... .learning_rate = rate` or `... .learning_rate.assign(rate)`."""
    steps = [(step.opname, step.argval) for step in dis.get_instructions(code)]
    assigned = any(operation == "STORE_ATTR" and name == "learning_rate" for operation, name in steps)
    names = [name for operation, name in steps if operation in ("LOAD_ATTR", "LOAD_METHOD")]
    return assigned or ("learning_rate", "assign") in zip(names, names[1:])
