"""Agents: given what a seat sees, they reply. They hold no conversation, so that one serves thousands of episodes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from clemsim._util.lifecycle import AsyncResource
from clemsim.engines.backend import Backend
from clemsim.engines.load import ServerLoad
from clemsim.errors import UsageError
from clemsim.game.messages import Message, Usage
from clemsim.game.view import View
from clemsim.runtime.agent_contract import calling
from clemsim.runtime.price import Price


class Agent(AsyncResource, ABC):
    """An agent that can take seats.

    `width`: how many replies it gives at once; None: as many as wanted. `adaptive`: the width is only where to begin, and
    the best is found while playing. `requests`: a reply takes a request to a model, which limits count. `most_turns`: in
    flight, of this agent alone; None: as many as its server takes. `price`: what its tokens cost, where that is known.
    """

    name: str
    width: int | None = None
    adaptive: bool = False
    requests: bool = False
    most_turns: int | None = None
    price: Price | None = None

    @abstractmethod
    async def reply(self, view: View) -> Message:
        """Answer the last message of the view. Raises EngineError where the infrastructure failed."""

    async def load(self) -> ServerLoad | None:
        """Return how busy the agent's servers are now, as they say themselves; None where they do not say."""
        return None

    @property
    def backend(self) -> Backend:
        """What computes the replies: agents of one backend share its width. Valid once the agent is open."""
        return Backend(self, self.name)

    @property
    def waiting(self) -> str:
        """What the agent waits for, as a line for the display, where a server is lost or silent; empty: nothing unusual."""
        return ""

    @property
    def notices(self) -> Sequence[str]:
        """What the user must know of how the agent's servers answered, one line each."""
        return ()

    @property
    def priced(self) -> bool:
        """Whether any of its tokens, or its time, has a price."""
        return self.price is not None

    def cost_of(self, usage: Usage) -> float:
        """Return what the tokens of a turn cost, in the currency of the prices."""
        return self.price.of_turn(usage) if self.price else 0.0

    @property
    def dearest_turn(self) -> float:
        """A guess at what a turn costs at most, before any has ended; 0 where nothing is known."""
        return 0.0

    def settle(self, *, system: str, seed: int, width: int | None, written_calls: bool = False) -> None:
        """Take settings of this agent: a system text that comes before that of the seat, a number that is added to the seed
        of each turn, the most turns in flight, and whether calls of tools are text. Raises UsageError where none is heeded.
        """
        raise UsageError(f"{self.name} is no model behind an engine, and takes no system, seed, width or calls")

    def check(self, arena: str, seats: Sequence[str]) -> None:
        """Raise UsageError if the agent cannot take these seats of this arena."""

    def describe(self) -> dict[str, Any]:
        """Return what a run writes down about the agent: model, sampling and the like; never a secret."""
        return {"name": self.name}


class Seated(NamedTuple):
    """The agent in a seat of an episode, by name, and the role of the seat: the seat itself where a game has no roles."""

    seat: str
    role: str
    agent: str


@dataclass(frozen=True, slots=True)
class Cast:
    """Which agent sits in which seat. `name` tells the casts of one run apart."""

    name: str
    default: Agent | None
    seats: Mapping[str, Agent]

    @classmethod
    def of(cls, agents: Agent | Mapping[str, Agent] | Cast) -> Cast:
        """Make a cast of one agent in every seat, or of one for each seat."""
        if isinstance(agents, Cast):
            return agents
        if isinstance(agents, Agent):
            return cls(agents.name, agents, {})
        name = ",".join(f"{seat}={agent.name}" for seat, agent in agents.items())
        return cls(name, None, dict(agents))

    def agent(self, seat: str, role: str = "") -> Agent | None:
        """Return the agent in a seat, which is that of its role where the seat itself has none; None if it is empty."""
        if role and seat not in self.seats:
            return self.seats.get(role, self.default)
        return self.seats.get(seat, self.default)

    def seated(self, roles: Mapping[str, str]) -> Cast:
        """Return the cast of an instance, of which `roles` gives the seats that play, each with its role."""
        agents = {seat: self.agent(seat, role) for seat, role in roles.items()}
        return Cast(self.name, None, {seat: agent for seat, agent in agents.items() if agent is not None})

    @property
    def agents(self) -> list[Agent]:
        """All agents of the cast, once each."""
        agents = ([self.default] if self.default else []) + list(self.seats.values())
        return list(dict.fromkeys(agents))


@asynccontextmanager
async def opened(agents: Iterable[Agent]) -> AsyncIterator[None]:
    """Open all agents, and close those that were opened whatever happens. Raises AgentError for a bug in one."""
    async with AsyncExitStack() as stack:
        for agent in agents:
            await stack.enter_async_context(_opened(agent))
        yield


@asynccontextmanager
async def _opened(agent: Agent) -> AsyncIterator[None]:
    with calling(agent, "open"):
        await agent.open()
    try:
        yield
    finally:
        with calling(agent, "close"):
            await agent.close()
