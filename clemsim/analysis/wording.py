"""Numbers in sentences: how large, how sure, what it hangs on. A sentence is hedged as far as its numbers are."""

from __future__ import annotations

import math

from clemsim.analysis.statistics.differences import ALPHA, Difference, Sensitivity
from clemsim.results.intervals import Interval

MINUS = "−"


def number(value: float | None, digits: int = 1) -> str:
    """A number with so many decimals; a dash for none."""
    if value is None or math.isnan(value):
        return "–"
    text = f"{value:.{digits}f}"
    zero = float(text) == 0
    return text.lstrip("-") if zero else text.replace("-", MINUS)


def signed(value: float | None, digits: int = 1) -> str:
    """The same with a plus where it is above zero."""
    text = number(value, digits)
    return f"+{text}" if value is not None and value > 0 and float(f"{value:.{digits}f}") > 0 else text


def span(interval: Interval | None, digits: int = 1) -> str:
    """`95 % interval 1.0 to 2.0`, or that there is none."""
    if interval is None:
        return "no interval"
    return f"95 % interval {number(interval[0], digits)} to {number(interval[1], digits)}"


def chance(p: float | None) -> str:
    """A p value as it is read."""
    if p is None:
        return "no p"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def size(billions: float) -> str:
    """A number of parameters: 0.5 B, 70 B, 1,760 B; in powers of ten where it is no size any more."""
    if not 1e-3 <= billions < 1e6:
        return f"{billions:.0e} B"
    return f"{billions:,.0f} B" if billions >= 100 else f"{billions:.2g} B"


def counted(count: int, what: str) -> str:
    """`1 game`, `2 games`."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def models(count: int) -> str:
    """`1 model`, `2 models`."""
    return counted(count, "model")


def compared(first: str, second: str, found: Difference, adjusted: float | None, hangs: Sensitivity | None = None) -> str:
    """One sentence on a difference in clemscore, with its interval, whether it is decided, and what it hangs on."""
    if found.value is None:
        return f"{first} and {second} can't be compared: one of them has no clemscore."
    how = "level with" if number(found.value) in ("0.0", "–") else "above" if found.value > 0 else "below"
    gap = "" if how == "level with" else f"{number(abs(found.value))} points "
    if adjusted is None:
        said = f"{first} lies {gap}{how} {second}, and nothing says how sure that is"
    else:
        hedge = "" if adjusted < ALPHA else ", which chance alone can explain"
        among = "" if found.p is None or adjusted == found.p else f", {chance(adjusted)} among all that were compared"
        said = f"{first} lies {gap}{how} {second}{hedge} ({span(found.interval)}; {chance(found.p)}{among})"
    return f"{said}{_fragile(hangs)}."


def _fragile(hangs: Sensitivity | None) -> str:
    if hangs is None or not hangs.fragile:
        return ""
    games = [name for name in hangs.without if name in hangs.turned_by]
    rules = [name for name in hangs.rules if name in hangs.turned_by]
    why = [f"without {' or '.join(games)}"] if games else []
    why += [f"by the rule {' or '.join(repr(rule) for rule in rules)}"] if rules else []
    return f"; fragile: the sign turns {' and '.join(why)}"


def strength(rho: float, interval: Interval | None) -> str:
    """How strong a rank correlation is, no stronger than its interval allows."""
    if interval is None or interval[0] <= 0 <= interval[1]:
        return "no clear relation"
    least = min(abs(interval[0]), abs(interval[1]))
    kind = "a strong" if least >= 0.5 else "a moderate" if least >= 0.3 else "at least a weak"
    return f"{kind} {'positive' if rho > 0 else 'negative'} relation"


def width_of(interval: Interval | None) -> float:
    """How wide an interval is; infinite where there is none."""
    return math.inf if interval is None else interval[1] - interval[0]
