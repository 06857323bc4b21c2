"""c: how far apart are models that were made from the same base?"""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import polars as pl

from clemsim.analysis.drawing import charts
from clemsim.analysis.questions.comparing import BRIEF, Comparison, compare, table
from clemsim.analysis.results import Analysis, Figure, ResultTable
from clemsim.analysis.sources.evidence import Evidence
from clemsim.analysis.statistics.groups import spread
from clemsim.analysis.wording import compared, models, number


def by_base(evidence: Evidence) -> Analysis:
    """Fine-tuned models by their base, the spread of each base, and each against the best of its base."""
    title = "Fine-tuning: the same base model, different tuning"
    tuned = evidence.facts.filter(pl.col("base_model").is_not_null() & pl.col("clemscore").is_not_null())
    left = (
        [f"no base model is known of {models(len(evidence.facts) - len(tuned))}"] if len(tuned) < len(evidence.facts) else []
    )
    if tuned.is_empty():
        return Analysis("c", title, ["The base model of no model is known."], left_out=left)
    frame = tuned.select("base_model", "model", "parameters", "clemscore", "played", "quality", "tuning_data").sort(
        ["base_model", "clemscore"], descending=[False, True]
    )
    found = compare(evidence.sample, _pairs(frame))
    spreads = _spreads(frame)
    tables = [
        ResultTable(
            "bases",
            "Models by base: clemscore, %Played and Quality, 0 to 100",
            frame,
            ("base_model", "model", "clemscore", "played", "quality"),
        ),
        ResultTable("base_spread", "Spread of clemscore by base", spreads),
    ]
    tables += (
        [ResultTable("base_differences", "Each against the best of its base, points of clemscore", table(found), BRIEF)]
        if found
        else []
    )
    figure = Figure("c_bases", "Models by the base they were tuned from", _draw(frame))
    return Analysis("c", title, _sentences(spreads, found), tables, [figure], left)


def _pairs(frame: pl.DataFrame) -> list[tuple[str, str, str]]:
    pairs = []
    for (base,), some in frame.group_by("base_model", maintain_order=True):
        best, *others = some["model"].to_list()
        pairs += [(str(base), other, best) for other in others]
    return pairs


def _spreads(frame: pl.DataFrame) -> pl.DataFrame:
    rows = []
    for (base,), some in frame.group_by("base_model", maintain_order=True):
        found = spread(some["clemscore"].to_list())
        rows.append((base, found.n, found.low, found.mean, found.high, found.width, found.deviation))
    columns = ["base_model", "n", "lowest", "mean", "highest", "spread", "deviation"]
    return pl.DataFrame(rows, columns, orient="row", infer_schema_length=None).sort("spread", descending=True)


def _sentences(spreads: pl.DataFrame, found: Sequence[Comparison]) -> list[str]:
    several = spreads.filter(pl.col("n") > 1)
    if several.is_empty():
        return ["No base has two fine-tuned models here: what tuning does can't be seen."]
    widest = several.row(0, named=True)
    first = (
        f"Tuning alone moves models of one base by up to {number(widest['spread'])} points of clemscore "
        f"({widest['base_model']}, n = {widest['n']}); over {len(several)} bases with two models or more the spread is "
        f"{', '.join(number(value) for value in several['spread'])}."
    )
    largest = max(found, key=lambda each: abs(each.difference.value or 0))
    return [first, compared(largest.model, largest.reference, largest.difference, largest.adjusted, largest.hangs)]


def _draw(frame: pl.DataFrame) -> charts.Specification:
    metrics = {"clemscore": "clemscore", "played": "% Played", "quality": "Quality"}
    rows = [
        {"base": row["base_model"], "model": row["model"], "metric": title, "value": row[name]}
        for row in frame.to_dicts()
        for name, title in metrics.items()
    ]
    chart = alt.Chart(charts.values(rows)).encode(
        y=alt.Y("model:N", title=None, sort=None),
        x=alt.X("value:Q", title="score (0 to 100)", scale=alt.Scale(domain=[0, 100])),
        color=alt.Color("metric:N", title=None, sort=list(metrics.values()), scale=alt.Scale(range=charts.COLOURS)),
        tooltip=["base:N", "model:N", "metric:N", "value:Q"],
    )
    points = chart.mark_point(filled=True, size=70, opacity=0.95).properties(width=460, height=alt.Step(22))
    head = alt.Header(labelAngle=0, labelAlign="left", labelFontWeight="bold")
    faceted = points.facet(row=alt.Row("base:N", title=None, header=head, sort=None), spacing=8)
    return charts.finished(faceted.resolve_scale(y="independent"))
