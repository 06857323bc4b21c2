"""The adaptive width: how many turns should be in flight at a server whose limits are not known.

Readings go in, a width comes out; no clock, no I/O. A server that shows its queue is kept just full: as many turns in
flight as it runs at once and a few in its queue, so that a slot that comes free is taken at once. A server that shows
nothing is asked for more as long as that makes it faster. Both begin by doubling, and both give way quickly when
requests are turned away (429, 503) or when the server has to preempt conversations in its KV cache.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from clemsim.engines.load import ServerLoad

RESERVE = 0.25  # of what runs may wait in the server's queue: several replies often end in the same step
FULL = 0.95  # KV use beyond which nothing is added
CUT = 0.7  # of the width is left when the server turns requests away
STEP = 1.25  # by which the width grows once it no longer doubles
WORTH = 0.05  # growth must make the server faster by this share to be kept; twice as many in flight, by three times this
PATIENCE, MOST_PATIENCE = 4, 64  # readings until a server is tried again with more
PERSISTENT = 3  # readings in a row that must show a queue before it is shortened: a burst is no queue
GREATEST = 4096


@dataclass(frozen=True, slots=True)
class Reading:
    """What was measured since the reading before."""

    in_flight: float  # turns, on average
    rate: float | None  # tokens generated per second; None: too few turns to tell
    limited: bool  # more turns would have been in flight, had the width allowed it
    busy: int = 0  # requests turned away
    load: ServerLoad | None = None


@dataclass(slots=True)
class AdaptiveWidth:
    """Slow start, hill climb, quick cut. `why` says why the last reading changed the width; empty: it did not."""

    width: int
    why: str = ""
    _doubling: bool = True
    _last: tuple[int, float] | None = None  # width and rate before the latest growth
    _rates: deque[float] = field(default_factory=lambda: deque(maxlen=2))  # at the present width
    _loads: deque[ServerLoad] = field(default_factory=lambda: deque(maxlen=PERSISTENT))
    _patience: int = PATIENCE
    _rest: int = 0  # readings to let pass before growing again

    def read(self, reading: Reading) -> int:
        """Take a reading and return the width from now on."""
        self.why = ""
        preempted = self._preempted(reading.load)
        if reading.load:
            self._loads.append(reading.load)
        if reading.rate is not None:
            self._rates.append(reading.rate)
        if reading.busy:
            self._cut(CUT * min(self.width, reading.in_flight), "turned away")
        elif preempted and reading.load:
            self._cut(min(0.9 * self.width, reading.load.running), "preemptions")
        elif len(self._loads) == PERSISTENT and min(load.waiting for load in self._loads) > self._reserve():
            self._set((self._running() + self._reserve()) * self._our_share(reading), "a queue at the server")
            self._be_patient()
        elif reading.limited:
            self._climb(reading)
        return self.width

    def _preempted(self, load: ServerLoad | None) -> bool:
        return bool(load and self._loads and load.preemptions > self._loads[-1].preemptions)

    def _running(self) -> int:
        return max(load.running for load in self._loads)

    def _our_share(self, reading: Reading) -> float:
        """Return our share of all requests at the server: there may be others, with queues of their own."""
        at_server = min(load.running + load.waiting for load in self._loads)
        return min(1.0, reading.in_flight / at_server) if at_server else 1.0

    def _reserve(self) -> int:
        return max(2, round(RESERVE * self._running()))

    def _climb(self, reading: Reading) -> None:
        """Grow, or take the latest growth back when it was worth nothing."""
        if self._rest:
            self._rest -= 1
            return
        load = reading.load
        if load and (load.waiting or load.kv_usage > FULL):
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
        self._be_patient()

    def _be_patient(self) -> None:
        """Rest longer before growing again, and double no more."""
        self._doubling, self._last = False, None
        self._rest = self._patience
        self._patience = min(2 * self._patience, MOST_PATIENCE)

    def _cut(self, width: float, why: str) -> None:
        self._set(width, why)
        self._doubling, self._last = False, None
        self._rest = self._patience

    def _set(self, width: float, why: str) -> None:
        width = min(GREATEST, max(1, int(width)))
        if width != self.width:
            self.width, self.why = width, why
            self._rates.clear()
            self._last = None
