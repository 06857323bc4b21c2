"""e, f, g: families, versions, fine-tuned children, quantisation and access, compared in groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import polars as pl

from clemsim.analysis.drawing import charts
from clemsim.analysis.questions.comparing import BRIEF, Comparison, by_game, compare, table
from clemsim.analysis.questions.scores import with_intervals
from clemsim.analysis.results import Analysis, Figure, ResultTable
from clemsim.analysis.sources.evidence import Evidence
from clemsim.analysis.wording import compared, counted, number

METRICS = {"played": "% Played", "quality": "Quality", "clemscore": "clemscore"}
APART = "\u241f"  # between a group and its model
FULL = 16  # bits; a weight of so many, or of unknown many, is not quantised
LOCAL = ("huggingface-local", "local", "llama.cpp")  # whose weights are surely the published ones


@dataclass(frozen=True)
class VariantGroup:
    """Models that share something, and the one that the others are held against."""

    kind: str
    name: str
    reference: str
    others: tuple[str, ...]

    @property
    def title(self) -> str:
        """`quantisation: llama-3-8b-instruct`."""
        return f"{self.kind}: {self.name}"

    def pairs(self) -> list[tuple[str, str, str]]:
        """What is compared."""
        return [(self.title, other, self.reference) for other in self.others]


def grouped(evidence: Evidence) -> Analysis:
    """e: all groups at once."""
    groups = [*_families(evidence), *_tuned(evidence), *_quantised(evidence), *_accessed(evidence)]
    title = "Families, versions, tuned children, quantisation, access"
    if not groups:
        return Analysis("e", title, ["No two models are of one family, base or weights."])
    found = compare(evidence.sample, [pair for group in groups for pair in group.pairs()])
    figure = Figure("e_groups", "clemscore with its 95 % interval, by group; filled: what the others are held against",
                    _bars(evidence, groups))  # fmt: skip
    told = ResultTable("group_differences", "Each against the first of its group, points of clemscore", table(found), BRIEF)
    return Analysis("e", title, _counted(found), [told], [figure], _read_off(evidence))


def quantisation(evidence: Evidence) -> Analysis:
    """f: fewer bits against full precision of the same weights."""
    text = "No model is here both quantised and in full precision."
    return _deltas(evidence, "f", "Quantisation", "quantisation", list(_quantised(evidence)), text)


def access(evidence: Evidence) -> Analysis:
    """g: the same weights through different servers."""
    return _deltas(
        evidence, "g", "Access", "access", list(_accessed(evidence)), "No weights are here through two ways of access."
    )


def _deltas(
    evidence: Evidence, letter: str, title: str, name: str, groups: Sequence[VariantGroup], nothing: str
) -> Analysis:
    long = {"f": "Quantisation against full precision", "g": "Access: the same weights through different servers"}[letter]
    if not groups:
        return Analysis(letter, long, [nothing])
    found = compare(evidence.sample, [pair for group in groups for pair in group.pairs()])
    games = by_game(evidence.sample, found)
    tables = [
        ResultTable(f"{name}_differences", "Differences in clemscore, points", table(found), BRIEF),
        ResultTable(f"{name}_by_game", "Differences per game, points of % Played, Quality and clemscore", games),
    ]
    sentences = [compared(each.model, each.reference, each.difference, each.adjusted, each.hangs) for each in found]
    figure = Figure(
        f"{letter}_{name}", f"{title}: differences per game, and of clemscore with its 95 % interval", _dots(games)
    )
    return Analysis(letter, long, [*sentences, *_counted(found)], tables, [figure], _read_off(evidence))


def _families(evidence: Evidence) -> Iterator[VariantGroup]:
    """Sizes and versions of one family; of each weights only what the quantised and the hosted are held against."""
    known = evidence.kinds.filter(pl.col("clemscore").is_not_null())
    variants = known.partition_by("weights", maintain_order=True)
    first = pl.concat([_reference(some) for some in variants]) if variants else known
    for (family,), some in first.sort("family").group_by("family", maintain_order=True):
        names = some.sort("clemscore", descending=True)["model"].to_list()
        if len(names) > 1:
            yield VariantGroup("family", str(family), names[0], tuple(names[1:]))


def _tuned(evidence: Evidence) -> Iterator[VariantGroup]:
    tuned = evidence.facts.filter(pl.col("base_model").is_not_null() & pl.col("clemscore").is_not_null())
    for (base,), some in tuned.sort("base_model").group_by("base_model", maintain_order=True):
        names = some.sort("clemscore", descending=True)["model"].to_list()
        if base in evidence.models and base not in names:
            yield VariantGroup("tuned from", str(base), str(base), tuple(names))
        elif len(names) > 1:
            yield VariantGroup("tuned from", str(base), names[0], tuple(names[1:]))


def _quantised(evidence: Evidence) -> Iterator[VariantGroup]:
    few = pl.col("quantisation") < FULL
    for (weights,), some in evidence.kinds.sort("weights").group_by("weights", maintain_order=True):
        fewer = some.filter(few).sort("quantisation")["model"].to_list()
        whole = some.filter(few.not_() | pl.col("quantisation").is_null())
        if fewer and len(whole):
            yield VariantGroup("quantisation", str(weights), _reference(whole)["model"][0], tuple(fewer))


def _accessed(evidence: Evidence) -> Iterator[VariantGroup]:
    whole = evidence.kinds.filter(pl.col("quantisation").is_null() | (pl.col("quantisation") >= FULL))
    for (weights,), some in whole.sort("weights").group_by("weights", maintain_order=True):
        if some["access"].n_unique() > 1:
            first = _reference(some)["model"][0]
            yield VariantGroup("access", str(weights), first, tuple(model for model in some["model"] if model != first))


def _reference(some: pl.DataFrame) -> pl.DataFrame:
    """Of variants of the same weights, the one in full precision, on one's own machine, or else by no host known."""
    whole = pl.col("quantisation").is_null() | (pl.col("quantisation") >= FULL)
    local = pl.col("access").is_in(LOCAL[:1]).fill_null(value=False), pl.col("access").is_in(LOCAL).fill_null(value=False)
    return some.sort(whole, *local, pl.col("access").is_null(), descending=True, maintain_order=True).head(1)


def _counted(found: Sequence[Comparison]) -> list[str]:
    decided = [each for each in found if each.verdict in ("higher", "lower")]
    fragile = [each for each in found if each.hangs.fragile]
    is_ = "is" if len(found) == 1 else "are"
    text = f"{len(decided)} of {counted(len(found), 'difference')} {is_} decided at the 5 % level (Holm over all of them)"
    if fragile:
        text += f"; of {len(fragile)} the sign changes with one game or with the rule of averaging (fragile)"
    text += "."
    sentences = [text]
    open_ = [each for each in found if each.verdict == "undecided" and each.more]
    if open_:
        nearest = min(open_, key=lambda each: each.more or 0)
        sentences.append(
            f"The nearest to a decision is {nearest.model} against {nearest.reference} "
            f"({number(nearest.difference.value)} points): about {nearest.more} more episodes of each would show a true "
            "difference of that size four times in five, not counting Holm."
        )
    return sentences


def _read_off(evidence: Evidence) -> list[str]:
    unsaid = [model for model in evidence.kinds.filter(pl.col("quantisation").is_not_null())["model"]
              if not ((facts := evidence.characteristics(model)) and facts.quantisation)]  # fmt: skip
    text = "the bits of a weight, its family and who served it are read off the model's name where no table says so"
    return [text] if unsaid else []


def _bars(evidence: Evidence, groups: Sequence[VariantGroup]) -> charts.Specification:
    ends = with_intervals(evidence).select("model", "clemscore", low="clemscore_low", high="clemscore_high")
    known = {row["model"]: row for row in ends.to_dicts()}
    rows = [
        {
            **known[model],
            "id": f"{group.title}{APART}{model}",
            "group": group.title,
            "kind": group.kind,
            "role": "reference" if model == group.reference else "other",
        }
        for group in groups
        for model in (group.reference, *group.others)
    ]
    order = [name for group in groups for name in (group.title, *(row["id"] for row in rows if row["group"] == group.title))]
    labels = alt.Axis(
        labelExpr=f"split(datum.label, '{APART}')[1] || datum.label",
        labelFontWeight=alt.condition(f"indexof(datum.value, '{APART}') < 0", alt.value("bold"), alt.value("normal")),
        ticks=False,
    )
    kinds = list(dict.fromkeys(group.kind for group in groups))
    base = alt.Chart(charts.values(rows)).encode(y=alt.Y("id:N", title=None, scale=alt.Scale(domain=order), axis=labels))
    bars = base.mark_bar(height=10).encode(
        x=alt.X("clemscore:Q", title="clemscore (points, 0 to 100), with 95 % interval"),
        color=alt.Color(
            "kind:N", title=None, sort=kinds, scale=alt.Scale(range=charts.COLOURS), legend=alt.Legend(orient="top")
        ),
        opacity=alt.condition("datum.role == 'reference'", alt.value(1.0), alt.value(0.55)),
        tooltip=["group:N", "model:N", *(alt.Tooltip(f"{name}:Q", format=".2f") for name in ("clemscore", "low", "high"))],
    )
    rule = base.mark_rule(color=charts.DARK, strokeWidth=1.1).encode(x=alt.X("low:Q"), x2="high:Q")
    return charts.finished(alt.layer(bars, rule).properties(width=560, height=alt.Step(14)))


def _dots(games: pl.DataFrame) -> charts.Specification:
    rows = [
        {
            "pair": f"{row['model']} − {row['reference']}",
            "game": row["game"],
            "metric": title,
            "difference": row[name],
            "low": row[f"{name}_low"],
            "high": row[f"{name}_high"],
        }
        for row in games.to_dicts()
        for name, title in METRICS.items()
        if row[name] is not None
    ]
    order = [game for game in games["game"].unique(maintain_order=True) if game != "overall"] + ["overall"]
    panels = [
        _panel(pair, [row for row in rows if row["pair"] == pair], order)
        for pair in dict.fromkeys(row["pair"] for row in rows)
    ]
    return charts.finished(alt.concat(*panels, columns=2, spacing=22))


def _panel(pair: str, rows: charts.Rows, order: Sequence[str]) -> Any:
    base = alt.Chart(charts.values(rows)).encode(
        y=alt.Y("game:N", title=None, sort=list(order)),
        yOffset=alt.YOffset("metric:N", sort=list(METRICS.values())),
        color=alt.Color("metric:N", title=None, sort=list(METRICS.values()), scale=alt.Scale(range=charts.COLOURS)),
    )
    zero = alt.Chart(charts.values([{"zero": 0}])).mark_rule(color=charts.GREY, strokeDash=[3, 3]).encode(x="zero:Q")
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
