"""Numbers in sentences: sizes, intervals, p values and differences. A sentence is hedged as far as its numbers are."""

from __future__ import annotations

import math

from clemsim.analysis.statistics.differences import ALPHA, Sensitivity
from clemsim.results.differences import Difference
from clemsim.results.intervals import Interval

MINUS = "−"


def number(value: float | None, digits: int = 1) -> str:
    """Format a number with `digits` decimals; a dash for None and NaN."""
    if value is None or math.isnan(value):
        return "–"
    text = f"{value:.{digits}f}"
    zero = float(text) == 0
    return text.lstrip("-") if zero else text.replace("-", MINUS)


def signed(value: float | None, digits: int = 1) -> str:
    """Format a number with a sign in front, + or −; none for zero."""
    text = number(value, digits)
    return f"+{text}" if value is not None and value > 0 and float(f"{value:.{digits}f}") > 0 else text


def interval_text(interval: Interval | None, digits: int = 1, *, joint: bool = False) -> str:
    """Format an interval, such as `95 % interval 1.0 to 2.0`, also one with an infinite end; `no interval` for None.

    `joint`: of one of several tests.
    """
    if interval is None:
        return "no interval"
    if not all(map(math.isfinite, interval)):
        return f"95 % interval {_open_text(interval, digits)}"
    return f"{'joint' if joint else '95 %'} interval {number(interval[0], digits)} to {number(interval[1], digits)}"


def _open_text(interval: Interval, digits: int) -> str:
    low, high = interval
    if math.isfinite(low):
        return f"from {number(low, digits)} on, open above"
    return f"up to {number(high, digits)}, open below" if math.isfinite(high) else "open on both sides"


def p_text(p: float | None) -> str:
    """Format a p value."""
    if p is None:
        return "no p"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def size(billions: float) -> str:
    """Format a number of parameters (billions): 0.5 B, 70 B, 1,760 B; as a power of ten where it is no size any more."""
    if not 1e-3 <= billions < 1e6:
        return f"{billions:.0e} B"
    return f"{billions:,.0f} B" if billions >= 100 else f"{billions:.2g} B"


def plural(count: int, noun: str) -> str:
    """Format a count with its noun: `1 game`, `2 games`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def models(count: int) -> str:
    """Format a count of models: `1 model`, `2 models`."""
    return plural(count, "model")


def difference_sentence(
    first: str,
    second: str,
    difference: Difference,
    adjusted: float | None,
    sensitivity: Sensitivity | None = None,
    *,
    tests: int = 1,
    margin: float | None = None,
    score: str = "clemscore",
) -> str:
    """Return a sentence on a difference in a score: its interval, whether it is decided, and whether it is fragile.

    `difference`: with the interval at the level of its test. `adjusted`: its p value among the `tests` that were compared
    with it. `margin`: points within which two models count as equivalent; None: nothing is said of that.
    """
    if difference.value is None:
        return f"{first} and {second} can't be compared: one of them has no {score}."
    fragile = _fragility(sensitivity)
    if number(difference.value) == "0.0":
        return f"{_no_difference(first, second, difference, tests, margin, score)}{fragile}."
    place = "above" if difference.value > 0 else "below"
    unit = "points" if score == "clemscore" else f"points of {score}"
    text = f"{first} lies {number(abs(difference.value))} {unit} {place} {second}"
    if adjusted is None or difference.interval is None:
        return f"{text}; too few instances bear on that for an interval{fragile}."
    text = f"{text} ({_certainty(difference, adjusted, tests)})"
    same = _equivalence(difference, margin)
    if adjusted < ALPHA:
        return f"{text}{same and f', {same}'}{fragile}."
    if same:
        return f"{text}: {same}{fragile}."
    if margin is None:
        return f"{text}: {unresolved(difference)}{fragile}."
    return f"{text}: inconclusive, {unresolved(difference)}, and not shown equivalent within {margin:g} points{fragile}."


def unresolved(difference: Difference) -> str:
    """Say that a difference is undecided, and what would have been seen."""
    seen = f" (true differences above {number(difference.detectable)} points would have been, four times in five)"
    return f"not resolved by this much play{'' if difference.detectable is None else seen}"


def _no_difference(first: str, second: str, difference: Difference, tests: int, margin: float | None, score: str) -> str:
    text = f"no difference is seen between {first} and {second}{'' if score == 'clemscore' else f' in {score}'}"
    if difference.interval is None:
        return f"{text}, with too few instances for an interval"
    most = max(abs(end) for end in difference.interval)
    same = _equivalence(difference, margin)
    joint = f", together with {plural(tests - 1, 'other test')}" if tests > 1 else ""
    possible = f"up to {number(most)} points either way are possible (95 % interval{joint})"
    return f"{text}; {possible}{same and f'; {same}'}"


def _certainty(difference: Difference, adjusted: float, tests: int) -> str:
    if tests == 1 or difference.interval is None:
        return f"{interval_text(difference.interval)}; {p_text(adjusted)}"
    return f"{interval_text(difference.interval, joint=True)}; {p_text(adjusted)} by Holm among {tests} tests"


def _equivalence(difference: Difference, margin: float | None) -> str:
    if margin is None or difference.within is None or not difference.equivalent(margin):
        return ""
    low, high = (number(end) for end in difference.within)
    return f"equivalent within {margin:g} points (90 % interval {low} to {high})"


def _fragility(sensitivity: Sensitivity | None) -> str:
    if sensitivity is None or not sensitivity.fragile:
        return ""
    games = [name for name in sensitivity.without if name in sensitivity.turned_by]
    rules = [name for name in sensitivity.rules if name in sensitivity.turned_by]
    causes = [f"without {' or '.join(games)}"] if games else []
    causes += [f"by the rule {' or '.join(repr(rule) for rule in rules)}"] if rules else []
    return f"; fragile: the sign turns {' and '.join(causes)}"


def strength(rho: float, interval: Interval | None) -> str:
    """Describe the strength of a rank correlation, no stronger than its interval allows."""
    if interval is None or interval[0] <= 0 <= interval[1]:
        return "no clear relation"
    least = min(abs(interval[0]), abs(interval[1]))
    kind = "a strong" if least >= 0.5 else "a moderate" if least >= 0.3 else "at least a weak"
    return f"{kind} {'positive' if rho > 0 else 'negative'} relation"


def width_of(interval: Interval | None) -> float:
    """Return the width of an interval; infinite where there is none."""
    return math.inf if interval is None else interval[1] - interval[0]
