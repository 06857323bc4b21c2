"""Scores by agent over the seats that it took, of games that score each seat for itself.

An agent that sat in several seats of one episode is counted once for each. An aborted episode has no scores by seat: it is
counted for the agent in the seat that is to blame, and for nobody else. Agents are compared over all casts of a run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict

from clemsim.results.intervals import Interval
from clemsim.results.scaled_means import scaled_mean
from clemsim.store.reader import EpisodeRow, SeatRow


class SeatScores(BaseModel):
    """The scores of an agent in one seat or role of a game, or in all of them.

    `episodes`: those that it was scored in, once for each seat. Of these, `won`: its score was the highest of the episode
    and another's was lower; `drawn`: all seats scored alike; `lost`: the rest. `aborted`: episodes that it was to blame
    for. `score` is the mean on the game's own scale, `ci` its 95 % interval over instances, None for fewer than five.
    """

    model_config = ConfigDict(frozen=True)
    episodes: int
    won: int
    drawn: int
    lost: int
    aborted: int
    score: float | None
    ci: Interval | None


class AgentSeats(SeatScores):
    """The scores of an agent in all seats of a game together, and in each seat, or role where the game has roles."""

    seats: dict[str, SeatScores]


SeatTable = dict[str, dict[str, AgentSeats]]  # by game and agent


@dataclass
class _Counts:
    """What is counted of an agent in a seat."""

    scores: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))  # by instance
    won: int = 0
    drawn: int = 0
    aborted: int = 0

    def add(self, instance: str, score: float, others: Sequence[float]) -> None:
        """Count an episode; `others`: the scores of all seats."""
        self.scores[instance].append(score)
        if min(others) == max(others):
            self.drawn += len(others) > 1
        elif score == max(others):
            self.won += 1

    @property
    def counted(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self.scores or self.aborted)

    def summary(self, scale: Interval) -> SeatScores:
        """Return the scores; `scale`: the lowest and the highest score of the game."""
        episodes = sum(map(len, self.scores.values()))
        mean, interval = scaled_mean(self.scores, *scale)
        return SeatScores(
            episodes=episodes,
            won=self.won,
            drawn=self.drawn,
            lost=episodes - self.won - self.drawn,
            aborted=self.aborted,
            score=mean,
            ci=interval,
        )


def seat_scores(episodes: Iterable[EpisodeRow], seats: Mapping[int, Sequence[SeatRow]]) -> SeatTable:
    """Return the scores by game and agent, of the games of which an episode was scored by seat. `seats`: who sat where, by
    the number of the episode.
    """
    by_game: dict[str, list[EpisodeRow]] = defaultdict(list)
    for episode in episodes:
        if episode.id in seats and episode.outcome is not None:
            by_game[episode.key.arena].append(episode)
    scored = {game: own for game, own in by_game.items() if any(row.outcome and row.outcome.by_seat for row in own)}
    return {game: _game(own, seats) for game, own in scored.items()}


def _game(episodes: Sequence[EpisodeRow], seats: Mapping[int, Sequence[SeatRow]]) -> dict[str, AgentSeats]:
    agents: dict[str, _Counts] = defaultdict(_Counts)
    by_role: dict[str, dict[str, _Counts]] = defaultdict(lambda: defaultdict(_Counts))
    everything: list[float] = []
    for episode in episodes:
        scores = [row.score for row in seats[episode.id] if row.score is not None]
        everything += scores
        for row in seats[episode.id]:
            counted = agents[row.agent], by_role[row.agent][row.role]
            for counts in counted:
                if row.score is not None:
                    counts.add(episode.key.instance, row.score, scores)
                elif episode.outcome and episode.outcome.kind == "aborted":
                    counts.aborted += episode.outcome.blame == row.seat
    scale = min(everything), max(everything)
    table = {}
    for agent, counts in agents.items():
        seats_of_it = {role: own.summary(scale) for role, own in by_role[agent].items() if own.counted}
        if seats_of_it:  # else it only sat where nothing is scored, such as a judge
            table[agent] = AgentSeats(**dict(counts.summary(scale)), seats=seats_of_it)
    return table
