"""The lowest and the highest scores that unfinished episodes allow, whatever would have come of them (Manski 1990).

What cannot be finished is seldom like the rest: time limits and full contexts end the long episodes. So instead of leaving
unfinished episodes out and hoping, each is counted at its worst and at its best. No assumption is made; the bounds say
nothing of other instances, and are no intervals.

Worst is aborted for %Played, a main score of 0 for Quality and worth; best is a main score of 100. The lower bound of
clemscore is the product of those of %Played and Quality: with several games, no outcome may quite reach it, as an aborted
episode is in no Quality. Episodes that an answered stopping rule left unplayed are not counted: the rule chose them by
their place in the order, and nothing was seen of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from clemsim.game.outcomes import Outcome
from clemsim.results.estimates import Score
from clemsim.results.intervals import Interval
from clemsim.results.repetitions import Repetitions, worth


class GameBounds(BaseModel):
    """The lowest and highest scores of one game in points (0..100), and its number of unfinished episodes."""

    model_config = ConfigDict(frozen=True)
    unfinished: int
    played: Interval
    quality: Interval | None  # None: all episodes were aborted
    worth: Interval | None  # None: the game is scored by seat alone


class ScoreBounds(BaseModel):
    """The lowest and highest scores over games, in points (0..100), and those of each game with unfinished episodes."""

    model_config = ConfigDict(frozen=True)
    unfinished: int
    played: Interval
    quality: Interval | None
    worth: Interval | None
    clemscore: Interval | None
    arenas: dict[str, GameBounds]

    def of(self, score: Score) -> Interval | None:
        """Return the bounds of a score."""
        bounds: Interval | None = getattr(self, score)
        return bounds


def score_bounds(repetitions: Repetitions) -> ScoreBounds | None:
    """Return the bounds of an agent's scores; None where all its episodes are finished."""
    games = {game: _game([*_episodes(instances)]) for game, instances in repetitions.items() if instances}
    unfinished = sum(own.unfinished for own in games.values())
    if not unfinished:
        return None
    played, quality, all_worth = (
        _mean([getattr(own, name) for own in games.values()]) for name in ("played", "quality", "worth")
    )
    assert played is not None  # every game has it
    product = None if quality is None else (played[0] * quality[0] / 100, played[1] * quality[1] / 100)
    return ScoreBounds(
        unfinished=unfinished,
        played=_round(played),
        quality=quality and _round(quality),
        worth=all_worth and _round(all_worth),
        clemscore=all_worth and _round(all_worth) if len(games) == 1 and product else product and _round(product),
        arenas={game: _rounded(own) for game, own in games.items() if own.unfinished},
    )


def _episodes(instances: Mapping[str, Mapping[int, Outcome | None]]) -> Sequence[Outcome | None]:
    return [outcome for runs in instances.values() for outcome in runs.values()]


def _game(episodes: Sequence[Outcome | None]) -> GameBounds:
    done = [outcome for outcome in episodes if outcome is not None]
    missing, count = len(episodes) - len(done), len(episodes)
    played = sum(outcome.kind != "aborted" for outcome in done)
    scored = sum(outcome.quality is not None for outcome in done)
    total = sum(map(worth, done))
    if not all(outcome.shared for outcome in done):
        return GameBounds(
            unfinished=missing, played=(100 * played / count, 100 * (played + missing) / count), quality=None, worth=None
        )
    quality = (total / (scored + missing), (total + 100 * missing) / (scored + missing)) if scored + missing else None
    return GameBounds(
        unfinished=missing,
        played=(100 * played / count, 100 * (played + missing) / count),
        quality=quality,
        worth=(total / count, (total + 100 * missing) / count),
    )


def _mean(bounds: Sequence[Interval | None]) -> Interval | None:
    known = [own for own in bounds if own is not None]
    if not known:
        return None
    return sum(low for low, _ in known) / len(known), sum(high for _, high in known) / len(known)


def _rounded(game: GameBounds) -> GameBounds:
    return GameBounds(
        unfinished=game.unfinished,
        played=_round(game.played),
        quality=game.quality and _round(game.quality),
        worth=game.worth and _round(game.worth),
    )


def _round(pair: Interval) -> Interval:
    return round(pair[0], 2), round(pair[1], 2)
