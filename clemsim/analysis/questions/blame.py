"""Whose fault failures are: who was blamed for aborted episodes, and what the agent in each seat does to episodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from clemsim.analysis.results import Analysis, ResultTable
from clemsim.analysis.sources.crossplay import CrossPlay, SeatedEpisode
from clemsim.analysis.statistics.additive import SeatAgentEffect, Seating, fit_effects, is_separable, parts_with_a_choice
from clemsim.analysis.wording import interval_text, number
from clemsim.results.repetitions import worth

ABORTED, WORTH = "aborted", "worth"
EFFECTS = {
    "game": pl.String,
    "measure": pl.String,
    "seat": pl.String,
    "agent": pl.String,
    "episodes": pl.Int64,
    "effect": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
}
BLAMED = {
    "game": pl.String,
    "agent": pl.String,
    "seat": pl.String,
    "episodes": pl.Int64,
    "aborted": pl.Int64,
    "blamed": pl.Int64,
}
MIXED_UP = (
    "who sits in one seat follows from who sits in the others, so that their effects cannot be told apart: play all of"
)


@dataclass(frozen=True, slots=True)
class GameEffects:
    """The effects of seats and agents on one measure of a game, in points of 100."""

    game: str
    measure: str
    effects: tuple[SeatAgentEffect, ...]


def blame(play: CrossPlay) -> Analysis:
    """Return whose fault failures are, game by game: who was blamed, and the additive effects of seats and agents."""
    fits, notes = [], []
    for game in play.games:
        found, note = effects_of(game, play.of(game))
        fits += found
        notes += note
    rows = [
        (fit.game, fit.measure, own.part, own.agent, own.episodes, own.effect, *(own.interval or (None, None)))
        for fit in fits
        for own in fit.effects
    ]
    tables = [
        ResultTable("blame_effects", "Over the average agent in the seat, points of 100", _frame(rows, EFFECTS)),
        ResultTable("blamed", "Episodes that were aborted, and those that the agent was blamed for", _blamed(play)),
    ]
    if not fits:
        return Analysis("Whose fault failures are", [f"{'; '.join(notes) or 'nothing can be said of it'}."], tables)
    return Analysis("Whose fault failures are", [_sentence(fit) for fit in fits], tables, left_out=notes)


def effects_of(game: str, episodes: Sequence[SeatedEpisode]) -> tuple[list[GameEffects], list[str]]:
    """Return the effects on aborted episodes and, where all seats share a score, on worth; and notes on what is missing."""
    seated = [(seating_of(episode), episode) for episode in episodes]
    common = [(seating, episode) for seating, episode in seated if seating]
    seatings = [seating for seating, _ in common]
    if not seatings or not parts_with_a_choice(seatings):
        return [], []
    if not is_separable(seatings):
        return [], [f"{game}: {MIXED_UP} --pairings all (clemsim run)"]
    measures = {ABORTED: [100.0 * (episode.outcome.kind == "aborted") for _, episode in common]}
    if all(episode.outcome.shared for episode in episodes):
        measures[WORTH] = [worth(episode.outcome) for _, episode in common]
    instances = [episode.instance for _, episode in common]
    varying = {measure: values for measure, values in measures.items() if len(set(values)) > 1}
    notes = [f"{game}: no episode was aborted"] if not any(measures[ABORTED]) else []
    return [
        GameEffects(game, measure, fit_effects(values, seatings, instances)) for measure, values in varying.items()
    ], notes


def seating_of(episode: SeatedEpisode) -> Seating:
    """Return the agent in each role, or in each seat where there are none; nothing where a role has several agents."""
    alone = len({row.role for row in episode.seats}) < 2
    found: dict[str, str] = {}
    for row in episode.seats:
        part = row.seat if alone else row.role
        if found.setdefault(part, row.agent) != row.agent:
            return {}
    return found


def _sentence(fit: GameEffects) -> str:
    """Say in which seat it matters most who sits there, and who is far from the average there."""
    what = "aborted episodes" if fit.measure == ABORTED else "worth"
    spreads = {}
    for part in dict.fromkeys(own.part for own in fit.effects):
        values = [own.effect for own in fit.effects if own.part == part]
        spreads[part] = max(values) - min(values)
    most = max(spreads, key=lambda part: spreads[part])
    order = ", ".join(f"{part} {number(spread)}" for part, spread in sorted(spreads.items(), key=lambda item: -item[1]))
    clear = [own for own in fit.effects if own.part == most and _is_clear(own)]
    told = "; ".join(
        f"{own.agent} {number(own.effect)} ({interval_text(own.interval)})"
        for own in sorted(clear, key=lambda own: -abs(own.effect))[:3]
    )
    text = f"{fit.game}, {what}: who is {most} matters most (from one agent to another, in points: {order})"
    return f"{text}; there, {told}." if told else f"{text}; no agent is shown to differ from the average."


def _is_clear(own: SeatAgentEffect) -> bool:
    return own.interval is not None and not own.interval[0] <= 0 <= own.interval[1]


def _blamed(play: CrossPlay) -> pl.DataFrame:
    counts: Counter[tuple[str, str, str, str]] = Counter()
    for episode in play.episodes:
        for row in episode.seats:
            key = (episode.game, row.agent, row.role)
            counts[*key, "episodes"] += 1
            if episode.outcome.kind == "aborted":
                counts[*key, "aborted"] += 1
                counts[*key, "blamed"] += episode.outcome.blame == row.seat
    keys = sorted({key[:3] for key in counts})
    return _frame([(*key, *(counts[*key, name] for name in ("episodes", "aborted", "blamed"))) for key in keys], BLAMED)


def _frame(rows: Sequence[tuple[object, ...]], schema: dict[str, type[pl.DataType]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema, orient="row")
