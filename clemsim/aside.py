"""How a turn that must wait makes room for others: whoever lets turns through says how, whoever backs off does it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from contextvars import ContextVar

# Within this context the turn gives its place away; it has one again when the context is left.
stepping_aside: ContextVar[Callable[[], AbstractAsyncContextManager[None]]] = ContextVar(
    "stepping_aside", default=nullcontext
)
