"""Segments: what was seen in a stretch of time. The segments of a stage add up to it; in a row they are the timeline."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from time import monotonic

from clemsim._util.histogram import Histogram
from clemsim.engines.load import ServerLoad
from clemsim.game.messages import Usage
from clemsim.game.outcomes import Outcome
from clemsim.stress.measure.latency import Latencies, Latency
from clemsim.stress.plan.slo import Slo


@dataclass(frozen=True, slots=True)
class MeanGauges:
    """The means of what the server reported of itself: requests that run and wait, and the share of its KV cache in use."""

    running: float
    waiting: float
    kv_usage: float


@dataclass(slots=True)
class Gauges:
    """What the server reported of itself, summed over `readings`."""

    readings: int = 0
    running: int = 0
    waiting: int = 0
    kv_usage: float = 0.0
    kv_usage_most: float = 0.0
    last: ServerLoad | None = None

    def add(self, load: ServerLoad) -> None:
        """Add one reading."""
        self.readings += 1
        self.running += load.running
        self.waiting += load.waiting
        self.kv_usage += load.kv_usage
        self.kv_usage_most = max(self.kv_usage_most, load.kv_usage)
        self.last = load

    def merge(self, other: Gauges) -> None:
        """Add all readings of `other`, which are later."""
        self.readings += other.readings
        self.running += other.running
        self.waiting += other.waiting
        self.kv_usage += other.kv_usage
        self.kv_usage_most = max(self.kv_usage_most, other.kv_usage_most)
        self.last = other.last or self.last

    def means(self) -> MeanGauges | None:
        """Return the means over all readings; None without any."""
        if not self.readings:
            return None
        return MeanGauges(self.running / self.readings, self.waiting / self.readings, self.kv_usage / self.readings)


@dataclass(slots=True)
class LatencyHistograms:
    """The latencies of a segment by name."""

    ttft: Histogram = field(default_factory=Histogram)
    itl: Histogram = field(default_factory=Histogram)
    tpot: Histogram = field(default_factory=Histogram)
    turn: Histogram = field(default_factory=Histogram)
    conversation: Histogram = field(default_factory=Histogram)

    def merge(self, other: LatencyHistograms) -> None:
        """Add all values of `other`."""
        self.ttft.merge(other.ttft)
        self.itl.merge(other.itl)
        self.tpot.merge(other.tpot)
        self.turn.merge(other.turn)
        self.conversation.merge(other.conversation)

    def latencies(self) -> Latencies:
        """Return the latencies as they are reported."""
        return Latencies(
            ttft=Latency.of(self.ttft),
            itl=Latency.of(self.itl),
            tpot=Latency.of(self.tpot),
            turn=Latency.of(self.turn),
            conversation=Latency.of(self.conversation),
        )


@dataclass(slots=True)
class Segment:
    """A stretch of one stage; `begin` and `end` in seconds since the stress test began, `stage` its index.

    Latencies run from the moment a turn was due, not from the moment it was sent: a late client must not make the server
    look fast (coordinated omission; Tene 2013, "How NOT to Measure Latency"). `late` is the difference. Times in seconds.
    """

    begin: float
    stage: int
    measured: bool
    end: float = 0.0
    latencies: LatencyHistograms = field(default_factory=LatencyHistograms)
    late: Histogram = field(default_factory=Histogram)
    lag: Histogram = field(default_factory=Histogram)  # of the event loop
    cpu: float = 0.0  # of the event loop's thread
    turns: int = 0
    turns_in_slo: int = 0
    turns_undetermined: int = 0  # of which nobody can say whether they met the SLO
    tokens_in_slo: int = 0  # output tokens of the turns that met it
    failed: Counter[str] = field(default_factory=Counter)  # turns by cause
    unanswered: int = 0
    finish_reasons: Counter[str] = field(default_factory=Counter)
    input_lengths: Histogram = field(default_factory=Histogram)  # tokens
    output_lengths: Histogram = field(default_factory=Histogram)  # tokens
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    turn_events: int = 0  # stream events of the turns that are counted here
    events: int = 0  # stream events that came in this time, of any turn
    in_flight: float = 0.0  # turns x seconds
    under_way: float = 0.0  # conversations x seconds
    started: int = 0  # conversations
    ended: int = 0  # conversations that were played to their end
    conversations_in_slo: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    quality: float = 0.0  # summed over the conversations that have one
    scored: int = 0
    gauges: Gauges = field(default_factory=Gauges)

    @property
    def seconds(self) -> float:
        """Return how long the segment lasted."""
        return self.end - self.begin

    @property
    def turns_over(self) -> int:
        """Return the number of turns that were answered or failed."""
        return self.turns + self.failed.total()

    def add_turn(self, due: float, usage: Usage, slo: Slo) -> None:
        """Count an answered turn that was due at `due` (monotonic seconds)."""
        timing = usage.timing
        self.turns += 1
        self.input_lengths.add(usage.tokens_in)
        self.output_lengths.add(usage.tokens_out)
        self.tokens_in += usage.tokens_in
        self.tokens_out += usage.tokens_out
        self.tokens_cached += usage.tokens_cached
        if timing is None:
            self._add_whole_reply(due, monotonic(), usage, slo)
            return
        if not timing.times:
            return
        self.turn_events += timing.events
        self.late.add(timing.sent - due)
        times, latencies = timing.times, self.latencies
        first, last = times[0], times[-1]
        longest_gap, before, add = 0.0, first, latencies.itl.add
        for at in times[1:]:
            gap = at - before
            if gap > longest_gap:
                longest_gap = gap
            add(gap)
            before = at
        latencies.ttft.add(first - due)
        latencies.turn.add(last - due)
        tpot = (last - first) / (usage.tokens_out - 1) if usage.tokens_out > 1 else None
        if tpot is not None:
            latencies.tpot.add(tpot)
        itl = longest_gap if len(times) > 1 else None
        ntpot = (last - due) / usage.tokens_out if usage.tokens_out else None
        found = {"ttft": first - due, "itl": itl, "tpot": tpot, "ntpot": ntpot, "turn": last - due}
        self._judge(slo.judge(found), usage)

    def _add_whole_reply(self, due: float, ended: float, usage: Usage, slo: Slo) -> None:
        """Count the reply of an engine that does not stream as one event: it has a turn latency, and no first token."""
        self.turn_events += 1
        self.late.add(ended - usage.seconds - due)
        self.latencies.turn.add(ended - due)
        self._judge(slo.judge({"turn": ended - due}), usage)

    def _judge(self, kept: bool | None, usage: Usage) -> None:
        if kept:
            self.turns_in_slo += 1
            self.tokens_in_slo += usage.tokens_out
        elif kept is None:
            self.turns_undetermined += 1

    def add_conversation(self, seconds: float, outcome: Outcome | None, slo: Slo) -> None:
        """Count a conversation that was played to its end in this many seconds; one without a game has no outcome."""
        self.ended += 1
        self.latencies.conversation.add(seconds)
        self.conversations_in_slo += slo.keeps_conversation(seconds)
        if outcome is None:
            return
        self.outcomes[outcome.kind] += 1
        if outcome.quality is not None:
            self.quality += outcome.quality
            self.scored += 1

    def merge(self, other: Segment) -> None:
        """Add everything of `other`, which begins where this segment ends."""
        self.end = other.end
        self.latencies.merge(other.latencies)
        self.late.merge(other.late)
        self.lag.merge(other.lag)
        self.gauges.merge(other.gauges)
        self.failed += other.failed
        self.finish_reasons += other.finish_reasons
        self.input_lengths.merge(other.input_lengths)
        self.output_lengths.merge(other.output_lengths)
        self.outcomes += other.outcomes
        for name in _SUMMED:
            setattr(self, name, getattr(self, name) + getattr(other, name))


_SUMMED = (
    *("cpu", "turns", "turns_in_slo", "unanswered", "tokens_in", "tokens_out", "tokens_cached", "turn_events", "events"),
    *(
        "turns_undetermined",
        "tokens_in_slo",
        "in_flight",
        "under_way",
        "started",
        "ended",
        "conversations_in_slo",
        "quality",
        "scored",
    ),
)
