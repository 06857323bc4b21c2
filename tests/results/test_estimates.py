"""Intervals, differences and exact tests: by hand, by published values, and by what they must never do."""

from __future__ import annotations

import random
from itertools import product as every

import pytest
from scipy import stats

from clemsim.results.clusters import Cluster
from clemsim.results.differences import difference, paired_difference
from clemsim.results.distributions import beta_quantile, beta_share, t_quantile
from clemsim.results.estimates import SCORES, ModelEstimates, Score
from clemsim.results.label_swaps import swap_p
from clemsim.results.means import mean_over_games
from clemsim.results.ratios import Ratio, ratio

WON, LOST, ABORTED = Cluster(1, 1, 1, 100.0), Cluster(1, 1, 1, 0.0), Cluster(1, 0, 0, 0.0)

Games = dict[str, dict[str, Cluster]]


def game(*clusters: Cluster) -> dict[str, Cluster]:
    return {str(number): cluster for number, cluster in enumerate(clusters)}


def drawn(rng: random.Random, count: int, plays: float = 0.9, wins: float = 0.5) -> dict[str, Cluster]:
    return game(*((WON if rng.random() < wins else LOST) if rng.random() < plays else ABORTED for _ in range(count)))


@pytest.mark.parametrize("a", [0.5, 1.0, 7.5, 120.0, 4000.0])
@pytest.mark.parametrize("b", [0.5, 2.5, 33.0, 900.0])
def test_quantiles_of_the_beta_distribution_are_scipys(a: float, b: float) -> None:
    for share in (1e-6, 0.025, 0.5, 0.8, 0.975):
        value = beta_quantile(share, a, b)
        assert value == pytest.approx(stats.beta.ppf(share, a, b), rel=1e-7)
        assert beta_share(value, a, b) == pytest.approx(share, rel=1e-6)


@pytest.mark.parametrize("df", [1.0, 2.7, 30.0, 5000.0, float("inf")])
def test_quantiles_of_students_distribution_are_scipys(df: float) -> None:
    for share in (0.6, 0.975, 0.9999):
        assert t_quantile(share, df) == pytest.approx(stats.t.ppf(share, df), rel=1e-6)


def test_the_interval_of_yes_or_no_outcomes_is_jeffreys() -> None:
    estimates = ModelEstimates.of({"a": game(*[WON] * 8, *[LOST] * 22)})
    low, high = estimates.interval("worth") or (0, 0)
    assert (low, high) == pytest.approx(tuple(100 * stats.beta.ppf([0.025, 0.975], 8.5, 22.5)))


def test_outcomes_that_are_all_equal_have_an_interval_with_a_width() -> None:
    for outcome in (WON, LOST, ABORTED, Cluster(1, 1, 1, 50.0)):
        low, high = ModelEstimates.of({"a": game(*[outcome] * 20)}).interval("worth") or (0, 0)
        assert low <= outcome.total <= high and 1 < high - low < 20


def test_too_few_instances_have_a_value_and_no_interval() -> None:
    estimates = ModelEstimates.of({"a": game(WON, LOST, WON, ABORTED)})
    assert estimates.value("played") == 75 and estimates.interval("played") is None
    rarely = ModelEstimates.of({"a": game(WON, *[ABORTED] * 29)})
    assert rarely.interval("played") and rarely.value("quality") == 100 and rarely.interval("quality") is None


def test_a_game_of_two_instances_enters_with_the_uncertainty_of_two() -> None:
    large = game(*[WON, LOST] * 50)
    alone = ModelEstimates.of({"a": large}).interval("worth") or (0, 0)
    with_tiny = ModelEstimates.of({"a": large, "b": game(WON, WON), "c": game(WON, WON)}).interval("worth") or (0, 0)
    assert with_tiny[1] - with_tiny[0] > 1.5 * (alone[1] - alone[0])


def test_repetitions_narrow_an_interval_only_by_what_they_tell() -> None:
    once = ModelEstimates.of({"a": game(*[WON, LOST] * 10)}).interval("worth")
    ten_alike = ModelEstimates.of({"a": game(*[Cluster(10, 10, 10, 1000.0), Cluster(10, 10, 10, 0.0)] * 10)}).interval(
        "worth"
    )
    assert ten_alike == pytest.approx(once)
    ten_mixed = ModelEstimates.of({"a": game(*[Cluster(10, 10, 10, 500.0)] * 20)}).interval("worth") or (0, 0)
    assert ten_mixed[1] - ten_mixed[0] < 5


def test_clemscore_of_one_game_is_its_worth_and_of_several_a_product() -> None:
    rng = random.Random(2)
    one = ModelEstimates.of({"a": drawn(rng, 40)})
    assert one.value("clemscore") == one.value("worth") and one.interval("clemscore") == one.interval("worth")
    several = ModelEstimates.of(
        {name: drawn(rng, 40, plays, wins) for name, plays, wins in [("a", 0.9, 0.8), ("b", 0.3, 0.1)]}
    )
    played, quality = several.value("played"), several.value("quality")
    assert played is not None and quality is not None
    assert several.value("clemscore") == pytest.approx(played * quality / 100)
    assert several.value("clemscore") != pytest.approx(several.value("worth"), abs=1)


def test_a_model_that_never_played_has_no_clemscore_and_a_worth_of_nothing() -> None:
    estimates = ModelEstimates.of({"a": game(*[ABORTED] * 12)})
    assert estimates.value("clemscore") is None and estimates.interval("clemscore") is None
    assert estimates.value("worth") == 0 and (estimates.interval("worth") or (1, 0))[0] == 0
    assert ModelEstimates.of({}).value("worth") is None


@pytest.mark.parametrize("score", SCORES)
def test_deviations_add_up_to_nothing_and_give_the_variance(score: Score) -> None:
    rng = random.Random(4)
    estimates = ModelEstimates.of({name: drawn(rng, 60, 0.7) for name in "abc"})
    deviations = estimates.deviations(score)
    assert sum(deviations.values()) == pytest.approx(0, abs=1e-12)
    mean = estimates.mean(score)
    assert mean and sum(value * value for value in deviations.values()) == pytest.approx(mean.variance, rel=0.1)


def test_intervals_contain_the_estimate_and_stay_in_the_scale() -> None:
    rng = random.Random(8)
    for _ in range(300):
        sizes = [rng.choice([1, 2, 3, 10]) for _ in range(rng.randint(1, 7))]
        estimates = ModelEstimates.of(
            {str(number): drawn(rng, size, rng.random(), rng.random()) for number, size in enumerate(sizes)}
        )
        for score in SCORES:
            value, ends = estimates.value(score), estimates.interval(score)
            if value is not None and ends is not None:
                assert -1e-9 <= ends[0] <= value + 1e-9 and value - 1e-9 <= ends[1] <= 100 + 1e-9


def test_the_ratio_of_nothing_is_none() -> None:
    assert ratio([0.0], [0.0]) is None and mean_over_games([]) is None
    assert isinstance(ratio([1.0], [2.0]), Ratio)


def test_all_won_against_all_aborted_is_decided() -> None:
    sizes = dict(zip("abcdefg", (6, 4, 4, 2, 3, 6, 2), strict=True))
    won = {name: game(*[WON] * size) for name, size in sizes.items()}
    aborted = {name: game(*[ABORTED] * size) for name, size in sizes.items()}
    for score in ("played", "worth"):
        found = difference(won, aborted, score)
        assert found.value == 100 and found.p is not None and found.p <= 0.001
        assert found.interval and found.interval[0] > 50
    assert difference(won, aborted, "clemscore").value is None


@pytest.mark.slow
def test_one_procedure_an_interval_leaves_0_out_exactly_where_p_is_below_5_percent() -> None:
    rng = random.Random(11)
    for _ in range(60):
        sizes = [rng.choice([2, 5, 12]) for _ in range(rng.choice([1, 2, 4]))]
        first = {str(number): drawn(rng, size, 0.9, 0.8) for number, size in enumerate(sizes)}
        second = {str(number): drawn(rng, size, 0.7, 0.4) for number, size in enumerate(sizes)}
        for score in SCORES:
            found = difference(first, second, score)
            if found.interval is not None and found.p is not None:
                low, high = found.interval
                assert (low > 1e-9 or high < -1e-9) == (found.p < 0.05), (score, found)


def test_in_one_game_of_yes_or_no_outcomes_the_exact_test_is_the_sign_test() -> None:
    first, second = {"a": game(*[WON] * 6, LOST, *[WON] * 9)}, {"a": game(*[LOST] * 6, WON, *[WON] * 9)}
    sign_test = stats.binomtest(6, 7).pvalue
    assert swap_p(first, second, "worth") == pytest.approx(sign_test)
    assert (difference(first, second, "worth").p or 0) >= sign_test


@pytest.mark.parametrize("score", SCORES)
def test_the_exact_test_is_that_of_every_swap(score: Score) -> None:
    rng = random.Random(5)
    first, second = ({name: drawn(rng, 4, 0.8) for name in "ab"} for _ in range(2))
    keys = [(name, instance) for name in first for instance in first[name]]

    def swapped(which: tuple[bool, ...]) -> float | None:
        ours: Games = {name: {} for name in first}
        theirs: Games = {name: {} for name in first}
        for (name, instance), swap in zip(keys, which, strict=True):
            pair = first[name][instance], second[name][instance]
            ours[name][instance], theirs[name][instance] = reversed(pair) if swap else pair
        one, other = ModelEstimates.of(ours).value(score), ModelEstimates.of(theirs).value(score)
        return None if one is None or other is None else one - other

    seen = swapped((False,) * len(keys))
    assert seen is not None
    values = [value for which in every((False, True), repeat=len(keys)) if (value := swapped(which)) is not None]
    share = sum(abs(value) >= abs(seen) - 1e-9 for value in values) / len(values)
    assert swap_p(first, second, score) == pytest.approx(share)


def test_identical_outcomes_have_no_difference_and_say_how_large_one_could_be() -> None:
    games = {name: game(*[WON, LOST, ABORTED] * 4) for name in "abc"}
    found = difference(games, games, "clemscore")
    assert found.value == 0 and found.p == 1
    assert found.interval and found.interval[0] < 0 < found.interval[1] and found.detectable and found.detectable > 1


def test_a_difference_does_not_depend_on_the_order_or_on_what_only_one_has_played() -> None:
    rng = random.Random(3)
    first, second = ({name: drawn(rng, 12) for name in "ab"} for _ in range(2))
    found, back = difference(first, second, "worth"), difference(second, first, "worth")
    assert found.value == pytest.approx(-(back.value or 0)) and found.p == pytest.approx(back.p)
    more = {**first, "c": game(WON), "a": {**first["a"], "extra": LOST}}
    assert difference(more, second, "worth") == found


def test_pairs_are_narrower_than_strangers() -> None:
    rng = random.Random(6)
    first = {"a": drawn(rng, 60, 1.0, 0.5)}
    second = {"a": {name: LOST if rng.random() < 0.2 else cluster for name, cluster in first["a"].items()}}
    paired = difference(first, second, "worth")
    renamed = {"a": {f"other {name}": cluster for name, cluster in second["a"].items()}}
    strangers = paired_difference(ModelEstimates.of(first), ModelEstimates.of(renamed), "worth")
    assert paired.interval and strangers.interval
    assert paired.interval[1] - paired.interval[0] < 0.7 * (strangers.interval[1] - strangers.interval[0])
