"""What a run could show before it is played, against formulas."""

from __future__ import annotations

import random

import pytest

from clemsim.game.outcomes import Outcome
from clemsim.results.planning import planned_scores, unknown_games
from clemsim.results.repetitions import Repetitions

WON, LOST, ABORTED = Outcome.success(), Outcome.failure("lost"), Outcome.aborted("no", blame="a")


def half_won(instances: int, repetitions: int = 1) -> Repetitions:
    """Return a game in which half of the instances are always won, and half always lost."""
    return {"a": {str(i): dict.fromkeys(range(repetitions), (WON, LOST)[i % 2]) for i in range(instances)}}


def test_the_worst_case_is_half_won() -> None:
    game, overall = planned_scores({"a": 400}, 1)
    # The standard error is 50 / 20 = 2.5: a width of 2 x 1.96 x 2.5, and (1.96 + 0.84) x 2.5 x sqrt(2) to be detected.
    assert game.width == pytest.approx(9.8, abs=0.1) and game.detectable == pytest.approx(9.9, abs=0.1)
    assert (overall.game, overall.score, overall.width) == ("overall", "worth", game.width)
    assert [row.width for row in planned_scores({"a": 4}, 1)] == [None, None]


def test_an_earlier_run_of_the_same_variance_says_the_same() -> None:
    rows = {(row.game, row.score): row for row in planned_scores({"a": 400}, 1, {"m": half_won(40)})}
    assert rows["a", "worth"].width == pytest.approx(9.8, abs=0.1)
    assert rows["overall", "clemscore"].detectable == rows["overall", "worth"].detectable == pytest.approx(9.9, abs=0.1)


def test_four_times_as_many_instances_halve_the_width() -> None:
    few, many = (planned_scores({"a": count}, 1, {"m": half_won(40)})[0].width or 0 for count in (100, 400))
    assert few == pytest.approx(2 * many, rel=0.03)


def test_repetitions_shrink_what_is_noise_and_nothing_else() -> None:
    rng = random.Random(3)
    noisy: Repetitions = {"a": {str(i): {k: rng.choice([WON, LOST]) for k in range(2)} for i in range(400)}}
    widths = [planned_scores({"a": 400}, count, {"m": noisy})[0].width or 0 for count in (1, 2, 8)]
    assert widths[1] == pytest.approx(widths[0] / 2**0.5, rel=0.06) and widths[2] < 0.45 * widths[0]
    steady = [planned_scores({"a": 400}, count, {"m": half_won(400, 2)})[0].width for count in (1, 2, 8)]
    assert len(set(steady)) == 1
    once = [planned_scores({"a": 400}, count, {"m": half_won(400)})[0].width for count in (1, 8)]
    assert len(set(once)) == 1, "without repetitions nothing is known of noise"


def test_a_game_that_was_never_finished_is_taken_at_its_worst_and_has_no_clemscore() -> None:
    rows = planned_scores({"a": 50, "b": 50}, 1, {"m": half_won(40)})
    assert unknown_games({"a": 50, "b": 50}, {"m": half_won(40)}) == ["b"]
    assert rows[1].width == pytest.approx(planned_scores({"b": 50}, 1)[0].width or 0)
    assert {row.score for row in rows} == {"worth"}
