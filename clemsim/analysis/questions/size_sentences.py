"""The sentences of the analysis of size."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, isnan, log

from clemsim.analysis.questions.size_fits import ALL, BOTH, LN_P, SLOPE, SizeFits, SizeRegression, crosses_zero, mean_slope
from clemsim.analysis.statistics.clustered import quadratic_p, without_clusters
from clemsim.analysis.statistics.correlations import Correlation
from clemsim.analysis.statistics.differences import ALPHA
from clemsim.analysis.statistics.groups import FamilySlope
from clemsim.analysis.statistics.regression import influence, inverse_prediction
from clemsim.analysis.wording import interval_text, models, number, p_text, signed, size, strength

STEADY = 0.1  # of R²; a larger range of R² without single models is worth a warning


def size_sentences(fits: SizeFits, targets: Sequence[float]) -> list[str]:
    """Return the result of all fits in words. `targets`: the clemscores for which a number of parameters is sought."""
    regressions, order = fits.regressions, fits.correlations.get("parameters")
    dependent = next((regression for regression in regressions if regression.sample == BOTH), regressions[0])
    return [
        *(_explained(regression) for regression in regressions),
        *_dependence(dependent),
        *_doubts(fits),
        *([_order(order)] if order else []),
        _needed(regressions[0], targets),
        *([_within_families(fits.family_slope)] if fits.family_slope else []),
        *_over_games(fits),
    ]


def _explained(regression: SizeRegression) -> str:
    fit = regression.fit
    kind = f"clustered by {len(set(regression.lineages))} lineages" if regression.clustered else "HC3"
    slopes = "; ".join(
        f"{name} {number(fit[name].value, 2)}, {interval_text(regression.interval(name), 2)}"
        for name in regression.regressors
    )
    if len(regression.regressors) == 1:
        slopes += f", or {signed(fit[LN_P].value * log(10))} points between models ten times apart in size"
    weak = [name for name in regression.regressors if crosses_zero(regression.interval(name))]
    hedge = f" The interval of {' and of '.join(weak)} holds 0." if weak else ""
    is_all = regression.sample == ALL
    sample = f"On all {fit.n} models with parameters" if is_all else f"On the {fit.n} models {regression.sample}"
    return (
        f"{sample}, {regression.formula} accounts for {fit.r_squared:.0%} of the variance "
        f"(F({fit.freedom[0]},{fit.freedom[1]}) = {fit.f:.2f}, {p_text(fit.f_p)}; {slopes}; errors {kind}).{hedge}"
    )


def _doubts(fits: SizeFits) -> list[str]:
    """Say how far the first regression depends on one lineage, on unpublished sizes, and on its being a line."""
    first, sentences = fits.regressions[0], []
    slope = number(first.fit[LN_P].value)
    without = without_clusters(first.scores, first.regressors, first.lineages)
    if without and len(without) > 2:
        low, high = without[0], without[-1]
        sentences.append(
            f"Without one lineage the slope of {slope} lies between {number(low.slope)} (without {low.name}; R² "
            f"{low.r_squared:.2f}) and {number(high.slope)} (without {high.name}; R² {high.r_squared:.2f})."
        )
    if own := fits.published:
        ends = interval_text(own.interval(LN_P))
        largest = max(own.frame["parameters"]) < max(first.frame["parameters"])
        others = ": the other sizes are rumours, and among them the largest" if largest else ""
        sentences.append(
            f"On the {own.fit.n} models whose size was published the slope is {number(own.fit[LN_P].value)} ({ends}), R² "
            f"{own.fit.r_squared:.2f}{others}."
        )
    curved = quadratic_p(first.scores, first.regressors[LN_P])
    if curved is not None and curved < ALPHA:
        sentences.append(
            f"A straight line does not fit: beside ln(P) its square matters ({p_text(curved)}), so no number should be read "
            "off the line."
        )
    return sentences


def _dependence(regression: SizeRegression) -> list[str]:
    """Say how far a fit depends on single models."""
    frame, n = regression.frame, regression.fit.n
    rows = influence(frame["clemscore"].to_numpy(), regression.regressors, frame["model"].to_list())
    rows = [row for row in rows if not isnan(row.r_squared)]  # of which not all scores are the same
    if len(rows) < len(frame):
        return ["Without one of the models all scores are the same: the fit rests on it alone."]
    lowest, highest = min(rows, key=lambda row: row.r_squared), max(rows, key=lambda row: row.r_squared)
    if highest.r_squared - lowest.r_squared < STEADY:
        return [
            f"No single model decides that: R² without one of them stays between {lowest.r_squared:.2f} and "
            f"{highest.r_squared:.2f} (n = {n})."
        ]
    return [
        f"One model can make much of that: R² is {regression.fit.r_squared:.2f}, without {lowest.name} "
        f"{lowest.r_squared:.2f}, without {highest.name} {highest.r_squared:.2f} (n = {n})."
    ]


def _order(order: Correlation) -> str:
    ranks = order.ranks
    return (
        f"By rank there is {strength(ranks.rho, ranks.rho_interval)} of clemscore with size over {models(order.n)} "
        f"(Spearman {number(ranks.rho, 2)}, {interval_text(ranks.rho_interval, 2)}; Pearson with the logarithm of size "
        f"{number(order.r, 2)}, {interval_text(order.r_interval, 2)}, as if models were independent)."
    )


def _needed(regression: SizeRegression, targets: Sequence[float]) -> str:
    highest = max(regression.frame["clemscore"].to_list())
    inner = [score for score in targets if 0 < score < highest] or list(targets)
    score = inner[len(inner) // 2]
    ln_p, mean = inverse_prediction(regression.fit, score)
    _, single = inverse_prediction(regression.fit, score, new_model=True)
    if mean is None or crosses_zero(regression.interval(LN_P)):
        reason = f"can't be said from {models(regression.fit.n)}: the slope may be 0."
        return f"At which size models have a clemscore of {score:g} {reason}"
    low, high = (size(exp(end)) for end in mean)
    bounds = "for one model there are no bounds"
    if single:
        bounds = f"one model of that score may have anything from {size(exp(single[0]))} to {size(exp(single[1]))}"
    return (
        f"The line passes a clemscore of {score:g} at {size(exp(ln_p))} parameters (95 % interval of the mean {low} to "
        f"{high}, as if models were independent); {bounds}. That is how these models lie, not what more parameters would do."
    )


def _within_families(slope: FamilySlope) -> str:
    relation = "higher" if slope.interval[0] > 0 else "lower" if slope.interval[1] < 0 else "not clearly higher or lower"
    return (
        f"Within families larger models score {relation}: {number(slope.slope)} points for each unit of ln(P) "
        f"({interval_text(slope.interval)}; {slope.n} models of {slope.families} "
        f"{'family' if slope.families == 1 else 'families'}, errors {slope.kind})."
    )


def _over_games(fits: SizeFits) -> list[str]:
    """Say how the relation differs between games: a mixed model or, where its fit did not converge, the slopes by game."""
    sentences, slopes = [], sorted(fits.game_slopes, key=lambda own: own.slope)
    if len(slopes) > 1:
        least, most = slopes[0], slopes[-1]
        text = (
            f"By game the slope of an episode's worth lies between {number(least.slope)} ({least.game}) and "
            f"{number(most.slope)} ({most.game}) for each unit of ln(P)"
        )
        if mean := mean_slope(slopes):
            text += f"; their mean is {number(mean[0])} ({interval_text(mean[1])} with the {len(slopes)} games as a sample)"
        sentences.append(f"{text}.")
    mixed = fits.mixed_model
    if mixed and mixed.converged:
        effect = mixed.effects[1]
        game, model, slope = (number(mixed.deviations[name]) for name in ("game", "model", SLOPE))
        sentences.append(
            f"A mixed model with a slope of its own for each game has a mean slope of {number(effect.value)} "
            f"({interval_text(effect.interval)}, t); slopes differ between games by a standard deviation of {slope}, games "
            f"by {game} points, models of one size by {model}."
        )
    elif mixed:
        sentences.append("A mixed model with a slope of its own for each game did not converge: no number of it is given.")
    return sentences
