"""The collector of a long stress test."""

from __future__ import annotations

import tracemalloc
from random import Random

import pytest

from clemsim.engines.stream_timing import EventMeter
from clemsim.game.messages import StreamTiming, Usage
from clemsim.stress.measure import collector as collecting
from clemsim.stress.measure.collector import MAX_SEGMENTS, Collector, merged
from clemsim.stress.plan.slo import Slo


def test_a_soak_takes_no_more_memory_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the segments hold grows to what MAX_SEGMENTS of them need, and no further."""
    dice, now, sizes = Random(1), 0.0, list[int]()
    monkeypatch.setattr(collecting, "monotonic", lambda: now)
    tracemalloc.start()
    try:
        collector = Collector(EventMeter(), Slo(), by_due=False)
        collector.begin_segment(0, measured=True)
        for second in range(4 * MAX_SEGMENTS + 2):
            now += 1.0
            for _ in range(20):
                times = [now + dice.lognormvariate(-3, 0.5), now + 0.2 + dice.random()]
                usage = Usage("m", 0, now, 0.1, 100, 2, timing=StreamTiming(now, times, times[-1], 2))
                collector.add_turn(now, usage, "stop")
            if now - collector.current.begin >= collector.tick:
                collector.split_segment()
            if second % MAX_SEGMENTS == MAX_SEGMENTS - 2:
                sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert len(collector.segments) <= MAX_SEGMENTS + 1 and sizes[-1] <= 2 * sizes[0] < 4_000_000
    collector.close_segment()
    assert merged(collector.parts(0)).latencies.ttft.count == 20 * (4 * MAX_SEGMENTS + 2)
