"""e: own groups, families, versions, fine-tuned children, quantisation and access, compared in groups."""

from __future__ import annotations

from clemsim.analysis.drawing.forest import difference_forest
from clemsim.analysis.kinds import AnalysisOptions
from clemsim.analysis.questions.group_differences import summarise
from clemsim.analysis.questions.leave_out import differences_without
from clemsim.analysis.questions.model_comparison import BRIEF, compare_groups, comparison_table
from clemsim.analysis.questions.spreads import BRIEF as SPREAD
from clemsim.analysis.questions.spreads import spread_sentences, spread_table
from clemsim.analysis.questions.variant_groups import all_groups, notes_on_names
from clemsim.analysis.results import Analysis, Figure, ResultTable
from clemsim.analysis.sources.evidence import Evidence


def answer(evidence: Evidence, options: AnalysisOptions) -> Analysis:
    """Compare the models of all groups with the references of their groups."""
    groups = all_groups(evidence)
    title = "Families, versions, tuned children, quantisation, access"
    if not groups:
        return Analysis(title, ["No two models are of one family, base or weights."])
    comparisons = compare_groups(evidence, groups)
    frame = comparison_table(comparisons, options.margin)
    caption = "Differences in clemscore, or worth where a model never played, to the reference; filled: decided"
    figure = Figure("groups", caption, difference_forest(frame.to_dicts()))
    table = ResultTable("group_differences", "Each against the first of its group, points of clemscore", frame, BRIEF)
    tables, sentences = [table, differences_without("group", comparisons)], summarise(comparisons, options.margin)
    own = [(group.name, (group.reference, *group.others)) for group in groups if group.kind == "group"]
    if own:
        spreads = spread_table(evidence, own)
        tables.append(ResultTable("group_spread", "Spread of the models of each own group, points", spreads, SPREAD))
        sentences += spread_sentences(spreads, "models of the group")
    return Analysis(title, sentences, tables, [figure], notes_on_names(evidence))
