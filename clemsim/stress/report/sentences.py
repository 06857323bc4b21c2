"""What a report says in sentences: the knee, the SLO, the client's part in it, failures, the verdict on answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from clemsim.stress.measure.knee import Knee
from clemsim.stress.measure.stage_metrics import ModelMetrics, StageMetrics
from clemsim.stress.plan.slo import Slo
from clemsim.stress.plan.slo_search import bounds
from clemsim.stress.report.stress_report import StressReport

MAX_PARTED = 0.05  # of the recorded turns that a replay may have more or less


def sentences(report: StressReport) -> list[str]:
    """Return what a reader should know first; the report's own sentences are not read."""
    texts: list[str] = []
    if report.stages:
        texts += [_knee_sentence(report.knee, report.stages)] if report.plan.sweep else []
        texts += _slo_sentences(report) if report.plan.slo else []
    texts += _model_sentences(report.stages)
    texts += _price_sentences(report)
    texts += _replay_sentences(report)
    texts += _client_sentences(report.stages)
    texts += _fault_sentences(report.stages)
    if report.answers:
        texts.append(f"{_capitalized(report.answers.verdict)}.")
    if report.stopped:
        texts.append(f"The test ended early: {report.stopped}; this is what was measured until then.")
    return texts


def _knee_sentence(knee: Knee | None, stages: Sequence[StageMetrics]) -> str:
    if not knee:
        return "Too few steps were measured to name a knee."
    fastest = max(stages, key=lambda stage: stage.output_tokens_per_second)
    if fastest.client_limit:
        return (
            f"The client is the limit: at {fastest.label} conversations {fastest.client_limit}, "
            "so no knee of the server can be named; spread the load over several clients."
        )
    if not knee.reached:
        return (
            f"Throughput still grew at the last step ({stages[-1].label} conversations, "
            f"{stages[-1].output_tokens_per_second:.0f} output tokens/s): no knee up to there; sweep further."
        )
    low, high = knee.interval
    turns = "" if knee.in_flight is None else f", {knee.in_flight:.3g} turns in flight"
    return (
        f"The knee is at {knee.concurrency:.3g} conversations (95 % {low:.3g}..{high:.3g}){turns}: below it each adds "
        f"{knee.alone:.3g} output tokens/s, above it the server gives {knee.rate:.4g} output tokens/s in all "
        "and conversations wait for each other."
    )


def _slo_sentences(report: StressReport) -> list[str]:
    """Return at which of the loads that were tried the SLO was kept, and no more than that."""
    slo, target = Slo(report.plan.slo), report.plan.attainment
    judged = [(stage, stage.slo_share) for stage in report.stages if stage.slo_share is not None]
    if not slo.limits_turns:
        return []
    if not judged:
        return [f"SLO ({slo}): undetermined, for no turn could be judged."]
    unit = "" if report.stages[0].open else " conversations"
    kept, broken = bounds({stage.load: share >= target for stage, share in judged})
    by_load = {stage.load: (stage, share) for stage, share in judged}
    if kept is None:
        best, share = max(judged, key=lambda pair: pair[1])
        texts = [f"SLO ({slo}): no stage kept it; the best, {best.label}{unit}, in {share:.1%} of turns."]
    else:
        most, share = by_load[kept]
        texts = [
            f"SLO ({slo}): kept by at least {target:.0%} of turns at {most.label}{unit} ({share:.1%}, goodput "
            f"{most.goodput or 0.0:.3g} turns/s, {most.token_goodput or 0.0:.4g} tokens/s), {_beyond(by_load, broken)}."
        ]
    if undetermined := sum(stage.slo_undetermined for stage in report.stages):
        texts.append(f"{undetermined} turns are undetermined: a reply of one token has no time per token to be limited.")
    return texts


def _beyond(by_load: Mapping[float, tuple[StageMetrics, float]], broken: float | None) -> str:
    """Return what is known of greater loads."""
    if broken is None:
        return "the most that was tried"
    stage, share = by_load[broken]
    return f"and not at {stage.label} ({share:.1%})"


def _model_sentences(stages: Sequence[StageMetrics]) -> list[str]:
    """Return the part of each of several models in the greatest throughput."""
    fastest = max(stages, key=lambda stage: stage.output_tokens_per_second, default=None)
    if fastest is None or not fastest.models:
        return []
    parts = [f"{name} {_part(model)}" for name, model in fastest.models.items()]
    whole = f"At {fastest.label} the models gave {fastest.output_tokens_per_second:.4g} output tokens/s together"
    return [f"{whole}: {'; '.join(parts)}."]


def _part(model: ModelMetrics) -> str:
    ttft = model.latency.ttft.p50
    first = "" if ttft is None else f", TTFT p50 {1000 * ttft:.3g} ms"
    failed = f", {model.error_share:.1%} failed" if model.error_share else ""
    return f"{model.output_tokens_per_second:.4g}{first}{failed}"


def _price_sentences(report: StressReport) -> list[str]:
    """Return what a million output tokens and a conversation cost at the stage of the greatest throughput."""
    gpus, price = report.plan.gpus, report.plan.price_per_gpu_hour
    fastest = max(report.stages, key=lambda stage: stage.output_tokens_per_second, default=None)
    if not (gpus and fastest and fastest.output_tokens_per_second):
        return []
    rate = fastest.output_tokens_per_second
    user = fastest.tokens_per_second_per_user
    each = "" if user is None else f", {user:.3g} tokens/s for each user"
    texts = [f"At {fastest.label}: {rate / gpus:.4g} output tokens/s a GPU{each}."]
    if price:
        million = price * gpus / 3600 / rate * 1e6
        ended = fastest.conversations_per_second
        conversation = f", a finished conversation {price * gpus / 3600 / ended:.3g}" if ended else ""
        texts.append(f"At {price:g} a GPU and hour, a million output tokens cost {million:.3g}{conversation}.")
    return texts


def _replay_sentences(report: StressReport) -> list[str]:
    """Return how much of a trace was played, and whether it was the recorded load."""
    replayed = report.replayed
    if replayed is None:
        return []
    played = (
        f"Of {replayed.turns} recorded turns in {replayed.conversations} conversations {replayed.turns_played} were "
        f"answered, and {replayed.conversations_played} conversations came to their end."
    )
    parted = abs(replayed.turns_played - replayed.turns) > MAX_PARTED * replayed.turns
    if not parted or report.stopped:
        return [played]
    hint = "" if report.plan.verbatim else ": games took another course; --verbatim sends the recorded requests"
    return [f"{played} This was not the recorded load{hint}."]


def _client_sentences(stages: Sequence[StageMetrics]) -> list[str]:
    limited = [stage for stage in stages if stage.client_limit]
    spoiled = [stage for stage in stages if stage.spoiled and not stage.client_limit]
    texts = []
    if limited:
        texts.append(f"At {_labels(limited)} the client was the limit, not the server ({limited[-1].client_limit}).")
    if spoiled:
        texts.append(f"Some latencies at {_labels(spoiled)} are the client's own doing; they are marked with *.")
    return texts


def _labels(stages: Sequence[StageMetrics]) -> str:
    return ", ".join(stage.label for stage in stages)


def _fault_sentences(stages: Sequence[StageMetrics]) -> list[str]:
    causes: Counter[str] = Counter()
    for stage in stages:
        causes.update(stage.errors)
    unanswered = sum(stage.unanswered for stage in stages)
    failed = causes.total() + unanswered
    parts = [f"{count} {cause}" for cause, count in causes.items()]
    parts += [f"{unanswered} without an answer at the end"] if unanswered else []
    turns = sum(stage.turns for stage in stages) + failed
    return [f"{failed} of {turns} turns failed: {', '.join(parts)}."] if parts else []


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]
