"""An episode under way: its turns pass the gates of their agents, and what they cost is counted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from clemsim.errors import EngineBusy, Transient
from clemsim.game.events import Event
from clemsim.game.messages import Message
from clemsim.game.slot import TurnSlot
from clemsim.game.view import View
from clemsim.runtime.agent import Agent
from clemsim.runtime.episode import Episode
from clemsim.runtime.shared_state import Lane, SchedulerState
from clemsim.runtime.turn_gate import TurnGate


class EpisodeHost:
    """What the moderator of one episode sees of the scheduler. `order`: how many episodes began before it."""

    __slots__ = ("_contexts", "_order", "_tokens", "episode", "floor", "lane", "turns")

    def __init__(self, floor: SchedulerState, episode: Episode, lane: Lane, order: int) -> None:
        self.floor = floor
        self.episode = episode
        self.lane = lane
        self.turns = episode.turns
        self._order = order
        self._tokens = 0  # spent, in and out
        self._contexts: dict[str, int] = {}  # tokens of each seat's conversation so far

    def rank(self) -> float:
        """Who is let in first has the lowest: the episode that began first; at the end, the one with most turns left."""
        if not self.floor.depth_first:
            return 0.0
        if not self.lane.closing:
            return float(self._order)
        return self.turns - self.lane.expecting.length(self.episode.group)

    @property
    def context(self) -> int:
        """Tokens of all its conversations."""
        return sum(self._contexts.values())

    def turn(self, agent: Agent) -> AbstractAsyncContextManager[TurnSlot]:
        """Wait until the agent may be asked, and hold its place meanwhile."""
        return GatedSlot(self, agent)

    def record(self, index: int, events: list[Event]) -> None:
        """Pass new events on."""
        self.floor.observer.record(self.episode.key, index, events)

    def request(self, agent: Agent, view: View, message: Message) -> None:
        """Count a turn and pass it on."""
        self.turns += 1
        progress = self.floor.progress
        progress.turns += 1
        prefix = 0
        if usage := message.usage:
            progress.requests += 1
            progress.retries += usage.retries
            progress.tokens_in += usage.tokens_in
            progress.tokens_out += usage.tokens_out
            progress.tokens_cached += usage.tokens_cached
            spent = usage.tokens_in + usage.tokens_out
            self._tokens += spent
            prefix = 0 if usage.batched else self._contexts.get(view.seat, 0)
            if view.kept:  # what was thought aloud is not sent again
                self._contexts[view.seat] = usage.tokens_in if message.reasoning else spent
            if steersman := self.floor.steersmen.get(agent):
                steersman.turn(usage)
        self.floor.observer.request(self.episode.key, agent.name, view, message, prefix)

    @property
    def spent(self) -> int:
        """Tokens so far, in and out."""
        return self._tokens


class GatedSlot(TurnSlot):
    """A turn on its way through its agent's gate; while it backs off, another may pass in its place."""

    __slots__ = ("_gate", "agent", "underway")

    def __init__(self, underway: EpisodeHost, agent: Agent) -> None:
        self.underway = underway
        self.agent = agent
        self._gate: TurnGate = underway.floor.gates[agent]

    @property
    def rank(self) -> float:
        """The episode's, as it is now."""
        return self.underway.rank()

    async def __aenter__(self) -> TurnSlot:
        if not self._gate.slip_in():
            await self._gate.enter(self.underway.rank)
        if self.agent.requests and self.underway.floor.limits.any:
            self._check_limits()
        self.underway.floor.in_flight(self.agent, 1)
        return self

    def _check_limits(self) -> None:
        """Raise LimitReached when no more requests may be made, by all or by this episode."""
        floor = self.underway.floor
        try:
            floor.limits.check(floor.progress, floor.requesting)
            floor.limits.check_episode(self.underway.spent)
        except BaseException:
            self._gate.leave()
            raise

    async def __aexit__(self, *_: object) -> None:
        self.underway.floor.in_flight(self.agent, -1)
        self._gate.leave()

    @asynccontextmanager
    async def release_while_waiting(self, error: Transient) -> AsyncIterator[None]:
        """Give it away, and get one again; who is cancelled meanwhile does not queue for it."""
        floor, lane = self.underway.floor, self.underway.lane
        if isinstance(error, EngineBusy):
            floor.busy(self.agent)
        floor.in_flight(self.agent, -1)
        lane.aside += 1
        self._gate.leave()
        floor.make_room()
        try:
            yield
            await self._gate.enter(self.underway.rank)
        except BaseException:
            self._gate.inside += 1  # __aexit__ lets it go
            raise
        finally:
            lane.aside -= 1
            floor.in_flight(self.agent, 1)
