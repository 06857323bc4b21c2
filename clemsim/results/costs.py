"""What a run cost, by agent and game, from the tokens in its store and the prices that it recorded."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from clemsim.runtime.price import Price
from clemsim.store.reader import meta
from clemsim.store.schema import SESSION

SPENT = """
SELECT requests.agent, arena, sum(tokens_in), sum(tokens_cached), sum(tokens_out), count(DISTINCT episode)
FROM requests JOIN episodes ON episodes.id = requests.episode GROUP BY 1, 2 ORDER BY 1, 2
"""


class AgentCost(BaseModel):
    """What an agent cost, in the currency of its price: of its tokens by game, of the time that the run lasted, and both
    together (`total`); `episode`: of an episode in which it was asked; `point`: of a point of worth, where it has any.
    """

    model_config = ConfigDict(frozen=True)
    total: float
    games: dict[str, float]
    time: float
    episode: float
    point: float | None = None


def agent_costs(
    base: sqlite3.Connection, agents: Mapping[str, Mapping[str, Any]], worths: Mapping[str, float | None]
) -> dict[str, AgentCost]:
    """Return what the agents with a price cost, by name. `agents`: what they say of themselves; `worths`: by cast."""
    prices = {name: Price(**about["price"]) for name, about in agents.items() if about.get("price")}
    if not prices:
        return {}
    seconds = sum(facts.get("seconds", 0.0) for key, facts in meta(base).items() if key.startswith(SESSION))
    games: dict[str, dict[str, float]] = {name: {} for name in prices}
    episodes = dict.fromkeys(prices, 0)
    for agent, game, tokens_in, cached, out, count in base.execute(SPENT):
        if agent in prices:
            games[agent][game] = prices[agent].of_tokens(tokens_in or 0, cached or 0, out or 0)
            episodes[agent] += count
    return {name: _cost(price, games[name], seconds, episodes[name], worths.get(name)) for name, price in prices.items()}


def _cost(price: Price, games: dict[str, float], seconds: float, episodes: int, worth: float | None) -> AgentCost:
    time = price.of_time(seconds)
    total = sum(games.values()) + time
    return AgentCost(
        total=total,
        games=games,
        time=time,
        episode=total / episodes if episodes else 0.0,
        point=total / worth if worth else None,
    )
