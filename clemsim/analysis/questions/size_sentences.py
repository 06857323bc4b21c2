"""The sentences of the analysis of size."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log

from clemsim.analysis.questions.size_fits import ALL, BOTH, SizeFits, SizeRegression
from clemsim.analysis.statistics.groups import FamilySlope
from clemsim.analysis.statistics.mixed import MixedModel
from clemsim.analysis.statistics.ranks import RankCorrelation
from clemsim.analysis.statistics.regression import influence, inverse_prediction
from clemsim.analysis.wording import interval_text, models, number, p_text, signed, size, strength

STEADY = 0.1  # of R²; a larger range of R² without single models is worth a warning


def size_sentences(fits: SizeFits, targets: Sequence[float]) -> list[str]:
    """Return the result of all fits in words. `targets`: the clemscores for which a number of parameters is sought."""
    regressions, order = fits.regressions, fits.correlations.get("parameters")
    dependent = next((regression for regression in regressions if regression.sample == BOTH), regressions[0])
    return [
        *(_explained(regression) for regression in regressions),
        _dependence(dependent),
        *([_order(order)] if order else []),
        _needed(regressions[0], targets),
        *([_within_families(fits.family_slope)] if fits.family_slope else []),
        *([_growth(fits.mixed_model)] if fits.mixed_model else []),
    ]


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


def _order(order: RankCorrelation) -> str:
    return (
        f"By rank there is {strength(order.rho, order.rho_interval)} of clemscore with size over {models(order.n)} "
        f"(Spearman {number(order.rho, 2)}, {interval_text(order.rho_interval, 2)})."
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


def _within_families(slope: FamilySlope) -> str:
    certainty = "is there" if slope.interval[0] > 0 else "can't be shown"
    return (
        f"Within families an effect of size {certainty}: {number(slope.slope)} points for each unit of ln(P) "
        f"({interval_text(slope.interval)}; {slope.n} models of {slope.families} families, HC3)."
    )


def _growth(mixed_model: MixedModel) -> str:
    effect, doubt = mixed_model.effects[1], "" if mixed_model.converged else " (the fit did not converge)"
    game, model = (number(mixed_model.deviations[name]) for name in ("game", "model"))
    return (
        f"With models and games as random effects, an episode's worth grows by {number(effect.value)} for each unit of "
        f"ln(P) ({interval_text(effect.interval)}); games differ by a standard deviation of {game}, models of one size by "
        f"{model}{doubt}."
    )
