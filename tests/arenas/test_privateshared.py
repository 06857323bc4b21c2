"""The rules of privateshared, one by one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from clemsim_arenas.privateshared.account import cohens_kappa
from clemsim_arenas.privateshared.game import PrivateShared
from clemsim_arenas.privateshared.slots import SlotRequest, Slots

from clemsim.game.messages import Message
from clemsim.game.table import Pending
from clemsim.game.transcript import Transcript
from clemsim.testing import drive

QUESTIONS = {"drink": "Is your drink known?", "main": "Is your main dish known?"}
PRIVATE = Slots(
    tag="WAITER",
    situation="You are a guest.",
    slots={"drink": "Black tea", "main": "Lamb stew"},
    requests=(SlotRequest(slot="main", text="And the main dish?"), SlotRequest(slot="drink", text="A drink?")),
    probes=(QUESTIONS,) * 3,
)
NO, YES = "ASIDE: no", "ASIDE: yes"
PERFECT = [NO, NO, "ANSWER: Lamb stew", NO, YES, "ANSWER: Black tea", YES, YES]


def play(*replies: str) -> Transcript[Slots]:
    return drive(PrivateShared(), PRIVATE, replies)  # type: ignore[return-value]


def outcome(*replies: str) -> tuple[str, float | None, str | None]:
    found = play(*replies).outcome
    assert found is not None
    return found.kind, found.quality, found.blame


def test_all_filled_and_all_known_is_a_success() -> None:
    assert outcome(*PERFECT) == ("success", 100, None)


def test_one_wrong_probe_is_a_failure() -> None:
    kind, quality, _ = outcome(YES, *PERFECT[1:])
    kappa = cohens_kappa([(False, True), (False, False), (False, False), (True, True), (True, True), (True, True)])
    assert kind == "failure" and kappa is not None
    assert quality == pytest.approx(100 * 2 * kappa / (1 + kappa))


def test_an_empty_slot_is_a_failure() -> None:
    kind, quality, _ = outcome(*PERFECT[:2], "ANSWER: chicken", *PERFECT[3:])
    assert kind == "failure"
    assert quality == pytest.approx(100 * 2 * 0.5 / 1.5)


def test_no_slot_and_no_kappa_is_nothing() -> None:
    assert outcome(NO, NO, "ANSWER: ?", NO, NO, "ANSWER: ?", NO, NO) == ("failure", 0, None)


@pytest.mark.parametrize("answer", ["Answer: Lamb stew", "Lamb stew", "ANSWER: Lamb\nstew", ""])
def test_an_answer_of_another_form_aborts(answer: str) -> None:
    assert outcome(NO, NO, answer) == ("aborted", None, "answerer")


@pytest.mark.parametrize("answer", ["ANSWER: LAMB STEW!", "ANSWER:I take the lamb stew, please.", "\nANSWER: Lamb stew\n"])
def test_a_slot_is_filled_by_an_answer_that_holds_its_value(answer: str) -> None:
    assert outcome(*PERFECT[:2], answer, *PERFECT[3:])[0] == "success"


@pytest.mark.parametrize("no", ["ASIDE: not yet", "ASIDE:No.", "ASIDE: nope", "  ASIDE: no, how could it?"])
def test_what_starts_with_no_is_a_no(no: str) -> None:
    assert outcome(no, *PERFECT[1:])[0] == "success"


@pytest.mark.parametrize(
    "reply", ["no", "aside: no", "ASIDE: perhaps", "ASIDE: no\nASIDE: no", "ASIDE:\nno", "ANSWER: no", ""]
)
def test_a_probe_gets_five_tries(reply: str) -> None:
    assert outcome(NO, reply, reply, reply, reply, *PERFECT[1:])[0] == "success"
    assert outcome(NO, reply, reply, reply, reply, reply) == ("aborted", None, "answerer")


def test_what_was_given_away_early_is_known() -> None:
    blurted = "ANSWER: Lamb stew, and black tea with it"
    assert outcome(NO, NO, blurted, YES, YES, "ANSWER: Black tea", YES, YES)[0] == "success"
    assert outcome(NO, NO, blurted, NO, YES, "ANSWER: Black tea", YES, YES)[0] == "failure"


def test_probes_are_asked_at_once_and_leave_no_trace() -> None:
    driven = PrivateShared().drive(PRIVATE)
    assert [ask.asked.keep for ask in driven.pending] == [False, False]
    for ask in driven.pending[::-1]:
        driven.answer(ask.turn, Message("answerer", NO))
    (ask,) = driven.pending
    contents = [message.content for message in driven.view(ask)]
    assert contents[0].startswith("You are a guest. Here is what you know:")
    assert contents[1:] == ["Ok.", "WAITER: And the main dish?"]


def by_rule(rule: Callable[[Pending], str], *, in_turn: bool) -> Transcript[Slots]:
    driven = PrivateShared().drive(PRIVATE, in_turn=in_turn)
    while driven.outcome is None:
        ask = driven.pending[-1]
        driven.answer(ask.turn, Message("answerer", rule(ask)))
    return driven.transcript  # type: ignore[return-value]


def test_one_after_another_gives_the_same_scores() -> None:
    def rule(ask: Pending) -> str:
        if ask.asked.keep:
            return "ANSWER: black tea or lamb stew"
        return "hm" if "drink" in ask.asked.content and "Read the question" not in ask.asked.content else YES

    at_once, in_turn = by_rule(rule, in_turn=False), by_rule(rule, in_turn=True)
    assert PrivateShared().scores(at_once) == PrivateShared().scores(in_turn)
    assert [turn.asked.content for turn in at_once.turns] != [turn.asked.content for turn in in_turn.turns]


def test_the_wording_grows_more_insistent() -> None:
    transcript = play("hm", NO, "hm", "hm", "hm", "hm")
    asked = [turn.asked.content for turn in transcript.turns if "drink" in turn.asked.content]
    assert len(set(asked)) == 5
    assert all(content.startswith("ME: ") and "Is your drink known?" in content for content in asked)


def test_metrics() -> None:
    scores, rounds = PrivateShared().scores(play(YES, *PERFECT[1:]))
    assert scores["Accuracy"] == pytest.approx(5 / 6)
    assert scores["Slot-Filling-Accuracy"] == 1
    assert scores["Middle-Accuracy"] == 0.5 and scores["Kappa"] == scores["Truncated Kappa"]
    assert [(each["Accuracy"], each.get("Slot Filled?")) for each in rounds] == [(0.5, None), (1, 1), (1, 1)]
    assert [each["Request Count"] for each in rounds] == [2, 3, 3]


def test_by_v3_the_game_goes_on_after_an_invalid_answer() -> None:
    game = PrivateShared(rules="v3.0")
    transcript = drive(game, PRIVATE, [NO, NO, "Lamb stew", "ANSWER: Black tea", YES, YES])
    scores, rounds = game.scores(transcript)
    assert transcript.outcome is not None and transcript.outcome.kind == "success"
    assert (scores["Request Count"], scores["Parsed Request Count"], scores["Violated Request Count"]) == (5, 5, 1)
    assert [each["Request Count"] for each in rounds] == [2, 0] and "Middle-Accuracy" in scores


def test_by_v3_no_valid_answer_is_a_loss() -> None:
    game = PrivateShared(rules="v3.0")
    scores, rounds = game.scores(drive(game, PRIVATE, [NO, NO, "Lamb stew", "ANSWER:\nBlack tea"]))
    assert (scores["Main Score"], scores["Lose"], scores["Accuracy"], scores["Kappa"]) == (0, 1, 1, None)
    assert scores["Slot-Filling-Accuracy"] == 0 and len(rounds) == 1


@pytest.mark.parametrize("slots", [5, 10, 15])
def test_the_middle_accuracy_is_that_of_the_middle_set(slots: int) -> None:
    names = [f"s{number}" for number in range(slots)]
    private = PRIVATE.model_copy(
        update={
            "slots": {name: f"value {name}." for name in names},
            "requests": tuple(SlotRequest(slot=name, text="?") for name in names),
            "probes": (dict.fromkeys(names, "?"),) * (slots + 1),
        }
    )
    replies = [*[NO] * slots]
    for name in names:
        replies += [f"ANSWER: value {name}.", *[NO] * slots]
    scores, _ = PrivateShared().scores(drive(PrivateShared(), private, replies))
    assert scores["Middle-Accuracy"] == pytest.approx(1 - {5: 2, 10: 4, 15: 7}[slots] / slots)


def test_tags_are_removed_wherever_they_stand() -> None:
    transcript = play("ASIDE: ASIDE: no", NO, "ANSWER: lamb ANSWER:stew", *PERFECT[3:])
    assert [turn.move for turn in transcript.turns if turn.asked.keep] == ["lamb stew", "Black tea"]


@pytest.mark.parametrize(
    ("pairs", "kappa"),
    [
        ([(True, True), (False, False)], 1),
        ([(True, False), (False, True)], -1),
        ([(True, True), (False, True)], 0),
        ([(True, True)] * 3, None),
        ([(True, True)] * 20 + [(True, False)] * 5 + [(False, True)] * 10 + [(False, False)] * 15, 0.4),
    ],
)
def test_cohens_kappa(pairs: list[tuple[bool, bool]], kappa: float | None) -> None:
    assert cohens_kappa(pairs) == (None if kappa is None else pytest.approx(kappa))
