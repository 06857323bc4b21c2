"""d: the profile of a model: %Played and Quality per game."""

from __future__ import annotations

from typing import Any

import polars as pl

from clemsim.analysis.drawing.dots import profile_dots
from clemsim.analysis.drawing.heat_map import heat_map
from clemsim.analysis.kinds import AnalysisOptions
from clemsim.analysis.results import Analysis, Figure, ResultTable
from clemsim.analysis.sources.evidence import Evidence
from clemsim.analysis.wording import number
from clemsim.errors import UsageError
from clemsim.results.estimates import Score

SCORES: tuple[Score, ...] = ("played", "quality")


def answer(evidence: Evidence, options: AnalysisOptions) -> Analysis:
    """Give the profile of each model; the figure begins with `options.model`, or else with the best one.

    Raises UsageError for an unknown model.
    """
    model = options.model
    if model is not None and model not in evidence.models:
        raise UsageError(f"there is no model {model!r} to show the profile of: choose one of {', '.join(evidence.models)}")
    chosen = model or evidence.models[0]
    order = pl.DataFrame({"model": evidence.models, "place": range(len(evidence.models))})
    columns = ("model", "game", "played", "quality", "deviation", "episodes")
    frame = evidence.scores.join(order, on="model").sort("place", "game").select(*columns)
    tables = [ResultTable("profiles", "% Played and Quality by model and game, 0 to 100", frame)]
    return Analysis("Profile of a model", _sentences(frame, chosen), tables, _figures(evidence, frame, chosen))


def _figures(evidence: Evidence, frame: pl.DataFrame, chosen: str) -> list[Figure]:
    """Draw the profile of a model, and the map of all models, with the games from the easiest to the hardest."""
    means = frame.group_by("game").agg(pl.col("quality").mean())
    games = means.sort(["quality", "game"], descending=[True, False], nulls_last=True)["game"].to_list()
    rows = [{**row, **_ends(evidence, row["model"], row["game"])} for row in frame.to_dicts()]
    about = "games from the highest mean Quality to the lowest"
    caption = (
        f"% Played and Quality per game with 95 % intervals, none where too little was played; grey: all models; {about}"
    )
    cells = f"All models and games, %Played and Quality from 0 to 100; empty: never run; –: nothing scored; {about}"
    return [
        Figure("profile", caption, profile_dots(rows, evidence.models, games, chosen)),
        Figure("games", cells, heat_map(rows, evidence.models, games)),
    ]


def _ends(evidence: Evidence, model: str, game: str) -> dict[str, Any]:
    """Return the ends of the intervals of a model's %Played and Quality in a game."""
    estimates = evidence.sample.estimates[model].of_game(game)
    ends: dict[str, Any] = {}
    for score in SCORES:
        low, high = estimates.interval(score) or (None, None)
        ends |= {f"{score}_low": low, f"{score}_high": high}
    return ends


def _sentences(frame: pl.DataFrame, chosen: str) -> list[str]:
    own = frame.filter((pl.col("model") == chosen) & pl.col("quality").is_not_null()).sort("quality")
    if own.is_empty():
        return [f"{chosen} played nothing to its end."]
    low, high = own.row(0, named=True), own.row(-1, named=True)
    aborted = frame.filter((pl.col("model") == chosen) & (pl.col("played") < 100)).sort("played", "game")
    if len(own) == 1:
        sentences = [f"{chosen} played one game to its end: {high['game']} (Quality {number(high['quality'])})."]
    elif high["quality"] == low["quality"]:
        sentences = [f"{chosen} has the same Quality in all {len(own)} games that it played: {number(high['quality'])}."]
    else:
        sentences = [
            f"{chosen} has its highest Quality in {high['game']} ({number(high['quality'])}) and its lowest in "
            f"{low['game']} ({number(low['quality'])}), of {len(own)} games; a point of Quality stands for other "
            "things in other games."
        ]
    if len(aborted):
        row = aborted.row(0, named=True)
        sentences.append(f"It breaks the rules of form most often in {row['game']} ({number(row['played'])} % played).")
    return [*sentences, *_means(frame)]


def _means(frame: pl.DataFrame) -> list[str]:
    """Return a sentence on the mean Quality of each game over the same models: those that played every game."""
    games = frame["game"].n_unique()
    scored = frame.filter(pl.col("quality").is_not_null())
    whole = scored.group_by("model").len().filter(pl.col("len") == games)["model"].to_list()
    if games < 2 or len(whole) < 2:
        return []
    means = scored.filter(pl.col("model").is_in(whole)).group_by("game").agg(pl.col("quality").mean())
    order = means.sort(["quality", "game"], descending=[True, False])
    names = ", ".join(f"{game} {number(value)}" for game, value in order.iter_rows())
    return [f"Over the {len(whole)} models that played all {games} games, the mean Quality of a game: {names}."]
