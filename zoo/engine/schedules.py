"""Learning rates over the steps of a training."""

import math

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
