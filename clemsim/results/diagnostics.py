"""How a run went, apart from its scores: throughput, clemsim's own cost, and whether the servers' prefix caches worked."""

from __future__ import annotations

import sqlite3
from typing import Any

from clemsim.store.reader import meta
from clemsim.store.schema import SESSION

LONG = 256  # tokens; a shorter beginning may not fill a block of the cache (vLLM's blocks are 16 tokens, on a CPU 128)
BLOCK = 128  # tokens at the end of a beginning that may not be found, for they fill no block
ENOUGH = 20  # such turns, before anything is said
BROKEN = 0.5  # of what could have been found


def throughput(base: sqlite3.Connection) -> dict[str, Any]:
    """Turns, requests, retries and tokens over all sessions of the run, the seconds that those lasted, and what clemsim
    itself cost: CPU milliseconds of its event loop for each turn, and how late that loop was (99 % of the time, and at
    worst).
    """
    totals = base.execute(
        "SELECT count(*), sum(retries), sum(tokens_in), sum(tokens_out), sum(tokens_cached) FROM requests"
    ).fetchone()
    turns = base.execute("SELECT count(*) FROM events WHERE type = 'replied'").fetchone()[0]
    sessions = [value for key, value in meta(base).items() if key.startswith(SESSION)]
    seconds = _sum(sessions, "seconds")
    played = _sum(sessions, "turns")
    names = ("requests", "retries", "tokens_in", "tokens_out", "tokens_cached")
    return {
        "turns": turns,
        **{name: value or 0 for name, value in zip(names, totals, strict=True)},
        "seconds": round(seconds, 3),
        "turns_per_second": round(turns / seconds, 2) if seconds else 0.0,
        "peak_in_flight": int(_max(sessions, "peak_in_flight")),
        "cpu_ms_per_turn": round(1000 * _sum(sessions, "cpu") / played, 3) if played else None,
        "loop_lag_ms": [round(1000 * _max(sessions, name), 1) for name in ("lag_p99", "lag_max")],
    }


def _sum(sessions: list[dict[str, float]], name: str) -> float:
    return sum(session.get(name, 0.0) for session in sessions)


def _max(sessions: list[dict[str, float]], name: str) -> float:
    return max((session.get(name, 0.0) for session in sessions), default=0.0)


def caches(base: sqlite3.Connection) -> dict[str, dict[str, Any]]:
    """By agent, of all turns with a long beginning that its server had seen before: how much of that the server found in
    its prefix cache (`share`), and why so little, if it is little (`warning`; empty: all is well).
    """
    rows = base.execute(
        "SELECT agent, count(*), sum(prefix - ?), sum(min(tokens_cached, prefix - ?)), sum(tokens_in < prefix),"
        " sum(tokens_cached) FROM requests WHERE prefix >= ? GROUP BY agent",
        (BLOCK, BLOCK, LONG),
    )
    found = {}
    for agent, turns, expected, cached, shorter, reported in rows:
        if turns >= ENOUGH and (reported or _has_metrics(base, agent)):
            share = cached / expected
            warning = _why(base, agent, shorter / turns, reported) if share < BROKEN else ""
            found[agent] = {"turns": turns, "share": round(share, 3), "warning": warning}
    return found


def _has_metrics(base: sqlite3.Connection, agent: str) -> bool:
    query = "SELECT count(*) FROM loads WHERE agent = ? AND running IS NOT NULL"
    return bool(base.execute(query, (agent,)).fetchone()[0])


def _why(base: sqlite3.Connection, agent: str, shorter: float, reported: int) -> str:
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


def loads(base: sqlite3.Connection) -> list[dict[str, Any]]:
    """The history of the width, in order."""
    cursor = base.execute("SELECT * FROM loads ORDER BY at")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]
