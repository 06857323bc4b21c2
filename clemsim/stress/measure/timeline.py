"""The timeline of a stress test: one row for each stretch of time."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from clemsim.engines.load import ServerLoad
from clemsim.stress.measure.segments import Segment
from clemsim.stress.measure.server_metrics import prefix_hit_share
from clemsim.stress.stress_result import StressResult

MIN_SHARE = 1 / 3  # of the median length; a shorter segment is a remnant between two stages and says nothing


class TimelineRow(StressResult):
    """A stretch of time; None is what was not seen in it. Times in seconds, rates a second, shares 0..1.

    `at` is the middle of the stretch since the test began, `stage` the index of the stage, `errors` the number of turns
    that failed or had no answer.
    """

    at: float
    seconds: float
    stage: int
    measured: bool
    turns: int
    output_tokens_per_second: float
    in_flight: float
    under_way: float
    errors: int
    ttft_p50: float | None
    ttft_p99: float | None
    itl_p50: float | None
    itl_p99: float | None
    turn_p50: float | None
    turn_p99: float | None
    server_running: float | None
    server_waiting: float | None
    server_kv_usage: float | None
    server_preemptions: int | None
    server_prefix_hit_share: float | None
    client_cpu: float
    client_lag_p99: float | None


def timeline(segments: Sequence[Segment]) -> tuple[TimelineRow, ...]:
    """Return a row for each segment that is no remnant, in order. There is at least one segment."""
    usual = median(segment.seconds for segment in segments)
    kept = [segment for segment in segments if segment.seconds > MIN_SHARE * usual]
    events = sum(segment.turn_events for segment in kept)
    tokens_per_event = sum(segment.tokens_out for segment in kept) / events if events else 0.0
    rows, before = [], None
    for segment in kept:
        rows.append(_row(segment, tokens_per_event, before))
        before = segment.gauges.last or before
    return tuple(rows)


def _row(segment: Segment, tokens_per_event: float, before: ServerLoad | None) -> TimelineRow:
    """Return the row of a segment; `before` is the server's last reading before it."""
    seconds, latencies = segment.seconds, segment.latencies
    means, load = segment.gauges.means(), segment.gauges.last
    return TimelineRow(
        at=(segment.begin + segment.end) / 2,
        seconds=seconds,
        stage=segment.stage,
        measured=segment.measured,
        turns=segment.turns,
        output_tokens_per_second=segment.events * tokens_per_event / seconds,
        in_flight=segment.in_flight / seconds,
        under_way=segment.under_way / seconds,
        errors=segment.failed.total() + segment.unanswered,
        ttft_p50=latencies.ttft.percentile(50),
        ttft_p99=latencies.ttft.percentile(99),
        itl_p50=latencies.itl.percentile(50),
        itl_p99=latencies.itl.percentile(99),
        turn_p50=latencies.turn.percentile(50),
        turn_p99=latencies.turn.percentile(99),
        server_running=means.running if means else None,
        server_waiting=means.waiting if means else None,
        server_kv_usage=means.kv_usage if means else None,
        server_preemptions=load.preemptions - before.preemptions if load and before else None,
        server_prefix_hit_share=prefix_hit_share(before, load) if load and before else None,
        client_cpu=segment.cpu / seconds,
        client_lag_p99=segment.lag.percentile(99),
    )
