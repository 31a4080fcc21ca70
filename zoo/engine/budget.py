"""A budget of wall time: the epoch in which its seconds pass is the last, and the best weights so far are kept."""

from __future__ import annotations

import time

import keras


class Budget(keras.callbacks.Callback):
    """Stops a training at the end of the epoch in which its seconds have passed. Loading and compiling count, too.

    Args:
        seconds: Of wall time.
        begin: When they began, by `time.monotonic`.
    """

    def __init__(self, seconds: float, begin: float):
        super().__init__()
        self.seconds, self._end = seconds, begin + seconds
        self.stopped: str | None = None

    @property
    def is_spent(self) -> bool:
        """Whether the seconds have passed."""
        return time.monotonic() >= self._end

    def lasts(self, seconds: float) -> bool:
        """Returns whether something that takes so many seconds would end before they have passed."""
        return time.monotonic() + seconds < self._end

    @property
    def reason(self) -> str:
        """Why a training ends by it, in words."""
        return f"the budget of {self.seconds:g} s"

    def on_epoch_end(self, epoch, logs=None):
        is_last = epoch + 1 == self.params.get("epochs")
        if self.is_spent and not is_last:  # with the last one the training ends as ever
            self.stopped = self.reason
            self.model.stop_training = True


def check_budget(budget) -> None:
    """Raises ValueError if a budget is no positive number of seconds."""
    if budget is None:
        return
    if isinstance(budget, bool) or not isinstance(budget, (int, float)) or not budget > 0:
        raise ValueError(f"`budget` must be seconds, more than 0, or None. Received: budget={budget!r}")
