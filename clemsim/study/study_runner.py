"""Plays a study: one run after the other or several side by side, in one folder that can be gone on with.

A run that fails is named and the others go on. Servers that are started for a run go on as long as another run needs
them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clemsim._util.files import check_new, make_folder, write_toml
from clemsim._util.tasks import leading_error, run_in_background
from clemsim.catalog.agents import kind_of
from clemsim.catalog.models import read
from clemsim.engines.vllm_server import ServerPool
from clemsim.errors import AgentError, ArenaError, ClemsimError, UsageError
from clemsim.results.intervals import Point
from clemsim.results.run_summary import RunSummary
from clemsim.runs import run
from clemsim.runs.manifest import settled
from clemsim.runs.prepare import prepare
from clemsim.runs.session import LiveRun
from clemsim.runtime.progress import Progress
from clemsim.store.config import RunConfig
from clemsim.store.folder import CONFIG, alone, read_config
from clemsim.study import index
from clemsim.study.plan import MEMBERS, Member, Study, plan

STUDY = "study.toml"
TOTALS = ("turns", "requests", "retries", "tokens_in", "tokens_out", "tokens_cached", "in_flight")


@dataclass(slots=True)
class MemberStatus:
    """How a member stands. `summary` and `seconds`: once it is over; `why`: it could not be played, or not be ended."""

    member: Member
    episodes: int
    live: LiveRun | None = None
    over: bool = False
    summary: RunSummary | None = None
    seconds: float = 0.0
    why: str = ""


@dataclass(slots=True)
class StudyRun:
    """A study while it goes on: what a display may look at, and how to stop it. `told` hears of each member that is over."""

    folder: Path
    standings: list[MemberStatus]
    parallel: int = 1
    stopped: bool = False
    told: Callable[[MemberStatus], None] = field(default=lambda standing: None)
    servers: ServerPool = field(default_factory=lambda: ServerPool(keep=True))

    def stop(self) -> None:
        """Leave every run where it is, and begin no other."""
        self.stopped = True
        for standing in self.standings:
            if standing.live and not standing.over:
                standing.live.stop()

    def progress(self) -> Progress:
        """Running totals over all members; what earlier sessions played counts as done."""
        total = Progress(episodes=sum(each.episodes for each in self.standings))
        for standing in self.standings:
            if standing.live is None:
                total.done += standing.episodes if standing.over and standing.summary else 0
                continue
            one = standing.live.progress
            total.done += standing.episodes - one.episodes + one.done
            total.unfinished += one.unfinished
            for name in TOTALS:
                setattr(total, name, getattr(total, name) + getattr(one, name))
        return total

    def points(self) -> dict[str, list[Point]]:
        """Scores so far of the members that are being played."""
        found: dict[str, list[Point]] = {}
        for standing in self.standings:
            if standing.live and not standing.over:
                found |= {
                    standing.member.run.removeprefix(f"{MEMBERS}/"): one for one in standing.live.tally.points().values()
                }
        return found

    @property
    def heading(self) -> str:
        """How far it is."""
        return f"{sum(each.over for each in self.standings)} of {len(self.standings)} runs over"


Watch = Callable[[StudyRun], Coroutine[Any, Any, None]]


def counted(members: Sequence[Member]) -> list[MemberStatus]:
    """Check that everything the members name is there, and count their episodes. Raises UsageError and BadInstance."""
    return [MemberStatus(member, len(prepare(member.config).episodes)) for member in members]


def is_study(folder: Path) -> bool:
    """Whether a study was played there."""
    return (folder / STUDY).is_file() and (folder / index.INDEX).is_file()


def read_folder(folder: Path) -> Study:
    """The study that was played into a folder. Raises UsageError."""
    if not is_study(folder):
        raise UsageError(f"there is no study at {folder}: name a STUDY.toml, or the folder that one was played into")
    return read(folder / STUDY, Study)


async def run_study(study: Study, folder: Path, watch: Watch | None = None, parallel: int | None = None) -> StudyRun:
    """Play a study into a folder, new or of this study; what is played there already stays.

    Raises UsageError where the folder holds something else, and every other ClemsimError that concerns all of it.
    """
    standings = counted(plan(study))
    _check_folder(folder, standings)
    make_folder(folder)
    with alone(folder):
        write_toml(folder / STUDY, study.model_dump(exclude_none=True))
        conducted = StudyRun(folder, standings, parallel or study.parallel)
        _write_index(conducted)
        async with conducted.servers, run_in_background(watch(conducted) if watch else None):
            await _play(conducted)
        return conducted


async def _play(conducted: StudyRun) -> None:
    gate = asyncio.Semaphore(conducted.parallel)

    async def one(standing: MemberStatus) -> None:
        async with gate:
            if not conducted.stopped:
                await _member(conducted, standing)
                await conducted.servers.stop_unused(_still_wanted(conducted))

    try:
        async with asyncio.TaskGroup() as group:
            for standing in conducted.standings:
                group.create_task(one(standing))
    except BaseExceptionGroup as errors:
        error = leading_error(errors)
        raise error from error.__cause__


async def _member(conducted: StudyRun, standing: MemberStatus) -> None:
    """Play one run, or go on with it. Only bugs in games and agents end the whole study."""

    async def watch(live: LiveRun) -> None:
        standing.live = live
        _write_index(conducted)
        if conducted.stopped:
            live.stop()

    folder, begun = conducted.folder / standing.member.run, asyncio.get_running_loop().time()
    try:
        if (folder / CONFIG).exists():
            standing.summary = await run.resume(folder, watch, servers=conducted.servers)
        else:
            standing.summary = await run.play(standing.member.config, folder, watch, servers=conducted.servers)
    except (ArenaError, AgentError):
        raise
    except ClemsimError as error:
        standing.why = " ".join(str(error).split())
    if standing.summary and standing.summary.unfinished and not conducted.stopped:
        causes = ", ".join(f"{count} {cause}" for cause, count in standing.summary.causes.items())
        standing.why = f"{standing.summary.unfinished} episodes are unfinished ({causes})"
    standing.over, standing.seconds = True, asyncio.get_running_loop().time() - begun
    conducted.told(standing)
    _write_index(conducted)


def _write_index(conducted: StudyRun) -> None:
    index.write(conducted.folder, [(each.member, each.why) for each in conducted.standings])


def _still_wanted(conducted: StudyRun) -> list[str]:
    """The specs of vLLM servers that runs which are not over will use."""
    specs = {spec for each in conducted.standings if not each.over for spec in each.member.specs}
    return [arg for kind, arg in map(kind_of, specs) if kind.owns_server]


def _check_folder(folder: Path, standings: Sequence[MemberStatus]) -> None:
    """Raise UsageError unless the folder is free, or holds this study, perhaps with fewer members."""
    if not is_study(folder):
        check_new(folder, "and is no study")
    for standing in standings:
        if (folder / standing.member.run / CONFIG).exists():
            _check_same(folder / standing.member.run, standing.member.config)


def _check_same(folder: Path, config: RunConfig) -> None:
    before, now = settled(read_config(folder)), settled(config)
    for name in now:
        if name != "width" and _plain(before[name]) != _plain(now[name]):
            was = f"{name} was {_plain(before[name])!r} and is {_plain(now[name])!r}"
            raise UsageError(f"{folder} would not be the same run: {was}; choose another --out")


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
