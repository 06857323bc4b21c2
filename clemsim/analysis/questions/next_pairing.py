"""Which pairing to play next: the one that is expected to tell most, as a command."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, permutations, product

import polars as pl

from clemsim.analysis.questions.blame import seating_of
from clemsim.analysis.results import Analysis, ResultTable
from clemsim.analysis.sources.crossplay import CrossPlay, SeatedEpisode
from clemsim.analysis.statistics.additive import parts_with_a_choice
from clemsim.analysis.statistics.next_game import rating_gain, seating_gain
from clemsim.analysis.statistics.rating import FixedScale, RatedGame, RatingFit
from clemsim.results.repetitions import worth

MOST = 2000  # seatings that are looked at
NEXT = {
    "game": pl.String,
    "pairing": pl.String,
    "played": pl.Int64,
    "more": pl.Int64,
    "gain": pl.Float64,
}


@dataclass(frozen=True, slots=True)
class NextPairing:
    """A seating of a game, how often it was played, how many more episodes are thought of, and by what share they lessen
    what is not known.
    """

    game: str
    seating: Mapping[str, str]
    played: int
    more: int
    gain: float


def next_pairing(play: CrossPlay, games: Sequence[RatedGame], scale: FixedScale | None = None) -> Analysis:
    """Return which pairing to play next in each game: of what is rated, the one that lessens the variance of the differences
    in strength most, of others that of the effects of seats and agents.
    """
    rated = {game.game for game in games}
    found = list(_rated(play, games, scale)) if any(game.first != game.second for game in games) else []
    for game in play.games:
        if game not in rated:
            found += _seated(game, play.of(game))
    found.sort(key=lambda row: (row.game, -row.gain))
    sentences = []
    for game in dict.fromkeys(row.game for row in found):
        best = next(row for row in found if row.game == game)
        what = "differences in strength" if game in rated else "effects of seats and agents"
        sentences.append(
            f"{game}: {_seating_text(best.seating)} tells most: {best.more} more episodes are expected to lessen the "
            f"variance of the {what} by {best.gain:.0%}: {command(play, best)}"
        )
    rows = [(row.game, _seating_text(row.seating), row.played, row.more, row.gain) for row in found]
    table = ResultTable("next_pairing", "Share of the variance that goes", pl.DataFrame(rows, NEXT, orient="row"))
    return Analysis("Which pairing to play next", sentences or ["There is no choice of pairings."], [table])


def command(play: CrossPlay, row: NextPairing) -> str:
    """Return the command that plays a pairing."""
    words = ["clemsim", "run", "--arena", play.arenas.get(row.game, row.game)]
    for seat, agent in row.seating.items():
        words += ["--agent", f"{seat}={play.specs.get(agent, agent)}"]
    return shlex.join([*words, *play.options])


def _rated(play: CrossPlay, games: Sequence[RatedGame], scale: FixedScale | None) -> Iterator[NextPairing]:
    fit = RatingFit(games, scale)
    models = sorted({name for game in games for name in (game.first, game.second)})
    for game in dict.fromkeys(each.game for each in games):
        episodes = play.of(game)
        seats = sorted({seat for each in games if each.game == game for seat in each.seats})
        more = len({episode.instance for episode in episodes})
        played = [seating_of(episode) for episode in episodes]
        alone = seats if len(seats) > 2 else seats[:1]  # with two seats, the other order is the other pair
        for seat, (first, second) in product(alone, permutations(models, 2)):
            rest = [other for other in seats if other != seat]
            seating = {seat: first, **dict.fromkeys(rest, second)}
            gain = rating_gain(fit, models, (first, second, game, (seat, rest[0])), more)
            yield NextPairing(game, seating, sum(own == seating for own in played), more, gain)


def _seated(game: str, episodes: Sequence[SeatedEpisode]) -> list[NextPairing]:
    seated = [(seating, episode) for episode in episodes if (seating := seating_of(episode))]
    seatings = [seating for seating, _ in seated]
    agents = parts_with_a_choice(seatings) if seatings else {}
    if not agents:
        return []
    values = [worth(episode.outcome) for _, episode in seated]
    more = len({episode.instance for _, episode in seated})
    found = []
    for cast in islice(product(*agents.values()), MOST):
        seating = dict(zip(agents, cast, strict=True))
        played = sum(all(own[part] == agent for part, agent in seating.items()) for own in seatings)
        found.append(NextPairing(game, seating, played, more, seating_gain(seatings, values, agents, seating, more)))
    return found


def _seating_text(seating: Mapping[str, str]) -> str:
    return ", ".join(f"{seat} {agent}" for seat, agent in seating.items())
