"""The scores of all models with their intervals: the basis of the other analyses."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from statistics import median, median_high
from typing import Any

import polars as pl

from clemsim.analysis.drawing.forest import score_forest
from clemsim.analysis.questions.leave_out import scores_without_games
from clemsim.analysis.results import Analysis, Figure, ResultTable
from clemsim.analysis.sources.evidence import Evidence
from clemsim.analysis.statistics.mixed import MixedModel, fit_mixed_model
from clemsim.analysis.statistics.rank_intervals import RankInterval, rank_intervals
from clemsim.analysis.wording import interval_text, models, number, plural, width_of
from clemsim.results.estimates import SCORES

BRIEF = ("model", "played", "quality", "clemscore", "clemscore_low", "clemscore_high", "worth", "ranks")  # of a terminal
MOST = 6000  # pairs of model and instance; with more of them the mixed model takes minutes


def scores(evidence: Evidence) -> Analysis:
    """Give %Played, Quality and clemscore of every model with their 95 % intervals."""
    ranks = rank_intervals(evidence.sample)
    frame = with_intervals(evidence).join(_rank_table(evidence, ranks), on="model", maintain_order="left")
    tables = [ResultTable("scores", "Scores, 0 to 100, with 95 % intervals of scores and ranks", frame, BRIEF)]
    without = ResultTable(
        "scores_without_one", "Scores over the other games, without each game", scores_without_games(evidence)
    )
    mixed_model, left_out = _mixed_model(evidence)
    sentences = [*_sentences(evidence, frame), *(_rank_sentences(ranks) if frame["clemscore"].count() else ())]
    if mixed_model and not mixed_model.converged:
        left_out.append("the mixed model of an episode's worth: its fit did not converge")
    elif mixed_model:
        title = "Mixed model: an episode's worth (0 to 100, aborted as 0), models against the first"
        tables.append(ResultTable("scores_mixed", title, _terms(mixed_model)))
        sentences.append(_deviations(mixed_model))
    tables.append(without)
    return Analysis("All models", sentences, tables, _figures(frame), left_out)


def with_intervals(evidence: Evidence) -> pl.DataFrame:
    """Return a row for each model: its scores, each with the ends of its interval."""
    sample, overall = evidence.sample, evidence.overall
    rows = []
    for model in sample.models:
        estimates = sample.estimates[model]
        row: dict[str, Any] = {"model": model}
        row |= {"decoding": evidence.decoding.get(model)} if evidence.decoding else {}
        row["games"] = len(estimates.games)
        printed = overall.row(by_predicate=pl.col("model") == model, named=True)
        for score in SCORES:
            low, high = estimates.interval(score) or (None, None)
            value = printed[score] if score in printed else _rounded(estimates.value(score))
            row |= {score: value, f"{score}_low": _rounded(low), f"{score}_high": _rounded(high)}
        rows.append(row)
    return pl.DataFrame(rows, infer_schema_length=None)


def _rank_table(evidence: Evidence, ranks: Mapping[str, RankInterval]) -> pl.DataFrame:
    worth = rank_intervals(evidence.sample, "worth")
    never = set(evidence.counted.filter(pl.col("never_played"))["model"])
    rows = [
        {
            "model": model,
            "rank": place,
            "rank_low": ranks[model].low,
            "rank_high": ranks[model].high,
            "ranks": _span(ranks[model]),
            "tier": ranks[model].tier,
            "worth_rank_low": worth[model].low,
            "worth_rank_high": worth[model].high,
            "never_played": model in never,
        }
        for place, model in enumerate(evidence.models, 1)
    ]
    return pl.DataFrame(rows)


def _span(ranks: RankInterval) -> str:
    return str(ranks.low) if ranks.low == ranks.high else f"{ranks.low}–{ranks.high}"


def _rank_sentences(ranks: Mapping[str, RankInterval]) -> list[str]:
    """Say how far the order of the models is known."""
    if len(ranks) < 2:
        return []
    widths = [own.high - own.low + 1 for own in ranks.values()]
    first = [model for model, own in ranks.items() if own.tier == 1]
    steps = sum(later.tier > before.tier for before, later in pairwise(ranks.values()))
    text = (
        f"The order is known in part: half of the models or more have a 95 % interval of their rank that holds "
        f"{median_high(widths)} of {len(ranks)} places"
    )
    if len(first) == len(ranks):
        return [f"{text}; no model can be told apart from the first."]
    alone = (
        f"{first[0]} is shown to be better than all others"
        if len(first) == 1
        else (f"{plural(len(first), 'model')} can't be told apart from the first and make up tier 1 of {steps + 1}")
    )
    return [f"{text}; {alone}."]


def _figures(frame: pl.DataFrame) -> list[Figure]:
    rows = [row for row in frame.to_dicts() if row["clemscore"] is not None or row["worth"] is not None]
    caption = (
        "clemscore and worth, %Played and Quality with their 95 % intervals; a mark without a line has too few instances "
        "for an interval"
    )
    return [Figure("forest", caption, score_forest(rows))] if rows else []


def _rounded(value: float | None) -> float | None:
    """Round to two decimals, as a run's table does."""
    return None if value is None else round(value, 2)


def _mixed_model(evidence: Evidence) -> tuple[MixedModel | None, list[str]]:
    """Fit models as fixed effects, games and the instances within them as random ones. Only runs have instances."""
    clusters = evidence.clusters.filter(pl.col("episodes") > 0)
    names = [model for model in evidence.models if model in set(clusters["model"])]
    if len(names) < 2 or clusters["game"].n_unique() < 3:
        return None, []
    if len(clusters) > MOST:
        return None, [f"the mixed model, which would take long for {len(clusters)} pairs of model and instance"]
    worth = (clusters["total"] / clusters["episodes"]).to_numpy()
    fixed = {model: (clusters["model"] == model).cast(pl.Float64).to_numpy() for model in names[1:]}
    games = clusters["game"].to_list()
    instances = [f"{game}/{name}" for game, name in clusters.select("game", "instance").iter_rows()]
    try:
        return fit_mixed_model(worth, fixed, {"instance": instances}, within=games), []
    except ValueError as error:
        return None, [str(error)]


def _terms(model: MixedModel) -> pl.DataFrame:
    rows: list[tuple[str, float, float | None, float | None, float | None, float | None]] = [
        (effect.name, effect.value, effect.error, *effect.interval, effect.p) for effect in model.effects
    ]
    rows += [(f"deviation of {name}", value, None, None, None, None) for name, value in model.deviations.items()]
    return pl.DataFrame(rows, ["term", "estimate", "error", "low", "high", "p"], orient="row", infer_schema_length=None)


def _deviations(model: MixedModel) -> str:
    game, instance, rest = (number(model.deviations[name]) for name in ("game", "instance", "residual"))
    return (
        f"What an episode is worth differs between games by a standard deviation of {game} points, between instances of "
        f"one game by {instance}, and by {rest} for reasons of neither."
    )


def _sentences(evidence: Evidence, frame: pl.DataFrame) -> list[str]:
    known = frame.filter(pl.col("clemscore").is_not_null())
    if known.is_empty():
        return ["No model has a clemscore: nothing was played to its end."]
    never = len(frame) - len(known)
    best, last = known.row(0, named=True), known.row(-1, named=True)
    ends = (best["clemscore_low"], best["clemscore_high"])
    sentences = [
        f"{models(len(known))}, from {last['model']} at {number(last['clemscore'])} to {best['model']} at "
        f"{number(best['clemscore'])} ({interval_text(ends if None not in ends else None)})."
    ]
    if never:
        sentences.append(
            f"{models(never)} without a clemscore never played a game to its end: their worth is 0, they are ranked last, "
            "and count with a clemscore of 0 where models are related to size, base or date."
        )
    widths = [
        width_of((low, high)) for low, high in known.select("clemscore_low", "clemscore_high").drop_nulls().iter_rows()
    ]
    if widths:
        sentences.append(f"An interval of clemscore is {number(median(widths))} points wide for half of the models or more.")
    if not evidence.sample.paired:
        sentences.append(
            "Of published tables only counts, means and deviations are known: their intervals are approximate, and their "
            "differences are not paired by instance, so they look less sure than they may be."
        )
    return sentences
