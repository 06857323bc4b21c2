"""The episodes of an arena as one seat plays them, with agents of clemsim in the others; many of them at once."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from clemsim.arena import Arena, find_arena
from clemsim.catalog.agents import check_cast, check_seats, make_casts, resolve_cast, usual_agent
from clemsim.catalog.kinds import AgentOptions
from clemsim.catalog.suites import load_suite
from clemsim.errors import ClemsimError, UsageError
from clemsim.game.events import Event
from clemsim.game.game_contract import checked_instances
from clemsim.game.instances import Instance
from clemsim.game.messages import Message
from clemsim.game.slot import TurnSlot
from clemsim.game.view import View
from clemsim.interop.environments.stepping import Episodes, Stepped
from clemsim.interop.rewards import FORFEIT
from clemsim.runtime.agent import Agent, Cast, opened
from clemsim.runtime.moderator import Moderator
from clemsim.runtime.scheduler import UNLIMITED
from clemsim.runtime.shared_server import SharedServer
from clemsim.runtime.turn_gate import ServerGate, TurnGate

Others = Agent | str | Mapping[str, Agent | str] | Sequence[str] | None


class Learner(Agent):
    """Keeps the seat of whoever learns; it is never asked."""

    name = "learner"

    async def reply(self, view: View) -> Message:
        """Raise UsageError: the learner moves from outside."""
        raise UsageError(f"{view.seat} is the seat that learns: move it with step")


class LearningSeat:
    """A seat of an arena, the agents in the other seats, and the instances in which it plays. Valid within `opened`."""

    def __init__(
        self,
        arena: Arena[Any] | str,
        seat: str | None = None,
        others: Others = None,
        instances: Sequence[Instance] = (),
        forfeit: float = FORFEIT,
    ) -> None:
        """`seat`: the first unless given. `others`: an agent or its SPEC for all other seats, or by seat or role, or as
        commands are told (`["baseline", "describer=local"]`); the game's baseline, or random, where nobody is named.
        `forfeit`: the reward of a seat that aborts an episode. Raises UsageError and ArenaError.
        """
        self.arena: Arena[Any] = find_arena(arena)() if isinstance(arena, str) else arena
        seats = self.arena.seats
        self.seat = seat or seats[0]
        if self.seat not in seats:
            raise UsageError(f"{self.arena.name} has no seat {seat!r}: choose one of {', '.join(seats)}")
        every = list(instances) or checked_instances(self.arena)
        self.instances = [instance for instance in every if self.seat in self.arena.roles_for(instance)]
        if not self.instances:
            raise UsageError(f"{self.seat} plays in none of the {len(every)} instances of {self.arena.name}: choose another")
        self.forfeit = forfeit
        played = (each for instance in self.instances for each in self.arena.roles_for(instance).items())
        self._others = [(name, role) for name, role in dict.fromkeys(played) if name != self.seat]
        self._cast = _cast(self.arena, self.seat, others, self._others)
        check_cast(self.arena, self._cast, self.instances)
        self._gates: dict[Agent, TurnGate] = {}

    @property
    def agents(self) -> dict[str, str]:
        """The name of the agent in each other seat, or in each role where seats have several."""
        names = {role: self._cast.agent(seat, role) for seat, role in self._others}
        return {role: agent.name for role, agent in names.items() if agent}

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[LearningSeat]:
        """Have the agents open within this context. Raises UsageError, EngineError and AgentError."""
        self.arena.warm_up()
        async with opened(self._cast.agents):
            self._gates = _gates(self._cast.agents)
            yield self

    def episodes(self) -> Episodes:
        """Return the episodes as one user plays them, with random numbers of their own."""
        return Episodes(self.arena, self.instances, self.forfeit)

    def play(self, stepped: Stepped) -> LearnersEpisode:
        """Return an episode that has begun with the agents in its other seats."""
        cast = self._cast.seated(self.arena.roles_for(stepped.driver.instance))
        return LearnersEpisode(stepped, self.seat, Moderator(stepped.driver, cast, _Host(self._gates)))


@dataclass(slots=True)
class LearnersEpisode:
    """An episode of which one seat is moved from outside, and agents move the others."""

    stepped: Stepped
    seat: str
    moderator: Moderator

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.stepped.outcome is not None

    @property
    def reward(self) -> float:
        """What the seat has earned, which is 0 before the end."""
        return float(self.stepped.rewards().get(self.seat, 0.0))

    async def until_asked(self) -> None:
        """Let the agents play until the seat is asked or the episode is over; those that are asked at once reply at once.

        Raises EngineError where a server failed, ArenaError and AgentError for bugs; the episode cannot go on then.
        """
        driver = self.stepped.driver
        while others := [ask for ask in driver.pending if ask.seat != self.seat]:
            await self.moderator.turns(others)

    async def move(self, reply: str | Message) -> None:
        """Give the reply of the seat, and let the others play on. Raises what `until_asked` does, and UsageError where the
        episode is over.
        """
        if self.over:
            raise UsageError("the episode is over: reset the environment")
        message = Message(self.seat, reply) if isinstance(reply, str) else replace(reply, author=self.seat)
        self.stepped.move(message)
        await self.until_asked()

    def metrics(self) -> dict[str, float]:
        """Return the metrics of the ended episode that are defined; none before. Raises ArenaError for a bug in one."""
        return {} if not self.over else self.stepped.metrics()


def arena_of_suite(spec: str, suite: str | None = None, rules: str | None = None) -> tuple[Arena[Any], list[Instance]]:
    """Return the arena of a SPEC by a rule set, and its instances, which are those of a suite where one is named.

    Raises UsageError and ArenaError.
    """
    kind = find_arena(spec)
    if suite is None:
        arena = kind(rules=rules)
        return arena, checked_instances(arena)
    found = load_suite(suite)
    arena = found.game(kind, rules)
    return arena, found.instances(arena)


def _cast(arena: Arena[Any], seat: str, others: Others, roles: Sequence[tuple[str, str]]) -> Cast:
    """Return the cast, with the usual agent where one of the other seats, each given with its role, would be empty.

    Raises UsageError.
    """
    if others is None or isinstance(others, Agent | str | Mapping):
        cast = Cast("", None, {}) if others is None else resolve_cast(others)[0]
    else:
        casts = make_casts(others, AgentOptions()) if others else [Cast("", None, {})]
        if len(casts) > 1:
            raise UsageError(f"{others[1]}: the other seats have {others[0]}: give SEAT=SPEC for one of them")
        (cast,) = casts
    if seat in cast.seats:
        raise UsageError(f"{seat} is the seat that learns: put no agent into it, or choose another seat")
    check_seats([arena], [cast])
    if any(cast.agent(other, role) is None for other, role in roles):
        cast = replace(cast, default=resolve_cast(usual_agent(arena.name))[0].default)
    return replace(cast, seats={**cast.seats, seat: Learner()})


def _gates(agents: Sequence[Agent]) -> dict[Agent, TurnGate]:
    """Return the gates of open agents, of which those of one backend share a width."""
    servers: dict[object, SharedServer] = {}
    for agent in agents:
        key, name = agent.backend
        server = servers.setdefault(key, SharedServer(ServerGate(0, name)))
        server.agents[agent] = TurnGate(server.gate)
    for server in servers.values():
        server.begin(None, sys.maxsize, UNLIMITED)
    return {agent: gate for server in servers.values() for agent, gate in server.agents.items()}


@dataclass(frozen=True, slots=True)
class _Host:
    """Lets the turns of one episode through the gates; whoever moves the seat takes down what happens."""

    gates: Mapping[Agent, TurnGate]

    def turn(self, agent: Agent) -> AbstractAsyncContextManager[TurnSlot]:
        return _inside(self.gates.get(agent))

    def record(self, index: int, events: list[Event]) -> None:
        pass

    def request(self, agent: Agent, view: View, message: Message) -> None:
        pass


@asynccontextmanager
async def _inside(gate: TurnGate | None) -> AsyncIterator[TurnSlot]:
    if gate is None:
        raise UsageError("the agents of the other seats are closed: play within `async with learning_seat.opened()`")
    await gate.enter(lambda: 0.0)
    try:
        yield TurnSlot()
    finally:
        gate.leave()


def line_of(error: ClemsimError) -> str:
    """Return an error as one line."""
    return " ".join(str(error).split())
