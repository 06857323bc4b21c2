"""Effects of seats and agents against marginal means and statsmodels' clustered errors."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import t as student

from clemsim.analysis.statistics.additive import contrasts, design, fit_effects, is_separable, parts_with_a_choice
from clemsim.analysis.statistics.next_game import seating_gain
from clemsim.results.scaled_means import scaled_mean

SEATINGS = [{"describer": one, "guesser": other} for one, other in product("abc", "ab")]


def test_effects_of_a_balanced_design_are_differences_of_means_with_clustered_errors() -> None:
    rng = np.random.default_rng(5)
    seatings, instances = SEATINGS * 12, [str(n) for n in range(12) for _ in SEATINGS]
    luck = rng.normal(0, 10, 12)
    values = [
        10.0 * (s["describer"] == "a") + luck[int(n)] + rng.normal(0, 5) for s, n in zip(seatings, instances, strict=True)
    ]
    effects = {(own.part, own.agent): own for own in fit_effects(values, seatings, instances)}
    for (part, agent), own in effects.items():
        among = [value for value, seating in zip(values, seatings, strict=True) if seating[part] == agent]
        assert own.effect == pytest.approx(np.mean(among) - np.mean(values)) and own.episodes == len(among)
    agents = parts_with_a_choice(seatings)
    fitted = sm.OLS(values, design(seatings, agents)).fit(
        cov_type="cluster", cov_kwds={"groups": [int(n) for n in instances]}
    )
    for key, contrast in contrasts(agents).items():
        half = student.ppf(0.975, 11) * float(np.sqrt(contrast @ fitted.cov_params() @ contrast))
        low, high = effects[key].interval or (0.0, 0.0)
        assert (high - low) / 2 == pytest.approx(half)


def test_what_cannot_be_told_apart_is_not_fitted() -> None:
    swapped = [{"describer": "a", "guesser": "b"}, {"describer": "b", "guesser": "a"}]
    assert not is_separable(swapped * 5) and is_separable(SEATINGS) and not is_separable(SEATINGS[:1])
    with pytest.raises(ValueError, match="cannot be told"):
        fit_effects([1.0, 2.0], swapped, ["0", "0"])


def test_seatings_that_always_went_alike_make_no_certainty() -> None:
    values = [100.0 * (seating == SEATINGS[0]) for seating in SEATINGS] * 6
    effects = fit_effects(values, SEATINGS * 6, [str(n // 6) for n in range(36)])
    (own,) = [own for own in effects if (own.part, own.agent) == ("guesser", "a")]
    mean, ends = scaled_mean({str(n): [100.0] for n in range(6)}, 0.0, 100.0)
    wide = 100.0 - (ends or (0.0, 0.0))[0]
    assert mean == 100.0 and own.effect == pytest.approx(100 / 6) and own.interval is not None
    # six means, each a sixth of the effect: one lies 100, five 0, so that each can only go one way
    assert own.interval[0] == pytest.approx(own.effect - wide / 6 * np.sqrt(4), abs=1e-3)
    assert own.interval[1] == pytest.approx(own.effect + wide / 6 * np.sqrt(2), abs=1e-3)


def test_a_seating_that_was_never_played_tells_most() -> None:
    played = [seating for seating in SEATINGS if seating != {"describer": "c", "guesser": "b"}] * 3
    played += [seating for seating in SEATINGS if seating["describer"] != "c"] * 20
    agents = parts_with_a_choice(played)
    values = [50.0 + 10 * (number % 2) for number in range(len(played))]
    gains = {tuple(seating.values()): seating_gain(played, values, agents, seating, 5) for seating in SEATINGS}
    assert max(gains, key=lambda cast: gains[cast])[0] == "c" and all(0 < gain < 1 for gain in gains.values())
