"""What a class of another package overrides must have the form of what it overrides."""

import pytest

from zoo import overrides


class Protocol:
    shown: tuple = ()
    width = 1

    @property
    def spec(self):
        return ()

    def answers(self, decided, target):
        return {}

    def sample(self, rows, *, odd=False):
        return rows

    @staticmethod
    def apart(a, b):
        return 0

    @classmethod
    def older(cls, state):
        return cls()


class Right(Protocol):
    shown = ["a"]
    spec = ("int32", ())

    @property
    def width(self):
        return 2

    @staticmethod
    def answers(decided, target):  # one that needs no instance
        return {}

    def sample(self, rows, odd=False, further=None):
        return rows

    def apart(self, a, b):
        return 1

    def own(self):
        return 3


def wrong(**attributes):
    return type("Wrong", (Protocol,), attributes)


def test_what_a_base_inherits_is_of_its_protocol_too():
    inheriting = type("Inheriting", (Protocol,), {})
    overrides.check(type("Own", (inheriting,), {}), inheriting)
    with pytest.raises(TypeError, match=r"must take \(rows, odd\), as Inheriting.sample does. Received: \(rows\)"):
        overrides.check(type("Own", (inheriting,), {"sample": lambda self, rows: rows}), inheriting)


def test_what_can_be_used_as_its_base_is_taken():
    overrides.check(Right, Protocol)
    overrides.check(Protocol, Protocol)
    overrides.check(wrong(answers=lambda self, *given: {}, older=classmethod(lambda cls, state: None)), Protocol)


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"spec": lambda self: ()}, r"`spec` of .*Wrong must be a property. Received: a method. Write @property above"),
        ({"shown": "rmse"}, r"`shown` of .*Wrong must hold several texts. Received: 'rmse'. Write \('rmse',\)"),
        (
            {"answers": lambda self, decided: {}},
            r"`answers` of .* must take \(decided, target\), as Protocol.answers does. Received: \(decided\)",
        ),
        ({"sample": lambda self, rows: rows}, r"must take \(rows, odd\), as Protocol.sample does. Received: \(rows\)"),
        ({"answers": property(lambda self: {})}, r"must be a method. Received: a property. .* \(decided, target\)"),
        ({"answers": {"a": 1}}, r"must be a method. Received: \{'a': 1\}"),
        ({"apart": staticmethod(lambda a: 0)}, r"must take \(a, b\), as Protocol.apart does. Received: \(a\)"),
    ],
)
def test_what_cannot_is_refused_by_name(attributes, said):
    with pytest.raises(TypeError, match=said):
        overrides.check(wrong(**attributes), Protocol)


def test_what_a_method_returned_is_passed_on_if_it_is_of_the_type():
    assert overrides.returned({"a": 1}, dict, "`answers`") == {"a": 1}
    with pytest.raises(TypeError, match=r"`outputs` must return tests.test_overrides.Protocol. Received: list."):
        overrides.returned([], Protocol, "`outputs`")
