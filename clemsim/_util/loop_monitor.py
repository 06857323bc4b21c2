"""The cost of clemsim itself while it plays: CPU time of the event loop's thread, and lag of the loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from time import thread_time

from clemsim._util.histogram import Histogram

PERIOD = 0.05  # seconds between two measurements

LoopFacts = dict[str, float]


class Monitor:
    """Measures the event loop that it runs on, without any work per turn."""

    def __init__(self) -> None:
        self._lags = Histogram()
        self._begun = thread_time()

    async def watch(self) -> None:
        """Measure the lag every 50 ms until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + PERIOD
            await asyncio.sleep(PERIOD)
            self.add_lag(max(0.0, loop.time() - due))

    def add_lag(self, seconds: float) -> None:
        """Count a wake-up that came this many seconds after it was due."""
        self._lags.add(seconds)

    @property
    def longest(self) -> float:
        """The worst lag in seconds."""
        return self._lags.greatest

    def lag(self, share: float = 0.99) -> float:
        """Return the lag in seconds that this share of all wake-ups did not exceed."""
        return self._lags.percentile(100 * share) or 0.0

    def facts(self, *, playing: bool = True) -> LoopFacts:
        """Return seconds: CPU time so far (`cpu`), and the loop's lag (`lag_p99`, `lag_max`), which is 0 unless `playing`:
        the lag of a loop that only records what other processes play delays no turn.
        """
        cpu = thread_time() - self._begun
        return {"cpu": cpu, "lag_p99": playing * self.lag(), "lag_max": playing * self.longest}


def total(costs: Iterable[LoopFacts]) -> LoopFacts:
    """Return the cost of several processes together: the sum of CPU times, and the worst of the lags."""
    processes = list(costs)
    lags = {name: max(facts[name] for facts in processes) for name in ("lag_p99", "lag_max")}
    return {"cpu": sum(facts["cpu"] for facts in processes), **lags}
