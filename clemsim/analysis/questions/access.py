"""g: the same weights through different servers."""

from __future__ import annotations

from clemsim.analysis.kinds import AnalysisOptions
from clemsim.analysis.questions.group_differences import analyse_groups
from clemsim.analysis.questions.variant_groups import access_groups
from clemsim.analysis.results import Analysis
from clemsim.analysis.sources.evidence import Evidence


def answer(evidence: Evidence, options: AnalysisOptions) -> Analysis:
    """Compare models served by hosts with the local model of the same weights."""
    title, groups = "Access: the same weights through different servers", list(access_groups(evidence))
    if not groups:
        return Analysis(title, ["No weights are here through two ways of access in the same number of bits."])
    return analyse_groups(evidence, "access", title, groups, options.margin)
