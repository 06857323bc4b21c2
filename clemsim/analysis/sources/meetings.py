"""The games between agents that are in the episodes of runs, as ratings need them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import combinations

from clemsim.analysis.sources.crossplay import SeatedEpisode
from clemsim.analysis.statistics.rating import FixedScale, RatedGame
from clemsim.store.population import Population
from clemsim.store.reader import SeatRow


def meetings(episodes: Iterable[SeatedEpisode], *, forfeits: bool = False) -> list[RatedGame]:
    """Return the games that the episodes stand for: each two scored seats, the higher score won. All games of an episode
    weigh one game together. Seats of one role do not meet where the episode has several roles.

    With `forfeits`, an aborted episode is lost by the seat to blame to each other; else it is no game.
    """
    return [game for episode in episodes for game in _games(episode, forfeits=forfeits)]


def scale_of(population: Population) -> FixedScale:
    """Return the scale that a population fixes."""
    return FixedScale({player.name: player.rating for player in population.player}, population.seats, population.draws)


def _games(episode: SeatedEpisode, *, forfeits: bool) -> Iterator[RatedGame]:
    counts: Counter[tuple[str, str, float, str, str]] = Counter()
    for one, other in combinations(_scored(episode, forfeits=forfeits), 2):
        first, second = (one, other) if one.role <= other.role else (other, one)
        if first.score is None or second.score is None or first.role == second.role:
            continue
        score = 0.5 if first.score == second.score else float(first.score > second.score)
        if score == 0.5 and episode.outcome.kind == "aborted":
            continue  # neither of them is to blame
        counts[first.agent, second.agent, score, first.role, second.role] += 1
    total = sum(counts.values())
    for (first_agent, second_agent, score, *seats), count in counts.items():
        roles = (seats[0], seats[1])
        yield RatedGame(first_agent, second_agent, score, episode.instance, episode.game, roles, count / total)


def _scored(episode: SeatedEpisode, *, forfeits: bool) -> list[SeatRow]:
    """Return the seats that were scored, of several with one role, agent and score the first."""
    if episode.outcome.kind == "aborted":
        if not forfeits:
            return []
        blamed = [row._replace(score=0.0) for row in episode.seats if row.seat == episode.outcome.blame]
        others = [row._replace(score=1.0) for row in episode.seats if row.seat != episode.outcome.blame]
        return _one_each([*blamed, *others])
    return _one_each([row for row in episode.seats if row.score is not None])


def _one_each(rows: list[SeatRow]) -> list[SeatRow]:
    if len({row.role for row in rows}) < 2:
        return [row._replace(role=row.seat) for row in rows]
    found: dict[tuple[str, str, float | None], SeatRow] = {}
    for row in rows:
        found.setdefault((row.role, row.agent, row.score), row)
    return list(found.values())
