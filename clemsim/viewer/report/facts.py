"""What the script of a report knows of the episodes of a run: columns to filter and sort by, and the texts to search."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clemsim.results.episode_index.episode_facts import BITS, EpisodeFacts
from clemsim.results.episode_index.episode_filter import ALL_EPISODES
from clemsim.results.episode_index.index import EpisodeIndex
from clemsim.store import reader
from clemsim.store.folder import STORE

AT_ONCE = 1000  # rows that are read at once
COLUMNS = (
    *("id", "arena", "experiment", "instance", "repetition", "cast", "status", "outcome", "cause", "reason", "kind"),
    *(
        "blame",
        "score",
        "turns",
        "requests",
        "retries",
        "tokens_in",
        "tokens_out",
        "tokens_cached",
        "seconds",
        "started",
        "ended",
    ),
    "rejected",
)
TEXTS = """
SELECT type, body ->> '$.content', body ->> '$.calls', body ->> '$.reasoning' FROM events
WHERE episode = ? AND type IN ('asked', 'told', 'instructed', 'returned', 'replied') AND json_valid(body) ORDER BY number
"""


def columns_of(index: EpisodeIndex) -> dict[str, Any]:
    """Return the facts of all episodes by column, in the order of the episodes."""
    columns: dict[str, list[Any]] = {name: [] for name in (*COLUMNS, "tokens", "flags")}
    for facts in all_facts(index):
        for name in COLUMNS:
            columns[name].append(getattr(facts, name))
        columns["tokens"].append(facts.tokens_in + facts.tokens_out)
        columns["flags"].append(sum(BITS[flag] for flag in facts.flags))
    return {**columns, "flag_bits": BITS, "players": players_of(index.folder)}


def all_facts(index: EpisodeIndex) -> Iterator[EpisodeFacts]:
    """Yield the facts of all episodes, in their order."""
    offset = 0
    while page := index.page(ALL_EPISODES, offset, AT_ONCE):
        yield from page
        offset += len(page)


def players_of(folder: Path) -> dict[str, list[str]]:
    """Return the agents that sit in each cast, where the store knows."""
    found: dict[str, list[str]] = {}
    with reader.reading(folder / STORE) as base:
        if reader.has_seats(base):
            query = 'SELECT DISTINCT "cast", agent FROM seats JOIN episodes ON id = episode ORDER BY 1, 2'
            for cast, agent in base.execute(query):
                found.setdefault(cast, []).append(agent)
    return found


def texts_of(base: sqlite3.Connection, episode: int) -> dict[str, str]:
    """Return what was asked, said and thought in an episode, as the index of episodes has it."""
    texts: dict[str, list[str]] = {"asked": [], "said": [], "thought": []}
    for kind, content, calls, reasoning in base.execute(TEXTS, (episode,)):
        if kind == "replied":
            texts["said"] += [text for text in (content, calls) if text]
            texts["thought"] += [reasoning] if reasoning else []
        elif content:
            texts["asked"].append(content)
    return {name: "\n".join(found) for name, found in texts.items()}
