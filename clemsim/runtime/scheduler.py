"""The scheduler: plays episodes, many at once.

Episodes whose casts share the same agents form a lane. Every lane has a number of workers, each of which plays one
episode at a time to its end, so that started episodes are finished before new ones begin. Every server has a gate that
lets a number of turns of all its agents through at once, those of the longest-running episode of each agent first. No
turn waits for a round to be complete.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Hashable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from itertools import count
from types import FrameType

from clemsim._util.author_frames import describe_frames
from clemsim._util.tasks import leading_error, run_in_background
from clemsim.errors import ArenaError, EngineError, LimitReached, ParserError, Unauthorized, UnknownModel
from clemsim.game.driver import EpisodeDriver
from clemsim.game.instances import EpisodeKey
from clemsim.game.outcomes import Outcome
from clemsim.runtime.admission import Admission
from clemsim.runtime.agent import Agent
from clemsim.runtime.episode import Episode, Result
from clemsim.runtime.episode_host import EpisodeHost
from clemsim.runtime.episode_queue import EpisodeQueue
from clemsim.runtime.estimates import EpisodeEstimates
from clemsim.runtime.limits import Limits
from clemsim.runtime.moderator import Moderator
from clemsim.runtime.observer import Observer
from clemsim.runtime.progress import Progress
from clemsim.runtime.shared_server import SharedServer
from clemsim.runtime.shared_state import Lane, SchedulerState
from clemsim.runtime.turn_gate import ServerGate, TurnGate
from clemsim.runtime.watchdog import SlowSteps, Watchdog
from clemsim.runtime.width_controller import WidthController

UNLIMITED = 1024  # started episodes of a cast whose agents set no limit themselves
FEW = 8  # the same for a run in order, which may end before the last episodes, while those that have begun are played


class Scheduler:
    """Plays episodes. `width`: turns in flight of each agent; None: what each server can take, found while playing."""

    def __init__(
        self,
        observer: Observer,
        width: int | None = None,
        limits: Limits | None = None,
        *,
        admission: bool = True,
        depth_first: bool = True,
        in_order: bool = False,
        most: int = sys.maxsize,
    ) -> None:
        """No agent gets a width above `most`. With `in_order` episodes begin as they are given. For comparison only: without
        `admission` every episode starts at once, and without `depth_first` turns enter the gate in the order in which they
        ask.
        """
        self.slow_steps = SlowSteps()
        self._state = SchedulerState(observer, limits or Limits(), self.fill, depth_first)
        self._admits_few = admission
        self._in_order = in_order
        self._width = width
        self._most = most
        self._lanes: list[Lane] = []
        self._servers: dict[Hashable, SharedServer] = {}  # by the key of their backend
        self._admission = Admission(self._state, [], in_order=in_order)
        self._order = count()
        self._group: asyncio.TaskGroup | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopped = False

    @property
    def progress(self) -> Progress:
        """Running totals."""
        return self._state.progress

    async def play(self, episodes: Sequence[Episode]) -> None:
        """Play all episodes. Raises ArenaError, AgentError and StoreError, and EngineError where no episode could go on;
        of several errors the message tells all.
        """
        loop = asyncio.get_running_loop()
        begun, before = loop.time(), self.progress.seconds
        self.progress.episodes += len(episodes)
        self._state.refusals.expect(episodes)
        self._lanes = self._make_lanes(episodes)
        try:
            async with AsyncExitStack() as stack:
                stack.enter_context(Watchdog(self.slow_steps, self._plays).watching())
                for controller in dict.fromkeys(self._state.controllers.values()):
                    await stack.enter_async_context(run_in_background(self._control(controller)))
                async with asyncio.TaskGroup() as group:
                    self._group = group
                    self.fill(now=True)
        except BaseExceptionGroup as errors:
            error = leading_error(errors)
            raise error from error.__cause__
        finally:
            self._group = None
            self.progress.seconds = before + loop.time() - begun

    def stop(self) -> str:
        """Leave every episode where it is; `play` then returns. What was played is recorded. Return what is waited for."""
        self.finish()
        waited = waiting_for({agent.name: gate.inside for agent, gate in self._state.gates.items()})
        for task in list(self._tasks):
            task.cancel()
        return waited

    def finish(self) -> None:
        """Begin no more episodes; `play` returns when those under way have ended."""
        self._stopped = True

    def take_waiting(self) -> list[EpisodeKey]:
        """Take the episodes away that have not begun, and return their keys."""
        keys = []
        for lane in self._lanes:
            self._count_left(lane, -len(lane.queue))
            keys += [lane.queue.next(ending=False).key for _ in range(len(lane.queue))]
        return keys

    def look_at_servers(self) -> None:
        """Note in the progress which servers are waited for."""
        self.progress.waiting = tuple(dict.fromkeys(agent.waiting for agent in self._state.gates if agent.waiting))
        self.progress.notices = tuple(dict.fromkeys(line for agent in self._state.gates for line in agent.notices))

    def worker_costs(self) -> list[dict[str, float]]:
        """Return the costs of other processes: none, for all is done in this one."""
        return []

    def set_width(self, width: int | None) -> None:
        """Change the width of every agent while the run goes on; None: find it."""
        self._width = width
        for server in self._servers.values():
            server.limit(width, self._most)
        self.fill(now=True)

    def fill(self, *, now: bool = False) -> None:
        """Start as many workers as there is room for; `now`: as there is at this moment, and not as of late."""
        if self._group is None or self._stopped:
            return
        self._admission.allot(now=now)
        for lane in self._lanes:
            for _ in range(min(lane.most + lane.backing_off - lane.workers, len(lane.queue))):
                lane.workers += 1
                task = self._group.create_task(self._work(lane))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def _make_lanes(self, episodes: Iterable[Episode]) -> list[Lane]:
        by_agents: dict[frozenset[Agent], list[Episode]] = {}
        for episode in episodes:
            by_agents.setdefault(frozenset(episode.cast.agents), []).append(episode)
        for agent in dict.fromkeys(agent for agents in by_agents for agent in agents):
            if agent not in self._state.gates:
                self._join_server(agent)
        for server in self._servers.values():
            self._set_up(server)
        lanes = [self._make_lane(lane_episodes) for lane_episodes in by_agents.values()]
        for gate in self._state.gates.values():
            gate.left = 0
        for lane in lanes:
            self._count_left(lane, len(lane.queue))
        self._admission = Admission(self._state, lanes, in_order=self._in_order, limited=self._admits_few)
        return lanes

    def _make_lane(self, episodes: list[Episode]) -> Lane:
        estimates = EpisodeEstimates()
        return Lane(episodes[0].cast.agents, EpisodeQueue(episodes, estimates, in_order=self._in_order), estimates)

    def _join_server(self, agent: Agent) -> None:
        """Give an agent its gate at its server."""
        key, name = agent.backend
        server = self._servers.setdefault(key, SharedServer(ServerGate(0, name)))
        self._state.gates[agent] = server.agents[agent] = TurnGate(server.gate)

    def _set_up(self, server: SharedServer) -> None:
        """Set the width of a server, and control it where it can be found."""
        server.begin(self._width, self._most, FEW if self._in_order else UNLIMITED)
        if server.controller is None and server.adaptive:
            fixed = server.cap(self._width, self._most)
            server.controller = WidthController(server.agents, server.gate, self._state.observer, self._started, fixed)
        if server.controller:
            self._state.controllers |= dict.fromkeys(server.agents, server.controller)

    def _started(self, agent: Agent) -> int:
        return sum(lane.workers for lane in self._lanes if agent in lane.agents)

    async def _control(self, controller: WidthController) -> None:
        """Control the width, and let episodes begin where that made room."""
        async for _ in controller.readings():
            self.fill(now=True)

    async def _work(self, lane: Lane) -> None:
        """Play one episode after another, until there are no more or too many workers."""
        try:
            self._admission.allot()
            while len(lane.queue) and not self._stopped and lane.workers <= lane.most + lane.backing_off:
                await self._play_episode(lane.queue.next(ending=len(lane.queue) < lane.most), lane)
                self._count_left(lane, -1)
                self.fill()
                self._close(lane)
        except BaseException:
            self._group = None  # it is shutting down
            raise
        finally:
            lane.workers -= 1
        if len(self._lanes) > 1:
            self.fill(now=not any(each.workers for each in self._lanes))  # the last one leaves nobody waiting

    def _count_left(self, lane: Lane, more: int) -> None:
        """Count so many more episodes that the agents of a lane have to play."""
        for agent in lane.agents:
            self._state.gates[agent].left += more

    def _close(self, lane: Lane) -> None:
        """Let the episodes with most steps left go first, once the last ones have begun and all fit the caches."""
        if not lane.closing and not len(lane.queue) and lane.workers <= lane.most_cached:
            lane.closing = True
            for agent in lane.agents:
                self._state.gates[agent].resort()

    def _plays(self, frame: FrameType) -> bool:
        """Return whether a frame on the stack plays an episode of this scheduler."""
        if frame.f_code is _PLAY_EPISODE:
            return frame.f_locals["self"] is self
        return frame.f_code is _TURN and frame.f_locals["self"].host.state is self._state

    async def _play_episode(self, episode: Episode, lane: Lane) -> None:
        driver = episode.drive()
        self.progress.started += 1
        self._state.observer.started(episode.key)
        try:
            episode, driver = self._gone_on(episode, driver)
            host = EpisodeHost(self._state, episode, lane, next(self._order))
            outcome = await self._run_in_time(Moderator(driver, episode.cast, host))
        except ParserError as error:
            self._leave(episode, driver, error.cause, "\n".join((str(error), *describe_frames(error))))
        except ArenaError:
            raise
        except (EngineError, LimitReached) as error:
            if isinstance(error, Unauthorized | UnknownModel) and not error.alone:
                raise
            self._count_retries(error)
            self._leave(episode, driver, error.cause, str(error))
            if self._state.refusals.verdict:
                raise self._state.refusals.verdict from None
        else:
            self.progress.done += 1
            lane.estimates.learn(episode.group, host.steps, host.context)
            told = outcome.by_seat is not None or outcome.kind == "aborted" or episode.cast.seats
            seated = episode.seated if told else ()
            self._finish(Result(episode.key, driver.transcript, outcome, score=episode.score, seated=seated))
        finally:
            driver.close()

    def _gone_on(self, episode: Episode, driver: EpisodeDriver) -> tuple[Episode, EpisodeDriver]:
        """Return an episode and its driver where its recording ends; one that restarts, at its beginning. Raises
        ArenaError.
        """
        try:
            driver.replay(episode.events)
            if episode.restarts:
                driver.check(episode.events)
        except ParserError:
            raise
        except ArenaError as error:
            if not episode.restarts:
                raise
            driver.close()
            self._state.observer.restarted(episode.key, str(error))
            episode = episode.after(())
            return episode, episode.drive()
        return episode, driver

    def _count_retries(self, error: EngineError | LimitReached) -> None:
        if isinstance(error, EngineError):
            self.progress.retries += error.retries
            self.progress.failed_retries += error.retries

    async def _run_in_time(self, moderator: Moderator) -> Outcome:
        """Run an episode, for as long as it may last."""
        seconds = self._state.limits.episode_seconds
        if seconds is None:
            return await moderator.run()
        try:
            async with asyncio.timeout(seconds) as deadline:
                return await moderator.run()
        except TimeoutError:
            if not deadline.expired():
                raise
            raise LimitReached(f"the episode was not over after {seconds:g} s", "deadline") from None

    def _leave(self, episode: Episode, driver: EpisodeDriver, cause: str, detail: str) -> None:
        """Leave an episode unfinished."""
        self.progress.unfinished += 1
        self._finish(Result(episode.key, driver.transcript, None, cause, detail))

    def _finish(self, result: Result) -> None:
        self.progress.started -= 1
        self._state.observer.finished(result)


def waiting_for(replies: Mapping[str, int]) -> str:
    """Return what a stop waits for: the replies under way of each agent, as text."""
    parts = [f"{count} {'reply' if count == 1 else 'replies'} of {name}" for name, count in replies.items() if count]
    return f"waiting for {' and '.join(parts)} to break off" if parts else "no reply is waited for"


_PLAY_EPISODE, _TURN = Scheduler._play_episode.__code__, Moderator._turn.__code__
