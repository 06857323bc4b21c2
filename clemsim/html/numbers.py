"""Numbers and times as pages print them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import orjson

NONE = "–"
THIN = "\u202f"  # between thousands
MINUTE, HOUR, DAY = 60, 3600, 86_400  # seconds
FEW = 10  # seconds, below which tenths are worth printing


def count(value: float | None) -> str:
    """Return a whole number, its thousands apart."""
    return NONE if value is None else f"{value:,.0f}".replace(",", THIN)


def points(value: float | None) -> str:
    """Return a score of 0 to 100 with two decimals."""
    return NONE if value is None else f"{value:.2f}"


def interval(pair: tuple[float, float] | None) -> str:
    """Return a 95 % interval in brackets; empty where there is none."""
    return "" if pair is None else f"[{pair[0]:.1f}, {pair[1]:.1f}]"


def percent(share: float | None) -> str:
    """Return a share of 0 to 1 in percent."""
    return NONE if share is None else f"{100 * share:.0f}{THIN}%"


def seconds(value: float | None) -> str:
    """Return a duration in the two units that tell most."""
    if value is None:
        return NONE
    if value < MINUTE:
        return f"{value:.1f}{THIN}s" if value < FEW else f"{value:.0f}{THIN}s"
    if value < HOUR:
        return f"{value // MINUTE:.0f}{THIN}min {value % MINUTE:.0f}{THIN}s"
    return f"{value // HOUR:.0f}{THIN}h {value % HOUR // MINUTE:.0f}{THIN}min"


def duration(value: float | None) -> str:
    """Return how long a request took: milliseconds below a second, then as `seconds` does."""
    return f"{1000 * value:.0f}{THIN}ms" if value is not None and value < 1 else seconds(value)


def json_text(value: object) -> str:
    """Return a value as indented JSON."""
    return orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode()


def moment(epoch: float | None) -> str:
    """Return a time in seconds since the epoch as local date and time."""
    return NONE if epoch is None else datetime.fromtimestamp(epoch).strftime("%Y-%m-%d %H:%M")


FILTERS: dict[str, Callable[..., str]] = {
    "count": count,
    "points": points,
    "interval": interval,
    "percent": percent,
    "seconds": seconds,
    "duration": duration,
    "moment": moment,
    "json_text": json_text,
}
