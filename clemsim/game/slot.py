"""The slot that a turn holds among the turns in flight. It travels on the view to the agent that answers the turn."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, nullcontext

from clemsim.errors import Transient


class TurnSlot:
    """The slot of a turn that no scheduler has admitted: all such turns rank alike and hold up no other."""

    __slots__ = ()

    @property
    def rank(self) -> float:
        """The rank of the turn; a server should answer the lowest first."""
        return 0.0

    def release_while_waiting(self, error: Transient, /) -> AbstractAsyncContextManager[None]:
        """Give the slot to another turn within this context, because of `error`; hold one again when it is left."""
        return nullcontext()


UNSCHEDULED = TurnSlot()
