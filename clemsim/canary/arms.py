"""The arms of a canary: runs that are played side by side, or in turns, by schedulers that wait for each other."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from clemsim.canary.comparison import ARMS, ArmObserver, Comparison
from clemsim.errors import ClemsimError
from clemsim.results.tally import Tally
from clemsim.runs.session import RunSession
from clemsim.runs.stopping.order import Unit
from clemsim.runtime.episode import Episode
from clemsim.runtime.limits import Limits
from clemsim.runtime.observer import Broadcast, Observer
from clemsim.runtime.scheduler import Scheduler
from clemsim.runtime.shared_state import Lane
from clemsim.store.schema import ANSWERED
from clemsim.store.writer import RunStore

MayBegin = Callable[[str, int], bool]  # arm, and how many of its episodes have begun


def side_by_side(comparison: Comparison, width: int) -> MayBegin:
    """Both arms at once, neither more than some episodes ahead of the other, so that both play at the same time."""

    def may_begin(arm: str, begun: int) -> bool:
        return begun < comparison.ended(_other(arm)) + 2 * width

    return may_begin


def in_turns(comparison: Comparison, chunk: int, most: int) -> MayBegin:
    """A plays some episodes while B rests, then B plays the same ones while A rests, and so on."""

    def may_begin(arm: str, begun: int) -> bool:
        rounds = begun // chunk
        needed = rounds if arm == ARMS[0] else rounds + 1
        return comparison.ended(_other(arm)) >= min(most, needed * chunk)

    return may_begin


def alone(arm: str, begun: int) -> bool:
    """The other arm was played before: never wait."""
    return True


class Pace:
    """Lets arms begin episodes, and wakes those that wait whenever something has ended. `over`: nothing more begins."""

    def __init__(self, may_begin: MayBegin) -> None:
        self.over = False
        self._may_begin = may_begin
        self._waiting: set[asyncio.Future[None]] = set()

    async def wait(self, arm: str, begun: int) -> None:
        """Wait until an arm may begin one more episode."""
        while not self.over and not self._may_begin(arm, begun):
            future = asyncio.get_running_loop().create_future()
            self._waiting.add(future)
            try:
                await future
            finally:
                self._waiting.discard(future)

    def wake(self) -> None:
        """Let all that wait look again."""
        for future in self._waiting:
            if not future.done():
                future.set_result(None)


class ArmScheduler(Scheduler):
    """Plays the episodes of one arm in the order of the comparison, as the pace allows."""

    def __init__(
        self,
        arm: str,
        pace: Pace,
        comparison: Comparison,
        store: RunStore,
        observer: Observer,
        width: int,
        limits: Limits | None,
        most: int,
    ) -> None:
        super().__init__(observer, width, limits, in_order=True, most=most)
        self._arm = arm
        self._pace = pace
        self._position = {unit: number for number, unit in enumerate(comparison.order)}
        self._store = store
        self._begun = 0

    async def play(self, episodes: Sequence[Episode]) -> None:
        """Play as many episodes as it takes."""
        wanted = [each for each in episodes if _unit(each) in self._position]
        for each in episodes:
            if _unit(each) not in self._position:
                self._store.unfinished(each.key, ANSWERED, "more than the canary looks at")
        try:
            await super().play(sorted(wanted, key=lambda each: self._position[_unit(each)]))
        finally:
            for key in self.take_waiting():
                self._store.unfinished(key, ANSWERED, "the canary was over")

    async def _play_episode(self, episode: Episode, lane: Lane) -> None:
        begun, self._begun = self._begun, self._begun + 1
        await self._pace.wait(self._arm, begun)
        if self._pace.over:
            self._store.unfinished(episode.key, ANSWERED, "the canary was over")
            return
        await super()._play_episode(episode, lane)


@dataclass(frozen=True, kw_only=True)
class ArmSession(RunSession):
    """Plays one arm of a canary and records it as a run. `schedulers` gets its scheduler."""

    arm: str
    pace: Pace
    comparison: Comparison
    schedulers: list[Scheduler]

    def _player(self, store: RunStore, tally: Tally) -> Scheduler:
        observer = Broadcast(store, tally, ArmObserver(self.arm, self.comparison))
        width = self.prepared.config.width or 1
        scheduler = ArmScheduler(self.arm, self.pace, self.comparison, store, observer, width, self.limits, self.most)
        self.schedulers.append(scheduler)
        return scheduler


class BackgroundLoad:
    """Keeps conversations under way whose outcomes nobody looks at, while arm B plays."""

    def __init__(self, episodes: Sequence[Episode], count: int) -> None:
        self._episodes = list(episodes)
        self._count = count
        self._scheduler: Scheduler | None = None
        self._task: asyncio.Task[None] | None = None

    def set(self, playing: bool) -> None:
        """Begin the load, or end it, unless it is so already."""
        if playing and self._task is None and self._count and self._episodes:
            self._scheduler = Scheduler(Observer(), self._count, in_order=True, most=sys.maxsize)
            self._task = asyncio.create_task(_let_fail(self._scheduler, self._episodes * self._count))
        elif not playing and self._scheduler:
            self._scheduler.stop()
            self._scheduler = self._task = None


def _other(arm: str) -> str:
    return ARMS[1] if arm == ARMS[0] else ARMS[0]


def _unit(episode: Episode) -> Unit:
    return episode.key.arena, episode.key.instance


async def _let_fail(scheduler: Scheduler, episodes: Sequence[Episode]) -> None:
    """Play; what goes wrong is told by the arm that is measured."""
    with suppress(ClemsimError):
        await scheduler.play(episodes)
