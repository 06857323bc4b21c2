"""a: how clemscore depends on the number of parameters, on a logarithmic scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log

import numpy as np
import polars as pl

from clemsim.analysis.drawing import charts
from clemsim.analysis.kinds import AnalysisOptions
from clemsim.analysis.questions.scores import with_intervals
from clemsim.analysis.results import Analysis, Figure, ResultTable
from clemsim.analysis.sources.evidence import Evidence
from clemsim.analysis.statistics.averages import Numbers, points
from clemsim.analysis.statistics.groups import FamilySlope, slope_within_families
from clemsim.analysis.statistics.mixed import MixedModel, fit_mixed_model
from clemsim.analysis.statistics.ranks import RankCorrelation, rank_correlation
from clemsim.analysis.statistics.regression import Fit, fit_least_squares, influence, inverse_prediction
from clemsim.analysis.wording import interval_text, models, number, p_text, signed, size, strength
from clemsim.results.paired_tests import holm

TARGETS = (10.0, 20.0, 30.0, 40.0, 50.0)
BRIEF = ("sample", "formula", "n", "r_squared", "f", "p")  # columns of a terminal
NO_ENDS = (None, None)
LN_P, LN_D = "ln(P)", "ln(D)"
ALL, BOTH = "all with parameters", "with parameters and training data"
STEADY = 0.1  # of R²; a larger range of R² without single models is worth a warning
ENOUGH = 8  # models, for their deviation to be an effect of its own
FEWEST = 4  # models of a regression
RANKED = {
    "parameters": "parameters",
    "training_tokens": "training data",
    "context": "context length",
    "released": "release date",
}


@dataclass(frozen=True)
class SizeRegression:
    """A regression of clemscore, the models it is fitted to (`frame`), and the name of that sample."""

    sample: str
    frame: pl.DataFrame
    regressors: dict[str, Numbers]
    fit: Fit

    @property
    def formula(self) -> str:
        """The formula, such as `clemscore ~ ln(P)`."""
        return f"clemscore ~ {' + '.join(self.regressors)}"


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
    fits = _fits(known, both)
    correlations = _correlations(facts)
    ranks = ResultTable("size_ranks", "Rank correlations with clemscore", _rank_table(correlations))
    if not fits:
        text = f"{models(len(known))} of known size: too few for a regression, which needs {FEWEST} of different sizes."
        return Analysis(title, [text], [ranks] if len(ranks.frame) else [], left_out=left_out)
    slope, mixed_model = _family_slope(evidence, known), _mixed_model(evidence, known)
    tables = [
        ResultTable("size_regressions", "Least squares; P in billions, D in trillions of tokens", _summary(fits), BRIEF),
        ResultTable("size_coefficients", "Coefficients, with classical and with robust (HC3) errors", _coefficients(fits)),
        ResultTable("size_without_one", "What one model does to a fit: R² and slope of ln(P) without it", _influence(fits)),
        ranks,
        ResultTable("size_for_a_score", "How many parameters (billions) for a score?", _inverse(fits, targets)),
        ResultTable(
            "size_other_models",
            "Size within families, and with models and games as random effects",
            _others(slope, mixed_model),
        ),
    ]
    caption = "clemscore against parameters, with 95 % intervals and the fitted mean"
    figure = Figure("size", caption, _draw(evidence, known, fits))
    sentences = _sentences(fits, targets, correlations.get("parameters"), slope, mixed_model)
    return Analysis(title, sentences, tables, [figure], left_out)


def _fits(known: pl.DataFrame, both: pl.DataFrame) -> list[SizeRegression]:
    """Fit what can be fitted; on the same models ln(P) alone is fitted once."""
    alone = None if len(both) == len(known) else _fit(BOTH, both, data=False)
    return [regression for regression in (_fit(ALL, known, data=False), alone, _fit(BOTH, both, data=True)) if regression]


def _fit(sample: str, frame: pl.DataFrame, *, data: bool) -> SizeRegression | None:
    regressors = {LN_P: np.log(frame["parameters"].to_numpy())}
    if data:
        regressors[LN_D] = np.log(frame["training_tokens"].to_numpy())
    if len(frame) < FEWEST + data:
        return None
    try:
        return SizeRegression(sample, frame, regressors, fit_least_squares(frame["clemscore"].to_numpy(), regressors))
    except ValueError:
        return None


def _left_out(facts: pl.DataFrame, known: pl.DataFrame, both: pl.DataFrame) -> list[str]:
    unknown = facts.filter(pl.col("parameters").is_null())["model"].to_list()
    notes = [f"{models(len(unknown))} of unknown size: {', '.join(unknown)}"] if unknown else []
    if len(both) < len(known):
        notes.append(f"the regressions with training data leave out {models(len(known) - len(both))} of which it is unknown")
    return notes


def _summary(fits: Sequence[SizeRegression]) -> pl.DataFrame:
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
        for regression in fits
    ]
    return pl.DataFrame(rows)


def _coefficients(fits: Sequence[SizeRegression]) -> pl.DataFrame:
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
        }
        for regression in fits
        for coefficient in regression.fit.coefficients
    ]
    return pl.DataFrame(rows)


def _influence(fits: Sequence[SizeRegression]) -> pl.DataFrame:
    rows = []
    for regression in fits:
        names, y = regression.frame["model"].to_list(), regression.frame["clemscore"].to_numpy()
        for row_ in influence(y, regression.regressors, names):
            measures = (row_.leverage, row_.studentised, row_.cook, row_.dffits, row_.r_squared, row_.slope)
            rows.append((regression.sample, regression.formula, row_.name, *(float(value) for value in measures)))
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


def _correlations(facts: pl.DataFrame) -> dict[str, RankCorrelation]:
    correlations: dict[str, RankCorrelation] = {}
    for field, name in RANKED.items():
        known = facts.filter(pl.col(field).is_not_null())
        x = known[field].to_physical().cast(pl.Float64).to_numpy()
        try:
            correlations[name] = rank_correlation(x, known["clemscore"].to_numpy())
        except ValueError:
            continue
    return correlations


def _rank_table(correlations: Mapping[str, RankCorrelation]) -> pl.DataFrame:
    adjusted = holm([correlation.rho_p for correlation in correlations.values()])
    rows = [
        {
            "characteristic": name,
            "n": correlation.n,
            "spearman": correlation.rho,
            "spearman_low": correlation.rho_interval[0] if correlation.rho_interval else None,
            "spearman_high": correlation.rho_interval[1] if correlation.rho_interval else None,
            "p": correlation.rho_p,
            "p_holm": p,
            "kendall": correlation.tau,
            "kendall_low": correlation.tau_interval[0] if correlation.tau_interval else None,
            "kendall_high": correlation.tau_interval[1] if correlation.tau_interval else None,
        }
        for (name, correlation), p in zip(correlations.items(), adjusted, strict=True)
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _inverse(fits: Sequence[SizeRegression], targets: Sequence[float]) -> pl.DataFrame:
    rows = []
    for regression in fits:
        if list(regression.regressors) != [LN_P]:
            continue
        sizes = regression.frame["parameters"].to_list()
        for score in targets:
            ln_p, mean = inverse_prediction(regression.fit, score)
            _, single = inverse_prediction(regression.fit, score, new_model=True)
            ends = [None if end is None else _billions(end) for end in (*(mean or NO_ENDS), *(single or NO_ENDS))]
            beyond = not min(sizes) <= _billions(ln_p) <= max(sizes)
            rows.append((regression.sample, score, _billions(ln_p), *ends, beyond))
    columns = ["sample", "clemscore", "parameters", "low", "high", "one_model_low", "one_model_high", "beyond_the_data"]
    return pl.DataFrame(rows, columns, orient="row", infer_schema_length=None)


def _billions(ln_p: float) -> float:
    """Return the size of a logarithm of parameters, held within what a float can hold."""
    return exp(min(ln_p, 700))


def _family_slope(evidence: Evidence, known: pl.DataFrame) -> FamilySlope | None:
    family_of = dict(evidence.kinds.select("model", "family").iter_rows())
    families = [family_of[model] for model in known["model"]]
    try:
        return slope_within_families(known["clemscore"].to_numpy(), np.log(known["parameters"].to_numpy()), families)
    except ValueError:
        return None


def _mixed_model(evidence: Evidence, known: pl.DataFrame) -> MixedModel | None:
    """Fit the mean score of an episode (0..100, aborted as 0) of each model and game by ln(P), with model and game as
    random effects.
    """
    sample = evidence.sample.only(known["model"].to_list())
    worth = points(sample.played, sample.quality)
    cells = [(m, g) for m in range(worth.shape[0]) for g in range(worth.shape[1]) if not np.isnan(worth[m, g])]
    ln_p = np.log(known["parameters"].to_numpy())
    random = {"model": [sample.models[m] for m, _ in cells], "game": [sample.games[g] for _, g in cells]}
    if len(known) < ENOUGH or len(sample.games) < 3:
        return None
    try:
        y, x = np.array([worth[m, g] for m, g in cells]), np.array([ln_p[m] for m, _ in cells])
        return fit_mixed_model(y, {LN_P: x}, random)
    except ValueError:
        return None


def _others(slope: FamilySlope | None, mixed_model: MixedModel | None) -> pl.DataFrame:
    rows: list[tuple[str, str, float, float | None, float | None, float | None, float | None, str]] = []
    if slope:
        note = f"{slope.n} models of {slope.families} families"
        rows.append(("within families", LN_P, slope.slope, slope.error, *slope.interval, slope.p, note))
    if mixed_model:
        note = f"{mixed_model.n} models x games" + ("" if mixed_model.converged else "; did not converge")
        for effect in mixed_model.effects:
            rows.append(("mixed", effect.name, effect.value, effect.error, *effect.interval, effect.p, note))
        for name, deviation in mixed_model.deviations.items():
            rows.append(("mixed", f"deviation of {name}", deviation, None, None, None, None, note))
    columns = ["model", "term", "estimate", "error", "low", "high", "p", "of"]
    return pl.DataFrame(rows, columns, orient="row", infer_schema_length=None)


def _draw(evidence: Evidence, known: pl.DataFrame, fits: Sequence[SizeRegression]) -> charts.Specification:
    ends = with_intervals(evidence).select("model", low="clemscore_low", high="clemscore_high")
    frame = known.join(ends, on="model", how="left").with_columns(
        weights=pl.when(pl.col("open_weights"))
        .then(pl.lit("open"))
        .when(~pl.col("open_weights"))
        .then(pl.lit("closed"))
        .otherwise(pl.lit("unknown"))
    )
    rows = frame.select("model", "parameters", "clemscore", "weights", "low", "high").to_dicts()
    x = charts.around("parameters", "parameters (billions, log scale)", frame["parameters"].to_list(), log=True)
    tops = [value for column in ("clemscore", "high") for value in frame[column].drop_nulls().to_list()]
    y = charts.around("clemscore", "clemscore (points, 0 to 100)", [0.0, *tops], zero=True)
    under = []
    for regression in fits:
        if list(regression.regressors) == [LN_P]:
            under += charts.band(_line(regression, x), x, y, charts.DARK if regression.sample == ALL else charts.COLOURS[3])
    return charts.scatter(rows, x, y, colour="weights", colour_title="weights", bars=True, under=under)


def _line(regression: SizeRegression, x: charts.Axis) -> list[dict[str, float | str]]:
    low, high = (log(float(value)) for value in (x.low, x.high))
    ln_p = np.linspace(low, high, 60)
    lines = zip(ln_p, *regression.fit.band(np.column_stack([np.ones(60), ln_p])), strict=True)
    legend = f"{regression.sample} (n = {regression.fit.n})"
    return [{"parameters": exp(p), "mean": m, "low": a, "high": b, "what": legend} for p, m, a, b in lines]


def _sentences(
    fits: Sequence[SizeRegression],
    targets: Sequence[float],
    order: RankCorrelation | None,
    slope: FamilySlope | None,
    mixed_model: MixedModel | None,
) -> list[str]:
    sentences = [_explained(regression) for regression in fits]
    sentences.append(_dependence(next((regression for regression in fits if regression.sample == BOTH), fits[0])))
    if order is not None:
        sentences.append(
            f"By rank there is {strength(order.rho, order.rho_interval)} of clemscore with size over {models(order.n)} "
            f"(Spearman {number(order.rho, 2)}, {interval_text(order.rho_interval, 2)})."
        )
    sentences.append(_needed(fits[0], targets))
    if slope:
        certainty = "is there" if slope.interval[0] > 0 else "can't be shown"
        sentences.append(
            f"Within families an effect of size {certainty}: {number(slope.slope)} points for each unit of ln(P) "
            f"({interval_text(slope.interval)}; {slope.n} models of {slope.families} families, HC3)."
        )
    return [*sentences, _growth(mixed_model)] if mixed_model else sentences


def _growth(mixed_model: MixedModel) -> str:
    effect, doubt = mixed_model.effects[1], "" if mixed_model.converged else " (the fit did not converge)"
    game, model = (number(mixed_model.deviations[name]) for name in ("game", "model"))
    return (
        f"With models and games as random effects, an episode's worth grows by {number(effect.value)} for each unit of "
        f"ln(P) ({interval_text(effect.interval)}); games differ by a standard deviation of {game}, models of one size by "
        f"{model}{doubt}."
    )


def _explained(regression: SizeRegression) -> str:
    fit, terms = regression.fit, [regression.fit[name] for name in regression.regressors]
    slopes = "; ".join(
        f"{term.name} {number(term.value, 2)}, HC3 {interval_text(term.robust_interval, 2)}" for term in terms
    )
    if len(terms) == 1:
        slopes += f", or {signed(terms[0].value * log(10))} points for ten times the parameters"
    weak = [term.name for term in terms if term.robust_interval[0] <= 0 <= term.robust_interval[1]]
    hedge = f" {' and '.join(weak)} may do nothing." if weak else ""
    is_all = regression.sample == ALL
    sample = f"On all {fit.n} models with parameters" if is_all else f"On the {fit.n} models {regression.sample}"
    return (
        f"{sample}, {regression.formula} explains {fit.r_squared:.0%} of the variance "
        f"(F({fit.freedom[0]},{fit.freedom[1]}) = {fit.f:.2f}, {p_text(fit.f_p)}; {slopes}).{hedge}"
    )


def _dependence(regression: SizeRegression) -> str:
    """Say how far a fit depends on single models."""
    frame, n = regression.frame, regression.fit.n
    rows = influence(frame["clemscore"].to_numpy(), regression.regressors, frame["model"].to_list())
    lowest, highest = min(rows, key=lambda row: row.r_squared), max(rows, key=lambda row: row.r_squared)
    if highest.r_squared - lowest.r_squared < STEADY:
        return (
            f"No single model decides that: R² without one of them stays between {lowest.r_squared:.2f} and "
            f"{highest.r_squared:.2f} (n = {n})."
        )
    return (
        f"One model can make much of that: R² is {regression.fit.r_squared:.2f}, without {lowest.name} "
        f"{lowest.r_squared:.2f}, without {highest.name} {highest.r_squared:.2f} (n = {n})."
    )


def _needed(regression: SizeRegression, targets: Sequence[float]) -> str:
    highest = max(regression.frame["clemscore"].to_list())
    inner = [score for score in targets if 0 < score < highest] or list(targets)
    score = inner[len(inner) // 2]
    ln_p, mean = inverse_prediction(regression.fit, score)
    _, single = inverse_prediction(regression.fit, score, new_model=True)
    if mean is None:
        reason = f"can't be said from {models(regression.fit.n)}: no bounded interval exists."
        return f"How many parameters a clemscore of {score:g} takes {reason}"
    low, high = (size(exp(end)) for end in mean)
    bounds = "for one model, no bounds"
    if single:
        bounds = f"one model may need anything from {size(exp(single[0]))} to {size(exp(single[1]))}"
    return (
        f"A clemscore of {score:g} takes about {size(exp(ln_p))} parameters on average (95 % interval {low} to {high}); "
        f"{bounds}."
    )
