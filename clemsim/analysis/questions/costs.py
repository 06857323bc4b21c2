"""h: latency, tokens and, where prices are known, cost beside clemscore."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from clemsim.analysis.drawing.charts import Specification
from clemsim.analysis.drawing.scatter import cost_scatter
from clemsim.analysis.kinds import AnalysisOptions
from clemsim.analysis.questions.correlation_tables import cells_of, correlated
from clemsim.analysis.questions.scores import with_intervals
from clemsim.analysis.results import Analysis, Figure, ResultTable
from clemsim.analysis.sources.evidence import Evidence, join_names
from clemsim.analysis.statistics.ranks import rank_correlation
from clemsim.analysis.wording import interval_text, models, number, strength

TOKENS, COST, POINT = "tokens_a_played_episode", "cost_a_played_episode", "cost_a_point"
SIZE = ("sample", "n", "pearson", "spearman", "spearman_low", "spearman_high", "spearman_p", "kendall")
BRIEF = ("model", "clemscore", "latency", TOKENS)  # columns of a terminal
PRICED = (
    "; cost a played episode of the games that all with a price played, and of a point: of one episode of each instance of "
    "all its games, for each point of clemscore"
)


@dataclass(frozen=True, slots=True)
class CostMeasure:
    """A way of measuring costs: its name, the column that holds it, the title of its axis, and its unit in sentences."""

    name: str
    column: str
    axis: str
    unit: str


MEASURES = (
    CostMeasure("latency", "latency", "seconds a request (log scale)", "seconds a request"),
    CostMeasure("tokens", TOKENS, "tokens in and out, a played episode (log scale)", "tokens a played episode"),
    CostMeasure("cost", COST, "cost of a played episode (log scale)", "cost of a played episode"),
)


def answer(evidence: Evidence, options: AnalysisOptions) -> Analysis:
    """Relate latency, tokens and cost to clemscore, and find the models that none beats at less."""
    title = "Latency and tokens beside clemscore"
    scores = evidence.counted.filter(pl.col("model").is_in(evidence.costs["model"].to_list()))
    frame = scores.join(evidence.costs, on="model", how="inner", maintain_order="left")
    frame = frame.join(_tokens(evidence), on="model", how="left", maintain_order="left")
    scored = frame.join(_costs(evidence), on="model", how="left", maintain_order="left")
    scored = scored.filter(pl.col("clemscore").is_not_null())
    priced = bool(scored[COST].count())
    costs = {measure: scored.filter(pl.col(measure.column) > 0) for measure in MEASURES}
    costs = {measure: known for measure, known in costs.items() if len(known)}
    if not costs:
        return Analysis(title, ["Neither latency nor tokens of a scored model are known."])
    figures = [Figure(measure.name, _caption(measure), _draw(evidence, known, measure)) for measure, known in costs.items()]
    sentences = [sentence for measure, known in costs.items() for sentence in _sentences(known, measure)]
    about = "Latency (s a request), tokens (millions in all games), tokens a played episode of the games that all played"
    about, brief = (about + PRICED, (*BRIEF, POINT)) if priced else (about, BRIEF)
    tables = [ResultTable("costs", about, _table(scored, priced=priced), brief)]
    by_size = _size_and_latency(evidence, frame)
    if len(by_size):
        tables.append(ResultTable("latency_size", "Size against latency, both as logarithms (Pearson)", by_size, SIZE))
        sentences += _size_sentence(by_size)
    return Analysis(title, sentences, tables, figures, _left_out(evidence, scored))


def _tokens(evidence: Evidence) -> pl.DataFrame:
    """Return the tokens of each model for each episode that it played to its end.

    Of runs: in the games that all of them ran. A table gives the tokens of all games together, and an episode of one game
    takes many times those of another: so only of models that played every game.
    """
    played = _played(evidence)
    common = _common_games(evidence.spent)
    own = evidence.spent.filter(pl.col("game").is_in(common)).join(played, on=["model", "game"])
    by_run = own.group_by("model", maintain_order=True).agg(pl.col("tokens", "done").sum())
    whole = (
        played.filter(pl.col("done") > 0).group_by("model", maintain_order=True).agg(pl.col("done").sum(), games=pl.len())
    )
    totals = evidence.costs.filter(~pl.col("model").is_in(by_run["model"].to_list()))
    by_table = (
        totals.join(whole.filter(pl.col("games") == len(evidence.games)), on="model")
        .with_columns(tokens=1e6 * (pl.col("tokens_in") + pl.col("tokens_out")))
        .select("model", "tokens", "done")
    )
    tables = by_table if set(common) in (set(), set(evidence.games)) else by_table.head(0)
    both = pl.concat([by_run.select("model", "tokens", "done"), tables]).filter(pl.col("done") > 0)
    return both.select("model", (pl.col("tokens") / pl.col("done")).alias(TOKENS))


def _played(evidence: Evidence) -> pl.DataFrame:
    """Return the episodes that each model played to their end, by game."""
    return evidence.scores.select("model", "game", done=pl.col("played") / 100 * pl.col("episodes")).drop_nulls()


def _common_games(spent: pl.DataFrame) -> list[str]:
    """Return the games that all models ran."""
    counts = spent.group_by("game").agg(pl.col("model").n_unique())
    return counts.filter(pl.col("model") == spent["model"].n_unique())["game"].to_list()


def _costs(evidence: Evidence) -> pl.DataFrame:
    """Return what each model of which prices are known cost: of an episode that it played to its end, in the games that all
    of them ran, and of a point of clemscore, one episode of each instance of its own games together.
    """
    spent = evidence.spent.drop_nulls("cost")
    common = spent.filter(pl.col("game").is_in(_common_games(spent))).join(_played(evidence), on=["model", "game"])
    sums = common.group_by("model", maintain_order=True).agg(pl.col("cost", "done").sum()).filter(pl.col("done") > 0)
    instances = evidence.clusters.group_by("model", "game").agg(n=pl.col("instance").n_unique())
    episodes = evidence.scores.select("model", "game", "episodes").filter(pl.col("episodes") > 0)
    each = spent.join(episodes, on=["model", "game"]).join(instances, on=["model", "game"])
    rounds = each.group_by("model").agg(once=(pl.col("cost") / pl.col("episodes") * pl.col("n")).sum())
    points = rounds.join(evidence.overall.filter(pl.col("clemscore") > 0), on="model")
    points = points.select("model", (pl.col("once") / pl.col("clemscore")).alias(POINT))
    paid = sums.select("model", (pl.col("cost") / pl.col("done")).alias(COST))
    return paid.join(points, on="model", how="full", coalesce=True)


def _size_and_latency(evidence: Evidence, frame: pl.DataFrame) -> pl.DataFrame:
    """Return the correlations of parameters with seconds a request, over all models, and over those of open and of closed
    weights.
    """
    facts = evidence.facts.select("model", "parameters", "open_weights")
    both = frame.filter(pl.col("latency") > 0).join(facts, on="model").filter(pl.col("parameters").is_not_null())
    samples = {"all": pl.lit(value=True), "open weights": pl.col("open_weights"), "closed weights": ~pl.col("open_weights")}
    rows = []
    for name, condition in samples.items():
        own = both.filter(condition)
        if found := correlated(own["parameters"].log().to_list(), own["latency"].log().to_list()):
            rows.append({"sample": name, "n": found.n, **cells_of(found)})
    return pl.DataFrame(rows, infer_schema_length=None)


def _size_sentence(by_size: pl.DataFrame) -> list[str]:
    parts = [
        f"{row['sample']} {number(row['spearman'], 2)} (n = {row['n']}, "
        f"{interval_text((row['spearman_low'], row['spearman_high']) if row['spearman_low'] is not None else None, 2)})"
        for row in by_size.to_dicts()
    ]
    why = "Servers and their load differ between models, so that it is no measure of size alone."
    return [f"Rank correlation of parameters with seconds a request (Spearman): {'; '.join(parts)}. {why}"]


def _caption(measure: CostMeasure) -> str:
    return f"clemscore with 95 % intervals against {measure.unit}; line: the models that none beats at less"


def _left_out(evidence: Evidence, scored: pl.DataFrame) -> list[str]:
    unknown = [model for model in evidence.models if model not in set(scored["model"])]
    incomplete = scored.filter(pl.col(TOKENS).is_null() & pl.col("tokens_in").is_not_null())["model"].to_list()
    notes = [f"nothing is known of the cost of {models(len(unknown))}: {', '.join(unknown)}"] if unknown else []
    if incomplete:
        why = "did not play every game, so that their tokens are no measure beside those of others"
        notes.append(f"{models(len(incomplete))} {why}: {join_names(incomplete)}")
    strangers = evidence.costs.filter(~pl.col("model").is_in(list(evidence.models)))["model"].to_list()
    return notes + ([f"{models(len(strangers))} with a known cost have no scores"] if strangers else [])


def _table(scored: pl.DataFrame, *, priced: bool) -> pl.DataFrame:
    costs = (COST, POINT) if priced else ()
    table = scored.select("model", "clemscore", "latency", "tokens_in", "tokens_out", TOKENS, *costs)
    for measure in MEASURES if priced else MEASURES[:-1]:
        front = _front(scored.filter(pl.col(measure.column) > 0), measure)
        unbeaten = pl.when(pl.col(measure.column) > 0).then(pl.col("model").is_in(front))
        table = table.with_columns(unbeaten.alias(f"unbeaten_by_{measure.name}"))
    return table.sort("clemscore", descending=True)


def _front(known: pl.DataFrame, measure: CostMeasure) -> list[str]:
    """Return the models that no other beats at less or equal cost, cheapest first."""
    best, front = -1.0, []
    order = known.sort([measure.column, "clemscore"], descending=[False, True])
    for model, score in order.select("model", "clemscore").iter_rows():
        if score > best:
            front.append(model)
            best = score
    return front


def _sentences(known: pl.DataFrame, measure: CostMeasure) -> list[str]:
    unit, front = measure.unit, _front(known, measure)
    unbeaten = (
        f"By {unit}, no model here has a higher clemscore at less than these: {', '.join(front)} (of {models(len(known))}; "
        "scores as they are, without their intervals)."
    )
    try:
        order = rank_correlation(np.log(known[measure.column].to_numpy()), known["clemscore"].to_numpy())
    except ValueError:
        return [unbeaten]
    text = f"There is {strength(order.rho, order.rho_interval)} between clemscore and {unit}"
    interval = interval_text(order.rho_interval, 2)
    return [f"{text} (Spearman {number(order.rho, 2)}, {interval}, n = {order.n}).", unbeaten]


def _draw(evidence: Evidence, known: pl.DataFrame, measure: CostMeasure) -> Specification:
    ends = with_intervals(evidence).select("model", low="clemscore_low", high="clemscore_high")
    rows = known.join(ends, on="model", how="left", maintain_order="left").to_dicts()
    return cost_scatter(rows, measure.column, measure.axis, _front(known, measure))
