"""h: what does a point of clemscore cost in time and tokens?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from clemsim.analysis.drawing import charts
from clemsim.analysis.results import Analysis, Figure, ResultTable
from clemsim.analysis.sources.evidence import Evidence
from clemsim.analysis.statistics.ranks import ranks
from clemsim.analysis.wording import models, number, span, strength

BRIEF = ("model", "clemscore", "latency", "tokens_in", "tokens_out", "seconds_a_point", "tokens_a_point")  # of a terminal
KINDS = {
    "latency": ("latency", "seconds a request (log scale)", "seconds a request"),
    "tokens": ("tokens", "tokens in and out of all games (millions, log scale)", "million tokens"),
}


def costs(evidence: Evidence) -> Analysis:
    """Latency and tokens against clemscore; who is not beaten by anybody that costs less; cost of a point."""
    title = "Latency and tokens: what a point of clemscore costs"
    frame = evidence.overall.join(evidence.costs, on="model", how="inner", maintain_order="left")
    frame = frame.with_columns(tokens=pl.sum_horizontal("tokens_in", "tokens_out", ignore_nulls=False))
    known = frame.filter(pl.col("clemscore").is_not_null())
    have = [kind for kind in KINDS if known[kind].drop_nulls().filter(known[kind].drop_nulls() > 0).len() >= 1]
    if not have:
        return Analysis("h", title, ["Neither latency nor tokens of a scored model are known."])
    table = _table(known)
    figures = []
    for kind in have:
        some = known.filter(pl.col(kind) > 0)
        figures.append(Figure(f"h_{kind}", f"clemscore against {KINDS[kind][2]}", _draw(some, kind)))
    sentences = [sentence for kind in have for sentence in _sentences(known.filter(pl.col(kind) > 0), kind)]
    unknown = [model for model in evidence.models if model not in set(known["model"])]
    left = [f"nothing is known of the cost of {models(len(unknown))}: {', '.join(unknown)}"] if unknown else []
    strangers = evidence.costs.filter(~pl.col("model").is_in(list(evidence.models)))["model"].to_list()
    left += [f"{models(len(strangers))} with a known cost have no scores"] if strangers else []
    return Analysis(
        "h",
        title,
        sentences,
        [ResultTable("costs", "Latency (s a request), tokens (millions), cost of a point", table, BRIEF)],
        figures,
        left,
    )


def _table(known: pl.DataFrame) -> pl.DataFrame:
    point = pl.when(pl.col("clemscore") > 0).then(pl.col("clemscore"))
    table = known.select(
        "model",
        "clemscore",
        "latency",
        "tokens_in",
        "tokens_out",
        seconds_a_point=pl.col("latency") / point,
        tokens_a_point=1e6 * pl.col("tokens") / point,
    )
    fronts = {kind: _front(known.filter(pl.col(kind) > 0), kind) for kind in KINDS}
    marks = [pl.col("model").is_in(fronts[kind]).alias(f"unbeaten_by_{kind}") for kind in KINDS]
    return table.with_columns(*marks).sort("clemscore", descending=True)


def _front(some: pl.DataFrame, kind: str) -> list[str]:
    """Models that no other beats at less or equal cost, cheapest first."""
    best, front = -1.0, []
    for model, score in some.sort([kind, "clemscore"], descending=[False, True]).select("model", "clemscore").iter_rows():
        if score > best:
            front.append(model)
            best = score
    return front


def _sentences(some: pl.DataFrame, kind: str) -> list[str]:
    _, _, unit = KINDS[kind]
    front = _front(some, kind)
    found = [f"By {unit}, nobody beats these at less: {', '.join(front)} (of {models(len(some))})."]
    try:
        order = ranks(np.log(some[kind].to_numpy()), some["clemscore"].to_numpy())
    except ValueError:
        return found
    text = f"There is {strength(order.rho, order.rho_interval)} between clemscore and {unit}"
    found.insert(0, f"{text} (Spearman {number(order.rho, 2)}, {span(order.rho_interval, 2)}, n = {order.n}).")
    return found


def _draw(some: pl.DataFrame, kind: str) -> charts.Specification:
    field, title, _ = KINDS[kind]
    front: Sequence[str] = _front(some, kind)
    rows = [
        {**row, "kind": "unbeaten at its cost" if row["model"] in front else "beaten at less cost"}
        for row in some.select("model", field, "clemscore").to_dicts()
    ]
    x = charts.around(field, title, some[field].to_list(), log=True)
    y = charts.around("clemscore", "clemscore (points, 0 to 100)", [0.0, *some["clemscore"].to_list()], zero=True)
    return charts.scatter(rows, x, y, colour="kind")
