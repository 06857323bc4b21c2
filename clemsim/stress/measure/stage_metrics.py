"""The metrics of a stage, computed from its segments, and which of them the client itself has spoiled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clemsim._util.histogram import Histogram
from clemsim.stress.measure.latency import PERCENTS, Latencies, Latency, LatencyName, Percent
from clemsim.stress.measure.segments import Segment
from clemsim.stress.measure.server_metrics import ServerMetrics, ServerReading, server_metrics
from clemsim.stress.plan.shapes import Stage
from clemsim.stress.stress_result import StressResult

MAX_CLIENT_SHARE = 0.1  # of a latency that the client may have caused
MAX_CPU = 0.9  # of one core; a client that needs more cannot make more load
MAX_MEDIAN_LAG = 0.02  # seconds; a client whose event loop lags more at the median gets too little of its core
THROUGHPUT = "throughput"  # the name of throughput among spoiled metrics


class ClientHealth(StressResult):
    """The client's own health: CPU share of a core, lag of the event loop, and lateness of turns."""

    cpu: float
    lag: Latency
    late: Latency


class Lengths(StressResult):
    """How long `n` inputs or outputs were, in tokens."""

    n: int
    mean: float | None
    least: float
    p50: float | None
    p90: float | None
    p99: float | None
    greatest: float

    @classmethod
    def of(cls, histogram: Histogram) -> Lengths:
        """Return the lengths of a histogram, which holds at least one. Percentiles are off by up to 0.25 %."""
        p50, p90, p99 = (histogram.percentile(percent) for percent in (50, 90, 99))
        ends = {"least": histogram.least, "greatest": histogram.greatest}
        return cls(n=histogram.count, mean=histogram.mean, p50=p50, p90=p90, p99=p99, **ends)


class GameMetrics(StressResult):
    """How the games of a stage ended: their outcomes, %Played and Quality (0..100); None where there is nothing."""

    outcomes: Mapping[str, int]
    played: float | None
    quality: float | None


class ModelMetrics(StressResult):
    """What is reported of one of several models of a stage: its part of the figures of `StageMetrics`, which have the same
    names, units and meanings.
    """

    turns: int
    turns_per_second: float
    output_tokens_per_second: float
    input_tokens_per_second: float
    conversations: int
    conversations_per_second: float
    slo_share: float | None
    slo_undetermined: int
    goodput: float | None
    token_goodput: float | None
    errors: Mapping[str, int]
    unanswered: int
    error_share: float
    latency: Latencies
    in_flight: float
    under_way: float
    tokens_in_per_turn: float
    tokens_out_per_turn: float
    cached_share: float
    tokens_per_second_per_user: float | None
    games: GameMetrics
    finish_reasons: Mapping[str, int]
    spoiled: Mapping[str, str]

    @classmethod
    def of(cls, stage: StageMetrics) -> ModelMetrics:
        """Return the figures of a model out of those of a stage that counted nothing but this model."""
        return cls.model_construct(**{name: getattr(stage, name) for name in cls.model_fields})

    @property
    def client_limit(self) -> str:
        """Return why the client, not the server, limited throughput; empty if it did not."""
        return self.spoiled.get(THROUGHPUT, "")

    def is_spoiled(self, name: LatencyName, percent: Percent) -> bool:
        """Return whether the client spoiled a percentile of a latency."""
        return spoiled_name(name, percent) in self.spoiled


class StageMetrics(StressResult):
    """What is reported of a stage. Times in seconds, rates a second, shares 0..1.

    `load` is the mean number of conversations, or of those that arrive a second if the loop is `open`; `begin` counts from
    the beginning of the test. `rates` are the output tokens a second of the stage's parts. `slo_share` (attainment) is
    the share of turns that met the SLO among those of which it can be said, which all but `slo_undetermined` are; failed
    turns met none. `goodput` and `token_goodput` are the turns and output tokens a second of those that met it. They are
    None where nothing can be said. `spoiled` says by metric what the client did to it.
    """

    label: str
    open: bool
    load: float
    begin: float
    seconds: float
    turns: int
    turns_per_second: float
    output_tokens_per_second: float
    input_tokens_per_second: float
    rates: tuple[float, ...]
    conversations: int
    conversations_per_second: float
    slo_share: float | None
    slo_share_conversations: float | None
    goodput: float | None
    errors: Mapping[str, int]
    unanswered: int
    error_share: float
    latency: Latencies
    in_flight: float
    under_way: float
    tokens_in_per_turn: float
    tokens_out_per_turn: float
    cached_share: float
    games: GameMetrics
    server: ServerMetrics | None
    client: ClientHealth
    spoiled: Mapping[str, str]
    slo_undetermined: int = 0
    token_goodput: float | None = None
    finish_reasons: Mapping[str, int] = {}
    input_length: Lengths | None = None
    output_length: Lengths | None = None
    tokens_per_second_per_user: float | None = None
    tokens_per_second_per_gpu: float | None = None
    models: Mapping[str, ModelMetrics] = {}  # by name, where several are loaded together

    @property
    def client_limit(self) -> str:
        """Return why the client, not the server, limited throughput; empty if it did not."""
        return self.spoiled.get(THROUGHPUT, "")

    def is_spoiled(self, name: LatencyName, percent: Percent) -> bool:
        """Return whether the client spoiled a percentile of a latency."""
        return spoiled_name(name, percent) in self.spoiled


def stage_metrics(
    stage: Stage,
    whole: Segment,
    parts: Sequence[Segment],
    readings: tuple[ServerReading, ServerReading] | None,
    gpus: float | None = None,
) -> StageMetrics:
    """Compute the metrics of a stage from all of it, its parts, and readings of the server at its edges.

    Throughput is what came in this time, not what ended in it: tokens are counted as they come, and turns are tokens
    divided by the tokens of a turn. Counting whole turns would be off by up to one turn of each conversation.
    """
    seconds = whole.seconds
    tokens_per_event = _ratio(whole.tokens_out, whole.turn_events)
    events = whole.events or whole.turn_events  # events of some servers cannot be counted as they come
    turns_per_second = _ratio(events, seconds * whole.turn_events) * whole.turns
    due = whole.turns_over + whole.unanswered
    judged = due - whole.turns_undetermined
    slo_share = _ratio(whole.turns_in_slo, judged) if judged else None
    tokens_per_second = _ratio(events * tokens_per_event, seconds)
    latency = whole.latencies.latencies()
    client = ClientHealth(cpu=_ratio(whole.cpu, seconds), lag=Latency.of(whole.lag), late=Latency.of(whole.late))
    return StageMetrics(
        label=stage.label,
        open=stage.open_loop,
        load=(stage.first + stage.last) / 2,
        begin=whole.begin,
        seconds=seconds,
        turns=whole.turns,
        turns_per_second=turns_per_second,
        output_tokens_per_second=tokens_per_second,
        input_tokens_per_second=turns_per_second * _ratio(whole.tokens_in, whole.turns),
        rates=_rates(whole, parts, tokens_per_event),
        conversations=whole.ended,
        conversations_per_second=_ratio(whole.ended, seconds),
        slo_share=slo_share,
        slo_share_conversations=_ratio(whole.conversations_in_slo, whole.ended) if whole.ended else None,
        goodput=turns_per_second * _ratio(whole.turns_in_slo, whole.turns) if slo_share is not None else None,
        errors=dict(whole.failed),
        unanswered=whole.unanswered,
        error_share=_ratio(whole.failed.total() + whole.unanswered, due),
        latency=latency,
        in_flight=_ratio(whole.in_flight, seconds),
        under_way=_ratio(whole.under_way, seconds),
        tokens_in_per_turn=_ratio(whole.tokens_in, whole.turns),
        tokens_out_per_turn=_ratio(whole.tokens_out, whole.turns),
        cached_share=_ratio(whole.tokens_cached, whole.tokens_in),
        games=_games(whole),
        server=server_metrics(whole, readings),
        client=client,
        spoiled=spoiled(latency, client),
        finish_reasons=dict(whole.finish_reasons),
        input_length=Lengths.of(whole.input_lengths) if whole.turns else None,
        output_length=Lengths.of(whole.output_lengths) if whole.turns else None,
        tokens_per_second_per_user=1 / latency.tpot.mean if latency.tpot.mean else None,
        tokens_per_second_per_gpu=tokens_per_second / gpus if gpus else None,
        slo_undetermined=whole.turns_undetermined,
        token_goodput=tokens_per_second * _ratio(whole.tokens_in_slo, whole.tokens_out) if slo_share is not None else None,
    )


def _rates(whole: Segment, parts: Sequence[Segment], tokens_per_event: float) -> tuple[float, ...]:
    """Return the output tokens a second of the parts; one that is much shorter than the others is left out."""
    longest = max(part.seconds for part in parts)
    return tuple(
        _ratio((part.events if whole.events else part.turn_events) * tokens_per_event, part.seconds)
        for part in parts
        if 2 * part.seconds >= longest
    )


def spoiled_name(name: LatencyName, percent: Percent) -> str:
    """Return the name of a percentile among spoiled metrics, such as `ttft p99`."""
    return f"{name} p{percent}"


def spoiled(latency: Latencies, client: ClientHealth) -> dict[str, str]:
    """Return the metrics that tell as much of the client as of the server, each with the reason.

    A latency is spoiled where, at the same percentile, the client was late, or its event loop lagged, by more than a tenth
    of it. Throughput is spoiled where the client's event loop hardly rested, or hardly got its core.
    """
    reasons = {}
    names: tuple[LatencyName, ...] = ("ttft", "itl", "turn")
    for name in names:
        for percent in PERCENTS:
            if reason := _latency_reason(name, percent, latency.named(name).percentile(percent), client):
                reasons[spoiled_name(name, percent)] = reason
    if reason := _throughput_reason(client):
        reasons[THROUGHPUT] = reason
    return reasons


def _latency_reason(name: LatencyName, percent: Percent, seconds: float | None, client: ClientHealth) -> str:
    if seconds is None:
        return ""
    lag, late = client.lag.percentile(percent), client.late.percentile(percent)
    if lag is not None and lag > MAX_CLIENT_SHARE * seconds:
        return f"the client's event loop lagged {1000 * lag:.1f} ms (p{percent})"
    if name != "itl" and late is not None and late > MAX_CLIENT_SHARE * seconds:
        return f"the client sent {1000 * late:.1f} ms late (p{percent})"
    return ""


def _throughput_reason(client: ClientHealth) -> str:
    if client.cpu > MAX_CPU:
        return f"the client used {client.cpu:.0%} of its core"
    lag = client.lag.p50 or 0.0
    return f"the client's event loop lagged {1000 * lag:.0f} ms (p50)" if lag > MAX_MEDIAN_LAG else ""


def _games(whole: Segment) -> GameMetrics:
    count = whole.outcomes.total()
    aborted = whole.outcomes.get("aborted", 0)
    return GameMetrics(
        outcomes=dict(whole.outcomes),
        played=100 * (1 - aborted / count) if count else None,
        quality=whole.quality / whole.scored if whole.scored else None,
    )


def _ratio(part: float, whole: float) -> float:
    """Return part / whole; 0 if the whole is 0."""
    return part / whole if whole else 0.0
