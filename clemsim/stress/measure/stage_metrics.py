"""From segments to figures: what is reported of each stage, and which of it the client itself has spoiled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clemsim._util.histogram import PERCENTILES
from clemsim.stress.measure.segments import LATENCIES, Segment
from clemsim.stress.measure.server_metrics import ServerReading, between
from clemsim.stress.plan.shapes import Stage

SPOILED = 0.1  # of a latency that may be the client's own doing
BUSY = 0.9  # of one core; a client that needs more can't make more load
SLUGGISH = 0.02  # seconds; a client whose event loop usually lags so much gets too little of its core


@dataclass(frozen=True, slots=True)
class Measured:
    """A stage and its figures, which can be written as JSON."""

    stage: Stage
    data: dict[str, Any]


def measured(
    stage: Stage, whole: Segment, parts: Sequence[Segment], looks: tuple[ServerReading, ServerReading] | None
) -> Measured:
    """All figures of a stage. Times in seconds, rates a second.

    Throughput is what came in this time, not what ended in it: tokens are counted as they come, and turns are that over
    what one turn has. Counting whole turns would be off by up to one turn of each conversation.
    """
    seconds, longest = whole.seconds, max(each.seconds for each in parts)
    tokens = _share(whole.tokens_out, whole.turn_events)  # of one event
    heard = whole.events or whole.turn_events  # some servers' events can't be counted as they come
    turns = _share(heard, seconds * whole.turn_events) * whole.turns
    answered = whole.turns + whole.failed.total() + whole.unanswered
    kept = _share(whole.kept, answered) if answered else None
    latency = {name: whole.latencies[name].percentiles() for name in LATENCIES}
    client = {
        "cpu": _share(whole.cpu, seconds),
        "lag": whole.lag.percentiles(),
        "late": whole.late.percentiles(),
    }
    data = {
        "label": stage.label,
        "open": stage.open_,
        "load": (stage.first + stage.last) / 2,
        "begin": whole.begin,
        "seconds": seconds,
        "turns": whole.turns,
        "turns_per_second": turns,
        "output_tokens_per_second": _share(heard * tokens, seconds),
        "input_tokens_per_second": turns * _share(whole.tokens_in, whole.turns),
        "rates": [
            _share((each.events if whole.events else each.turn_events) * tokens, each.seconds)
            for each in parts
            if 2 * each.seconds >= longest
        ],
        "conversations": whole.ended,
        "conversations_per_second": _share(whole.ended, seconds),
        "slo_share": kept,
        "slo_share_conversations": _share(whole.kept_conversations, whole.ended) if whole.ended else None,
        "goodput": turns * _share(whole.kept, whole.turns) if kept is not None else None,
        "errors": dict(whole.failed),
        "unanswered": whole.unanswered,
        "error_share": _share(whole.failed.total() + whole.unanswered, answered),
        "latency": latency,
        "in_flight": _share(whole.in_flight, seconds),
        "under_way": _share(whole.under_way, seconds),
        "tokens_in_per_turn": _share(whole.tokens_in, whole.turns),
        "tokens_out_per_turn": _share(whole.tokens_out, whole.turns),
        "cached_share": _share(whole.tokens_cached, whole.tokens_in),
        "games": _games(whole),
        "server": _server(whole, looks),
        "client": client,
        "spoiled": spoiled(latency, client),
    }
    return Measured(stage, data)


def spoiled(latency: dict[str, Any], client: dict[str, Any]) -> dict[str, str]:
    """Figures that say as much of the client as of the server, and why.

    A latency is spoiled where, at the same percentile, the client was late, or its event loop lagged, by more than a tenth
    of it. Throughput is where the client's event loop had hardly a moment's rest, or hardly a turn at its core.
    """
    found = {}
    for name in ("ttft", "itl", "turn"):
        for percent in PERCENTILES:
            value, lag, late = (each[f"p{percent}"] for each in (latency[name], client["lag"], client["late"]))
            if value is None:
                continue
            if lag is not None and lag > SPOILED * value:
                found[f"{name} p{percent}"] = f"the client's event loop lagged {1000 * lag:.1f} ms (p{percent})"
            elif name != "itl" and late is not None and late > SPOILED * value:
                found[f"{name} p{percent}"] = f"the client sent {1000 * late:.1f} ms late (p{percent})"
    if client["cpu"] > BUSY:
        found["throughput"] = f"the client used {client['cpu']:.0%} of its core"
    elif (client["lag"]["p50"] or 0) > SLUGGISH:
        found["throughput"] = f"the client's event loop lagged {1000 * client['lag']['p50']:.0f} ms (p50)"
    return found


def _games(whole: Segment) -> dict[str, Any]:
    count = whole.outcomes.total()
    return {
        "outcomes": dict(whole.outcomes),
        "played": 100 * (1 - whole.outcomes["aborted"] / count) if count else None,
        "quality": whole.quality / whole.scored if whole.scored else None,
    }


def _server(whole: Segment, looks: tuple[ServerReading, ServerReading] | None) -> dict[str, Any] | None:
    """None where it does not say."""
    gauges = whole.gauges
    if not gauges.looks:
        return None
    return {
        "running": gauges.running / gauges.looks,
        "waiting": gauges.waiting / gauges.looks,
        "kv_usage": gauges.kv_usage / gauges.looks,
        "kv_usage_most": gauges.kv_most,
        **(between(*looks, whole.seconds) if looks else {}),
    }


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
