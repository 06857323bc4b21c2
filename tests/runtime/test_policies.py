"""What the scheduler's policies are worth, on a simulated server and a virtual clock."""

from __future__ import annotations

import math
from itertools import pairwise
from random import Random

import pytest

from clemsim.arena import Arena
from clemsim.engines.simulated.answers import Body
from clemsim.engines.simulated.engine import SimulatedEngine
from clemsim.engines.simulated.machine import Spec
from clemsim.game.events import Replied
from clemsim.game.instances import EpisodeKey, Instance
from clemsim.runtime.agent import Cast
from clemsim.runtime.episode import Episode, Result
from clemsim.runtime.episode_queue import EpisodeQueue
from clemsim.runtime.estimates import EpisodeEstimates
from clemsim.runtime.scheduler import Scheduler
from clemsim.testing import drive, run_virtually
from tests.games import Poll, Scripted
from tests.talk import Talk, Topic, Watching, seat, talk, topics


def lognormal(body: Body) -> str:
    """A reply of 40 tokens at the median, sigma 1."""
    return "abc." * max(1, min(2000, round(Random(body["seed"]).lognormvariate(math.log(40), 1.0))))


def even(body: Body) -> str:
    """A reply of 40 tokens."""
    return "abc." * 40


def ideal(engine: SimulatedEngine) -> float:
    """Seconds that a server of this capacity needs for what it did, were it never idle."""
    spec, done = engine.machine.spec, engine.machine.counters
    return ((done.generated - done.finished) * spec.interval + done.finished * spec.first_token) / spec.seats


@pytest.mark.parametrize(("answer", "most"), [(even, 1.03), (lognormal, 1.15)])
def test_a_server_of_limited_capacity_is_kept_busy_to_the_end(answer: object, most: float) -> None:
    spec = Spec(seats=32, first_token=0.02, interval=0.02, prefill=1e9, blocks=10**6)
    engine = SimulatedEngine(spec, answer)  # type: ignore[arg-type]
    _, seconds = talk(seat(engine), topics(600, lambda number: 3 + number % 5))
    assert seconds <= most * ideal(engine)


def small(blocks: int) -> SimulatedEngine:
    spec = Spec(seats=32, first_token=0.01, interval=0.01, prefill=20_000, blocks=blocks)
    return SimulatedEngine(spec, even)


def test_started_episodes_fit_the_memory() -> None:
    """128 conversations of 1,900 tokens at the end, and room for half of them."""
    some = topics(128, lambda number: 8, words=150)
    ours, worst = small(7600), small(7600)
    _, seconds = talk(seat(ours), some)
    _, breadth_first = talk(seat(worst), some, 4096, admission=False, depth_first=False)
    assert breadth_first > 1.5 * seconds
    assert ours.machine.counters.hits > 2 * worst.machine.counters.hits


def test_preempted_requests_narrow_the_width() -> None:
    engine = small(700)
    watching, _ = talk(seat(engine), topics(60, lambda number: 8, words=150))
    assert all(result.outcome for result in watching.results.values())
    assert "preemptions" in [each.why for each in watching.history]
    assert watching.history[-1].width <= 12


def test_the_history_says_what_the_server_said() -> None:
    watching, _ = talk(seat(small(7600)), topics(64, lambda number: 6))
    first, *others = watching.history
    assert first.why == "start" and first.width == 64 and first.load is None
    assert any(each.load and each.load.running > 0 and each.tokens_per_second for each in others)


def test_a_width_that_was_given_is_kept() -> None:
    watching, _ = talk(seat(small(10**5)), topics(64, lambda number: 6), 5)
    assert {each.width for each in watching.history} == {5}
    assert max(each.in_flight for each in watching.history) == 5


class Other(Talk):
    """Another arena."""

    name = "other"


def test_at_the_end_those_that_last_longest_begin_first() -> None:
    short, long = topics(60, lambda number: 2), topics(12, lambda number: 9)
    expecting = EpisodeEstimates()
    waiting = EpisodeQueue(episodes(Talk(), short) + episodes(Other(), long), expecting)
    for group, turns in ((("talk", "2 turns"), 2), (("other", "9 turns"), 9)):
        expecting.learn(group, turns, 0)
    assert [waiting.next(ending=True).key.arena for _ in range(14)] == ["other"] * 12 + ["talk"] * 2


def test_an_episode_is_as_long_as_the_longest_of_its_group_and_else_unknown() -> None:
    estimates = EpisodeEstimates()
    assert estimates.left("talk", 3) == math.inf
    for steps in (9, 4):
        estimates.learn("talk", steps, 0)
    assert [estimates.left("talk", steps) for steps in (0, 8, 9)] == [9, 1, math.inf]


class Ended(Watching):
    """Keeps how many episodes had begun whenever one ended."""

    def __init__(self) -> None:
        super().__init__()
        self.begun_at_ends: list[int] = []

    def finished(self, result: Result) -> None:
        """One more."""
        super().finished(result)
        self.begun_at_ends.append(len(self.begun))


def test_the_last_episodes_all_begin_though_nobody_reads_the_width() -> None:
    watching, agent = Ended(), Scripted(lambda view: "", lambda view: 0.1)
    some = Talk().episodes(topics(16, lambda number: 2 + number), agent)
    _, seconds = run_virtually(Scheduler(watching, 4).play(some))
    assert watching.begun_at_ends[1] == 16
    assert seconds == pytest.approx(0.1 * sum(range(2, 18)) / 4, rel=0.1)


def test_questions_that_are_asked_at_once_are_one_step() -> None:
    """A poll has six turns in three steps."""
    agent = Scripted(lambda view: "VOTE: x", lambda view: 0.1)
    (poll,) = Poll().episodes([Instance()], agent)
    transcript = drive(Poll(), Instance(), ["VOTE: x"] * 6)
    assert (poll.after(transcript.events).turns, poll.after(transcript.events).steps) == (6, 3)


def episodes(arena: Arena[Topic], some: list[Topic]) -> list[Episode]:
    return arena.episodes(some, Scripted(lambda view: ""))


def order(some: list[Episode]) -> list[EpisodeKey]:
    waiting = EpisodeQueue(some, EpisodeEstimates())
    return [waiting.next(ending=False).key for _ in range(len(waiting))]


def test_arenas_go_side_by_side_and_end_together() -> None:
    keys = order(episodes(Talk(), topics(90)) + episodes(Other(), topics(30)))
    for end in range(20, 121, 20):
        assert sum(key.arena == "other" for key in keys[:end]) == pytest.approx(end / 4, abs=1)


def test_experiments_stay_together_for_their_prompts_are_the_same() -> None:
    some = topics(60, lambda number: number % 3)
    experiments = [key.instance.split("/")[0] for key in order(episodes(Talk(), some))]
    assert sum(one != other for one, other in pairwise(experiments)) == 2


def test_half_played_episodes_go_first() -> None:
    cast, talk = Cast.of(Scripted(lambda view: "")), Talk()
    some = [
        Episode(EpisodeKey("talk", f"x/{n}", 0, ""), Topic(id=n), cast, talk.drive, [Replied(1, "", "")] * turns)  # type: ignore[arg-type]
        for n, turns in enumerate([0, 2, 0, 5])
    ]
    assert [key.instance for key in order(some)] == ["x/3", "x/1", "x/0", "x/2"]


@pytest.mark.parametrize(("prefill", "words"), [(1500, 150), (1500, 60), (3000, 150)])
def test_a_server_that_computes_prompts_in_long_steps_is_given_all_it_takes(prefill: float, words: int) -> None:
    """The first prompts take seconds, in which the page of metrics shows a few requests that run and many that wait."""
    spec = Spec(seats=64, first_token=0.01, interval=0.1, prefill=prefill, blocks=10**6)
    some = topics(200, lambda number: 4, words=words)
    (_, found), (_, fixed) = (talk(seat(SimulatedEngine(spec, even)), some, width) for width in (None, 64))
    assert found <= 1.01 * fixed
