"""Whether a class of another package has the form of the protocol that it fills in: of a task, a target, a kind.

Python calls a method when it is needed, perhaps minutes into a training. What a subclass wrote otherwise than its base
asks for, such as a method in place of a property, is said when the class is loaded.
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
    for name, wanted in vars(base).items():
        found = inspect.getattr_static(own, name)
        if name.startswith("_") or found is wanted:
            continue
        what, called = f"`{name}` of {own.__module__}.{own.__qualname__}", callable(getattr(own, name))
        if isinstance(wanted, property) and called:
            raise TypeError(f"{what} must be a property. Received: a method. Write @property above it.")
        if isinstance(wanted, (tuple, frozenset)) and isinstance(found, str):
            raise TypeError(f"{what} must hold several texts. Received: {found!r}. Write ({found!r},).")
        if not _is_method(wanted):
            continue
        if not called:
            kind = "a property" if isinstance(found, property) else repr(found)
            raise TypeError(f"{what} must be a method. Received: {kind}. Write a function that takes {_said(wanted)}.")
        if not _takes(found, wanted):
            raise TypeError(
                f"{what} must take {_said(wanted)}, as {base.__name__}.{name} does. Received: {_said(found)}. Its "
                "docstring says what they are."
            )


def returned(found: Any, wanted: type, by: str) -> Any:
    """Returns what a method returned, if it is of the type that the protocol asks for.

    Args:
        found: What it returned.
        wanted: The type.
        by: What messages call the method.

    Raises:
        TypeError: if it is of another type.
    """
    if not isinstance(found, wanted):
        must, came = (f"{one.__module__}.{one.__qualname__}".removeprefix("builtins.") for one in (wanted, type(found)))
        raise TypeError(f"{by} must return {must}. Received: {came}.")
    return found


def _is_method(attribute: Any) -> bool:
    return inspect.isfunction(attribute) or isinstance(attribute, (staticmethod, classmethod))


def _arguments(method: Any) -> tuple[list[str], list[str]]:
    """Returns the names that a caller gives to a method by place, and those that must be named."""
    spec = inspect.getfullargspec(getattr(method, "__func__", method))
    by_place = spec.args if isinstance(method, staticmethod) else spec.args[1:]
    return [*by_place, *([f"*{spec.varargs}"] if spec.varargs else [])], spec.kwonlyargs


def _said(method: Any) -> str:
    by_place, named = _arguments(method)
    return f"({', '.join([*by_place, *named])})"


def _takes(found: Any, wanted: Any) -> bool:
    """Returns whether a method takes all that another one takes, by place, or by name where that must be named."""
    by_place, named = _arguments(wanted)
    given = [None] * (len(by_place) + (not isinstance(found, staticmethod)))
    try:
        inspect.signature(getattr(found, "__func__", found)).bind(*given, **dict.fromkeys(named))
    except (TypeError, ValueError):
        return False
    return True
