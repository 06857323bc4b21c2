"""What a run cost, by agent and game, from the tokens in its store and the prices that it recorded."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from clemsim.runtime.price import Price
from clemsim.store.reader import has_details, meta
from clemsim.store.schema import SESSION

TOKENS = """
SELECT episode, requests.agent, seat, tokens_in, tokens_cached, tokens_out, seconds, 0 AS judged FROM requests
"""
# Tokens of a judge are no part of its row in `requests`: they have another price.
JUDGED = """
UNION ALL SELECT details.episode, requests.agent, seat, json_extract(value, '$.judge.tokens_in'),
    json_extract(value, '$.judge.tokens_cached'), json_extract(value, '$.judge.tokens_out'), 0, 1
FROM details JOIN requests ON requests.episode = details.episode AND requests.turn = details.turn
WHERE details.name = 'candidates' AND json_extract(value, '$.judge') IS NOT NULL
"""
SPENT = """
SELECT agent, "cast", arena, seat, judged, status = 'done', count(DISTINCT spent.episode), sum(tokens_in),
    sum(tokens_cached), sum(tokens_out), sum(seconds)
FROM ({tokens}) AS spent JOIN episodes ON episodes.id = spent.episode GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
"""
EPISODES = """
SELECT requests.agent, count(DISTINCT episode) FROM requests GROUP BY 1
"""


class AgentCost(BaseModel):
    """What an agent cost, in the currency of its price: of its tokens by game, of the time that the run lasted, and both
    together (`total`); `judge`: the part of `total` that is due to the judge of a best of several; `episode`: of an episode
    in which it was asked; `point`: of a point of worth, where it has any.
    """

    model_config = ConfigDict(frozen=True)
    total: float
    games: dict[str, float]
    time: float
    judge: float = 0.0
    episode: float
    point: float | None = None


class Spent(NamedTuple):
    """The tokens of one agent, or of its judge, in one seat of a game in the episodes of one cast: in those that are `done`,
    or in those that are not. `seconds`: of its requests, one after the other.
    """

    agent: str
    cast: str
    game: str
    seat: str
    judge: bool
    done: bool
    episodes: int
    tokens_in: int
    tokens_cached: int
    tokens_out: int
    seconds: float


class AgentPrices(NamedTuple):
    """The price of an agent's tokens, and that of its judge's."""

    own: Price | None
    judge: Price | None

    def of_spent(self, spent: Spent) -> float:
        """Return what tokens cost, each by its own price."""
        price = self.judge if spent.judge else self.own
        return price.of_tokens(spent.tokens_in, spent.tokens_cached, spent.tokens_out) if price else 0.0

    def of_time(self, seconds: float) -> float:
        """Return what the time that a run lasted costs of both."""
        return sum(price.of_time(seconds) for price in (self.own, self.judge) if price)


def recorded_prices(agents: Mapping[str, Mapping[str, Any]]) -> dict[str, AgentPrices]:
    """Return the prices of the agents that have any, by name. `agents`: what they say of themselves."""
    prices = {name: AgentPrices(_price(about), _price(about.get("judge") or {})) for name, about in agents.items()}
    return {name: each for name, each in prices.items() if each.own or each.judge}


def _price(about: Mapping[str, Any]) -> Price | None:
    return Price(**about["price"]) if about.get("price") else None


def spent_tokens(base: sqlite3.Connection) -> Iterator[Spent]:
    """Yield the tokens that were spent, by agent, cast, game and seat; none of requests whose tokens are not known."""
    for row in base.execute(SPENT.format(tokens=TOKENS + (JUDGED if has_details(base) else ""))):
        agent, cast, game, seat, judge, done, episodes, tokens_in, cached, out, seconds = row
        if tokens_in is not None:
            own = bool(judge), bool(done), episodes, tokens_in, cached or 0, out or 0, seconds or 0.0
            yield Spent(agent, cast, game, seat, *own)


def costs_by_cast(base: sqlite3.Connection, agents: Mapping[str, Mapping[str, Any]]) -> dict[tuple[str, str], float]:
    """Return what the finished episodes of each cast cost in each game; empty where no agent has a price. What the time of
    the run cost is shared out by the seconds of the requests.
    """
    prices = recorded_prices(agents)
    spent = [each for each in spent_tokens(base) if each.agent in prices] if prices else []
    seconds: dict[str, float] = {}
    for each in spent:
        seconds[each.agent] = seconds.get(each.agent, 0.0) + each.seconds
    played, costs = seconds_played(base), dict[tuple[str, str], float]()
    for each in spent:
        if each.done:
            share = each.seconds / seconds[each.agent] if seconds[each.agent] else 0.0
            cost = prices[each.agent].of_spent(each) + share * prices[each.agent].of_time(played)
            costs[each.cast, each.game] = costs.get((each.cast, each.game), 0.0) + cost
    return costs


def agent_costs(
    base: sqlite3.Connection, agents: Mapping[str, Mapping[str, Any]], worths: Mapping[str, float | None]
) -> dict[str, AgentCost]:
    """Return what the agents with a price cost, by name. `agents`: what they say of themselves; `worths`: by cast."""
    prices = recorded_prices(agents)
    if not prices:
        return {}
    spent: dict[str, list[Spent]] = {name: [] for name in prices}
    for each in spent_tokens(base):
        if each.agent in prices:
            spent[each.agent].append(each)
    episodes, seconds = dict(base.execute(EPISODES).fetchall()), seconds_played(base)
    return {
        name: _cost(price, spent[name], seconds, episodes.get(name, 0), worths.get(name)) for name, price in prices.items()
    }


def seconds_played(base: sqlite3.Connection) -> float:
    """Return the seconds that all sessions of a run lasted."""
    return float(sum(facts.get("seconds", 0.0) for key, facts in meta(base).items() if key.startswith(SESSION)))


def _cost(prices: AgentPrices, spent: Iterable[Spent], seconds: float, episodes: int, worth: float | None) -> AgentCost:
    games: dict[str, float] = {}
    judge = prices.judge.of_time(seconds) if prices.judge else 0.0
    for each in spent:
        cost = prices.of_spent(each)
        games[each.game] = games.get(each.game, 0.0) + cost
        judge += cost if each.judge else 0.0
    return _together(games, prices.of_time(seconds), judge, episodes, worth)


def _together(games: Mapping[str, float], time: float, judge: float, episodes: int, worth: float | None) -> AgentCost:
    total = sum(games.values()) + time
    return AgentCost(
        total=total,
        games=dict(games),
        time=time,
        judge=judge,
        episode=total / episodes if episodes else 0.0,
        point=total / worth if worth else None,
    )


def run_cost(costs: Iterable[AgentCost], episodes: int, worth: float | None) -> AgentCost | None:
    """Return what all agents of a run cost together, of each of its episodes and of a point of its worth; None where none
    has a price.
    """
    every = list(costs)
    games: dict[str, float] = {}
    for each in every:
        for game, cost in each.games.items():
            games[game] = games.get(game, 0.0) + cost
    time, judge = sum(each.time for each in every), sum(each.judge for each in every)
    return _together(games, time, judge, episodes, worth) if every else None
