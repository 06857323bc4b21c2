"""Queries of the index. Every one is a statement of SQL; none walks over the rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from clemsim.results.episode_index.endings import Counted
from clemsim.results.episode_index.episode_facts import COLUMNS, EpisodeFacts, facts_of
from clemsim.results.episode_index.episode_filter import EpisodeFilter
from clemsim.results.episode_index.filter_sql import SqlCondition, where_of
from clemsim.results.episode_index.index_schema import SORTS, VARIABLES
from clemsim.results.episode_index.reason_kinds import shared_reason

SELECT = f"SELECT {', '.join(COLUMNS)} FROM facts"

SUMMED = ("turns", "requests", "tokens_in", "tokens_out", "tokens_cached")

# An agent counts wherever it sits, and a cast as a whole.
AGENTS = """
SELECT agent, sum(count) FROM (
    SELECT "cast", count(*) AS count FROM facts WHERE {condition} GROUP BY "cast"
) JOIN (SELECT "cast" AS name, agent FROM players UNION SELECT DISTINCT "cast", "cast" FROM facts) ON name = "cast"
GROUP BY agent ORDER BY 2 DESC, 1
"""


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over some episodes. `seconds`: of those that ended, one after the other; `score`: the mean of those with one."""

    episodes: int
    success: int
    failure: int
    aborted: int
    unended: int
    turns: int
    requests: int
    tokens_in: int
    tokens_out: int
    tokens_cached: int
    seconds: float
    score: float | None


def count_rows(base: sqlite3.Connection, filter_: EpisodeFilter) -> int:
    """Return how many episodes there are."""
    where = where_of(base, filter_)
    return int(base.execute(f"SELECT count(*) FROM facts WHERE {where.sql}", where.bound).fetchone()[0])


def facts_by_id(base: sqlite3.Connection, episode: int) -> EpisodeFacts | None:
    """Return one episode."""
    row = base.execute(f"{SELECT} WHERE id = ?", (episode,)).fetchone()
    return None if row is None else facts_of(row)


def page_of(base: sqlite3.Connection, filter_: EpisodeFilter, offset: int, limit: int) -> list[EpisodeFacts]:
    """Return some episodes in the order of the filter."""
    found: list[EpisodeFacts] = []
    where = where_of(base, filter_)
    for part, order in _parts(filter_):
        own = where & part
        rows = base.execute(
            f"{SELECT} WHERE {own.sql} ORDER BY {order} LIMIT ? OFFSET ?", (*own.bound, limit - len(found), offset)
        ).fetchall()
        found += map(facts_of, rows)
        if len(found) >= limit:
            break
        if not rows and offset:  # all of this part may lie before
            before = base.execute(f"SELECT count(*) FROM facts WHERE {own.sql}", own.bound).fetchone()[0]
            offset = max(0, offset - before)
        else:
            offset = 0
    return found


def neighbours_of(base: sqlite3.Connection, filter_: EpisodeFilter, episode: int) -> tuple[int | None, int | None]:
    """Return the episodes before and after one that there is, by the key that sorts them."""
    return _nearest(base, filter_, episode, forward=False), _nearest(base, filter_, episode, forward=True)


def _nearest(base: sqlite3.Connection, filter_: EpisodeFilter, episode: int, *, forward: bool) -> int | None:
    where = where_of(base, filter_)
    for part, order in _steps(base, filter_, episode, forward=forward):
        own = where & part
        found = base.execute(f"SELECT id FROM facts WHERE {own.sql} ORDER BY {order} LIMIT 1", own.bound).fetchone()
        if found is not None:
            return int(found[0])
    return None


def _steps(
    base: sqlite3.Connection, filter_: EpisodeFilter, episode: int, *, forward: bool
) -> Iterator[tuple[SqlCondition, str]]:
    """Yield where the nearest episode may be, the nearest place first: among those with the same key, then with others,
    then among those without a key, which come last.
    """
    column, optional = SORTS[filter_.sort]
    up = filter_.descending != forward  # towards greater keys
    greater, way = (">", "ASC") if up else ("<", "DESC")
    if column == "id":
        yield SqlCondition(f"id {greater} ?", (episode,)), f"id {way}"
        return
    key = base.execute(f"SELECT {column} FROM facts WHERE id = ?", (episode,)).fetchone()[0]
    yield SqlCondition(f"{column} IS ? AND id {greater} ?", (key, episode)), f"id {way}"
    if key is not None:
        yield SqlCondition(f"{column} {greater} ?", (key,)), f"{column} {way}, id {way}"
        if optional and forward:
            yield SqlCondition(f"{column} IS NULL"), f"id {way}"
    elif not forward:
        yield SqlCondition(f"{column} IS NOT NULL"), f"{column} {way}, id {way}"


def _parts(filter_: EpisodeFilter) -> list[tuple[SqlCondition, str]]:
    """Return the parts of a sorted list one after the other, each as a condition with its order: those with a key, then
    those without.
    """
    column, optional = SORTS[filter_.sort]
    way = "DESC" if filter_.descending else "ASC"
    if column == "id":
        return [(SqlCondition("1"), f"id {way}")]
    order = f"{column} {way}, id {way}"
    if not optional:
        return [(SqlCondition("1"), order)]
    return [(SqlCondition(f"{column} IS NOT NULL"), order), (SqlCondition(f"{column} IS NULL"), f"id {way}")]


def value_counts(base: sqlite3.Connection, column: str, filter_: EpisodeFilter) -> dict[str, int]:
    """Return how many episodes have each value of a column; empty ones are left out."""
    where = where_of(base, filter_)
    if column == "agent":
        return dict(base.execute(AGENTS.format(condition=where.sql), where.bound))
    name, _ = SORTS[column]
    query = f"SELECT {name}, count(*) FROM facts WHERE {where.sql} AND {name} != '' GROUP BY 1 ORDER BY 2 DESC, 1"
    return dict(base.execute(query, where.bound))


def counted_endings(base: sqlite3.Connection, filter_: EpisodeFilter) -> list[Counted]:
    """Return how many episodes have each combination of agent, game, outcome, kind of reason and blamed seat."""
    where = where_of(base, filter_)
    groups = '"cast", arena, outcome, status, kind, blame'
    alike = ", ".join(f"min({name}) = max({name})" for name in VARIABLES)
    query = f"SELECT {groups}, min(reason), count(*), {alike} FROM facts WHERE {where.sql} GROUP BY {groups}"
    return [_counted(*row) for row in base.execute(query, where.bound)]


def _counted(
    agent: str, arena: str, outcome: str, status: str, kind: str, blame: str, reason: str, count: int, *alike: bool
) -> Counted:
    return Counted(agent, arena, outcome, status, kind, blame, shared_reason(reason, alike), count)


def totals_of(base: sqlite3.Connection, filter_: EpisodeFilter) -> Totals:
    """Return sums."""
    where = where_of(base, filter_)
    sums = ", ".join(f"coalesce(sum({name}), 0)" for name in SUMMED)
    kinds = ", ".join(f"coalesce(sum(outcome = '{kind}'), 0)" for kind in ("success", "failure", "aborted", ""))
    query = f"SELECT count(*), {kinds}, {sums}, coalesce(sum(seconds), 0.0), avg(score) FROM facts WHERE {where.sql}"
    return Totals(*base.execute(query, where.bound).fetchone())
