"""Metrics of a stage that the client spoiled."""

from __future__ import annotations

from clemsim._util.histogram import Histogram
from clemsim.stress.measure.latency import Latencies, Latency
from clemsim.stress.measure.stage_metrics import ClientHealth, spoiled


def latency(*seconds: float) -> Latency:
    """Return the latency of these values."""
    histogram = Histogram()
    for value in seconds:
        histogram.add(value)
    return Latency.of(histogram)


def latencies(ttft: Latency) -> Latencies:
    """Return latencies with this TTFT, 20 ms between tokens and a second for a turn."""
    return Latencies(ttft=ttft, itl=latency(0.02), tpot=latency(0.02), turn=latency(1.0), conversation=latency(5.0))


def client(cpu: float = 0.5, lag: float = 0.001, late: float = 0.001) -> ClientHealth:
    """Return a client that is calm unless told otherwise."""
    return ClientHealth(cpu=cpu, lag=latency(lag), late=latency(late))


def test_a_calm_client_spoils_nothing() -> None:
    assert spoiled(latencies(latency(0.1)), client()) == {}


def test_latencies_are_spoiled_by_a_late_client_and_by_a_lagging_loop() -> None:
    late = spoiled(latencies(latency(0.1)), client(late=0.02))
    assert set(late) == {"ttft p50", "ttft p90", "ttft p95", "ttft p99"} and "20.0 ms late (p50)" in late["ttft p50"]
    lagging = spoiled(latencies(latency(0.1)), client(lag=0.003))
    assert {name.split()[0] for name in lagging} == {"itl"} and "lagged 3.0 ms (p99)" in lagging["itl p99"]


def test_throughput_is_spoiled_by_a_busy_client_and_by_one_without_its_core() -> None:
    assert "used 97% of its core" in spoiled(latencies(latency(0.1)), client(cpu=0.97))["throughput"]
    assert "lagged 50 ms (p50)" in spoiled(latencies(latency(0.1)), client(lag=0.05))["throughput"]


def test_what_was_not_measured_is_not_spoiled() -> None:
    nothing = latency()
    assert nothing.n == 0 and nothing.p50 is None
    assert not any("ttft" in name for name in spoiled(latencies(nothing), client(late=10.0)))
    assert spoiled(latencies(latency(0.1)), ClientHealth(cpu=0.1, lag=nothing, late=nothing)) == {}
