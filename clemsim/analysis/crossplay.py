"""From runs in which agents met to ratings, who plays how well with whom, whose fault failures are, what to play next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clemsim.analysis.questions.blame import blame
from clemsim.analysis.questions.next_pairing import next_pairing
from clemsim.analysis.questions.partners import partners
from clemsim.analysis.questions.ratings import ratings
from clemsim.analysis.results import Analysis
from clemsim.analysis.sources.crossplay import CrossPlay
from clemsim.analysis.sources.meetings import meetings, scale_of
from clemsim.analysis.statistics.rating import FixedScale, RatedGame, rate
from clemsim.catalog.population import agent_digest
from clemsim.errors import UsageError
from clemsim.store.population import Population

NO_RATINGS = "Nothing is rated: no episode gave scores to seats of different agents."


def analyze_crossplay(play: CrossPlay, *, forfeits: bool = False) -> list[Analysis]:
    """Return the ratings of the agents in the games that are scored by seat, and what pairings tell of all games.

    `forfeits`: an aborted episode is lost by the seat to blame. Raises UsageError where there is one agent alone.
    """
    agents = {row.agent for episode in play.episodes for row in episode.seats}
    if len(agents) < 2:
        raise UsageError(
            "these runs have no two agents that share the seats of a game: play some with --pairings all (clemsim run)"
        )
    games = meetings(play.episodes, forfeits=forfeits)
    scale = scale_of(play.population) if play.population else None
    analyses = [
        _ratings(play, games, scale, forfeits=forfeits),
        partners(play).with_key("partners"),
        blame(play).with_key("blame"),
        next_pairing(play, games, scale).with_key("next"),
    ]
    return [replace(own, tables=[table for table in own.tables if len(table.frame)]) for own in analyses]


def freeze(play: CrossPlay, name: str, *, forfeits: bool = False) -> Population:
    """Return the agents of runs as a population, with their ratings fixed. Raises UsageError where they have none."""
    games = meetings(play.episodes, forfeits=forfeits)
    try:
        rating = rate(games, scale_of(play.population) if play.population else None)
    except ValueError as error:
        raise UsageError(f"{error}: a population needs scores by seat") from error
    seats = {game: dict(own) for game, own in play.population.seats.items()} if play.population else {}
    for key in rating.fit.keys:
        if key[0] == "seat":
            seats.setdefault(key[1], {})[key[2]] = round(rating.fit.estimate({key: 1.0}), 6)
    players = [
        {
            "name": model.model,
            "agent": play.specs[model.model],
            "digest": agent_digest(*play.about[model.model]),
            "rating": round(model.strength, 6),
        }
        for model in rating.models
        if model.model in play.specs
    ]
    known = play.population.draws if play.population else {}
    draws = {**known, **{game: round(value, 6) for game, value in rating.draws.items()}}
    versions = {game: play.versions[game] for game in dict.fromkeys(each.game for each in games) if game in play.versions}
    return Population.model_validate({"name": name, "versions": versions, "seats": seats, "draws": draws, "player": players})


def _ratings(play: CrossPlay, games: Sequence[RatedGame], scale: FixedScale | None, *, forfeits: bool) -> Analysis:
    if not any(game.first != game.second for game in games):
        return Analysis("Ratings", [NO_RATINGS]).with_key("ratings")
    found = ratings(games, scale)
    rated = {game.game for game in games}
    unrated = [game for game in play.games if game not in rated]
    lost = sum(episode.outcome.kind == "aborted" for episode in play.episodes if episode.game in rated)
    notes = list(found.left_out)
    if unrated:
        notes.append(f"{', '.join(unrated)}: no scores by seat, so that nobody is rated by it")
    if lost and not forfeits:
        notes.append(f"{lost} aborted episodes have no scores by seat (--forfeits counts each as lost by the seat to blame)")
    if play.population:
        notes.append(
            "the scale is that of a population, whose ratings are taken as known: intervals do not allow for theirs"
        )
    return replace(found, left_out=notes).with_key("ratings")
