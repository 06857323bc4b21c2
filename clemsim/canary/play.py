"""Plays a canary: prepares its arms, plays them until all is answered or the budget is spent, and says what was found."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from random import Random
from time import monotonic

from clemsim._util.files import check_new, dated_places, write_json
from clemsim._util.tasks import leading_error, run_in_background
from clemsim.canary.arms import ArmSession, BackgroundLoad, MayBegin, Pace, alone, in_turns, side_by_side
from clemsim.canary.comparison import ARMS, Comparison
from clemsim.canary.measures import make_measures
from clemsim.canary.plan import CanaryPlan
from clemsim.canary.recorded import read_recorded
from clemsim.canary.sentences import sentences
from clemsim.canary.verdict import CanaryVerdict
from clemsim.catalog.agents import kind_of
from clemsim.catalog.shared_secrets import check_secrets
from clemsim.catalog.trust import Trust
from clemsim.engines.vllm_server import ServerPool
from clemsim.errors import UsageError
from clemsim.results.confidence_sequence import LEVEL
from clemsim.runs.connections import most_turns
from clemsim.runs.manifest import absolute_agents, create_run
from clemsim.runs.prepare import PreparedRun, prepare
from clemsim.runs.stopping.order import Unit, ordered
from clemsim.runtime.agent import opened
from clemsim.runtime.scheduler import Scheduler
from clemsim.store.folder import alone as holding

VERDICT = "canary.json"
CHUNK = 4  # times as many episodes as are played at once are one turn of an arm that takes turns with the other
MEASURED = 4  # of the conversations under load every fourth is a measured one


@dataclass(slots=True)
class LiveCanary:
    """A canary while it goes on: what a display may look at, and how to stop it."""

    comparison: Comparison
    folder: Path
    stop: Callable[[str], None] = lambda reason: None
    warnings: Sequence[str] = ()
    schedulers: list[Scheduler] = field(default_factory=list)


Watch = Callable[[LiveCanary], None]


async def canary(
    plan: CanaryPlan, out: Path | None = None, watch: Watch | None = None, trust: Trust | None = None
) -> CanaryVerdict:
    """Play a canary into a new folder and return what it found. `watch` is told of it once, when it begins.

    Raises ClemsimError; the folder then keeps the runs of the arms.
    """
    return await _Canary(plan, _folder(out), trust or Trust()).play(watch or (lambda live: None))


class _Canary:
    """One canary."""

    def __init__(self, plan: CanaryPlan, folder: Path, trust: Trust) -> None:
        self.plan = plan
        self.folder = folder
        self.servers = ServerPool()
        self.recorded = read_recorded(plan.before) if plan.before else None
        self.arms = self._prepare(trust)
        self.comparison = self._compare()
        self.pace = Pace(self._may_begin())
        self.live = LiveCanary(self.comparison, folder, self._stop, self._warnings())
        self.ended = ""

    async def play(self, watch: Watch) -> CanaryVerdict:
        begun = monotonic()
        self.comparison.when_answered = self._finish
        agents = [agent for prepared in self.arms.values() for agent in prepared.agents]
        most = most_turns(agents)
        watch(self.live)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(opened(agents))
            folders = {arm: create_run([self.folder / arm.lower()], prepared) for arm, prepared in self.arms.items()}
            for folder in folders.values():
                stack.enter_context(holding(folder))
            await stack.enter_async_context(run_in_background(self._watch_budget()))
            with self._background():
                if self.recorded:
                    self.recorded.tell(self.comparison)
                await self._play_arms(folders, most)
        verdict = self._verdict(monotonic() - begun)
        write_json(self.folder / VERDICT, verdict.model_dump(mode="json"))
        return verdict

    async def _play_arms(self, folders: dict[str, Path], most: int) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for arm, prepared in self.arms.items():
                    session = ArmSession(
                        folders[arm],
                        prepared,
                        prepared.episodes,
                        most=most,
                        arm=arm,
                        pace=self.pace,
                        comparison=self.comparison,
                        schedulers=self.live.schedulers,
                    )
                    group.create_task(session.play())
        except BaseExceptionGroup as errors:
            error = leading_error(errors)
            raise error from error.__cause__

    def _prepare(self, trust: Trust) -> dict[str, PreparedRun]:
        plan, config = self.plan, self.plan.config
        specs = absolute_agents(config)
        if plan.load:
            loaded = max(1, plan.load // MEASURED)
            changes = [{"agents": specs, "width": 1}, {"agents": specs, "width": loaded}]
        else:
            changes = [{"agents": (spec,), "width": plan.width} for spec in specs]
        check_secrets([kind_of(spec) for spec in specs], plan.network)
        arms = ARMS[1:] if plan.before else ARMS
        prepared = {
            arm: prepare(config.model_copy(update=change), self.servers, plan.network, trust)
            for arm, change in zip(arms, changes, strict=True)
        }
        for arm, run in prepared.items():
            if len(run.casts) != 1:
                raise UsageError(f"arm {arm} must have one agent, and one repetition of each instance")
        return prepared

    def _compare(self) -> Comparison:
        """Return the comparison of as many pairs as the budget allows."""
        keys = [episode.key for episode in self.arms[ARMS[1]].episodes]
        if self.recorded:
            keys = [key for key in keys if (key.arena, key.instance) in self.recorded.played]
            if not keys:
                raise UsageError(f"{self.plan.before} has played none of the instances that B would: give the same suite")
        seed = self.plan.config.seed
        wanted = set(evenly(ordered(keys, (), seed), self.plan.budget.pairs))
        plan = self.plan
        return Comparison(
            [key for key in keys if (key.arena, key.instance) in wanted],
            seed,
            lambda blocks: make_measures(plan.margin, plan.speed_margin, blocks),
        )

    def _warnings(self) -> list[str]:
        """Return what the user should know at the beginning, once each."""
        return list(dict.fromkeys(line for prepared in self.arms.values() for line in prepared.warnings))

    def _may_begin(self) -> MayBegin:
        if self.recorded:
            return alone
        if self.plan.load:
            chunk = CHUNK * max(1, self.plan.load // MEASURED)
            return in_turns(self.comparison, chunk, self.comparison.pairs)
        return side_by_side(self.comparison, self.plan.width)

    @contextmanager
    def _background(self) -> Iterator[None]:
        """Keep the load up while arm B plays, and wake the arms whenever an episode has ended."""
        load = self._load()
        total = self.comparison.pairs

        def look() -> None:
            if load:
                a, b = (self.comparison.ended(arm) for arm in ARMS)
                chunk = CHUNK * max(1, (self.plan.load or 1) // MEASURED)
                load.set(not self.pace.over and a > b and (a % chunk == 0 or a >= total))
            self.pace.wake()

        self.comparison.when_ended = look
        try:
            yield
        finally:
            self.pace.over = True
            look()

    def _load(self) -> BackgroundLoad | None:
        if not self.plan.load:
            return None
        episodes = list(self.arms[ARMS[1]].episodes)
        Random(self.plan.config.seed).shuffle(episodes)
        return BackgroundLoad(episodes, self.plan.load - max(1, self.plan.load // MEASURED))

    def _finish(self) -> None:
        """All is answered: begin nothing more."""
        self.ended = self.ended or "all is answered"
        self.pace.over = True
        for scheduler in self.live.schedulers:
            scheduler.finish()
        self.comparison.when_ended()

    def _stop(self, reason: str) -> None:
        """Leave every episode where it is."""
        self.ended = self.ended or reason
        self.pace.over = True
        for scheduler in self.live.schedulers:
            scheduler.stop()
        self.comparison.when_ended()

    async def _watch_budget(self) -> None:
        if (seconds := self.plan.budget.seconds) is not None:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(seconds)
                self._stop(f"the budget of {seconds:g} s was spent")

    def _verdict(self, seconds: float) -> CanaryVerdict:
        compared, states = self.comparison, self.comparison.states()
        name_a, name_b = self._names()
        folders = {arm: str(self.folder / arm.lower()) for arm in self.arms}
        verdict = CanaryVerdict(
            answer=compared.answer,
            a=name_a,
            b=name_b,
            runs={ARMS[0]: str(self.plan.before)} | folders if self.recorded else folders,
            looked_at=compared.looked_at,
            pairs=compared.pairs,
            unfinished=dict(compared.unfinished),
            same_transcripts=compared.same_transcripts,
            seconds=round(seconds, 1),
            ended=self.ended or f"all {compared.pairs} pairs of the budget were played",
            level=LEVEL,
            measures=states,
            sentences=(),
        )
        return verdict.model_copy(update={"sentences": sentences(verdict)})

    def _names(self) -> tuple[str, str]:
        """Return what the arms are called."""
        config, load = self.plan.config, self.plan.load
        names = [prepared.casts[0].name for prepared in self.arms.values()]
        if load:
            return f"{names[0]}, alone", f"{names[1]}, {load} at once"
        if self.recorded:
            return self.recorded.label, config.agents[-1]
        return (config.agents[0], config.agents[1]) if names[0] == names[1] else (names[0], names[1])


def evenly(order: Sequence[Unit], count: int | None) -> list[Unit]:
    """Return `count` instances, as many of each game as there are: a mean over games is best known from even numbers.

    None: all.
    """
    games: dict[str, list[Unit]] = defaultdict(list)
    for unit in order:
        games[unit[0]].append(unit)
    return [unit for row in zip_longest(*games.values()) for unit in row if unit][:count]


def _folder(out: Path | None) -> Path:
    """Return the folder for the arms and the verdict. Raises UsageError where `out` holds anything."""
    if out:
        check_new(out)
        return out
    return next(place for place in dated_places(Path("runs"), "-canary") if not place.exists())
