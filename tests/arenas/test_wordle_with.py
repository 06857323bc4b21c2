"""The rules of wordle_withclue and wordle_withcritic, where they differ from wordle's."""

from __future__ import annotations

from typing import Any

import pytest
from clemsim_arenas.fiveletters.game import Clued
from clemsim_arenas.wordle_withclue.game import WordleWithClue
from clemsim_arenas.wordle_withcritic.game import WordleWithCritic

from clemsim.game.messages import Message
from clemsim.game.transcript import Transcript
from clemsim.testing import drive

WORD = Clued(target="plant", clue="it grows")
OTHERS = ("stare", "cloud", "plane", "plank", "plait", "slant")


def said(word: str) -> str:
    return f"explanation: since {word}\nguess: {word}"


def thought(agreement: str) -> str:
    return f"explanation: hm\nagreement: {agreement}"


def critics(*replies: str) -> Transcript[Clued]:
    return drive(WordleWithCritic(), WORD, replies)  # type: ignore[return-value]


def outcome(transcript: Transcript[Any]) -> tuple[str, float | None, str | None]:
    found = transcript.outcome
    assert found is not None
    return found.kind, found.quality, found.blame


@pytest.mark.parametrize(("round_", "quality"), [(1, 100), (2, 50), (3, 33.33), (4, 25), (5, 20), (6, 16.67)])
def test_quality_falls_with_the_rounds(round_: int, quality: float) -> None:
    clued = drive(WordleWithClue(), WORD, [*map(said, OTHERS[: round_ - 1]), said("plant")])
    assert clued.outcome is not None and clued.outcome.quality == quality
    rounds = [reply for word in OTHERS[: round_ - 1] for reply in (said(word), thought("no"), said(word))]
    assert outcome(critics(*rounds, said("stare"), thought("yes"), said("plant"))) == ("success", quality, None)


def test_the_clue_stands_in_the_first_ask_only() -> None:
    driven = WordleWithClue().drive(WORD)
    assert "clue: it grows" in driven.pending[0].asked.content
    driven.answer(1, Message("guesser", said("stare")))
    assert "it grows" not in driven.pending[0].asked.content


def test_only_the_committed_guess_counts() -> None:
    assert outcome(critics(*[said("plant"), thought("yes"), said("stare")] * 6)) == ("failure", 0, "guesser")


@pytest.mark.parametrize(
    "reply",
    [
        thought("yes."),
        thought("maybe"),
        thought(""),
        "agreement: yes\nexplanation: hm",
        "explanation: hm\n\nagreement: yes",
        "yes",
        "Explanation: hm\nagreement: yes",
    ],
)
def test_the_critic_is_never_asked_again(reply: str) -> None:
    assert outcome(critics(said("stare"), reply)) == ("aborted", None, "critic")


@pytest.mark.parametrize("reply", [thought("YES"), "explanation: hm\nAgreement:no ", "explanation: hm agreement: no"])
def test_what_still_is_an_opinion(reply: str) -> None:
    assert outcome(critics(said("stare"), reply, said("plant")))[0] == "success"


def test_unknown_words_are_asked_again_before_and_after_the_critic() -> None:
    unknown = [said("zzzzz")] * 5
    assert outcome(critics(*unknown, said("stare"), thought("no"), *unknown, said("plant")))[0] == "success"
    assert outcome(critics(said("stare"), thought("no"), *unknown, said("zzzzz"))) == ("aborted", None, "guesser")


def test_the_critic_has_its_instructions_and_sees_clue_and_proposal_but_neither_feedback_nor_the_word() -> None:
    driven = WordleWithCritic().drive(WORD)
    for turn, (seat, reply) in enumerate(
        [("guesser", said("stare")), ("critic", thought("no")), ("guesser", said("cloud")), ("guesser", said("plane"))], 1
    ):
        driven.answer(turn, Message(seat, reply))
    (ask,) = driven.pending
    view = [message.content for message in driven.view(ask)]
    assert "You help a partner" in view[0]
    for shown in ("clue: it grows", "explanation: since plane", "guess: plane", "agreement: <yes or no>"):
        assert shown in view[-1]
    assert "agreement:" not in view[1], "the first time it is not reminded of the form"
    assert "feedback" not in "".join(view[1:]) and "plant" not in "".join(view[1:])


def test_a_suite_of_v1_6_takes_the_order_that_its_prompts_teach() -> None:
    first = ["guess: stare\nexplanation: x", "agreement: no\nexplanation: hm", said("plant")]
    assert outcome(drive(WordleWithCritic(rules="v1.6-as-taught"), WORD, first))[0] == "success"
    assert outcome(drive(WordleWithCritic(rules="v1.6"), WORD, first[:1])) == ("aborted", None, "guesser")


@pytest.mark.parametrize(
    "reply", ["EXPLANATION: x\n\nAgreement: YES\nthat is all", "explanation: agreement: no\nagreement: yes"]
)
def test_by_v3_an_opinion_may_have_more_lines(reply: str) -> None:
    found = drive(WordleWithCritic(rules="v3.0"), WORD, [said("stare"), reply, said("plant")])
    assert outcome(found)[0] == "success"


def test_changes_of_mind() -> None:
    transcript = critics(
        *[said("stare"), thought("no"), said("cloud")],
        *[said("plane"), thought("yes"), said("plane")],
        *[said("plank"), thought("yes"), said("plant")],
    )
    scores, rounds = WordleWithCritic().scores(transcript)
    assert scores["Non-Repetition-Guesser-On-Critic-Agreement"] == 0.5
    assert scores["Repetition-Guesser-On-Critic-Agreement"] == 0.5
    assert scores["Repetition-Guesser-On-Critic-Disagreement"] == 0.0
    assert scores["Non-Repetition-Guesser-On-Critic-Disagreement"] == 1.0
    assert [each["Change-Of-Opinion"] for each in rounds] == [1, 0, 1]
    assert scores["Guess Repetitions"] == 0


def test_without_a_whole_round_nothing_is_said_of_changes() -> None:
    scores, rounds = WordleWithCritic().scores(critics(said("stare"), "no"))
    assert scores["Non-Repetition-Guesser-On-Critic-Agreement"] is None and rounds == []
