"""The rules of dond, one by one."""

from __future__ import annotations

from typing import Any

import pytest
from clemsim_agents.scripted import make_baseline
from clemsim_arenas.dond.clembench import DealOrNoDealPort
from clemsim_arenas.dond.game import DealOrNoDeal
from clemsim_arenas.dond.gamelog import DealOrNoDealLog
from clemsim_arenas.dond.generate import generate, things
from clemsim_arenas.dond.goods import Goods
from clemsim_arenas.dond.reading import WORDS, bracketed, proposal
from clemsim_arenas.nouns.stems import stem

from clemsim import Invalid
from clemsim.catalog.generators import GeneratorOptions
from clemsim.catalog.kinds import AgentOptions
from clemsim.errors import BadInstance
from clemsim.game.transcript import Transcript
from clemsim.testing import drive

ARENA = DealOrNoDeal()
GOODS = Goods(mode="semi", one=("hat", "egg"), more=("hats", "eggs"), counts=(2, 1), values=((5, 0), (1, 8)), messages=2)


def play(*replies: str, **fields: Any) -> Transcript[Goods]:
    return drive(ARENA, GOODS.model_copy(update=fields), replies)  # type: ignore[return-value]


def ended(*replies: str, **fields: Any) -> tuple[str, str | None, str]:
    outcome = play(*replies, **fields).outcome
    assert outcome is not None
    return outcome.kind, outcome.blame, outcome.reason


@pytest.mark.parametrize(
    ("reply", "inside"),
    [("no", None), ("[a\n]", None), ("a] [b", None), ("x [a] [b]", "a"), ("[[a]]", "[a"), ("[\n[a]", "a"), ("[]", "")],
)
def test_what_stands_in_brackets(reply: str, inside: str | None) -> None:
    assert bracketed(reply) == inside


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("Proposal:", (0, 0)),
        (" PROPOSAL: 2 hats, 1 egg, ", (2, 1)),
        ("proposal: 1 eggs,2 hat", (2, 1)),
        ("proposal: 0 hats", (0, 0)),
        ("proposal: \u0662 hatted,01\u00a0egg", (2, 1)),
    ],
)
def test_what_is_a_proposal(text: str, counts: tuple[int, ...]) -> None:
    assert proposal(text, GOODS) == counts


@pytest.mark.parametrize(
    "listed",
    [
        *("2 hats", "proposal 2 hats", "proposal: 2x hats", "proposal: two hats", "proposal: -1 hat", "proposal: hats 2"),
        *("proposal: 1 egg, 1 eggs", "proposal: 1 cap", "proposal: 1 hat,,", "proposal: ½ hat", "proposal: 一 hat"),
        *("proposal: 1 big hat", "proposal: " + "9" * 5000 + " hats", "proposal: 1 " + "s" * 100_000),
    ],
)
def test_what_is_none(listed: str) -> None:
    with pytest.raises(Invalid):
        proposal(listed, GOODS)


def test_german_names_match_by_their_stems() -> None:
    goods = GOODS.model_copy(update={"language": "de", "one": ("Hut", "Ei"), "more": ("Hüte", "Eier")})
    assert proposal("Vorschlag: 2 Hüte, 1 Ei", goods) == (2, 1)


def test_the_best_division_of_each_mode() -> None:
    best = ("[Proposal: 2 hats]", "[Proposal: 1 egg]")
    for mode, wasted in (("coop", 100 * 13 / 18), ("semi", 50), ("comp", 100)):
        assert [_score(mode, *best), _score(mode, "[Proposal: 1 hat]", best[1])] == [100, pytest.approx(wasted)]
    lost = ("[Proposal: 2 hats]", "[Proposal: 1 hat]")
    assert [_score(mode, *lost) for mode in ("coop", "semi", "comp")] == [0, 0, 100]


def _score(mode: str, *replies: str) -> float | None:
    outcome = play(*replies, mode=mode).outcome
    assert outcome is not None
    return outcome.quality


def test_points_are_the_scores_of_the_seats() -> None:
    played = play("[Proposal: 2 hats]", "[Proposal: 1 egg]")
    assert played.outcome and played.outcome.by_seat == {"first": 10, "second": 8}
    assert ARENA.metrics(played) == {"Sum of Points": 1, "Pareto Optimal": 1}
    lost = play("[Proposal: 2 hats]", "[Proposal: 1 hat]")
    assert lost.outcome and (lost.outcome.kind, lost.outcome.by_seat) == ("failure", {"first": 0, "second": 0})
    assert ARENA.metrics(lost) == {"Sum of Points": 0, "Pareto Optimal": 0}


@pytest.mark.parametrize(
    ("replies", "violated"),
    [
        (["I want [2 hats]"], 1),
        (["[Proposal: 3 hats]"], 0),
        (["[Proposal: 2 hats]", "Why?"], 0),
        (["a", "b", "c", "d", "e"], 0),
    ],
)
def test_what_aborts_and_what_counts_as_violated(replies: list[str], violated: int) -> None:
    played = play(*replies)
    scores, rounds = ARENA.scores(played)
    assert played.outcome and played.outcome.kind == "aborted"
    assert [scores["Violated Request Count"], rounds[-1]["Violated Request Count"]] == [violated, violated]
    assert "Sum of Points" not in scores


def test_after_the_last_message_the_first_seat_must_propose() -> None:
    played = play("a", "b", "c", "d", "[Proposal:]", "[Proposal:]")
    assert played.turns[4].asked.content.startswith("d\n\n\nThe messages are used up.")
    assert played.turns[5].asked.content.startswith("The other player has made a secret proposal.")
    assert [counts["Request Count"] for counts in ARENA.rounds(played)] == [2, 2, 2]


def test_an_empty_message_of_the_second_seat_asks_the_first_the_same_again() -> None:
    played = play("", "", "c", "", "[Proposal:]", "[Proposal:]")
    asks = [turn.asked.content for turn in played.turns]
    assert asks[1] == "(The other player says nothing.)" and asks[2] == asks[0] and asks[4].startswith("\n\n\nThe messages")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"counts": (2,)}, "not of one length"),
        ({"values": ((0, 0), (0, 0))}, "worth nothing, or less"),
        ({"values": ((1, -1), (0, 0))}, "worth nothing, or less"),
    ],
)
def test_goods_that_are_none(change: dict[str, Any], text: str) -> None:
    with pytest.raises(BadInstance, match=text):
        ARENA.load({**GOODS.model_dump(), **change})


def test_goods_come_back_from_clembench_as_they_were() -> None:
    log = DealOrNoDealLog()
    experiment, data = log.experiment(ARENA, GOODS), log.instance(ARENA, GOODS)
    again = ARENA.load(DealOrNoDealPort().instance(experiment, data, {}))
    assert again.model_copy(update={"texts": {}}) == GOODS
    replies = ["a", "b", "[Proposal: 2 hats]", "[Proposal: 1 egg]"]
    assert drive(ARENA, again, replies).events == play(*replies).events
    with pytest.raises(ValueError, match="there is no language 'fr', only en, de, it"):
        DealOrNoDealPort().instance({**experiment, "language": "fr"}, data, {})


@pytest.mark.parametrize("language", WORDS)
async def test_the_baseline_plays_in_every_language(language: str) -> None:
    results = await ARENA.run(generate(GeneratorOptions(4, 3, language)), make_baseline("", AgentOptions()))
    assert all(result.outcome and result.outcome.quality == 100 for result in results)


@pytest.mark.parametrize("language", WORDS)
def test_no_two_things_share_a_form_or_a_stem(language: str) -> None:
    forms = [(form, thing) for thing in things(language) for form in set(thing)]
    by_form, by_stem = dict(forms), {stem(form, language): thing for form, thing in forms}
    assert len(by_form) == len(forms)
    assert all(by_stem[stem(form, language)] == thing for form, thing in forms)


def test_instances_are_worth_ten_points_to_each() -> None:
    for goods in generate(GeneratorOptions(3, 20)):
        assert [sum(map(int.__mul__, goods.counts, own)) for own in goods.values] == [10, 10]
        pairs = list(zip(*goods.values, strict=True))
        assert all(map(max, pairs)) and any(map(min, pairs)) and 3 <= len(pairs) <= 5 <= sum(goods.counts) <= 8


def test_every_language_has_all_texts() -> None:
    names = [set(ARENA.wordings(GOODS.model_copy(update={"language": language}))) for language in WORDS]
    assert names[0] == names[1] == names[2]
