"""Run-to-run noise and the reading for these instances alone, by hand and by simulation."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from scipy import stats

from clemsim.game.outcomes import Outcome
from clemsim.results.estimates import ModelEstimates
from clemsim.results.noise import noise_of, shared_components
from clemsim.results.repetitions import Repetitions, clusters_of, joined
from clemsim.results.these_instances import TheseInstances, difference_on_these

WON, LOST, ABORTED = Outcome.success(), Outcome.failure("lost"), Outcome.aborted("no", blame="a")

Row = Sequence[Outcome | None]  # the repetitions of an instance


def episodes(**games: Sequence[Row]) -> Repetitions:
    return {game: {str(i): dict(enumerate(runs)) for i, runs in enumerate(rows)} for game, rows in games.items()}


def test_the_components_of_one_game_by_hand() -> None:
    noise = noise_of({"m": episodes(a=[[WON, WON], [ABORTED, LOST], [WON, LOST]])})
    assert noise and noise.together is None
    game, agent = noise.agents["m"].arenas["a"], noise.agents["m"]
    # Within: 5000 / 3. Means 100, 0, 50: their variance is 2500, of which half of the noise is 833.3.
    assert (game.run, game.instance, game.icc) == (1666.67, 1666.67, 0.5)
    assert (game.flips, game.agreement) == (33.33, 33.33)  # an abort and a loss are both not won, and do not end alike
    assert agent.run_share == pytest.approx(1 / 3, abs=1e-4)
    assert agent.width_twice_repetitions == pytest.approx((5 / 6) ** 0.5, abs=1e-4)
    assert agent.width_endless_repetitions == pytest.approx((2 / 3) ** 0.5, abs=1e-4)


def test_unequal_repetitions_and_negative_estimates() -> None:
    noise = noise_of({"m": episodes(a=[[WON, LOST, None], [LOST], [WON]])})
    assert noise
    game = noise.agents["m"].arenas["a"]
    # Within: 5000 / 1. Variance of the means 50, 0, 100 is 2500, less 5000 x mean(1/2, 1, 1), which is below 0.
    assert (game.run, game.instance, game.repetitions) == (5000.0, 0.0, 1.2)
    assert noise_of({"m": episodes(a=[[WON], [LOST, None]])}) is None


def test_the_components_over_two_agents_by_hand() -> None:
    first, second = episodes(a=[[WON, WON], [LOST, LOST]]), episodes(a=[[WON, LOST], [WON, WON], [WON, WON]])
    shared = shared_components([first, second])
    # Means 100, 0 and 50, 100: between instances 625, interaction 5625, within 5000 / 4.
    assert shared and (shared.instance, shared.model_instance, shared.run) == (0.0, 5000.0, 1250.0)
    assert shared_components([first]) is None and shared_components([first, episodes(b=[[WON, WON]])]) is None


def test_components_are_found_again_in_simulated_runs() -> None:
    rng = random.Random(7)
    chances = [rng.betavariate(1, 1) for _ in range(3000)]  # variance 1/12 between instances, 1/6 within
    runs = [[WON if rng.random() < chance else LOST for _ in range(3)] for chance in chances]
    noise = noise_of({"m": episodes(a=runs)})
    game = noise.agents["m"].arenas["a"] if noise else None
    assert game and game.icc == pytest.approx(1 / 3, abs=0.03) and game.flips == pytest.approx(100 / 3, abs=2)


def test_runs_of_one_agent_are_joined_as_repetitions() -> None:
    together = joined([episodes(a=[[WON], [LOST]]), episodes(a=[[LOST, None], [LOST]])])
    assert together == {"a": {"0": {0: WON, 1: LOST, 2: None}, "1": {0: LOST, 1: LOST}}}


def test_of_these_instances_only_noise_counts() -> None:
    steady = episodes(a=[[WON] * 3, [LOST] * 3] * 20)
    noisy = episodes(a=[[WON, LOST] * 3] * 20)
    kind = ModelEstimates.of(clusters_of(steady)).interval("worth") or (0, 0)
    these = TheseInstances.of(steady).interval("worth") or (0, 0)
    assert 0 < these[1] - these[0] < 0.3 * (kind[1] - kind[0])
    # 120 outcomes of equal chances: nearly Jeffreys' interval for 60 of 120.
    ends = 100 * stats.beta.ppf([0.025, 0.975], 60.5, 60.5)
    assert TheseInstances.of(noisy).interval("worth") == pytest.approx(tuple(ends), abs=1.0)


def test_without_repetitions_there_is_no_reading_for_these_instances() -> None:
    once = episodes(a=[[WON]] * 20)
    assert TheseInstances.of(once).interval("worth") is None
    assert TheseInstances.of(episodes(a=[[WON] * 2] * 20, b=[[WON]])).interval("worth") is None
    assert difference_on_these(once, once, "worth").interval is None
    assert TheseInstances.of(episodes(a=[[ABORTED] * 2] * 9)).interval("quality") is None


def test_a_difference_on_these_instances_is_decided_by_noise_alone() -> None:
    better = episodes(a=[[WON] * 3] * 3 + [[LOST] * 3] * 7)
    worse = episodes(a=[[WON] * 3] * 2 + [[LOST] * 3] * 8)
    found = difference_on_these(better, worse, "worth")
    assert found.value == pytest.approx(10) and found.p is not None and found.p < 0.05
    assert found.interval and 0 < found.interval[0] < 10 < found.interval[1]
    level = difference_on_these(better, better, "clemscore")
    assert level.interval and level.interval[0] < 0 < level.interval[1] and level.p == 1.0


@pytest.mark.slow
@pytest.mark.parametrize("repetitions", [2, 3, 5])
@pytest.mark.parametrize("shape", [(1, 1), (0.05, 0.5), (30, 1)])
def test_the_reading_for_these_instances_covers_their_truth(repetitions: int, shape: tuple[float, float]) -> None:
    rng = random.Random(11)
    held = 0
    for _ in range(400):
        chances = [rng.betavariate(*shape) for _ in range(15)]
        runs = [[WON if rng.random() < chance else LOST for _ in range(repetitions)] for chance in chances]
        low, high = TheseInstances.of(episodes(a=runs)).interval("worth") or (0, 0)
        held += low <= 100 * sum(chances) / 15 <= high
    assert held >= 0.91 * 400
