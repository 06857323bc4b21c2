"""Mixes of games: their proportions, instances and options."""

from __future__ import annotations

from collections import Counter

import pytest

from clemsim.errors import BadInstance, UsageError
from clemsim.runtime.agent import Cast
from clemsim.stress.plan.mix import make_mix, parse_mix, parse_options
from tests.games import Scripted

CAST = Cast.of(Scripted(lambda view: "yes"))


def test_games_come_in_proportion_to_their_weights_at_any_time() -> None:
    mix = make_mix(parse_mix("taboo=2,wordle=1,talk=1"), {}, "paper", CAST, 0)
    names = [mix.next().arena.name for _ in range(40)]
    assert Counter(names) == {"taboo": 20, "wordle": 10, "talk": 10}
    assert Counter(names[:8]) == {"taboo": 4, "wordle": 2, "talk": 2}


def test_no_episode_comes_twice_and_a_seed_decides_their_order() -> None:
    def deal(seed: int) -> list[object]:
        mix = make_mix({"taboo": 1}, {}, "quick", CAST, seed)
        return [mix.next().key for _ in range(60)]

    first = deal(1)
    assert len(set(first)) == 60 and first == deal(1) != deal(2)
    instances = [key.instance for key in first]  # type: ignore[attr-defined]
    size = len(set(instances))
    assert sorted(instances[:size]) == sorted(set(instances))


def test_options_change_instances() -> None:
    mix = make_mix({"talk": 1}, parse_options(["talk.turns=8", "talk.words=3"]), "paper", CAST, 0)
    conversation = mix.next()
    assert (conversation.instance.turns, conversation.instance.words) == (8, 3)  # type: ignore[attr-defined]
    assert conversation.drive().pending[0].asked.content.count("word") == 3


@pytest.mark.parametrize(
    ("mix", "options", "why"),
    [
        ("taboo=0", [], "weight above 0"),
        ("taboo=x", [], "weight above 0"),
        ("", [], "name a game"),
        ("chess", [], "no arena"),
        ("talk", ["talk.turns"], "GAME.FIELD=VALUE"),
        ("talk", ["turns=3"], "GAME.FIELD=VALUE"),
        ("talk", ["taboo.rounds=3"], "not in the mix"),
        ("talk", ["talk.speed=3"], "choose one of seed, turns, words"),
        ("talk", ["talk.id=3"], "choose one of"),
        ("recall=inf", [], "weight above 0"),
    ],
)
def test_a_wrong_mix_or_option_gets_one_line(mix: str, options: list[str], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        make_mix(parse_mix(mix), parse_options(options), "paper", CAST, 0)


def test_a_value_that_does_not_fit_is_refused() -> None:
    with pytest.raises(BadInstance, match="turns"):
        make_mix({"talk": 1}, {"talk": {"turns": "many"}}, "paper", CAST, 0)
