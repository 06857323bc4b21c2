"""The rules of hot_air_balloon, one by one."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from clemsim_agents.scripted import make_baseline
from clemsim_arenas.hot_air_balloon.cargo import Cargo, best_set
from clemsim_arenas.hot_air_balloon.clembench import HotAirBalloonPort
from clemsim_arenas.hot_air_balloon.game import TURNS, HotAirBalloon
from clemsim_arenas.hot_air_balloon.gamelog import HotAirBalloonLog
from clemsim_arenas.hot_air_balloon.generate import generate
from clemsim_arenas.hot_air_balloon.message import TAGS, read_offer

from clemsim import Invalid
from clemsim.catalog.generators import GeneratorOptions
from clemsim.catalog.kinds import AgentOptions
from clemsim.errors import BadInstance
from clemsim.game.seeds import dice
from clemsim.game.transcript import Transcript
from clemsim.testing import drive

ARENA = HotAirBalloon()
WEIGHTS = {"A": 30, "B": 50, "C": 40}
VALUES = ({"A": 10, "B": 60, "C": 20}, {"A": 60, "B": 10, "C": 20})
CARGO = Cargo(weights=WEIGHTS, values=VALUES, limit=80, mode="inverse", best=(70, 80), best_harmonic=90, reasoning=False)
EMPTY = "ARGUMENT: {hm}"
AB, AC, ALL = "{'A', 'B'}", "{'A', 'C'}", "{'A', 'B', 'C'}"


def play(*replies: str, **fields: Any) -> Transcript[Cargo]:
    return drive(ARENA, CARGO.model_copy(update=fields), replies)  # type: ignore[return-value]


def ended(*replies: str, **fields: Any) -> tuple[str, str | None, str]:
    outcome = play(*replies, **fields).outcome
    assert outcome is not None
    return outcome.kind, outcome.blame, outcome.reason


def say(*parts: str) -> str:
    return "\n".join([EMPTY, *parts])


def propose(names: str) -> str:
    return say(f"PROPOSAL: {names}")


def agree(names: str) -> str:
    return say(f"AGREE: {names}")


def refuse(names: str) -> str:
    return say(f"REFUSE: {names}")


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        ("PROPOSAL: {'A'}", "no argument"),
        (say("DISAGREE: {'A'}"), "untagged"),
        (say("PROPOSAL : {'A'}"), "untagged"),
        ("ARGUMENT: {a {b {c}}}", "no argument"),
        (say("PROPOSAL: {A}"), "no set"),
        (say("PROPOSAL: {‘A’}"), "no set"),
        (say("PROPOSAL: {}"), "no set"),
        (say("PROPOSAL: {'A': 1}"), "no set"),
        (say("PROPOSAL: {['A']}"), "no set"),
        (say("PROPOSAL: {0x" + "f" * 9000 + "}"), "no set"),
        (say("PROPOSAL: {" + "'A'," * 3000 + "}"), "no set"),
    ],
)
def test_what_does_not_read(reply: str, fault: str) -> None:
    with pytest.raises(Invalid, match=fault):
        read_offer(reply, TAGS["en"], reasoning=False, arguing=True)


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        (EMPTY, "no reasoning"),
        ("STRATEGIC REASONING: {ARGUMENT: {x}}", "only reasoning"),
        ("STRATEGIC REASONING: {x} STRATEGIC REASONING: {x} ARGUMENT: {x}", "untagged"),
    ],
)
def test_what_does_not_read_with_reasoning(reply: str, fault: str) -> None:
    with pytest.raises(Invalid, match=fault):
        read_offer(reply, TAGS["en"], reasoning=True, arguing=True)


def test_what_is_a_message() -> None:
    read = read_offer(
        "  STRATEGIC REASONING:\n{maybe AGREE: {'B'}} " + say(r"REFUSE: {'\d', 1,}", "PROPOSAL: {'A',\n'B'}"),
        TAGS["en"],
        reasoning=True,
        arguing=True,
    )
    assert (read.agreed, read.refused, read.proposed) == ((("B",),), (("\x001", "\\d"),), ())
    assert read.said == say(r"REFUSE: {'\d', 1,}", "PROPOSAL: {'A',\n'B'}")


def test_tags_are_those_of_the_language() -> None:
    for language, tags in TAGS.items():
        outcome = ended(*(f"{tags.argue}: {{x}}\n{tag}: {{'A'}}" for tag in (tags.propose, tags.agree)), language=language)
        assert outcome[0] == "success"


def test_a_deal_is_worth_what_it_is_worth_to_both() -> None:
    played = play(propose(AB), agree(AB))
    assert played.outcome and played.outcome.by_seat == {"first": 100, "second": 87.5}
    assert ARENA.metrics(played)["Main Score"] == pytest.approx(2 * 100 * 87.5 / 187.5 / 90 * 100)
    assert played.outcome.quality == 100  # above it only where the best harmonic mean is too low
    equal = play(propose(AC), agree(AC), mode="equal", values=(VALUES[0], VALUES[0]), best=(70, 70))
    assert ARENA.metrics(equal)["Main Score"] == pytest.approx(30 / 70 * 100)
    heavy = play(propose(ALL), agree(ALL))
    assert heavy.outcome and (heavy.outcome.kind, heavy.outcome.quality) == ("success", 0)


def test_patience_is_for_the_whole_game_and_for_all_faults() -> None:
    assert ended(propose("{'A'}"), "hm", EMPTY, EMPTY, agree(AB), EMPTY, EMPTY, "hm")[:2] == ("aborted", "second")
    assert ended("hm", "hm", EMPTY, EMPTY, propose("{'D'}")) == ("failure", "first", "no item")
    played = play("hm", "hm", "hm")
    counts = ("Request Count", "Violated Request Count", "Violations Player 1", "Total Violations")
    assert [ARENA.scores(played)[0][name] for name in counts] == [3, 1, 1, 1]
    assert [counts["Request Count"] for counts in ARENA.rounds(played)] == [1, 1, 1]


def test_a_double_fault_passes_the_turn() -> None:
    double = say("AGREE: {'A'}", "AGREE: {'B'}")
    played = play(propose(AB), double, EMPTY, agree(AB))
    assert [turn.seat for turn in played.turns] == ["first", "second", "first", "second"]
    assert played.turns[2].asked.content == double and played.outcome and played.outcome.kind == "success"
    assert ended(propose(AB), "x", double)[:2] == ("failure", "second")


def test_the_ninth_message_without_a_proposal_loses_even_if_it_agrees() -> None:
    assert ended(propose(AB), *[EMPTY] * 9)[2] == "too many messages without a proposal"
    assert ended(propose(AB), *[EMPTY] * 8, agree(AB))[0] == "failure"
    assert ended(propose(AB), *[EMPTY] * 6, agree(AB))[0] == "success"


def test_refusing_twice_and_agreeing_to_what_is_refused_lose() -> None:
    assert ended(propose(AB), say(f"REFUSE: {AB}", f"REFUSE: {AB}"))[0] == "failure"
    assert ended(propose(AB), say(f"REFUSE: {AB}", f"AGREE: {AB}"))[0] == "failure"
    twice = say(f"PROPOSAL: {AB}", f"PROPOSAL: {AB}")
    assert ended(twice, say(f"REFUSE: {AB}", f"REFUSE: {AB}"), *[EMPTY] * 8)[2] == "too many messages without a proposal"


def test_one_agrees_to_open_proposals_of_the_other_alone() -> None:
    assert ended(propose(AB), EMPTY, *[agree(AB)] * 3)[2] == "agreed not open"
    assert ended(propose(AB), refuse(AB), EMPTY, *[agree(AB)] * 3)[2] == "agreed not open"
    assert ended(propose(AB), *[refuse(AC)] * 3)[2] == "refused not open"


def test_a_game_without_end_is_lost() -> None:
    assert ended(*[propose(AB)] * TURNS)[2] == f"no deal in {TURNS} turns"


def test_hostile_braces_take_no_time() -> None:
    for reply in ("AGREE:{" * 20_000, "AGREE:{\n" * 20_000, "ARGUMENT: {" * 10_000, EMPTY + "{x}" * 30_000):
        with pytest.raises(Invalid):
            read_offer(reply, TAGS["en"], reasoning=False, arguing=True)


@pytest.mark.parametrize(
    ("change", "text"),
    [({"best": (0, 1)}, "the best sets are worth nothing"), ({"limit": 1, "values": ({}, {})}, "are not of the same items")],
)
def test_a_cargo_that_is_none(change: dict[str, Any], text: str) -> None:
    with pytest.raises(BadInstance, match=text):
        ARENA.load({**CARGO.model_dump(), **change})


def test_the_best_set_is_the_best() -> None:
    rng = dice("test")
    for _ in range(20):
        weights = {str(number): rng.randint(1, 30) for number in range(9)}
        values = {item: rng.randint(1, 30) for item in weights}
        sets = [[item for item, take in zip(weights, taken, strict=True) if take] for taken in product((0, 1), repeat=9)]
        fits = [chosen for chosen in sets if sum(weights[item] for item in chosen) <= 70]
        most = max(sum(values[item] for item in chosen) for chosen in fits)
        assert sum(values[item] for item in best_set(values, weights, 70)) == most


def test_a_cargo_comes_back_from_clembench_as_it_was() -> None:
    told = HotAirBalloonLog().instance(ARENA, CARGO)
    again = HotAirBalloonPort().instance({}, told, {})
    assert ARENA.load(again).model_copy(update={"texts": {}}) == CARGO
    assert drive(ARENA, ARENA.load(again), [propose(AB), agree(AB)]).events == play(propose(AB), agree(AB)).events
    with pytest.raises(ValueError, match="the tags are of no language"):
        HotAirBalloonPort().instance({}, {**told, "agree_tag": "(a+)+"}, {})
    with pytest.raises(ValueError, match="only_individual"):
        HotAirBalloonPort().instance({}, {**told, "only_individual": True}, {})


@pytest.mark.parametrize("language", ["de", "it"])
async def test_the_baseline_plays_in_every_language(language: str) -> None:
    results = await ARENA.run(generate(GeneratorOptions(1, 1, language)), make_baseline("", AgentOptions()))
    assert all(result.outcome and result.outcome.kind == "success" for result in results)


def test_every_language_has_all_texts() -> None:
    names = [set(ARENA.wordings(CARGO.model_copy(update={"language": language}))) for language in TAGS]
    assert names[0] == names[1] == names[2]
