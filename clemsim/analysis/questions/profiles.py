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
    aborted = frame.filter((pl.col("model") == chosen) & (pl.col("played") < 100)).sort("played")
    sentences = [
        f"{chosen} plays {high['game']} best (Quality {number(high['quality'])}) and {low['game']} worst "
        f"({number(low['quality'])})."
    ]
    if len(aborted):
        row = aborted.row(0, named=True)
        sentences.append(f"It breaks the rules of form most often in {row['game']} ({number(row['played'])} % played).")
    means = frame.group_by("game").agg(pl.col("quality").mean()).drop_nulls()
    easiest = means.sort(["quality", "game"], descending=[True, False])
    names = [f"{game} {number(value)}" for game, value in easiest.iter_rows()]
    return [*sentences, f"Over all models that played it, the mean Quality of a game: {', '.join(names)}."]
