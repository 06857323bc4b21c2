"""f: fewer bits against full precision of the same weights."""

from __future__ import annotations

from clemsim.analysis.kinds import AnalysisOptions
from clemsim.analysis.questions.group_differences import analyse_groups
from clemsim.analysis.questions.variant_groups import quantised_groups
from clemsim.analysis.results import Analysis
from clemsim.analysis.sources.evidence import Evidence


def answer(evidence: Evidence, options: AnalysisOptions) -> Analysis:
    """Compare quantised models with the full-precision model of the same weights."""
    title, groups = "Quantisation against full precision", list(quantised_groups(evidence))
    if not groups:
        return Analysis(title, ["No model is here both quantised and in full precision."])
    return analyse_groups(evidence, "quantisation", title, groups, options.margin)
