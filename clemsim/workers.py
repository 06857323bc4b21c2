"""Many processes, on one machine or many: episodes are spread over Ray actors (extra `ray`).

Every worker plays its share with a scheduler of its own and passes on what is to be taken down; one process writes the
store and shows the progress. A worker that is lost costs nothing but time: another one goes on with its episodes, from the
last turn that was taken down.
"""

from __future__ import annotations

import asyncio
import gc
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any
from urllib.parse import urlsplit

from clemsim.agent import View
from clemsim.errors import ClemsimError, UsageError
from clemsim.events import Event
from clemsim.folder import RunConfig
from clemsim.instances import EpisodeKey
from clemsim.loads import Steering
from clemsim.messages import Message
from clemsim.monitor import Facts, Monitor
from clemsim.outcomes import Outcome
from clemsim.preparing import opened, prepare
from clemsim.scheduling.episodes import Episode, Progress
from clemsim.scheduling.limits import Limits
from clemsim.scheduling.scheduler import Scheduler
from clemsim.scribe import Scribe, Tally
from clemsim.store import RunStore, Scores

GATHER = 0.05  # seconds for which a worker gathers what it has to say
REACH = 5.0  # seconds
LIVES = 5  # workers that may be lost for one share of the episodes
_NOTHING = Message("", "")

Past = Mapping[EpisodeKey, Sequence[Event]]
Call = tuple[str, tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Workers:
    """How many, and where: the address of a Ray cluster, or None for this machine."""

    count: int
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What a worker has to say since it was last asked."""

    calls: list[Call]  # of the store's methods
    progress: Progress
    cost: Facts
    over: bool
    error: ClemsimError | None


@dataclass(slots=True)
class Relay:
    """Stands for the run's store in a worker: keeps what is to be written until it is asked for."""

    calls: list[Call] = field(default_factory=list)

    def record(self, key: EpisodeKey, index: int, events: Sequence[Event]) -> None:
        """Pass it on."""
        self.calls.append(("record", (key, index, list(events))))

    def request(self, key: EpisodeKey, agent: str, view: View, message: Message, prefix: int) -> None:
        """Pass it on, without what the seat has seen and what it said, which are in the events."""
        empty = View(view.key, view.seat, view.turn, view.seed, None, (), 0, _NOTHING)
        self.calls.append(("request", (key, agent, empty, replace(message, content="", reasoning=""), prefix)))

    def steered(self, steering: Steering) -> None:
        """Pass it on."""
        self.calls.append(("steered", (steering,)))

    def started(self, key: EpisodeKey) -> None:
        """Pass it on."""
        self.calls.append(("started", (key,)))

    def unfinished(self, key: EpisodeKey, cause: str, detail: str) -> None:
        """Pass it on."""
        self.calls.append(("unfinished", (key, cause, detail)))

    def ended(self, key: EpisodeKey, outcome: Outcome, scores: Scores, rounds: Sequence[Scores]) -> None:
        """Pass it on."""
        self.calls.append(("ended", (key, outcome, dict(scores), [dict(each) for each in rounds])))


class Worker:
    """Plays a share of a run; lives in a process of its own."""

    def __init__(self, config: RunConfig, past: Past, limits: Limits | None) -> None:
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        self._prepared = prepare(config)
        self._past = past
        self._relay = Relay()
        scribe = Scribe(self._relay, self._prepared.arenas, Tally())
        self._scheduler = Scheduler(scribe, config.width, limits)
        self._monitor = Monitor()
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Start playing."""
        self._task = asyncio.create_task(self._play())

    async def _play(self) -> None:
        watching = asyncio.create_task(self._monitor.watch())
        try:
            async with opened(self._prepared.agents):
                await self._scheduler.play([each for each in self._prepared.episodes(self._past) if each.key in self._past])
        finally:
            watching.cancel()

    async def drain(self) -> Batch:
        """What there is to take down."""
        task = self._task
        assert task
        await asyncio.wait({task}, timeout=GATHER)
        over = task.done()
        calls, self._relay.calls = self._relay.calls, []
        error = task.exception() if over else None
        if error is not None and not isinstance(error, ClemsimError):
            raise error
        return Batch(calls, self._scheduler.progress, self._monitor.facts(), over, error)

    async def stop(self) -> None:
        """Leave every episode where it is."""
        self._scheduler.stop()

    async def set_width(self, width: int | None) -> None:
        """Change the width of every agent."""
        self._scheduler.set_width(width)


class Crew:
    """All workers of a run, seen as one player. Limits and a width that is given are shared out among them."""

    def __init__(
        self, config: RunConfig, past: Past, store: RunStore, tally: Tally, limits: Limits | None, workers: Workers
    ) -> None:
        check_ray()
        if any(spec.rpartition("=")[2] == "human" for spec in config.agents):
            raise UsageError("a person can't play through --workers: leave it out")
        self.progress = Progress()
        self._config = config
        self._past = {key: list(events) for key, events in past.items()}
        self._store = store
        self._tally = tally
        self._limits = limits
        self._workers = workers
        self._count = min(workers.count, len(past), config.width or len(past))
        self._shares: list[Share] = []
        self._stopped = False

    async def play(self, episodes: Sequence[Episode]) -> None:
        """Play all of them. Raises UsageError where there is no Ray to be reached, and what a worker raised."""
        self.progress.episodes += len(episodes)
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await asyncio.to_thread(_connect, self._workers)
        try:
            # every other episode of each experiment goes to another worker, so that all are done at about the same time
            self._shares = [Share(self, number, episodes[number :: self._count]) for number in range(self._count)]
            async with asyncio.TaskGroup() as group:
                for share in self._shares:
                    group.create_task(share.play())
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        finally:
            await asyncio.to_thread(_disconnect)
            self.progress.seconds += loop.time() - begun

    def stop(self) -> None:
        """Leave every episode where it is."""
        self._stopped = True
        for share in self._shares:
            share.tell("stop")

    def set_width(self, width: int | None) -> None:
        """Change the width of every agent; what workers share of it is at least 1."""
        for share in self._shares:
            share.tell("set_width", _part(width, self._count, share.number))

    def costs(self) -> list[Facts]:
        """Of each worker."""
        return [share.cost for share in self._shares if share.cost]

    @property
    def stopped(self) -> bool:
        """Whether nothing more is to be played."""
        return self._stopped

    def config(self, number: int) -> RunConfig:
        """What a worker is told."""
        return self._config.model_copy(update={"width": _part(self._config.width, self._count, number)})

    def limits(self, number: int) -> Limits | None:
        """A worker's part of what may be spent."""
        if self._limits is None:
            return None
        requests, tokens = (_part(each, self._count, number) for each in (self._limits.requests, self._limits.tokens))
        return replace(self._limits, requests=requests, tokens=tokens)

    def past(self, keys: Sequence[EpisodeKey]) -> Past:
        """What has been played of these episodes so far."""
        return {key: self._past[key] for key in keys}

    def take(self, batch: Batch) -> None:
        """Take down what a worker has played."""
        for name, arguments in batch.calls:
            if name == "record":
                self._remember(*arguments)
            elif name == "ended":
                self._tally.add(arguments[0], arguments[1])
                self._past.pop(arguments[0], None)
            getattr(self._store, name)(*arguments)
        self._count_up()

    def give_up(self, key: EpisodeKey) -> None:
        """No worker brought it to its end."""
        self.progress.unfinished += 1
        self._store.unfinished(key, "worker lost", f"{LIVES} workers were lost that played it")

    def _remember(self, key: EpisodeKey, index: int, events: Sequence[Event]) -> None:
        self._past[key][index:] = events

    def _count_up(self) -> None:
        """Progress of all workers together, those that were lost included."""
        every = [progress for share in self._shares for progress in share.progress]
        given_up = sum(share.given_up for share in self._shares)
        for each in fields(Progress):
            if each.name not in ("episodes", "seconds", "peak_in_flight"):
                setattr(self.progress, each.name, sum(getattr(progress, each.name) for progress in every))
        self.progress.unfinished += given_up
        peaks = [each.peak_in_flight for each in every]
        self.progress.peak_in_flight = max(self.progress.peak_in_flight, self.progress.in_flight, *peaks)


class Share:
    """Some episodes of the run and whoever plays them now."""

    def __init__(self, crew: Crew, number: int, episodes: Sequence[Episode]) -> None:
        self.number = number
        self.progress: list[Progress] = []  # of each worker it has had
        self.cost: Facts = {}
        self.given_up = 0
        self._crew = crew
        self._left = {episode.key: None for episode in episodes}
        self._actor: Any = None

    async def play(self) -> None:
        """Play them, by one worker after another if need be."""
        from ray.exceptions import RayActorError  # noqa: PLC0415 (an extra)

        for _ in range(LIVES):
            if self._crew.stopped or not self._left:
                return
            try:
                await self._by_one()
            except RayActorError:
                self._lost()
            else:
                return
        self.given_up = len(self._left)
        for key in self._left:
            self._crew.give_up(key)

    async def _by_one(self) -> None:
        crew = self._crew
        make = await asyncio.to_thread(_maker)
        self._actor = actor = make(crew.config(self.number), crew.past(list(self._left)), crew.limits(self.number))
        self.progress.append(Progress())
        try:
            await actor.begin.remote()
            over = False
            while not over:
                batch = await actor.drain.remote()
                self._took(batch)
                over = batch.over
            if batch.error:
                raise batch.error
        finally:
            self._actor = None

    def _took(self, batch: Batch) -> None:
        for name, arguments in batch.calls:
            if name in ("ended", "unfinished"):
                self._left.pop(arguments[0], None)
        self.progress[-1], self.cost = batch.progress, batch.cost
        self._crew.take(batch)

    def _lost(self) -> None:
        """What was under way is under way no more."""
        self._actor = None
        self.progress[-1].in_flight = self.progress[-1].started = 0

    def tell(self, method: str, *arguments: object) -> None:
        """Call a method of the worker, if there is one."""
        if self._actor:
            getattr(self._actor, method).remote(*arguments)


def _part(whole: int | None, count: int, number: int) -> int | None:
    """What the worker of this number gets of something that is shared out."""
    return None if whole is None else max(1, whole // count + (number < whole % count))


def check_ray() -> None:
    """Raise UsageError where Ray is not installed."""
    try:
        import ray  # noqa: F401, PLC0415 (an extra)
    except ImportError as error:
        raise UsageError("--workers and --ray need the extra `ray`: pip install 'clemsim[ray]'") from error


def _connect(workers: Workers) -> None:
    """Start Ray here, on the loopback address, or join a cluster. Raises UsageError."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    import ray  # noqa: PLC0415

    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        if workers.address:
            _reach(workers.address)
            ray.init(address=workers.address, **quiet)
        else:
            ray.init(num_cpus=workers.count, include_dashboard=False, _node_ip_address="127.0.0.1", **quiet)
    except (OSError, RuntimeError, ValueError) as error:
        where = workers.address or "this machine"
        hint = "start one with `ray start --head`, correct --ray, or set RAY_AUTH_MODE=token where it asks for its token"
        raise UsageError(f"no Ray at {where}: {hint} ({error})") from error


def _reach(address: str) -> None:
    """Raise OSError where nobody listens: Ray itself would wait for ever."""
    parts = urlsplit(address if "//" in address else f"//{address}")
    if parts.hostname and parts.port:
        socket.create_connection((parts.hostname, parts.port), REACH).close()


def _disconnect() -> None:
    import ray  # noqa: PLC0415

    ray.shutdown()


def _maker() -> Callable[..., Any]:
    """Makes workers."""
    import ray  # noqa: PLC0415

    make: Callable[..., Any] = ray.remote(num_cpus=1)(Worker).remote
    return make
