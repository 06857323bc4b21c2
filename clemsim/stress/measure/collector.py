"""The collector of what a stress test sees, in segments of time."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Mapping
from time import monotonic, thread_time
from types import MappingProxyType

from clemsim._util.loop_monitor import PERIOD
from clemsim.engines.load import ServerLoad
from clemsim.engines.stream_timing import EventMeter
from clemsim.game.messages import Usage
from clemsim.game.outcomes import Outcome
from clemsim.stress.measure.records import RecordFile
from clemsim.stress.measure.segments import Segment
from clemsim.stress.plan.slo import Slo

TIMER_GRAIN = 0.001  # seconds; no timer of the event loop is more exact
MAX_SEGMENTS = 300  # beyond it, neighbours are merged, so that a soak of days stays small


class Collector:
    """The counts of a stress test: everything is counted once, in one segment.

    In a closed loop that is the segment in which a turn ended. In an open loop (`by_due`) it is the segment in which the
    turn was due, so that turns which the server is slow to answer are not lost. Where several models are loaded, each has
    a collector of its own in `by_model`, which counts its part of everything but the client's lag and the server's gauges.
    """

    def __init__(
        self,
        meter: EventMeter,
        slo: Slo,
        *,
        by_due: bool,
        tick: float = 1.0,
        records: RecordFile | None = None,
        models: Mapping[str, EventMeter] = MappingProxyType({}),
    ) -> None:
        """Begin to collect, in segments of `tick` seconds; `records` gets a row for each request. `models` are the meters of
        several models, by the names of their casts.
        """
        self.by_model = {name: Collector(own, slo, by_due=by_due, tick=tick) for name, own in models.items()}
        self.records = records
        self.slo = slo
        self.tick = tick
        self.by_due = by_due
        self.begun = monotonic()
        for part in self.by_model.values():
            part.begun = self.begun  # a turn is in the same segment of all
        self.segments = [Segment(0.0, 0, measured=False)]
        self.in_flight = self.under_way = 0
        self._meter = meter
        self._begins = [0.0]
        self._changed = self.begun  # when in_flight or under_way changed last
        self._events = 0
        self._cpu = thread_time()

    @property
    def current(self) -> Segment:
        """Return the segment of this moment."""
        return self.segments[-1]

    @property
    def elapsed(self) -> float:
        """Return the seconds since the collector was made."""
        return monotonic() - self.begun

    def begin_segment(self, stage: int, *, measured: bool, begin: float | None = None) -> None:
        """Begin a segment of a stage, given by its index, at `begin` (None: now)."""
        self.close_segment()
        self.segments.append(Segment(self.elapsed if begin is None else begin, stage, measured))
        self._begins.append(self.current.begin)
        if len(self.segments) > MAX_SEGMENTS:
            self._coarsen()
        for part in self.by_model.values():
            part.begin_segment(stage, measured=measured, begin=self._begins[-1])

    def split_segment(self) -> None:
        """Begin another segment of the current kind."""
        self.begin_segment(self.current.stage, measured=self.current.measured)

    def close_segment(self) -> None:
        """Write down what the current segment took until now."""
        self._add_spans(0, 0)
        segment, cpu, events = self.current, thread_time(), self._meter.events
        segment.end = self.elapsed
        segment.cpu += cpu - self._cpu
        segment.events += events - self._events
        self._cpu, self._events = cpu, events
        segment.pack()
        for part in self.by_model.values():
            part.close_segment()

    async def watch_event_loop(self) -> None:
        """Measure how late the event loop is, until cancelled."""
        while True:
            due = monotonic() + PERIOD
            await asyncio.sleep(PERIOD)
            self.current.lag.add(monotonic() - due - TIMER_GRAIN)

    def change_in_flight(self, change: int, model: str = "") -> None:
        """Add to the number of turns in flight."""
        self._add_spans(change, 0)
        if part := self.by_model.get(model):
            part.change_in_flight(change)

    def change_under_way(self, change: int, model: str = "") -> None:
        """Add to the number of conversations under way."""
        self._add_spans(0, change)
        self.current.started += max(0, change)
        if part := self.by_model.get(model):
            part.change_under_way(change)

    def add_turn(self, due: float, usage: Usage, stop: str = "stop", model: str = "") -> None:
        """Count an answered turn that was due at `due` (monotonic seconds), and whose reply ended because of `stop`."""
        segment = self._segment_of(due)
        segment.add_turn(due, usage, self.slo)
        segment.finish_reasons[stop] += 1
        if self.records:
            self.records.add_turn(segment.stage, self.begun, due, usage, stop, measured=segment.measured)
        if part := self.by_model.get(model):
            part.add_turn(due, usage, stop)

    def add_failure(self, due: float, cause: str, model: str = "") -> None:
        """Count a turn that failed."""
        segment = self._segment_of(due)
        segment.failed[cause] += 1
        if self.records:
            self.records.add_failure(
                segment.stage, self.begun, due, cause, model if self.by_model else None, measured=segment.measured
            )
        if part := self.by_model.get(model):
            part.add_failure(due, cause)

    def add_unanswered(self, due: float, model: str = "") -> None:
        """Count a turn without an answer at the end of the test."""
        self._segment_of(due).unanswered += 1
        if part := self.by_model.get(model):
            part.add_unanswered(due)

    def add_conversation(self, due: float, ended: float, outcome: Outcome | None, model: str = "") -> None:
        """Count a conversation that was played to its end; one without a game has no outcome."""
        self._segment_of(due).add_conversation(ended - due, outcome, self.slo)
        if part := self.by_model.get(model):
            part.add_conversation(due, ended, outcome)

    def add_load(self, load: ServerLoad | None) -> None:
        """Count what the server reports of itself now, if it does."""
        if load:
            self.current.gauges.add(load)

    def parts(self, stage: int) -> list[Segment]:
        """Return the measured segments of a stage."""
        return [part for part in self.segments if part.stage == stage and part.measured and part.seconds > 0]

    def turns_over(self, stage: int, *, measured: bool = False) -> int:
        """Return how many turns of a stage were answered or failed; with `measured`, only in its measured segments."""
        return sum(
            segment.turns_over for segment in self.segments if segment.stage == stage and (segment.measured or not measured)
        )

    def _segment_of(self, due: float) -> Segment:
        if not self.by_due:
            return self.segments[-1]
        return self.segments[max(0, bisect_right(self._begins, due - self.begun) - 1)]

    def _add_spans(self, in_flight: int, under_way: int) -> None:
        """Add the time since the last change, then change the numbers of turns and conversations."""
        now, segment = monotonic(), self.segments[-1]
        span, self._changed = now - self._changed, now
        segment.in_flight += span * self.in_flight
        segment.under_way += span * self.under_way
        self.in_flight += in_flight
        self.under_way += under_way

    def _coarsen(self) -> None:
        """Merge neighbours of one kind, and make segments twice as long from now on."""
        kept: list[Segment] = []
        for segment in self.segments:
            last = kept[-1] if kept else None
            alike = last and (last.stage, last.measured) == (segment.stage, segment.measured)
            if last and alike and segment is not self.current and last.seconds < 1.5 * self.tick:
                last.merge(segment)
                last.pack()
            else:
                kept.append(segment)
        self.segments, self._begins = kept, [segment.begin for segment in kept]
        self.tick *= 2


def merged(parts: list[Segment]) -> Segment:
    """Return what all parts of a stage saw together; there is at least one."""
    whole = Segment(parts[0].begin, parts[0].stage, measured=True)
    for part in parts:
        whole.merge(part)
    return whole
