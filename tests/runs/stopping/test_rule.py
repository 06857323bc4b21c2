"""Stopping rules: what they say, what they look at, and that the order in which episodes end is nothing to them."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from clemsim.errors import ArenaError, UsageError
from clemsim.game.instances import EpisodeKey
from clemsim.game.outcomes import Outcome
from clemsim.runs.stopping.rule import StoppingRule
from clemsim.runtime.episode import Episode
from clemsim.runtime.observer import ResultCollector
from clemsim.runtime.scheduler import Scheduler
from clemsim.testing import run_virtually
from tests.games import Guessing, Number, Scripted, guess_by_seed

INSTANCES = [Number(id=index, target=index % 10) for index in range(60)]


def agent(name: str) -> Scripted:
    found = Scripted(guess_by_seed)
    found.name = name
    return found


def episodes(*casts: str, repetitions: int = 1) -> list[Episode]:
    return [each for name in casts for each in Guessing().episodes(INSTANCES, agent(name), repetitions=repetitions)]


def outcomes(some: Sequence[Episode]) -> dict[EpisodeKey, Outcome]:
    """`good` wins most, `bad` seldom, `mute` never says anything that counts."""
    rng = Random(1)
    won = {"good": 0.8, "bad": 0.2, "mute": 0.0}
    return {
        each.key: Outcome.aborted("", blame="guesser")
        if each.key.cast == "mute"
        else Outcome.success(50.0)
        if rng.random() < won[each.key.cast]
        else Outcome.failure("")
        for each in some
    }


def asked(text: str, some: Sequence[Episode], order: Sequence[Episode] | None = None) -> StoppingRule:
    rule = StoppingRule(text, some, seed=3)
    ended = outcomes(some)
    for episode in order or some:
        rule.take(episode.key, ended[episode.key])
    return rule


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("good > bad", "yes"),
        ("bad>good", "no"),
        ("bad < good", "yes"),
        ("good > mute", "yes"),
        ("|good - bad| < 5", "no"),
        ("|bad-mute|<60", "yes"),
    ],
)
def test_who_is_better(text: str, answer: str) -> None:
    rule = asked(text, episodes("good", "bad", "mute"))
    assert rule.answer == answer
    found = rule.describe()
    assert 5 < found.looked_at < 60 == found.instances and found.answer == answer
    assert f"{answer} after {found.looked_at} of 60 instances (difference in worth " in found.text


def test_the_answer_names_the_quantity_that_is_bounded() -> None:
    """One has 50 always; the other 90 in one game, and 60 in a sixth of the other: worth 50, clemscore 43.75."""
    some = [
        Episode(EpisodeKey(arena, f"default/{number}", 0, cast), each.instance, each.cast, each.drive)
        for cast in ("even", "odd")
        for arena in ("one", "other")
        for number in range(60)
        for each in episodes("good")[:1]
    ]
    rule = StoppingRule("even > odd", some, seed=0)
    for episode in some:
        quality = 50.0 if episode.key.cast == "even" else 90.0 if episode.key.arena == "one" else 60.0
        aborted = quality == 60 and int(episode.key.instance.rpartition("/")[2]) % 6
        rule.take(episode.key, Outcome.aborted("", blame="one") if aborted else Outcome.success(quality))
    found = rule.describe()
    assert found.answer is None and found.quantity == "difference in worth" and found.agents == ("even", "odd")
    low, high = found.intervals["difference"]
    assert low < 0 < high


def test_a_block_has_a_part_of_each_game() -> None:
    some = [
        Episode(EpisodeKey(arena, f"default/{number}", 0, "good"), Number(id=number), each.cast, each.drive)
        for arena, count in (("long", 25), ("short", 10))
        for number in range(count)
        for each in episodes("good")[:1]
    ]
    rule, seen = StoppingRule("ci(worth) < 1", some, seed=3), []
    for episode in rule.sorted(some):
        rule.take(episode.key, Outcome.success(50.0))
        seen.append(rule.describe().looked_at)
    steps = [after for before, after in zip([0, *seen], seen, strict=False) if after > before]
    assert len(steps) == 10 and steps[-1] == 35
    assert {after - before for before, after in zip([0, *steps], steps, strict=False)} == {3, 4}


@pytest.mark.parametrize("repetitions", [1, 2])
def test_the_quality_of_several_games_with_and_without_repetitions(repetitions: int) -> None:
    some = episodes("good", repetitions=repetitions)
    both = [*some, *(Episode(each.key._replace(arena="other"), each.instance, each.cast, each.drive) for each in some)]
    rule = StoppingRule("ci(quality) < 1", both, seed=0)
    for episode in both:
        even = int(episode.key.instance.rpartition("/")[2]) % 2
        rule.take(episode.key, Outcome.success(75.0) if even else Outcome.aborted("", blame="one"))
    low, high = rule.describe().intervals["good"]
    assert 50 < low < 75 < high < 100


def test_equals_are_not_told_apart() -> None:
    some = episodes("mute", "good")
    rule = StoppingRule("mute > good", some, seed=3)
    for episode in some:
        rule.take(episode.key, Outcome.success(50.0))
    assert rule.answer == "" and rule.describe().answer is None
    assert "not answered after 60 of 60" in rule.describe().text


def test_the_order_in_which_episodes_end_changes_nothing() -> None:
    some = episodes("good", "bad", repetitions=2)
    reference = asked("good > bad", some).describe()
    for seed in range(5):
        order = Random(seed).sample(some, len(some))
        assert asked("good > bad", some, order).describe() == reference


def test_only_whole_instances_at_the_beginning_are_looked_at() -> None:
    some = episodes("good", "bad")
    rule = StoppingRule("good > bad", some, seed=3)
    ended = outcomes(some)
    first, *others = rule.sorted(some)
    for episode in others:
        rule.take(episode.key, ended[episode.key])
    assert rule.describe().looked_at == 0 and rule.describe().answer is None
    rule.take(first.key, ended[first.key])
    assert rule.describe().answer == "yes"


def test_the_seed_decides_the_order_and_games_are_mixed() -> None:
    def order(seed: int) -> list[str]:
        some = [
            Episode(EpisodeKey(arena, f"default/{number}", 0, "good"), Number(id=number), each.cast, each.drive)
            for arena, count in (("long", 40), ("short", 10))
            for number in range(count)
            for each in episodes("good")[:1]
        ]
        return [each.key.label for each in StoppingRule("ci(played) < 5", some, seed).sorted(some)]

    assert order(1) == order(1) != order(2)
    assert [sum(label.startswith("short") for label in order(1)[at : at + 10]) for at in (0, 10, 20, 30, 40)] == [2] * 5


@pytest.mark.parametrize(
    ("text", "casts", "stops"),
    [
        ("ci(played) < 30", ("good",), True),
        ("ci(clemscore) < 30", ("good",), True),
        ("ci(clemscore) < 5", ("good",), False),
        ("ci( quality , guessing )<40", ("good", "bad"), True),
        ("ci(quality) < 99", ("good", "mute"), False),
    ],
)
def test_how_narrow(text: str, casts: tuple[str, ...], stops: bool) -> None:
    rule = asked(text, episodes(*casts))
    assert bool(rule.answer) is stops
    assert set(rule.describe().intervals) == set(casts)


def test_the_interval_of_several_games_holds_the_clemscore() -> None:
    some = episodes("good")
    both = [*some, *(Episode(each.key._replace(arena="other"), each.instance, each.cast, each.drive) for each in some)]
    rule = StoppingRule("ci(clemscore) < 1", both, seed=0)
    for episode in both:
        rule.take(episode.key, Outcome.success(80.0) if episode.key.arena == "other" else Outcome.failure(""))
    low, high = rule.describe().intervals["good"]
    assert 20 < low < 40 < high < 60


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("good", "give 'A > B'"),
        ("good > best", "no agent is called 'best': name two of good, bad"),
        ("good > good", "good cannot be compared with itself"),
        ("ci(score) < 2", "there is no 'score': choose one of clemscore, worth, played, quality"),
        ("ci(quality, chess) < 2", "the run does not play 'chess'"),
        ("ci(quality) < 0", "0 is no width"),
        ("|good - bad| < 200", "200 is no margin"),
        ("|good - best| < 5", "no agent is called 'best'"),
        ("|good - good| < 5", "good cannot be compared with itself"),
        ("ci(quality) < 1.2.3", "1.2.3 is no width"),
    ],
)
def test_what_is_no_rule(rule: str, expected: str) -> None:
    with pytest.raises(UsageError, match=expected):
        StoppingRule(rule, episodes("good", "bad"), seed=0)


def test_a_quality_out_of_bounds_is_the_games_fault() -> None:
    some = episodes("good")
    rule = StoppingRule("ci(clemscore) < 2", some, seed=0)
    with pytest.raises(ArenaError, match="quality of 150"):
        rule.take(rule.sorted(some)[0].key, Outcome.success(150.0))


def test_episodes_begin_in_order_and_finish_begins_no_more() -> None:
    class Counting(ResultCollector):
        def __init__(self) -> None:
            super().__init__()
            self.begun: list[EpisodeKey] = []

        def started(self, key: EpisodeKey) -> None:
            self.begun.append(key)
            if len(self.begun) == 20:
                scheduler.finish()

    slow = Scripted(guess_by_seed, lambda view: (view.seed % 100) / 1000)
    some = Random(1).sample(Guessing().episodes(INSTANCES, slow), 60)
    counting = Counting()
    scheduler = Scheduler(counting, width=4, in_order=True)
    run_virtually(scheduler.play(some))
    assert counting.begun == [each.key for each in some[:20]]
    assert len(counting.results) == 20 and all(each.outcome for each in counting.results.values())
    assert scheduler.take_waiting() == [each.key for each in some[20:]]
