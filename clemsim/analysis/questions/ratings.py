"""Bradley-Terry ratings of models that met each other, the advantage of seats, and ratings by seat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, isfinite

import polars as pl

from clemsim.analysis.drawing.rating_forest import rating_forest
from clemsim.analysis.results import Analysis, Figure, ResultTable
from clemsim.analysis.statistics.rating import FixedScale, RatedGame, RatedModel, Rating, RatingFit, rate
from clemsim.analysis.wording import interval_text, number, plural
from clemsim.errors import UsageError
from clemsim.results.intervals import Interval

RATINGS = {
    "model": pl.String,
    "games": pl.Int64,
    "won": pl.Int64,
    "drawn": pl.Int64,
    "lost": pl.Int64,
    "strength": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "above_next": pl.Float64,
    "above_low": pl.Float64,
    "above_high": pl.Float64,
    "beats_next": pl.Float64,
}
SEATS = {
    "game": pl.String,
    "seat": pl.String,
    "over": pl.String,
    "games": pl.Int64,
    "advantage": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
}
BY_SEAT = {
    "game": pl.String,
    "seat": pl.String,
    "model": pl.String,
    "games": pl.Int64,
    "strength": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
}
DRAWS = {"game": pl.String, "drawn_by_equals": pl.Float64}


FEW = 5  # models whose strengths are told in a sentence


@dataclass(frozen=True, slots=True)
class SeatRating:
    """The strength (logit) of a model in one seat, on the scale of all games, with its 95 % interval."""

    game: str
    seat: str
    model: str
    games: int
    strength: float
    interval: Interval


def ratings(games: Sequence[RatedGame], scale: FixedScale | None = None) -> Analysis:
    """Rate the models of a table of games, on the scale of others where one is given. Raises UsageError where there is
    nothing to rate.
    """
    try:
        rating = rate(games, scale)
    except ValueError as error:
        raise UsageError(str(error)) from error
    by_seat = [] if scale else seat_ratings(games, rating)
    sentences = [*_order(rating), *_seats(rating), *_orders_by_seat(by_seat), _method(rating)]
    tables = [ResultTable("ratings", "Bradley-Terry, logit scale; – at an end: open", _ratings(rating))]
    tables += [ResultTable("rating_seats", "Advantage of a seat, logit scale", _seat_frame(rating))]
    tables += [
        ResultTable(
            "rating_by_seat",
            "Strength in each seat, logit scale; that of the others is taken as known",
            _by_seat_frame(by_seat),
        )
    ]
    drawn = [(_shown(game), exp(value) / (2 + exp(value))) for game, value in rating.draws.items()]
    tables += [ResultTable("rating_draws", "Share of draws between equals", pl.DataFrame(drawn, DRAWS, orient="row"))]
    about = "Ratings with 95 % intervals, best first; an arrow: the interval is open"
    figures = [Figure("forest", about, rating_forest(_drawn(rating, by_seat)))]
    return Analysis("Ratings of models that met", sentences, tables, figures, _left_out(rating))


def seat_ratings(games: Sequence[RatedGame], rating: Rating) -> list[SeatRating]:
    """Return how strong each model is in each seat: its games there, against others of the strength that all games give
    them; that, the advantage of the seat and the share of draws are taken as known.
    """
    strengths = {model.model: model.strength for model in rating.models}
    seats: dict[str, dict[str, float]] = {}
    for key in rating.fit.keys:
        if key[0] == "seat":
            seats.setdefault(key[1], {})[key[2]] = rating.fit.estimate({key: 1.0})
    sat: dict[tuple[str, str, str], list[RatedGame]] = {}
    for each in games:
        if each.first != each.second:
            first, second = f"{each.first} {each.seats[0]}", f"{each.second} {each.seats[1]}"
            sat.setdefault((each.game, each.seats[0], each.first), []).append(replace(each, first=first))
            sat.setdefault((each.game, each.seats[1], each.second), []).append(replace(each, second=second))
    found = []
    for (game, seat, model), own in sat.items():
        fit, name = RatingFit(own, FixedScale(strengths, seats, rating.draws)), f"{model} {seat}"
        found.append(SeatRating(game, seat, model, len(own), fit.value({name: 1.0}), fit.interval({name: 1.0})))
    return sorted(found, key=lambda row: (row.game, row.seat, -row.strength))


def _order(rating: Rating) -> list[str]:
    best, second = rating.models[0].model, rating.models[1].model
    gap, ends = rating.difference(best, second)
    chance = rating.expected_interval(best, second)
    share = f"{rating.expected(best, second):.0%} of the games that are decided"
    text = (
        f"{best} is rated highest, {number(gap, 2)} above {second} on the logit scale ({interval_text(ends, 2)})"
        f"{'' if ends[0] > 0 else ', so not clearly above'}; with the seats exchanged it is expected to win "
        f"{share} (95 % interval {chance[0]:.0%} to {chance[1]:.0%})."
    )
    above = []
    for higher, lower in zip(rating.models[1:], rating.models[2:], strict=False):
        gap, ends = rating.difference(higher.model, lower.model)
        verb = "is above" if ends[0] > 0 else "is not clearly above"
        above.append(f"{higher.model} {verb} {lower.model}: {number(gap, 2)} ({interval_text(ends, 2)})")
    return [text, *([f"{'; '.join(above)}."] if 0 < len(above) < 6 else [])]


def _seats(rating: Rating) -> list[str]:
    found = []
    for own in rating.seats:
        low, high = own.interval
        what = "is an advantage" if low > 0 else "is a drawback" if high < 0 else "can't be told from a fair one"
        seat = "The first seat" if own.seat == "first" and not own.game else f"{_shown(own.game)}: {own.seat}"
        over = "" if not own.game else f" over {own.over}"
        found.append(
            f"{seat} {what}{over}: {number(own.advantage, 2)} ({interval_text(own.interval, 2)}), on the logit scale."
        )
    return found


def _orders_by_seat(by_seat: Sequence[SeatRating]) -> list[str]:
    """Return a sentence on each game: the order of the models in each seat, with their strengths there if they are few."""
    found = []
    for game in dict.fromkeys(row.game for row in by_seat):
        own = [row for row in by_seat if row.game == game]
        orders = {seat: [row for row in own if row.seat == seat] for seat in dict.fromkeys(row.seat for row in own)}
        named = {tuple(row.model for row in order) for order in orders.values()}
        same = "the order is the same from each seat" if len(named) == 1 else "the order differs by seat"
        if len(orders) > 1 and all(len(order) <= FEW for order in orders.values()):
            each = "; ".join(f"as {seat}, {', '.join(map(_strength, order))}" for seat, order in orders.items())
            found.append(f"{_shown(game)}: {same}: {each}.")
        elif len(orders) > 1:
            found.append(f"{_shown(game)}: {same}.")
    return found


def _strength(row: SeatRating) -> str:
    return f"{row.model} {number(row.strength, 2)} ({interval_text(row.interval, 2).removeprefix('95 % interval ')})"


def _method(rating: Rating) -> str:
    return (
        f"Intervals are of the profile likelihood, made wider by what the games of one instance have in common, with t of "
        f"{plural(rating.df, 'degree')} of freedom; the best was picked by its rating."
    )


def _left_out(rating: Rating) -> list[str]:
    if not rating.penalised:
        return []
    all_won = [model.model for model in rating.models if model.games and model.won == model.games]
    all_lost = [model.model for model in rating.models if model.games and model.lost == model.games]
    who = [f"{name} won every game" for name in all_won] + [f"{name} lost every game" for name in all_lost]
    why = "; ".join(who) or "a model, or a seat, won or lost everything"
    return [
        f"{why}: a prior keeps the ratings finite, their intervals are open where the games set no bound, and there each "
        "instance counts once for each pair"
    ]


def _ratings(rating: Rating) -> pl.DataFrame:
    rows = []
    for place, model in enumerate(rating.models):
        above: tuple[float | None, ...] = (None,) * 4
        if place + 1 < len(rating.models):
            lower = rating.models[place + 1].model
            gap, ends = rating.difference(model.model, lower)
            above = (gap, *map(_end, ends), rating.expected(model.model, lower))
        counts = (model.games, model.won, model.drawn, model.lost)
        rows.append((_name(model), *counts, model.strength, *map(_end, model.interval), *above))
    return pl.DataFrame(rows, RATINGS, orient="row")


def _name(model: RatedModel) -> str:
    return f"{model.model} (fixed)" if model.fixed else model.model


def _seat_frame(rating: Rating) -> pl.DataFrame:
    rows = [
        (_shown(own.game), own.seat, own.over, own.games, own.advantage, *map(_end, own.interval)) for own in rating.seats
    ]
    return pl.DataFrame(rows, SEATS, orient="row")


def _by_seat_frame(by_seat: Sequence[SeatRating]) -> pl.DataFrame:
    rows = [(_shown(row.game), row.seat, row.model, row.games, row.strength, *map(_end, row.interval)) for row in by_seat]
    return pl.DataFrame(rows, BY_SEAT, orient="row")


def _drawn(rating: Rating, by_seat: Sequence[SeatRating]) -> list[dict[str, object]]:
    rows = [
        {"head": "over all seats", "model": _name(model), "strength": model.strength, "interval": model.interval}
        for model in rating.models
    ]
    games = {row.game for row in by_seat}
    for row in by_seat:
        head = f"as {row.seat}" if len(games) == 1 else f"{_shown(row.game)}, as {row.seat}"
        rows.append({"head": head, "model": row.model, "strength": row.strength, "interval": row.interval})
    return rows


def _end(value: float) -> float | None:
    """Return an end of an interval; None: it is open."""
    return value if isfinite(value) else None


def _shown(game: str) -> str:
    return game or "all games"
