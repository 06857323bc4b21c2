"""a: how clemscore depends on the number of parameters, on a logarithmic scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp

import numpy as np
import polars as pl

from clemsim.analysis.drawing.charts import Specification
from clemsim.analysis.drawing.scatter import size_scatter
from clemsim.analysis.kinds import AnalysisOptions
from clemsim.analysis.questions.correlation_tables import cells_of
from clemsim.analysis.questions.scores import with_intervals
from clemsim.analysis.questions.size_fits import (
    FEWEST,
    LN_P,
    SizeFits,
    SizeRegression,
    correlate,
    crosses_zero,
    fit_family_slope,
    fit_game_slopes,
    fit_published,
    fit_random_effects,
    fit_regressions,
    mean_slope,
)
from clemsim.analysis.questions.size_leave_out import leave_out_table
from clemsim.analysis.questions.size_scores import BRIEF as SCORES
from clemsim.analysis.questions.size_scores import score_sentences, score_table
from clemsim.analysis.questions.size_sentences import size_sentences
from clemsim.analysis.results import Analysis, Figure, ResultTable
from clemsim.analysis.sources.evidence import Evidence
from clemsim.analysis.statistics.clustered import without_clusters
from clemsim.analysis.statistics.correlations import Correlation
from clemsim.analysis.statistics.groups import FamilySlope
from clemsim.analysis.statistics.mixed import MixedModel
from clemsim.analysis.statistics.regression import influence, inverse_prediction
from clemsim.analysis.wording import models
from clemsim.results.holm import holm

TARGETS = (10.0, 20.0, 30.0, 40.0, 50.0)
BRIEF = ("sample", "formula", "n", "r_squared", "f", "p")  # columns of a terminal
RANKS = ("characteristic", "n", "pearson", "spearman", "spearman_low", "spearman_high", "spearman_p", "kendall")
NO_ENDS = (None, None)


def answer(evidence: Evidence, options: AnalysisOptions) -> Analysis:
    """Fit the published regressions on the models with known parameters (P, billions) and training data (D, trillions of
    tokens), and the first of them on all models with known parameters; test how much they depend on single models.

    `options.targets`: the clemscores for which a number of parameters is sought; TARGETS where there are none.
    """
    title, targets = "Size: clemscore and the number of parameters", options.targets or TARGETS
    facts = evidence.facts.filter(pl.col("clemscore").is_not_null())
    known = facts.filter(pl.col("parameters").is_not_null())
    both = known.filter(pl.col("training_tokens").is_not_null())
    left_out = _left_out(facts, known, both)
    regressions, correlations = fit_regressions(evidence, known, both), correlate(facts)
    ranks = ResultTable(
        "size_ranks",
        "Correlations with clemscore (Pearson: with the logarithm of amounts)",
        _rank_table(correlations),
        RANKS,
    )
    if not regressions:
        text = f"{models(len(known))} of known size: too few for a regression, which needs {FEWEST} of different sizes."
        return Analysis(title, [text], [ranks] if len(ranks.frame) else [], left_out=left_out)
    slope, mixed_model = fit_family_slope(evidence, known), fit_random_effects(evidence, known)
    published, by_game = fit_published(evidence, known), fit_game_slopes(evidence, known)
    fits = SizeFits(regressions, correlations, slope, mixed_model, published, by_game)
    caption = "clemscore against parameters; points of one size stand side by side; lines end with the data"
    figure = Figure("size", caption, _draw(evidence, known, regressions))
    by_score = score_table(evidence, known)
    tables = [
        *_tables(fits, ranks, targets),
        ResultTable("size_scores", "Each score by ln(P): slope (clustered by lineage), and correlations", by_score, SCORES),
        ResultTable(
            "size_leave_one_out",
            "clemscore by ln(P) without each model, lineage and game in turn",
            leave_out_table(evidence, known),
        ),
    ]
    return Analysis(title, [*size_sentences(fits, targets), *score_sentences(by_score)], tables, [figure], left_out)


def _tables(fits: SizeFits, ranks: ResultTable, targets: Sequence[float]) -> list[ResultTable]:
    regressions = fits.regressions
    summary, others = _summary(regressions), _others(fits.family_slope, fits.mixed_model)
    return [
        ResultTable("size_regressions", "Least squares; P in billions, D in trillions of tokens", summary, BRIEF),
        ResultTable(
            "size_coefficients",
            "Coefficients, with errors clustered by lineage (CR2), robust ones (HC3) and classical ones",
            _coefficients(regressions),
        ),
        ResultTable(
            "size_without_one", "What one model does to a fit: R² and slope of ln(P) without it", _influence(regressions)
        ),
        ranks,
        ResultTable(
            "size_for_a_score",
            "Where the line passes a score, in billions of parameters; nothing where its slope may be 0",
            _inverse(regressions, targets),
        ),
        ResultTable(
            "size_checks", "The first regression without each lineage, and without unpublished sizes", _checks(fits)
        ),
        ResultTable(
            "size_by_game", "The worth of each game by ln(P): slopes, with errors clustered by lineage", _by_game(fits)
        ),
        ResultTable("size_other_models", "Size within families, and with models and games as random effects", others),
    ]


def _left_out(facts: pl.DataFrame, known: pl.DataFrame, both: pl.DataFrame) -> list[str]:
    unknown = facts.filter(pl.col("parameters").is_null())["model"].to_list()
    notes = [f"{models(len(unknown))} of unknown size: {', '.join(unknown)}"] if unknown else []
    if len(both) < len(known):
        notes.append(f"the regressions with training data leave out {models(len(known) - len(both))} of which it is unknown")
    rumoured = known.filter(pl.col("size_known").not_())["model"].to_list()
    if rumoured:
        text = "the size was never published (so marked in size_known, or taken to be so as the weights are closed)"
        notes.append(f"of {models(len(rumoured))} {text}: {', '.join(rumoured)}")
    never = facts.filter(pl.col("never_played"))["model"].to_list()
    if never:
        notes.append(f"with a clemscore of 0, as they never played a game to its end: {', '.join(never)}")
    return notes


def _summary(regressions: Sequence[SizeRegression]) -> pl.DataFrame:
    rows = [
        {
            "sample": regression.sample,
            "formula": regression.formula,
            "n": regression.fit.n,
            "r_squared": regression.fit.r_squared,
            "r_squared_adjusted": regression.fit.r_squared_adjusted,
            "f": regression.fit.f,
            "df_model": regression.fit.freedom[0],
            "df_residual": regression.fit.freedom[1],
            "p": regression.fit.f_p,
            "residual_error": regression.fit.sigma,
        }
        for regression in regressions
    ]
    return pl.DataFrame(rows)


def _coefficients(regressions: Sequence[SizeRegression]) -> pl.DataFrame:
    rows = [
        {
            "sample": regression.sample,
            "formula": regression.formula,
            "term": coefficient.name,
            "estimate": coefficient.value,
            "error": coefficient.error,
            "p": coefficient.p,
            "low": coefficient.interval[0],
            "high": coefficient.interval[1],
            "hc3_error": coefficient.robust_error,
            "hc3_p": coefficient.robust_p,
            "hc3_low": coefficient.robust_interval[0],
            "hc3_high": coefficient.robust_interval[1],
            **_clustered(regression, coefficient.name),
        }
        for regression in regressions
        for coefficient in regression.fit.coefficients
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _clustered(regression: SizeRegression, term: str) -> dict[str, float | None]:
    own = next((coefficient for coefficient in regression.clustered if coefficient.name == term), None)
    values = (own.error, own.df, own.p, *own.interval) if own else (None,) * 5
    return dict(zip(("cr2_error", "cr2_df", "cr2_p", "cr2_low", "cr2_high"), values, strict=True))


def _checks(fits: SizeFits) -> pl.DataFrame:
    """Return the first regression without each lineage, and on the published sizes alone."""
    first = fits.regressions[0]
    rows: list[tuple[str, int, float, float, float | None, float | None]] = []
    if fits.published:
        own = fits.published
        rows.append((own.sample, own.fit.n, own.fit.r_squared, own.fit[LN_P].value, *own.interval(LN_P)))
    for row in without_clusters(first.scores, first.regressors, first.lineages):
        rows.append((f"without {row.name}", first.fit.n - row.size, row.r_squared, row.slope, None, None))
    columns = ["sample", "n", "r_squared", "slope", "low", "high"]
    return pl.DataFrame(rows, columns, orient="row", infer_schema_length=None)


def _by_game(fits: SizeFits) -> pl.DataFrame:
    rows: list[tuple[str, int, float, float | None, float | None]] = [
        (own.game, own.n, own.slope, *(own.interval or NO_ENDS)) for own in fits.game_slopes
    ]
    if mean := mean_slope(fits.game_slopes):
        rows.append(("mean, games as a sample", len(fits.game_slopes), mean[0], *mean[1]))
    return pl.DataFrame(rows, ["game", "n", "slope", "low", "high"], orient="row", infer_schema_length=None)


def _influence(regressions: Sequence[SizeRegression]) -> pl.DataFrame:
    rows = []
    for regression in regressions:
        names, y = regression.frame["model"].to_list(), regression.frame["clemscore"].to_numpy()
        for effect in influence(y, regression.regressors, names):
            measures = (effect.leverage, effect.studentised, effect.cook, effect.dffits, effect.r_squared, effect.slope)
            rows.append((regression.sample, regression.formula, effect.name, *(float(value) for value in measures)))
    columns = [
        "sample",
        "formula",
        "model",
        "leverage",
        "studentised",
        "cook",
        "dffits",
        "r_squared_without",
        "slope_without",
    ]
    return pl.DataFrame(rows, columns, orient="row")


def _rank_table(correlations: Mapping[str, Correlation]) -> pl.DataFrame:
    adjusted = holm([own.ranks.rho_p for own in correlations.values()])
    rows = [
        {"characteristic": name, "n": own.n, **cells_of(own), "spearman_p_holm": p}
        for (name, own), p in zip(correlations.items(), adjusted, strict=True)
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _inverse(regressions: Sequence[SizeRegression], targets: Sequence[float]) -> pl.DataFrame:
    rows = []
    for regression in regressions:
        if list(regression.regressors) != [LN_P]:
            continue
        sizes = regression.frame["parameters"].to_list()
        for score in targets:
            ln_p, mean = inverse_prediction(regression.fit, score)
            if mean is None or crosses_zero(regression.interval(LN_P)):
                continue
            _, single = inverse_prediction(regression.fit, score, new_model=True)
            ends = [None if end is None else _billions(end) for end in (*mean, *(single or NO_ENDS))]
            beyond = not min(sizes) <= _billions(ln_p) <= max(sizes)
            rows.append((regression.sample, score, _billions(ln_p), *ends, beyond))
    columns = ["sample", "clemscore", "parameters", "low", "high", "one_model_low", "one_model_high", "beyond_the_data"]
    return pl.DataFrame(rows, columns, orient="row", infer_schema_length=None)


def _billions(ln_p: float) -> float:
    """Return the size of a logarithm of parameters, held within what a float can hold."""
    return exp(min(ln_p, 700))


def _others(slope: FamilySlope | None, mixed_model: MixedModel | None) -> pl.DataFrame:
    rows: list[tuple[str, str, float, float | None, float | None, float | None, float | None, str]] = []
    if slope:
        note = f"{slope.n} models of {slope.families} families"
        rows.append(("within families", LN_P, slope.slope, slope.error, *slope.interval, slope.p, note))
    if mixed_model and mixed_model.converged:
        note = f"{mixed_model.n} models x games"
        for effect in mixed_model.effects:
            rows.append(("mixed", effect.name, effect.value, effect.error, *effect.interval, effect.p, note))
        for name, deviation in mixed_model.deviations.items():
            rows.append(("mixed", f"deviation of {name}", deviation, None, None, None, None, note))
    columns = ["model", "term", "estimate", "error", "low", "high", "p", "of"]
    return pl.DataFrame(rows, columns, orient="row", infer_schema_length=None)


def _draw(evidence: Evidence, known: pl.DataFrame, regressions: Sequence[SizeRegression]) -> Specification:
    ends = with_intervals(evidence).select("model", low="clemscore_low", high="clemscore_high")
    rows = known.join(ends, on="model", how="left", maintain_order="left").to_dicts()
    return size_scatter(rows, dict(_line(regression) for regression in regressions if [*regression.regressors] == [LN_P]))


def _line(regression: SizeRegression) -> tuple[str, list[dict[str, float]]]:
    """Return the name of a fit, and its mean with the ends of its interval, as far as there are sizes and scores."""
    sizes = np.log(regression.frame["parameters"].to_numpy())
    ln_p = np.linspace(sizes.min(), sizes.max(), 60)
    lines = zip(ln_p, *regression.fit.band(np.column_stack([np.ones(60), ln_p])), strict=True)
    spots = [{"parameters": exp(p), "mean": m, "low": max(a, 0.0), "high": b} for p, m, a, b in lines if m >= 0]
    return f"{regression.sample} (n = {regression.fit.n})", spots
