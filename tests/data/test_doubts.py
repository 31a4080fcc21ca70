"""What is doubtful about data is said once, in one warning, with what to do about it."""

import contextvars
import warnings

import numpy as np
import pandas as pd
import pytest

import zoo
from zoo.data import doubts


def said(function):
    """Returns the warnings of a call."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        function()
    return caught


def test_all_doubts_of_a_block_are_one_warning():
    def block():
        with doubts.collected(), doubts.collected():  # the inner one leaves them to the outer one
            doubts.note("Counts as missing.", column="age", value="old", row=7, repair="Write numbers.")
            doubts.note("Numbers the rows.", column=0, repair="Ignore it.")
            doubts.note("Counts as missing.", column="age", value="young", row=9)

    (warning,) = said(block)
    assert warning.category is zoo.DataWarning
    assert issubclass(zoo.DataWarning, UserWarning)
    assert str(warning.message).splitlines() == [
        "Please check these data.",
        "- 'age': Counts as missing. Such as 'old' in row 7. Write numbers.",
        "- 0: Numbers the rows. Ignore it.",
    ]


def test_the_warning_points_at_the_first_line_outside_of_the_zoo():
    def block():
        with doubts.collected():
            doubts.note("Odd.")

    for function in (block, lambda: doubts.note("Odd.")):
        (warning,) = said(function)
        assert warning.filename == __file__
        assert str(warning.message) == "Please check these data. Odd."


def test_a_place_is_said_with_and_without_a_value():
    assert str(doubts.Doubt("Odd.", row=3)) == "Odd. The first is in row 3."
    assert str(doubts.Doubt("Odd.", value=None)) == "Odd. Such as None."
    assert str(doubts.Doubt("Odd.", column=None)) == "None: Odd."


def test_nothing_doubtful_is_not_said_nor_is_what_an_error_cuts_short():
    def block():
        with doubts.collected():
            pass
        with pytest.raises(ValueError, match="broken"), doubts.collected():
            doubts.note("Odd.")
            raise ValueError("broken")

    assert said(block) == []


def test_work_in_several_blocks_says_its_doubts_when_it_is_done():
    def blocks():
        whole = doubts.Doubts()
        for row in range(3):
            with doubts.collected(whole):
                doubts.note("Odd.", column="a", row=row)
            with doubts.collected(whole):
                doubts.note("Strange.", column="b")
        whole.discard(["b"])
        whole.say()
        whole.say()

    (warning,) = said(blocks)
    assert str(warning.message) == "Please check these data. 'a': Odd. The first is in row 0."


def test_a_copied_context_notes_into_the_same_block():
    def block():
        with doubts.collected():
            contextvars.copy_context().run(doubts.note, "Odd.")

    assert len(said(block)) == 1


def test_codes_that_lost_their_zeros_are_said_at_prediction():
    rows = pd.DataFrame({"code": [f"{i % 5:03}" for i in range(60)], "x": np.arange(60) % 7, "y": np.arange(60.0)})
    model = zoo.build("linear_regression", rows, target="y")
    said = r"'code': None of its values were among the training data. Such as 0 in row 0. Write them as in .* '000'"
    with pytest.warns(zoo.DataWarning, match=said):
        zoo.predict(model, rows.assign(code=rows["code"].astype(int)))
    for codes in (rows["code"], rows["code"].where(rows.index == 59, "9"), pd.Series([None] * 60, dtype=object)):
        zoo.predict(model, rows.assign(code=codes))
    zoo.predict(model, rows.assign(code="9").head(5))
