"""Plays a study: its runs one after the other or several at a time, in one folder that can be resumed.

A run that fails is named, and the others continue. A server that was started for a run stays up as long as another run
needs it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clemsim._util.files import PRIVATE, PRIVATE_FOLDER, check_new, make_folder, write_toml
from clemsim._util.tasks import leading_error, run_in_background
from clemsim.catalog.agent_settings import without_prices
from clemsim.catalog.agents import kind_of
from clemsim.catalog.kinds import AgentKind
from clemsim.catalog.models import read
from clemsim.catalog.shared_secrets import check_secrets, unencrypted
from clemsim.catalog.trust import Trust
from clemsim.engines.connect import NetworkOptions
from clemsim.engines.vllm_server import ServerPool
from clemsim.errors import AgentError, ArenaError, ClemsimError, UsageError
from clemsim.results.clusters import Point
from clemsim.results.run_summary import RunSummary
from clemsim.runs import run
from clemsim.runs.forecast import RUNS, EarlierTokens, Forecast, earlier_runs, forecast, read_tokens, together, unplayed
from clemsim.runs.manifest import settled
from clemsim.runs.planning import EarlierRun, RunPlan, plan_run
from clemsim.runs.prepare import prepare
from clemsim.runs.session import LiveRun
from clemsim.runtime.progress import Progress
from clemsim.runtime.watchdog import SlowStep, log
from clemsim.store.config import RunConfig
from clemsim.store.folder import CONFIG, LOCK, alone, read_config
from clemsim.study import index
from clemsim.study.plan import MEMBERS, Member, Study, plan

STUDY = "study.toml"
TOTALS = ("turns", "requests", "retries", "failed_retries", "tokens_in", "tokens_out", "tokens_cached", "in_flight", "cost")


@dataclass(slots=True)
class MemberStatus:
    """The status of a member. `summary` and `seconds` are set once it is over; `why`: the reason for which it could not be
    played, or left episodes unfinished.
    """

    member: Member
    episodes: int
    live: LiveRun | None = None
    opening: asyncio.Task[Any] | None = None  # what plays it, while its agents are opened
    forecast: Forecast | None = None  # of the episodes that are left; None: nothing is known of their cost
    over: bool = False
    summary: RunSummary | None = None
    seconds: float = 0.0
    why: str = ""


@dataclass(slots=True)
class StudyRun:
    """A study in progress: its state for a display, and its stop. `on_over` is called with each member that is over,
    `on_slow_step` with each step of a game that holds the event loop for over 5 s.
    """

    folder: Path
    members: list[MemberStatus]
    parallel: int = 1
    network: NetworkOptions = field(default_factory=NetworkOptions)
    trust: Trust = field(default_factory=Trust)
    warnings: Sequence[str] = ()
    stopped: bool = False
    on_over: Callable[[MemberStatus], None] = field(default=lambda status: None)
    on_slow_step: Callable[[SlowStep], None] = log  # called in another thread
    servers: ServerPool = field(default_factory=lambda: ServerPool(keep=True))

    def stop(self) -> str:
        """Stop all runs, and start no other. They can be resumed. Return what is waited for."""
        self.stopped = True
        waited = []
        for status in self.members:
            if status.opening:
                status.opening.cancel()
            elif status.live and not status.over:
                waited.append(status.live.stop())
        return "; ".join(waited) or "no run is under way"

    def progress(self) -> Progress:
        """Return running totals over all members; episodes of earlier sessions count as done."""
        total = Progress(episodes=sum(status.episodes for status in self.members))
        for status in self.members:
            if status.live is None:
                total.done += status.episodes if status.over and status.summary else 0
                continue
            progress = status.live.progress
            total.done += status.episodes - progress.episodes + progress.done
            total.unfinished += progress.unfinished
            for name in TOTALS:
                setattr(total, name, getattr(total, name) + getattr(progress, name))
            total.waiting = (*total.waiting, *(line for line in progress.waiting if line not in total.waiting))
        return total

    def points(self) -> dict[str, list[Point]]:
        """Return the scores so far of the members that are being played, by run."""
        points_by_run: dict[str, list[Point]] = {}
        for status in self.members:
            if status.live and not status.over:
                name = status.member.run.removeprefix(f"{MEMBERS}/")
                for points in status.live.tally.points().values():  # a member has one cast
                    points_by_run[name] = points
        return points_by_run

    @property
    def heading(self) -> str:
        """The number of members that are over, as text."""
        return f"{sum(status.over for status in self.members)} of {len(self.members)} runs over"


StudyWatch = Callable[[StudyRun], Coroutine[Any, Any, None]]


def prepare_members(
    members: Sequence[Member],
    network: NetworkOptions | None = None,
    trust: Trust | None = None,
    folder: Path | None = None,
    like: Path | None = None,
) -> list[MemberStatus]:
    """Check that all that the members name exists and that they share no secret, and count their episodes. `folder`: the one
    of the study, in which, and beside which, earlier runs tell what it will cost; `like`: the run that tells it instead.

    Raises UsageError and BadInstance.
    """
    network, statuses = network or NetworkOptions(), list[MemberStatus]()
    earlier: list[EarlierTokens] | None = None
    for each in members:
        prepared = prepare(each.config, network=network, trust=trust)
        status = MemberStatus(each, len(prepared.episodes))
        if folder and any(agent.priced for agent in prepared.agents):
            earlier = _earlier(folder, like) if earlier is None else earlier
            status.forecast = forecast(unplayed(prepared.episodes, folder / each.run), earlier)
        statuses.append(status)
    if like and earlier is None:
        raise UsageError("--like says what a study will cost: give models a price, price_in = 2, or --dry-run")
    check_secrets(_agents(statuses), network)
    return statuses


def _earlier(folder: Path, like: Path | None) -> list[EarlierTokens]:
    if like is None:
        return list(earlier_runs(folder, RUNS, f"*/{MEMBERS}/*/*"))
    tokens = read_tokens(like)
    return [tokens] if tokens else []


def plan_members(
    members: Sequence[Member], network: NetworkOptions, trust: Trust, like: EarlierRun | None = None
) -> list[tuple[MemberStatus, RunPlan]]:
    """Return each member with the plan of its run, checked as by `prepare_members`; nothing is played. Raises UsageError and
    BadInstance.
    """
    plans = [plan_run(prepare(each.config, network=network, trust=trust), like) for each in members]
    statuses = [MemberStatus(each, run_plan.episodes) for each, run_plan in zip(members, plans, strict=True)]
    check_secrets(_agents(statuses), network)
    return list(zip(statuses, plans, strict=True))


def _agents(members: Sequence[MemberStatus]) -> list[tuple[AgentKind, str]]:
    """Return kind and argument of every agent."""
    return [kind_of(spec) for spec in dict.fromkeys(spec for status in members for spec in status.member.specs)]


def is_study(folder: Path) -> bool:
    """Return whether a study was played into `folder`."""
    return (folder / STUDY).is_file() and (folder / index.INDEX).is_file()


def read_folder(folder: Path) -> Study:
    """Read the study that was played into a folder. Raises UsageError."""
    if not is_study(folder):
        raise UsageError(f"there is no study at {folder}: name a STUDY.toml, or the folder that one was played into")
    return read(folder / STUDY, Study)


async def run_study(
    study: Study,
    folder: Path,
    watch: StudyWatch | None = None,
    parallel: int | None = None,
    network: NetworkOptions | None = None,
    trust: Trust | None = None,
    preflight: Callable[[Forecast | None], None] | None = None,
    like: Path | None = None,
) -> StudyRun:
    """Play a study into a folder that is new or holds this study; episodes that were played there stay.

    `parallel`: the number of runs at a time; None: that of the study. `network`: how servers are reached. `trust`: whose
    code is loaded; None: only what the user has run before. `preflight` is called with what the study will cost by earlier
    runs, or by the run `like`, before the first run begins. Raises UsageError where the folder holds something else, and
    every other ClemsimError that concerns the whole study.
    """
    network, trust = network or NetworkOptions(), trust or Trust(named_by=f"study {study.name}")
    members = prepare_members(plan(study, trust), network, trust, folder if preflight else None, like)
    _check_folder(folder, members)
    make_folder(folder, mode=PRIVATE_FOLDER)
    with alone(folder):
        _check_folder(folder, members)  # another process may have played into it since
        write_toml(folder / STUDY, study.model_dump(exclude_none=True), mode=PRIVATE)
        warnings = unencrypted(_agents(members), network)
        study_run = StudyRun(folder, members, parallel or study.parallel, network, trust, warnings)
        _write_index(study_run)
        if preflight:
            preflight(together([status.forecast for status in members]))
        async with study_run.servers, run_in_background(watch(study_run) if watch else None):
            await _play(study_run)
        return study_run


async def _play(study_run: StudyRun) -> None:
    gate = asyncio.Semaphore(study_run.parallel)

    async def play(status: MemberStatus) -> None:
        async with gate:
            if not study_run.stopped:
                await _play_member(study_run, status)
                await study_run.servers.stop_unused(_needed_servers(study_run))

    study_run.servers.expect(_needed_servers(study_run))
    try:
        async with asyncio.TaskGroup() as group:
            for status in study_run.members:
                group.create_task(play(status))
    except BaseExceptionGroup as errors:
        error = leading_error(errors)
        raise error from error.__cause__


async def _play_member(study_run: StudyRun, status: MemberStatus) -> None:
    """Play or resume one run. Only bugs in games and agents end the whole study."""

    async def watch(live: LiveRun) -> None:
        status.live, status.opening = live, None
        live.slow_steps.tell = study_run.on_slow_step
        _write_index(study_run)

    folder, started = study_run.folder / status.member.run, asyncio.get_running_loop().time()
    status.opening = asyncio.current_task()
    try:
        if (folder / CONFIG).exists():
            status.summary = await run.resume(
                folder, watch, servers=study_run.servers, network=study_run.network, trust=study_run.trust.given
            )
        else:
            config, servers, network = status.member.config, study_run.servers, study_run.network
            trust = study_run.trust
            status.summary = await run.play(config, folder, watch, servers=servers, network=network, trust=trust)
    except (ArenaError, AgentError):
        raise
    except ClemsimError as error:
        status.why = " ".join(str(error).split())
    if status.summary and status.summary.unfinished and not study_run.stopped:
        causes = ", ".join(f"{count} {cause}" for cause, count in status.summary.causes.items())
        status.why = f"{status.summary.unfinished} episodes are unfinished ({causes})"
    status.over, status.seconds = True, asyncio.get_running_loop().time() - started
    study_run.on_over(status)
    _write_index(study_run)


def _write_index(study_run: StudyRun) -> None:
    index.write(study_run.folder, [(status.member, status.why) for status in study_run.members])


def _needed_servers(study_run: StudyRun) -> list[str]:
    """Return the arguments of the agents that own a server, of all runs that are not over."""
    specs = {spec for status in study_run.members if not status.over for spec in status.member.specs}
    return [arg for kind, arg in map(kind_of, specs) if kind.owns_server]


def _check_folder(folder: Path, members: Sequence[MemberStatus]) -> None:
    """Raise UsageError unless the folder is free, or holds this study, perhaps with fewer members."""
    if not is_study(folder):
        begun = (folder / LOCK).exists()  # by a process that was killed before it had written the index
        check_new(folder, "and is no study", beside=(LOCK, STUDY) if begun else ())
    for status in members:
        if (folder / status.member.run / CONFIG).exists():
            _check_same(folder / status.member.run, status.member.config)


def _check_same(folder: Path, config: RunConfig) -> None:
    before, now = (
        {**each, "agents": [without_prices(spec) for spec in each["agents"]]}
        for each in (settled(read_config(folder)), settled(config))
    )
    for name in now:
        if name != "width" and _as_list(before[name]) != _as_list(now[name]):
            was = f"{name} was {_as_list(before[name])!r} and is {_as_list(now[name])!r}"
            raise UsageError(f"{folder} would not be the same run: {was}; choose another --out")


def _as_list(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
