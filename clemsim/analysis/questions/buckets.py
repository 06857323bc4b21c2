"""b: the spread of models of about one size."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import polars as pl

from clemsim.analysis.drawing.charts import Specification
from clemsim.analysis.drawing.dots import grouped_dots
from clemsim.analysis.kinds import AnalysisOptions
from clemsim.analysis.questions.scores import with_intervals
from clemsim.analysis.results import Analysis, Figure, ResultTable
from clemsim.analysis.sources.evidence import Evidence
from clemsim.analysis.statistics.groups import bucket, buckets, spread
from clemsim.analysis.wording import models, number

BRIEF = ("bucket", "n", "lowest", "mean", "highest", "spread", "deviation")  # columns of a terminal


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
    caption = "clemscore with 95 % intervals by size bucket, a bucket with its upper edge; the line is the mean of a bucket"
    figure = Figure("buckets", caption, _draw(evidence, members, frame))
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


def _draw(evidence: Evidence, members: pl.DataFrame, frame: pl.DataFrame) -> Specification:
    ends = with_intervals(evidence).select("model", "clemscore_low", "clemscore_high")
    heads = {
        name: f"{name} billion, n = {n}, mean {number(mean)}" for name, n, mean in frame.select("bucket", "n", "mean").rows()
    }
    rows = members.join(ends, on="model", how="left", maintain_order="left").sort("parameters", "clemscore")
    return grouped_dots([{**row, "head": heads[row["bucket"]]} for row in rows.to_dicts()], "head", ["clemscore"], mean=True)
