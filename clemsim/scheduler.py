"""The scheduler: decides which episodes and turns are in flight.

Episodes whose casts share the same agents form a lane; every lane has a number of workers, each of which plays one
episode at a time to its end, so that started episodes are finished before new ones begin. Every agent has a gate that
lets so many turns through at once, the longest-running episode first. Nothing waits for a round to be complete.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import Token
from dataclasses import dataclass, field
from itertools import count

from clemsim.agent import Agent, Cast, View
from clemsim.aside import stepping_aside
from clemsim.drive import Drive
from clemsim.errors import ArenaError, EngineError, LimitReached, Unauthorized, UnknownModel
from clemsim.events import Event
from clemsim.instances import EpisodeKey, Instance
from clemsim.messages import Message
from clemsim.moderator import Moderator
from clemsim.outcomes import Outcome
from clemsim.transcript import Transcript

UNLIMITED = 1024  # started episodes of a cast whose agents set no limit themselves


@dataclass(frozen=True, slots=True)
class Episode:
    """One instance to be played by one cast. `drive` starts `play`, or brings it to where it was."""

    key: EpisodeKey
    instance: Instance
    cast: Cast
    drive: Callable[[], Drive]


@dataclass(frozen=True, slots=True)
class Result:
    """What became of an episode; without an outcome it is unfinished, for this cause."""

    key: EpisodeKey
    transcript: Transcript[Instance]
    outcome: Outcome | None
    cause: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be spent; None: no limit. What is in flight when a limit is reached still ends."""

    requests: int | None = None  # of the whole run
    tokens: int | None = None  # of the whole run, in and out
    episode_tokens: int | None = None  # of one episode, in and out
    episode_seconds: float | None = None  # of one episode, from its start in this process on

    def check(self, progress: Progress, requesting: int) -> None:
        """Raise LimitReached when the run, with so many requests in flight, has spent what it may."""
        if self.requests is not None and progress.requests + requesting >= self.requests:
            raise LimitReached(f"{self.requests} requests were made, and no more are allowed", "request limit")
        if self.tokens is not None and progress.tokens_in + progress.tokens_out >= self.tokens:
            raise LimitReached(f"{self.tokens} tokens were spent, and no more are allowed", "token limit")

    def check_episode(self, tokens: int) -> None:
        """Raise LimitReached when an episode has spent what it may."""
        if self.episode_tokens is not None and tokens >= self.episode_tokens:
            raise LimitReached(f"the episode has spent {tokens} tokens, and no more are allowed", "episode token limit")


@dataclass(slots=True)
class Progress:
    """Running totals, read by whoever shows them."""

    episodes: int = 0
    started: int = 0
    done: int = 0
    unfinished: int = 0
    turns: int = 0
    requests: int = 0
    retries: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    in_flight: int = 0
    peak_in_flight: int = 0
    seconds: float = 0.0


class Observer:
    """Hears of what happens; never blocks. Override what you need."""

    def record(self, key: EpisodeKey, index: int, events: list[Event]) -> None:
        """New events of an episode, the first of them its number `index`."""

    def request(self, key: EpisodeKey, agent: str, view: View, message: Message) -> None:
        """A turn was answered."""

    def started(self, episode: Episode) -> None:
        """An episode begins or goes on."""

    def finished(self, episode: Episode, result: Result) -> None:
        """An episode has ended or is given up for now."""


class Keeper(Observer):
    """Keeps the results in memory."""

    def __init__(self) -> None:
        self.results: dict[EpisodeKey, Result] = {}

    def finished(self, episode: Episode, result: Result) -> None:
        """One more result."""
        self.results[episode.key] = result


@dataclass(slots=True)
class TurnGate:
    """Lets `width` turns through at once; who waits is let in by episode, the first started first."""

    width: int
    free: int = field(init=False)
    _waiting: list[tuple[int, int, asyncio.Future[None]]] = field(default_factory=list)
    _tickets: count[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.free = self.width

    async def enter(self, order: int) -> None:
        """Wait for a place."""
        if self.free > 0:
            self.free -= 1
            return
        ready = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (order, next(self._tickets), ready))
        try:
            await ready
        except asyncio.CancelledError:
            if ready.done() and not ready.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        """Let a place go."""
        while self._waiting:
            ready = heapq.heappop(self._waiting)[2]
            if not ready.done():
                ready.set_result(None)
                return
        self.free += 1


@dataclass(slots=True)
class Lane:
    """Episodes whose casts share the same agents, and the workers that play them.

    As many episodes are being played as the lane is wide, besides those whose turn is backing off.
    """

    episodes: deque[Episode]
    width: int
    workers: int = 0
    aside: int = 0

    @property
    def room(self) -> int:
        """How many more workers it may have."""
        return min(self.width + self.aside - self.workers, len(self.episodes))


class Scheduler:
    """Plays episodes, many at once. `width`: turns in flight of each agent; None: what the agent itself can take."""

    def __init__(self, observer: Observer, width: int | None = None, limits: Limits | None = None) -> None:
        self.progress = Progress()
        self._limits = limits or Limits()
        self._tokens: Counter[EpisodeKey] = Counter()  # of the episodes that are being played
        self._observer = observer
        self._width = width
        self._gates: dict[Agent, TurnGate] = {}
        self._requesting = 0  # requests in flight
        self._order = count()
        self._group: asyncio.TaskGroup | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopped = False

    async def play(self, episodes: Sequence[Episode]) -> None:
        """Play all of them. Raises ArenaError, AgentError and StoreError, and EngineError where no episode could
        go on.
        """
        loop = asyncio.get_running_loop()
        begun, before = loop.time(), self.progress.seconds
        self.progress.episodes += len(episodes)
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                for lane in self._lanes(episodes):
                    self.fill(lane)
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        finally:
            self._group = None
            self.progress.seconds = before + loop.time() - begun

    def stop(self) -> None:
        """Leave every episode where it is; `play` then returns. What was played stays recorded."""
        self._stopped = True
        for task in list(self._tasks):
            task.cancel()

    def _lanes(self, episodes: Iterable[Episode]) -> list[Lane]:
        lanes: dict[frozenset[Agent], Lane] = {}
        for episode in episodes:
            agents = frozenset(episode.cast.agents)
            lane = lanes.get(agents) or lanes.setdefault(agents, Lane(deque(), self._lane_width(episode.cast)))
            lane.episodes.append(episode)
        return list(lanes.values())

    def fill(self, lane: Lane) -> None:
        """Start as many workers as there is room for."""
        if self._group is None or self._stopped:
            return
        for _ in range(lane.room):
            lane.workers += 1
            task = self._group.create_task(self._work(lane))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _lane_width(self, cast: Cast) -> int:
        """Enough started episodes to keep every agent of the cast busy."""
        return sum(self._agent_width(agent) for agent in cast.agents)

    def _agent_width(self, agent: Agent) -> int:
        return self._width or agent.width or UNLIMITED

    async def _work(self, lane: Lane) -> None:
        """Play one episode after another, until there are no more or too many workers."""
        try:
            while lane.episodes and not self._stopped and lane.workers <= lane.width + lane.aside:
                await self._episode(lane.episodes.popleft(), lane)
        finally:
            lane.workers -= 1

    async def _episode(self, episode: Episode, lane: Lane) -> None:
        order = next(self._order)
        drive = episode.drive()
        self.progress.started += 1
        self._observer.started(episode)
        moderator = Moderator(drive, episode.cast, lambda agent: Pass(self, agent, order, episode.key, lane), self)
        try:
            outcome = await self._in_time(moderator)
        except (Unauthorized, UnknownModel, ArenaError):
            raise
        except (EngineError, LimitReached) as error:
            self.progress.unfinished += 1
            self._end(episode, Result(episode.key, drive.transcript, None, error.cause, str(error)))
        else:
            self.progress.done += 1
            self._end(episode, Result(episode.key, drive.transcript, outcome))
        finally:
            drive.close()
            self._tokens.pop(episode.key, None)

    async def _in_time(self, moderator: Moderator) -> Outcome:
        """Run an episode, as long as it may last."""
        seconds = self._limits.episode_seconds
        if seconds is None:
            return await moderator.run()
        try:
            async with asyncio.timeout(seconds) as deadline:
                return await moderator.run()
        except TimeoutError:
            if not deadline.expired():
                raise
            raise LimitReached(f"the episode was not over after {seconds:g} s", "deadline") from None

    def _end(self, episode: Episode, result: Result) -> None:
        self.progress.started -= 1
        self._observer.finished(episode, result)

    def gate(self, agent: Agent) -> TurnGate:
        """The gate that all turns of an agent go through."""
        return self._gates.get(agent) or self._gates.setdefault(agent, TurnGate(self._agent_width(agent)))

    def check_limits(self, key: EpisodeKey) -> None:
        """Raise LimitReached when no more requests may be made, by all or by this episode."""
        self._limits.check(self.progress, self._requesting)
        self._limits.check_episode(self._tokens[key])

    def in_flight(self, agent: Agent, more: int) -> None:
        """Count turns that begin or end."""
        self._requesting += more * agent.requests
        self.progress.in_flight += more
        self.progress.peak_in_flight = max(self.progress.peak_in_flight, self.progress.in_flight)

    def record(self, key: EpisodeKey, index: int, events: list[Event]) -> None:
        """Pass new events on."""
        self._observer.record(key, index, events)

    def request(self, key: EpisodeKey, agent: str, view: View, message: Message) -> None:
        """Count a turn and pass it on."""
        self.progress.turns += 1
        if usage := message.usage:
            self.progress.requests += 1
            self.progress.retries += usage.retries
            self.progress.tokens_in += usage.tokens_in
            self.progress.tokens_out += usage.tokens_out
            self.progress.tokens_cached += usage.tokens_cached
            self._tokens[key] += usage.tokens_in + usage.tokens_out
        self._observer.request(key, agent, view, message)


@dataclass(slots=True)
class Pass:
    """A turn on its way through its agent's gate; while it backs off, another may pass in its place."""

    scheduler: Scheduler
    agent: Agent
    order: int
    key: EpisodeKey
    lane: Lane
    _gate: TurnGate = field(init=False)
    _token: Token[Callable[[], AbstractAsyncContextManager[None]]] | None = None

    def __post_init__(self) -> None:
        self._gate = self.scheduler.gate(self.agent)

    async def __aenter__(self) -> None:
        await self._gate.enter(self.order)
        if self.agent.requests:
            try:
                self.scheduler.check_limits(self.key)
            except BaseException:
                self._gate.leave()
                raise
            self._token = stepping_aside.set(self._aside)
        self.scheduler.in_flight(self.agent, 1)

    async def __aexit__(self, *_: object) -> None:
        if self._token:
            stepping_aside.reset(self._token)
        self.scheduler.in_flight(self.agent, -1)
        self._gate.leave()

    @asynccontextmanager
    async def _aside(self) -> AsyncIterator[None]:
        """Give the place away, and get one again; who is cancelled meanwhile does not queue for it."""
        self.scheduler.in_flight(self.agent, -1)
        self.lane.aside += 1
        self._gate.leave()
        self.scheduler.fill(self.lane)
        try:
            yield
            await self._gate.enter(self.order)
        except BaseException:
            self._gate.free -= 1  # __aexit__ lets it go
            raise
        finally:
            self.lane.aside -= 1
            self.scheduler.in_flight(self.agent, 1)
