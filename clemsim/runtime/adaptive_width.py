"""The adaptive width: how many turns should be in flight at a server whose limits are not known.

Readings go in, a width comes out; no clock, no I/O. A server that shows its queue is kept just full: as many turns in
flight as it runs at once and a few in its queue, so that a slot that comes free is taken at once. A server that shows
nothing is asked for more as long as that makes it faster. Both begin by doubling, and both give way quickly when
requests are turned away (429, 503) or when the server has to preempt conversations in its KV cache.

A server says how busy it is once in a step of its engine, and a step that computes many prompts can last for seconds. So
only readings between which it moved count, and a queue is one only when every seat was taken anew while it lasted: before
that, the server is still letting in what came. Turns that wait in a server's queue cost little, empty seats a lot;
therefore a queue is shortened by steps, and a server that runs all it gets gets twice as much at once.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from clemsim.engines.load import ServerLoad

RESERVE = 0.25  # of what runs may wait in the server's queue: several replies often end in the same step
FULL = 0.95  # KV use beyond which nothing is added
CUT = 0.7  # of the width is left when the server turns requests away, and at least, when a queue is shortened
LEFT = 0.5  # of the width is left at least when conversations were thrown out of the KV cache
STEP = 1.25  # by which the width grows once it no longer doubles
WORTH = 0.05  # growth must make the server faster by this share to be kept; twice as many in flight, by three times this
PATIENCE, MOST_PATIENCE = 4, 64  # readings until a server is tried again with more
PERSISTENT = 3  # readings in a row that must show a queue before it is shortened: a burst is no queue
SEEN = 64  # readings for which is remembered how much the server ran
ALL = 0.9  # of the turns in flight that a server runs are all of them: some are on their way
HALF = 0.5  # of the turns in flight must run, at least, before more are added: the server has still to see the others
GREATEST = 4096


@dataclass(frozen=True, slots=True)
class Reading:
    """What was measured since the reading before."""

    in_flight: float  # turns, on average
    rate: float | None  # tokens generated per second; None: too few turns to tell
    limited: bool  # more turns would have been in flight, had the width allowed it
    busy: int = 0  # requests turned away
    load: ServerLoad | None = None
    ended: int = 0  # turns that were answered


@dataclass(slots=True)
class AdaptiveWidth:
    """Slow start, hill climb, quick cut. `why` says why the last reading changed the width; empty: it did not."""

    width: int
    why: str = ""
    _doubling: bool = True
    _last: tuple[int, float] | None = None  # width and rate before the latest growth
    _rates: deque[float] = field(default_factory=lambda: deque(maxlen=2))  # at the present width
    _before: ServerLoad | None = None  # the latest reading of a server that had moved
    _seen: deque[int] = field(default_factory=lambda: deque(maxlen=SEEN))  # what it ran, while it turned nothing away
    _queue: list[ServerLoad] = field(default_factory=list)  # the readings in a row that show a queue
    _ended: int = 0  # turns that were answered meanwhile
    _harmless: int = 0  # the greatest width that did no harm
    _patience: int = PATIENCE
    _rest: int = 0  # readings to let pass before growing again

    def __post_init__(self) -> None:
        self._harmless = self.width

    def read(self, reading: Reading) -> int:
        """Take a reading and return the width from now on."""
        self.why = ""
        load, before = reading.load, self._before
        self._ended += reading.ended
        if reading.busy:
            self._cut(CUT * min(self.width, reading.in_flight), "turned away")
        elif before and (load is None or not load.moved_since(before)):
            return self.width  # nothing is known of what it does now
        elif load and before and load.preemptions > before.preemptions:
            self._cut(max(LEFT * self.width, min(0.9 * self.width, load.running)), "preemptions")
        else:
            self._adapt(reading)
        self._before = load or before
        return self.width

    def _adapt(self, reading: Reading) -> None:
        """Shorten a queue that lasts, or grow."""
        if reading.rate is not None:
            self._rates.append(reading.rate)
        if reading.load:
            self._look_at_queue(reading.load)
        if self._is_queue(reading):
            wanted = (max(self._seen) + self._reserve()) * self._our_share(reading)
            self._set(min(self.width, max(wanted, CUT * self.width)), "a queue at the server")
            self._forget_queue()
            self._be_patient()
        elif reading.limited:
            if self._runs_all(reading) and self.width < self._harmless:
                self._set(min(2 * self.width, self._harmless), "growing")
            else:
                self._climb(reading)

    def _look_at_queue(self, load: ServerLoad) -> None:
        self._seen.append(load.running)
        if load.waiting > self._reserve():
            if not self._queue:
                self._ended = 0
            self._queue.append(load)
        else:
            self._forget_queue()

    def _is_queue(self, reading: Reading) -> bool:
        """Return whether requests wait for a seat: every seat was given anew, and still as many wait."""
        if len(self._queue) < PERSISTENT:
            return False
        running = max(load.running for load in self._queue)
        return running > 0 and self._ended >= running * self._our_share(reading)

    def _forget_queue(self) -> None:
        self._queue.clear()
        self._ended = 0

    def _our_share(self, reading: Reading) -> float:
        """Return our share of all requests at the server: there may be others, with queues of their own."""
        at_server = min(load.running + load.waiting for load in self._queue)
        return min(1.0, reading.in_flight / at_server) if at_server else 1.0

    def _reserve(self) -> int:
        return max(2, round(RESERVE * max(self._seen)))

    def _runs_all(self, reading: Reading) -> bool:
        """Return whether the server runs all that it is given, and has room."""
        load = reading.load
        return bool(load and not load.waiting and load.kv_usage <= FULL and load.running >= ALL * reading.in_flight)

    def _climb(self, reading: Reading) -> None:
        """Grow, or take the latest growth back when it was worth nothing."""
        if self._rest:
            self._rest -= 1
            return
        load = reading.load
        if load and (load.waiting or load.kv_usage > FULL or load.running < HALF * reading.in_flight):
            return
        if len(self._rates) < (1 if self._doubling else 2):
            return
        rate = sum(self._rates) / len(self._rates)
        if self._last:
            if not self._worth(rate):
                self._take_back(rate)
                return
            self._patience = PATIENCE
        before = (self.width, rate)
        self._set(self.width * (2 if self._doubling else STEP) + 0.5, "growing")
        self._last = before

    def _worth(self, rate: float) -> bool:
        width, before = self._last or (self.width, 0.0)
        return rate > before * (1 + WORTH * (3 if self.width >= 2 * width else 1))

    def _take_back(self, rate: float) -> None:
        """Rest longer after growth that brought nothing. The width itself is given back only where it did harm."""
        width, before = self._last or (self.width, rate)
        if not self._doubling or rate < before:
            self._set(width, "no faster")
            self._harmless = self.width
        self._be_patient()

    def _be_patient(self) -> None:
        """Rest longer before growing again, and double no more."""
        self._doubling, self._last = False, None
        self._rest = self._patience
        self._patience = min(2 * self._patience, MOST_PATIENCE)

    def _cut(self, width: float, why: str) -> None:
        """Give way: what ran so far is no longer what the server takes."""
        self._set(width, why)
        self._harmless = self.width
        self._seen.clear()
        self._forget_queue()
        self._doubling, self._last = False, None
        self._rest = self._patience

    def _set(self, width: float, why: str) -> None:
        width = min(GREATEST, max(1, int(width)))
        if width != self.width:
            self.width, self.why = width, why
            self._harmless = max(self._harmless, width)
            self._rates.clear()
            self._last = None
