"""What was seen in a stretch of time. Stretches of one stage add up to the stage; in a row they are the timeline."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from clemsim._util.histogram import Histogram
from clemsim.engines.load import ServerLoad
from clemsim.game.messages import Usage
from clemsim.game.outcomes import Outcome
from clemsim.stress.plan.slo import Slo

LATENCIES = ("ttft", "itl", "tpot", "turn", "conversation")


@dataclass(slots=True)
class Gauges:
    """What the server said of itself, summed over so many looks."""

    looks: int = 0
    running: int = 0
    waiting: int = 0
    kv_usage: float = 0.0
    kv_most: float = 0.0
    last: ServerLoad | None = None

    def add(self, load: ServerLoad) -> None:
        """One look."""
        self.looks += 1
        self.running += load.running
        self.waiting += load.waiting
        self.kv_usage += load.kv_usage
        self.kv_most = max(self.kv_most, load.kv_usage)
        self.last = load

    def merge(self, other: Gauges) -> None:
        """All looks of another."""
        self.looks += other.looks
        self.running += other.running
        self.waiting += other.waiting
        self.kv_usage += other.kv_usage
        self.kv_most = max(self.kv_most, other.kv_most)
        self.last = other.last or self.last


@dataclass(slots=True)
class Segment:
    """`begin` and `end` in seconds since the stress test began; `stage` is a number. All times in seconds.

    Latencies run from the moment a turn was due, not from when it was sent: a client that comes late must not look like a
    fast server (coordinated omission; Tene 2013). `late` is the difference.
    """

    begin: float
    stage: int
    measured: bool
    end: float = 0.0
    latencies: dict[str, Histogram] = field(default_factory=lambda: {name: Histogram() for name in LATENCIES})
    late: Histogram = field(default_factory=Histogram)
    lag: Histogram = field(default_factory=Histogram)  # of the event loop
    cpu: float = 0.0  # of the event loop's thread
    turns: int = 0
    kept: int = 0  # turns that kept the SLO
    failed: Counter[str] = field(default_factory=Counter)  # turns by cause
    unanswered: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    turn_events: int = 0  # events of the turns counted here
    events: int = 0  # that came in this time, of whatever turn
    in_flight: float = 0.0  # turns x seconds
    under_way: float = 0.0  # conversations x seconds
    started: int = 0  # conversations
    ended: int = 0  # conversations that came to their end
    kept_conversations: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    quality: float = 0.0  # summed over those that have one
    scored: int = 0
    gauges: Gauges = field(default_factory=Gauges)

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return self.end - self.begin

    def turn(self, due: float, usage: Usage, slo: Slo) -> None:
        """A turn was answered."""
        heard = usage.timing
        self.turns += 1
        self.tokens_in += usage.tokens_in
        self.tokens_out += usage.tokens_out
        self.tokens_cached += usage.tokens_cached
        if heard is None or not heard.times:
            return
        self.turn_events += heard.events
        self.late.add(heard.sent - due)
        times, latencies = heard.times, self.latencies
        first, last = times[0], times[-1]
        pause, before, add = 0.0, first, latencies["itl"].add
        for at in times[1:]:
            gap = at - before
            if gap > pause:
                pause = gap
            add(gap)
            before = at
        latencies["ttft"].add(first - due)
        latencies["turn"].add(last - due)
        tpot = (last - first) / (usage.tokens_out - 1) if usage.tokens_out > 1 else None
        if tpot is not None:
            latencies["tpot"].add(tpot)
        self.kept += slo.kept({"ttft": first - due, "itl": pause, "tpot": tpot, "turn": last - due})

    def conversation(self, seconds: float, outcome: Outcome, slo: Slo) -> None:
        """A conversation came to its end."""
        self.ended += 1
        self.latencies["conversation"].add(seconds)
        self.kept_conversations += slo.kept({"conversation": seconds})
        self.outcomes[outcome.kind] += 1
        if outcome.quality is not None:
            self.quality += outcome.quality
            self.scored += 1

    def merge(self, other: Segment) -> None:
        """All that another one saw, which began where this one ended."""
        self.end = other.end
        for name, histogram in other.latencies.items():
            self.latencies[name].merge(histogram)
        self.late.merge(other.late)
        self.lag.merge(other.lag)
        self.gauges.merge(other.gauges)
        self.failed += other.failed
        self.outcomes += other.outcomes
        for name in _SUMMED:
            setattr(self, name, getattr(self, name) + getattr(other, name))


_SUMMED = (
    *("cpu", "turns", "kept", "unanswered", "tokens_in", "tokens_out", "tokens_cached", "turn_events", "events"),
    *("in_flight", "under_way", "started", "ended", "kept_conversations", "quality", "scored"),
)
