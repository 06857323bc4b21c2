"""The load: conversations in closed and open loops, in the stages of a plan."""

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
from clemsim.stress.load.conversation import Conversation, LoadState
from clemsim.stress.load.script_player import model_of, play_script
from clemsim.stress.load.scripts import Script
from clemsim.stress.load.trace_replay import TracedConversation
from clemsim.stress.plan.mix import Mix, PlannedConversation
from clemsim.stress.plan.model_mix import ModelMix
from clemsim.stress.plan.shapes import Stage, ThinkTime

POLL = 0.05  # seconds between two looks at whether a stage is over
MAX_SPREAD = 1.0  # seconds over which new conversations begin
MIN_PAUSE, MAX_PAUSE = 0.1, 5.0  # seconds that a conversation of a closed loop waits after a fault
WARM_TURNS = 1.25  # turns for each conversation until an adaptive stage is warm: then all queues are what they will be
MAX_WARMUP = 60.0  # seconds that an adaptive stage waits for its warm turns
MIN_TURNS = 10  # that an adaptive stage should see
MAX_STRETCH = 4  # times as long as planned an adaptive stage may wait for them

ReadServer = Callable[[], Coroutine[Any, Any, None]]


class LoadGenerator:
    """A player of many conversations of a mix. Any error that is not the infrastructure's ends all of them.

    `stopped` says why the load ended early; it is empty if it did not.
    """

    def __init__(
        self, mix: Mix | ModelMix, cast: Cast, state: LoadState, think: ThinkTime, dice: Dice, read_server: ReadServer
    ) -> None:
        """Prepare the load; `cast` gets the requests of scripts, `read_server` is awaited at the edges of a measurement."""
        self.state = state
        self.stopped = ""
        self._mix = mix
        self._cast = cast
        self._think = think
        self._dice = dice
        self._read_server = read_server
        self._target = 0  # conversations that a closed loop keeps under way
        self._workers = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None
        self.completed = 0  # conversations that were played to their end

    def stop(self, reason: str) -> None:
        """Begin no more turns."""
        self.stopped = self.stopped or reason
        self.state.closing = True

    @property
    def over(self) -> bool:
        """Return whether no more turns begin. Raise what ended a conversation and is not the infrastructure's fault."""
        if self._failure is not None:
            raise self._failure
        if reason := self.state.budget.exhausted:
            self.stop(reason)
        return self.state.closing

    async def run_closed_stage(self, stage: Stage, number: int) -> None:
        """Keep the load of a stage under way until it is over. Raise what is not the infrastructure's fault."""
        collector = self.state.collector
        self._set_target(round(stage.first), spread=min(MAX_SPREAD, stage.warmup / 2))
        collector.begin_segment(number, measured=False)
        begun = collector.elapsed
        await self._wait_for(lambda: self._is_warm(stage, number, begun))
        if self.over:
            return
        await self._read_server()
        collector.begin_segment(number, measured=True)
        begun = collector.elapsed
        await self._wait_for(lambda: self._is_measured(stage, number, begun))
        await self._read_server()

    def _is_warm(self, stage: Stage, number: int, begun: float) -> bool:
        elapsed = self.state.collector.elapsed - begun
        if elapsed < stage.warmup:
            return False
        enough = WARM_TURNS * stage.first if stage.adaptive else 0
        return self.state.collector.turns_over(number) >= enough or elapsed >= max(MAX_WARMUP, stage.warmup)

    def _is_measured(self, stage: Stage, number: int, begun: float) -> bool:
        elapsed = self.state.collector.elapsed - begun
        if stage.first != stage.last:
            self._set_target(round(stage.load_at(elapsed)))
        if elapsed < stage.seconds:
            return False
        if not stage.adaptive or elapsed >= MAX_STRETCH * stage.seconds:
            return True
        return self.state.collector.turns_over(number, measured=True) >= MIN_TURNS

    async def run_open_stages(self, stages: Sequence[Stage], arrivals: Iterator[tuple[float, int]]) -> None:
        """Let conversations arrive when they are due, whatever has become of earlier ones."""
        begun = monotonic()
        phases = asyncio.ensure_future(self._mark_phases(stages, begun))
        try:
            for at, _ in arrivals:
                due = begun + at
                if not await self._wait_until(due):
                    break
                self._spawn(self._play_conversation(due))
            await phases
        finally:
            phases.cancel()
            with suppress(asyncio.CancelledError):
                await phases

    async def _mark_phases(self, stages: Sequence[Stage], begun: float) -> None:
        """Begin a segment for the warm-up and for the measured part of each stage, when its time has come."""
        end = begun
        for number, stage in enumerate(stages):
            begin, end = end, end + stage.seconds
            for measured, until in ((False, begin + stage.warmup), (True, end)):
                if until > begin or measured:
                    self.state.collector.begin_segment(number, measured=measured)
                    await self._read_server()
                    await self._wait_for(lambda until=until: monotonic() >= until)  # type: ignore[misc]
            await self._read_server()

    async def replay_trace(self, trace: Sequence[TracedConversation], speed: float) -> None:
        """Begin each conversation of a trace at its time, and think before its turns as it did, `speed` times as fast."""
        self.state.collector.begin_segment(0, measured=True)
        begun = monotonic()
        await self._read_server()
        for traced in trace:
            due = begun + traced.at / speed
            if not await self._wait_until(due):
                break
            thinks = iter([think / speed for think in traced.thinks])
            self._spawn(self._play_conversation(due, traced.planned, lambda thinks=thinks: next(thinks, 0.0)))  # type: ignore[misc]
        await self._wait_for(lambda: not self._tasks)
        await self._read_server()

    async def replay_scripts(self, scripts: Sequence[Script], speed: float, width: int | None) -> None:
        """Begin each script at its time, `speed` times as fast; with a `width`, when fewer than so many are under way."""
        self.state.collector.begin_segment(0, measured=True)
        begun = monotonic()
        await self._read_server()
        for script in scripts:
            due = begun + (script.at or 0.0) / speed
            if width is None and not await self._wait_until(due):
                break
            if width is not None:
                await self._wait_for(lambda: len(self._tasks) < width)
                due = monotonic()
            if self.over:
                break
            self._spawn(self._play_script(due, script, speed))
        await self._wait_for(lambda: not self._tasks)
        await self._read_server()

    async def _play_script(self, due: float, script: Script, speed: float) -> None:
        """Send the requests of a script; it ends where the infrastructure fails."""
        delays = iter([turn.delay / speed for turn in script.turns[1:]])
        host = Conversation(self.state, due, lambda: next(delays, 0.0))
        self.state.collector.change_under_way(1)
        try:
            await play_script(script, model_of(self._cast), host)
        except (Unauthorized, UnknownModel):
            raise
        except (EngineError, LimitReached):
            return
        finally:
            self.state.collector.change_under_way(-1)
        self.completed += 1
        self.state.collector.add_conversation(due, host.ended, None)

    async def drain(self, seconds: float) -> None:
        """Begin nothing more, and wait up to `seconds` for the turns in flight. Those without an answer then get none."""
        self.state.closing = True
        until = monotonic() + min(seconds, max(0.0, self.state.budget.seconds_left))
        while self._tasks and monotonic() < until and self._failure is None:  # noqa: ASYNC110 (time goes by too)
            await asyncio.sleep(POLL)
        await self.abandon()

    async def abandon(self) -> None:
        """Cancel all conversations. Raise what ended one and is not the infrastructure's fault."""
        self.state.closing = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._failure is not None:
            raise self._failure

    async def _wait_until(self, due: float) -> bool:
        """Wait for a moment (monotonic seconds), and return whether the test still goes on then."""
        while (wait := due - monotonic()) > 0 and not self.over:  # noqa: ASYNC110 (it may be stopped meanwhile)
            await asyncio.sleep(min(wait, POLL))
        return not self.over

    async def _wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds, or the test is over."""
        while not self.over and not condition():  # noqa: ASYNC110 (no event marks the condition)
            await asyncio.sleep(POLL)

    def _set_target(self, target: int, spread: float = 0.0) -> None:
        """Keep `target` conversations under way; new ones begin over `spread` seconds."""
        more, self._target = target - self._workers, target
        for index in range(more):
            self._workers += 1
            self._spawn(self._repeat_conversations(spread * index / more))

    async def _repeat_conversations(self, wait: float) -> None:
        """Play one conversation after another, as long as the target wants this many."""
        try:
            await asyncio.sleep(wait)
            due, pause = monotonic(), 0.0
            while self._workers <= self._target and not self.state.closing:
                ended = await self._play_conversation(due)
                pause = 0.0 if ended is not None else min(MAX_PAUSE, max(MIN_PAUSE, 2 * pause))
                if pause:
                    await asyncio.sleep(pause)
                due = monotonic() if ended is None else ended
        finally:
            self._workers -= 1

    async def _play_conversation(
        self, due: float, planned: PlannedConversation | None = None, think: Callable[[], float] | None = None
    ) -> float | None:
        """Play a conversation and return when it ended (monotonic seconds); None where the infrastructure failed."""
        collector = self.state.collector
        planned = planned or self._mix.next()
        drive, model = planned.drive(), planned.cast.name
        conversation = Conversation(self.state, due, think or self._draw_think_time, model)
        collector.change_under_way(1, model)
        try:
            outcome = await Moderator(drive, planned.cast, conversation).run()
        except (Unauthorized, UnknownModel):
            raise
        except (EngineError, LimitReached):
            return None
        finally:
            drive.close()
            collector.change_under_way(-1, model)
        self.completed += 1
        collector.add_conversation(due, conversation.ended, outcome, model)
        return conversation.ended

    def _draw_think_time(self) -> float:
        return self._think.draw(self._dice)

    def _spawn(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.ensure_future(self._keep_failure(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _keep_failure(self, work: Coroutine[Any, Any, object]) -> None:
        try:
            await work
        except Exception as error:
            self._failure = self._failure or error
