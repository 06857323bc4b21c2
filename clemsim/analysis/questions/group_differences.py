"""Differences within groups of models, per game and overall: the answer of the analyses f and g, sentences also of e."""

from __future__ import annotations

from collections.abc import Sequence

from clemsim.analysis.drawing.forest import difference_panels
from clemsim.analysis.questions.model_comparison import (
    BRIEF,
    ModelComparison,
    compare_models,
    comparison_table,
    table_by_game,
)
from clemsim.analysis.questions.variant_groups import VariantGroup, notes_on_names
from clemsim.analysis.results import Analysis, Figure, ResultTable
from clemsim.analysis.sources.evidence import Evidence
from clemsim.analysis.wording import number, plural


def analyse_groups(evidence: Evidence, name: str, title: str, groups: Sequence[VariantGroup]) -> Analysis:
    """Compare each model of `groups` with the reference of its group, per game and overall.

    `name` is that of tables and figure; its capitalised form begins the caption of the figure.
    """
    comparisons = compare_models(evidence.sample, [pair for group in groups for pair in group.pairs()])
    by_game = table_by_game(evidence.sample, comparisons)
    tables = [
        ResultTable(f"{name}_differences", "Differences in clemscore, points", comparison_table(comparisons), BRIEF),
        ResultTable(f"{name}_by_game", "Differences per game, points of % Played, Quality and clemscore", by_game),
    ]
    sentences = [*(comparison.sentence for comparison in comparisons), *summarise(comparisons)]
    drawing = difference_panels(tables[0].frame.to_dicts(), by_game.to_dicts())
    caption = f"{name.capitalize()}: differences overall and per game with their 95 % intervals; filled: decided"
    return Analysis(title, sentences, tables, [Figure(name, caption, drawing)], notes_on_names(evidence))


def summarise(comparisons: Sequence[ModelComparison]) -> list[str]:
    """Return sentences on the number of decided and fragile differences, and on what could have been seen."""
    decided = [comparison for comparison in comparisons if comparison.verdict in ("higher", "lower")]
    fragile = [comparison for comparison in comparisons if comparison.sensitivity.fragile]
    verb = "is" if len(comparisons) == 1 else "are"
    text = (
        f"{len(decided)} of {plural(len(comparisons), 'difference')} {verb} decided at the 5 % level (Holm over all of them)"
    )
    if fragile:
        text += f"; of {len(fragile)} the sign changes with one game or with the rule of averaging (fragile)"
    text += "."
    seen = sorted(
        comparison.difference.detectable
        for comparison in comparisons
        if comparison.verdict == "undecided" and comparison.difference.detectable is not None
    )
    if not seen:
        return [text]
    span = number(seen[0]) if len(seen) == 1 else f"{number(seen[0])} to {number(seen[-1])}"
    return [text, f"Where it is undecided, a true difference of {span} points would have been seen four times in five."]
