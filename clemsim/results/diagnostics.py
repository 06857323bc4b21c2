"""Facts of a run apart from its scores: throughput, clemsim's own cost, and the use of the servers' prefix caches."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from clemsim.store.reader import meta
from clemsim.store.schema import SESSION

LONG = 256  # tokens; a shorter beginning may not fill a block of the cache (vLLM's blocks are 16 tokens, on a CPU 128)
BLOCK = 128  # tokens at the end of a beginning that need not be cached, as they fill no block
ENOUGH = 20  # turns with a long beginning; with fewer nothing is reported
BROKEN = 0.5  # share of what could have been cached; a cache that finds less gets a warning

OF_AGENTS = ("width", "in_flight", "started")  # what a row of loads counts for its agent alone

Session = Mapping[str, float]


class Throughput(BaseModel):
    """Totals over all sessions of a run, and what clemsim itself cost."""

    model_config = ConfigDict(frozen=True)
    turns: int
    requests: int
    retries: int
    tokens_in: int
    tokens_out: int
    tokens_cached: int
    seconds: int | float  # that the sessions lasted; the integer 0 where there were none, as in an imported run
    turns_per_second: float
    peak_in_flight: int
    cpu_ms_per_turn: float | None  # CPU time of the event loop in milliseconds
    loop_lag_ms: tuple[float, float]  # how late the event loop was: 99th percentile, and at worst


class CacheReport(BaseModel):
    """The share of repeated tokens that an agent's server found in its prefix cache."""

    model_config = ConfigDict(frozen=True)
    turns: int  # with a long beginning that the server had seen before
    share: float  # of those tokens, found in the prefix cache
    warning: str  # why the share is low; empty: all is well


class ServerReport(BaseModel):
    """A server that several agents of the run shared."""

    model_config = ConfigDict(frozen=True)
    agents: list[str]
    width: int  # the greatest, of all its agents together
    in_flight: int  # most turns that were seen in flight, of all its agents together
    prefix_hits: float | None  # share of the prompt tokens since it started that its prefix cache contained, 0..1


def throughput(base: sqlite3.Connection) -> Throughput:
    """Return the throughput of the run in the store `base`."""
    totals = base.execute(
        "SELECT count(*), sum(retries), sum(tokens_in), sum(tokens_out), sum(tokens_cached) FROM requests"
    ).fetchone()
    requests, retries, tokens_in, tokens_out, tokens_cached = (total or 0 for total in totals)
    turns = base.execute("SELECT count(*) FROM events WHERE type = 'replied'").fetchone()[0]
    sessions = [value for key, value in meta(base).items() if key.startswith(SESSION)]
    seconds = _sum(sessions, "seconds")
    played = _sum(sessions, "turns")
    return Throughput(
        turns=turns,
        requests=requests,
        retries=retries + int(_sum(sessions, "failed_retries")),
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        tokens_cached=tokens_cached,
        seconds=round(seconds, 3),
        turns_per_second=round(turns / seconds, 2) if seconds else 0.0,
        peak_in_flight=int(_max(sessions, "peak_in_flight")),
        cpu_ms_per_turn=round(1000 * _sum(sessions, "cpu") / played, 3) if played else None,
        loop_lag_ms=(round(1000 * _max(sessions, "lag_p99"), 1), round(1000 * _max(sessions, "lag_max"), 1)),
    )


def _sum(sessions: Sequence[Session], name: str) -> float:
    return sum(session.get(name, 0.0) for session in sessions)


def _max(sessions: Sequence[Session], name: str) -> float:
    return max((session.get(name, 0.0) for session in sessions), default=0.0)


def caches(base: sqlite3.Connection) -> dict[str, CacheReport]:
    """Return a report for each agent that had enough turns with a long beginning, and whose server reports on its cache."""
    rows = base.execute(
        "SELECT agent, count(*), sum(prefix - ?), sum(min(tokens_cached, prefix - ?)), sum(tokens_in < prefix),"
        " sum(tokens_cached) FROM requests WHERE prefix >= ? GROUP BY agent",
        (BLOCK, BLOCK, LONG),
    )
    reports = {}
    for agent, turns, expected, cached, shorter, reported in rows:
        if turns >= ENOUGH and (reported or _has_metrics(base, agent)):
            share = cached / expected
            warning = _reason(base, agent, shorter / turns, reported) if share < BROKEN else ""
            reports[agent] = CacheReport(turns=turns, share=round(share, 3), warning=warning)
    return reports


def _has_metrics(base: sqlite3.Connection, agent: str) -> bool:
    query = "SELECT count(*) FROM loads WHERE agent = ? AND running IS NOT NULL"
    return bool(base.execute(query, (agent,)).fetchone()[0])


def _reason(base: sqlite3.Connection, agent: str, shorter: float, reported: int) -> str:
    """Return the reason why the cache of `agent` found little. `shorter`: share of turns whose prompt was shorter than its
    beginning; `reported`: cached tokens that the server reported.
    """
    hits, preempted = base.execute(
        "SELECT max(prefix_hits), max(preemptions) - min(preemptions) FROM loads WHERE agent = ?", (agent,)
    ).fetchone()
    if shorter > 0.1:
        return (
            f"in {shorter:.0%} of the turns the prompt was shorter than what had been said before: the model's chat "
            "template drops text between turns, so that nothing after it can be found again"
        )
    if not reported and hits:
        return "the server does not report cached tokens (vLLM: start it with --enable-prompt-tokens-details)"
    if not reported:
        return "nothing was found: the server's prefix cache is off, or the model's chat template changes earlier turns"
    if preempted:
        return "the server's KV cache is too small for the requests it runs: give it more memory, or lower --width"
    return "conversations are thrown out before they go on: others use it too, or --width is too large for its KV cache"


def shared_servers(base: sqlite3.Connection) -> dict[str, ServerReport]:
    """Return a report for each server that several agents shared, by its name."""
    reports = {}
    moments: dict[str, dict[float, list[dict[str, Any]]]] = {}
    for row in loads(base):
        moments.setdefault(row.get("server") or row["agent"], {}).setdefault(row["at"], []).append(row)
    for server, rows in moments.items():
        agents = dict.fromkeys(row["agent"] for together in rows.values() for row in together)
        if len(agents) > 1:
            shares = [row["prefix_hits"] for together in rows.values() for row in together if row["prefix_hits"] is not None]
            reports[server] = ServerReport(
                agents=list(agents),
                width=max(sum(row["width"] for row in together) for together in rows.values()),
                in_flight=max(sum(row["in_flight"] for row in together) for together in rows.values()),
                prefix_hits=round(shares[-1], 3) if shares else None,
            )
    return reports


def loads(base: sqlite3.Connection) -> list[dict[str, Any]]:
    """Return the history of the width, in order: the rows of the table `loads`."""
    cursor = base.execute("SELECT * FROM loads ORDER BY at")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def by_server(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return one row for each moment and server, in which what is counted for each of its agents is added up."""
    together: dict[tuple[float, str], dict[str, Any]] = {}
    for row in rows:
        server = row.get("server") or row["agent"]
        sums = together.setdefault((row["at"], server), {**row, "server": server, **dict.fromkeys(OF_AGENTS, 0)})
        for name in OF_AGENTS:
            sums[name] += row[name] or 0
    return list(together.values())
