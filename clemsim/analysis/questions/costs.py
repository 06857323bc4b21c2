"""h: what a point of clemscore costs in time and tokens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from clemsim.analysis.drawing.charts import Specification
from clemsim.analysis.drawing.scatter import cost_scatter
from clemsim.analysis.kinds import AnalysisOptions
from clemsim.analysis.questions.scores import with_intervals
from clemsim.analysis.results import Analysis, Figure, ResultTable
from clemsim.analysis.sources.evidence import Evidence
from clemsim.analysis.statistics.ranks import rank_correlation
from clemsim.analysis.wording import interval_text, models, number, strength

BRIEF = ("model", "clemscore", "latency", "tokens_in", "tokens_out", "seconds_a_point", "tokens_a_point")  # of a terminal


@dataclass(frozen=True, slots=True)
class CostMeasure:
    """A way of measuring costs: the column that holds it, the title of its axis, and its unit in sentences."""

    column: str
    axis: str
    unit: str


MEASURES = (
    CostMeasure("latency", "seconds a request (log scale)", "seconds a request"),
    CostMeasure("tokens", "tokens in and out of all games (millions, log scale)", "million tokens"),
)


def answer(evidence: Evidence, options: AnalysisOptions) -> Analysis:
    """Relate latency and tokens to clemscore, and find the models that none beats at less cost."""
    title = "Latency and tokens: what a point of clemscore costs"
    frame = evidence.overall.join(evidence.costs, on="model", how="inner", maintain_order="left")
    frame = frame.with_columns(tokens=pl.sum_horizontal("tokens_in", "tokens_out", ignore_nulls=False))
    scored = frame.filter(pl.col("clemscore").is_not_null())
    costs = {measure: scored.filter(pl.col(measure.column) > 0) for measure in MEASURES}
    costs = {measure: known for measure, known in costs.items() if len(known)}
    if not costs:
        return Analysis(title, ["Neither latency nor tokens of a scored model are known."])
    figures = [
        Figure(measure.column, _caption(measure), _draw(evidence, known, measure)) for measure, known in costs.items()
    ]
    sentences = [sentence for measure, known in costs.items() for sentence in _sentences(known, measure)]
    tables = [ResultTable("costs", "Latency (s a request), tokens (millions), cost of a point", _table(scored), BRIEF)]
    return Analysis(title, sentences, tables, figures, _left_out(evidence, scored))


def _caption(measure: CostMeasure) -> str:
    return f"clemscore with 95 % intervals against {measure.unit}; line: the models that none beats at less"


def _left_out(evidence: Evidence, scored: pl.DataFrame) -> list[str]:
    unknown = [model for model in evidence.models if model not in set(scored["model"])]
    notes = [f"nothing is known of the cost of {models(len(unknown))}: {', '.join(unknown)}"] if unknown else []
    strangers = evidence.costs.filter(~pl.col("model").is_in(list(evidence.models)))["model"].to_list()
    return notes + ([f"{models(len(strangers))} with a known cost have no scores"] if strangers else [])


def _table(scored: pl.DataFrame) -> pl.DataFrame:
    point = pl.when(pl.col("clemscore") > 0).then(pl.col("clemscore"))
    table = scored.select(
        "model",
        "clemscore",
        "latency",
        "tokens_in",
        "tokens_out",
        seconds_a_point=pl.col("latency") / point,
        tokens_a_point=1e6 * pl.col("tokens") / point,
    )
    for measure in MEASURES:
        front = _front(scored.filter(pl.col(measure.column) > 0), measure)
        table = table.with_columns(pl.col("model").is_in(front).alias(f"unbeaten_by_{measure.column}"))
    return table.sort("clemscore", descending=True)


def _front(known: pl.DataFrame, measure: CostMeasure) -> list[str]:
    """Return the models that no other beats at less or equal cost, cheapest first."""
    best, front = -1.0, []
    order = known.sort([measure.column, "clemscore"], descending=[False, True])
    for model, score in order.select("model", "clemscore").iter_rows():
        if score > best:
            front.append(model)
            best = score
    return front


def _sentences(known: pl.DataFrame, measure: CostMeasure) -> list[str]:
    unit, front = measure.unit, _front(known, measure)
    unbeaten = f"By {unit}, nobody beats these at less: {', '.join(front)} (of {models(len(known))})."
    try:
        order = rank_correlation(np.log(known[measure.column].to_numpy()), known["clemscore"].to_numpy())
    except ValueError:
        return [unbeaten]
    text = f"There is {strength(order.rho, order.rho_interval)} between clemscore and {unit}"
    interval = interval_text(order.rho_interval, 2)
    return [f"{text} (Spearman {number(order.rho, 2)}, {interval}, n = {order.n}).", unbeaten]


def _draw(evidence: Evidence, known: pl.DataFrame, measure: CostMeasure) -> Specification:
    ends = with_intervals(evidence).select("model", low="clemscore_low", high="clemscore_high")
    rows = known.join(ends, on="model", how="left", maintain_order="left").to_dicts()
    return cost_scatter(rows, measure.column, measure.axis, _front(known, measure))
