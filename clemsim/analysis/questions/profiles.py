"""d: the profile of a model: %Played and Quality per game."""

from __future__ import annotations

from math import cos, pi, sin
from typing import Any

import altair as alt
import polars as pl

from clemsim.analysis.drawing import charts
from clemsim.analysis.drawing.labels import WIDE
from clemsim.analysis.kinds import AnalysisOptions
from clemsim.analysis.results import Analysis, Figure, ResultTable
from clemsim.analysis.sources.evidence import Evidence
from clemsim.analysis.wording import number
from clemsim.errors import UsageError

RADIUS = 150  # pixels of 100 points
EDGE, HIGH = 1.75, 1.25  # half the width and height of the radar in radii, with room for the names of games


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
    caption = "% Played and Quality per game; Quality as a radar (rings: 25, 50, 75, 100)"
    figure = Figure("profile", caption, _draw(frame, chosen))
    note = "a game without Quality (never played to its end) has no point on the radar"
    left_out = [note] if frame["quality"].null_count() else []
    return Analysis("Profile of a model", _sentences(frame, chosen), tables, [figure], left_out)


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


def _draw(frame: pl.DataFrame, chosen: str) -> charts.Specification:
    models, games = frame["model"].unique(maintain_order=True).to_list(), sorted(frame["game"].unique())
    bind = alt.binding_select(options=models, name="model ")
    pick = alt.selection_point(fields=["model"], bind=bind, value=[{"model": chosen}], name="pick")
    long = [
        {"model": row["model"], "game": row["game"], "metric": title, "value": row[name]}
        for row in frame.to_dicts()
        for name, title in (("played", "% Played"), ("quality", "Quality"))
        if row[name] is not None
    ]
    bars = (
        alt.Chart(charts.chart_data(long), title="by game")
        .transform_filter(pick)
        .mark_bar()
        .encode(
            x=alt.X("game:N", title=None, axis=alt.Axis(labelAngle=-30)),
            xOffset=alt.XOffset("metric:N", sort=["% Played", "Quality"]),
            y=alt.Y("value:Q", title="score (0 to 100)", scale=alt.Scale(domain=[0, 100])),
            color=alt.Color(
                "metric:N",
                title=None,
                scale=alt.Scale(domain=["% Played", "Quality"], range=charts.COLOURS[:2]),
                legend=alt.Legend(orient="top"),
            ),
            tooltip=["model:N", "game:N", "metric:N", alt.Tooltip("value:Q", format=".2f")],
        )
        .properties(width=470, height=320)
        .add_params(pick)
    )
    named = alt.Chart(charts.chart_data([{"model": model} for model in models])).transform_filter(pick)
    head = named.mark_text(fontSize=15, fontWeight="bold", align="left").encode(text="model:N", x=alt.value(0))
    radar = _radar(frame, games, pick)
    return charts.specification_of(alt.vconcat(head.properties(width=470, height=18), alt.hconcat(bars, radar, spacing=40)))


def _beside(spot: dict[str, Any], game: str) -> dict[str, Any]:
    """Return the middle of a name that begins, or ends, at the end of its spoke."""
    side = 0 if abs(spot["x"]) < 5 else 1 if spot["x"] > 0 else -1
    return {"x": spot["x"] + side * len(game) * 10.5 * WIDE / 2 * 100 / RADIUS, "y": spot["y"], "game": game}


def _radar(frame: pl.DataFrame, games: list[str], pick: Any) -> Any:
    angle = {game: 2 * pi * index / len(games) for index, game in enumerate(games)}

    def spot(game: str, radius: float) -> dict[str, Any]:
        return {"x": radius * sin(angle[game]), "y": radius * cos(angle[game])}

    rings = [
        {**spot(game, r), "ring": r, "order": index}
        for r in (25, 50, 75, 100)
        for index, game in enumerate([*games, games[0]])
    ]
    spokes = [{**spot(game, 100), "x0": 0, "y0": 0} for game in games]
    names = [_beside(spot(game, 113), game) for game in games]
    kept = [row for row in frame.to_dicts() if row["quality"] is not None]
    points = [
        {**spot(row["game"], row["quality"]), "model": row["model"], "game": row["game"], "quality": row["quality"],
         "order": games.index(row["game"])}
        for row in kept
    ]  # fmt: skip
    x = alt.X("x:Q", scale=alt.Scale(domain=[-100 * EDGE, 100 * EDGE], nice=False), axis=None)
    y = alt.Y("y:Q", scale=alt.Scale(domain=[-100 * HIGH, 100 * HIGH], nice=False), axis=None)
    own = alt.Chart(charts.chart_data(points)).transform_filter(pick).encode(x=x, y=y)
    layers = [
        alt.Chart(charts.chart_data(rings))
        .mark_line(color="#d5d8dd", strokeWidth=0.8)
        .encode(x=x, y=y, detail="ring:N", order="order:Q"),
        alt.Chart(charts.chart_data(spokes))
        .mark_rule(color="#d5d8dd", strokeWidth=0.8)
        .encode(x=x, y=y, x2="x0:Q", y2="y0:Q"),
        own.mark_line(interpolate="linear-closed", color=charts.COLOURS[1], fill=charts.COLOURS[1], fillOpacity=0.15).encode(
            order="order:Q"
        ),
        own.mark_circle(color=charts.COLOURS[1], size=40).encode(tooltip=["game:N", alt.Tooltip("quality:Q", format=".2f")]),
        alt.Chart(charts.chart_data(names)).mark_text(fontSize=10.5, color=charts.DARK).encode(x=x, y=y, text="game:N"),
    ]
    return alt.layer(*layers, title="Quality").properties(width=2 * RADIUS * EDGE, height=2 * RADIUS * HIGH)
