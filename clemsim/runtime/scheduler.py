"""The scheduler: plays episodes, many at once.

Episodes whose casts share the same agents form a lane; every lane has a number of workers, each of which plays one
episode at a time to its end, so that started episodes are finished before new ones begin. Every agent has a gate that
lets so many turns through at once, the longest-running episode first. Nothing waits for a round to be complete.

As many episodes are under way as keep every agent of the lane busy, but no more than the server's KV cache can hold the
conversations of, where the server tells its size: half-played games would throw each other out of it.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack, suppress
from itertools import count

from clemsim.errors import ArenaError, EngineError, LimitReached, Unauthorized, UnknownModel
from clemsim.game.instances import EpisodeKey
from clemsim.game.outcomes import Outcome
from clemsim.runtime.agent import Agent
from clemsim.runtime.episode import Episode, Result
from clemsim.runtime.episode_host import EpisodeHost
from clemsim.runtime.episode_queue import EpisodeQueue
from clemsim.runtime.estimates import EpisodeEstimates
from clemsim.runtime.limits import Limits
from clemsim.runtime.moderator import Moderator
from clemsim.runtime.observer import Observer
from clemsim.runtime.progress import Progress
from clemsim.runtime.shared_state import Lane, SchedulerState
from clemsim.runtime.turn_gate import TurnGate
from clemsim.runtime.width_controller import WidthController

UNLIMITED = 1024  # started episodes of a cast whose agents set no limit themselves
FEW = 8  # the same for who plays in order: the run may end before the last of them, and what has begun is played
ENDING = 4  # times as many episodes as are played at once are the last ones, and may all begin
KV_SHARE = 0.9  # of a server's KV cache that started episodes may fill


class Scheduler:
    """Plays episodes. `width`: turns in flight of each agent; None: what each agent can take, found while playing."""

    def __init__(
        self,
        observer: Observer,
        width: int | None = None,
        limits: Limits | None = None,
        *,
        admission: bool = True,
        depth_first: bool = True,
        in_order: bool = False,
    ) -> None:
        """With `in_order` episodes begin as they are given. Without `admission` every episode is started at once, and if
        not `depth_first` whoever asked first is let in first: how it must not be, for comparison.
        """
        self._floor = SchedulerState(observer, limits or Limits(), self.fill, depth_first)
        self._admission = admission
        self._in_order = in_order
        self._width = width
        self._lanes: list[Lane] = []
        self._order = count()
        self._group: asyncio.TaskGroup | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopped = False

    @property
    def progress(self) -> Progress:
        """Running totals."""
        return self._floor.progress

    async def play(self, episodes: Sequence[Episode]) -> None:
        """Play all of them. Raises ArenaError, AgentError and StoreError, and EngineError where no episode could
        go on.
        """
        loop = asyncio.get_running_loop()
        begun, before = loop.time(), self.progress.seconds
        self.progress.episodes += len(episodes)
        self._lanes = self._make_lanes(episodes)
        try:
            async with AsyncExitStack() as stack:
                for steersman in self._floor.steersmen.values():
                    stack.push_async_callback(_end, asyncio.create_task(self._steer(steersman)))
                async with asyncio.TaskGroup() as group:
                    self._group = group
                    self.fill()
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        finally:
            self._group = None
            self.progress.seconds = before + loop.time() - begun

    def stop(self) -> None:
        """Leave every episode where it is; `play` then returns. What was played stays recorded."""
        self.finish()
        for task in list(self._tasks):
            task.cancel()

    def finish(self) -> None:
        """Begin no more episodes; `play` returns when those under way are over."""
        self._stopped = True

    def left(self) -> list[EpisodeKey]:
        """Take the episodes away that have not begun."""
        return [lane.waiting.next(ending=False).key for lane in self._lanes for _ in range(len(lane.waiting))]

    def costs(self) -> list[dict[str, float]]:
        """Nothing: all is done in this process."""
        return []

    def set_width(self, width: int | None) -> None:
        """Change the width of every agent while the run goes on; None: find it."""
        self._width = width
        for agent, gate in self._floor.gates.items():
            if agent in self._floor.steersmen:
                self._floor.steersmen[agent].fix(width)
            elif width is not None:
                gate.resize(width)
        self.fill()

    def fill(self) -> None:
        """Start as many workers as there is room for."""
        if self._group is None or self._stopped:
            return
        for lane in self._lanes:
            for _ in range(self._room(lane)):
                lane.workers += 1
                task = self._group.create_task(self._work(lane))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def _make_lanes(self, episodes: Iterable[Episode]) -> list[Lane]:
        lanes: dict[frozenset[Agent], list[Episode]] = {}
        for episode in episodes:
            lanes.setdefault(frozenset(episode.cast.agents), []).append(episode)
        for agent in dict.fromkeys(agent for agents in lanes for agent in agents):
            self._floor.gates.setdefault(
                agent, TurnGate(self._width or agent.width or (FEW if self._in_order else UNLIMITED))
            )
            if agent.adaptive and agent not in self._floor.steersmen:
                self._floor.steersmen[agent] = self._steersman(agent)
        return [self._lane(some) for some in lanes.values()]

    def _lane(self, episodes: list[Episode]) -> Lane:
        expecting = EpisodeEstimates()
        return Lane(episodes[0].cast.agents, EpisodeQueue(episodes, expecting, in_order=self._in_order), expecting)

    def _steersman(self, agent: Agent) -> WidthController:
        def started() -> int:
            return sum(lane.workers for lane in self._lanes if agent in lane.agents)

        return WidthController(agent, self._floor.gates[agent], self._floor.observer, started, self._width)

    async def _steer(self, steersman: WidthController) -> None:
        """Steer, and let episodes begin where that made room."""
        async for _ in steersman.readings():
            self.fill()

    def _room(self, lane: Lane) -> int:
        """How many more workers a lane may have."""
        return max(0, min(self._wide(lane) + lane.aside - lane.workers, len(lane.waiting)))

    def _wide(self, lane: Lane) -> int:
        """Enough started episodes to keep every agent of the cast busy, and no more than fit the servers' caches."""
        if not self._admission:
            return lane.workers + len(lane.waiting)
        wide = sum(self._floor.gates[agent].width for agent in lane.agents)
        if not self._in_order and lane.expecting.turns.count and len(lane.waiting) <= ENDING * wide:
            wide *= 1 + ENDING
        return min(wide, self._fitting(lane))

    def _ending(self, lane: Lane) -> bool:
        """Whether the last episodes of a lane begin."""
        return len(lane.waiting) < self._wide(lane)

    def _fitting(self, lane: Lane) -> int:
        """How many episodes' conversations the servers' KV caches hold."""
        room, tokens = self._holding(lane), lane.expecting.tokens.value
        return max(1, int(KV_SHARE * room / tokens)) if room and tokens else sys.maxsize

    def _holding(self, lane: Lane) -> int:
        """Tokens that the KV caches of a lane's servers hold; 0: they don't say."""
        steersmen = [self._floor.steersmen.get(agent) for agent in lane.agents]
        return sum(each.load.kv_tokens for each in steersmen if each and each.load)

    async def _work(self, lane: Lane) -> None:
        """Play one episode after another, until there are no more or too many workers."""
        try:
            while len(lane.waiting) and not self._stopped and lane.workers <= self._wide(lane) + lane.aside:
                await self._episode(lane.waiting.next(ending=self._ending(lane)), lane)
                self._close(lane)
        finally:
            lane.workers -= 1

    def _close(self, lane: Lane) -> None:
        """Once the last episodes of a lane have begun, and all fit the caches, those with most turns left go first."""
        if not lane.closing and not len(lane.waiting) and lane.workers <= self._fitting(lane):
            lane.closing = True
            for agent in lane.agents:
                self._floor.gates[agent].resort()

    async def _episode(self, episode: Episode, lane: Lane) -> None:
        drive = episode.drive()
        self.progress.started += 1
        self._floor.observer.started(episode)
        underway = EpisodeHost(self._floor, episode, lane, next(self._order))
        try:
            outcome = await self._in_time(Moderator(drive, episode.cast, underway))
        except (Unauthorized, UnknownModel, ArenaError):
            raise
        except (EngineError, LimitReached) as error:
            self.progress.unfinished += 1
            self._end(episode, Result(episode.key, drive.transcript, None, error.cause, str(error)))
        else:
            self.progress.done += 1
            lane.expecting.learn(episode.group, underway.turns, underway.context)
            self._end(episode, Result(episode.key, drive.transcript, outcome))
        finally:
            drive.close()

    async def _in_time(self, moderator: Moderator) -> Outcome:
        """Run an episode, as long as it may last."""
        seconds = self._floor.limits.episode_seconds
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
        self._floor.observer.finished(episode, result)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
