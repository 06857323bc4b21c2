"""Collects what a stress test sees, in segments of time."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from time import monotonic, thread_time

from clemsim._util.loop_monitor import PERIOD
from clemsim.engines.load import ServerLoad
from clemsim.engines.stream_timing import EventMeter
from clemsim.game.messages import Usage
from clemsim.game.outcomes import Outcome
from clemsim.stress.measure.segments import Segment
from clemsim.stress.plan.slo import Slo

GRAIN = 0.001  # seconds; no timer of the event loop is more exact than that
MOST = 600  # segments; beyond, neighbours are put together, so that a soak of days stays small


class Collector:
    """Everything is counted once, in one segment. In a closed loop that is the one in which it ended; in an open loop
    (`by_due`) the one in which it was due, so that what the server is slow to answer is not lost.
    """

    def __init__(self, meter: EventMeter, slo: Slo, *, by_due: bool, tick: float = 1.0) -> None:
        """`tick`: seconds of a segment."""
        self.slo = slo
        self.tick = tick
        self.by_due = by_due
        self.begun = monotonic()
        self.segments = [Segment(0.0, 0, measured=False)]
        self.in_flight = self.under_way = 0
        self.load: ServerLoad | None = None  # what the server said last
        self._meter = meter
        self._starts = [0.0]
        self._changed = self.begun  # when in_flight or under_way did last
        self._events = 0
        self._cpu = thread_time()

    @property
    def current(self) -> Segment:
        """The one of now."""
        return self.segments[-1]

    @property
    def now(self) -> float:
        """Seconds since the beginning."""
        return monotonic() - self.begun

    def phase(self, stage: int, *, measured: bool) -> None:
        """Something else begins now."""
        self.close()
        self.segments.append(Segment(self.now, stage, measured))
        self._starts.append(self.current.begin)
        if len(self.segments) > MOST:
            self._coarsen()

    def turn_over(self) -> None:
        """The same goes on in a new segment."""
        self.phase(self.current.stage, measured=self.current.measured)

    def close(self) -> None:
        """Put down what the present segment took."""
        self._count(0, 0)
        segment, cpu, events = self.current, thread_time(), self._meter.events
        segment.end = self.now
        segment.cpu += cpu - self._cpu
        segment.events += events - self._events
        self._cpu, self._events = cpu, events

    async def watch(self) -> None:
        """Look how late the event loop is, until cancelled."""
        while True:
            due = monotonic() + PERIOD
            await asyncio.sleep(PERIOD)
            self.current.lag.add(monotonic() - due - GRAIN)

    def flying(self, more: int) -> None:
        """Turns begin or end."""
        self._count(more, 0)

    def conversing(self, more: int) -> None:
        """Conversations begin or end."""
        self._count(0, more)
        self.current.started += max(0, more)

    def turn(self, due: float, usage: Usage) -> None:
        """A turn that was due then (monotonic seconds) was answered."""
        self._of(due).turn(due, usage, self.slo)

    def failed(self, due: float, cause: str) -> None:
        """A turn got no answer."""
        self._of(due).failed[cause] += 1

    def unanswered(self, due: float) -> None:
        """A turn had no answer yet when the test was over."""
        self._of(due).unanswered += 1

    def conversation(self, due: float, ended: float, outcome: Outcome) -> None:
        """A conversation came to its end."""
        self._of(due).conversation(ended - due, outcome, self.slo)

    def look(self, load: ServerLoad | None) -> None:
        """What the server says now."""
        self.load = load
        if load:
            self.current.gauges.add(load)

    def stage(self, number: int) -> Segment | None:
        """All that was measured of a stage; None: nothing."""
        found = [each for each in self.segments if each.stage == number and each.measured and each.seconds > 0]
        if not found:
            return None
        whole = Segment(found[0].begin, number, measured=True)
        for segment in found:
            whole.merge(segment)
        return whole

    def _of(self, due: float) -> Segment:
        if not self.by_due:
            return self.segments[-1]
        return self.segments[max(0, bisect_right(self._starts, due - self.begun) - 1)]

    def _count(self, flying: int, conversing: int) -> None:
        now, segment = monotonic(), self.segments[-1]
        span, self._changed = now - self._changed, now
        segment.in_flight += span * self.in_flight
        segment.under_way += span * self.under_way
        self.in_flight += flying
        self.under_way += conversing

    def _coarsen(self) -> None:
        """Put neighbours of one kind together, and make segments twice as long from now on."""
        kept: list[Segment] = []
        for segment in self.segments:
            last = kept[-1] if kept else None
            alike = last and (last.stage, last.measured) == (segment.stage, segment.measured)
            if last and alike and segment is not self.current and last.seconds < 1.5 * self.tick:
                last.merge(segment)
            else:
                kept.append(segment)
        self.segments, self._starts = kept, [each.begin for each in kept]
        self.tick *= 2
