"""The rules of taboo, one by one."""

from __future__ import annotations

import pytest
from clemsim_arenas.taboo.game import Taboo, Word, stem

from clemsim.game.messages import Message
from clemsim.game.transcript import Transcript
from clemsim.testing import drive

WORD = Word(target="winter", related=("snow", "cold", "season"))


def play(*replies: str) -> Transcript[Word]:
    return drive(Taboo(), WORD, replies)  # type: ignore[return-value]


def outcome(*replies: str) -> tuple[str, float | None, str | None]:
    found = play(*replies).outcome
    assert found is not None
    return found.kind, found.quality, found.blame


@pytest.mark.parametrize(("round_", "quality"), [(1, 100.0), (2, 50.0), (3, pytest.approx(33.3333333))])
def test_quality_falls_with_the_rounds(round_: int, quality: float) -> None:
    wrong = ["CLUE: frost", "GUESS: ice"] * (round_ - 1)
    assert outcome(*wrong, "CLUE: frost", "GUESS: winter") == ("success", quality, None)


def test_three_wrong_guesses_lose() -> None:
    assert outcome(*["CLUE: frost", "GUESS: ice"] * 3) == ("failure", 0.0, None)


@pytest.mark.parametrize("reply", ["clue: frost", "Sure! CLUE: frost", "", "CLUE frost"])
def test_a_clue_without_its_tag_aborts(reply: str) -> None:
    assert outcome(reply) == ("aborted", None, "describer")


@pytest.mark.parametrize("reply", ["guess: winter", "winter", "My GUESS: winter"])
def test_a_guess_without_its_tag_aborts(reply: str) -> None:
    assert outcome("CLUE: frost", reply) == ("aborted", None, "guesser")


@pytest.mark.parametrize("guess", ["winter", "Winter.", " WINTER! ", "win-ter", "GUESS: winter"])
def test_a_guess_counts_without_case_and_punctuation(guess: str) -> None:
    assert outcome("CLUE: frost", f"GUESS: {guess}")[0] == "success"


@pytest.mark.parametrize("clue", ["it is snowing", "WINTERS", "a cold place", "not seasonal, but seasons", "so (cold)!"])
def test_a_forbidden_stem_loses_at_once(clue: str) -> None:
    assert outcome(f"CLUE: {clue}") == ("failure", 0.0, "describer")


@pytest.mark.parametrize("clue", ["wintertime", "a\nwinter", "a\twinter", "ice-winter", "colder"])
def test_the_known_holes_stay(clue: str) -> None:
    transcript = drive(Taboo(), WORD, [f"CLUE: {clue}", "GUESS: winter"])
    assert transcript.outcome is not None and transcript.outcome.kind == "success"


def test_stop_words_are_no_breach() -> None:
    word = Word(target="can", related=("not", "will", "the"))
    transcript = drive(Taboo(), word, ["CLUE: the tin that you will not open", "GUESS: can"])
    assert transcript.outcome is not None and transcript.outcome.kind == "success"


def test_what_is_said_goes_on_as_it_was_said() -> None:
    asked = [
        turn.asked.content for turn in play("CLUE:Frost  CLUE:", 'GUESS: "ICE" cubes.', "CLUE: x", "GUESS: winter").turns
    ]
    assert asked[1:3] == ["CLUE:Frost  CLUE:", 'GUESS: "ICE" cubes.']


@pytest.mark.parametrize(("target", "word"), [("word", "word’s"), ("England", "england"), ("organization", "organ")])
def test_stems_are_those_of_nltk(target: str, word: str) -> None:
    found = drive(Taboo(), Word(target=target, related=()), [f"CLUE: an {word} it is"]).outcome
    assert found is not None and found.kind == "failure"


def test_stems_that_other_snowballs_have_otherwise() -> None:
    # as NLTK 3.10.4 gives them; snowballstemmer 3.1.1 differs in each
    stems = {"added": "ad", "biologist": "biologist", "emergency": "emerg", "organize": "organ", "university": "univers"}
    assert {word: stem(word) for word in stems} == stems


def test_repetitions_are_none_as_in_clembench() -> None:
    scores, rounds = Taboo().scores(play("CLUE: frost", "GUESS: ice", "CLUE: Frost!", "GUESS: ice", "CLUE: x", "GUESS: y"))
    assert (scores["Repetition-Describer"], scores["Repetition-Guesser"]) == (0.0, 0.0)
    assert [each["Accuracy"] for each in rounds] == [0.0, 0.0, 0.0]


def test_the_guesser_never_sees_the_target() -> None:
    driven = Taboo().drive(WORD)
    driven.answer(1, Message("describer", "CLUE: frost"))
    (ask,) = driven.pending
    assert ask.seat == "guesser"
    assert all("winter" not in message.content for message in driven.view(ask))
