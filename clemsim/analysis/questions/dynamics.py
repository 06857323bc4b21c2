"""i: how the best scores of open and of closed models move with the release date."""

from __future__ import annotations

import polars as pl

from clemsim.analysis.drawing.charts import Specification
from clemsim.analysis.drawing.dynamics import dynamics_chart
from clemsim.analysis.kinds import AnalysisOptions
from clemsim.analysis.questions.model_comparison import compare_models
from clemsim.analysis.questions.scores import with_intervals
from clemsim.analysis.results import Analysis, Figure, ResultTable
from clemsim.analysis.sources.evidence import Evidence
from clemsim.analysis.wording import models, number

OPEN, CLOSED = "open weights", "closed weights"


def answer(evidence: Evidence, options: AnalysisOptions) -> Analysis:
    """Find the best model so far of each kind over time, and the gap between the kinds at the end."""
    title = "Dynamics: the best of open and of closed models over time"
    facts = evidence.facts.filter(pl.col("clemscore").is_not_null())
    known = facts.filter(pl.col("released").is_not_null() & pl.col("open_weights").is_not_null())
    unknown = len(facts) - len(known)
    left_out = [f"{models(unknown)} without a release date, or not known to be open or closed"] if unknown else []
    if known.is_empty():
        sentence = "No model has a known release date and is known to be open or closed."
        return Analysis(title, [sentence], left_out=left_out)
    kind = pl.when("open_weights").then(pl.lit(OPEN)).otherwise(pl.lit(CLOSED)).alias("kind")
    frame = known.select("model", "released", "clemscore", kind).sort(["released", "clemscore"], descending=[False, True])
    frame = frame.with_columns(best_so_far=pl.col("clemscore").cum_max().over("kind"))
    frame = frame.with_columns(new_best=_new_best())
    tables = [
        ResultTable(
            "dynamics",
            "Release date, clemscore, and the best so far of its kind",
            frame.select("released", "kind", "model", "clemscore", "best_so_far", "new_best"),
        )
    ]
    caption = "clemscore by release date; line and band: the best so far and its 95 % interval; arrow: a date far off"
    figure = Figure("dynamics", caption, _draw(evidence, frame))
    return Analysis(title, _sentences(evidence, frame), tables, [figure], left_out)


def _new_best() -> pl.Expr:
    """Return an expression that marks the models that raised the best of their kind."""
    before = pl.col("best_so_far").shift(1).over("kind")
    return before.is_null() | (pl.col("best_so_far") > before)


def _sentences(evidence: Evidence, frame: pl.DataFrame) -> list[str]:
    sentences = []
    best: dict[str, str] = {}
    for (kind,), group in frame.group_by("kind", maintain_order=True):
        steps = group.filter(pl.col("new_best"))
        first, last = steps.row(0, named=True), steps.row(-1, named=True)
        best[str(kind)] = last["model"]
        if len(steps) == 1:
            sentences.append(
                f"Of {models(len(group))} with {kind}, none was better than the first, {first['model']} "
                f"({number(first['clemscore'])})."
            )
            continue
        sentences.append(
            f"The best with {kind} went from {number(first['clemscore'])} ({first['model']}, {first['released']:%B %Y}) to "
            f"{number(last['clemscore'])} ({last['model']}, {last['released']:%B %Y})."
        )
    if len(best) == 2:
        (pair,) = compare_models(evidence.sample, [("open and closed", best[OPEN], best[CLOSED])])
        sentences.append(f"At the end: {pair.sentence}")
        sentences.append("Both were picked as the best of their kind, which flatters the kind with more models.")
    return sentences


def _draw(evidence: Evidence, frame: pl.DataFrame) -> Specification:
    ends = with_intervals(evidence).select("model", low="clemscore_low", high="clemscore_high")
    rows = frame.join(ends, on="model", how="left", maintain_order="left").to_dicts()
    return dynamics_chart(rows, (OPEN, CLOSED))
