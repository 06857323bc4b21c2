"""All models, with how sure their scores are: what the other analyses build on."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from clemsim.analysis.results import Analysis, ResultTable
from clemsim.analysis.sources.evidence import Evidence
from clemsim.analysis.statistics.averages import Numbers
from clemsim.analysis.statistics.bootstrap import Sample, interval, without_spread
from clemsim.analysis.statistics.differences import Metric
from clemsim.analysis.statistics.mixed import Mixed, mixed
from clemsim.analysis.wording import models, number, span, width_of
from clemsim.results.intervals import Interval

BRIEF = ("model", "played", "quality", "clemscore", "clemscore_low", "clemscore_high")  # what a terminal shows
MOST = 6000  # pairs of model and instance; beyond that the mixed model takes minutes
METRICS: tuple[Metric, ...] = ("played", "quality", "clemscore")


def scores(evidence: Evidence) -> Analysis:
    """%Played, Quality and clemscore of every model with their 95 % intervals."""
    frame = with_intervals(evidence)
    tables = [ResultTable("scores", "Scores, 0 to 100, with 95 % intervals", frame, BRIEF)]
    found, left = _effects(evidence)
    sentences = _sentences(evidence, frame)
    if found:
        title = "Mixed model: an episode's worth (0 to 100, aborted as 0), models against the first"
        tables.append(ResultTable("scores_mixed", title, _terms(found)))
        sentences.append(_spread(found))
    return Analysis("scores", "All models", sentences, tables, left_out=left)


def with_intervals(evidence: Evidence) -> pl.DataFrame:
    """One row a model: the three scores, each with the ends of its interval."""
    sample, overall = evidence.sample, evidence.overall
    drawn = sample.drawn()
    rows = []
    for at, model in enumerate(sample.models):
        row: dict[str, Any] = {"model": model, "games": int(np.count_nonzero(~np.isnan(sample.played[at])))}
        printed = overall.row(by_predicate=pl.col("model") == model, named=True)
        for metric in METRICS:
            low, high = _ends(sample, getattr(drawn, metric)[:, at], at, metric) or (None, None)
            row |= {metric: printed[metric], f"{metric}_low": low, f"{metric}_high": high}
        rows.append(row)
    return pl.DataFrame(rows, infer_schema_length=None)


def _ends(sample: Sample, drawn: Numbers, at: int, metric: Metric) -> Interval | None:
    counts = [count for count, seen in zip(sample.instances, sample.played[at], strict=True) if not np.isnan(seen)]
    known = drawn[~np.isnan(drawn)]
    if known.size and np.ptp(known) < 1e-12:
        played, quality = (without_spread(values[at], sample.instances) for values in (sample.played, sample.quality))
        both = (played[0] * quality[0] / 100, played[1] * quality[1] / 100)
        return {"played": played, "quality": quality, "clemscore": both}[metric]
    return interval(drawn, counts)


def _effects(evidence: Evidence) -> tuple[Mixed | None, list[str]]:
    """Models as fixed effects, games and the instances inside them as random ones; of runs, which have instances."""
    some = evidence.clusters.filter(pl.col("episodes") > 0)
    models_ = [model for model in evidence.models if model in set(some["model"])]
    if len(models_) < 2 or some["game"].n_unique() < 3:
        return None, []
    if len(some) > MOST:
        return None, [f"the mixed model, which would take long for {len(some)} pairs of model and instance"]
    worth = (some["total"] / some["episodes"]).to_numpy()
    fixed = {model: (some["model"] == model).cast(pl.Float64).to_numpy() for model in models_[1:]}
    games = some["game"].to_list()
    instances = [f"{game}/{name}" for game, name in some.select("game", "instance").iter_rows()]
    try:
        return mixed(worth, fixed, {"instance": instances}, within=games), []
    except ValueError as error:
        return None, [str(error)]


def _terms(found: Mixed) -> pl.DataFrame:
    rows: list[tuple[str, float, float | None, float | None, float | None, float | None]] = [
        (each.name, each.value, each.error, *each.interval, each.p) for each in found.effects
    ]
    rows += [(f"deviation of {name}", value, None, None, None, None) for name, value in found.deviations.items()]
    return pl.DataFrame(rows, ["term", "estimate", "error", "low", "high", "p"], orient="row", infer_schema_length=None)


def _spread(found: Mixed) -> str:
    game, instance, rest = (number(found.deviations[name]) for name in ("game", "instance", "residual"))
    doubt = "" if found.converged else " (the fit did not converge)"
    return (
        f"What an episode is worth differs between games by a standard deviation of {game} points, between instances of "
        f"one game by {instance}, and by {rest} for reasons of neither{doubt}."
    )


def _sentences(evidence: Evidence, frame: pl.DataFrame) -> list[str]:
    known = frame.filter(pl.col("clemscore").is_not_null())
    if known.is_empty():
        return ["No model has a clemscore: nothing was played to its end."]
    best, last = known.row(0, named=True), known.row(-1, named=True)
    ends = (best["clemscore_low"], best["clemscore_high"])
    found = [
        f"{models(len(known))}, from {last['model']} at {number(last['clemscore'])} to {best['model']} at "
        f"{number(best['clemscore'])} ({span(ends if None not in ends else None)})."
    ]
    widths = [
        width_of((low, high)) for low, high in known.select("clemscore_low", "clemscore_high").drop_nulls().iter_rows()
    ]
    if widths:
        found.append(
            f"An interval of clemscore is {number(float(np.median(widths)))} points wide for half of the models or more."
        )
    if not evidence.sample.paired:
        found.append(
            "Of published tables only counts, means and deviations are known: their intervals are approximate, and their "
            "differences are not paired by instance, so they look less sure than they may be."
        )
    return found
