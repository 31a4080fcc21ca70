"""Adam whose weights have learning rates and weight decays of their own, by groups.

    f_w, d_w   factors of the first pattern that the weight's path fits, or 1
    n^p        of a matrix from n features, p of the first pattern; else 1

    w <- w (1 - f_w eta_t d_w lambda_t)                        decoupled weight decay
    w <- w - f_w n^p eta_t m / (sqrt(v) + epsilon)             Adam, with its corrected moments m and v of the gradient

p = -1/2 trains w as W = sqrt(n) w is trained at the rate eta_t: the neural tangent parametrisation y = W x / sqrt(n),
whose updates do not depend on the width. Adam's steps do not see that gradients by w are sqrt(n) times as large.

D. P. Kingma, J. Ba, Adam: A Method for Stochastic Optimization, ICLR 2015. https://arxiv.org/abs/1412.6980
I. Loshchilov, F. Hutter, Decoupled Weight Decay Regularization, ICLR 2019. https://arxiv.org/abs/1711.05101
A. Jacot, F. Gabriel, C. Hongler, Neural Tangent Kernel, NeurIPS 2018. https://arxiv.org/abs/1806.07572
"""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from zoo.engine import keras_internals
from zoo.engine.schedules import scheduled


@keras.saving.register_keras_serializable(package="zoo")
class GroupedAdamW(keras.optimizers.Adam):
    """Adam with decoupled weight decay, and factors of rate and decay for groups of weights.

    Args:
        learning_rate: A number or a schedule.
        beta_1: Decay of the first moment.
        beta_2: Decay of the second moment.
        epsilon: Added to the root of the second moment.
        weight_decay: Each step takes the learning rate times this share of a weight off.
        rate_factors: Factors of the learning rate by patterns of a weight's path or of its end behind a slash, such as
            `{"scale/*": 6.0}`; `*` stands for any letters. Of several that fit, the first counts; of none, it is 1.
        decay_factors: The same of `weight_decay`: `{"*/bias": 0.0}` spares biases.
        fan_in_powers: Powers of a matrix's number of features, by patterns, that multiply its learning rate, not its
            decay: `{"*/kernel": -0.5}`. Of a matrix `(..., features, units)` alone.
        decay_schedule: `"constant"`, or a name of `zoo.engine.schedules.SCHEDULES`, by which the decay follows the
            share of the training that is done.
        total_steps: Steps of the whole training; None where it is not known: then the decay is constant.
        name: The optimizer's name.
        **kwargs: Further arguments of `keras.optimizers.Adam`, such as `global_clipnorm`.
    """

    def __init__(
        self,
        learning_rate=1e-3,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        weight_decay: float = 0.004,
        rate_factors: Mapping[str, float] | None = None,
        decay_factors: Mapping[str, float] | None = None,
        fan_in_powers: Mapping[str, float] | None = None,
        decay_schedule: str = "constant",
        total_steps: int | None = None,
        name: str = "grouped_adamw",
        **kwargs,
    ):
        for argument, factors in (("rate_factors", rate_factors), ("decay_factors", decay_factors)):
            _check_numbers(argument, factors or {}, least=0.0)
        _check_numbers("fan_in_powers", fan_in_powers or {})
        _check_numbers("weight_decay", {"weight_decay": weight_decay}, least=0.0)
        # `update_step` decays: Keras's own decay, for which the base class has no factors, is switched off.
        super().__init__(learning_rate, beta_1, beta_2, epsilon, weight_decay=None, name=name, **kwargs)
        self.decay = float(weight_decay)
        self.rate_factors, self.decay_factors = dict(rate_factors or {}), dict(decay_factors or {})
        self.fan_in_powers = dict(fan_in_powers or {})
        self._schedule_name, self._total_steps = decay_schedule, total_steps
        self.decay_schedule = scheduled(decay_schedule, self.decay, total_steps)

    def build(self, variables):
        if self.built:
            return
        self._factors = [self._factors_by_path(variable) for variable in variables]
        super().build(variables)

    def _factors_by_path(self, variable) -> tuple[float, float]:
        path, shape = variable.path, variable.shape
        rate, decay = _of_path(self.rate_factors, path, 1.0), _of_path(self.decay_factors, path, 1.0)
        power = _of_path(self.fan_in_powers, path, 0.0) if len(shape) > 1 else 0.0
        return (rate * shape[-2] ** power if power else rate), (rate * decay if self.decay else 0.0)

    def factors_of(self, variable) -> tuple[float, float]:
        """Returns the factors of the learning rate in a variable's step and in its decay; 0 where it does not decay."""
        return self._factors[keras_internals.place_of(self, variable)]

    def current_decay(self):
        """Returns the weight decay of the step that is next, as a number or a tensor."""
        return self.decay_schedule(self.iterations) if callable(self.decay_schedule) else self.decay

    def update_step(self, gradient, variable, learning_rate):
        factor, decay = self.factors_of(variable)
        rate = learning_rate if factor == 1.0 else learning_rate * factor
        if decay:
            share = ops.cast(learning_rate * (self.current_decay() * decay), variable.dtype)
            self.assign_sub(variable, ops.multiply(variable, share))
        super().update_step(gradient, variable, rate)

    def exclude_from_weight_decay(self, var_list=None, var_names=None):
        """Raises TypeError: the patterns of `decay_factors` say which weights decay."""
        raise TypeError(
            "GroupedAdamW is told by patterns which weights decay. Received: exclude_from_weight_decay(...). Pass "
            "`decay_factors={'*/bias': 0.0}` when it is made."
        )

    def get_config(self):
        own = {
            "weight_decay": self.decay,
            "rate_factors": dict(self.rate_factors),
            "decay_factors": dict(self.decay_factors),
            "fan_in_powers": dict(self.fan_in_powers),
            "decay_schedule": self._schedule_name,
            "total_steps": self._total_steps,
        }
        return {**super().get_config(), **own}


def _check_numbers(argument: str, numbers: Mapping[str, float], least: float = -math.inf) -> None:
    """Raises ValueError if a number is not finite or too small."""
    for pattern, number in numbers.items():
        if not isinstance(number, (int, float)) or not math.isfinite(number) or number < least:
            wanted = "finite numbers" if least == -math.inf else f"finite numbers, {least:g} or more"
            raise ValueError(
                f"`{argument}` must hold {wanted}. Received: {number!r} for {pattern!r}. Repair the number."
            )


def _of_path(numbers: Mapping[str, float], path: str, default: float) -> float:
    """Returns the number of the first pattern that a path fits, or the default."""
    fitting = [number for pattern, number in numbers.items() if fnmatch.fnmatchcase(f"/{path}", f"*/{pattern}")]
    return float(fitting[0]) if fitting else default


OWN = {"grouped_adamw": GroupedAdamW}  # by the names that recipes and callers give


def is_own(name) -> bool:
    """Returns whether an optimizer is named that is the zoo's and not Keras's."""
    return isinstance(name, str) and name.lower() in OWN


def named(name: str, rate, options: Mapping[str, Any], *, total_steps: int | None) -> keras.optimizers.Optimizer:
    """Returns the optimizer of a name, Keras's or the zoo's.

    Args:
        name: As for `keras.optimizers.get`, or a name of `OWN`.
        rate: A learning rate or a schedule of it.
        options: Its further arguments; a `name` stands for the name's own in lower case.
        total_steps: Steps of the whole training, which the zoo's take; or None.
    """
    # Keras numbers optimizers, and TensorFlow keeps 30 KB for each name that a variable ever had.
    config = {"learning_rate": rate, "name": name.lower(), **options}
    if not is_own(name):
        return keras.optimizers.get({"class_name": name, "config": config})
    return OWN[name.lower()](**config, total_steps=total_steps)
