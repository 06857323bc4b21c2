"""The rules of guesswhat, one by one."""

from __future__ import annotations

from typing import Any

import pytest
from clemsim_arenas.guesswhat.clembench import GuessWhatPort
from clemsim_arenas.guesswhat.game import ANSWERS, Candidates, GuessWhat
from clemsim_arenas.guesswhat.gamelog import GuessWhatLog
from clemsim_arenas.guesswhat.words import kinds, subcategories

from clemsim.arena import find_arena
from clemsim.game.transcript import Transcript
from clemsim.testing import drive

ARENA = GuessWhat()
WORDS = Candidates(target="Table", candidates=("Table", "Chair"))
ASKED = ["QUESTION: Is it a seat?", "ANSWER: no"]


def play(*replies: str, words: Candidates = WORDS) -> Transcript[Candidates]:
    return drive(ARENA, words, replies)  # type: ignore[return-value]


def outcome(*replies: str, words: Candidates = WORDS) -> tuple[str, float | None]:
    found = play(*replies, words=words).outcome
    assert found is not None
    return found.kind, found.quality


@pytest.mark.parametrize(("round_", "quality"), [(1, 100), (5, 100), (6, 200 / 3), (7, 100 / 3), (8, 0)])
def test_quality_falls_with_the_rounds(round_: int, quality: float) -> None:
    played = play(*ASKED * (round_ - 1), "GUESS: table")
    assert played.outcome and played.outcome.kind == "success"
    metrics = ARENA.metrics(played)
    assert (metrics["Speed"], metrics["Request Count"], metrics["Request Success Ratio"]) == (quality, round_, 1.0)
    assert [each["Accuracy"] for each in ARENA.rounds(played)] == [0.0] * (round_ - 1) + [1.0]


def test_eight_questions_or_a_wrong_guess_lose() -> None:
    assert outcome(*ASKED * 8) == outcome("GUESS: chair") == outcome("GUESS:") == ("failure", 0)


@pytest.mark.parametrize("guess", ["GUESS: table", "GUESS:TABLE", "GUESS: 'Table'!", "GUESS: ta-ble"])
def test_what_is_a_right_guess(guess: str) -> None:
    assert outcome(guess) == ("success", 100)


def test_a_target_with_a_hyphen_cannot_be_guessed() -> None:
    words = Candidates(target="two-step", candidates=("two-step",))
    assert outcome("GUESS: two-step", words=words) == ("failure", 0)


@pytest.mark.parametrize("question", ["QUESTION:", "QUESTION:x", "QUESTION: Is it the table?", "QUESTION: GUESS: table"])
def test_what_is_a_question(question: str) -> None:
    assert outcome(question, "ANSWER: Yes.", "GUESS: table") == ("success", 100)


ABORTS = [
    *("Question: Is it?", "**QUESTION:** Is it?", "QUESTION : Is it?", "I ask. QUESTION: Is it?", "", "GUESS: the table"),
    *("QUESTION: Is it? Yes?", "QUESTION: Is it? GUESS: table", "QUESTION: Is it a QUESTION: or not"),
]
ABOUT_THE_WORD = [
    *(
        "Does the target word start with the letter T?",
        "Well, does the target word have the letter\tt",
        "does the target word contain the letter",
    ),
    *("Is the third letter of the target word B?", "Does the target word have exactly 5 letters?"),
    *("Does the target word contain more 5 letter?", "Does the target word have less than two syllables?"),
    *("Is the target word a noun?", "Is the target word an  adjective ?", "Is the target word 'x\x01 ?"),
]


@pytest.mark.parametrize("reply", [*ABORTS, *(f"QUESTION: {question}" for question in ABOUT_THE_WORD)])
def test_what_aborts(reply: str) -> None:
    played = play(*ASKED, reply)
    assert played.outcome and (played.outcome.kind, played.outcome.blame) == ("aborted", "guesser")
    metrics = ARENA.metrics(played)
    content = float(reply not in ABORTS)
    assert metrics["Invalid content guesser response"] == content
    assert metrics["Invalid format guesser response"] == 1 - content
    assert (metrics["Request Count"], metrics["Violated Request Count"]) == (2, 1)


@pytest.mark.parametrize(
    "question",
    [
        "Does the target word have more than 5 letters?",
        "So, is the target word a noun?",
        "Is the target word a noun",
        "Is it 'x'?",
    ],
)
def test_questions_that_escape_the_check(question: str) -> None:
    assert outcome(f"QUESTION: {question}", "ANSWER: no", "GUESS: table") == ("success", 100)


@pytest.mark.parametrize("answer", ["ANSWER: yes.", "ANSWER:Yes", "answer: yes", "ANSWER:  yes", "yes", "ANSWER: YES"])
def test_other_answers_abort(answer: str) -> None:
    played = play(ASKED[0], answer)
    assert played.outcome and (played.outcome.kind, played.outcome.blame) == ("aborted", "answerer")
    assert ARENA.metrics(played)["Invalid format answerer response"] == 1.0


@pytest.mark.parametrize("answer", ANSWERS)
def test_answers_go_back_as_they_are(answer: str) -> None:
    assert [turn.asked.content for turn in play(ASKED[0], answer, "GUESS: table").turns[1:]] == [ASKED[0], answer]


def test_the_port_takes_clembenchs_rules_alone() -> None:
    log = GuessWhatLog()
    experiment = {"name": "Level_1", **log.experiment(ARENA, WORDS)}
    told = log.instance(ARENA, WORDS)
    assert GuessWhatPort().instance(experiment, told, {}) == {
        "target": "Table",
        "candidates": ["Table", "Chair"],
        "rounds": 8,
    }
    with pytest.raises(ValueError, match="no way to play by other values of question_tag"):
        GuessWhatPort().instance(experiment | {"guess_tag": "SAY:"}, told, {})


def test_words_of_an_instance_are_of_eight_kinds_and_none_comes_twice() -> None:
    assert len(kinds()) == 320 and len({each.name for each in subcategories()}) == 80
    used: dict[str, list[str]] = {}
    instances: list[Any] = find_arena("guesswhat")().instances()
    for each in instances:
        assert len({kinds()[word] for word in each.candidates}) == 8 and each.target in each.candidates
        used.setdefault(each.experiment, []).extend(each.candidates)
    assert all(len(set(words)) == len(words) == 80 for words in used.values())
