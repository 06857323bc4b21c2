"""c: the spread of models that were tuned from the same base."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from clemsim.analysis.drawing.dots import grouped_dots
from clemsim.analysis.kinds import AnalysisOptions
from clemsim.analysis.questions.model_comparison import BRIEF, ModelComparison, compare_models, comparison_table
from clemsim.analysis.questions.scores import with_intervals
from clemsim.analysis.results import Analysis, Figure, ResultTable
from clemsim.analysis.sources.evidence import Evidence
from clemsim.analysis.statistics.groups import spread
from clemsim.analysis.wording import models, number


def answer(evidence: Evidence, options: AnalysisOptions) -> Analysis:
    """Compare fine-tuned models by their base: the spread of each base, and each model against the best of its base."""
    title = "Fine-tuning: the same base model, different tuning"
    tuned = evidence.facts.filter(pl.col("base_model").is_not_null() & pl.col("clemscore").is_not_null())
    unknown = len(evidence.facts) - len(tuned)
    left_out = [f"no base model is known of {models(unknown)}"] if unknown else []
    if tuned.is_empty():
        return Analysis(title, ["The base model of no model is known."], left_out=left_out)
    frame = tuned.select("base_model", "model", "parameters", "clemscore", "played", "quality", "tuning_data").sort(
        ["base_model", "clemscore"], descending=[False, True]
    )
    comparisons = compare_models(evidence.sample, _pairs(frame))
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
    if comparisons:
        title_ = "Each against the best of its base, points of clemscore"
        tables.append(ResultTable("base_differences", title_, comparison_table(comparisons), BRIEF))
    return Analysis(title, _sentences(spreads, comparisons), tables, _figures(evidence, frame), left_out)


def _pairs(frame: pl.DataFrame) -> list[tuple[str, str, str]]:
    pairs = []
    for (base,), group in frame.group_by("base_model", maintain_order=True):
        best, *others = group["model"].to_list()
        pairs += [(str(base), other, best) for other in others]
    return pairs


def _spreads(frame: pl.DataFrame) -> pl.DataFrame:
    rows = []
    for (base,), group in frame.group_by("base_model", maintain_order=True):
        base_spread = spread(group["clemscore"].to_list())
        rows.append(
            (
                base,
                base_spread.n,
                base_spread.low,
                base_spread.mean,
                base_spread.high,
                base_spread.width,
                base_spread.deviation,
            )
        )
    columns = ["base_model", "n", "lowest", "mean", "highest", "spread", "deviation"]
    return pl.DataFrame(rows, columns, orient="row", infer_schema_length=None).sort("spread", descending=True)


def _sentences(spreads: pl.DataFrame, comparisons: Sequence[ModelComparison]) -> list[str]:
    several = spreads.filter(pl.col("n") > 1)
    if several.is_empty():
        return ["No base has two fine-tuned models here: what tuning does can't be seen."]
    widest = several.row(0, named=True)
    first = (
        f"Tuning alone moves models of one base by up to {number(widest['spread'])} points of clemscore "
        f"({widest['base_model']}, n = {widest['n']}); over {len(several)} bases with two models or more the spread is "
        f"{', '.join(number(value) for value in several['spread'])}."
    )
    largest = max(comparisons, key=lambda comparison: abs(comparison.difference.value or 0))
    return [first, largest.sentence]


def _figures(evidence: Evidence, frame: pl.DataFrame) -> list[Figure]:
    """Draw the models of the bases that have several."""
    several = frame.filter(pl.len().over("base_model") > 1)
    if several.is_empty():
        return []
    ends = with_intervals(evidence).drop("clemscore", "played", "quality")
    rows = several.join(ends, on="model", how="left", maintain_order="left").to_dicts()
    caption = "Models by the base they were tuned from, with 95 % intervals; bases with two models or more"
    return [Figure("bases", caption, grouped_dots(rows, "base_model", ["clemscore", "played", "quality"]))]
