"""Summaries: clembench's aggregation, intervals, and unfinished episodes."""

from __future__ import annotations

from clemsim.game.outcomes import Outcome
from clemsim.results.clusters import Cluster, clemscore, point
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
    scores = summarize(episodes("a", WON))
    assert (scores.clemscore, scores.arenas) == (50.0, scores.agents["m"].arenas)
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
    mixed = episodes("a", *[WON, LOST, ABORTED] * 5)
    alone = summarize(mixed).agents["m"].arenas["a"]
    assert summarize(episodes("b", WON, LOST) + mixed).agents["m"].arenas["a"] == alone


def test_point_and_clemscore() -> None:
    estimate = point([Cluster(2, 1, 1, 80.0), Cluster(2, 2, 2, 100.0)])
    assert (estimate.played, estimate.quality) == (75.0, 60.0)
    assert clemscore([estimate, point([Cluster(1, 0, 0, 0.0)])]) == (37.5, 60.0, 22.5)
