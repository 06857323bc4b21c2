"""Whether load changed the answers: paired tests, the verdict, and whole checks against simulated servers."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from clemsim.engines.simulated.faults import Faults
from clemsim.engines.simulated.machine import Spec
from clemsim.engines.simulated.server import SimulatedServer
from clemsim.game.events import Rejected, Replied
from clemsim.game.outcomes import Outcome
from clemsim.results.paired_tests import mcnemar, mean_interval, resampled_interval, sign_flip, significant, wilson
from clemsim.stress.games.recall import Clerk
from clemsim.stress.load.answer_check import check_answers
from clemsim.stress.measure.verdict import AnswerVerdict, PlayedEpisode, first_difference, judge
from clemsim.stress.plan.guardrails import Budget
from tests.stress.servers import short_plan

SPEC = Spec(model="fake", first_token=0.002, interval=0.0, prefill=1e9)
TURNS = {"recall": {"turns": "3"}}


def test_mcnemar_is_the_exact_binomial() -> None:
    assert mcnemar(0, 0) == mcnemar(3, 3) == 1.0
    assert mcnemar(0, 10) == mcnemar(10, 0) == pytest.approx(2 / 1024)
    assert mcnemar(1, 9) == pytest.approx(22 / 1024)


def test_sign_flip_finds_what_goes_one_way() -> None:
    assert sign_flip([]) == sign_flip([0, 0]) == 1.0
    assert sign_flip([1.0] * 20) < 0.001 and sign_flip([1.0, -1.0] * 10) == 1.0
    assert sign_flip([5.0] * 5) == pytest.approx(2 / 32, abs=0.01)


def test_intervals_of_means_and_shares() -> None:
    low, high = mean_interval([1.0, -1.0] * 50, 1.0)
    assert -0.25 < low < 0 < high < 0.25
    low, high = mean_interval([0.0] * 100, 100.0)
    assert low == -high and 3 < high < 4
    assert wilson(100, 100) == pytest.approx((0.963, 1.0), abs=0.001)


def test_the_resampled_interval_has_its_ends_by_rank() -> None:
    assert resampled_interval(float(number) for number in reversed(range(400))) == (10.0, 389.0)
    assert resampled_interval([float(number) for number in range(2000)]) == (50.0, 1949.0)


def test_holm_takes_the_least_first() -> None:
    assert significant({"a": 0.0003, "b": 0.0004, "c": 0.5}, 0.001) == {"a", "b"}
    assert significant({"a": 0.0004, "b": 0.0004, "c": 0.5}, 0.001) == set()


def played(quality: float | None, *texts: str, violations: int = 0) -> PlayedEpisode:
    """Return an episode of this quality (None: aborted) with these replies."""
    outcome = (
        Outcome.aborted("x", blame="a")
        if quality is None
        else Outcome("success" if quality == 100 else "failure", quality=quality)
    )
    replies = tuple(Replied(turn, "a", text) for turn, text in enumerate(texts, 1))
    return PlayedEpisode(outcome, replies, violations)


def test_transcripts_part_where_a_reply_first_differs() -> None:
    assert first_difference((played(100, "a", "b"), played(100, "a", "b"))) is None
    assert first_difference((played(100, "a", "b"), played(100, "a", "c"))) == 2
    assert first_difference((played(100, "a", "b"), played(100, "a"))) == 2


def test_violations_are_counted_from_the_transcript() -> None:
    events = [Replied(1, "a", "x"), Rejected(1, "no"), Rejected(2, "useless", violation=False)]
    assert PlayedEpisode.of(events, Outcome.success()).violations == 1


def test_texts_that_part_accuse_no_server() -> None:
    pairs = [(played(100, f"a{number}"), played(100, f"b{number}")) for number in range(100)]
    verdict = judge(pairs, 64, 0)
    assert verdict.changed is False and verdict.same_transcripts == 0 and verdict.first_difference == {1: 100}
    assert "no sign" in verdict.verdict and verdict.measures["played"].interval[0] < 0


def test_answers_that_get_worse_accuse_the_server() -> None:
    pairs = [
        (played(100, "a"), played(None if number % 3 == 0 else 100, "a", violations=number % 3 == 0)) for number in range(60)
    ]
    verdict = judge(pairs, 64, 2)
    assert verdict.changed and {"played", "violations"} <= set(verdict.guilty)
    assert "load changed the answers" in verdict.verdict and "%Played 100 -> 66.67" in verdict.verdict
    assert verdict.unfinished == 2


def test_what_never_happened_could_have_in_a_few_pairs() -> None:
    verdict = judge([(played(None, "a"), played(None, "a"))] * 30, 64, 0)
    assert verdict.measures["played"].interval == pytest.approx((-11.35, 11.35), abs=0.01)
    assert "quality" not in verdict.measures


def test_without_pairs_nothing_is_said() -> None:
    verdict = judge([], 8, 5)
    assert verdict.changed is None and "nothing can be said" in verdict.verdict


def test_a_sound_server_that_draws_anew_is_hardly_ever_accused() -> None:
    dice = random.Random(5)

    def draw() -> PlayedEpisode:
        right = sum(dice.random() < 0.8 for _ in range(6))
        return played(None, "x", violations=1) if dice.random() < 0.1 else played(100 * right / 6, "x")

    assert not any(judge([(draw(), draw()) for _ in range(40)], 32, 0).changed for _ in range(20))


async def checked(server: SimulatedServer, *, stop: bool = False, **plan: Any) -> AnswerVerdict:
    """Check the answers of a server, which is stopped soon if `stop`."""
    stopped = asyncio.Event()
    if stop:
        asyncio.get_running_loop().call_later(0.2, stopped.set)
    async with server.serving():
        usual: dict[str, Any] = {
            "mix": {"recall": 1.0},
            "forced_length": False,
            "max_tokens": 20,
            "check": 16,
            "episodes": 40,
            "options": TURNS,
        }
        return await check_answers(
            short_plan(server.url, **(usual | plan)), Budget(20_000, 60.0), lambda text: None, stopped
        )


async def test_a_server_with_other_answers_under_load_is_caught_and_a_sound_one_is_not() -> None:
    other = await checked(SimulatedServer(SPEC, Clerk(0.9), faults=Faults(other=2)))
    assert other.changed and other.pairs == 40 and other.same_transcripts is not None and other.same_transcripts < 0.5
    sound = await checked(SimulatedServer(SPEC, Clerk(0.9, noise=0.2, seed=1)))
    assert sound.changed is False and sound.same_transcripts and 0 < sound.same_transcripts < 1
    exact = await checked(SimulatedServer(SPEC, Clerk(0.9)))
    assert exact.changed is False and exact.same_transcripts == 1 and exact.first_difference == {}


async def test_faults_are_no_answers() -> None:
    verdict = await checked(SimulatedServer(SPEC, Clerk(0.9), faults=Faults(cut=0.02)), episodes=15)
    assert verdict.changed is False and verdict.pairs + verdict.unfinished == 15 and verdict.same_transcripts == 1


async def test_a_check_that_was_stopped_is_judged_by_what_was_played() -> None:
    slow = Spec(model="fake", first_token=0.02, interval=0.0, prefill=1e9)
    verdict = await checked(SimulatedServer(slow, Clerk()), stop=True)
    assert verdict.stopped == "stopped" and verdict.unfinished > 0
