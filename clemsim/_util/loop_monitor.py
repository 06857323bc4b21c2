"""What clemsim itself costs while it plays: CPU time of the event loop's thread, and how late the loop is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from time import thread_time

from clemsim._util.histogram import Histogram

PERIOD = 0.05  # seconds between two looks at the clock

LoopFacts = dict[str, float]


class Monitor:
    """Watches the event loop it runs on. Nothing is done per turn."""

    def __init__(self) -> None:
        self._lags = Histogram()
        self._begun = thread_time()

    async def watch(self) -> None:
        """Look again and again, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + PERIOD
            await asyncio.sleep(PERIOD)
            self.late(max(0.0, loop.time() - due))

    def late(self, seconds: float) -> None:
        """The loop came so late to what was due."""
        self._lags.add(seconds)

    @property
    def longest(self) -> float:
        """The worst lag in seconds."""
        return self._lags.greatest

    def lag(self, share: float = 0.99) -> float:
        """Seconds that this share of all looks were not later than."""
        return self._lags.percentile(100 * share) or 0.0

    def facts(self, *, playing: bool = True) -> LoopFacts:
        """In seconds: CPU time so far, and the loop's lag; that of a loop which only takes down what others play is no
        matter.
        """
        cpu = thread_time() - self._begun
        return {"cpu": cpu, "lag_p99": playing * self.lag(), "lag_max": playing * self.longest}


def total(some: Iterable[LoopFacts]) -> LoopFacts:
    """What several processes cost together: CPU time is summed, of the lags the worst counts."""
    every = list(some)
    lags = {name: max(facts[name] for facts in every) for name in ("lag_p99", "lag_max")}
    return {"cpu": sum(facts["cpu"] for facts in every), **lags}
