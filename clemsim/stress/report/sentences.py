"""What a report says in sentences: the knee, the SLO, the client's part in it, failures, the verdict on answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from clemsim.stress.measure.knee import Knee
from clemsim.stress.measure.stage_metrics import StageMetrics
from clemsim.stress.plan.slo import Slo
from clemsim.stress.report.stress_report import StressReport

MAX_PARTED = 0.05  # of the recorded turns that a replay may have more or less
MIN_SLO_SHARE = 0.95  # of turns that must meet the SLO for a stage to meet it


def sentences(report: StressReport) -> list[str]:
    """Return what a reader should know first; the report's own sentences are not read."""
    texts: list[str] = []
    if report.stages:
        texts += [_knee_sentence(report.knee, report.stages)] if report.plan.sweep else []
        texts += _slo_sentences(report.stages, Slo(report.plan.slo)) if report.plan.slo else []
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
    return (
        f"The knee is at {knee.concurrency:.3g} conversations (95 % {low:.3g}..{high:.3g}): below it each adds "
        f"{knee.alone:.3g} output tokens/s, above it the server gives {knee.rate:.4g} output tokens/s in all "
        "and conversations wait for each other."
    )


def _slo_sentences(stages: Sequence[StageMetrics], slo: Slo) -> list[str]:
    shares = [(stage, stage.slo_share) for stage in stages if stage.slo_share is not None]
    if not shares or not slo.limits_turns:
        return []
    unit = "" if stages[0].open else " conversations"
    meeting = [(stage, share) for stage, share in shares if share >= MIN_SLO_SHARE]
    if not meeting:
        best, share = max(shares, key=lambda pair: pair[1])
        return [f"SLO ({slo}): no stage kept it; the best, {best.label}{unit}, in {share:.1%} of turns."]
    most, share = max(meeting, key=lambda pair: pair[0].load)
    return [
        f"SLO ({slo}): kept by at least {MIN_SLO_SHARE:.0%} of turns at {most.label}{unit} and at no more than that "
        f"({share:.1%}, goodput {most.goodput:.3g} turns/s)."
    ]


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
