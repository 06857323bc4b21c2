"""A filter as conditions of SQL."""

from __future__ import annotations

import sqlite3
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
    """Return the condition of a filter, without its order; where it has a text, `temp.found` holds what that matches."""
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
        made &= SqlCondition("doc IN (SELECT doc FROM temp.found)")
    return made


def where_of(base: sqlite3.Connection, filter_: EpisodeFilter) -> SqlCondition:
    """Return the condition of a filter, for this connection: what its text matches is looked up once for all queries."""
    if filter_.text:
        _find(base, match_expression(filter_.text, filter_.text_in))
    return condition_of(filter_)


def _find(base: sqlite3.Connection, expression: str) -> None:
    """Put the documents that match into `temp.found`, unless they are there and nothing was written since."""
    for table in ("found (doc INTEGER PRIMARY KEY)", "found_by (expression, version, changes)"):
        base.execute(f"CREATE TEMP TABLE IF NOT EXISTS {table}")
    version = base.execute("PRAGMA data_version").fetchone()[0]  # another one, where another connection has written
    if base.execute("SELECT * FROM temp.found_by").fetchone() == (expression, version, base.total_changes):
        return
    base.execute("DELETE FROM temp.found_by")
    base.execute("DELETE FROM temp.found")
    base.execute("INSERT INTO temp.found SELECT rowid FROM words WHERE words MATCH ?", (expression,))
    base.execute("INSERT INTO temp.found_by VALUES (?, ?, ?)", (expression, version, base.total_changes + 1))


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
