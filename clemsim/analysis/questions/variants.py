"""e: families, versions, fine-tuned children, quantisation and access, compared in groups."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from clemsim.analysis.drawing import charts
from clemsim.analysis.kinds import AnalysisOptions
from clemsim.analysis.questions.group_differences import summarise
from clemsim.analysis.questions.model_comparison import BRIEF, compare_groups, comparison_table
from clemsim.analysis.questions.scores import with_intervals
from clemsim.analysis.questions.variant_groups import (
    VariantGroup,
    all_groups,
    notes_on_names,
)
from clemsim.analysis.results import Analysis, Figure, ResultTable
from clemsim.analysis.sources.evidence import Evidence

SEPARATOR = "\u241f"  # between a group and its model


def answer(evidence: Evidence, options: AnalysisOptions) -> Analysis:
    """Compare the models of all groups with the references of their groups."""
    groups = all_groups(evidence)
    title = "Families, versions, tuned children, quantisation, access"
    if not groups:
        return Analysis(title, ["No two models are of one family, base or weights."])
    comparisons = compare_groups(evidence, groups)
    caption = "clemscore with its 95 % interval, by group; filled: what the others are held against"
    figure = Figure("groups", caption, _draw(evidence, groups))
    frame = comparison_table(comparisons, options.margin)
    table = ResultTable("group_differences", "Each against the first of its group, points of clemscore", frame, BRIEF)
    return Analysis(title, summarise(comparisons, options.margin), [table], [figure], notes_on_names(evidence))


def _draw(evidence: Evidence, groups: Sequence[VariantGroup]) -> charts.Specification:
    ends = with_intervals(evidence).select("model", "clemscore", low="clemscore_low", high="clemscore_high")
    known = {row["model"]: row for row in ends.to_dicts()}
    rows = [
        {
            **known[model],
            "id": f"{group.title}{SEPARATOR}{model}",
            "group": group.title,
            "kind": group.kind,
            "role": "reference" if model == group.reference else "other",
        }
        for group in groups
        for model in (group.reference, *group.others)
    ]
    order = [name for group in groups for name in (group.title, *(row["id"] for row in rows if row["group"] == group.title))]
    labels = alt.Axis(
        labelExpr=f"split(datum.label, '{SEPARATOR}')[1] || datum.label",
        labelFontWeight=alt.condition(f"indexof(datum.value, '{SEPARATOR}') < 0", alt.value("bold"), alt.value("normal")),
        ticks=False,
    )
    kinds = list(dict.fromkeys(group.kind for group in groups))
    base = alt.Chart(charts.chart_data(rows)).encode(y=alt.Y("id:N", title=None, scale=alt.Scale(domain=order), axis=labels))
    bars = base.mark_bar(height=10).encode(
        x=alt.X("clemscore:Q", title="clemscore (points, 0 to 100), with 95 % interval"),
        color=alt.Color(
            "kind:N", title=None, sort=kinds, scale=alt.Scale(range=charts.COLOURS), legend=alt.Legend(orient="top")
        ),
        opacity=alt.condition("datum.role == 'reference'", alt.value(1.0), alt.value(0.55)),
        tooltip=["group:N", "model:N", *(alt.Tooltip(f"{name}:Q", format=".2f") for name in ("clemscore", "low", "high"))],
    )
    rule = base.mark_rule(color=charts.DARK, strokeWidth=1.1).encode(x=alt.X("low:Q"), x2="high:Q")
    return charts.specification_of(alt.layer(bars, rule).properties(width=560, height=alt.Step(14)))
