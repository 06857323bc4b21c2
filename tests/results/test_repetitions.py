"""Episodes one by one: 2 x 2 tables, bounds of what is unfinished, detectable differences; all by hand."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from clemsim.game.outcomes import Outcome
from clemsim.results.bounds import score_bounds
from clemsim.results.clusters import Cluster
from clemsim.results.detectable import detectable_difference
from clemsim.results.differences import difference
from clemsim.results.joint_outcomes import joint_outcomes
from clemsim.results.repetitions import Repetitions, clusters_of

WON, LOST, ABORTED = Outcome.success(), Outcome.failure("lost"), Outcome.aborted("no", blame="a")
HALF = Outcome.failure("half", quality=50.0)

Row = Sequence[Outcome | None]  # the repetitions of an instance


def episodes(**games: Sequence[Row]) -> Repetitions:
    return {game: {str(i): dict(enumerate(runs)) for i, runs in enumerate(rows)} for game, rows in games.items()}


def test_pairs_of_episodes_are_counted_by_hand() -> None:
    first = episodes(a=[[WON, LOST], [WON, ABORTED], [ABORTED, None]], only=[[WON]])
    second = episodes(a=[[WON, WON], [LOST, ABORTED], [LOST, LOST, LOST]])
    counts = {
        (row.game, row.event): (row.both, row.only_a, row.only_b, row.neither) for row in joint_outcomes(first, second)
    }
    assert counts["a", "played"] == (3, 0, 1, 1)
    assert counts["a", "won"] == (1, 1, 1, 2)
    assert counts["overall", "won"] == counts["a", "won"] and len(counts) == 4
    assert {row.pairs for row in joint_outcomes(first, second)} == {5}
    assert joint_outcomes(first, episodes(b=[[WON]])) == ()


def test_unfinished_episodes_are_bounded_by_their_worst_and_best() -> None:
    assert score_bounds(episodes(a=[[WON]], b=[[ABORTED]])) is None
    bounds = score_bounds(episodes(a=[[WON], [HALF], [ABORTED], [None]], b=[[WON], [ABORTED]]))
    assert bounds and bounds.unfinished == 1 and list(bounds.arenas) == ["a"]
    game = bounds.arenas["a"]
    assert game.played == (50.0, 75.0) and game.worth == (37.5, 62.5)
    assert game.quality == (50.0, 83.33)  # 150 points of 3 scored episodes, or 250
    assert bounds.played == (50.0, 62.5) and bounds.quality == (75.0, 91.67) and bounds.worth == (43.75, 56.25)
    assert bounds.clemscore == (37.5, 57.29)


def test_the_bounds_of_one_game_are_the_same_for_clemscore_and_worth() -> None:
    bounds = score_bounds(episodes(a=[[WON], [ABORTED], [None], [None]]))
    assert bounds and bounds.clemscore == bounds.worth == (25.0, 75.0)


def test_a_game_without_any_finished_episode_is_bounded_by_the_scale() -> None:
    bounds = score_bounds(episodes(a=[[None], [None]]))
    assert bounds and bounds.played == bounds.quality == bounds.worth == bounds.clemscore == (0.0, 100.0)


def test_bounds_hold_whatever_comes_of_the_unfinished_episodes() -> None:
    rng = random.Random(3)
    for _ in range(50):
        ends: list[Outcome] = [rng.choice([WON, LOST, HALF, ABORTED]) for _ in range(12)]
        hidden = [None if rng.random() < 0.4 else outcome for outcome in ends]
        bounds = score_bounds(episodes(a=[[own] for own in hidden[:4]], b=[[own] for own in hidden[4:]]))
        if bounds is None:
            continue
        truth = _scores(ends[:4], ends[4:])
        for score, value in truth.items():
            low, high = getattr(bounds, score)
            assert low - 0.01 <= value <= high + 0.01


def _scores(*games: Sequence[Outcome]) -> dict[str, float]:
    played = sum(100 * sum(o.kind != "aborted" for o in game) / len(game) for game in games) / len(games)
    worth = sum(sum(o.quality or 0.0 for o in game) / len(game) for game in games) / len(games)
    means = [sum(own) / len(own) for game in games if (own := [o.quality for o in game if o.quality is not None])]
    quality = sum(means) / len(means) if means else None
    return {"played": played, "worth": worth} | (
        {} if quality is None else {"quality": quality, "clemscore": played * quality / 100}
    )


def test_what_two_agents_show_is_what_their_difference_shows() -> None:
    rng = random.Random(5)
    agents = [clusters_of(episodes(a=[[rng.choice([WON, LOST])] for _ in range(40)])) for _ in range(2)]
    assert detectable_difference(agents, "worth") == pytest.approx(
        difference(agents[0], agents[1], "worth").detectable, rel=0.05
    )


def test_one_agent_is_taken_twice_and_independent() -> None:
    clusters = {"a": {str(i): Cluster(1, 1, 1, 100.0 * (i % 2)) for i in range(400)}}
    # Each mean has the standard error 50 / 20 = 2.5; (1.96 + 0.84) x 2.5 x sqrt(2) = 9.9.
    assert detectable_difference([clusters], "worth") == pytest.approx(9.9, abs=0.1)
    assert detectable_difference([{"a": {"0": Cluster(1, 1, 1, 100.0)}}], "worth") is None
    assert detectable_difference([clusters, {"b": {}}], "worth") is None
