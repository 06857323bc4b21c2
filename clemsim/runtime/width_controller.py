"""Controls the width of a server's gate while a run goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from time import time

from clemsim.engines.load import ServerLoad
from clemsim.game.messages import Usage
from clemsim.runtime.adaptive_width import AdaptiveWidth, Reading
from clemsim.runtime.agent import Agent
from clemsim.runtime.agent_contract import calling
from clemsim.runtime.observer import Observer, WidthSample
from clemsim.runtime.turn_gate import ServerGate, TurnGate

PERIOD = 0.5  # seconds between readings; at once when the server turns a request away
SETTLE = 1.0  # seconds after a cut in which the requests sent before it may still be turned away
KEEP_EVERY = 10  # of the readings that change nothing, one in so many becomes a sample
MIN_TURNS = 16  # to measure a rate by, where the server counts no tokens for us


class WidthController:
    """Reads one server now and then and sets its gate. With a fixed width it only keeps the history."""

    def __init__(
        self,
        agents: Mapping[Agent, TurnGate],
        gate: ServerGate,
        observer: Observer,
        started: Callable[[Agent], int],
        fixed: int | None,
    ) -> None:
        """`agents`: those that share the server, of which there may be more later; one of them is asked for its load.
        `started`: how many episodes with an agent are under way.
        """
        self.load: ServerLoad | None = None
        self._agents = agents
        self._gate = gate
        self._observer = observer
        self._started = started
        self._fixed = fixed
        self._adaptive = AdaptiveWidth(gate.width)
        self._turned_away = asyncio.Event()
        self._busy = self._turns = self._tokens = self._ended = self._readings = 0
        self._spent = 0.0  # seconds of those turns together
        self._since = self._ignore_busy_until = 0.0
        self._generated: int | None = None
        self._rejections: int | None = None

    def count_turn(self, usage: Usage) -> None:
        """Count a turn that was answered."""
        self._turns += 1
        self._ended += 1
        self._tokens += usage.tokens_out
        self._spent += usage.seconds

    def note_busy(self) -> None:
        """Note that the server turned a request away."""
        self._busy += 1
        self._turned_away.set()

    def fix(self, width: int | None) -> None:
        """Keep this width from now on; None: find it."""
        self._fixed = width
        if width is not None:
            self._gate.resize(width)
        self._adaptive = AdaptiveWidth(self._gate.width)
        self._sample("set by hand")

    async def readings(self) -> AsyncIterator[None]:
        """Control the width for ever; yield after every reading."""
        self._since = asyncio.get_running_loop().time()
        self._sample("start")
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(PERIOD):
                    await self._turned_away.wait()
            self._turned_away.clear()
            agent = next(iter(self._agents))
            with calling(agent, "load"):
                self.load = await agent.load()
            self._control(asyncio.get_running_loop().time())
            yield

    def _control(self, now: float) -> None:
        reading = self._reading(now)
        if self._fixed is None:
            width = self._adaptive.read(reading)
            if self._adaptive.why:
                self._gate.resize(width)
                if reading.busy:
                    self._ignore_busy_until = now + SETTLE
        why = self._adaptive.why if self._fixed is None else ""
        self._readings += 1
        if why or self._readings % KEEP_EVERY == 0:
            self._sample(why, reading.rate)

    def _reading(self, now: float) -> Reading:
        turned_away = max(self._busy, self._count_rejected())
        busy = turned_away if now >= self._ignore_busy_until else 0
        ended, self._busy, self._ended = self._ended, 0, 0
        limited = self._gate.waiting > 0 or self._gate.inside >= self._gate.width
        return Reading(self._gate.inside, self._rate(now), limited, busy, self.load, ended)

    def _count_rejected(self) -> int:
        """Return the requests, of others too, that the server says it has turned away since the last reading."""
        before, self._rejections = self._rejections, self.load.rejections if self.load else None
        return 0 if before is None or self._rejections is None else max(0, self._rejections - before)

    def _rate(self, now: float) -> float | None:
        """Return generated tokens per second, as the server counts them; else by Little's law from the ended turns."""
        if self.load and self.load.generated:
            before, self._generated = self._generated, self.load.generated
            if before == self.load.generated:  # a long step: what it makes counts for all of its time
                return None
            seconds, self._since = now - self._since, now
            if before is None or before > self.load.generated or not seconds:  # a restarted server counts from 0
                return None
            return (self.load.generated - before) / seconds
        if self._turns < max(MIN_TURNS, self._gate.width) or not self._spent:
            return None
        rate = self._gate.inside * (self._tokens or self._turns) / self._spent
        self._turns = self._tokens = 0
        self._spent = 0.0
        return rate

    def _sample(self, why: str, rate: float | None = None) -> None:
        """Tell a sample for each agent; their widths add up to that of the server."""
        at, gate = time(), self._gate
        shares = dict(zip(gate.gates, gate.shares(), strict=True))
        for agent, own in self._agents.items():
            sample = WidthSample(
                at, agent.name, shares[own], self._started(agent), own.inside, rate, self.load, why, server=gate.name
            )
            self._observer.width_sampled(sample)
