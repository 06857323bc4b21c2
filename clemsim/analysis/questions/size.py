"""a: does size make a model play well? clemscore against log10(parameters)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log

import numpy as np
import polars as pl

from clemsim.analysis.drawing import charts
from clemsim.analysis.questions.scores import with_intervals
from clemsim.analysis.results import Analysis, Figure, ResultTable
from clemsim.analysis.sources.evidence import Evidence
from clemsim.analysis.statistics.averages import Numbers, points
from clemsim.analysis.statistics.groups import Within, within
from clemsim.analysis.statistics.mixed import Mixed, mixed
from clemsim.analysis.statistics.ranks import Ranks, ranks
from clemsim.analysis.statistics.regression import Fit, fit, influence, where
from clemsim.analysis.wording import chance, models, number, signed, size, span, strength
from clemsim.results.paired_tests import holm

TARGETS = (10.0, 20.0, 30.0, 40.0, 50.0)
BRIEF = ("sample", "formula", "n", "r_squared", "f", "p")  # what a terminal shows
LN_P, LN_D = "ln(P)", "ln(D)"
ALL, BOTH = "all with parameters", "with parameters and training data"
STEADY = 0.1  # of R²; more than that between leaving out one model and another is worth a warning
ENOUGH = 8  # models, for how far they differ to be an effect of its own
FEWEST = 4  # models; below that a line says nothing
RANKED = {
    "parameters": "parameters",
    "training_tokens": "training data",
    "context": "context length",
    "released": "release date",
}


@dataclass(frozen=True)
class Sized:
    """A regression, the models it is of, and their names."""

    sample: str
    frame: pl.DataFrame
    regressors: dict[str, Numbers]
    fit: Fit

    @property
    def formula(self) -> str:
        """As it is written."""
        return f"clemscore ~ {' + '.join(self.regressors)}"


def by_size(evidence: Evidence, targets: Sequence[float] = TARGETS) -> Analysis:
    """The published regressions, on the models that have both parameters (P, billions) and training data (D, trillions of
    tokens), the first of them on all that have parameters, and what they are worth.
    """
    title = "Size: clemscore and the number of parameters"
    facts = evidence.facts.filter(pl.col("clemscore").is_not_null())
    known = facts.filter(pl.col("parameters").is_not_null())
    both = known.filter(pl.col("training_tokens").is_not_null())
    left = _left_out(facts, known, both)
    again = None if len(both) == len(known) else _fit(BOTH, both, False)  # of the same models it is the same fit
    fits = [each for each in (_fit(ALL, known, False), again, _fit(BOTH, both, True)) if each]
    ranked, correlations = _ranks(facts)
    if not fits:
        text = f"{models(len(known))} of known size: too few for a regression, which needs {FEWEST} of different sizes."
        tables = [ResultTable("size_ranks", "Rank correlations with clemscore", correlations)] if len(correlations) else []
        return Analysis("a", title, [text], tables, left_out=left)
    inside, random = _within(evidence, known), _mixed(evidence, known)
    tables = [
        ResultTable("size_regressions", "Least squares; P in billions, D in trillions of tokens", _summary(fits), BRIEF),
        ResultTable("size_coefficients", "Coefficients, with classical and with robust (HC3) errors", _coefficients(fits)),
        ResultTable("size_without_one", "What one model does to a fit: R² and slope of ln(P) without it", _influence(fits)),
        ResultTable("size_ranks", "Rank correlations with clemscore", correlations),
        ResultTable("size_for_a_score", "How many parameters (billions) for a score?", _inverse(fits, targets)),
        ResultTable(
            "size_other_models", "Size within families, and with models and games as random effects", _others(inside, random)
        ),
    ]
    figure = Figure(
        "a_size", "clemscore against parameters, with 95 % intervals and the fitted mean", _draw(evidence, known, fits)
    )
    return Analysis("a", title, _sentences(fits, targets, ranked, inside, random), tables, [figure], left)


def _fit(sample: str, frame: pl.DataFrame, data: bool) -> Sized | None:
    regressors = {LN_P: np.log(frame["parameters"].to_numpy())}
    if data:
        regressors[LN_D] = np.log(frame["training_tokens"].to_numpy())
    if len(frame) < FEWEST + data:
        return None
    try:
        return Sized(sample, frame, regressors, fit(frame["clemscore"].to_numpy(), regressors))
    except ValueError:
        return None


def _left_out(facts: pl.DataFrame, known: pl.DataFrame, both: pl.DataFrame) -> list[str]:
    unknown = facts.filter(pl.col("parameters").is_null())["model"].to_list()
    left = [f"{models(len(unknown))} of unknown size: {', '.join(unknown)}"] if unknown else []
    if len(both) < len(known):
        left.append(f"the regressions with training data leave out {models(len(known) - len(both))} of which it is unknown")
    return left


def _summary(fits: Sequence[Sized]) -> pl.DataFrame:
    rows = [
        {
            "sample": each.sample,
            "formula": each.formula,
            "n": each.fit.n,
            "r_squared": each.fit.r_squared,
            "r_squared_adjusted": each.fit.r_squared_adjusted,
            "f": each.fit.f,
            "df_model": each.fit.freedom[0],
            "df_residual": each.fit.freedom[1],
            "p": each.fit.f_p,
            "residual_error": each.fit.sigma,
        }
        for each in fits
    ]
    return pl.DataFrame(rows)


def _coefficients(fits: Sequence[Sized]) -> pl.DataFrame:
    rows = [
        {
            "sample": each.sample,
            "formula": each.formula,
            "term": one.name,
            "estimate": one.value,
            "error": one.error,
            "p": one.p,
            "low": one.interval[0],
            "high": one.interval[1],
            "hc3_error": one.robust_error,
            "hc3_p": one.robust_p,
            "hc3_low": one.robust_interval[0],
            "hc3_high": one.robust_interval[1],
        }
        for each in fits
        for one in each.fit.coefficients
    ]
    return pl.DataFrame(rows)


def _influence(fits: Sequence[Sized]) -> pl.DataFrame:
    rows = []
    for each in fits:
        names, y = each.frame["model"].to_list(), each.frame["clemscore"].to_numpy()
        for one in influence(y, each.regressors, names):
            measures = (one.leverage, one.studentised, one.cook, one.dffits, one.r_squared, one.slope)
            rows.append((each.sample, each.formula, one.name, *(float(value) for value in measures)))
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


def _ranks(facts: pl.DataFrame) -> tuple[dict[str, Ranks], pl.DataFrame]:
    found: dict[str, Ranks] = {}
    for field, name in RANKED.items():
        some = facts.filter(pl.col(field).is_not_null())
        x = some[field].to_physical().cast(pl.Float64).to_numpy()
        try:
            found[name] = ranks(x, some["clemscore"].to_numpy())
        except ValueError:
            continue
    adjusted = holm([each.rho_p for each in found.values()])
    rows = [
        {
            "characteristic": name,
            "n": each.n,
            "spearman": each.rho,
            "spearman_low": each.rho_interval[0] if each.rho_interval else None,
            "spearman_high": each.rho_interval[1] if each.rho_interval else None,
            "p": each.rho_p,
            "p_holm": p,
            "kendall": each.tau,
            "kendall_low": each.tau_interval[0] if each.tau_interval else None,
            "kendall_high": each.tau_interval[1] if each.tau_interval else None,
        }
        for (name, each), p in zip(found.items(), adjusted, strict=True)
    ]
    return found, pl.DataFrame(rows, infer_schema_length=None)


def _inverse(fits: Sequence[Sized], targets: Sequence[float]) -> pl.DataFrame:
    rows = []
    for each in fits:
        if list(each.regressors) != [LN_P]:
            continue
        top = each.frame["parameters"].max(), each.frame["parameters"].min()
        for score in targets:
            at, mean = where(each.fit, score)
            _, single = where(each.fit, score, new_model=True)
            ends = [
                exp(min(end, 700)) if end is not None else None
                for end in (*(mean or (None, None)), *(single or (None, None)))
            ]
            beyond = not top[1] <= exp(min(at, 700)) <= top[0]  # type: ignore[operator]
            rows.append((each.sample, score, exp(min(at, 700)), *ends, beyond))
    columns = ["sample", "clemscore", "parameters", "low", "high", "one_model_low", "one_model_high", "beyond_the_data"]
    return pl.DataFrame(rows, columns, orient="row", infer_schema_length=None)


def _within(evidence: Evidence, known: pl.DataFrame) -> Within | None:
    families = dict(evidence.kinds.select("model", "family").iter_rows())
    some = [families[model] for model in known["model"]]
    try:
        return within(known["clemscore"].to_numpy(), np.log(known["parameters"].to_numpy()), some)
    except ValueError:
        return None


def _mixed(evidence: Evidence, known: pl.DataFrame) -> Mixed | None:
    """What an episode is worth (0..100, aborted as 0) by ln(P), with model and game as random effects; a row a model
    and game.
    """
    sample = evidence.sample.only(known["model"].to_list())
    worth = points(sample.played, sample.quality)
    at = [(m, g) for m in range(worth.shape[0]) for g in range(worth.shape[1]) if not np.isnan(worth[m, g])]
    ln_p = np.log(known["parameters"].to_numpy())
    random = {"model": [sample.models[m] for m, _ in at], "game": [sample.games[g] for _, g in at]}
    if len(known) < ENOUGH or len(sample.games) < 3:
        return None
    try:
        return mixed(np.array([worth[m, g] for m, g in at]), {LN_P: np.array([ln_p[m] for m, _ in at])}, random)
    except ValueError:
        return None


def _others(inside: Within | None, random: Mixed | None) -> pl.DataFrame:
    rows: list[tuple[str, str, float, float | None, float | None, float | None, float | None, str]] = []
    if inside:
        note = f"{inside.n} models of {inside.families} families"
        rows.append(("within families", LN_P, inside.slope, inside.error, *inside.interval, inside.p, note))
    if random:
        note = f"{random.n} models x games" + ("" if random.converged else "; did not converge")
        for one in random.effects:
            rows.append(("mixed", one.name, one.value, one.error, *one.interval, one.p, note))
        for name, deviation in random.deviations.items():
            rows.append(("mixed", f"deviation of {name}", deviation, None, None, None, None, note))
    columns = ["model", "term", "estimate", "error", "low", "high", "p", "of"]
    return pl.DataFrame(rows, columns, orient="row", infer_schema_length=None)


def _draw(evidence: Evidence, known: pl.DataFrame, fits: Sequence[Sized]) -> charts.Specification:
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
    for each in fits:
        if list(each.regressors) == [LN_P]:
            under += charts.band(_line(each, x), x, y, charts.DARK if each.sample == ALL else charts.COLOURS[3])
    return charts.scatter(rows, x, y, colour="weights", colour_title="weights", bars=True, under=under)


def _line(each: Sized, x: charts.Axis) -> list[dict[str, float | str]]:
    low, high = (log(float(value)) for value in (x.low, x.high))
    ln_p = np.linspace(low, high, 60)
    lines = zip(ln_p, *each.fit.band(np.column_stack([np.ones(60), ln_p])), strict=True)
    what = f"{each.sample} (n = {each.fit.n})"
    return [{"parameters": exp(p), "mean": m, "low": a, "high": b, "what": what} for p, m, a, b in lines]


def _sentences(
    fits: Sequence[Sized], targets: Sequence[float], ranked: dict[str, Ranks], inside: Within | None, random: Mixed | None
) -> list[str]:
    found = [_said(each) for each in fits]
    found.append(_hangs(next((each for each in fits if each.sample == BOTH), fits[0])))
    if (order := ranked.get("parameters")) is not None:
        found.append(
            f"By rank there is {strength(order.rho, order.rho_interval)} of clemscore with size over {models(order.n)} "
            f"(Spearman {number(order.rho, 2)}, {span(order.rho_interval, 2)})."
        )
    found.append(_needed(fits[0], targets))
    if inside:
        sure = "is there" if inside.interval[0] > 0 else "can't be shown"
        found.append(
            f"Within families an effect of size {sure}: {number(inside.slope)} points for each unit of ln(P) "
            f"({span(inside.interval)}; {inside.n} models of {inside.families} families, HC3)."
        )
    if random:
        slope, doubt = random.effects[1], "" if random.converged else " (the fit did not converge)"
        found.append(
            f"With models and games as random effects, an episode's worth grows by {number(slope.value)} for each unit of "
            f"ln(P) ({span(slope.interval)}); games differ by a standard deviation of {number(random.deviations['game'])}, "
            f"models of one size by {number(random.deviations['model'])}{doubt}."
        )
    return found


def _said(each: Sized) -> str:
    terms = [each.fit[name] for name in each.regressors]
    shown = "; ".join(f"{one.name} {number(one.value, 2)}, HC3 {span(one.robust_interval, 2)}" for one in terms)
    if len(terms) == 1:
        shown += f", or {signed(terms[0].value * log(10))} points for ten times the parameters"
    weak = [one.name for one in terms if one.robust_interval[0] <= 0 <= one.robust_interval[1]]
    hedge = f" {' and '.join(weak)} may do nothing." if weak else ""
    which = (
        f"On all {each.fit.n} models with parameters" if each.sample == ALL else f"On the {each.fit.n} models {each.sample}"
    )
    return (
        f"{which}, {each.formula} explains {each.fit.r_squared:.0%} of the variance "
        f"(F({each.fit.freedom[0]},{each.fit.freedom[1]}) = {each.fit.f:.2f}, {chance(each.fit.f_p)}; {shown}).{hedge}"
    )


def _hangs(each: Sized) -> str:
    rows = influence(each.frame["clemscore"].to_numpy(), each.regressors, each.frame["model"].to_list())
    lowest, highest = min(rows, key=lambda row: row.r_squared), max(rows, key=lambda row: row.r_squared)
    if highest.r_squared - lowest.r_squared < STEADY:
        return (
            f"No single model decides that: R² without one of them stays between {lowest.r_squared:.2f} and "
            f"{highest.r_squared:.2f} (n = {each.fit.n})."
        )
    return (
        f"One model can make much of that: R² is {each.fit.r_squared:.2f}, without {lowest.name} {lowest.r_squared:.2f}, "
        f"without {highest.name} {highest.r_squared:.2f} (n = {each.fit.n})."
    )


def _needed(each: Sized, targets: Sequence[float]) -> str:
    inner = [score for score in targets if 0 < score < float(each.frame["clemscore"].max() or 0)] or list(targets)  # type: ignore[arg-type]
    score = inner[len(inner) // 2]
    at, mean = where(each.fit, score)
    _, single = where(each.fit, score, new_model=True)
    if mean is None:
        few = f"can't be said from {models(each.fit.n)}: no bounded interval exists."
        return f"How many parameters a clemscore of {score:g} takes {few}"
    one = (
        f"one model may need anything from {size(exp(single[0]))} to {size(exp(single[1]))}"
        if single
        else "for one model, no bounds"
    )
    return (
        f"A clemscore of {score:g} takes about {size(exp(at))} parameters on average (95 % interval {size(exp(mean[0]))} to "
        f"{size(exp(mean[1]))}); {one}."
    )
