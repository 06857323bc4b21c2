"""What a canary found, in sentences; they claim what the intervals say and no more."""

from __future__ import annotations

from clemsim.canary.comparison import too_many_unfinished
from clemsim.canary.verdict import NAMES, CanaryMeasure, CanaryVerdict


def sentences(verdict: CanaryVerdict) -> list[str]:
    """Return the headline, a sentence for each measure, and what else is to be known."""
    pairs = f"{verdict.looked_at} of {verdict.pairs} pairs of episodes"
    lines = [f"{headline(verdict)} ({pairs}, {verdict.seconds:.0f} s; {verdict.ended})."]
    lines += [sentence(measure) for measure in verdict.measures]
    if verdict.same_transcripts is not None:
        lines.append(f"The replies agree word for word in {verdict.same_transcripts:.0%} of the pairs.")
    if verdict.unfinished:
        parts = ", ".join(f"{count} in {arm}" for arm, count in verdict.unfinished.items())
        lines.append(f"Episodes that the infrastructure kept from ending, whose pairs are left out: {parts}.")
        if too_many_unfinished(verdict.unfinished, verdict.looked_at):
            lines.append("So many are left out that nothing counts as the same.")
    return lines


def headline(verdict: CanaryVerdict) -> str:
    """Return the verdict in one clause."""
    if verdict.answer == "worse":
        names = " and ".join(NAMES[measure.name] for measure in verdict.measures if measure.answer == "worse")
        return f"B is worse than A by the margin or more: {names}"
    if verdict.answer == "same":
        return "B is not worse than A by the margins or more"
    names = ", ".join(NAMES[measure.name] for measure in verdict.measures if measure.answer == "open")
    return f"not certain: {names}"


def sentence(measure: CanaryMeasure) -> str:
    """Return what is known of one measure."""
    if measure.pairs == 0:
        why = ", for no pair has replies with token counts" if measure.name == "speed" else ""
        return f"{NAMES[measure.name]}: nothing was measured{why}."
    return _speed(measure) if measure.name == "speed" else _points(measure)


def _points(measure: CanaryMeasure) -> str:
    name, (low, high) = NAMES[measure.name], measure.interval
    assert high is not None
    means = f"{name} {measure.a:.1f} in A, {measure.b:.1f} in B; difference {low:+.1f}…{high:+.1f} points"
    said = {
        "same": f"changed by less than {measure.margin:g} points",
        "worse": f"lower in B by {measure.margin:g} points or more",
        "better": f"higher in B by {measure.margin:g} points or more",
        "open": _open_points(measure, low, high),
    }
    return f"{means}: {said[measure.answer]}."


def _open_points(measure: CanaryMeasure, low: float, high: float) -> str:
    if -measure.margin < low and high < measure.margin and (measure.a or 0.0) < measure.margin:
        little = f"A itself reaches less than {measure.margin:g}, so a loss of that size cannot be seen"
        return f"{little}: try easier games, or --constrain"
    direction = "lower in B, " if high < 0 else "higher in B, " if low > 0 else ""
    seen = "" if measure.visible is None else f"; as many pairs usually show changes of {measure.visible:g} points or more"
    return f"{direction}whether by {measure.margin:g} points or more is open{seen}"


def _speed(measure: CanaryMeasure) -> str:
    low, high = measure.interval
    assert measure.estimate is not None
    ends = f"{low:.2f}…{'?' if high is None else f'{high:.2f}'}"
    percent = f"{100 * (measure.margin - 1):.0f} %"
    said = {
        "same": f"neither is faster by {percent} or more",
        "worse": f"A is faster by {percent} or more",
        "better": f"B is faster by {percent} or more",
        "open": f"whether one is faster by {percent} or more is open",
    }
    ratio = f"tokens a second of B are {measure.estimate:.2f} times those of A (median of pairs, {ends})"
    return f"speed: {ratio}: {said[measure.answer]}."
