"""Differences within groups of models, per game and overall: the answer of the analyses f and g, sentences also of e."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import polars as pl

from clemsim.analysis.drawing import charts
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

METRICS = {"played": "% Played", "quality": "Quality", "clemscore": "clemscore"}


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
    caption = f"{name.capitalize()}: differences per game, and of clemscore with its 95 % interval"
    return Analysis(title, sentences, tables, [Figure(name, caption, _draw(by_game))], notes_on_names(evidence))


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


def _draw(by_game: pl.DataFrame) -> charts.Specification:
    rows = [
        {
            "pair": f"{row['model']} − {row['reference']}",
            "game": row["game"],
            "metric": title,
            "difference": row[name],
            "low": row[f"{name}_low"],
            "high": row[f"{name}_high"],
        }
        for row in by_game.to_dicts()
        for name, title in METRICS.items()
        if row[name] is not None
    ]
    order = [game for game in by_game["game"].unique(maintain_order=True) if game != "overall"] + ["overall"]
    panels = [
        _panel(pair, [row for row in rows if row["pair"] == pair], order)
        for pair in dict.fromkeys(row["pair"] for row in rows)
    ]
    return charts.specification_of(alt.concat(*panels, columns=2, spacing=22))


def _panel(pair: str, rows: charts.Rows, order: Sequence[str]) -> Any:
    base = alt.Chart(charts.chart_data(rows)).encode(
        y=alt.Y("game:N", title=None, sort=list(order)),
        yOffset=alt.YOffset("metric:N", sort=list(METRICS.values())),
        color=alt.Color("metric:N", title=None, sort=list(METRICS.values()), scale=alt.Scale(range=charts.COLOURS)),
    )
    zero = alt.Chart(charts.chart_data([{"zero": 0}])).mark_rule(color=charts.GREY, strokeDash=[3, 3]).encode(x="zero:Q")
    tips = [
        "pair:N",
        "game:N",
        "metric:N",
        *(alt.Tooltip(f"{name}:Q", format=".2f") for name in ("difference", "low", "high")),
    ]
    across = alt.X("low:Q", title="difference (points), with 95 % interval")
    rule = base.mark_rule(strokeWidth=1.2).encode(x=across, x2="high:Q")
    dots = base.mark_point(filled=True, size=42, opacity=1).encode(x=alt.X("difference:Q"), tooltip=tips)
    title = alt.TitleParams(pair, fontSize=10.5, anchor="start")
    return alt.layer(zero, rule, dots).properties(width=300, height=210, title=title)
