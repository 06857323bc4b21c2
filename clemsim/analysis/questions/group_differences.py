"""Differences within groups of models, per game and overall: the answer of the analyses f and g, sentences also of e."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from clemsim.analysis.drawing.forest import difference_panels
from clemsim.analysis.kinds import MARGIN
from clemsim.analysis.questions.leave_out import differences_without
from clemsim.analysis.questions.model_comparison import (
    BRIEF,
    ModelComparison,
    compare_groups,
    comparison_table,
    table_by_game,
    table_of_parts,
)
from clemsim.analysis.questions.variant_groups import RULES, VariantGroup, notes_on_names
from clemsim.analysis.results import Analysis, Figure, ResultTable
from clemsim.analysis.sources.evidence import Evidence
from clemsim.analysis.wording import interval_text, number, p_text, plural, signed

PARTS = {"played": "%Played", "quality": "Quality"}  # scores over all games that are a family of tests of their own


def analyse_groups(
    evidence: Evidence, name: str, title: str, groups: Sequence[VariantGroup], margin: float = MARGIN
) -> Analysis:
    """Compare each model of `groups` with the reference of its group, per game and overall.

    `name` is that of tables and figure; its capitalised form begins the caption of the figure. `margin`: points within which
    two models count as equivalent.
    """
    comparisons = compare_groups(evidence, groups)
    by_game = table_by_game(evidence.sample, comparisons)
    parts = table_of_parts(evidence.sample, comparisons, margin)
    tested = "the joint interval leaves 0 out where the difference is decided"
    frame = comparison_table(comparisons, margin)
    tables = [
        ResultTable(f"{name}_differences", f"Differences in clemscore, points; {tested}", frame, BRIEF),
        ResultTable(f"{name}_parts", "Differences in %Played and Quality over all games, a second family of tests", parts),
        ResultTable(f"{name}_by_game", "Differences per game, points of % Played, Quality, worth and clemscore", by_game),
        differences_without(name, comparisons),
    ]
    sentences = [
        *(comparison.sentence_within(margin) for comparison in comparisons),
        *summarise(comparisons, margin),
        *_parts_sentences(parts),
    ]
    drawing = difference_panels(frame.to_dicts(), _with_verdicts(by_game, parts))
    caption = f"{name.capitalize()}: differences overall and per game with their 95 % intervals; filled: decided"
    return Analysis(title, sentences, tables, [Figure(name, caption, drawing)], notes_on_names(evidence))


def _with_verdicts(by_game: pl.DataFrame, parts: pl.DataFrame) -> list[dict[str, Any]]:
    """Return the rows by game; those over all games with the verdicts and joint intervals of %Played and Quality."""
    tested = {(row["model"], row["reference"], row["score"]): row for row in parts.to_dicts()}
    rows = by_game.to_dicts()
    for row in rows:
        for score in PARTS if row["game"] == "overall" else ():
            test = tested[row["model"], row["reference"], score]
            row |= {f"{score}_{name}": test[name] for name in ("verdict", "joint_low", "joint_high")}
    return rows


def summarise(comparisons: Sequence[ModelComparison], margin: float = MARGIN) -> list[str]:
    """Return sentences on what is compared, on the number of decided, equivalent and fragile differences, and on what could
    have been seen.
    """
    kinds = list(dict.fromkeys(comparison.group.split(":")[0] for comparison in comparisons))
    rules = "; ".join(f"{kind}: {RULES[kind]}" for kind in kinds if kind in RULES)
    sentences = [f"What each is held against, chosen before the scores are seen: {rules}."] if rules else []
    pairs = {frozenset((own.model, own.reference)): own for own in comparisons}
    decided = sum(own.verdict in ("higher", "lower") for own in pairs.values())
    same = sum(own.conclusion(margin) == "equivalent" for own in pairs.values())
    open_ = sum(own.conclusion(margin) == "inconclusive" for own in pairs.values())
    fragile = sum(own.sensitivity.fragile for own in pairs.values())
    family = "each kind is one family of tests" if len(kinds) > 1 else "one family of tests"
    text = (
        f"{decided} of {plural(len(pairs), 'difference')} {'is' if len(pairs) == 1 else 'are'} decided at the 5 % level "
        f"(Holm; {family}), {same} {'is' if same == 1 else 'are'} equivalent within {margin:g} points (two one-sided tests, "
        f"each at 5 %), {open_} {'is' if open_ == 1 else 'are'} inconclusive"
    )
    if fragile:
        text += f"; of {fragile} the sign changes with one game or with the rule of averaging (fragile)"
    sentences.append(f"{text}.")
    seen = sorted(
        own.joint.detectable for own in pairs.values() if own.verdict == "undecided" and own.joint.detectable is not None
    )
    if seen:
        span = number(seen[0]) if len(seen) == 1 else f"{number(seen[0])} to {number(seen[-1])}"
        sentences.append(
            f"Where it is undecided, true differences of {span} points would have been seen four times in five."
        )
    return sentences


def _parts_sentences(parts: pl.DataFrame) -> list[str]:
    """Say of %Played and of Quality which differences are decided."""
    sentences = []
    for score, name in PARTS.items():
        rows = parts.filter(pl.col("score") == score)
        decided = rows.filter(pl.col("verdict").is_in(["higher", "lower"])).sort("difference")
        tested = rows.filter(pl.col("p").is_not_null())
        if tested.is_empty():
            continue
        named = "; ".join(
            f"{row['model']} {signed(row['difference'])} "
            f"({interval_text((row['joint_low'], row['joint_high']), joint=True)}, {p_text(row['p_holm'])})"
            for row in decided.to_dicts()
        )
        seen = tested.filter(pl.col("verdict") == "undecided")["detectable"].drop_nulls()
        least = number(min(seen.to_list(), default=None))
        others = "the others are" if len(decided) else "that is" if len(tested) == 1 else "these are"
        rest = f"; {others} not resolved (detectable: {least} points and more)" if len(seen) else ""
        text = f"{name} differs in {len(decided)} of {len(tested)}{f': {named}' if named else ''}{rest}."
        sentences.append(text)
    return sentences
