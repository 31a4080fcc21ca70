"""What the chief tells the others: values and arrays as they are, errors; Ctrl-C at an epoch's end."""

import os
import signal
import threading

import numpy as np
import pytest

from zoo.engine.workers.messages import Interruption, Messages


class Sum:
    """Adds up the arrays of two threads."""

    def __init__(self):
        self._barrier, self._parts = threading.Barrier(2, timeout=10), []

    def __call__(self, numbers):
        self._parts.append(numbers)
        self._barrier.wait()
        total = self._parts[0] + self._parts[1]
        if self._barrier.wait() == 0:
            self._parts.clear()
        self._barrier.wait()
        return total


def both(chief, other):
    """Returns what two workers return, or raise."""
    add, results = Sum(), {}

    def run(is_chief, function):
        try:
            results[is_chief] = function(Messages(is_chief, add))
        except Exception as error:
            results[is_chief] = error

    threads = [threading.Thread(target=run, args=arguments) for arguments in ((True, chief), (False, other))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results[True], results[False]


def test_the_others_get_the_chief_s_values_bit_for_bit():
    sent = [np.array([-0.0, np.nan, 1e-45], "float32"), np.arange(6, dtype="int64").reshape(2, 3), np.uint32(7)]
    told = {"go": True, "why": "ö"}
    results = both(lambda messages: messages.same(told, sent), lambda messages: messages.same("mine", [sent[1]]))
    for plain, arrays in results:
        assert plain == told
        assert [(array.dtype, array.shape, array.tobytes()) for array in arrays] == [
            (array.dtype, array.shape, array.tobytes()) for array in sent
        ]


def test_an_error_of_the_chief_s_ends_the_others():
    def chief(messages):
        with messages.leading():
            raise ValueError("another run")

    raised, told = both(chief, lambda messages: messages.same())
    assert isinstance(raised, ValueError)
    assert isinstance(told, RuntimeError)
    assert str(told) == "The chief stopped: ValueError: another run"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_put_off_and_passed_on_once(number):
    def handler(came, frame):
        raise KeyboardInterrupt(came)

    before = signal.signal(number, handler)
    try:
        with Interruption(workers=True) as interruption:
            assert not interruption.heard
            os.kill(os.getpid(), number)
            assert interruption.heard
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), number)  # the second is heard at once
        assert signal.getsignal(number) is handler
        with pytest.raises(KeyboardInterrupt) as raised:
            interruption.pass_on()
        assert raised.value.args == (number,)
    finally:
        signal.signal(number, before)


def test_one_process_hears_ctrl_c_at_once():
    with Interruption(workers=False) as interruption, pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
    interruption.pass_on()  # nothing came that was put off
