"""Summaries: clembench's aggregation, intervals, and what is unfinished."""

from __future__ import annotations

import random

import pytest

from clemsim.game.outcomes import Outcome
from clemsim.results.intervals import Cluster, clemscore, interval, point, resample, without_spread
from clemsim.results.summary import ScoredEpisode, summarize

WON, LOST, ABORTED = Outcome.success(50), Outcome.failure("lost"), Outcome.aborted("broken", blame="a")


def episodes(arena: str, *outcomes: Outcome | None, cast: str = "m") -> list[ScoredEpisode]:
    return [
        ScoredEpisode(arena, f"x/{n}", cast, outcome, "" if outcome else "timeout") for n, outcome in enumerate(outcomes)
    ]


def test_played_and_quality_of_an_arena() -> None:
    arena = summarize(episodes("a", WON, LOST, ABORTED, None)).agents["m"].arenas["a"]
    assert (arena.episodes, arena.success, arena.failure, arena.aborted, arena.unfinished) == (4, 1, 1, 1, 1)
    assert (arena.played, arena.quality) == (66.67, 25.0)  # the unfinished one is in neither


def test_clemscore_is_of_means_over_arenas_each_rounded() -> None:
    first, second, third = (WON, ABORTED, ABORTED), (WON, LOST, ABORTED), (WON, LOST, LOST)
    agent = summarize(episodes("a", *first) + episodes("b", *second) + episodes("c", *third)).agents["m"]
    assert agent.played == 66.67  # (33.33 + 66.67 + 100) / 3
    assert agent.quality == 30.56  # (50 + 25 + 16.67) / 3
    assert agent.clemscore == 20.37  # 66.67 / 100 * 30.56


def test_an_arena_that_was_all_aborted_has_no_quality_but_counts_as_not_played() -> None:
    agent = summarize(episodes("a", ABORTED, ABORTED) + episodes("b", WON, WON)).agents["m"]
    assert agent.arenas["a"].quality is None
    assert (agent.played, agent.quality, agent.clemscore) == (50.0, 50.0, 25.0)


def test_nothing_played_is_no_number() -> None:
    agent = summarize(episodes("a", None, None)).agents["m"]
    assert agent.clemscore is agent.played is agent.quality is None
    assert agent.unfinished == 2 and agent.causes == {"timeout": 2}


def test_one_agent_stands_at_the_top_too() -> None:
    one = summarize(episodes("a", WON))
    assert (one.clemscore, one.arenas) == (50.0, one.agents["m"].arenas)
    two = summarize(episodes("a", WON) + episodes("a", LOST, cast="other"))
    assert set(two.agents) == {"m", "other"}


def test_intervals_hold_the_estimate() -> None:
    agent = summarize(episodes("a", *[WON, LOST, ABORTED] * 10)).agents["m"]
    for name in ("played", "quality", "clemscore"):
        low, high = getattr(agent.ci, name)
        assert low < getattr(agent, name) < high
    arena = agent.arenas["a"]
    assert arena.ci.played and arena.played
    assert arena.ci.played[0] < arena.played < arena.ci.played[1]


def test_an_arenas_interval_does_not_depend_on_the_others() -> None:
    some = episodes("a", *[WON, LOST, ABORTED] * 5)
    alone = summarize(some).agents["m"].arenas["a"]
    assert summarize(episodes("b", WON, LOST) + some).agents["m"].arenas["a"] == alone


def test_repetitions_of_one_instance_do_not_narrow_the_interval() -> None:
    once = [Cluster(1, 1, 1, 100.0 * (n % 2)) for n in range(20)]
    ten_times = [Cluster(10, 10, 10, 1000.0 * (n % 2)) for n in range(20)]
    assert width(once) == pytest.approx(width(ten_times))


def width(clusters: list[Cluster]) -> float:
    samples = [sample["a"].quality for sample in resample({"a": clusters})]
    found = interval(samples, lambda: (0.0, 0.0))
    assert found is not None
    return found[1] - found[0]


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    rng = random.Random(7)
    covered = 0
    for _ in range(100):
        clusters = [Cluster(1, 1, 1, 100.0 * (rng.random() < 0.6)) for _ in range(60)]
        samples = [sample["a"].quality for sample in resample({"a": clusters})]
        low, high = interval(samples, lambda: (0.0, 0.0)) or (0.0, 0.0)
        covered += low <= 60 <= high
    assert 88 <= covered <= 100


@pytest.mark.parametrize(("value", "low", "high"), [(100.0, 72.25, 100.0), (0.0, 0.0, 27.75), (50.0, 36.12, 63.88)])
def test_without_spread_wilson_stands_in(value: float, low: float, high: float) -> None:
    assert without_spread(value, 10) == pytest.approx((low, high), abs=0.01)


def test_point_and_clemscore() -> None:
    found = point([Cluster(2, 1, 1, 80.0), Cluster(2, 2, 2, 100.0)])
    assert (found.played, found.quality) == (75.0, 60.0)
    assert clemscore([found, point([Cluster(1, 0, 0, 0.0)])]) == (37.5, 60.0, 22.5)
