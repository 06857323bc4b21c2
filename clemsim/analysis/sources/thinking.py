"""Reads what the turns of a run took, and in which language its models thought."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from clemsim.analysis.sources.languages import MOST, UNKNOWN, language_of
from clemsim.runtime.price import Price
from clemsim.store import reader
from clemsim.store.folder import STORE, read_description

KEYS = {"model": pl.String, "game": pl.String}
# Sums over the turns of finished episodes. `cut`: of replies that were cut while the model thought. `price`: of tokens, null
# where an agent has none.
TURNS = KEYS | dict.fromkeys(("episodes", "turns", "tokens_out", "thought", "cut", "seconds", "price"), pl.Float64)
# Turns by the language of what was asked and of what was thought before the reply; "" is not known.
LANGUAGES = KEYS | {"asked": pl.String, "thought": pl.String, "turns": pl.Int64}

SUMS = """
SELECT "cast", arena, agent, count(*), sum(tokens_in), sum(tokens_cached), sum(tokens_out), sum(seconds),
    sum(stop = 'thinking')
FROM requests JOIN episodes ON episodes.id = requests.episode WHERE status = 'done' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
EPISODES = """SELECT "cast", arena, count(*) FROM episodes WHERE status = 'done' GROUP BY 1, 2"""
THOUGHT = """
SELECT "cast", arena, sum(CAST(value AS INTEGER)) FROM details JOIN episodes ON episodes.id = details.episode
WHERE name = 'tokens_thought' AND status = 'done' GROUP BY 1, 2
"""
THINKS = "SELECT 1 FROM details WHERE name = 'tokens_thought' LIMIT 1"
# What was asked and what was thought before the reply, in order; only as much of each as is looked at.
TEXTS = f"""
SELECT "cast", arena, episode, type,
    substr(json_extract(body, CASE type WHEN 'asked' THEN '$.content' ELSE '$.reasoning' END), 1, {MOST})
FROM events JOIN episodes ON episodes.id = events.episode
WHERE type IN ('asked', 'replied') AND status = 'done' ORDER BY episode, number
"""


def read_turns(folder: Path, names: Mapping[str, str]) -> pl.DataFrame:
    """Return the sums TURNS of a run, of the casts in `names`, which are called so. Raises StoreError."""
    prices = {
        agent: Price(**about["price"]) for agent, about in read_description(folder).agents.items() if about.get("price")
    }
    with reader.reading(folder / STORE) as base:
        sums, episodes = base.execute(SUMS).fetchall(), base.execute(EPISODES).fetchall()
        thought = base.execute(THOUGHT).fetchall() if reader.has_details(base) else []
    counts = {(cast, game): count for cast, game, count in episodes}
    tokens = {(cast, game): count for cast, game, count in thought}
    rows: dict[tuple[str, str], list[float | None]] = {}
    for cast, game, agent, turns, read, cached, out, seconds, cut in sums:
        if cast in names:
            price = prices[agent].of_tokens(read or 0, cached or 0, out or 0) if agent in prices else None
            own = [turns, out or 0, cut or 0, seconds or 0.0, price]
            before = rows.get((cast, game))
            rows[cast, game] = [_sum(a, b) for a, b in zip(before, own, strict=True)] if before else own
    table = [
        (names[cast], game, counts[cast, game], turns, out, tokens.get((cast, game), 0), cut, seconds, price)
        for (cast, game), (turns, out, cut, seconds, price) in rows.items()
    ]
    return pl.DataFrame(table, TURNS, orient="row", strict=False)


def read_languages(folder: Path, names: Mapping[str, str]) -> pl.DataFrame:
    """Return the counts LANGUAGES of a run, of the casts in `names`, which are called so; of each episode, what was asked
    first in a language that is known counts. Raises StoreError.
    """
    counts: Counter[tuple[str, str, str, str]] = Counter()
    with reader.reading(folder / STORE) as base:
        thinks = reader.has_details(base) and base.execute(THINKS).fetchone()
        last, asked = None, UNKNOWN
        for cast, game, episode, kind, text in base.execute(TEXTS) if thinks else ():
            if episode != last:
                last, asked = episode, UNKNOWN
            if kind == "asked":
                asked = asked or language_of(text or "")
            elif text and cast in names:
                counts[names[cast], game, asked, language_of(text)] += 1
    return pl.DataFrame([(*key, count) for key, count in counts.items()], LANGUAGES, orient="row")


def _sum(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other
