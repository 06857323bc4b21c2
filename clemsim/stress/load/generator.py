"""Makes the load: conversations in closed and open loops, in the stages of a plan."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any

from clemsim.errors import EngineError, LimitReached, Unauthorized, UnknownModel
from clemsim.game.seeds import Dice
from clemsim.runtime.agent import Cast
from clemsim.runtime.moderator import Moderator
from clemsim.stress.load.conversation import Conversation, Room
from clemsim.stress.plan.mix import Item, Mix
from clemsim.stress.plan.shapes import Stage, ThinkTime

STEP = 0.05  # seconds between two looks at whether a stage is over
SPREAD = 1.0  # seconds over which new conversations begin, at most
PAUSES = (0.1, 5.0)  # seconds that a conversation of a closed loop waits after a fault, at first and at most
TURNS = 1.25  # for each conversation are awaited before an adaptive stage counts as warm: all queues are what they will be
LONGEST = 60.0  # seconds that it waits for them
FEWEST = 10  # turns that an adaptive stage should see
PATIENT = 4  # times as long as planned may it wait for them

Look = Callable[[], Coroutine[Any, Any, None]]


class LoadGenerator:
    """Plays conversations of a mix. Any error that is not the infrastructure's ends all of it."""

    def __init__(self, mix: Mix, cast: Cast, room: Room, think: ThinkTime, dice: Dice, look: Look) -> None:
        """`look` is awaited at the edges of what is measured."""
        self.room = room
        self._mix = mix
        self._cast = cast
        self._think = think
        self._dice = dice
        self._look = look
        self._wanted = 0
        self._workers = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None
        self.stopped = ""  # why it ended early

    def stop(self, why: str) -> None:
        """Begin no more turns."""
        self.stopped = self.stopped or why
        self.room.closing = True

    @property
    def over(self) -> bool:
        """Whether no more is to be done."""
        if self._failure is not None:
            raise self._failure
        if spent := self.room.budget.spent:
            self.stop(spent)
        return self.room.closing

    async def closed(self, stage: Stage, number: int) -> None:
        """Keep so many conversations under way. Raises what is not the infrastructure's fault."""
        collector = self.room.collector
        self._want(round(stage.first), spread=min(SPREAD, stage.warmup / 2))
        collector.phase(number, measured=False)
        begun = collector.now
        enough = TURNS * stage.first if stage.adaptive else 0
        await self._until(lambda: self._warm(number, begun, stage, enough))
        if self.over:
            return
        await self._look()
        collector.phase(number, measured=True)
        begun = collector.now
        await self._until(lambda: self._seen(number, begun, stage))
        await self._look()

    def _warm(self, number: int, begun: float, stage: Stage, enough: float) -> bool:
        collector = self.room.collector
        past = collector.now - begun
        if past < stage.warmup:
            return False
        ended = sum(each.turns + each.failed.total() for each in collector.segments if each.stage == number)
        return ended >= enough or past >= max(LONGEST, stage.warmup)

    def _seen(self, number: int, begun: float, stage: Stage) -> bool:
        collector = self.room.collector
        past = collector.now - begun
        if stage.first != stage.last:
            self._want(round(stage.at(past)))
        if past < stage.seconds:
            return False
        turns = sum(
            each.turns + each.failed.total() for each in collector.segments if each.stage == number and each.measured
        )
        return not stage.adaptive or turns >= FEWEST or past >= PATIENT * stage.seconds

    async def open(self, stages: Sequence[Stage], arrivals: Iterator[tuple[float, int]]) -> None:
        """Let conversations arrive when they are due, whatever has become of those before."""
        begun = monotonic()
        guard = asyncio.ensure_future(self._phases(stages, begun))
        try:
            for at, _ in arrivals:
                due = begun + at
                if not await self._wait(due):
                    break
                self._spawn(self._converse(due))
            await guard
        finally:
            guard.cancel()
            with suppress(asyncio.CancelledError):
                await guard

    async def _phases(self, stages: Sequence[Stage], begun: float) -> None:
        """Turn from stage to stage as time goes on."""
        end = begun
        for number, stage in enumerate(stages):
            begin, end = end, end + stage.seconds
            for measured, until in ((False, begin + stage.warmup), (True, end)):
                if until > begin or measured:
                    self.room.collector.phase(number, measured=measured)
                    await self._look()
                    await self._until(lambda until=until: monotonic() >= until)  # type: ignore[misc]
            await self._look()

    async def replay(self, items: Sequence[tuple[float, Item, Sequence[float]]], speed: float) -> None:
        """Begin each conversation at its time and let it think before each turn as long as it did, `speed` times as fast."""
        self.room.collector.phase(0, measured=True)
        begun = monotonic()
        await self._look()
        for at, item, thinks in items:
            due = begun + at / speed
            if not await self._wait(due):
                break
            left = iter([think / speed for think in thinks])
            self._spawn(self._converse(due, item, lambda left=left: next(left, 0.0)))  # type: ignore[misc]
        await self._until(lambda: not self._tasks)
        await self._look()

    async def drain(self, seconds: float) -> None:
        """Begin nothing more, and wait so long for what is under way. What has no answer then has none."""
        self.room.closing = True
        until = monotonic() + min(seconds, max(0.0, self.room.budget.left))
        while self._tasks and monotonic() < until and self._failure is None:  # noqa: ASYNC110 (time goes by too)
            await asyncio.sleep(STEP)
        await self.abandon()

    async def abandon(self) -> None:
        """Drop what is under way. Raises what was not the infrastructure's fault."""
        self.room.closing = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._failure is not None:
            raise self._failure

    async def _wait(self, due: float) -> bool:
        """Wait for a moment; whether the test still goes on then."""
        while (wait := due - monotonic()) > 0 and not self.over:  # noqa: ASYNC110 (it may be stopped meanwhile)
            await asyncio.sleep(min(wait, STEP))
        return not self.over

    async def _until(self, done: Callable[[], bool]) -> None:
        while not self.over and not done():  # noqa: ASYNC110 (what is waited for tells nobody)
            await asyncio.sleep(STEP)

    def _want(self, wanted: int, spread: float = 0.0) -> None:
        """So many conversations under way; new ones begin over `spread` seconds."""
        more, self._wanted = wanted - self._workers, wanted
        for index in range(more):
            self._workers += 1
            self._spawn(self._work(spread * index / more))

    async def _work(self, wait: float) -> None:
        """One conversation after another, as long as so many are wanted."""
        try:
            await asyncio.sleep(wait)
            due, pause = monotonic(), 0.0
            while self._workers <= self._wanted and not self.room.closing:
                ended = await self._converse(due)
                pause = 0.0 if ended is not None else min(PAUSES[1], max(PAUSES[0], 2 * pause))
                if pause:
                    await asyncio.sleep(pause)
                due = monotonic() if ended is None else ended
        finally:
            self._workers -= 1

    async def _converse(
        self, due: float, item: Item | None = None, think: Callable[[], float] | None = None
    ) -> float | None:
        """Play one conversation: when it ended (monotonic seconds); None where the infrastructure failed."""
        collector = self.room.collector
        drive = (item or self._mix.next()).drive()
        conversation = Conversation(self.room, due, think or self._draw)
        collector.conversing(1)
        try:
            outcome = await Moderator(drive, self._cast, conversation).run()
        except (Unauthorized, UnknownModel):
            raise
        except (EngineError, LimitReached):
            return None
        finally:
            drive.close()
            collector.conversing(-1)
        collector.conversation(due, conversation.ended, outcome)
        return conversation.ended

    def _draw(self) -> float:
        return self._think.draw(self._dice)

    def _spawn(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.ensure_future(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, work: Coroutine[Any, Any, object]) -> None:
        try:
            await work
        except Exception as error:
            self._failure = self._failure or error
