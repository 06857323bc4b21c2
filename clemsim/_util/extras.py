"""Optional libraries, and the extra of clemsim that installs each of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from clemsim.errors import UsageError


@contextmanager
def needing(extra: str, purpose: str) -> Iterator[None]:
    """Raise UsageError ("PURPOSE needs the extra ...") where the block imports a library that is not installed.

    A missing module of clemsim itself is a bug and passes through.
    """
    try:
        yield
    except ImportError as error:
        if (error.name or "").split(".")[0] == "clemsim":
            raise
        raise UsageError(f"{purpose} needs the extra `{extra}`: pip install 'clemsim[{extra}]'") from error


def library(name: str, extra: str, purpose: str = "") -> Any:
    """Return the module `name`. Raises UsageError where it is not installed; `purpose` (the module itself unless given)
    says what needs it.
    """
    with needing(extra, purpose or name):
        return import_module(name)
