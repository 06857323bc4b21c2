"""Objects of an author's class, made with as much as its constructor takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import CodeType
from typing import TypeVar

from clemsim.errors import AgentError, UsageError

T = TypeVar("T")


def construct(make: Callable[..., T], name: str, arg: str, *more: object) -> T:
    """Return `make(arg, *more)`, or with fewer of these where it takes no more; `name` names it in errors.

    Raises UsageError for an argument that it cannot take, and AgentError where it wants something else, or is a class that
    lacks a method.
    """
    if isinstance(make, type) and (missing := sorted(getattr(make, "__abstractmethods__", ()))):
        raise AgentError(f"{name} has no {missing[0]}: write `async def {missing[0]}` in the class").in_class(make)
    given = (arg, *more)
    for count in range(len(given), -1, -1):
        if _takes(make, given[:count]):
            if arg and not count:
                raise UsageError(f"{name} takes no argument, so {arg!r} means nothing")
            return make(*given[:count])
    names = ", ".join(("arg", "options")[: len(given)])
    error = AgentError(f"{name} cannot be made: it is given ({names}); write def __init__(self, {names})")
    code = getattr(make.__init__ if isinstance(make, type) else make, "__code__", None)  # type: ignore[misc]
    raise error.in_code(code) if isinstance(code, CodeType) else error


def _takes(make: Callable[..., object], arguments: tuple[object, ...]) -> bool:
    try:
        inspect.signature(make).bind(*arguments)
    except TypeError:
        return False
    except ValueError:  # it does not say what it takes
        return True
    return True
