"""Learning rates over the steps of a training, t in [0, 1] being the share of it that is done.

    cosine     a short rise to the peak, then down to 0 as half a cosine
    coslog4    peak (1 - cos(2 pi log2(1 + 15 t))) / 2   four cycles from 0 to 0, each twice as long as the last
    flat_cos   peak for t <= 1/2, then peak (1 + cos(pi (2 t - 1))) / 2
    stairs     peak times a factor for each part of the training

D. Holzmueller, L. Grinsztajn, I. Steinwart, Better by Default: Strong Pre-Tuned MLPs and Boosted Trees on Tabular Data,
NeurIPS 2024. https://arxiv.org/abs/2407.04491 (coslog4, and flat_cos for weight decay and dropout)
"""

import dis
import math
from collections.abc import Iterable, Mapping, Sequence

import keras
from keras import ops

from zoo.engine import keras_internals
from zoo.layers.scheduled_dropout import flat_cosine


class StepSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that follows from its peak and from how many steps of the training are done.

    Args:
        peak: The highest rate.
        steps: Steps of the whole training.
    """

    constant_share = 1.0  # of the peak: the constant rate of trainings whose steps are not known, as Keras's `fit`

    def __init__(self, peak: float, steps: int):
        self.peak, self.steps = float(peak), int(steps)
        # Variables, not constants: a compiled training is then used again with other rates.
        self.variables = [
            keras.Variable(float(number), dtype="float32", trainable=False, name=name)
            for name, number in self.numbers().items()
        ]

    def numbers(self) -> Mapping[str, float]:
        """Returns what the rates are computed from, by the names of variables."""
        return {"peak": self.peak, "steps": max(1, self.steps)}

    def share(self, step):
        """Returns the peak, and the share of the training that is done before a step, from 0 to 1."""
        peak, steps = (ops.convert_to_tensor(variable) for variable in self.variables)
        return peak, ops.minimum(ops.cast(step, "float32") / steps, 1.0)

    def get_config(self):
        return {"peak": self.peak, "steps": self.steps}


@keras.saving.register_keras_serializable(package="zoo")
class WarmupCosine(StepSchedule):
    """Rises to `peak` over the first 5 % of the steps (100 at most), then falls to 0 as a cosine.

    Arguments: as for `StepSchedule`.
    """

    def numbers(self):
        warmup = max(1, min(100, self.steps // 20))
        return {"peak": self.peak, "warmup": warmup, "decay": max(1, self.steps - warmup)}

    def __call__(self, step):
        peak, warmup, decay = (ops.convert_to_tensor(variable) for variable in self.variables)
        step = ops.cast(step, "float32")
        rising = peak / warmup + (peak - peak / warmup) * step / warmup
        falling = 0.5 * peak * (1.0 + ops.cos(math.pi * ops.minimum((step - warmup) / decay, 1.0)))
        return ops.where(step < warmup, rising, falling)


@keras.saving.register_keras_serializable(package="zoo")
class CosLog4(StepSchedule):
    """Rises from 0 to `peak` and falls to 0 in four cycles, each twice as long as the one before.

    Arguments: as for `StepSchedule`.
    """

    constant_share = 0.1  # such a peak is borne for short times: as a constant rate it learns less than its tenth

    def __call__(self, step):
        peak, share = self.share(step)
        return 0.5 * peak * (1.0 - ops.cos(2.0 * math.pi * ops.log2(1.0 + 15.0 * share)))


@keras.saving.register_keras_serializable(package="zoo")
class FlatCosine(StepSchedule):
    """Stays at `peak` for the first half of the steps, then falls to 0 as half a cosine.

    Arguments: as for `StepSchedule`.
    """

    def __call__(self, step):
        peak, share = self.share(step)
        return peak * flat_cosine(share)


@keras.saving.register_keras_serializable(package="zoo")
class Stairs(StepSchedule):
    """Takes a factor of `peak` up to a share of the steps, and then the next one.

    Args:
        peak: As for `StepSchedule`.
        steps: As for `StepSchedule`.
        stairs: Pairs `(share, factor)`, the shares rising; the last factor holds to the end.
    """

    def __init__(self, peak: float, steps: int, stairs: Sequence[tuple[float, float]]):
        super().__init__(peak, steps)
        self.stairs = [(float(share), float(factor)) for share, factor in stairs]

    def __call__(self, step):
        peak, steps = (ops.convert_to_tensor(variable) for variable in self.variables)
        *earlier, (_, found) = self.stairs
        for share, factor in reversed(earlier):
            found = ops.where(ops.cast(step, "float32") < ops.round(share * steps), factor, found)
        return peak * found

    def get_config(self):
        return {**super().get_config(), "stairs": self.stairs}


SCHEDULES = {"cosine": WarmupCosine, "coslog4": CosLog4, "flat_cos": FlatCosine}


def scheduled(schedule, peak: float, steps: int | None):
    """Returns a rate as a recipe's schedule has it run over the steps of a training.

    Args:
        schedule: `"constant"`, a name of `SCHEDULES`, or pairs `(share, factor)` in rising order: up to that share of
            the training, the rate times the factor.
        peak: The learning rate; the highest one.
        steps: Steps of the whole training; None where they are not known: then the rate is constant, the peak or the
            schedule's `constant_share` of it.

    Raises:
        ValueError: if there is no such schedule.
    """
    if isinstance(schedule, str) and schedule != "constant" and schedule not in SCHEDULES:
        known = ", ".join(map(repr, ("constant", *SCHEDULES)))
        raise ValueError(
            f"A recipe's schedule must be one of {known}, or pairs (share, factor), of which the last share is 1. "
            f"Received: {schedule!r}. Repair the recipe."
        )
    if schedule == "constant":
        return peak
    if isinstance(schedule, str):
        of_name = SCHEDULES[schedule]
        return of_name(peak, steps) if steps else peak * of_name.constant_share
    if not steps:
        return peak
    return Stairs(peak, steps, schedule)


def schedule_variables(optimizer) -> list:
    """Returns the Keras variables of an optimizer's schedules: of its learning rate, and of its weight decay."""
    schedules = keras_internals.learning_rate_of(optimizer), getattr(optimizer, "decay_schedule", None)
    return [variable for schedule in schedules for variable in getattr(schedule, "variables", ())]


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
