"""Whether load changed the answers: paired tests, the verdict, and whole checks against simulated servers."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import pytest

from clemsim.engines.simulated.faults import Faults
from clemsim.engines.simulated.machine import Spec
from clemsim.engines.simulated.server import SimulatedServer
from clemsim.game.events import Rejected, Replied
from clemsim.game.instances import EpisodeKey
from clemsim.game.outcomes import Outcome
from clemsim.results.clusters import Cluster
from clemsim.results.differences import difference
from clemsim.results.holm import significant
from clemsim.stress.games.recall import Clerk
from clemsim.stress.load.answer_check import check_answers
from clemsim.stress.measure.paired_measures import Pair, PlayedEpisode
from clemsim.stress.measure.resampling import resampled_interval
from clemsim.stress.measure.verdict import AnswerVerdict, first_difference, judge
from clemsim.stress.plan.guardrails import Budget
from tests.stress.servers import short_plan

SPEC = Spec(model="fake", first_token=0.002, interval=0.0, prefill=1e9)
TURNS = {"recall": {"turns": "3"}}


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


def numbered(pairs: Sequence[Pair], game: str = "recall") -> dict[EpisodeKey, Pair]:
    """Return the pairs, each of an instance of its own."""
    return {EpisodeKey(game, str(number), 0, "fake"): pair for number, pair in enumerate(pairs)}


def test_texts_that_part_accuse_no_server() -> None:
    pairs = [(played(100, f"a{number}"), played(100, f"b{number}")) for number in range(100)]
    verdict = judge(numbered(pairs), 64, 0)
    assert verdict.changed is False and verdict.same_transcripts == 0 and verdict.first_difference == {1: 100}
    assert "it is not shown that load changed" in verdict.verdict
    low, high = verdict.measures["played"].interval or (1.0, -1.0)
    assert low < 0 < high


def test_answers_that_get_worse_accuse_the_server() -> None:
    pairs = [
        (played(100, "a"), played(None if number % 3 == 0 else 100, "a", violations=number % 3 == 0)) for number in range(60)
    ]
    verdict = judge(numbered(pairs), 64, 2)
    assert verdict.changed and {"played", "broken"} <= set(verdict.guilty)
    assert "load changed the answers" in verdict.verdict and "%Played 100 -> 66.67" in verdict.verdict
    assert verdict.unfinished == 2 and verdict.measures["played"].lost == 20


def test_the_measures_are_those_of_every_other_comparison() -> None:
    dice = random.Random(3)
    pairs = {
        EpisodeKey(game, str(number), repetition, "fake"): (drawn(dice, 0.8), drawn(dice, 0.6))
        for game, count in (("recall", 25), ("talk", 4))
        for number in range(count)
        for repetition in range(2)
    }
    alone, loaded = (
        {
            game: {
                name: Cluster.of([pair[side].outcome for key, pair in pairs.items() if key[:2] == (game, name)])
                for name in {key.instance for key in pairs if key.arena == game}
            }
            for game in ("recall", "talk")
        }
        for side in (0, 1)
    )
    measures = judge(pairs, 64, 0).measures
    for score in ("played", "quality"):
        found = difference(loaded, alone, score)
        assert (measures[score].interval, measures[score].p) == (found.interval, found.p)


@pytest.mark.parametrize("skill", [0.95, 0.7, 0.55, 0.5])
def test_the_joint_interval_leaves_0_out_exactly_where_a_measure_is_guilty(skill: float) -> None:
    dice = random.Random(11)
    verdict = judge(numbered([(drawn(dice, 0.95), drawn(dice, skill)) for _ in range(60)]), 64, 0)
    assert verdict.changed == bool(verdict.guilty)
    for name, measure in verdict.measures.items():
        low, high = measure.joint or (0.0, 0.0)
        assert (low > 0 or high < 0) == (name in verdict.guilty)


def test_what_is_undecided_says_what_would_have_been_seen_or_is_equivalent() -> None:
    few = judge(numbered([(played(100, "a"), played(100, "a"))] * 30), 64, 0)
    assert "a true change of" in few.verdict and few.measures["played"].equivalent is False
    many = judge(numbered([(played(100, "a"), played(100, "a"))] * 800), 64, 0)
    assert many.measures["played"].equivalent and "equivalent within 3 points" in many.verdict and not many.changed


def test_what_never_happened_could_have_in_a_few_pairs() -> None:
    measures = judge(numbered([(played(None, "a"), played(None, "a"))] * 30), 64, 0).measures
    low, high = measures["played"].interval or (0.0, 0.0)
    assert low == pytest.approx(-high) and 5 < high < 15
    assert "quality" not in measures


def test_of_a_handful_of_instances_nothing_is_said() -> None:
    verdict = judge(numbered([(played(100, "a"), played(None, "a"))] * 4), 64, 0)
    assert verdict.changed is None and "too few instances" in verdict.verdict
    assert verdict.measures["played"].interval is None


def test_without_pairs_nothing_is_said() -> None:
    verdict = judge({}, 8, 5)
    assert verdict.changed is None and "nothing can be said" in verdict.verdict


def drawn(dice: random.Random, skill: float) -> PlayedEpisode:
    """Return an episode of six questions, one in ten of which breaks off."""
    right = sum(dice.random() < skill for _ in range(6))
    return played(None, "x", violations=1) if dice.random() < 0.1 else played(100 * right / 6, "x")


def test_a_sound_server_that_draws_anew_is_hardly_ever_accused() -> None:
    dice = random.Random(5)
    pairs = [[(drawn(dice, 0.8), drawn(dice, 0.8)) for _ in range(40)] for _ in range(20)]
    assert not any(judge(numbered(own), 32, 0).changed for own in pairs)


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
