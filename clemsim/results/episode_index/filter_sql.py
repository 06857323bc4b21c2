"""A filter as conditions of SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clemsim.results.episode_index.episode_facts import BITS
from clemsim.results.episode_index.episode_filter import NOBODY, RANGES, WHOLE, EpisodeFilter
from clemsim.results.episode_index.full_text import match_expression
from clemsim.results.episode_index.reason_kinds import ANY

COLUMNS = ("arena", "experiment", "instance", "status", "outcome")  # that must be what the filter says


@dataclass(frozen=True, slots=True)
class SqlCondition:
    """A condition on a row of `facts`, with what is bound to it."""

    sql: str
    bound: tuple[Any, ...] = ()

    def __and__(self, other: SqlCondition) -> SqlCondition:
        return SqlCondition(f"{self.sql} AND {other.sql}", self.bound + other.bound)


def condition_of(filter_: EpisodeFilter) -> SqlCondition:
    """Return the condition of a filter, without its order."""
    made = SqlCondition("1")
    for name in COLUMNS:
        if value := getattr(filter_, name):
            made &= SqlCondition(f"{name} = ?", (value,))
    if filter_.cast:
        made &= SqlCondition('"cast" = ?', (filter_.cast,))
    if filter_.blame:
        made &= SqlCondition("blame = ?", ("" if filter_.blame == NOBODY else filter_.blame,))
    if filter_.agent:
        played = '"cast" IN (SELECT ? UNION SELECT "cast" FROM players WHERE agent = ?)'
        made &= SqlCondition(played, (filter_.agent, filter_.agent))
    if filter_.reason:
        made &= _reason(filter_.reason)
    if filter_.flags:
        bits = sum(BITS[flag] for flag in filter_.flags)
        made &= SqlCondition("flags & ? = ?", (bits, bits))
    for name in RANGES:
        limits = getattr(filter_, name)
        if limits.low is not None:
            made &= SqlCondition(f"{name} >= ?", (limits.low,))
        if limits.high is not None:
            made &= SqlCondition(f"{name} <= ?", (limits.high,))
    if filter_.text:
        matching = "doc IN (SELECT rowid FROM words WHERE words MATCH ?)"
        made &= SqlCondition(matching, (match_expression(filter_.text, filter_.text_in),))
    return made


def _reason(reason: str) -> SqlCondition:
    if not reason.startswith(WHOLE):
        pattern = f"%{_like(reason)}%"
        return SqlCondition(r"(reason LIKE ? ESCAPE '\' OR kind LIKE ? ESCAPE '\')", (pattern, pattern))
    kind = reason.removeprefix(WHOLE)
    if kind.endswith(f": {ANY}"):  # what `endings` has folded at the colon
        return SqlCondition(r"(kind = ? OR kind LIKE ? ESCAPE '\')", (kind, f"{_like(kind)}"))
    return SqlCondition("kind = ?", (kind,))


def _like(text: str) -> str:
    """Return the text as a pattern of LIKE, with … for anything."""
    escaped = text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    return escaped.replace(ANY, "%")
