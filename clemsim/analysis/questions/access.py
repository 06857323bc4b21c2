"""g: the same weights through different servers."""

from __future__ import annotations

from dataclasses import replace

from clemsim.analysis.kinds import AnalysisOptions
from clemsim.analysis.questions.group_differences import analyse_groups
from clemsim.analysis.questions.spreads import access_spreads, spread_sentences, trait_sentence
from clemsim.analysis.questions.variant_groups import access_groups
from clemsim.analysis.results import Analysis
from clemsim.analysis.sources.evidence import Evidence


def answer(evidence: Evidence, options: AnalysisOptions) -> Analysis:
    """Compare models served by hosts with the local model of the same weights; give the spread over ways of access."""
    title, groups = "Access: the same weights through different servers", list(access_groups(evidence))
    same, kinds = access_spreads(evidence, [(group.name, (group.reference, *group.others)) for group in groups])
    said = trait_sentence(kinds.frame)
    if not groups:
        text = "No weights are here through two ways of access in the same number of bits."
        return Analysis(title, [text, *said], [kinds])
    found = analyse_groups(evidence, "access", title, groups, options.margin)
    sentences = [*found.sentences, *spread_sentences(same.frame, "ways of access to"), *said]
    return replace(found, sentences=sentences, tables=[*found.tables, same, kinds])
