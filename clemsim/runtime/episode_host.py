"""The host of an episode under way: its turns pass the gates of their agents, and their cost is counted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from math import inf

from clemsim.errors import BadRequest, EngineBusy, Transient, Unauthorized, UnknownModel
from clemsim.game.events import Event
from clemsim.game.messages import Message
from clemsim.game.slot import TurnSlot
from clemsim.game.view import View
from clemsim.runtime.agent import Agent
from clemsim.runtime.episode import Episode
from clemsim.runtime.shared_state import Lane, SchedulerState
from clemsim.runtime.turn_gate import TurnGate

UNKNOWN = 1e9  # steps that an episode of unknown length has left
_NOTHING: tuple[object, int] = (None, 0)


class EpisodeHost:
    """What the moderator of one episode sees of the scheduler. `order`: how many episodes began before this one."""

    __slots__ = ("_contexts", "_order", "asked", "episode", "lane", "spent", "state", "steps", "turns")

    def __init__(self, state: SchedulerState, episode: Episode, lane: Lane, order: int) -> None:
        self.state = state
        self.episode = episode
        self.lane = lane
        self.turns = episode.turns
        self.steps = episode.steps  # one after another: questions that are asked at once are one step
        self.asked = 0  # turns that are not answered
        self.spent = 0  # tokens, in and out
        self._order = order
        self._contexts: dict[str, tuple[object, int]] = {}  # what each seat has seen, and its tokens so far

    def rank(self) -> float:
        """Return the rank of the episode's turns, of which the lowest goes first: that of the episode that began first; at
        the end, that of the episode with most steps left, and of those of which that is unknown, the one whose steps cost
        fewest turns.
        """
        if not self.state.depth_first:
            return 0.0
        if not self.lane.closing:
            return float(self._order)
        left = self.lane.estimates.left(self.episode.group, self.steps)
        return -left if left < inf else self.turns / self.steps - UNKNOWN

    @property
    def context(self) -> int:
        """Tokens of all conversations of the episode."""
        return sum(tokens for _, tokens in self._contexts.values())

    def turn(self, agent: Agent) -> AbstractAsyncContextManager[TurnSlot]:
        """Wait until the agent may be asked, and hold a slot meanwhile."""
        self.turns += 1
        self.steps += not self.asked
        self.asked += 1
        return GatedSlot(self, agent)

    def record(self, index: int, events: Sequence[Event]) -> None:
        """Pass new events on."""
        self.state.observer.record(self.episode.key, index, events)

    def request(self, agent: Agent, view: View, message: Message) -> None:
        """Count a turn and pass it on."""
        progress = self.state.progress
        progress.turns += 1
        refusals = self.state.refusals
        if refusals.unproven or refusals.in_row:
            refusals.answered(agent)
        prefix = 0
        if usage := message.usage:
            progress.requests += 1
            progress.retries += usage.retries
            progress.tokens_in += usage.tokens_in
            progress.tokens_out += usage.tokens_out
            progress.tokens_cached += usage.tokens_cached
            if agent.priced:
                cost = agent.cost_of(usage)
                progress.cost += cost
                progress.dearest = max(progress.dearest, cost)
            spent = usage.tokens_in + usage.tokens_out
            self.spent += spent
            seen, prefix = self._contexts.get(view.seat, _NOTHING)
            if usage.batched or seen is not view.seen:  # a seat that forgot something begins anew
                prefix = 0
            if view.kept:  # reasoning is not sent again
                self._contexts[view.seat] = view.seen, usage.tokens_in if message.reasoning else spent
            if controller := self.state.controllers.get(agent):
                controller.count_turn(usage)
        self.state.observer.request(self.episode.key, agent.name, view, message, prefix)


class GatedSlot(TurnSlot):
    """The slot of a turn in its agent's gate. While the turn backs off, another may have the slot."""

    __slots__ = ("_gate", "agent", "host")

    def __init__(self, host: EpisodeHost, agent: Agent) -> None:
        self.host = host
        self.agent = agent
        self._gate: TurnGate = host.state.gates[agent]

    @property
    def rank(self) -> float:
        """The rank of the episode, as it is now."""
        return self.host.rank()

    async def __aenter__(self) -> TurnSlot:
        if not self._gate.try_enter():
            await self._gate.enter(self.host.rank)
        await self._check_limits()
        self.host.state.count_in_flight(self.agent, 1)
        return self

    async def _check_limits(self) -> None:
        """Raise LimitReached when no more requests may be made, by all episodes or by this one. Wait while those in flight
        may use up what may be spent.
        """
        state = self.host.state
        if not (self.agent.requests and state.limits.any):
            return
        try:
            while state.limits.may_exceed(state.progress, state.requesting, self.agent.dearest_turn):
                state.landed.clear()
                await state.landed.wait()
            state.limits.check(state.progress, state.requesting)
            state.limits.check_episode(self.host.spent)
        except BaseException:
            self._gate.leave()
            raise

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None and isinstance(error, BadRequest):
            self.host.state.refusals.refused(self.agent, self.host.episode.key, error)
        elif isinstance(error, Unauthorized | UnknownModel):
            error.alone = self.host.state.refusals.turned_away(self.agent)
        self.host.state.count_in_flight(self.agent, -1)
        self.host.asked -= 1
        self.host.state.landed.set()
        self._gate.leave()

    @asynccontextmanager
    async def release_while_waiting(self, error: Transient) -> AsyncIterator[None]:
        """Give the slot away, and take one again; a turn that is cancelled meanwhile does not queue for it."""
        state, lane = self.host.state, self.host.lane
        if isinstance(error, EngineBusy):
            state.note_busy(self.agent)
        state.count_in_flight(self.agent, -1)
        lane.backing_off += 1
        self._gate.leave()
        state.landed.set()  # who waits for what may be spent holds the gate, in which this turn may have to wait
        state.make_room()
        try:
            yield
            await self._gate.enter(self.host.rank)
            await self._check_limits()  # others have spent meanwhile
        except BaseException:
            self._gate.hold()  # __aexit__ gives it back
            raise
        finally:
            lane.backing_off -= 1
            state.count_in_flight(self.agent, 1)
