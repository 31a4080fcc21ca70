"""Checks the classes of other packages against the protocol that they fill in: that of tasks, targets, kinds.

Python calls a method when it is needed, perhaps minutes into a training. A method of another form than the base class
has, such as a method in place of a property, is refused when the class is loaded.
"""

import inspect
from typing import Any


def check(own: type, base: type) -> None:
    """Checks that what a class overrides can be used as what it overrides.

    A property may be overridden by a plain value, and a value by a property.

    Args:
        own: A subclass.
        base: The class whose public attributes are the protocol.

    Raises:
        TypeError: if a property is overridden by a method, or a method by something else or by one that takes other
            arguments, or a tuple by a text.
    """
    for name, expected in inspect.getmembers_static(base):  # those that it inherits too
        attribute = inspect.getattr_static(own, name)
        if name.startswith("_") or attribute is expected:
            continue
        what, is_callable = f"`{name}` of {own.__module__}.{own.__qualname__}", callable(getattr(own, name))
        if isinstance(expected, property) and is_callable:
            raise TypeError(f"{what} must be a property. Received: a method. Write @property above it.")
        if isinstance(expected, (tuple, frozenset)) and isinstance(attribute, str):
            raise TypeError(f"{what} must hold several texts. Received: {attribute!r}. Write ({attribute!r},).")
        if not _is_method(expected):
            continue
        if not is_callable:
            kind = "a property" if isinstance(attribute, property) else repr(attribute)
            raise TypeError(
                f"{what} must be a method. Received: {kind}. Write a function that takes {_signature(expected)}."
            )
        if not _takes(attribute, expected):
            raise TypeError(
                f"{what} must take {_signature(expected)}, as {base.__name__}.{name} does. Received: "
                f"{_signature(attribute)}. Its docstring says what they are."
            )


def returned(value: Any, expected: type, by: str) -> Any:
    """Returns what a method returned, if it is of the type that the protocol asks for.

    Args:
        value: What it returned.
        expected: The type.
        by: What messages call the method.

    Raises:
        TypeError: if it is of another type.
    """
    if not isinstance(value, expected):
        raise TypeError(f"{by} must return {_name(expected)}. Received: {_name(type(value))}.")
    return value


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")


def _is_method(attribute: Any) -> bool:
    return inspect.isfunction(attribute) or isinstance(attribute, (staticmethod, classmethod))


def _arguments(method: Any) -> tuple[list[str], list[str]]:
    """Returns the names that a caller gives to a method by place, and those that must be named."""
    spec = inspect.getfullargspec(getattr(method, "__func__", method))
    by_place = spec.args if isinstance(method, staticmethod) else spec.args[1:]
    return [*by_place, *([f"*{spec.varargs}"] if spec.varargs else [])], spec.kwonlyargs


def _signature(method: Any) -> str:
    by_place, named = _arguments(method)
    return f"({', '.join([*by_place, *named])})"


def _takes(method: Any, other: Any) -> bool:
    """Returns whether a method takes all that another one takes, by place, or by name where that must be named."""
    by_place, named = _arguments(other)
    given = [None] * (len(by_place) + (not isinstance(method, staticmethod)))
    try:
        inspect.signature(getattr(method, "__func__", method)).bind(*given, **dict.fromkeys(named))
    except (TypeError, ValueError):
        return False
    return True
