"""Who plays how well with whom: the scores of each agent beside, or against, each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

import polars as pl

from clemsim._util.files import safe_name
from clemsim.analysis.drawing.partner_map import Cell, partner_map
from clemsim.analysis.results import Analysis, Figure, ResultTable
from clemsim.analysis.sources.crossplay import CrossPlay, SeatedEpisode
from clemsim.analysis.wording import interval_text, number
from clemsim.results.intervals import Interval
from clemsim.results.repetitions import worth
from clemsim.results.scaled_means import scaled_mean

SCORE, WORTH = "score", "worth"
PARTNERS = {
    "game": pl.String,
    "measure": pl.String,
    "agent": pl.String,
    "seat": pl.String,
    "other": pl.String,
    "other_seat": pl.String,
    "episodes": pl.Int64,
    "mean": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
}
ANY = "any"
Values = dict[str, list[float]]  # by instance
Place = tuple[str, str, str, str]  # agent, its seat, the other agent, its seat


@dataclass(frozen=True, slots=True)
class Pairing:
    """The mean of a measure over the episodes in which an agent, in a seat, sat with another, and its 95 % interval."""

    game: str
    measure: str
    agent: str
    seat: str
    other: str
    other_seat: str
    episodes: int
    mean: float
    interval: Interval | None


def partners(play: CrossPlay) -> Analysis:
    """Return the matrix of who plays how well with whom, in each game: the own score where a game is scored by seat, and the
    worth of the episode (its main score, 0 where it was aborted) where it has one for all seats.
    """
    rows = [row for game in play.games for row in pairings_of(play.of(game), game)]
    frame = pl.DataFrame(
        [
            (row.game, row.measure, row.agent, row.seat, row.other, row.other_seat, row.episodes, row.mean, *_ends(row))
            for row in rows
        ],
        PARTNERS,
        orient="row",
    )
    shown = [row for row in rows if _in_map(row, rows)]
    figures = [
        Figure(
            f"{safe_name(game)}_{measure}",
            _caption(game, measure),
            partner_map([_cell(row) for row in shown if _of(row) == key]),
        )
        for key in dict.fromkeys(map(_of, shown))
        for game, measure in [key]
    ]
    sentences = [text for key in dict.fromkeys(map(_of, shown)) if (text := _sentence([r for r in shown if _of(r) == key]))]
    table = ResultTable("partners", "Row agent with the other agent", frame)
    return Analysis("Who plays how well with whom", sentences, [table], figures)


def pairings_of(episodes: Sequence[SeatedEpisode], game: str) -> list[Pairing]:
    """Return the pairings of the episodes of one game: seat by seat, and over all seats where each scores for itself."""
    found = []
    apart = any(not episode.outcome.shared for episode in episodes)
    for measure in (SCORE,) if apart else (SCORE, WORTH):
        values: dict[Place, Values] = defaultdict(lambda: defaultdict(list))
        everything = [0.0, 100.0] if measure == WORTH else []
        for episode in episodes:
            for place, value in _measured(episode, measure):
                values[place][episode.instance].append(value)
                if measure == SCORE:
                    agent, _, other, _ = place
                    values[agent, ANY, other, ANY][episode.instance].append(value)
                    everything.append(value)
        for place, own in values.items():
            mean, interval = scaled_mean(own, min(everything), max(everything))
            if mean is not None:
                found.append(Pairing(game, measure, *place, sum(map(len, own.values())), mean, interval))
    return sorted(found, key=lambda row: (row.measure, row.seat != ANY, row.seat, row.other_seat, row.agent, row.other))


def _measured(episode: SeatedEpisode, measure: str) -> Iterator[tuple[Place, float]]:
    """Yield the values of an episode: of several seats with one role and agent, one."""
    alone = len({row.role for row in episode.seats}) < 2
    parts = {(row.seat if alone else row.role, row.agent): row.score for row in episode.seats}
    for (one, score), (other, _) in permutations(parts.items(), 2):
        if one[0] == other[0]:
            continue
        if measure == WORTH and one[0] < other[0]:  # it is the same for both
            yield (one[1], one[0], other[1], other[0]), worth(episode.outcome)
        elif measure == SCORE and score is not None:
            yield (one[1], one[0], other[1], other[0]), score


def _of(row: Pairing) -> tuple[str, str]:
    return row.game, row.measure


def _in_map(row: Pairing, rows: Sequence[Pairing]) -> bool:
    """Return whether a row is in the picture: over all seats for scores, from the first two seats for worth."""
    if row.measure == SCORE:
        return row.seat == ANY
    seats = sorted({seat for own in rows if _of(own) == _of(row) for seat in (own.seat, own.other_seat)})
    return (row.seat, row.other_seat) == (seats[0], seats[1])


def _cell(row: Pairing) -> Cell:
    side = ("", "") if row.seat == ANY else (row.seat, row.other_seat)
    return Cell(row.agent, row.other, row.mean, row.interval, row.episodes, *side)


def _ends(row: Pairing) -> tuple[float | None, float | None]:
    return row.interval or (None, None)


def _caption(game: str, measure: str) -> str:
    if measure == SCORE:
        return f"{game}: mean score of the agent of the row against, or beside, that of the column, over all seats"
    return f"{game}: mean worth (0 to 100; an aborted episode is worth 0) of each pairing"


def _sentence(rows: Sequence[Pairing]) -> str:
    """Say which pairing is best and which worst, among different agents where scores are the agents' own."""
    row = rows[0]
    others = [each for each in rows if each.agent != each.other] if row.measure == SCORE else list(rows)
    if len(others) < 2:
        return ""
    best, worst = max(others, key=lambda each: each.mean), min(others, key=lambda each: each.mean)
    digits = 2 if row.measure == SCORE else 1
    told = [
        f"{_who(each)} {number(each.mean, digits)} ({interval_text(each.interval, digits)}, {each.episodes} episodes)"
        for each in (best, worst)
    ]
    return f"{row.game}, {row.measure}: highest {told[0]}, lowest {told[1]}; both were picked by their means."


def _who(row: Pairing) -> str:
    if row.seat == ANY:
        return f"{row.agent} with {row.other}"
    return f"{row.seat} {row.agent} with {row.other_seat} {row.other}"
