"""c: the spread of models that were tuned from the same base."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from clemsim.analysis.drawing.dots import grouped_dots
from clemsim.analysis.kinds import AnalysisOptions
from clemsim.analysis.questions.group_differences import summarise
from clemsim.analysis.questions.leave_out import differences_without
from clemsim.analysis.questions.model_comparison import BRIEF, ModelComparison, compare_groups, comparison_table
from clemsim.analysis.questions.scores import with_intervals
from clemsim.analysis.questions.variant_groups import one_of_each, tuned_groups
from clemsim.analysis.results import Analysis, Figure, ResultTable
from clemsim.analysis.sources.evidence import Evidence, join_names
from clemsim.analysis.statistics.groups import spread
from clemsim.analysis.wording import models, number


def answer(evidence: Evidence, options: AnalysisOptions) -> Analysis:
    """Compare fine-tuned models by their base: the spread of each base, and each model against the base, or the oldest of
    them.
    """
    title = "Fine-tuning: the same base model, different tuning"
    tuned = evidence.facts.filter(pl.col("base_model").is_not_null() & pl.col("clemscore").is_not_null())
    unknown = len(evidence.facts) - len(tuned)
    left_out = [f"no base model is known of {models(unknown)}"] if unknown else []
    weights = one_of_each(evidence, evidence.kinds.join(tuned.select("model"), on="model"))["model"].to_list()
    if same := [model for model in tuned["model"] if model not in weights]:
        left_out.append(f"the weights of another model here, served in another way: {join_names(same)}")
    tuned = tuned.filter(pl.col("model").is_in(weights))
    if tuned.is_empty():
        return Analysis(title, ["The base model of no model is known."], left_out=left_out)
    frame = tuned.select(
        "base_model", "model", "parameters", "clemscore", "played", "quality", "tuning_data", "never_played"
    ).sort(["base_model", "clemscore", "model"], descending=[False, True, False])
    comparisons = compare_groups(evidence, list(tuned_groups(evidence)))
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
        title_ = "Each against its base, or the oldest model of that base, points of clemscore"
        table = comparison_table(comparisons, options.margin)
        tables += [ResultTable("base_differences", title_, table, BRIEF), differences_without("base", comparisons)]
    return Analysis(title, _sentences(spreads, comparisons, options.margin), tables, _figures(evidence, frame), left_out)


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


def _sentences(spreads: pl.DataFrame, comparisons: Sequence[ModelComparison], margin: float) -> list[str]:
    several = spreads.filter(pl.col("n") > 1)
    if several.is_empty():
        return ["No base has two fine-tuned models here: how far tuned models lie apart can't be seen."]
    widest = several.row(0, named=True)
    spread_ = (
        f"Models tuned from one base lie up to {number(widest['spread'])} points of clemscore apart "
        f"({widest['base_model']}, n = {widest['n']})"
    )
    if len(several) > 1:
        values = ", ".join(number(value) for value in several["spread"])
        spread_ += f"; over {len(several)} bases with two models or more the spread is {values}"
    largest = max(comparisons, key=lambda comparison: abs(comparison.difference.value or 0))
    return [
        f"{spread_}. A spread holds the noise of all its scores, and grows with the number of models.",
        f"The largest difference of those tested: {largest.sentence}",
        *summarise(comparisons, margin),
    ]


def _figures(evidence: Evidence, frame: pl.DataFrame) -> list[Figure]:
    """Draw the models of the bases that have several."""
    several = frame.filter(pl.len().over("base_model") > 1)
    if several.is_empty():
        return []
    ends = with_intervals(evidence).drop("clemscore", "played", "quality")
    rows = several.join(ends, on="model", how="left", maintain_order="left").to_dicts()
    caption = "Models by the base they were tuned from, with 95 % intervals; bases with two models or more"
    return [Figure("bases", caption, grouped_dots(rows, "base_model", ["clemscore", "played", "quality"]))]
