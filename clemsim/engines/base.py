"""The seam between agents and model servers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypedDict

from clemsim._util.lifecycle import AsyncResource
from clemsim.engines.load import ServerLoad
from clemsim.game.formats import Format
from clemsim.game.messages import Stop, Usage
from clemsim.game.slot import UNSCHEDULED, TurnSlot

FIRST_WIDTH = 64  # turns in flight to begin with, where the width is found while playing
Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to draw tokens. Always sent as it stands: a server's own defaults never decide."""

    temperature: float = 0.0
    max_tokens: int = 300
    top_p: float = 1.0
    top_k: int = -1  # -1: all
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0

    def describe(self) -> dict[str, float | int]:
        """As it is written into a run."""
        return asdict(self)


class ChatMessage(TypedDict):
    """One message of a chat request, as it is sent."""

    role: Role
    content: str


@dataclass(slots=True)  # not frozen: one is made for every turn, and freezing costs more than making
class Request:
    """One turn for a model. `episode`, `seat` and `turn` name it; `format` is set where decoding must be held to it; `slot`
    is what the turn holds among those in flight.
    """

    messages: Sequence[ChatMessage]
    sampling: Sampling
    seed: int
    episode: str = ""
    seat: str = ""
    turn: int = 0
    format: Format | None = None
    slot: TurnSlot = UNSCHEDULED


@dataclass(slots=True)
class Completion:
    """A model's answer. `reasoning` is what the server itself set apart as such."""

    text: str
    reasoning: str
    stop: Stop
    usage: Usage


class Engine(AsyncResource, ABC):
    """Answers requests, `width` of them at once (None: as many as come).

    `complete` raises Transient errors only after its own retries, and never for what is the model's doing: a context
    overflow is a completion that stopped with "overflow".
    """

    name: str
    width: int | None = None
    adaptive: bool = False  # the width is only where to begin

    @abstractmethod
    async def complete(self, request: Request) -> Completion:
        """Answer one request. Raises EngineError."""

    async def load(self) -> ServerLoad | None:
        """How busy the server is now, as it says itself; None where it doesn't."""
        return None

    @property
    def constrains(self) -> bool:
        """Whether it can hold decoding to a format; known once it is open."""
        return False

    def describe(self) -> dict[str, Any]:
        """What a run writes down about it: model, server, versions; never a secret."""
        return {"engine": type(self).__name__, "model": self.name}
