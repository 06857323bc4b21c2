"""The spread of scores in groups of models."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from clemsim.analysis.results import ResultTable
from clemsim.analysis.sources.evidence import Evidence
from clemsim.analysis.statistics.groups import spread
from clemsim.analysis.wording import models, number

SCORES = ("clemscore", "played", "quality", "worth")
TRAITS = {"open_weights": ("open weights", "closed weights"), "multilingual": ("multilingual", "not multilingual"),
          "multimodal": ("multimodal", "not multimodal")}  # fmt: skip
BRIEF = ("group", "score", "n", "lowest", "mean", "median", "highest", "spread", "deviation")  # columns of a terminal


def spread_table(evidence: Evidence, groups: Iterable[tuple[str, Sequence[str]]]) -> pl.DataFrame:
    """Return a row for each group (name, models) and score: its models, and the lowest, mean, median and highest score,
    their distance and the standard deviation (n - 1) between models.
    """
    counted = {row["model"]: row for row in evidence.counted.to_dicts()}
    rows: list[dict[str, Any]] = []
    for name, names in groups:
        for score in SCORES:
            worth = [evidence.sample.estimates[model].value("worth") for model in names]
            values = worth if score == "worth" else [counted[model][score] for model in names]
            known = [value for value in values if value is not None]
            if not known:
                continue
            own = spread(known)
            row = {"group": name, "score": score, "n": own.n, "lowest": own.low, "mean": own.mean, "median": own.median}
            row |= {"highest": own.high, "spread": own.width, "deviation": own.deviation}
            rows.append({**row, "models": ", ".join(names)})
    return pl.DataFrame(rows, infer_schema_length=None)


def access_spreads(evidence: Evidence, groups: Iterable[tuple[str, Sequence[str]]]) -> list[ResultTable]:
    """Return the spread over ways of access to the same weights (`groups`), and that of all models by access and traits."""
    same, all_ = spread_table(evidence, groups), spread_table(evidence, _by_trait(evidence))
    title = "Spread over ways of access to the same weights, points"
    about = "Spread by access and by what is known of models: other models in each, so no effect of it"
    return [ResultTable("access_spread", title, same, BRIEF), ResultTable("access_kinds", about, all_, BRIEF)]


def spread_sentences(table: pl.DataFrame, what: str) -> list[str]:
    """Say how far the clemscores of each group lie apart. `what`: what its models are, such as `ways of access to`."""
    rows = table.filter((pl.col("score") == "clemscore") & (pl.col("n") > 1)).to_dicts() if len(table) else []
    return [
        f"{row['n']} {what} {row['group']} lie {number(row['spread'])} points of clemscore apart (mean "
        f"{number(row['mean'])}, standard deviation {number(row['deviation'])}); a spread holds the noise of all its scores."
        for row in rows
    ]


def trait_sentence(table: pl.DataFrame) -> list[str]:
    """Say how the scores of open and closed models lie, where there are both."""
    rows = {row["group"]: row for row in table.filter(pl.col("score") == "clemscore").to_dicts()} if len(table) else {}
    names = [name for name in TRAITS["open_weights"] if name in rows]
    if len(names) < 2:
        return []
    parts = [
        f"{models(rows[name]['n'])} with {name}: mean clemscore {number(rows[name]['mean'])}, from "
        f"{number(rows[name]['lowest'])} to {number(rows[name]['highest'])}"
        for name in names
    ]
    return [f"{'; '.join(parts)}. They differ in much besides, so that this is no effect of access."]


def _by_trait(evidence: Evidence) -> list[tuple[str, list[str]]]:
    """Return groups of models by each trait, then by access, each with at least one model."""
    facts, groups = evidence.facts, []
    for trait, names in TRAITS.items():
        for value, name in zip((True, False), names, strict=True):
            groups.append((name, facts.filter(pl.col(trait) == value)["model"].to_list()))
    kinds = evidence.kinds.filter(pl.col("access").is_not_null())
    for access in sorted(kinds["access"].unique()):
        groups.append((f"access: {access}", kinds.filter(pl.col("access") == access)["model"].to_list()))
    return [(name, names) for name, names in groups if names]
