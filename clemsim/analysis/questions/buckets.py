"""b: the spread of models of about one size."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import altair as alt
import polars as pl

from clemsim.analysis.drawing import charts
from clemsim.analysis.drawing.labels import WIDE, spread_out
from clemsim.analysis.kinds import AnalysisOptions
from clemsim.analysis.results import Analysis, Figure, ResultTable
from clemsim.analysis.sources.evidence import Evidence
from clemsim.analysis.statistics.groups import bucket, buckets, spread
from clemsim.analysis.wording import models, number

BRIEF = ("bucket", "n", "lowest", "mean", "highest", "spread", "deviation")  # columns of a terminal
TICK, GAP = 32, 8  # pixels: the length of a tick; the space around marks


def answer(evidence: Evidence, options: AnalysisOptions) -> Analysis:
    """Put models in buckets of size, and give the spread of each bucket."""
    title = "Size buckets: the spread among models of about one size"
    facts = evidence.facts.filter(pl.col("clemscore").is_not_null())
    known = facts.filter(pl.col("parameters").is_not_null())
    sized = known.with_columns(bucket=pl.col("parameters").map_elements(bucket, return_dtype=pl.String))
    beyond = sized.filter(pl.col("bucket").is_null())["model"].to_list()
    kept = sized.filter(pl.col("bucket").is_not_null()).sort("parameters", "clemscore")
    left_out = [f"{models(len(facts) - len(known))} of unknown size"] if len(known) < len(facts) else []
    left_out += [f"larger than the last bucket: {', '.join(beyond)}"] if beyond else []
    if kept.is_empty():
        return Analysis(title, ["No model has a known number of parameters."], left_out=left_out)
    frame = _spreads(kept)
    members = kept.select("bucket", "model", "parameters", "clemscore", "never_played")
    tables = [
        ResultTable("buckets", "Spread of clemscore by size (billions of parameters)", frame, BRIEF),
        ResultTable("bucket_models", "The models of each bucket", members),
    ]
    figure = Figure("buckets", "One tick a model at its clemscore, by size", _draw(members))
    return Analysis(title, _sentences(frame), tables, [figure], left_out)


def _spreads(kept: pl.DataFrame) -> pl.DataFrame:
    rows: list[dict[str, Any]] = []
    for name in buckets():
        group = kept.filter(pl.col("bucket") == name).sort("clemscore")
        row: dict[str, Any] = {"bucket": name, "n": len(group)}
        if len(group):
            group_spread = spread(group["clemscore"].to_list())
            row |= {
                "mean": group_spread.mean,
                "median": group_spread.median,
                "deviation": group_spread.deviation,
                "spread": group_spread.width,
            }
            row |= {"lowest": group_spread.low, "lowest_model": group["model"][0]}
            row |= {"highest": group_spread.high, "highest_model": group["model"][-1]}
        rows.append(row)
    return pl.DataFrame(rows, infer_schema_length=None)


def _sentences(frame: pl.DataFrame) -> list[str]:
    several = frame.filter(pl.col("n") > 1)
    if several.is_empty():
        return ["No bucket holds two models: nothing can be said of the spread within a size."]
    widest = several.sort("spread", descending=True).row(0, named=True)
    steps = frame.filter(pl.col("n") > 0)["mean"].to_list()
    rising = all(low < high for low, high in pairwise(steps))
    order = "rises from bucket to bucket" if rising else "does not rise from every bucket to the next"
    overlap = _overlaps(frame)
    sentences = [
        f"Models of {widest['bucket']} billion parameters lie up to {number(widest['spread'])} points apart, from "
        f"{widest['lowest_model']} ({number(widest['lowest'])}) to {widest['highest_model']} ({number(widest['highest'])}; "
        f"n = {widest['n']})."
    ]
    if len(steps) > 1:
        sentences.append(f"The mean {order} ({', '.join(number(step) for step in steps)}){overlap}.")
    return sentences


def _overlaps(frame: pl.DataFrame) -> str:
    occupied = frame.filter(pl.col("n") > 0).rows(named=True)
    pairs = [(low, high) for low, high in pairwise(occupied) if low["highest"] > high["lowest"]]
    if not pairs:
        return ", and no two neighbours overlap"
    return f", and {len(pairs)} of {len(occupied) - 1} neighbouring pairs overlap: size alone does not order these models"


def _draw(members: pl.DataFrame) -> charts.Specification:
    names = buckets()
    y = charts.axis_around("clemscore", "clemscore (points, 0 to 100)", [0.0, *members["clemscore"].to_list()], zero=True)
    column = 4 * GAP + TICK + max(len(model) for model in members["model"]) * charts.NAME * WIDE
    rows: list[dict[str, Any]] = []
    for index, name in enumerate(names):
        group = members.filter(pl.col("bucket") == name).to_dicts()
        pixels = [charts.HEIGHT * (1 - y.share(row["clemscore"])) for row in group]
        spots = spread_out(pixels, 12, 6, charts.HEIGHT - 6)
        for row, spot in zip(group, spots, strict=True):
            left = index * column + GAP
            ends = {"x": left, "x2": left + TICK, "join": left + TICK + GAP, "text": left + TICK + GAP + 3}
            rows.append({**row, **ends, "at": y.at(1 - spot / charts.HEIGHT)})
    width = column * len(names)
    pixel = alt.Scale(domain=[0, width], nice=False)
    data = charts.chart_data(rows)
    heads = [{"x": index * column + GAP, "bucket": name} for index, name in enumerate(names)]
    edges = charts.chart_data([{"x": index * column} for index in range(1, len(names))])
    base, up = alt.Chart(data), charts.y_of(y)
    tips = ["model:N", "bucket:N", alt.Tooltip("parameters:Q", title="parameters (B)"), "clemscore:Q"]
    x, bare = alt.X("x:Q", scale=pixel, axis=None), alt.Y("at:Q", scale=y.scale)
    layers = [
        alt.Chart(edges).mark_rule(color="#e4e6ea").encode(x=x),
        base.mark_rule(strokeWidth=3, color=charts.COLOURS[0]).encode(x=x, x2="x2:Q", y=up, tooltip=tips),
        base.mark_rule(strokeWidth=0.6, color=charts.GREY).encode(
            x=alt.X("x2:Q", scale=pixel, axis=None), x2="join:Q", y=up, y2="at:Q"
        ),
        base.mark_text(align="left", fontSize=charts.NAME, color=charts.DARK).encode(
            x=alt.X("text:Q", scale=pixel, axis=None), y=bare, text="model:N"
        ),
        alt.Chart(charts.chart_data(heads))
        .mark_text(align="left", fontSize=11, fontWeight="bold", baseline="top")
        .encode(x=x, y=alt.value(charts.HEIGHT + 8), text="bucket:N"),
    ]
    below = alt.TitleParams("parameters (billions; a bucket holds its upper edge)", orient="bottom", fontSize=12, dy=14)
    return charts.specification_of(alt.layer(*layers).properties(width=width, height=charts.HEIGHT, title=below))
