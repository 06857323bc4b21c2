"""A turn's place among those in flight: whoever lets turns through gives it, whoever asks a server may need to know it."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, nullcontext
from contextvars import ContextVar

from clemsim.errors import Transient


class Place:
    """Where nobody schedules, every turn has this one."""

    __slots__ = ()

    @property
    def rank(self) -> float:
        """The turn with the lower rank should be answered first."""
        return 0.0

    def aside(self, error: Transient, /) -> AbstractAsyncContextManager[None]:
        """Within this context the place is given away, for this fault; the turn has one again when it is left."""
        return nullcontext()


place: ContextVar[Place] = ContextVar("place", default=Place())  # noqa: B039 (it holds nothing)
